"""The runner: gives runs to workers in order, and saves what comes back."""

import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clinlib.errors import BadInput, ClinlibError
from clinlib.experiments import provenance
from clinlib.experiments.choice import resolve
from clinlib.experiments.context import RunContext
from clinlib.experiments.graph import Graph, Node, Work
from clinlib.experiments.inventory import Inventory
from clinlib.experiments.locks import Locks
from clinlib.experiments.names import MODEL
from clinlib.experiments.progress import ProgressLine
from clinlib.experiments.record import SCHEMA, Record
from clinlib.experiments.spec import Choose
from clinlib.experiments.summary import Failure, SweepReport
from clinlib.experiments.worker import Job, Outcome
from clinlib.experiments.workers import Workers

SECONDS_TO_POLL = 0.5  # how often to look whether another sweep has let go of a run


class Runner:
    """One sweep at work: what must run of a graph, in order."""

    def __init__(
        self,
        inventory: Inventory,
        graph: Graph,
        work: Work,
        device: str,
        line: ProgressLine,
        report: SweepReport,
    ):
        self.inventory, self.store = inventory, inventory.store
        self.graph, self.nodes = graph, graph.nodes
        self.before, self.kept = work.before, work.kept
        self.device, self.line, self.report = device, line, report
        self.locks = Locks(self.store)
        # what holds up the most work comes first
        self.waiting = sorted(self.before, key=_chain(self.before, line.costs), reverse=True)
        self.made: set[str] = set()
        self.lost: set[str] = set()  # failed or blocked
        self.begun: dict[str, str] = {}
        self.since = _now()
        self.origin = provenance.commit() | {"packages": provenance.packages()}

    def run(self, size: int) -> None:
        """Runs everything with that many workers; keeps what is finished, whatever happens."""
        try:
            with Workers(size) as workers:
                while self.waiting or workers.busy():
                    if self._start_all(workers):
                        continue
                    pause = SECONDS_TO_POLL if workers.free() else None
                    for job, message in workers.wait(pause):
                        if isinstance(message, Outcome):
                            self._finish(job.key, message)
                        else:
                            self.line.update(
                                job.key, job.config.label(), message.fraction, message.text
                            )
        except KeyboardInterrupt:
            self.line.note(
                f"interrupted; {len(self.report.ran)} finished runs are kept, run again to go on"
            )
            raise
        finally:
            for name in list(self.locks.held):
                self._let_go(name)

    def _start_all(self, workers: Workers) -> bool:
        """Starts what can start; says whether anything changed."""
        changed = False
        for name in list(self.waiting):
            if any(need in self.lost for need in self.before[name]):
                self._lose(name, self.report.blocked, "blocked: a run that it needs failed")
            elif workers.free() and all(need in self.made for need in self.before[name]):
                if not self.locks.take(name):
                    continue
                if self._made_elsewhere(name):
                    self._let_go(name)
                else:
                    self._start(name, workers)
            else:
                continue
            self.waiting.remove(name)
            changed = True
        return changed

    def _start(self, name: str, workers: Workers) -> None:
        node = self.nodes[name]
        self.begun[name] = _now()
        try:
            context = self._context(node)
        except ClinlibError as error:
            self._finish(name, Outcome(None, _plain(error), {}))
        else:
            self.line.begin(name)
            workers.start(Job(name, node.config, context))

    def _context(self, node: Node) -> RunContext:
        parents = {name: self.store.artifact_path(name) for name in self._parents(node)}
        if gone := sorted(name for name, place in parents.items() if not place.is_dir()):
            raise ClinlibError(
                f"the weights of {', '.join(gone)} are not here: a run that was made again changed "
                "what is chosen; run the sweep once more"
            )
        artifact = None
        if self._keeps(node):
            artifact = self._unfinished(node.key)
            shutil.rmtree(artifact, ignore_errors=True)  # of a sweep that was killed
            artifact.mkdir(parents=True)
        return RunContext(
            profile=self.store.profile,
            device=self.device,
            threads=1,
            cache=self.store.cache,
            artifact=artifact,
            journal=self._journal(node.key),
            parents=parents,
            choices={choose: self._choice(choose) for _, choose in node.choices},
        )

    def _choice(self, choose: Choose) -> Any:
        return resolve(choose, [self.store.get(each) for each in choose.of])

    def _parents(self, node: Node) -> list[str]:
        """The keys of the weights that a run starts from."""
        chosen = [self.graph.keys[self._choice(choose)] for choose in node.models]
        return [*node.artifacts, *chosen]

    def _keeps(self, node: Node) -> bool:
        """Whether the run leaves its weights."""
        return node.config.makes_artifact or node.key in self.kept

    def _made_elsewhere(self, name: str) -> bool:
        """Whether another sweep has made the run, or failed to, since this one looked."""
        node, label = self.nodes[name], self.nodes[name].config.label()
        record = self.inventory.record(node)
        if record is None:
            return False
        if record["status"] == "failed" and record["provenance"].get("finished", "") >= self.since:
            self._lose(name, self.report.failed, _headline(record))
            return True
        artifact = not self._keeps(node) or self.inventory.has_artifact(node)
        if not (artifact and self.inventory.has_record(node)):
            return False
        self.made.add(name)
        self.report.found.append(name)
        self.line.finish(name, label, "made by another sweep")
        return True

    def _finish(self, name: str, outcome: Outcome) -> None:
        """Saves what became of a run, and lets go of it."""
        node, error = self.nodes[name], outcome.error
        if error is None:
            try:
                record = self._compose(node, "complete", None, outcome)
                self._save(node, record)
            except BadInput as fault:  # the routine returned what no record can hold
                error = _plain(fault)
        if error is None:
            shutil.rmtree(self._journal(name), ignore_errors=True)
            self.made.add(name)
            self.report.ran.append(name)
            self.line.finish(name, node.config.label(), _headline(record))
        else:
            record = self._compose(node, "failed", error, Outcome(None, error, outcome.measured))
            earlier = self.store.load(node.config.kind, name)
            if earlier is None or earlier["status"] == "failed":  # a failure replaces no result
                self.store.save(record)
            self._lose(name, self.report.failed, _headline(record))
        self._let_go(name)

    def _compose(
        self, node: Node, status: str, error: dict[str, str] | None, outcome: Outcome
    ) -> Record:
        """The record: what the sweep knows, and around it what the routine returned."""
        result = dict(outcome.result or {})
        extra = result.pop("provenance", {})
        known = {
            "schema": SCHEMA,
            "kind": node.config.kind,
            "version": node.config.version,
            "key": node.key,
            "status": status,
            "error": error,
            "configuration": node.config.to_dict(),
        }
        if clash := sorted((known.keys() | {"chosen"}) & result.keys()):
            raise BadInput(f"{node.config.routine} returned fields that are the sweep's: {clash}")
        choices = node.choices if status == "complete" else ()
        parents = self._parents(node) if status == "complete" else node.artifacts
        origin = self.origin | {
            "source": provenance.source(node.config.kind),
            "weights": None,
            "parents": {name: self._weights(name) for name in parents},
            "started": self.begun[node.key],
            "finished": _now(),
        }
        return {
            **known,
            **result,
            "chosen": {name: self._chosen(choose) for name, choose in choices},
            "provenance": origin | outcome.measured | extra,
        }

    def _chosen(self, choose: Choose) -> Any:
        """What a record says of a choice: the value, or the key of the run."""
        choice = self._choice(choose)
        return self.graph.keys[choice] if choose.take == MODEL else choice

    def _weights(self, name: str) -> str | None:
        record = self.store.artifact_record(name)
        return record["provenance"].get("weights") if record else None

    def _save(self, node: Node, record: Record) -> None:
        if self._keeps(node):
            made = self._unfinished(node.key)
            record["provenance"]["weights"] = provenance.hash_weights(made)
            self.store.save(record)
            self.store.save_artifact(made, record)
        else:
            self.store.save(record)

    def _lose(self, name: str, losses: list[Failure], why: str) -> None:
        label = self.nodes[name].config.label()
        self.lost.add(name)
        losses.append(Failure(name, label, why))
        self.line.finish(name, label, why)

    def _let_go(self, name: str) -> None:
        if self._keeps(self.nodes[name]):
            shutil.rmtree(self._unfinished(name), ignore_errors=True)
        self.locks.release(name)

    def _journal(self, name: str) -> Path:
        return self.store.cache / "journals" / name

    def _unfinished(self, name: str) -> Path:
        return self.store.artifact_path(f"{name}.unfinished")


def _chain(
    before: Mapping[str, tuple[str, ...]], costs: Mapping[str, float]
) -> Callable[[str], float]:
    """Key -> estimated seconds of the longest chain of runs that begins with it."""
    after: dict[str, list[str]] = {name: [] for name in before}
    for name, needs in before.items():
        for need in needs:
            after[need].append(name)
    known: dict[str, float] = {}

    def seconds(name: str) -> float:
        if name not in known:
            known[name] = costs[name] + max(map(seconds, after[name]), default=0.0)
        return known[name]

    return seconds


def _plain(error: Exception) -> dict[str, str]:
    return {"type": type(error).__name__, "message": str(error), "traceback": ""}


def _headline(record: Record) -> str:
    if record["status"] == "failed":
        return f"failed: {record['error']['type']}: {record['error']['message']}"
    dev = ((record.get("scores") or {}).get("dev") or {}).get("strict") or {}
    return f"done, dev F1 {dev['f1']:.1f}" if "f1" in dev else "done"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")

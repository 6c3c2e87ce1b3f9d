"""With N labelled sentences in a new clinical language: what should one do first?

Every option is held against fine-tuning on N sentences, paired by seed, with what it costs: words
that were labelled, and processor seconds of all that it needs beyond the encoder that all have.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from clinlib.errors import BadInput
from clinlib.evaluation.flags import NO_ENTITY, run_flags
from clinlib.evaluation.significance import holm
from clinlib.experiments.config import Config
from clinlib.experiments.graph import build
from clinlib.experiments.key import Pins
from clinlib.experiments.spec import ActiveLearning
from clinlib.studies.across.options import PLAIN, RANDOM, Make, options
from clinlib.studies.cells import Cell, Record, Value, cell, counted, number, state
from clinlib.studies.comparisons import p_over_documents, paired
from clinlib.studies.plans import seeds

NAME = "50_across"
STRICT = "scores.test.strict.f1"
SPENT = "provenance.cpu_seconds"
WORDS = "data.words"  # of the sentences that a loop has labelled

Runs = dict[int, Record | None]


@dataclass(frozen=True)
class Place:
    """What one table is about: a target corpus and a number of labelled sentences."""

    target: str
    size: int


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The runs of all options, with those that they start from, whose cost the page shows.

    Raises BadInput for parameters that contradict each other or name what does not exist.
    """
    graph = build(_configurations(parameters), Pins())
    if graph.faults:
        raise BadInput(f"{graph.faults[0][0]}: {graph.faults[0][1]}")
    return [node.config for node in graph.nodes.values()]


class Results:
    """The records of the plan: every option's runs by place, name and seed; None is missing.

    A loop of active learning is read at the round in which N sentences are labelled. A run that
    finds nothing counts: with few labels that is a result, not an accident.
    """

    def __init__(
        self,
        records: Mapping[str, Record | None],
        parameters: Mapping[str, object],
        pins: Pins | None = None,
    ):
        self.records, self.parameters = records, parameters
        self.seeds = list(seeds(parameters))
        self.graph = build(_configurations(parameters), pins or Pins())
        places = [Place(*each) for each in product(targets(parameters), sizes(parameters))]
        self.found: dict[Place, dict[str, Runs]] = {
            place: {
                name: self._runs(make, place)
                for name, make in options(place.target, parameters).items()
            }
            for place in places
        }

    @cached_property
    def targets(self) -> list[str]:
        """The target corpora, in order."""
        return list(dict.fromkeys(place.target for place in self.found))

    def score(self, place: Place, name: str, value: Value = STRICT, *, digits: int = 1) -> Cell:
        """A number of an option's runs, over seeds."""
        return cell(self.found[place][name].values(), value, digits=digits)

    def gain(self, place: Place, name: str, over: str = PLAIN) -> Cell:
        """What an option adds to strict F1 over another, paired by seed."""
        return paired(self.found[place][name], self.found[place][over], STRICT)

    def corrected(self, place: Place) -> dict[str, float]:
        """p of each option against fine-tuning over test documents, corrected (Holm) for all
        options of the place; those without runs count as tests and have no entry.
        """
        plain, others = self.found[place][PLAIN], _others(self.found[place])
        tested = {name: p_over_documents(runs, plain) for name, runs in others.items()}
        known = {name: p for name, p in tested.items() if p is not None}
        return dict(zip(known, holm(list(known.values()), len(tested)), strict=True))

    def seconds(self, place: Place, name: str) -> Cell:
        """Processor seconds of an option and of what it starts from, over seeds.

        What plain fine-tuning starts from, the encoder, is in none: all options need it.
        """
        offered = options(place.target, self.parameters)
        spent = []
        for seed in self.seeds:
            own = self.found[place][name][seed]
            config, plain = (
                offered[each](place.target, place.size, seed, self.parameters)
                for each in (name, PLAIN)
            )
            spent.append(self._spent(config, own, self._behind(plain)))
        return Cell.of(spent, digits=0)

    def _spent(self, config: Config, own: Record | None, shared: set[str]) -> float | None:
        parts = [own, *(self.records.get(key) for key in self._behind(config) - shared)]
        found = [number(each, SPENT) for each in parts if state(each) != "missing"]
        return sum(found) if len(found) == len(parts) and None not in found else None

    def _behind(self, config: Config) -> set[str]:
        """The keys of what a run starts from, directly or not."""
        found, front = set(), [own := self.graph.keys[config]]
        while front:
            here = front.pop()
            if here not in found:
                found.add(here)
                front += [*self.graph.nodes[here].artifacts, *self.graph.nodes[here].records]
        return found - {own}

    def _runs(self, make: Make, place: Place) -> Runs:
        made = {seed: make(place.target, place.size, seed, self.parameters) for seed in self.seeds}
        return {seed: self._run(config, place.size) for seed, config in made.items()}

    def _run(self, config: Config, size: int) -> Record | None:
        record = self.records.get(self.graph.keys[config])
        return counted(at_size(record, size) if isinstance(config, ActiveLearning) else record)


def at_size(record: Record | None, size: int) -> Record | None:
    """A loop's record as if it had ended with `size` sentences; None where no round has so many.

    Its seconds are those of the loop by the share that the rounds so far took, what no round
    names (scoring, mostly) being shared evenly. Whether it has collapsed is asked of its round.
    """
    if record is None or state(record) == "failed":
        return record
    rows = [row for row in record["curve"] if row["sentences"] <= size]
    if not rows or rows[-1]["sentences"] != size:
        return None
    provenance, rounds = dict(record["provenance"]), len(record["curve"])
    named = sum(map(_seconds, record["curve"]))
    unnamed = max(0.0, provenance["seconds"] - named)
    spent = sum(map(_seconds, rows)) + unnamed * len(rows) / rounds
    for name in ("seconds", "cpu_seconds"):
        provenance[name] *= spent / (named + unnamed)
    return {
        **record,
        "scores": rows[-1]["scores"],
        "counts": rows[-1]["counts"],
        "curve": rows,
        "flags": [
            *run_flags(rows[-1]["counts"]["test"], []),
            *(flag for flag in record["flags"] if flag == NO_ENTITY),
        ],
        "provenance": provenance,
        "data": record["data"] | {"words": rows[-1]["tokens"]},
    }


def targets(parameters: Mapping[str, object]) -> list[str]:
    """The target corpora; raises BadInput for one named twice."""
    names = list(parameters["targets"])
    if len(set(names)) < len(names):
        raise BadInput(f"targets: {names} names a corpus twice")
    return names


def sizes(parameters: Mapping[str, object]) -> list[int]:
    """The numbers of labelled sentences, ascending, each a whole number of rounds, two or more
    where a strategy picks: the first round's are random.

    Raises BadInput otherwise, with the nearest one.
    """
    found, step = sorted(set(parameters["sizes"])), parameters["round_size"]
    if step < 1:
        raise BadInput(f"round_size: {step} sentences; a round labels at least 1")
    least = 2 * step if set(parameters["strategies"]) - {RANDOM} else step
    for size in found:
        near = max(least, round(size / step) * step)
        if size % step:
            raise BadInput(f"sizes: {size} is no whole number of rounds of {step}; take {near}")
        if size < least:
            raise BadInput(
                f"sizes: {size} sentences are one round of {step}, which picks at random; "
                f"take {near} or smaller rounds"
            )
    if not found:
        raise BadInput("sizes: name at least one number of labelled sentences")
    return found


def _others(found: Mapping[str, Runs]) -> dict[str, Runs]:
    return {name: runs for name, runs in found.items() if name != PLAIN}


def _configurations(parameters: Mapping[str, object]) -> list[Config]:
    return [
        make(target, size, seed, parameters)
        for target in targets(parameters)
        for size in sizes(parameters)
        for make in options(target, parameters).values()
        for seed in seeds(parameters)
    ]


def _seconds(row: Mapping) -> float:
    return row["seconds"] + row["selection"].get("seconds", 0.0)

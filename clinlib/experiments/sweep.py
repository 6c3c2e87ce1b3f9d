"""The sweep: runs what no current record covers."""

import sys
import time
from collections.abc import Iterable
from typing import TextIO

from clinlib.errors import BadInput
from clinlib.experiments import estimate, provenance
from clinlib.experiments.config import Config
from clinlib.experiments.device import device as find_device
from clinlib.experiments.device import likely_device
from clinlib.experiments.graph import Graph, build, to_run
from clinlib.experiments.inventory import Inventory
from clinlib.experiments.needs import missing
from clinlib.experiments.progress import ProgressLine
from clinlib.experiments.runner import Runner
from clinlib.experiments.store import Store
from clinlib.experiments.summary import Failure, SweepReport

GPU_WORKERS = 8  # small runs share one GPU


def sweep(
    configs: Iterable[Config],
    profile: str,
    *,
    workers: int | None = None,
    dry_run: bool = False,
    refresh: bool = False,
    device: str | None = None,
    store: Store | None = None,
    out: TextIO | None = None,
) -> SweepReport:
    """Runs every configuration, and all that it needs, that has no complete record yet.

    `workers`: processes of one thread each; by default as many as cores (on a GPU at most 8).
    `dry_run`: only counts the runs and estimates their time.
    `refresh`: also runs again what was made by other source code (state "drifted").
    `device`: auto, cpu or cuda; by default what CLINLIB_DEVICE says.

    A run that fails leaves a record with its error, and the sweep goes on; what needs it is
    blocked. One whose data or packages are not here is not started and leaves none. On an
    interrupt what is finished is kept. Two sweeps at once share the work.

    Raises BadInput where cuda is asked for and there is none, ClinlibError where the disk is
    full, KeyboardInterrupt after an interrupt was dealt with.
    """
    if workers is not None and workers < 1:
        raise BadInput(f"workers: {workers} is not at least 1")
    where = likely_device(device)
    started = time.perf_counter()
    store = store or Store(profile)
    graph, inventory = build(configs, store.pins), Inventory(store, refresh)
    report = SweepReport(profile, len(graph.wanted) + len(graph.faults), dry_run)
    report.failed += [Failure("", label, error) for label, error in graph.faults]
    work = to_run(
        graph,
        inventory.has_record,
        inventory.has_artifact,
        lambda choose: graph.keys.get(inventory.chosen(choose)),
    )
    report.to_run = len(work.before)
    report.current = [name for name in graph.wanted if name not in work.before]
    before = work.before = _startable(work.before, graph, report)
    if before:
        where = where if dry_run else find_device(device)
        size = workers or (GPU_WORKERS if where == "cuda" else provenance.cores())
        speeds = estimate.learned(store.results.parent, profile)
        costs = {name: estimate.seconds(graph.nodes[name].config, speeds, where) for name in before}
        report.estimate(costs, before, size)
        if not dry_run:
            plain = {name: cost for name, (cost, _) in costs.items()}
            line = ProgressLine(plain, size, out or sys.stderr)
            line.note(report.ahead())
            Runner(inventory, graph, work, where, line, report).run(size)
    report.set_aside = list(store.set_aside)
    report.seconds = time.perf_counter() - started
    return report


def _startable(
    before: dict[str, tuple[str, ...]], graph: Graph, report: SweepReport
) -> dict[str, tuple[str, ...]]:
    """The runs, parents first, that lack no data and start from none that does; others are
    reported."""
    kept: dict[str, tuple[str, ...]] = {}
    for name, needs in before.items():
        config = graph.nodes[name].config
        if why := missing(config):
            report.failed.append(Failure(name, config.label(), why))
        elif any(need not in kept for need in needs):
            why = "blocked: a run that it needs cannot start"
            report.blocked.append(Failure(name, config.label(), why))
        else:
            kept[name] = needs
    return kept

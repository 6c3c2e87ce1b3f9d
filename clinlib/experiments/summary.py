"""SweepReport: what a sweep did, what it would do, and what went wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clinlib.experiments.estimate import duration


@dataclass(frozen=True)
class Failure:
    """One configuration that has no complete record: its key ("" if it has none), and why."""

    key: str
    label: str
    error: str


@dataclass
class SweepReport:
    """The result of a sweep, by keys.

    `total` configurations were asked for; `current` of them had a record before. `to_run` runs
    were needed, among them some that nobody asked for by name (parents, candidates): `ran` here,
    `found` made by another sweep meanwhile, `failed`, or `blocked` by one that failed. `starting`
    of them lacked neither data nor packages, and have the estimate.
    """

    profile: str
    total: int
    dry_run: bool = False
    to_run: int = 0
    starting: int = 0
    workers: int = 0
    current: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    blocked: list[Failure] = field(default_factory=list)
    set_aside: list[Path] = field(default_factory=list)
    seconds: float = 0.0
    estimated_seconds: float = 0.0
    measured_share: float = 0.0  # of the runs, by records of earlier ones

    @property
    def exit_code(self) -> int:
        """0 if every configuration has its record now (or would be run), else 1."""
        return 1 if self.failed or self.blocked else 0

    def estimate(
        self,
        costs: Mapping[str, tuple[float, bool]],
        before: Mapping[str, tuple[str, ...]],
        workers: int,
    ) -> None:
        """Fills in the estimated time of some runs, `before` being parents first.

        `costs`: key -> (seconds, whether measured). The time is that of all runs shared out over
        the workers, but at least that of the longest chain of runs that need each other.
        """
        ends: dict[str, float] = {}

        def end(name: str) -> float:
            if name not in ends:
                ends[name] = costs[name][0] + max(map(end, before[name]), default=0.0)
            return ends[name]

        self.workers, self.starting = min(workers, len(before)), len(before)
        shared = sum(seconds for seconds, _ in costs.values()) / workers
        self.estimated_seconds = max(shared, *map(end, before))
        self.measured_share = sum(measured for _, measured in costs.values()) / len(costs)

    def ahead(self) -> str:
        """How many runs can start and about how long they take together, in one line."""
        runs = "1 run" if self.starting == 1 else f"{self.starting} runs"
        workers = "1 worker" if self.workers == 1 else f"{self.workers} workers"
        return f"{runs}, about {duration(self.estimated_seconds)} with {workers}, {self._basis()}"

    def _unasked(self) -> str:
        """How many of the runs are what others start from, whose weights are not here."""
        more = self.to_run - (self.total - len(self.current))
        return f", {more} of them for what others start from" if more > 0 else ""

    def summary(self) -> str:
        """What happened, in a few lines of plain text."""
        lines = [
            f"{self.profile}: {self.total} configurations, {len(self.current)} current, "
            f"{self.to_run} to run{self._unasked()}"
        ]
        if self.dry_run:
            lines += [self.ahead()] if self.starting else []
            lines.append("a dry run: nothing was run")
        elif self.to_run:
            others = f", {len(self.found)} made by another sweep" if self.found else ""
            lines.append(f"{len(self.ran)} run in {duration(self.seconds)}{others}")
        lines += _grouped("failed", self.failed) + _grouped("blocked", self.blocked)
        lines += [f"set aside: {path}" for path in self.set_aside]
        return "\n".join(lines)

    def _basis(self) -> str:
        if self.measured_share == 0:
            return "by a rough model of speed (no earlier records)"
        if self.measured_share == 1:
            return "by the speed of earlier records"
        return f"by the speed of earlier records for {self.measured_share:.0%} of the runs"


def _grouped(what: str, failures: list[Failure]) -> list[str]:
    """A line per reason: a name mistyped once fails many runs, and is to be read once."""
    groups: dict[str, list[Failure]] = {}
    for each in failures:
        groups.setdefault(each.error.removeprefix(f"{what}: "), []).append(each)
    return [
        f"{what}: {'' if len(group) == 1 else f'{len(group)} runs, the first '}"
        f"{group[0].label}{f' [{group[0].key}]' if group[0].key else ''}: {error}"
        for error, group in groups.items()
    ]

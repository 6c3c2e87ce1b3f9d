"""Comparison: one pair of things that a claim compares, from the records of a page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from clinlib.studies.cells import Cell, Record, Value, cell
from clinlib.studies.comparisons import Gain, Runs, mean_over, paired, paired_gains, paired_means
from clinlib.studies.wording import is_synthetic


@dataclass(frozen=True)
class Comparison:
    """Left less right in points, with an interval over seeds; `over` says what else it is over,
    such as documents, which decides nothing.

    `p` is that of a test over `runs` runs; `bound` says that the difference is at least this,
    since some curve ended first, and `unknown`, where it is not known at all, why; `records` are
    those that were read, KIND/KEY.
    """

    label: str
    corpora: tuple[str, ...]
    difference: Cell
    left: Cell | None = None
    right: Cell | None = None
    records: tuple[str, ...] = ()
    over: str = "seeds"
    p: float | None = None
    runs: int | None = None
    bound: bool = False
    unknown: str = ""

    @property
    def n(self) -> int:
        """How many pairs of runs, or runs of a method, the comparison stands on."""
        return self.difference.n if self.runs is None else self.runs

    @property
    def synthetic(self) -> bool:
        """Whether any of its text is made up: then it counts for nothing."""
        return any(map(is_synthetic, self.corpora))


def between(label: str, corpus: str, left: Runs, right: Runs, value: Value) -> Comparison:
    """Two groups of runs on one corpus, paired by seed."""
    return Comparison(
        label,
        (corpus,),
        paired(left, right, value),
        cell(left.values(), value),
        cell(right.values(), value),
        names(left.values(), right.values()),
    )


def inside(
    label: str,
    corpus: str,
    runs: Runs,
    left: Callable[[Record], float | None],
    right: Callable[[Record], float | None],
) -> Comparison:
    """Two numbers of the same runs."""

    def gap(record: Record) -> float | None:
        here, there = left(record), right(record)
        return None if here is None or there is None else here - there

    return Comparison(
        label,
        (corpus,),
        cell(runs.values(), gap),
        cell(runs.values(), left),
        cell(runs.values(), right),
        names(runs.values()),
    )


def means(label: str, groups: Mapping[str, tuple[Runs, Runs]], value: Value) -> Comparison:
    """Two groups of runs on several corpora: their mean over corpora, paired by seed.

    A seed counts where all its runs do.
    """
    left, right = zip(*groups.values(), strict=True)
    return Comparison(
        label,
        tuple(groups),
        paired_means(list(groups.values()), value),
        mean_over(left, value),
        mean_over(right, value),
        names(*(runs.values() for pair in groups.values() for runs in pair)),
    )


def combined(label: str, corpora: Sequence[str], first: Gain, second: Gain) -> Comparison:
    """A difference of two differences, seed by seed where all four runs count."""
    return Comparison(
        label,
        tuple(dict.fromkeys(corpora)),
        paired_gains(first, second),
        paired(*first),
        paired(*second),
        names(*(runs.values() for runs in (*first[:2], *second[:2]))),
    )


def names(*groups: Iterable[Record | None]) -> tuple[str, ...]:
    """KIND/KEY of every record that is there, each once."""
    found = (record for group in groups for record in group if record is not None)
    return tuple(dict.fromkeys(f"{record['kind']}/{record['key']}" for record in found))

"""Comparisons: runs paired by seed or by test document, and what their intervals say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from clinlib.evaluation.intervals import bootstrap
from clinlib.evaluation.significance import approximate_randomisation
from clinlib.evaluation.spans import f1
from clinlib.evaluation.summary import span_counts
from clinlib.studies.cells import COUNTED, Cell, Record, Value, cell, state
from clinlib.studies.wording import plural

UNCORRECTED = "The intervals of these differences are not corrected for how many there are."
ENOUGH = 3  # seeds below which no conclusion is drawn
RESAMPLES = 1000

Runs = Mapping[int, Record | None]
Gain = tuple[Runs, Runs, Value]
"""Left runs, right runs, and the number that is read of both."""


def paired(left: Runs, right: Runs, value: Value) -> Cell:
    """The cell of left minus right, seed by seed; a pair counts where both of its runs do.

    `value` is a function of a complete record, or a dotted path.
    """
    return paired_means([(left, right)], value)


def paired_means(pairs: Sequence[tuple[Runs, Runs]], value: Value) -> Cell:
    """As `paired`, of groups of runs on several corpora: the mean over these of each side.

    A seed counts where all its runs do.
    """

    def gap(records: Sequence[Record]) -> float | None:
        here, there = _mean(records[::2], value), _mean(records[1::2], value)
        return None if here is None or there is None else here - there

    return _by_seed([runs for pair in pairs for runs in pair], gap, _any_apart)


def paired_gains(first: Gain, second: Gain) -> Cell:
    """What one left side gains over its right less what another does, seed by seed; a seed counts
    where all four runs do."""
    values = (first[2], first[2], second[2], second[2])

    def gap(records: Sequence[Record]) -> float | None:
        read = [_mean([each], value) for each, value in zip(records, values, strict=True)]
        return None if None in read else (read[0] - read[1]) - (read[2] - read[3])

    return _by_seed([*first[:2], *second[:2]], gap, _any_apart)


def mean_over(groups: Sequence[Runs], value: Value) -> Cell:
    """The mean over groups of runs, such as those of several corpora, seed by seed; a seed counts
    where all its runs do."""
    return _by_seed(groups, lambda records: _mean(records, value), lambda records: False)


def _by_seed(
    groups: Sequence[Runs],
    read: Callable[[Sequence[Record]], float | None],
    start_apart: Callable[[Sequence[Record]], bool],
) -> Cell:
    """The cell of what `read` makes of each seed's runs, one of every group, where all count."""
    values: list[float | None] = []
    failed, collapsed, unsettled, apart = 0, [], [], []
    for seed in groups[0]:
        records = [runs.get(seed) for runs in groups]
        states = {state(record) for record in records}
        if "missing" in states:
            values.append(None)
        elif "failed" in states:
            failed += 1
        elif "collapsed" in states:
            collapsed.append(f"seed {seed}")
        else:
            values.append(read(records))
            if any("best_is_last" in record.get("flags", ()) for record in records):
                unsettled.append(f"seed {seed}")
            if values[-1] is not None and start_apart(records):
                apart.append(f"seed {seed}")
    return Cell.of(
        values,
        failed=failed,
        collapsed=tuple(collapsed),
        unsettled=tuple(unsettled),
        apart=tuple(apart),
    )


def _mean(records: Sequence[Record], value: Value) -> float | None:
    """The mean of a number of complete records, None where one lacks it."""
    found = [cell([record], value).value for record in records]
    return None if None in found else sum(found) / len(found)


def over_documents(records: Sequence[Record], found: Cell) -> Cell:
    """The cell of strict F1 on test with its interval from resampled documents.

    The same documents are drawn for all records at once: the interval says what other test
    documents would have given these models, not what other seeds would have.
    """
    if not records:
        return found
    counts = np.stack([strict_counts(record) for record in records], axis=1)  # (D, S, 3)
    made = bootstrap(counts, lambda sums: f1(sums).mean(axis=-1), n=RESAMPLES, seed=0)
    return replace(found, low=made.low, high=made.high)


def difference_over_documents(left: Record | None, right: Record | None) -> Cell:
    """Strict F1 of one run less that of another, its interval from resampled test documents.

    For runs of which there is one each, such as ensembles; missing where either is not complete.
    """
    if state(left) != "complete" or state(right) != "complete":
        return Cell(missing=1)
    counts = np.stack([strict_counts(left), strict_counts(right)], axis=1)  # (D, 2, 3)
    made = bootstrap(counts, lambda sums: f1(sums)[..., 0] - f1(sums)[..., 1], n=RESAMPLES, seed=0)
    interval = None if made.low is None else (made.low, made.high)
    return Cell(made.value, *(interval or (None, None)), (made.value,))


def p_over_documents(
    left: Mapping[int, Record | None], right: Mapping[int, Record | None]
) -> float | None:
    """p of the difference in strict F1, by approximate randomisation over test documents.

    A document's counts are summed over the seeds that both sides have; None without such a seed.
    """
    common = [s for s in left if {state(left[s]), state(right.get(s))} == {"complete"}]
    if not common:
        return None
    counts = (sum(strict_counts(side[s]) for s in common) for side in (left, right))
    return approximate_randomisation(*counts)


def reading_of(
    place: str, cell: Cell, unit: str, words: tuple[str, str] = ("a gain", "a loss")
) -> str:
    """What the interval of a seed-paired difference in `unit` says, `place` naming it.

    `words`: what it is where it is wholly above zero, and where it is wholly below.
    """
    if cell.value is None:
        return f"{place}: no pair of runs to compare ({cell})."
    over = f"over {plural(cell.n, 'pair')} of runs" + (f" ({cell.state})" if cell.state else "")
    shown = f"{place}: {cell.value:+z.1f} {unit}"
    if cell.low is None or cell.n < ENOUGH:
        return f"{shown} {over}: too few seeds for a conclusion."
    if cell.apart:
        over += f", {len(cell.apart)} of them from different weights of one encoder"
    return (
        f"{shown}, 95 % interval {cell.low:+z.1f} to {cell.high:+z.1f} {over}{_side(cell, words)}"
    )


def reading_over_documents(place: str, cell: Cell, unit: str) -> str:
    """The interval of a difference between two runs; no verdict, which one run cannot bear."""
    if cell.value is None:
        return f"{place}: no pair of runs to compare ({cell})."
    shown = f"{place}: {cell.value:+z.1f} {unit}"
    if cell.low is None:
        return f"{shown}; one test document allows no interval."
    return (
        f"{shown}, 95 % interval {cell.low:+z.1f} to {cell.high:+z.1f} over test documents; with "
        "one run each it says nothing of other seeds."
    )


def collapses(groups: Mapping[str, Runs]) -> list[str]:
    """Which runs of named groups found next to nothing and count all the same; none where none."""
    named = [
        f"{name} (seed {seed})"
        for name, runs in groups.items()
        for seed, record in runs.items()
        if record and COUNTED in record.get("flags", ())
    ]
    if not named:
        return []
    return [
        f"{plural(len(named), 'run')} collapsed, finding next to nothing, and "
        f"{'counts' if len(named) == 1 else 'count'} with that score: {', '.join(named)}."
    ]


def as_frame(cells: Mapping[str, Cell], name: str) -> pd.DataFrame:
    """Cells as a frame to download: value, interval, number of runs, state; blank where none."""
    rows = {
        label: {name: cell.value, "low": cell.low, "high": cell.high, "runs": cell.n}
        | {"state": cell.state}
        for label, cell in cells.items()
    }
    return pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), name="row"), dtype=object)


def strict_counts(record: Record) -> np.ndarray:
    """(D, 3) strict true positives, false positives and misses of each test document."""
    return span_counts(record["counts"]["test"]).of("strict").sum(axis=1)


def _any_apart(records: Sequence[Record]) -> bool:
    """Whether any of several pairs, left and right in turn, start apart."""
    return any(map(_start_apart, records[::2], records[1::2]))


def _start_apart(left: Record, right: Record) -> bool:
    """Whether two runs start from one encoder or tagger, but from different weights of it."""
    starts = [each.get("provenance", {}).get("parents", {}) for each in (left, right)]
    return any(starts[0][name] != starts[1][name] for name in starts[0].keys() & starts[1].keys())


def _side(cell: Cell, words: tuple[str, str]) -> str:
    if cell.low > 0:
        return f": {words[0]}."
    if cell.high < 0:
        return f": {words[1]}."
    return ": it holds zero, so these runs do not tell the two apart."

"""Comparisons: runs paired by seed or by test document, and what their intervals say."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from clinlib.evaluation.intervals import bootstrap
from clinlib.evaluation.significance import approximate_randomisation
from clinlib.evaluation.spans import f1
from clinlib.evaluation.summary import span_counts
from clinlib.studies.cells import Cell, Record, Value, cell, state
from clinlib.studies.wording import plural

UNCORRECTED = "The intervals of these differences are not corrected for how many there are."
ENOUGH = 3  # seeds below which no conclusion is drawn
RESAMPLES = 1000


def paired(
    left: Mapping[int, Record | None], right: Mapping[int, Record | None], value: Value
) -> Cell:
    """The cell of left minus right, seed by seed; a pair counts where both of its runs do.

    `value` is a function of a complete record, or a dotted path.
    """
    differences: list[float | None] = []
    failed, collapsed, unsettled, apart = 0, [], [], []
    for seed in left:
        pair = left[seed], right[seed]
        states = {state(record) for record in pair}
        if "missing" in states:
            differences.append(None)
        elif "failed" in states:
            failed += 1
        elif "collapsed" in states:
            collapsed.append(f"seed {seed}")
        else:
            here, there = (cell([record], value).value for record in pair)
            known = here is not None and there is not None
            differences.append(here - there if known else None)
            if any("best_is_last" in record.get("flags", ()) for record in pair):
                unsettled.append(f"seed {seed}")
            if known and _start_apart(*pair):
                apart.append(f"seed {seed}")
    return Cell.of(
        differences,
        failed=failed,
        collapsed=tuple(collapsed),
        unsettled=tuple(unsettled),
        apart=tuple(apart),
    )


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

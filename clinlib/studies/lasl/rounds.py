"""Rounds of a loop: which of them a table shows, and what of each a record holds."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from clinlib.studies.cells import Record, state

SHOWN = 6  # rounds in a table
LABELLED = "% of the pool's sentences labelled"

Runs = dict[int, Record | None]
Of = Callable[[Mapping], float | None]  # a number of one row of a curve, None where it has none


def has_curve(run: Record | None) -> bool:
    """Whether a loop has ended, be it collapsed in its last round."""
    return state(run) in ("complete", "collapsed")


def shown(shares: Sequence[float]) -> dict[int, float]:
    """Some rounds, evenly, the last among them -> share of the pool labelled, in percent."""
    count = len(shares)
    places = np.unique(np.linspace(0, count - 1, min(SHOWN, count)).round().astype(int))
    return {int(place) + 1: 100 * shares[place] for place in places}


def heading(share: float) -> str:
    """The heading of a round's column: the share of the pool that is labelled, in percent."""
    return f"{share:.3g} %"


def strict_f1(row: Mapping) -> float:
    """Strict F1 on test after a round."""
    return row["scores"]["test"]["strict"]["f1"]


def at(number: int, of: Of) -> Callable[[Record], float | None]:
    """A number of round `number` of a run, for a cell; None where it has no such round."""

    def read(record: Record) -> float | None:
        row = next((row for row in record["curve"] if row["round"] == number), None)
        return None if row is None else of(row)

    return read


def over(numbers: Sequence[int], of: Of) -> Callable[[Record], float | None]:
    """The mean of a number over some rounds of a run, for a cell; None where a round lacks it."""

    def read(record: Record) -> float | None:
        found = [at(number, of)(record) for number in numbers]
        return None if not found or None in found else float(np.mean(found))

    return read


def change(first: int, last: int, of: Of) -> Callable[[Record], float | None]:
    """A number of one round less that of an earlier one, for a cell; None where one lacks it."""

    def read(record: Record) -> float | None:
        before, after = at(first, of)(record), at(last, of)(record)
        return None if before is None or after is None else after - before

    return read


def points(lines: Mapping[str, tuple[Runs, Of]], shares: Sequence[float], y: str) -> pd.DataFrame:
    """A number of every round of every run that ended, for `plots.curves`; rounds without it have
    no row.

    `lines`: name -> its runs and the number. Columns: line, seed, state, round, LABELLED, `y`.
    """
    rows = [
        {
            "line": line,
            "seed": seed,
            "state": state(run),
            "round": row["round"],
            LABELLED: 100 * shares[row["round"] - 1],
            y: of(row),
        }
        for line, (runs, of) in lines.items()
        for seed, run in runs.items()
        if has_curve(run)
        for row in run["curve"]
    ]
    frame = pd.DataFrame(rows, columns=["line", "seed", "state", "round", LABELLED, y])
    return frame.dropna(subset=y).astype({y: float})

"""Tallies: how often one row of a table stands above the others."""

import pandas as pd

from clinlib.studies.cells import Cell


def tally(margins: pd.DataFrame) -> tuple[int, int, int]:
    """(above, equal, below): how often a difference of `margins` is above zero, is it, is below.

    Entries are cells or numbers; a cell without a value does not count.
    """
    values = [each.value if isinstance(each, Cell) else each for each in margins.to_numpy().ravel()]
    known = [value for value in values if value is not None]
    above, below = (sum(sign * value > 0 for value in known) for sign in (1, -1))
    return above, len(known) - above - below, below


def published_margins(frame: pd.DataFrame, base: str) -> pd.DataFrame:
    """F1 of one row of a published table less every other; the first column names the rows."""
    table = frame.set_index(frame.columns[0])
    return -table.drop(index=base).sub(table.loc[base]).round(3)

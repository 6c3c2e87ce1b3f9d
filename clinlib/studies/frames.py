"""Frames: rows of a study's table by their labels, as pages show them."""

from collections.abc import Mapping, Sequence

import pandas as pd


def by_row(rows: Mapping[tuple, Mapping[str, object]], names: Sequence[str]) -> pd.DataFrame:
    """A frame of one row per entry: labels (one for each of `names`) -> column -> entry.

    Without rows it is empty, with the levels named.
    """
    index = pd.MultiIndex.from_tuples(list(rows), names=list(names))
    return pd.DataFrame(list(rows.values()), index=index, dtype=object)

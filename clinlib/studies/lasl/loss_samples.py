"""Loss samples: what the losses of a round's sampled sentences say, each a number of one row.

Every round of a loop keeps, of a sample of its unlabelled sentences, the minimum, true and maximum
loss and, where one is trained, what a loss predictor says; all of whole sentences, in nats.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from clinlib.studies.cells import Record
from clinlib.studies.lasl.rounds import Of, agreed

TRUE, LEAST, MOST, PREDICTED = "l_true", "l_min", "l_max", "predicted"
LOSSES = {
    LEAST: "minimum loss",
    TRUE: "true loss",
    MOST: "maximum loss",
    PREDICTED: "predicted loss",
}
PAIRS = 7  # sentences in a table of examples, as in the paper's
ROUNDING = 1e-3  # losses have four digits in a record


def sample(row: Mapping, name: str) -> np.ndarray | None:
    """A loss of the sampled sentences (S,); None where the round holds none of it."""
    found = row["examples"].get(name)
    return np.array(found, dtype=float) if found else None


def mean_of(name: str) -> Of:
    """The mean of a loss over a round's sample."""

    def mean(row: Mapping) -> float | None:
        found = sample(row, name)
        return None if found is None else float(found.mean())

    return mean


def gap(row: Mapping) -> float | None:
    """The mean of L_true - L_min."""
    both = sample(row, TRUE), sample(row, LEAST)
    return None if both[0] is None else float((both[0] - both[1]).mean())


def share(row: Mapping) -> float | None:
    """L_min of the whole sample as a share of its L_true, in percent."""
    both = sample(row, TRUE), sample(row, LEAST)
    if both[0] is None or not both[0].sum():
        return None
    return float(100 * both[1].sum() / both[0].sum())


def right(row: Mapping) -> float | None:
    """Sentences whose decoding is the gold one, so that L_min is L_true, in percent."""
    both = sample(row, TRUE), sample(row, LEAST)
    if both[0] is None:
        return None
    return float(100 * (both[0] - both[1] <= ROUNDING * (1 + both[0])).mean())


def negative(row: Mapping) -> float | None:
    """Predicted losses below zero, which no loss of a CRF is, in percent."""
    found = sample(row, PREDICTED)
    return None if found is None else float(100 * (found < 0).mean())


def error(row: Mapping) -> float | None:
    """The mean of |L_pred - L_true|: how wrong a predicted loss is where it is taken for one."""
    found = sample(row, PREDICTED), sample(row, TRUE)
    return None if found[0] is None else float(np.abs(found[0] - found[1]).mean())


def spread_of(name: str) -> Of:
    """The standard deviation of a loss over a round's sample."""

    def spread(row: Mapping) -> float | None:
        found = sample(row, name)
        return None if found is None else float(found.std())

    return spread


def lead(row: Mapping) -> float | None:
    """The rank correlation of the predicted loss less that of the minimum loss."""
    both = agreed(PREDICTED)(row), agreed(LEAST)(row)
    return None if None in both else both[0] - both[1]


def echo(row: Mapping) -> float | None:
    """Spearman's rank correlation of the predicted with the minimum loss of a round's sample.

    None without a predictor, and where either is the same for all sentences.
    """
    found = sample(row, PREDICTED), sample(row, LEAST)
    if found[0] is None or any(len(np.unique(each)) < 2 for each in found):
        return None
    return order(pd.DataFrame(dict(zip((PREDICTED, LEAST), found, strict=True))), PREDICTED, LEAST)


def outside(row: Mapping) -> tuple[int, int]:
    """(sentences whose true loss is not between the other two, all sampled)."""
    true, least, most = (sample(row, name) for name in (TRUE, LEAST, MOST))
    if true is None:
        return 0, 0
    below = true < least - ROUNDING * (1 + least)
    above = true > most + ROUNDING * (1 + most)
    return int((below | above).sum()), len(true)


def points(record: Record) -> pd.DataFrame:
    """Predicted, true and minimum loss of each sampled sentence of the first and last round."""
    rows = []
    curve = record["curve"]
    for row in curve if len(curve) == 1 else (curve[0], curve[-1]):
        columns = [sample(row, name) for name in (PREDICTED, TRUE, LEAST)]
        if columns[0] is None:
            continue
        rows += [
            {"round": row["round"], **dict(zip((PREDICTED, TRUE, LEAST), each, strict=True))}
            for each in zip(*columns, strict=True)
        ]
    return pd.DataFrame(rows, columns=["round", PREDICTED, TRUE, LEAST])


def pairs(record: Record) -> pd.DataFrame:
    """A few sentences of the last round, evenly by their predicted loss, as the paper's Table 1."""
    found = points(record)
    last = found[found["round"] == found["round"].max()].sort_values(PREDICTED, kind="stable")
    places = np.unique(np.linspace(0, len(last) - 1, min(PAIRS, len(last))).round().astype(int))
    frame = last.iloc[places][[PREDICTED, TRUE, LEAST]].reset_index(drop=True)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="sample")
    return frame.rename(columns=LOSSES)


def order(frame: pd.DataFrame, one: str, other: str) -> float:
    """Spearman's rank correlation of two columns, such as those of the published table."""
    return float(frame[one].rank().corr(frame[other].rank()))

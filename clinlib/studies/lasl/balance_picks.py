"""Balance picks: which of two losses decides, and how many sentences two loops both pick."""

from dataclasses import dataclass

import numpy as np

from clinlib.selection.balance import SCALES
from clinlib.studies.cells import Cell, Record, state
from clinlib.studies.lasl.loss_samples import LEAST, PREDICTED, sample
from clinlib.studies.lasl.rounds import Runs


@dataclass(frozen=True)
class Alone:
    """What a scale makes of a sample; all in percent.

    largest_least, largest_predicted: the share of one sentence in the sum of the scaled minimum
    or predicted losses, 100 where one has all; as_least, as_predicted: of the picks of the
    balance, those that the minimum or the predicted loss alone would have picked.
    """

    largest_least: float
    largest_predicted: float
    as_least: float
    as_predicted: float


def alone(record: Record, number: int, scale: str) -> Alone | None:
    """Of the picks of round `number` (2, 3, ...), made by the model of the round before.

    The sample (S,) stands for the pool: as large a share of it is picked as the round picked of
    the sentences without labels, with the round's own Lambda; so too where a budget is of tokens,
    since records do not hold the length of each. None where a loss or the weight is missing.
    """
    rows = {row["round"]: row for row in record["curve"]}
    before, here = rows.get(number - 1), rows.get(number)
    if before is None or here is None or "lambda" not in here["selection"]:
        return None
    least, predicted = sample(before, LEAST), sample(before, PREDICTED)
    if least is None or predicted is None:
        return None
    free = record["data"]["pool_sentences"] - before["sentences"]
    count = max(1, round(len(least) * len(here["picked"]) / free))
    weight = here["selection"]["lambda"]
    terms = SCALES[scale](least), SCALES[scale](predicted)  # (S,), (S,)
    picked = highest(weight * terms[0] + (1 - weight) * terms[1], count)
    return Alone(
        *(float(100 * term.max() / term.sum()) for term in terms),
        *(100 * len(picked & highest(each, count)) / count for each in (least, predicted)),
    )


def highest(scores: np.ndarray, count: int) -> set[int]:
    """The places of the `count` highest of (S,) scores; of equal ones the first."""
    return set(np.argsort(-scores, kind="stable")[:count].tolist())


def shared(left: Runs, right: Runs, first: int, last: int) -> Cell:
    """Of what one run picked in some rounds, the share that its partner picked too, in percent."""
    return Cell.of([_shared(left[seed], right[seed], first, last) for seed in left], digits=0)


def _shared(left: Record | None, right: Record | None, first: int, last: int) -> float | None:
    """None where a run is not complete, or nothing was picked, as in a loop of one round."""
    if {state(left), state(right)} != {"complete"}:
        return None
    mine, theirs = _picked(left, first, last), _picked(right, first, last)
    return 100 * len(mine & theirs) / len(mine) if mine else None


def _picked(record: Record, first: int, last: int) -> set[int]:
    rows = (row for row in record["curve"] if first <= row["round"] <= last)
    return {place for row in rows for place in row["picked"]}

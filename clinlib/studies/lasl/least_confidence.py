"""Least confidence that is not divided by length, beside the minimum loss on the same sentences.

LASL's baseline is 1 - P(y_max|x). As P(y_max|x) = exp(-L_min), it rises with L_min (equation 4),
so that it should pick what MLP picks. Nothing is trained to see that: both functions order the
sampled sentences of every round that the loops of page 41 have anyway.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import pandas as pd

from clinlib.selection.acquisition import MinimumLoss, PlainLeastConfidence
from clinlib.selection.view import View
from clinlib.studies.cells import Record, cell
from clinlib.studies.frames import by_row
from clinlib.studies.lasl.loss_samples import LEAST, sample
from clinlib.studies.lasl.rounds import Loops, ended
from clinlib.studies.wording import plural


@dataclass(frozen=True)
class Orders:
    """Two orders of one sample: whether they are one, and two shares in percent.

    in_common: of the sentences that the minimum loss picks, those that least confidence picks;
    rounded: those whose 1 - P(y_max|x) is one in float64, which as printed it could not order.
    """

    same: bool
    in_common: float
    rounded: float


def orders(before: Mapping, here: Mapping, pool: int) -> Orders | None:
    """Of the rows of a round and the next: the picks of the latter, under the model of the former.

    As large a share of the sample (S,) is picked as that round picked of the sentences without
    labels, of a pool of so many sentences. None where the sample lacks its minimum losses.
    """
    least = sample(before, LEAST)
    if least is None:
        return None
    count = max(1, round(len(least) * len(here["picked"]) / (pool - before["sentences"])))
    # ties fall alike: both orders draw from a generator of one seed
    plain, minimum = (each.order(_view(least)) for each in (PlainLeastConfidence(), MinimumLoss()))
    shared = {*plain[:count].tolist()} & {*minimum[:count].tolist()}
    return Orders(
        bool((plain == minimum).all()),
        100 * len(shared) / count,
        float(100 * (1 - np.exp(-least) == 1).mean()),
    )


def table(loops: Loops) -> pd.DataFrame:
    """A row for each name: means over the rounds that pick, of the samples before their picks."""
    rows = {
        (name,): {
            "samples in one order, %": cell(runs.values(), _mean("same", 100), digits=0),
            "picks in common, %": cell(runs.values(), _mean("in_common"), digits=0),
            "1 − P rounds to one, %": cell(runs.values(), _mean("rounded"), digits=0),
        }
        for name, runs in loops.items()
    }
    return by_row(rows, ["strategy"])


def sentences(loops: Loops) -> list[str]:
    """In how many samples the two orders are one, in words; nothing where there is no sample."""
    found = [each for run in ended(loops) for each in _all(run)]
    if not found:
        return []
    alike = sum(each.same for each in found)
    return [
        f"Least confidence that is not divided by length puts the sentences in the order of the "
        f"minimum loss in {alike} of {plural(len(found), 'sample')}."
    ]


def _all(record: Record) -> list[Orders]:
    """Those of every round that picks."""
    pool, curve = record["data"]["pool_sentences"], record["curve"]
    found = (orders(*rows, pool) for rows in zip(curve, curve[1:], strict=False))
    return [each for each in found if each is not None]


def _mean(field: str, times: float = 1) -> Callable[[Record], float | None]:
    def mean(record: Record) -> float | None:
        found = [times * getattr(each, field) for each in _all(record)]
        return fmean(found) if found else None

    return mean


def _view(least: np.ndarray) -> View:
    """What an acquisition function sees of a sample (S,) of minimum losses in nats."""
    ones = np.ones(len(least))
    return View(
        sizes=ones,
        units=ones,
        budget=1.0,
        rounds=1,
        rounds_to_all=1,
        generator=np.random.default_rng(0),
        l_min=least,
    )

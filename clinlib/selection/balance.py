"""Dynamic balance: the minimum and the predicted loss of a sentence, weighed against each other."""

from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata

from clinlib.errors import unknown
from clinlib.selection.acquisition import ByScore
from clinlib.selection.view import View

Weight = Callable[[View], float]
START = 0.001  # c0 of the linear and the root weight


class DynamicBalance(ByScore):
    """DBS: Lambda s(L_min) + (1 - Lambda) s(L_pred) (LASL, equation 6).

    `weight` gives Lambda in [0, 1], `scale` the s that makes the two comparable.
    """

    needs = frozenset({"l_min", "predicted"})

    def __init__(self, weight: str = "mean_probability", scale: str = "raw", power: int = 2):
        if weight not in WEIGHTS:
            raise unknown("weight of the balance", weight, WEIGHTS)
        if scale not in SCALES:
            raise unknown("scale of the balance", scale, SCALES)
        self.weight, self.scale = WEIGHTS[weight](power), SCALES[scale]

    def scores(self, view: View) -> np.ndarray:
        share = self.weight(view)
        return share * self.scale(view.l_min) + (1 - share) * self.scale(view.predicted)

    def facts(self, view: View) -> dict[str, float]:
        """{"lambda": Lambda}."""
        return {"lambda": self.weight(view)}


def mean_probability(view: View) -> float:
    """The mean over the pool of P(y_max|x) = exp(-L_min) (equation 7)."""
    return float(np.exp(-view.l_min).mean())


def equal(view: View) -> float:
    """One half, whatever the round."""
    return 0.5


def root(power: int) -> Weight:
    """(t (1 - c0^p) / T + c0^p)^(1/p) after t of the T rounds that label all (equation 12)."""

    def weight(view: View) -> float:
        least = START**power
        done = min(1.0, view.rounds / view.rounds_to_all)
        return min(1.0, (done * (1 - least) + least) ** (1 / power))

    return weight


WEIGHTS: dict[str, Callable[[int], Weight]] = {
    "mean_probability": lambda power: mean_probability,
    "equal": lambda power: equal,
    "linear": lambda power: root(1),  # equation 11
    "root": root,
}


def softmax(losses: np.ndarray) -> np.ndarray:
    """exp(x) / sum exp(x) (P,), as published: one-hot where losses lie far apart."""
    likely = np.exp(losses - losses.max())
    return likely / likely.sum()


def z_score(losses: np.ndarray) -> np.ndarray:
    """The softmax of (x - mean) / standard deviation, (P,); all alike where losses are equal."""
    spread = losses.std()
    return softmax((losses - losses.mean()) / (spread if spread > 0 else 1.0))


def ranks(losses: np.ndarray) -> np.ndarray:
    """Each loss's rank over P, (P,) in (0, 1], equal ones sharing the mean of theirs."""
    return rankdata(losses) / len(losses)


SCALES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "raw": softmax,
    "z_score": z_score,
    "rank": ranks,
}

"""Acquisition functions: which unlabelled sentences are worth their labels, one class each.

They know arrays only; what they need of the model is collected in one pass (pool_scores).
"""

from typing import Protocol

import numpy as np

from clinlib.selection.view import View


class Acquisition(Protocol):
    """Orders the unlabelled sentences of a round, the first to be picked first.

    `needs` names the fields of View that it reads and a forward pass must collect. `order` need
    not follow from a score of each sentence: what picks a batch as a whole has its own.
    """

    needs: frozenset[str]

    def order(self, view: View) -> np.ndarray:
        """Indices (P,) of all sentences, the first to be picked first."""

    def facts(self, view: View) -> dict[str, float]:
        """Numbers of the round that the record keeps."""


class ByScore:
    """An acquisition function that scores each sentence and takes the highest."""

    needs: frozenset[str] = frozenset()

    def scores(self, view: View) -> np.ndarray:
        """(P,) float64; the higher, the sooner picked."""
        raise NotImplementedError

    def order(self, view: View) -> np.ndarray:
        """By falling score. Ties fall at random: the pool's order is that of the documents."""
        return highest_first(self.scores(view), view.generator)

    def facts(self, view: View) -> dict[str, float]:
        """None."""
        return {}


class Random(ByScore):
    """Every sentence as likely as any other."""

    def scores(self, view: View) -> np.ndarray:
        return view.generator.random(len(view))


class LeastConfidence(ByScore):
    """1 - P(y_max|x)^(1/n) over a sentence's n units (Lewis and Gale 1994, by length).

    The score is -P^(1/n), which ranks alike and keeps apart what 1 - P would round to one.
    """

    needs = frozenset({"l_min"})

    def scores(self, view: View) -> np.ndarray:
        return -np.exp(-view.l_min / view.units)


class PlainLeastConfidence(ByScore):
    """1 - P(y_max|x), where length counts: ranks as MinimumLoss, since P(y_max|x) = exp(-L_min)."""

    needs = frozenset({"l_min"})

    def scores(self, view: View) -> np.ndarray:
        return -np.exp(-view.l_min)


class MinimumLoss(ByScore):
    """L_min, the loss if the decoded labels are right (MLP; LASL, equation 4)."""

    needs = frozenset({"l_min"})

    def scores(self, view: View) -> np.ndarray:
        return view.l_min


class PredictedLoss(ByScore):
    """The loss that a network predicts: LPN where it reads L_min and L_max, else learning loss.

    LASL, section 3.2.2; Yoo and Kweon (2019). The two differ in the predictor's inputs only.
    """

    needs = frozenset({"predicted"})

    def scores(self, view: View) -> np.ndarray:
        return view.predicted


class OutputDiscrepancy(ByScore):
    """TOD: 1/2 ||softmax f_t(x) - softmax f_(t-1)(x)||^2 of the models of successive rounds.

    Huang et al. (2021), as LASL cites it; f_t(x) are a unit's emissions. The mean over a
    sentence's units, so that length does not count; zero for equal models.
    """

    needs = frozenset({"probabilities"})

    def scores(self, view: View) -> np.ndarray:
        pairs = zip(view.probabilities, view.previous, strict=True)
        return np.array([_discrepancy(now, before) for now, before in pairs])


def _discrepancy(now: np.ndarray, before: np.ndarray) -> float:
    """Of two (U, K) arrays of probabilities."""
    difference = now.astype(np.float64) - before
    return float((difference**2).sum(1).mean() / 2)


class UncertainCoreSet:
    """The most uncertain sentences, thinned so that no two picked ones are alike.

    The baseline that the paper lacks. Candidates are the sentences of least confidence by length
    that together cost `candidates` times the round's budget. Of these the one whose state is
    farthest from every labelled and picked one is picked, again and again (the greedy k-center of
    Sener and Savarese 2018), on mean hidden states scaled to length 1. A pool of near-duplicates
    is where this should act.
    """

    needs = frozenset({"l_min", "states"})

    def __init__(self, candidates: float = 5.0):
        self.candidates = candidates

    def order(self, view: View) -> np.ndarray:
        """The picked ones, then the other sentences by uncertainty."""
        uncertain = highest_first(LeastConfidence().scores(view), view.generator)
        before = np.cumsum(view.sizes[uncertain]) - view.sizes[uncertain]  # cost of those ahead
        among = uncertain[before < self.candidates * view.budget]  # (C,)
        picked = among[
            k_center(_unit(view.states[among]), _unit(view.known), view.sizes[among], view.budget)
        ]
        rest = uncertain[~np.isin(uncertain, picked)]
        return np.concatenate((picked, rest))

    def facts(self, view: View) -> dict[str, float]:
        """None."""
        return {}


def k_center(points: np.ndarray, known: np.ndarray, sizes: np.ndarray, budget: float) -> list[int]:
    """Indices of `points` (C, H), unit vectors, picked farthest-first until they cost `budget`.

    Distances are to the nearest of `known` (N, H) and of the points picked so far; the first
    point (the most uncertain) begins where nothing is known. Ties go to the earlier point.
    """
    nearest = np.full(len(points), np.inf)  # (C,) squared distances
    if len(known):
        nearest = (2 - 2 * points @ known.T).min(1)
    picked: list[int] = []
    spent = 0.0
    while len(picked) < len(points) and spent < budget:
        farthest = int(nearest.argmax())
        picked.append(farthest)
        spent += float(sizes[farthest])
        nearest = np.minimum(nearest, 2 - 2 * points @ points[farthest])
        nearest[picked] = -np.inf
    return picked


def highest_first(scores: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Indices (P,) by falling score, equal ones in an order that the generator draws."""
    return np.lexsort((generator.random(len(scores)), -scores))


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows (N, H) float64 scaled to length 1; zeros stay."""
    length = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1.0)

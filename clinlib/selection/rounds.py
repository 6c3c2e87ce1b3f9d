"""Rounds: what is picked from the pool, and what the models make of the rest of it."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from clinlib.selection.acquisition import Acquisition
from clinlib.selection.learner import Learner
from clinlib.selection.pool import Pool
from clinlib.selection.pool_scores import TRUE, collect
from clinlib.selection.sentences import Sentences
from clinlib.selection.view import View

# streams of random numbers: each round draws from generators of its own, so that a loop that goes
# on after an interrupt draws what it would have drawn
PICKS, ORDER, DROPOUT, EXAMPLES = range(4)
DIGITS = 4  # significant ones of a loss in a record
FEWEST = 3  # sentences that a rank correlation needs


class Rounds:
    """A pool, its sentences, what picks, and the models that learn; `previous` holds what the
    last round's model said of every sentence, where the strategy compares models."""

    def __init__(
        self,
        pool: Pool,
        sentences: Sentences,
        acquisition: Acquisition,
        learner: Learner,
        *,
        rounds_to_all: int,
        pad_id: int,
        seed: int,
    ):
        self.pool, self.sentences = pool, sentences
        self.acquisition, self.learner = acquisition, learner
        self.rounds_to_all, self.pad_id, self.seed = rounds_to_all, pad_id, seed
        self.previous: list[np.ndarray] | None = None

    def draw(self, number: int, stream: int) -> int:
        """A seed of one round and stream."""
        return int(np.random.SeedSequence([self.seed, number, stream]).generate_state(1)[0])

    def begin(self) -> list[int]:
        """Labels the initial set, drawn at random: the same for every strategy of a seed."""
        self._look_back()
        order = np.random.default_rng(self.draw(1, PICKS)).permutation(len(self.pool))
        return self.pool.buy(order, self.pool.budget(1))

    def pick(self, number: int) -> tuple[list[int], dict[str, Any]]:
        """Labels what the strategy picks for round 2, 3, ...: places, and facts of the selection.

        The facts: seconds in all; sentences read and how many a second; those of the strategy.
        """
        start = time.perf_counter()
        free = self.pool.unlabelled
        view = self._view(number, free)
        read = time.perf_counter() - start
        order = self.acquisition.order(view)
        bought = self.pool.buy(free[order], self.pool.budget(number))
        facts: dict[str, Any] = {"seconds": round(time.perf_counter() - start, 4)}
        if self.acquisition.needs:
            count = len(free) + (0 if view.known is None else len(view.known))
            facts |= {"read": count, "sentences_per_second": round(count / read, 1)}
        return bought, facts | self.acquisition.facts(view)

    def _view(self, number: int, free: np.ndarray) -> View:
        found = self._collect(free, self.acquisition.needs)
        known = None
        if "states" in found:
            known = self._collect(self.pool.labelled, {"states"})["states"]
        previous = None
        if "probabilities" in found:
            previous = [self.previous[place] for place in free]
            for place, each in zip(free, found["probabilities"], strict=True):
                self.previous[place] = each
        return View(
            sizes=self.pool.sizes[free],
            units=np.array([_units(self.sentences.read[place]) for place in free]),
            budget=self.pool.budget(number),
            rounds=number - 1,
            rounds_to_all=self.rounds_to_all,
            generator=np.random.default_rng(self.draw(number, PICKS)),
            known=known,
            previous=previous,
            **found,
        )

    def _look_back(self) -> None:
        """What the initial model says, which the first round's is compared with."""
        if "probabilities" in self.acquisition.needs:
            found = self._collect(range(len(self.pool)), {"probabilities"})
            self.previous = found["probabilities"]

    def _collect(self, places: Sequence[int], needs: set[str] | frozenset[str]) -> dict[str, Any]:
        ranking = self.learner.ranking
        return collect(
            self.learner.tagger,
            [self.sentences.read[place] for place in places],
            needs,
            self.pad_id,
            ranking.predictor if ranking and "predicted" in needs else None,
        )

    def examples(self, number: int, most: int) -> dict[str, Any]:
        """Losses of at most `most` unlabelled sentences under the model that round made.

        {"places", "l_min", "l_true", "l_max", and "predicted" where there is a predictor} of
        sentences drawn at random, and "rank_correlation" (Spearman) of each other loss with the
        true one. The oracle's labels are looked at, and nothing is selected by this.
        """
        free = self.pool.unlabelled
        generator = np.random.default_rng(self.draw(number, EXAMPLES))
        places = np.sort(generator.choice(free, min(most, len(free)), replace=False))
        if not len(places):
            return {}
        ranking = self.learner.ranking
        names = ["l_min", TRUE, "l_max", *(["predicted"] if ranking else [])]
        found = collect(
            self.learner.tagger,
            [self.sentences.gold[place] for place in places],
            names,
            self.pad_id,
            ranking.predictor if ranking else None,
        )
        agreement = {name: _spearman(found[name], found[TRUE]) for name in names if name != TRUE}
        return {
            "places": places.tolist(),
            **{name: [float(f"{x:.{DIGITS}g}") for x in found[name]] for name in names},
            "rank_correlation": {k: v for k, v in agreement.items() if v is not None},
        }


def _units(windows: Sequence) -> int:
    return sum(len(window.first) for window in windows)


def _spearman(one: np.ndarray, other: np.ndarray) -> float | None:
    """Rank correlation of two (N,); None where it is undefined."""
    if len(one) < FEWEST or len(np.unique(one)) < 2 or len(np.unique(other)) < 2:
        return None
    return round(float(spearmanr(one, other).statistic), 4)

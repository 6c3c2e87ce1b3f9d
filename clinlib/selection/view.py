"""View: what an acquisition function sees of the pool when a round picks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# what a forward pass can collect of each sentence: fields of View, named by `Acquisition.needs`
COLLECTED = ("l_min", "l_max", "predicted", "probabilities", "states")


@dataclass(frozen=True)
class View:
    """P unlabelled sentences in the pool's order; of what a pass collects, only what was needed.

    sizes (P,) what each costs to annotate (1, or its tokens) and `budget` what the round may
    spend; units (P,) subwords or words that get a label; `rounds` trained so far, and
    `rounds_to_all`, after how many the whole pool would be labelled; `generator` breaks ties.

    l_min, l_max (P,) nats, the smallest and largest loss that any labels could have; predicted
    (P,) a loss predictor's scores; states (P, H) mean hidden states, `known` (N, H) those of the
    N labelled sentences; probabilities and previous: for each sentence (U, K) label
    probabilities of its units, by this round's model and by that of the round before.
    """

    sizes: np.ndarray
    units: np.ndarray
    budget: float
    rounds: int
    rounds_to_all: int
    generator: np.random.Generator
    l_min: np.ndarray | None = None
    l_max: np.ndarray | None = None
    predicted: np.ndarray | None = None
    states: np.ndarray | None = None
    known: np.ndarray | None = None
    probabilities: Sequence[np.ndarray] | None = None
    previous: Sequence[np.ndarray] | None = None

    def __len__(self) -> int:
        return len(self.sizes)

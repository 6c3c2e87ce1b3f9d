"""Pool: the sentences that may be annotated, which of them are, and what that costs."""

from collections.abc import Iterable, Sequence

import numpy as np

from clinlib.errors import BadInput, unknown

UNITS = ("sentences", "tokens")


class Pool:
    """N sentences named by their place 0 ... N-1, of which the labelled are known in order.

    tokens (N,): words of each. `unit` is what a budget counts. `shares` of the pool that are
    labelled after round 1, 2, ...: cumulative, so that what one round overspends the next lacks.

    Raises BadInput for shares that fall or pass 1, and where a round could not buy a sentence.
    """

    def __init__(self, tokens: Sequence[int], unit: str, shares: Sequence[float]):
        if unit not in UNITS:
            raise unknown("unit of size", unit, UNITS)
        self.tokens = np.asarray(tokens, dtype=np.int64)
        self.unit = unit
        self.sizes = np.ones_like(self.tokens) if unit == "sentences" else self.tokens  # (N,)
        total = int(self.sizes.sum())
        self.targets = [float(round(share * total)) for share in shares]
        steps = np.diff([0.0, *self.targets])
        if len(steps) and (self.targets[-1] > total or steps.min() < 0):
            raise BadInput(f"shares of the pool rise to 1 at most, not {list(shares)}")
        if len(steps) and steps.min() < 1:
            raise BadInput(
                f"the pool of {len(self.tokens)} sentences ({total} {unit}) is too small for a "
                f"round of {min(np.diff([0.0, *shares])):.2%}; the smallest share is "
                f"{1 / total if total else 1:.2%}"
            )
        self.labelled: list[int] = []

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def unlabelled(self) -> np.ndarray:
        """Places (P,) of the sentences without labels, in the pool's order."""
        free = np.ones(len(self), dtype=bool)
        free[self.labelled] = False
        return np.flatnonzero(free)

    def spent(self) -> float:
        """What the labelled sentences cost, in `unit`."""
        return float(self.sizes[self.labelled].sum())

    def budget(self, round_number: int) -> float:
        """What round 1, 2, ... may spend, in `unit`."""
        return max(0.0, self.targets[round_number - 1] - self.spent())

    def buy(self, places: Iterable[int], budget: float) -> list[int]:
        """Labels sentences in the order given until the budget is spent; returns their places.

        The last one may overspend, and one is always bought. Raises BadInput for a sentence that
        has labels already.
        """
        known = set(self.labelled)
        bought: list[int] = []
        spent = 0.0
        for place in map(int, places):
            if bought and spent >= budget:
                break
            if place in known:
                raise BadInput(f"sentence {place} of the pool is labelled already")
            known.add(place)
            bought.append(place)
            spent += float(self.sizes[place])
        self.labelled += bought
        return bought

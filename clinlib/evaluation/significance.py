"""Significance of differences between two systems on the same documents, and of many at once."""

from collections.abc import Sequence

import numpy as np

from clinlib.errors import BadInput
from clinlib.evaluation.spans import f1


def approximate_randomisation(
    left: np.ndarray, right: np.ndarray, *, n: int = 9999, seed: int = 0
) -> float:
    """p of the difference in F1 of two systems by approximate randomisation (Noreen 1989).

    `left`, `right` (D, 3): true positives, false positives and misses of each document; the
    systems' counts of a document change sides with probability one half. Two-sided: at least
    2 / (n + 1), or exact where all exchanges of few documents can be listed.

    Raises BadInput for counts of other documents or none.
    """
    left, right = np.asarray(left), np.asarray(right)
    if left.shape != right.shape or left.ndim != 2 or not len(left):
        raise BadInput(f"counts of shapes {left.shape} and {right.shape} are not of one test split")
    from scipy import stats  # half a second to import

    both = np.stack([left, right], axis=1)  # (D, 2, 3)
    if len(both) == 1:
        return 1.0  # both ways to label one document are as far apart
    documents = np.arange(len(both))

    def difference(first: np.ndarray, second: np.ndarray, axis: int = -1) -> np.ndarray:
        # (..., D) numbers of the system on each side, for every document
        sides = (np.moveaxis(side, axis, -1).astype(int) for side in (first, second))
        sums = [both[documents, side].sum(axis=-2) for side in sides]  # (..., 3)
        return f1(sums[0]) - f1(sums[1])

    found = stats.permutation_test(
        (np.zeros(len(both)), np.ones(len(both))),
        difference,
        permutation_type="samples",
        vectorized=True,
        n_resamples=n,
        batch=max(1, 2_000_000 // both.size),
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def holm(p_values: Sequence[float], family: int | None = None) -> list[float]:
    """The p values of a family of tests, corrected after Holm (1979).

    `family`: how many tests there are once all have their p, those that have none yet counting as
    1, so that no p falls when they come; by default as many as given.
    """
    if not len(p_values):
        return []
    from statsmodels.stats.multitest import multipletests

    absent = max(0, (family or 0) - len(p_values))
    given = [*p_values, *[1.0] * absent]
    return multipletests(given, method="holm")[1][: len(p_values)].tolist()

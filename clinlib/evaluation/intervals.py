"""Intervals: over seeds (Student's t) and over documents (bootstrap)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from clinlib.errors import BadInput


@dataclass(frozen=True)
class Estimate:
    """A value and its interval [low, high], both None where `n` observations allow none."""

    value: float
    low: float | None
    high: float | None
    n: int


def seed_interval(values: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Mean over seeds with Student's t interval; no interval for one seed.

    Raises BadInput for no values, one that is not finite, or a confidence outside (0, 1).
    """
    found = _finite(values, "seeds")
    _check_confidence(confidence)
    mean, size = float(found.mean()), len(found)
    if size == 1:
        return Estimate(mean, None, None, 1)
    half = half_width(float(found.std(ddof=1)), size, confidence)
    return Estimate(mean, mean - half, mean + half, size)


def half_width(deviation: float, n: int, confidence: float = 0.95) -> float:
    """What Student's t interval of the mean of `n` numbers, at least two, has on each side.

    `deviation`: the standard deviation of a sample, or one that is foreseen.
    """
    from scipy.special import stdtrit  # Student's quantile, without the weight of scipy.stats

    return float(stdtrit(n - 1, (1 + confidence) / 2) * deviation / np.sqrt(n))


def bootstrap(
    counts: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    *,
    n: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Estimate:
    """Percentile interval of a statistic of summed counts, documents resampled with replacement.

    `counts` (D, ...) has a row per document; `statistic` maps sums (R, ...) over the documents of
    R resamples to (R,) numbers, such as `spans.f1` for counts (D, 3). One document allows no
    interval.

    Raises BadInput for no documents, or a confidence outside (0, 1).
    """
    counts = np.asarray(counts)
    _check_confidence(confidence)
    if not len(counts):
        raise BadInput("a bootstrap needs documents, there are none")
    value = float(np.squeeze(statistic(counts.sum(axis=0, keepdims=True))))
    if len(counts) == 1:
        return Estimate(value, None, None, 1)
    from scipy import stats  # half a second to import

    def of_sample(documents: np.ndarray, axis: int) -> np.ndarray:
        documents = np.moveaxis(documents, axis, -1)  # (R, D) or (D,)
        sums = counts[np.atleast_2d(documents)].sum(axis=1)  # (R, ...)
        return statistic(sums).reshape(documents.shape[:-1])

    interval = stats.bootstrap(
        (np.arange(len(counts)),),
        of_sample,
        n_resamples=n,
        batch=max(1, 4_000_000 // counts.size),  # counts gathered at once
        vectorized=True,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Estimate(value, float(interval.low), float(interval.high), len(counts))


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise BadInput(f"confidence must lie between 0 and 1, not {confidence}")


def _finite(values: Sequence[float], what: str) -> np.ndarray:
    found = np.asarray(values, dtype=float)
    if found.ndim != 1 or not len(found):
        raise BadInput(f"{what}: a sequence of at least one number is needed")
    if not np.isfinite(found).all():
        raise BadInput(f"{what}: {found.tolist()} holds a number that is not finite")
    return found

"""Intervals: over seeds (Student's t), over documents (bootstrap), of seed-paired differences."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from clinlib.errors import BadInput, unknown

BOOTSTRAPS = ("percentile", "BCa")


@dataclass(frozen=True)
class Estimate:
    """A value and its interval [low, high], both None where `n` observations allow none.

    `method` says how the interval was made ("t over seeds", "percentile over documents", ...).
    """

    value: float
    low: float | None
    high: float | None
    n: int
    method: str

    @property
    def half_width(self) -> float | None:
        """Half the interval's width, None where there is no interval."""
        return None if self.low is None else (self.high - self.low) / 2

    def __str__(self) -> str:
        if self.low is None:
            return f"{self.value:.1f} (n={self.n}, no interval)"
        return f"{self.value:.1f} [{self.low:.1f}, {self.high:.1f}] (n={self.n})"


def seed_interval(values: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Mean over seeds with Student's t interval; no interval for one seed.

    Raises BadInput for no values, one that is not finite, or a confidence outside (0, 1).
    """
    return _t_interval(_finite(values, "seeds"), confidence, "t over seeds")


def bootstrap(
    counts: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    *,
    n: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
    method: str = "percentile",
) -> Estimate:
    """Interval of a statistic of summed counts, documents resampled with replacement.

    `counts` (D, ...) has a row per document; `statistic` maps sums (R, ...) over the documents of
    R resamples to (R,) numbers, such as `spans.f1` for counts (D, 3). `method` is "percentile" or
    "BCa" (Efron 1987); where BCa is undefined, as for documents that are all alike, the percentile
    interval stands and the estimate's method says so. One document allows no interval.

    Raises BadInput for no documents, another method, or a confidence outside (0, 1).
    """
    counts = np.asarray(counts)
    if method not in BOOTSTRAPS:
        raise unknown("bootstrap method", method, BOOTSTRAPS)
    _check_confidence(confidence)
    if not len(counts):
        raise BadInput("a bootstrap needs documents, there are none")
    value = float(np.squeeze(statistic(counts.sum(axis=0, keepdims=True))))
    if len(counts) == 1:
        return Estimate(value, None, None, 1, "none: one document")
    from scipy import stats  # half a second to import

    def of_sample(documents: np.ndarray, axis: int) -> np.ndarray:
        documents = np.moveaxis(documents, axis, -1)  # (R, D) or (D,)
        sums = counts[np.atleast_2d(documents)].sum(axis=1)  # (R, ...)
        return statistic(sums).reshape(documents.shape[:-1])

    def interval(kind: str) -> tuple[float, float]:
        with warnings.catch_warnings():
            # a BCa interval that is undefined comes back as NaN and is dealt with below
            warnings.simplefilter("ignore", stats.DegenerateDataWarning)
            warnings.simplefilter("ignore", RuntimeWarning)
            found = stats.bootstrap(
                (np.arange(len(counts)),),
                of_sample,
                n_resamples=n,
                batch=max(1, 4_000_000 // counts.size),  # counts gathered at once
                vectorized=True,
                confidence_level=confidence,
                method=kind,
                rng=np.random.default_rng(seed),
            ).confidence_interval
        return float(found.low), float(found.high)

    low, high = interval(method)
    note = f"{method} over documents"
    if method == "BCa" and not np.isfinite([low, high]).all():
        low, high = interval("percentile")
        note = "percentile over documents (BCa undefined)"
    return Estimate(value, low, high, len(counts), note)


def _t_interval(values: np.ndarray, confidence: float, method: str) -> Estimate:
    _check_confidence(confidence)
    mean, size = float(values.mean()), len(values)
    if size == 1:
        return Estimate(mean, None, None, 1, method)
    from scipy.special import stdtrit  # Student's quantile, without the weight of scipy.stats

    quantile = stdtrit(size - 1, (1 + confidence) / 2)
    half = float(quantile * values.std(ddof=1) / np.sqrt(size))
    return Estimate(mean, mean - half, mean + half, size, method)


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

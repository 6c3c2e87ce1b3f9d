"""Analysis of variance: do groups of numbers differ by more than their scatter explains?

One-way over groups, from the numbers or from their means and deviations alone, and over blocks
(each block measured once under every group). Knows numbers only: no runs, no methods, no scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from clinlib.errors import BadInput

Groups = Mapping[str, Sequence[float]]
LARGE = 1e7  # an F that is explained by the groups to all digits shown


@dataclass(frozen=True)
class Outcome:
    """The outcome of a test: its statistic, named, with degrees of freedom, and p in [0, 1]."""

    name: str
    value: float
    df: tuple[float, ...]
    p: float

    def __str__(self) -> str:
        degrees = ", ".join(f"{df:.1f}".removesuffix(".0") for df in self.df)
        return f"{self.name}({degrees}) = {self.value:.2f}" if degrees else self.name


@dataclass(frozen=True)
class Anova:
    """A fitted analysis of variance with k groups.

    `means` and `sizes` by group; `between`, `error` and `blocks` are sums of squares, `df` and
    `df_error` the degrees of freedom of the first two. Without blocks `blocks` is 0.
    """

    means: dict[str, float]
    sizes: dict[str, int]
    between: float
    error: float
    df: int
    df_error: int
    blocks: float = 0.0

    @property
    def mean_square(self) -> float:
        """Mean square of the error, the variance within groups (less that of blocks)."""
        return self.error / self.df_error

    @property
    def deviation(self) -> float:
        """Standard deviation within groups, pooled over them."""
        return float(np.sqrt(self.mean_square))

    @property
    def f(self) -> float:
        """F = mean square between groups / mean square of the error."""
        return self.between / self.df / self.mean_square

    @cached_property
    def test(self) -> Outcome:
        """F with its p, the upper tail of the F distribution."""
        return f_test(self.f, (self.df, self.df_error))

    @property
    def eta_squared(self) -> float:
        """Share of the variance that the groups explain, blocks left out of the whole.

        SS_between / (SS_between + SS_error): eta squared of a one-way, partial eta squared of a
        blocked analysis. It is above zero without any effect, the more so the fewer the numbers.
        """
        return self.between / (self.between + self.error)

    @property
    def omega_squared(self) -> float:
        """The share in the population, estimated with less bias than by eta squared.

        df (F - 1) / (df (F - 1) + N), N = df + df_error + 1; partial with blocks. Below zero
        where the groups differ by less than their scatter makes likely.
        """
        gain = self.df * (self.f - 1)
        return gain / (gain + self._n)

    @property
    def cohen_f(self) -> float:
        """Cohen's f of the sample: sqrt(eta^2 / (1 - eta^2)), 0.1 small, 0.25 medium, 0.4 large."""
        return float(np.sqrt(self.between / self.error))

    def eta_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Interval of the population's eta squared, by the noncentral F (Steiger 2004, eq. 15-17).

        lambda / (lambda + N) at those lambda under which F is just as rare as the level allows;
        a bound is 0 where no lambda is.
        """
        bounds = [
            self._noncentrality(share) for share in ((1 + confidence) / 2, (1 - confidence) / 2)
        ]
        low, high = (nc / (nc + self._n) for nc in bounds)
        return low, high

    def _noncentrality(self, share: float) -> float:
        """The lambda under which so large a share of F lies below this one; 0 where none is.

        Of an F above LARGE the lambda that makes it the mean: either bound rounds to one.
        """
        from scipy.optimize import brentq
        from scipy.special import ncfdtr

        # not ncfdtrinc, which ends at 10 000 without a word
        def beyond(nc: float) -> float:
            return float(ncfdtr(self.df, self.df_error, nc, self.f)) - share

        if beyond(0.0) <= 0:
            return 0.0
        if self.f > LARGE:
            return self.df * self.f
        high = 1.0
        while beyond(high) > 0:
            high *= 2
        return float(brentq(beyond, 0.0, high, rtol=1e-12))

    @property
    def _n(self) -> int:
        return self.df + self.df_error + 1


def one_way(groups: Groups) -> Anova:
    """One-way analysis of variance (Fisher 1925): groups of independent numbers, sizes may differ.

    Raises BadInput for fewer than two groups, a group of fewer than two numbers, a number that is
    not finite, and where no group has any scatter.

    >>> found = one_way({"a": [1, 2, 3], "b": [2, 3, 4], "c": [5, 6, 7]})
    >>> round(found.f, 6), found.df, found.df_error
    (13.0, 2, 6)
    """
    values = checked(groups)
    deviations = {name: float(each.std(ddof=1)) for name, each in values.items()}
    means = {name: float(each.mean()) for name, each in values.items()}
    return _fitted(means, deviations, {name: len(each) for name, each in values.items()})


def from_summary(
    means: Mapping[str, float], deviations: Mapping[str, float], sizes: Mapping[str, int] | int
) -> Anova:
    """The one-way analysis of groups of which only mean, standard deviation and size are known.

    `deviations` are those of samples (n - 1 in the denominator); `sizes` by group, or one for all.
    Raises BadInput for other groups in one argument than in another, fewer than two groups, a size
    below two, a deviation below zero, and deviations that are all zero.
    """
    if isinstance(sizes, int):
        sizes = dict.fromkeys(means, sizes)
    if not means.keys() == deviations.keys() == sizes.keys():
        raise BadInput("means, deviations and sizes must name the same groups")
    _at_least_two(means)
    for name, size in sizes.items():
        if size < 2:
            raise BadInput(f"group '{name}' has size {size}: scatter needs at least 2")
    if not np.isfinite([*means.values(), *deviations.values()]).all():
        raise BadInput("means and deviations must be finite numbers")
    if min(deviations.values()) < 0 or not any(deviations.values()):
        raise BadInput("deviations must not be negative, nor all zero: F needs scatter")
    return _fitted(dict(means), dict(deviations), dict(sizes))


def blocked(table: Groups) -> Anova:
    """Analysis of variance over blocks, each measured once under every group.

    `table` maps each group to its b numbers, block by block in one order: y = mean + group + block
    + error, the error being their interaction, with (k - 1)(b - 1) degrees of freedom. F equals
    that of one-way repeated measures over blocks (Girden 1992). For two groups it is the square
    of the paired t.

    Raises BadInput as `one_way`, for groups of different lengths, and where the groups differ by
    the same in every block, which leaves no error.
    """
    values, residuals = _residuals(table)
    error = float((residuals**2).sum())
    k, b = values.shape
    if error <= (1e-12 * max(np.abs(values).max(), 1.0)) ** 2 * values.size:
        raise BadInput("the groups differ by the same in every block: F needs scatter")
    mean = values.mean()
    return Anova(
        means=dict(zip(table, values.mean(axis=1).tolist(), strict=True)),
        sizes=dict.fromkeys(table, b),
        between=float(b * ((values.mean(axis=1) - mean) ** 2).sum()),
        error=error,
        df=k - 1,
        df_error=(k - 1) * (b - 1),
        blocks=float(k * ((values.mean(axis=0) - mean) ** 2).sum()),
    )


def residuals(table: Groups, *, blocks: bool = False) -> np.ndarray:
    """What the fit leaves: each number less its group's mean, and less its block's effect."""
    if blocks:
        return _residuals(table)[1].ravel()
    return np.concatenate([each - each.mean() for each in checked(table).values()])


def checked(groups: Groups) -> dict[str, np.ndarray]:
    """The groups as arrays, once they can be compared; raises BadInput as `one_way` says."""
    _at_least_two(groups)
    values = {name: np.asarray(each, dtype=float) for name, each in groups.items()}
    for name, each in values.items():
        if each.ndim != 1 or len(each) < 2:
            raise BadInput(f"group '{name}' has {each.size} numbers: scatter needs at least 2")
        if not np.isfinite(each).all():
            raise BadInput(f"group '{name}' holds a number that is not finite: {each.tolist()}")
    if not any(np.ptp(each) for each in values.values()):
        raise BadInput("the numbers of every group are all the same: F needs scatter")
    return values


def f_test(f: float, df: tuple[float, float]) -> Outcome:
    """F with its p, the upper tail of the central F distribution."""
    from scipy.special import fdtrc

    return Outcome("F", f, df, float(fdtrc(*df, f)))


def _fitted(means: dict[str, float], deviations: dict[str, float], sizes: dict[str, int]) -> Anova:
    m, s, n = (np.array([each[name] for name in means]) for each in (means, deviations, sizes))
    grand = (n * m).sum() / n.sum()
    return Anova(
        means=means,
        sizes=sizes,
        between=float((n * (m - grand) ** 2).sum()),
        error=float(((n - 1) * s**2).sum()),
        df=len(m) - 1,
        df_error=int(n.sum()) - len(m),
    )


def _residuals(table: Groups) -> tuple[np.ndarray, np.ndarray]:
    """(k, b) numbers and what group and block leave of them."""
    lengths = {name: len(each) for name, each in table.items()}
    if len(set(lengths.values())) > 1:
        raise BadInput(f"every group needs a number for each block, they have {lengths}")
    values = np.stack(list(checked(table).values()))  # (k, b)
    centred = values - values.mean(axis=1, keepdims=True)
    return values, centred - centred.mean(axis=0, keepdims=True)


def _at_least_two(groups: Mapping[str, object]) -> None:
    if len(groups) < 2:
        raise BadInput(f"an analysis of variance needs at least 2 groups, not {len(groups)}")

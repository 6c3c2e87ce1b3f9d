"""Power: which differences so many runs could have found, and what a printed p asks for.

Everything is per group of n numbers that scatter alike; differences and deviations are in the
unit of the scores.
"""

from collections.abc import Mapping

import numpy as np

from clinlib.errors import BadInput

POWER = 0.8
LEVEL = 0.05


def power_of(deviation: float, n: int, means: Mapping[str, float], level: float = LEVEL) -> float:
    """The chance that one-way ANOVA of n numbers a group finds groups with these true means.

    Noncentral F with lambda = n sum (mean - grand mean)^2 / deviation^2.
    """
    from scipy.special import fdtri, ncfdtr

    k = len(means)
    _check(deviation, n, k)
    away = np.array(list(means.values()))
    strength = n * ((away - away.mean()) ** 2).sum() / deviation**2
    df = k - 1, k * (n - 1)
    return float(1 - ncfdtr(*df, strength, fdtri(*df, 1 - level)))


def detectable_range(
    deviation: float, n: int, k: int, *, power: float = POWER, level: float = LEVEL
) -> float:
    """The least gap between the best and the worst of k groups that ANOVA finds with this power.

    The other groups stand half way between, the hardest case for a given gap: the noncentrality
    is n gap^2 / (2 deviation^2).
    """
    from scipy.special import fdtri, ncfdtrinc

    _check(deviation, n, k)
    df = k - 1, k * (n - 1)
    strength = float(ncfdtrinc(*df, 1 - power, fdtri(*df, 1 - level)))
    return deviation * float(np.sqrt(2 * strength / n))


def detectable_pair(
    deviation: float, n: int, k: int, *, power: float = POWER, level: float = LEVEL
) -> float:
    """The least difference of one pair of k groups that Tukey's HSD finds with this power.

    The noncentral t of the pair, with the error of all groups, against Tukey's critical value;
    found with the right sign, that is.
    """
    from scipy import optimize, stats

    _check(deviation, n, k)
    df = k * (n - 1)
    critical = stats.studentized_range.isf(level, k, df) / np.sqrt(2)

    def lacks(strength: float) -> float:
        return float(stats.nct.sf(critical, df, strength)) - power

    strength = optimize.brentq(lacks, 0, 10 * critical)
    return float(strength * deviation * np.sqrt(2 / n))


def detectable_difference(
    deviation: float,
    n: int,
    *,
    margin: float = 0.0,
    power: float = POWER,
    level: float = LEVEL,
) -> float:
    """The least mean of n paired differences that scatter so which is found above a margin.

    Found is an interval of Student's t wholly above it; the noncentral t of the mean less the
    margin, with n - 1 degrees of freedom, has this power. Raises BadInput for fewer than two pairs.
    """
    from scipy import optimize, stats

    _check(deviation, n, 2)
    critical = stats.t.isf(level / 2, n - 1)

    def lacks(strength: float) -> float:
        return float(stats.nct.sf(critical, n - 1, strength)) - power

    strength = optimize.brentq(lacks, 0, 10 * critical)
    return margin + float(strength * deviation / np.sqrt(n))


def deviation_of_p(p: float, n: int, means: Mapping[str, float], *, df_error: int = 0) -> float:
    """The deviation within groups of n numbers under which means such as these have this p.

    From F = n var(means) / deviation^2. `df_error`: that of a blocked analysis, (k - 1)(n - 1);
    by default k (n - 1), of a one-way. Raises BadInput for equal means or p outside (0, 1).
    """
    from scipy.special import fdtri

    k = len(means)
    _check(1.0, n, k)
    if not 0 < p < 1:
        raise BadInput(f"p must lie between 0 and 1, not {p}")
    spread = float(np.var(list(means.values()), ddof=1))
    if not spread:
        raise BadInput("equal means have no p below 1, whatever their scatter")
    return float(np.sqrt(n * spread / fdtri(k - 1, df_error or k * (n - 1), 1 - p)))


def _check(deviation: float, n: int, k: int) -> None:
    if k < 2 or n < 2:
        raise BadInput(f"{k} groups of {n}: power needs at least 2 groups of at least 2")
    if not deviation > 0 or not np.isfinite(deviation):
        raise BadInput(f"a deviation within groups must be above 0, not {deviation}")

"""What an analysis of variance takes for granted, tested, and tests that take less for granted."""

import numpy as np

from clinlib.errors import BadInput
from clinlib.evaluation.anova import Anova, Groups, Outcome, blocked, checked, f_test, residuals

ROUNDING = 1e-9  # of the numbers' range: what differs by less is equal


def normality(groups: Groups, *, blocks: bool = False) -> Outcome:
    """Shapiro-Wilk test of the residuals of a one-way or (`blocks`) blocked analysis.

    A small p speaks against normal errors; a large one of few numbers says little.
    """
    from scipy import stats  # half a second to import

    left = residuals(groups, blocks=blocks)
    if len(left) < 3 or not np.ptp(left):
        raise BadInput(f"Shapiro-Wilk needs 3 residuals that differ, there are {len(left)}")
    found = stats.shapiro(left)
    return Outcome("W", float(found.statistic), (), float(found.pvalue))


def equal_variance(groups: Groups) -> Outcome:
    """Brown and Forsythe's test (1974): Levene's, of distances from each group's median.

    Raises BadInput for groups of two numbers, whose distances from their median are equal.
    """
    from scipy import stats

    values = checked(groups)
    if all(len(each) < 3 for each in values.values()):
        raise BadInput("Brown-Forsythe needs at least 3 numbers in a group")
    scale = max(map(np.ptp, values.values()))
    spreads = (np.ptp(np.abs(each - np.median(each))) for each in values.values())
    if not any(spread > ROUNDING * scale for spread in spreads):
        raise BadInput("Brown-Forsythe needs distances from the median that differ")
    found = stats.levene(*values.values(), center="median")
    df = len(values) - 1, sum(map(len, values.values())) - len(values)
    return Outcome("F", float(found.statistic), df, float(found.pvalue))


def welch(groups: Groups) -> Outcome:
    """Welch's analysis of variance (1951), which does not take the variances for equal.

    Raises BadInput where a group has no scatter, whose weight would be infinite.
    """
    from statsmodels.stats.oneway import anova_oneway  # a second to import

    found = anova_oneway(_scattered(groups), use_var="unequal", welch_correction=True)
    return f_test(float(found.statistic), tuple(map(float, found.df)))


def kruskal_wallis(groups: Groups) -> Outcome:
    """Kruskal and Wallis's test (1952) of ranks, which does not take the errors for normal.

    Its p is that of chi squared, too large for groups of fewer than about five.
    """
    from scipy import stats

    found = stats.kruskal(*checked(groups).values())
    return Outcome("H", float(found.statistic), (len(groups) - 1,), float(found.pvalue))


def friedman(table: Groups) -> Outcome:
    """Friedman's test (1937) of ranks within blocks, for errors that are not normal.

    Raises BadInput for fewer than three groups, for which it is not defined.
    """
    from scipy import stats

    blocked(table)  # the same table is refused by both
    if len(table) < 3:
        raise BadInput("Friedman's test needs at least 3 groups")
    found = stats.friedmanchisquare(*table.values())
    return Outcome("chi²", float(found.statistic), (len(table) - 1,), float(found.pvalue))


def sphericity(table: Groups) -> float:
    """Greenhouse and Geisser's epsilon (1959): 1 where differences of groups scatter alike.

    Of (k - 1) eigenvalues l of the centred covariance of groups over blocks, (sum l)^2 /
    ((k - 1) sum l^2); at least 1 / (k - 1). From few blocks it comes out too low.
    """
    blocked(table)
    values = checked(table)
    k = len(values)
    centre = np.eye(k) - 1 / k
    covariance = centre @ np.cov(np.stack(list(values.values()))) @ centre  # (k, k)
    return float(np.trace(covariance) ** 2 / ((k - 1) * (covariance**2).sum()))


def corrected(found: Anova, epsilon: float) -> Outcome:
    """The F test of a blocked analysis with its degrees of freedom multiplied by epsilon."""
    return f_test(found.f, (epsilon * found.df, epsilon * found.df_error))


def _scattered(groups: Groups) -> list[np.ndarray]:
    values = checked(groups)
    constant = [name for name, each in values.items() if not np.ptp(each)]
    if constant:
        raise BadInput(f"no scatter in group {', '.join(constant)}: variances cannot be weighed")
    return list(values.values())

"""All pairs of groups at once: which differ, with intervals that hold for all pairs together."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from clinlib.evaluation.anova import Anova, Groups, checked


@dataclass(frozen=True)
class Pair:
    """The difference of the means of `left` less `right`, its simultaneous interval and p."""

    left: str
    right: str
    difference: float
    low: float
    high: float
    p: float

    @property
    def apart(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def tukey(found: Anova, confidence: float = 0.95) -> list[Pair]:
    """Tukey's honestly significant differences (1949) of all pairs of an analysis of variance.

    For unequal sizes Kramer's (1956). The later group less the earlier, so that with groups in
    the order of a table a positive difference is a gain. p = P(q > |difference| / SE), SE^2 =
    mean square of the error / 2 (1 / n_left + 1 / n_right), q the studentized range of k groups
    and df_error; that of a blocked analysis without the variance of blocks.
    """
    from scipy.stats import studentized_range  # a second to import

    pairs = [(left, right) for right, left in combinations(found.means, 2)]
    gaps = np.array([found.means[left] - found.means[right] for left, right in pairs])
    shares = np.array([1 / found.sizes[left] + 1 / found.sizes[right] for left, right in pairs])
    errors = np.sqrt(found.mean_square / 2 * shares)
    k = len(found.means)
    p = np.clip(studentized_range.sf(np.abs(gaps) / errors, k, found.df_error), 0, 1)
    half = studentized_range.isf(1 - confidence, k, found.df_error) * errors
    return [
        Pair(*names, *map(float, numbers))
        for names, *numbers in zip(pairs, gaps, gaps - half, gaps + half, p, strict=True)
    ]


def games_howell(groups: Groups) -> dict[tuple[str, str], float]:
    """p of each pair (later, earlier) by Games and Howell (1976): variances may differ by group.

    Without an interval, which takes as many seconds as there are pairs. Where neither group of
    a pair scatters, p is 1 for equal means and else 0.
    """
    from scipy import stats

    values = checked(groups)
    names = list(values)
    # a pair without scatter divides by zero and is dealt with below
    with np.errstate(divide="ignore", invalid="ignore"):
        found = stats.tukey_hsd(*values.values(), equal_var=False).pvalue
    p = {}
    for first, second in combinations(range(len(names)), 2):
        pair = values[names[first]], values[names[second]]
        if any(np.ptp(each) for each in pair):
            p[names[second], names[first]] = float(np.clip(found[first, second], 0, 1))
        else:
            p[names[second], names[first]] = float(pair[0][0] == pair[1][0])
    return p

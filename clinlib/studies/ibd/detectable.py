"""Which differences so many runs of a method could have shown, with power 0.8."""

from functools import lru_cache

import pandas as pd

from clinlib.evaluation import power
from clinlib.evaluation.anova import Anova

NUMBERS_OF_RUNS = (2, 3, 4, 5, 7, 10, 15, 20)
BEST_LESS_WORST, ONE_PAIR = "ANOVA, best less worst", "Tukey, one pair"


def best_less_worst(found: Anova, n: int) -> float:
    """The least gap in F1 between best and worst method that ANOVA of n runs each would find, at
    the deviation of a fitted one and with the others half way between."""
    return power.detectable_range(found.deviation, n, len(found.means))


def one_pair(found: Anova, n: int) -> float:
    """The least difference in F1 of one pair that Tukey's test of n runs each would find."""
    return power.detectable_pair(found.deviation, n, len(found.means))


def by_runs(deviation: float, k: int) -> pd.DataFrame:
    """Least differences in F1 by runs a method and test, for k methods whose runs scatter so.

    Long, a column for each of "runs a method", "F1" and "test", to draw.
    """
    return pd.DataFrame(
        [
            {"runs a method": n, "F1": deviation * gap, "test": test}
            for n, *gaps in _unit(k)
            for test, gap in zip((BEST_LESS_WORST, ONE_PAIR), gaps, strict=True)
        ]
    )


def in_words(frame: pd.DataFrame) -> str:
    """The curves of `by_runs` in a sentence: where they start and where they end."""
    parts = []
    for test, group in frame.groupby("test", sort=False):
        ends = (
            f"{end['F1']:.1f} F1 with {end['runs a method']} runs"
            for end in (group.iloc[0], group.iloc[-1])
        )
        parts.append(f"{test}: {', '.join(ends)}")
    return f"Least difference found with power {power.POWER}. {'; '.join(parts)}."


@lru_cache
def _unit(k: int) -> list[tuple[int, float, float]]:
    """(runs, best less worst, one pair) in units of the deviation, which both grow with."""
    return [
        (n, power.detectable_range(1.0, n, k), power.detectable_pair(1.0, n, k))
        for n in NUMBERS_OF_RUNS
    ]

"""The published ANOVA against the published table: what p three such runs would have had.

Arithmetic on the paper's numbers alone; nothing here reads a run of ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clinlib.errors import BadInput
from clinlib.evaluation import power
from clinlib.evaluation.anova import Anova, from_summary
from clinlib.studies.frames import by_row
from clinlib.studies.wording import p_in_words, p_value

RUNS, TYPES = 3, 9
BLOCKS = f"{TYPES} types as blocks"


@dataclass(frozen=True)
class Printed:
    """What the paper prints: mean F1 and deviation (both in F1 points) by method, under strict and
    Entity_Type matching; p of its ANOVA; p of Tukey's test by pair (better, worse)."""

    strict: Mapping[str, tuple[float, float]]
    lenient: Mapping[str, tuple[float, float]]
    p: float
    pairs: Mapping[tuple[str, str], float]

    @property
    def means(self) -> dict[str, float]:
        """Strict F1 by method."""
        return {name: mean for name, (mean, _) in self.strict.items()}

    @property
    def deviation(self) -> float:
        """The deviation within methods, pooled, under strict matching."""
        return float(np.sqrt(np.mean([deviation**2 for _, deviation in self.strict.values()])))


def printed(table: pd.DataFrame, tests: pd.DataFrame) -> Printed:
    """The paper's numbers from its tables as data (published: ibd_methods, ibd_significance).

    Deviations are printed as fractions and become F1 points. Raises BadInput where a pair names a
    method that the table lacks.
    """
    rows = table.set_index("method")
    found = {
        name: {
            str(method): (float(row[f"{name}_f1"]), 100 * float(row[f"{name}_f1_std_as_fraction"]))
            for method, row in rows.iterrows()
        }
        for name in ("strict", "type")
    }
    pairs = {
        (str(row.group_2), str(row.group_1)): float(row.p_value)
        for row in tests[tests["test"] == "Tukey HSD"].itertuples()
    }
    for method in (name for pair in pairs for name in pair):
        if method not in found["strict"]:
            raise BadInput(f"Tukey HSD of '{method}', which is no method of the published table")
    p = float(tests.loc[tests["test"] == "ANOVA", "p_value"].item())
    return Printed(found["strict"], found["type"], p, pairs)


def implied(paper: Printed) -> pd.DataFrame:
    """F and p of the printed means and deviations, by what the ± may be and by number of runs."""
    widened = float(np.sqrt(RUNS / (RUNS - 1)))
    readings = {
        ("strict", f"{RUNS} runs, ± a deviation of a sample"): (paper.strict, 1.0, RUNS),
        ("strict", f"{RUNS} runs, ± a deviation that divides by n"): (paper.strict, widened, RUNS),
        ("strict", f"{RUNS} runs, ± a standard error"): (paper.strict, RUNS**0.5, RUNS),
        ("strict", "2 runs, ± a deviation of a sample"): (paper.strict, 1.0, 2),
        ("Entity_Type", f"{RUNS} runs, ± a deviation of a sample"): (paper.lenient, 1.0, RUNS),
    }
    rows = {}
    for row, (table, factor, n) in readings.items():
        found = _analysis(table, factor, n)
        rows[row] = {
            "test": str(found.test),
            "p": p_value(found.test.p),
            "p printed": p_value(paper.p),
        }
    return by_row(rows, ["matching", "read as"])


def asked(paper: Printed) -> pd.DataFrame:
    """The deviation within methods, in F1, that each printed p asks for, by unit of the test.

    In a row the values would be one, were the printed p of one test over the printed means, with
    groups of one size.
    """
    rows = {}
    for unit, (n, df) in _units(paper).items():
        rows[unit,] = {
            "ANOVA": power.deviation_of_p(paper.p, n, paper.means, df_error=df),
            **{
                f"{left} − {right}": _deviation_of_pair(paper, (left, right), n, df)
                for left, right in paper.pairs
            },
            "printed deviation": paper.deviation if unit.endswith("runs") else "–",
        }
    return by_row(rows, ["unit, numbers a method"])


def sentences(paper: Printed) -> list[str]:
    """What follows from the printed numbers, in words."""
    found = _analysis(paper.strict, 1.0, RUNS)
    needed = power.deviation_of_p(paper.p, RUNS, paper.means)
    k = len(paper.strict)
    n, df = _units(paper)[BLOCKS]
    least = power.detectable_range(paper.deviation, RUNS, k)
    gap = max(paper.means.values()) - min(paper.means.values())
    lines = [
        f"Three runs with the printed means and deviations have {found.test}, "
        f"{p_in_words(found.test.p)}, not {p_value(paper.p)}. The printed p asks for runs that "
        f"scatter by {needed:.2f} F1, {needed / paper.deviation:.1f} times the printed "
        f"{paper.deviation:.2f}. So the published test was not over three runs with this table.",
        f"Over {TYPES} types as blocks that p asks for an error of "
        f"{power.deviation_of_p(paper.p, n, paper.means, df_error=df):.1f} F1, if the means over "
        "types were the printed ones. The paper refers to a book on repeated measures for its "
        "test, so such blocks are possible; it does not say what they were.",
        f"At the printed deviation, three runs of {k} methods find a gap of {least:.1f} F1 between "
        f"best and worst with power {power.POWER}; the printed gap is {gap:.1f}. At the deviation "
        f"that the printed p asks for, they find one of "
        f"{power.detectable_range(needed, RUNS, k):.1f}.",
    ]
    return [*lines, *_pairs_in_words(paper)]


def _pairs_in_words(paper: Printed) -> list[str]:
    """Whether two printed p of Tukey's test can belong to the printed means in one test."""
    if len(paper.pairs) != 2:
        return []
    (wide, p_wide), (close, p_close) = sorted(paper.pairs.items(), key=lambda pair: pair[1])
    means = (
        paper.means[close[0]] - paper.means[close[1]],
        paper.means[wide[0]] - paper.means[wide[1]],
    )
    ratio = means[0] / means[1]
    fewest = len(paper.means) - 1  # degrees of freedom of the error: two blocks
    least = min(
        _quantile(paper, p_close, n * fewest) / _quantile(paper, p_wide, n * fewest)
        for n in (1, 2, 4, 10, 100)
    )
    if ratio >= least:
        return []
    return [
        f"The two printed p of Tukey's test, {p_wide} and {p_close}, ask for differences whose "
        f"ratio is {least:.2f} or more, in groups of one size and with {fewest} or more degrees "
        f"of freedom of the error; those of the printed means are {means[0]:.2f} and "
        f"{means[1]:.2f}, a ratio of {ratio:.2f}. Tukey's test was not over numbers "
        "with these means either."
    ]


def _analysis(table: Mapping[str, tuple[float, float]], factor: float, n: int) -> Anova:
    return from_summary(
        {name: mean for name, (mean, _) in table.items()},
        {name: factor * deviation for name, (_, deviation) in table.items()},
        n,
    )


def _units(paper: Printed) -> dict[str, tuple[int, int]]:
    """Unit -> numbers a method and degrees of freedom of the error."""
    k = len(paper.strict)
    return {
        "3 runs": (RUNS, k * (RUNS - 1)),
        "5 runs": (5, k * 4),
        f"{TYPES} types": (TYPES, k * (TYPES - 1)),
        BLOCKS: (TYPES, (k - 1) * (TYPES - 1)),
    }


def _deviation_of_pair(paper: Printed, pair: tuple[str, str], n: int, df: int) -> float:
    """The deviation under which Tukey's p of a pair is the printed one."""
    gap = abs(paper.means[pair[0]] - paper.means[pair[1]])
    return float(gap * np.sqrt(n) / _quantile(paper, paper.pairs[pair], df))


def _quantile(paper: Printed, p: float, df: int) -> float:
    from scipy.stats import studentized_range  # a second to import

    return float(studentized_range.isf(p, len(paper.strict), df))

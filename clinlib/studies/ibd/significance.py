"""Whether the seven methods differ by more than chance: ANOVA and all pairs, three units (IBD).

Over runs as independent numbers; over runs with seeds as blocks, as the runs of one seed share
their labelled and unlabelled documents; over types as blocks, each type's mean F1 over runs being
one number. The runs are those of the methods' page.
"""

from collections.abc import Callable, Mapping

import pandas as pd

from clinlib.errors import BadInput
from clinlib.evaluation import assumptions
from clinlib.evaluation.anova import Anova, Groups, Outcome, blocked, one_way
from clinlib.evaluation.pairs import Pair, games_howell, tukey
from clinlib.experiments.config import Config
from clinlib.experiments.key import Pins
from clinlib.studies.cells import Cell, Record
from clinlib.studies.comparisons import ENOUGH
from clinlib.studies.frames import by_row
from clinlib.studies.ibd import detectable, methods
from clinlib.studies.ibd.observations import RUNS, SEEDS, TYPES, UNITS, Observations, observe
from clinlib.studies.wording import p_value, plural

NAME = "31_significance"
LEVEL = 0.05
NONE = "–"
TOO_FEW = {
    RUNS: "no two methods with two complete runs",
    SEEDS: "no two seeds that these methods share",
    TYPES: "no two methods with a complete run",
}
ANOVA, CORRECTED = "ANOVA", "ANOVA, Greenhouse-Geisser"
TESTS: dict[str, dict[str, Callable[[Groups], Outcome]]] = {
    RUNS: {
        ANOVA: lambda groups: one_way(groups).test,
        "Welch": assumptions.welch,
        "Kruskal-Wallis": assumptions.kruskal_wallis,
    },
    **dict.fromkeys(
        (SEEDS, TYPES),
        {
            ANOVA: lambda table: blocked(table).test,
            CORRECTED: lambda table: assumptions.corrected(
                blocked(table), assumptions.sphericity(table)
            ),
            "Friedman": assumptions.friedman,
        },
    ),
}


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The runs of the methods' page, no others; raises BadInput as it does, and for one seed."""
    if parameters["seeds"] < 2:
        raise BadInput(
            f"seeds: {parameters['seeds']} runs of a method have no variance to analyse; at least "
            "2 are needed"
        )
    return methods.plan(parameters)


class Results:
    """The observations of every corpus, from the records of the plan."""

    def __init__(
        self,
        records: Mapping[str, Record | None],
        parameters: Mapping[str, object],
        pins: Pins | None = None,
    ):
        found = methods.Results(records, parameters, pins)
        self.methods = found
        self.corpora = found.corpora
        self.seeds = found.seeds
        self.of: dict[str, Observations] = {name: observe(found, name) for name in found.corpora}
        self._pairs: dict[str, list[Pair]] = {}

    def fitted(self, corpus: str, unit: str) -> Anova | None:
        """The analysis of variance over one of UNITS; None where the runs allow none."""
        groups = self.of[corpus].groups(unit)
        return tried(one_way if unit == RUNS else blocked, groups)[0] if groups else None

    def pairs(self, corpus: str) -> list[Pair]:
        """Tukey's pairs over runs; [] where the runs allow none."""
        if corpus not in self._pairs:
            found = self.fitted(corpus, RUNS)
            self._pairs[corpus] = tukey(found) if found else []
        return self._pairs[corpus]


def tests(results: Results) -> pd.DataFrame:
    """Every test of equal means, by corpus and unit: statistic, p, and what it says."""
    rows = {}
    for corpus in results.corpora:
        seen = results.of[corpus]
        for unit in UNITS:
            for name, test in TESTS[unit].items():
                rows[corpus, unit, name] = {
                    "numbers": seen.numbers(unit),
                    **_row(seen, unit, test, difference(seen, unit)),
                }
    return by_row(rows, ["corpus", "over", "test"])


def assumed(results: Results) -> pd.DataFrame:
    """What the analyses take for granted, tested: normal errors, equal variances, sphericity."""
    rows = {}
    for corpus in results.corpora:
        seen = results.of[corpus]
        for unit in UNITS:
            rows[corpus, unit, "normal errors: Shapiro-Wilk"] = _row(
                seen, unit, lambda g, b=unit != RUNS: assumptions.normality(g, blocks=b), _doubt
            )
        rows[corpus, RUNS, "equal variance: Brown-Forsythe"] = _row(
            seen, RUNS, assumptions.equal_variance, _doubt
        )
        for unit in (SEEDS, TYPES):
            rows[corpus, unit, "sphericity: epsilon"] = _epsilon(seen, unit)
    order = sorted(rows, key=lambda row: (results.corpora.index(row[0]), UNITS.index(row[1])))
    return by_row({row: rows[row] for row in order}, ["corpus", "over", "assumption"])


def effects(results: Results) -> pd.DataFrame:
    """Effect sizes by corpus and unit, eta squared with its interval; None is missing."""
    rows = {}
    for corpus in results.corpora:
        for unit in UNITS:
            found = results.fitted(corpus, unit)
            low, high = found.eta_interval() if found else (None, None)
            rows[corpus, unit] = {
                "eta squared": found and found.eta_squared,
                "low": low,
                "high": high,
                "omega squared": found and found.omega_squared,
                "Cohen's f": found and found.cohen_f,
                "deviation of the error, F1": found and found.deviation,
            }
    return by_row(rows, ["corpus", "over"])


def pairs(results: Results, corpus: str) -> pd.DataFrame:
    """All pairs of methods: the difference over runs, its interval, and p by four routes."""
    other = {}
    for unit in (SEEDS, TYPES):
        found = results.fitted(corpus, unit)
        other[unit] = {(p.left, p.right): p.p for p in tukey(found)} if found else {}
    groups = results.of[corpus].groups(RUNS)
    unequal = (tried(games_howell, groups)[0] if groups else None) or {}
    rows = {}
    for pair in results.pairs(corpus):
        names = pair.left, pair.right
        rows[names] = {
            "difference": pair.difference,
            "low": pair.low,
            "high": pair.high,
            "p, Tukey": p_value(pair.p),
            "p, Games-Howell": p_value(unequal.get(names)),
            **{f"p, {unit}": p_value(other[unit].get(names)) for unit in (SEEDS, TYPES)},
        }
    return by_row(rows, ["method", "less"])


def intervals(results: Results, corpus: str) -> dict[str, Cell]:
    """Tukey's differences with their simultaneous intervals, to draw; {} where there are none."""
    return {
        f"{pair.left} − {pair.right}": Cell(pair.difference, pair.low, pair.high)
        for pair in results.pairs(corpus)
    }


def least(results: Results) -> pd.DataFrame:
    """The least differences that these runs could have shown, power 0.8; None is missing."""
    rows = {}
    for corpus in results.corpora:
        found, n = results.fitted(corpus, RUNS), results.of[corpus].few(RUNS)
        rows[corpus,] = {
            "deviation of runs, F1": found and found.deviation,
            "runs a method": n if found else None,
            detectable.BEST_LESS_WORST: found and detectable.best_less_worst(found, n),
            detectable.ONE_PAIR: found and detectable.one_pair(found, n),
        }
    return by_row(rows, ["corpus"])


def difference(seen: Observations, unit: str) -> Callable[[float], str]:
    """A function from p to what it says of the methods; no verdict from few seeds."""

    def reading(p: float) -> str:
        if (n := seen.few(unit)) < ENOUGH:
            return f"no verdict from {plural(n, 'seed')}"
        return "the methods differ" if p < LEVEL else "the methods are not told apart"

    return reading


def tried(test: Callable, groups: Groups) -> tuple:
    """(what the test gives, "") or (None, why these numbers do not allow it)."""
    try:
        return test(groups), ""
    except BadInput as error:
        return None, str(error)


def _row(seen: Observations, unit: str, test: Callable, reading: Callable) -> dict[str, object]:
    groups = seen.groups(unit)
    if not groups:
        return {"statistic": None, "p": None, "reading": TOO_FEW[unit]}
    outcome, refusal = tried(test, groups)
    if outcome is None:
        return {"statistic": NONE, "p": NONE, "reading": f"not defined: {refusal}"}
    statistic = str(outcome) if outcome.df else f"{outcome.name} = {outcome.value:.3f}"
    return {"statistic": statistic, "p": p_value(outcome.p), "reading": reading(outcome.p)}


def _epsilon(seen: Observations, unit: str) -> dict[str, object]:
    groups = seen.groups(unit)
    if not groups:
        return {"statistic": None, "p": None, "reading": TOO_FEW[unit]}
    found, refusal = tried(assumptions.sphericity, groups)
    if found is None:
        return {"statistic": NONE, "p": NONE, "reading": f"not defined: {refusal}"}
    least = 1 / (len(groups) - 1)
    return {
        "statistic": f"ε = {found:.2f}",
        "p": NONE,
        "reading": f"1 is spherical, {least:.2f} the least",
    }


def _doubt(p: float) -> str:
    return "in doubt" if p < LEVEL else "not contradicted"

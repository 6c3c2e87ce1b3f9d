"""Observations: the numbers that the tests compare, strict F1 of runs and of types by method."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clinlib.evaluation.anova import Groups
from clinlib.evaluation.spans import f1
from clinlib.evaluation.summary import span_counts
from clinlib.studies.cells import Record, number, state
from clinlib.studies.ibd import methods
from clinlib.studies.wording import plural

RUNS = "runs"
SEEDS = "runs, seeds as blocks"
TYPES = "types as blocks"
UNITS = (RUNS, SEEDS, TYPES)


@dataclass(frozen=True)
class Observations:
    """Strict F1 on test of one corpus: `by_seed` of each method's complete runs, `by_type` their
    means over runs; `absent` are the runs that are in neither, "METHOD, seed N: state"."""

    corpus: str
    by_seed: Mapping[str, Mapping[int, float]]
    by_type: Mapping[str, Mapping[str, float]]
    absent: tuple[str, ...]
    planned: int

    @property
    def unfound(self) -> tuple[str, ...]:
        """The types of which no run of any method finds a span.

        As blocks they would tell nothing of the methods, and make the error that these are held
        against smaller than it is.
        """
        scores = list(self.by_type.values())
        return tuple(
            name for name in (scores[0] if scores else ()) if not any(s[name] for s in scores)
        )

    def few(self, unit: str) -> int:
        """The number of complete runs behind a test over this unit, of the method with fewest.

        With seeds as blocks the seeds that all methods have; 0 where there is no test.
        """
        groups = self.groups(unit)
        runs = self.by_seed if unit == TYPES else groups
        return min((len(runs[name]) for name in groups), default=0)

    def groups(self, unit: str) -> Groups:
        """Method -> its numbers under one of UNITS, methods in the order of the study.

        Over runs: all complete runs of the methods that have two. With seeds as blocks: of these,
        the seeds that every one of them has. With types as blocks: of all methods with a complete
        run, the mean F1 of each type over runs, `unfound` ones aside. Empty where that leaves no
        two methods or blocks.
        """
        if unit == TYPES:
            lost = set(self.unfound)
            return _table(
                {
                    method: {name: score for name, score in scores.items() if name not in lost}
                    for method, scores in self.by_type.items()
                }
            )
        several = {name: each for name, each in self.by_seed.items() if len(each) > 1}
        if unit == SEEDS:
            return _table(several)
        found = {name: list(each.values()) for name, each in several.items()}
        return found if len(found) > 1 else {}

    def numbers(self, unit: str) -> str:
        """How many numbers of how many methods a test over this unit has, in words."""
        groups = self.groups(unit)
        if not groups:
            return "none"
        many = plural(len(groups), "method")
        if unit == RUNS:
            return f"{plural(sum(map(len, groups.values())), 'run')} of {many}"
        blocks = len(next(iter(groups.values())))
        return f"{plural(blocks, 'seed' if unit == SEEDS else 'type')} under {many}"


def observe(found: methods.Results, corpus: str) -> Observations:
    """The observations of one corpus; collapsed, failed and missing runs are named, not counted.

    A type without gold spans in the test split has no F1 and is no block.
    """
    by_seed, by_type, absent, planned = {}, {}, [], 0
    for method in methods.METHODS:
        runs = found.by_seed(corpus, method)
        planned += len(runs)
        complete = {seed: run for seed, run in runs.items() if state(run) == "complete"}
        absent += [
            f"{method}, seed {seed}: {state(run)}"
            for seed, run in runs.items()
            if seed not in complete
        ]
        if complete:
            by_seed[method] = {seed: number(run, methods.STRICT) for seed, run in complete.items()}
            by_type[method] = _means([type_scores(run) for run in complete.values()])
    return Observations(corpus, by_seed, by_type, tuple(absent), planned)


def type_scores(record: Record) -> dict[str, float]:
    """Strict F1 in 0..100 of each type that has gold spans in the test split of a run."""
    counts = span_counts(record["counts"]["test"])
    sums = counts.of("strict").sum(axis=0)  # (T, 3)
    gold = sums[:, 0] + sums[:, 2]
    return {
        name: float(score)
        for name, score, there in zip(counts.types, f1(sums), gold, strict=True)
        if there
    }


def _means(scores: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([each[name] for each in scores])) for name in scores[0]}


def _table(values: Mapping[str, Mapping]) -> Groups:
    """Method -> numbers of the blocks that all methods have, in one order."""
    rows = list(values.values())
    common = [block for block in rows[0] if all(block in row for row in rows)] if rows else []
    if len(rows) < 2 or len(common) < 2:
        return {}
    return {name: [row[block] for block in common] for name, row in values.items()}

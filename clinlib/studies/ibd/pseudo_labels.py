"""Pseudo labels and R-Drop, each alone and both, and their two settings (IBD, sections 3.4 and 5).

The paper fuses them into one method and gives neither the threshold nor alpha: here both have a
curve, everything else being that of FT-FS. Two passes are more training whether or not they heed
each other: R-Drop at alpha 0 tells their agreement from that.
"""

from collections.abc import Mapping

import pandas as pd

from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.experiments.spec import FineTune
from clinlib.studies.cells import Cell, cell, number, state
from clinlib.studies.comparisons import UNCORRECTED, paired, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.ibd import methods
from clinlib.studies.ibd.methods import FUSED, PSEUDO, STRICT, Runs
from clinlib.studies.plans import Find, PlanRecords, seeds

NAME = "34_pseudo_labels_and_rdrop"
GOLD = f"gold alone ({FUSED})"
SILVER = "gold and pseudo labels"
TWICE = "gold alone, two passes"
TWO = "gold alone, R-Drop"
BOTH_TWICE = "gold and pseudo labels, two passes"
BOTH = f"gold and pseudo labels, R-Drop ({PSEUDO})"
AGAIN = "the same, labelled again by that tagger"
PARTS = (GOLD, TWICE, TWO, SILVER, BOTH_TWICE, BOTH, AGAIN)
DEV = "scores.dev.strict.f1"


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The runs of all variants; raises BadInput for values that stand twice."""
    return [
        each
        for corpus in methods.fused(parameters)
        for seed in seeds(parameters)
        for each in variants(corpus, seed, parameters).values()
    ]


def variants(
    corpus: str, seed: int, parameters: Mapping[str, object]
) -> dict[tuple[str, float], FineTune]:
    """(part, its setting) -> run; settings are 0 for the parts that stand alone."""
    plain = methods.method(corpus, FUSED, seed, parameters)
    alpha, threshold = parameters["r_drop"], parameters["threshold"]

    def learnt(teacher: FineTune, least: float) -> FineTune:
        labels = methods.silver(teacher, parameters, limit=parameters["silver"], threshold=least)
        return methods.with_silver(plain, labels, parameters)

    silver = learnt(plain, threshold)
    both = twice(silver, alpha)
    found = {
        (GOLD, 0.0): plain,
        (TWICE, 0.0): twice(plain, 0.0),
        (TWO, 0.0): twice(plain, alpha),
        (SILVER, 0.0): silver,
        (BOTH_TWICE, 0.0): twice(silver, 0.0),
        (BOTH, 0.0): both,
        (AGAIN, 0.0): twice(learnt(both, threshold), alpha),
    }
    for value in values(parameters, "alphas"):
        found["alpha", value] = twice(silver, value)
    for value in values(parameters, "thresholds"):
        found["threshold", value] = twice(learnt(plain, value), alpha)
    return found


def twice(run: FineTune, alpha: float) -> FineTune:
    """The run with two passes, whose agreement weighs alpha."""
    return run.replaced(r_drop=alpha, two_passes=alpha == 0)


def values(parameters: Mapping[str, object], name: str) -> list[float]:
    """The points of a curve, in ascending order."""
    found = list(parameters[name])
    if not found or len(set(found)) < len(found):
        raise BadInput(f"{name}: {found} must be at least one number, each once")
    return sorted(map(float, found))


class Results(PlanRecords):
    """The records of the plan by corpus, part and setting; None is missing."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.corpora = methods.corpora(parameters)
        self.found: dict[str, dict[tuple[str, float], Runs]] = {}
        for corpus in self.corpora:
            rows: dict[tuple[str, float], Runs] = {}
            for seed in seeds(parameters):
                for place, run in variants(corpus, seed, parameters).items():
                    rows.setdefault(place, {})[seed] = find(run)
            self.found[corpus] = rows

    def runs(self, corpus: str, part: str) -> Runs:
        """The runs of a part that stands alone, by seed."""
        return self.found[corpus][part, 0.0]


def parts(found: Results) -> pd.DataFrame:
    """Pseudo labels and R-Drop alone and together."""
    rows = {}
    for corpus in found.corpora:
        gold = found.runs(corpus, GOLD)
        for part in PARTS:
            runs = found.runs(corpus, part)
            rows[corpus, part] = _scores(runs) | {
                "less gold alone": "–" if part == GOLD else paired(runs, gold, STRICT)
            }
    return by_row(rows, ["corpus", "learnt"])


def curve(found: Results, name: str) -> pd.DataFrame:
    """Scores by the value of "alpha" or "threshold"."""
    rows = {
        (corpus, f"{value:g}"): _scores(runs)
        for corpus in found.corpora
        for (part, value), runs in found.found[corpus].items()
        if part == name
    }
    return by_row(rows, ["corpus", name])


def points(found: Results, corpus: str, name: str) -> pd.DataFrame:
    """One row a run, for a figure: the value, seed, split, f1 and state."""
    rows = [
        {name: value, "seed": seed, "split": split, "f1": number(run, path), "state": state(run)}
        for (part, value), runs in found.found[corpus].items()
        if part == name
        for seed, run in runs.items()
        if state(run) in ("complete", "collapsed")
        for split, path in (("test", STRICT), ("dev", DEV))
    ]
    return pd.DataFrame(rows, columns=[name, "seed", "split", "f1", "state"])


def differences(found: Results, corpus: str) -> dict[str, Cell]:
    """What the parts add to gold alone, and to one another."""
    at = {part: found.runs(corpus, part) for part in PARTS}
    pairs = {
        "pseudo labels": (SILVER, GOLD),
        "R-Drop": (TWO, GOLD),
        "its two passes": (TWICE, GOLD),
        "their agreement": (TWO, TWICE),
        "both": (BOTH, GOLD),
        "R-Drop, with pseudo labels": (BOTH, SILVER),
        "its two passes, with pseudo labels": (BOTH_TWICE, SILVER),
        "their agreement, with pseudo labels": (BOTH, BOTH_TWICE),
        "a second round of labels": (AGAIN, BOTH),
    }
    return {name: paired(at[new], at[old], STRICT) for name, (new, old) in pairs.items()}


def sentences(found: Results) -> list[str]:
    """What the runs say, in words."""
    said = []
    for corpus in found.corpora:
        said += [
            reading_of(f"{corpus}, {name}", each, "F1")
            for name, each in differences(found, corpus).items()
        ]
        said += [_best(found, corpus, name) for name in ("alpha", "threshold")]
    return [each for each in (*said, UNCORRECTED) if each]


def _best(found: Results, corpus: str, name: str) -> str:
    """The value that development data would pick, of those whose runs all ended well; nothing
    while runs are missing."""
    cells = {
        value: cell(runs.values(), DEV)
        for (part, value), runs in found.found[corpus].items()
        if part == name
    }
    known = {value: each.value for value, each in cells.items() if not each.state}
    if len(known) < 2 or any(each.missing for each in cells.values()):
        return ""
    best = max(known, key=known.__getitem__)
    return (
        f"{corpus}: of the values of {name}, {best:g} has the highest mean F1 on development data "
        f"({known[best]:.1f})."
    )


def _scores(runs: Runs) -> dict[str, Cell]:
    return {
        "strict P": cell(runs.values(), "scores.test.strict.precision"),
        "strict R": cell(runs.values(), "scores.test.strict.recall"),
        "strict F1": cell(runs.values(), STRICT),
        "dev F1": cell(runs.values(), DEV),
        "pseudo-labelled sentences": cell(runs.values(), "data.silver_sentences", digits=0),
    }

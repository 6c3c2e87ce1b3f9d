"""Does the similarity of models predict the source? (CLIN-X, section 3.5 and Table 7.)

For each target the source is predicted whose median model lies nearest to the target's own, both
trained on all sentences. The prediction is judged by what each source really adds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

import pandas as pd

from clinlib.corpora.registry import counts
from clinlib.experiments.config import Config
from clinlib.experiments.key import Pins
from clinlib.experiments.spec import Similarity
from clinlib.studies.cells import Record, number
from clinlib.studies.clinx import transfer
from clinlib.studies.clinx.same_text import by_text, text_of
from clinlib.studies.clinx.transfer import Place, median
from clinlib.studies.frames import by_row
from clinlib.studies.plans import finder

NAME = "24_source_prediction"
MEASURES = ("rotation", "residual", "disparity")
# what a similarity must beat: models that were trained for longer have moved further
SIZES = {"fewest training sentences": 1, "most training sentences": -1}
GROUPS = {"en": ("tasks_en", "encoder_en"), "es": ("tasks_es", "encoder_es")}


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The runs of the transfer pages, and the similarities of their median models."""
    found: list[Config] = []
    for group in groups(parameters).values():
        found += transfer.plan(group)
        found += similarities(group).values()
    return found


def groups(parameters: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Language -> the parameters of its transfer page, of the languages that have tasks."""
    return {
        language: {**parameters, "tasks": parameters[tasks], "encoder": parameters[encoder]}
        for language, (tasks, encoder) in GROUPS.items()
        if parameters[tasks]
    }


def similarities(group: Mapping[str, object]) -> dict[tuple[str, str], Similarity]:
    """(target, source) -> the run that compares their median models on the target's text."""
    tasks = group["tasks"]
    return {
        (target, source): Similarity(
            source=median(source, group), target=median(target, group), vectors=group["vectors"]
        )
        for target in tasks
        for source in tasks
        if source != target
    }


@dataclass(frozen=True)
class Judged:
    """One target at one number of sentences: what each source adds, and what was predicted."""

    language: str
    target: str
    size: int
    gains: Mapping[str, float]
    distances: Mapping[str, float]

    @property
    def predicted(self) -> str:
        """The source whose model is nearest."""
        return min(self.distances, key=self.distances.get)

    @property
    def rank(self) -> int:
        """The place of the predicted source among the sources by gain, 1 being the best."""
        return 1 + sum(gain > self.gains[self.predicted] for gain in self.gains.values())

    @property
    def regret(self) -> float:
        """F1 that the best source adds beyond the predicted one."""
        return max(self.gains.values()) - self.gains[self.predicted]

    @property
    def spearman(self) -> float | None:
        """Rank correlation of nearness and gain over sources; None where either has no order."""
        if len(self.gains) < 3:
            return None
        near = [-self.distances[source] for source in self.gains]
        gains = list(self.gains.values())
        if len(set(near)) < 2 or len(set(gains)) < 2:
            return None
        from scipy.stats import spearmanr

        return float(spearmanr(near, gains).statistic)


class Results:
    """Transfer results and distances by language."""

    def __init__(
        self,
        records: Mapping[str, Record | None],
        parameters: Mapping[str, object],
        pins: Pins | None = None,
    ):
        find = finder(records, pins)
        self.transfer, self.distance = {}, {}
        for language, group in groups(parameters).items():
            self.transfer[language] = transfer.Results(records, group, pins)
            self.distance[language] = {pair: find(run) for pair, run in similarities(group).items()}

    @property
    def tasks(self) -> list[str]:
        """All tasks."""
        return [task for found in self.transfer.values() for task in found.tasks]

    def judged(self, measure: str = MEASURES[0]) -> list[Judged]:
        """Every target and number of sentences of which all gains and distances are known.

        `measure`: one of MEASURES, or of SIZES, which looks at no model.
        """
        found = []
        for language, results in self.transfer.items():
            for target in results.tasks:
                sources = [task for task in results.tasks if task != target]
                distances = {
                    source: self._measured(language, target, source, measure) for source in sources
                }
                for size in results.sizes(target):
                    gains = {s: results.gain(Place(target, s, size)).value for s in sources}
                    if None not in (*gains.values(), *distances.values()):
                        found.append(Judged(language, target, size, gains, distances))
        return found

    def _measured(self, language: str, target: str, source: str, measure: str) -> float | None:
        if measure in SIZES:
            return SIZES[measure] * counts(source)["train"].sentences
        return number(self.distance[language][target, source], f"distances.{measure}")


def distances(results: Results) -> pd.DataFrame:
    """Every pair of target and source: the three distances of their models."""
    rows = {
        (target, source): {measure: _distance(record, measure) for measure in MEASURES}
        for pairs in results.distance.values()
        for (target, source), record in pairs.items()
    }
    return by_row(rows, ["target", "source"])


def judgements(results: Results) -> pd.DataFrame:
    """Every target and number of sentences: predicted and best source, rank, regret, Spearman."""
    rows = {}
    for each in results.judged():
        best = max(each.gains, key=each.gains.get)
        rows[each.target, transfer.shown(each.size)] = {
            "predicted": each.predicted,
            "its text": text_of(each.target, each.predicted),
            "gain": each.gains[each.predicted],
            "best": best,
            "text of the best": text_of(each.target, best),
            "gain of the best": each.gains[best],
            "rank": each.rank,
            "regret": each.regret,
            "Spearman": "–" if each.spearman is None else each.spearman,
        }
    return by_row(rows, ["target", "sentences"])


def summary(results: Results) -> pd.DataFrame:
    """How well each measure predicts, beside the sources' sizes and a source drawn at random."""
    rows = {}
    for measure in (*MEASURES, *SIZES):
        judged = results.judged(measure)
        if judged:
            known = [each.spearman for each in judged if each.spearman is not None]
            rows[measure] = {
                "cells": len(judged),
                "best source predicted": sum(each.rank == 1 for each in judged),
                "by chance": fmean(1 / len(each.gains) for each in judged) * len(judged),
                "mean regret, F1": fmean(each.regret for each in judged),
                "regret by chance, F1": fmean(_chance(each) for each in judged),
                f"costs {transfer.NEAR} F1 or more": sum(
                    _gain(each) <= -transfer.NEAR for each in judged
                ),
                "mean Spearman": fmean(known) if known else "–",
            }
    index = pd.Index(list(rows), name="measure", dtype=object)
    return pd.DataFrame(list(rows.values()), index=index, dtype=object)


def sentences(results: Results) -> list[str]:
    """What the runs say, in words."""
    judged = results.judged()
    if not judged:
        return ["No target has all its gains and distances yet."]
    best = sum(each.rank == 1 for each in judged)
    chance = fmean(1 / len(each.gains) for each in judged) * len(judged)
    found = [
        f"Of {len(judged)} targets and numbers of sentences, the nearest model is the best source "
        f"in {best}; a source drawn at random would be in {chance:.1f}.",
        f"Following it costs {fmean(each.regret for each in judged):.1f} F1 on average against the "
        f"best source; a random one costs {fmean(map(_chance, judged)):.1f}.",
    ]
    found += by_text(
        [(each.target, each.predicted) for each in judged],
        [_gain(each) for each in judged],
        ["the best source" if each.rank == 1 else "not the best" for each in judged],
        "The nearest model",
    )
    for name in SIZES:
        sized = results.judged(name)
        best = sum(each.rank == 1 for each in sized)
        found.append(
            f"The source with the {name} is the best in {best} and costs "
            f"{fmean(each.regret for each in sized):.1f} F1 on average."
        )
    hurt = [each for each in judged if _gain(each) <= -transfer.NEAR]
    if hurt:
        names = ", ".join(f"{e.target} ({transfer.shown(e.size)})" for e in hurt)
        found.append(f"The predicted source costs {transfer.NEAR} F1 or more on: {names}.")
    return found


def _gain(judged: Judged) -> float:
    return judged.gains[judged.predicted]


def _chance(judged: Judged) -> float:
    return max(judged.gains.values()) - fmean(judged.gains.values())


def _distance(record: Record | None, measure: str) -> float | str:
    found = number(record, f"distances.{measure}")
    return "missing" if found is None else found

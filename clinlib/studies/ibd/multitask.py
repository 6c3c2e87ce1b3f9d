"""Multi-task: tags learnt beside whether the sentence holds a rare type (Francis et al., 3.4.3)."""

from collections.abc import Mapping

import pandas as pd

from clinlib.corpora.registry import counts
from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.experiments.spec import FineTune
from clinlib.studies.cells import Cell, cell
from clinlib.studies.comparisons import UNCORRECTED, paired, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.ibd.methods import STRICT, Runs, corpora, tagger
from clinlib.studies.ibd.observations import type_scores
from clinlib.studies.plans import Find, PlanRecords, seeds

NAME = "35_multitask"
ALONE, BOTH = "tags alone", "tags and sentences"
TASKS = (ALONE, BOTH)
EXPECTED = 5  # spans that the labelled documents hold on average: of fewer nothing is learnt


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The runs of all corpora and seeds, with the sentence head and without.

    Raises BadInput for parameters that contradict each other or name what does not exist.
    """
    return [
        run(corpus, task, seed, parameters)
        for corpus in corpora(parameters)
        for task in TASKS
        for seed in seeds(parameters)
    ]


def run(corpus: str, task: str, seed: int, parameters: Mapping[str, object]) -> FineTune:
    """One run; the sentence head is asked for the corpus's rarest type."""
    given = {**parameters, "documents": parameters["documents"] or None}
    plain = tagger(corpus, seed, given).replaced(r_drop=parameters["r_drop"])
    if task == ALONE:
        return plain
    return plain.replaced(sentence_type=rarest(corpus, given["documents"]))


def rarest(corpus: str, documents: int | None = None) -> str:
    """The type with the fewest spans in training, by the card's counts; ties go to the first.

    Of the types of which so many training documents (None: all) hold EXPECTED spans on average,
    since a few documents of a large corpus may hold none of its rarest. Raises BadInput for a
    corpus without counts, or without such a type.
    """
    found = counts(corpus)
    if "train" not in found:
        raise BadInput(f"corpora: the card of '{corpus}' counts no training spans")
    there = found["train"]
    share = min(1.0, (documents or there.documents) / there.documents)
    types = {kind: count for kind, count in there.types.items() if share * count >= EXPECTED}
    if not types:
        raise BadInput(
            f"documents: {documents} of '{corpus}' hold fewer than {EXPECTED} spans of every type "
            f"on average; give more, of {there.documents}"
        )
    return min(types, key=types.get)


class Results(PlanRecords):
    """The records of the plan by corpus, task and seed; None is missing."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.corpora = corpora(parameters)
        few = parameters["documents"] or None
        self.rarest = {corpus: rarest(corpus, few) for corpus in self.corpora}
        self.found: dict[str, dict[str, Runs]] = {
            corpus: {
                task: {s: find(run(corpus, task, s, parameters)) for s in seeds(parameters)}
                for task in TASKS
            }
            for corpus in self.corpora
        }

    def by_seed(self, corpus: str, task: str) -> Runs:
        """The runs with or without the sentence head, by seed."""
        return self.found[corpus][task]


def scores(found: Results) -> pd.DataFrame:
    """Strict F1 of all types, of the rarest one and of the mean type, with and without the head."""
    rows = {}
    for corpus in found.corpora:
        plain = found.by_seed(corpus, ALONE)
        for task in TASKS:
            runs = found.by_seed(corpus, task)
            row: dict[str, object] = {"rarest type": found.rarest[corpus]}
            for name, value in _values(found, corpus).items():
                row[name] = cell(runs.values(), value)
                row[f"{name}, gained"] = "–" if task == ALONE else paired(runs, plain, value)
            rows[corpus, task] = row
    return by_row(rows, ["corpus", "learnt"])


def sentence_head(found: Results) -> pd.DataFrame:
    """What the sentence head finds on dev and test, and on how many gold sentences."""
    rows = {}
    for corpus in found.corpora:
        runs = found.by_seed(corpus, BOTH).values()
        for split in ("dev", "test"):
            rows[corpus, found.rarest[corpus], split] = {
                "gold sentences": cell(runs, f"sentences.{split}.gold", digits=0),
                "found": cell(runs, f"sentences.{split}.found"),
                "P": cell(runs, f"sentences.{split}.precision"),
                "R": cell(runs, f"sentences.{split}.recall"),
                "F1": cell(runs, f"sentences.{split}.f1"),
            }
    return by_row(rows, ["corpus", "type", "split"])


def differences(found: Results, corpus: str) -> dict[str, Cell]:
    """What the sentence head adds to each score on one corpus, paired by seed."""
    runs, plain = found.by_seed(corpus, BOTH), found.by_seed(corpus, ALONE)
    return {name: paired(runs, plain, value) for name, value in _values(found, corpus).items()}


def sentences(found: Results) -> list[str]:
    """What the runs say, in words."""
    said = [
        reading_of(f"{corpus}, {name}, with the sentence head", each, "F1")
        for corpus in found.corpora
        for name, each in differences(found, corpus).items()
    ]
    return [each for each in (*said, UNCORRECTED) if each]


def _values(found: Results, corpus: str) -> dict[str, object]:
    """Name -> what is read from a record."""
    return {
        "strict F1": STRICT,
        "F1 of the rarest type": lambda record: type_scores(record).get(found.rarest[corpus]),
        "mean F1 of the types": lambda record: _mean(type_scores(record)),
    }


def _mean(by_type: Mapping[str, float]) -> float | None:
    return sum(by_type.values()) / len(by_type) if by_type else None

"""Which errors the methods make (Francis et al., section 7, Tables 4 and 5).

Every gold span and every prediction of the test documents is correct or in one error, and every
error in one class: clinlib.evaluation.errors. Predictions are those of each method's first seed.
"""

from collections.abc import Callable, Mapping

import numpy as np

from clinlib.corpora.corpus import Corpus
from clinlib.corpora.document import Document, Span
from clinlib.corpora.registry import load
from clinlib.errors import BadInput, ClinlibError, unknown
from clinlib.evaluation.errors import Analysis, analyse_all, count_classes
from clinlib.evaluation.summary import span_counts
from clinlib.experiments.config import Config
from clinlib.experiments.key import Pins
from clinlib.studies.cells import Record, state
from clinlib.studies.corpora import ABSENT, is_here
from clinlib.studies.ibd import methods

NAME = "36_error_analysis"
Tables = np.ndarray  # (D, 1 + C, 4): see clinlib.evaluation.errors.count_classes


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The runs of the methods' page that keep their predictions: each method's first seed.

    Raises BadInput for parameters that ask for what does not exist.
    """
    if parameters["method"] not in methods.METHODS:
        raise unknown("method", parameters["method"], methods.METHODS)
    for name in ("sample", "disagreements"):
        if parameters[name] < 0:
            raise BadInput(f"{name}: {parameters[name]} passages; give 0 or more")
    return [run for run in methods.plan(parameters) if getattr(run, "keep_predictions", False)]


def reads(parameters: Mapping[str, object]) -> str:
    """What the page depends on besides records: which of its corpora are on this machine."""
    corpora = methods.Results({}, parameters).corpora
    return " ".join(name for name in corpora if is_here(name))


class Results:
    """The first run of each method on each corpus, and its errors where they can be told.

    `corpora_here` are the corpora whose data are on this machine; `predicted`, `analyses` and
    `counts` are those of complete runs on their test documents.
    """

    def __init__(
        self,
        records: Mapping[str, Record | None],
        parameters: Mapping[str, object],
        pins: Pins | None = None,
    ):
        found = methods.Results(records, parameters, pins)
        self.corpora = list(found.corpora)
        self.methods = list(methods.METHODS)
        self.shown = str(parameters["method"])
        first = next(iter(found.seeds))
        self.runs: dict[tuple[str, str], Record | None] = {
            (corpus, method): found.by_seed(corpus, method)[first]
            for corpus in self.corpora
            for method in self.methods
        }
        self.corpora_here: dict[str, Corpus] = {
            corpus: load(corpus) for corpus in self.corpora if is_here(corpus)
        }
        self.predicted: dict[tuple[str, str], list[list[Span]]] = {}
        self.analyses: dict[tuple[str, str], list[Analysis]] = {}
        for place, record in self.runs.items():
            here = place[0] in self.corpora_here and state(record) == "complete"
            if here and "predictions" in record:
                spans = [[Span(*each) for each in row] for row in record["predictions"]]
                gold = [document.spans for document in self.documents(place[0])]
                self.predicted[place] = spans
                self.analyses[place] = checked(place, record, analyse_all(gold, spans))
        self.counts = {place: count_classes(each) for place, each in self.analyses.items()}

    def documents(self, corpus: str) -> tuple[Document, ...]:
        """The test documents of a corpus, none where it is not here."""
        found = self.corpora_here.get(corpus)
        return found.splits["test"] if found else ()

    def of(self, corpus: str, method: str, value: Callable[[Tables], object]) -> object:
        """A value of a run's counts (D, 1 + C, 4), or in words why there is none."""
        if corpus not in self.corpora_here:
            return ABSENT
        if (found := state(self.runs[corpus, method])) != "complete":
            return found
        counts = self.counts.get((corpus, method))
        return "no predictions" if counts is None else value(counts)

    def told(self, corpus: str) -> list[str]:
        """The methods whose errors on a corpus are known."""
        return [method for method in self.methods if (corpus, method) in self.analyses]


def checked(place: tuple[str, str], record: Record, analyses: list[Analysis]) -> list[Analysis]:
    """The analyses, if in every document they agree with the counts that the record holds.

    Compared are the true positives under strict matching and under ent_type. Raises ClinlibError
    where they differ: then the predictions are of other documents.
    """
    counted = span_counts(record["counts"]["test"]).array.sum(axis=1)[:, [0, 3]]  # (D, 2)
    counts = count_classes(analyses)
    correct = counts[:, 0, 1]
    found = np.stack([correct, correct + counts[..., 3].sum(axis=1)], axis=1)  # (D, 2)
    if not np.array_equal(found, counted):
        raise ClinlibError(
            f"{' '.join(place)}: the predictions give {found.sum(axis=0).tolist()} true positives "
            f"(strict, ent_type), the record's counts {counted.sum(axis=0).tolist()}, or they do "
            "so in other documents"
        )
    return analyses

"""Section fusion: where a section's title is best joined to a tagger (Francis et al., 3.4.2, 6.4).

The paper names three places and does not say which of them its Table 2 uses: here they stand side
by side, paired by seed, and the one that development data prefer is named.
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

import pandas as pd

from clinlib.corpora.corpus import Corpus
from clinlib.corpora.document import Document, Span
from clinlib.corpora.registry import load
from clinlib.errors import BadInput, unknown
from clinlib.evaluation.errors import Analysis, analyse_all
from clinlib.experiments.config import Config
from clinlib.experiments.spec import FineTune
from clinlib.studies.cells import Cell, Record, cell, number, state
from clinlib.studies.comparisons import UNCORRECTED, paired, reading_of
from clinlib.studies.corpora import is_here
from clinlib.studies.frames import by_row
from clinlib.studies.ibd.errors import checked
from clinlib.studies.ibd.methods import (
    STRICT,
    TYPE,
    Runs,
    corpora,
    refuse_without_sections,
    tagger,
)
from clinlib.studies.plans import Find, PlanRecords, seeds

NAME = "33_section_fusion"
NONE = "none"
PLACES = {
    "text": "the title stands in front of the sentence",
    "embedding": "its embedding is joined to every token's",
    "classifier": "it is a bias of the labels' emissions",
}
LEVELS = (NONE, *PLACES)
DECIDED = ("section", "abbreviation")  # mechanisms of synthetic spans that a heading decides
DEV = "scores.dev.strict.f1"
HEADINGS = {"sentences": "sentences", "unseen": "unseen title", "none": "no title"}


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The runs of all corpora, places and seeds.

    Raises BadInput for parameters that contradict each other or name what does not exist.
    """
    if parameters["shown"] not in PLACES:
        raise unknown("place of fusion to show", parameters["shown"], PLACES)
    if parameters["disagreements"] < 0:
        raise BadInput(f"disagreements: {parameters['disagreements']} passages; give 0 or more")
    names = corpora(parameters)
    refuse_without_sections(names, "leave it out")
    return [
        run(corpus, level, seed, parameters)
        for corpus in names
        for level in LEVELS
        for seed in seeds(parameters)
    ]


def run(corpus: str, level: str, seed: int, parameters: Mapping[str, object]) -> FineTune:
    """One run; those of the first seed keep their predictions."""
    given = {**parameters, "documents": parameters["documents"] or None}
    return tagger(corpus, seed, given).replaced(
        sections=level, keep_predictions=seed == seeds(parameters)[0]
    )


def reads(parameters: Mapping[str, object]) -> str:
    """What the page depends on besides records: which of its corpora are on this machine."""
    return " ".join(name for name in corpora(parameters) if is_here(name))


class Results(PlanRecords):
    """The records of the plan by corpus, place and seed, None being missing; and of the first seed
    without sections and with those `shown`, what it predicted, where the corpus is here."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.corpora = corpora(parameters)
        self.shown = str(parameters["shown"])
        self.found: dict[str, dict[str, Runs]] = {
            corpus: {
                level: {s: find(run(corpus, level, s, parameters)) for s in seeds(parameters)}
                for level in LEVELS
            }
            for corpus in self.corpora
        }
        self.corpora_here: dict[str, Corpus] = {
            corpus: load(corpus) for corpus in self.corpora if is_here(corpus)
        }
        self.predicted: dict[tuple[str, str], list[list[Span]]] = {}
        self.analyses: dict[tuple[str, str], list[Analysis]] = {}
        for corpus in self.corpora_here:
            gold = [document.spans for document in self.documents(corpus)]
            for level in (NONE, self.shown):
                first = next(iter(self.found[corpus][level].values()))
                if state(first) == "complete" and "predictions" in first:
                    place = corpus, level
                    spans = [[Span(*each) for each in row] for row in first["predictions"]]
                    self.predicted[place] = spans
                    self.analyses[place] = checked(place, first, analyse_all(gold, spans))

    def by_seed(self, corpus: str, level: str) -> Runs:
        """The runs with sections fused there, by seed."""
        return self.found[corpus][level]

    def documents(self, corpus: str) -> tuple[Document, ...]:
        """The test documents of a corpus, none where it is not here."""
        found = self.corpora_here.get(corpus)
        return found.splits["test"] if found else ()

    def told(self, corpus: str) -> list[str]:
        """Without sections and with: the two that passages compare, where both are known."""
        both = [level for level in (NONE, self.shown) if (corpus, level) in self.analyses]
        return both if len(both) == 2 else []


def scores(found: Results) -> pd.DataFrame:
    """Strict scores on test by place, and the difference to none, seed by seed."""
    rows = {}
    for corpus in found.corpora:
        plain = found.by_seed(corpus, NONE)
        for level in LEVELS:
            runs = found.by_seed(corpus, level)
            rows[corpus, level] = {
                "what": PLACES.get(level, "–"),
                "strict P": cell(runs.values(), "scores.test.strict.precision"),
                "strict R": cell(runs.values(), "scores.test.strict.recall"),
                "strict F1": cell(runs.values(), STRICT),
                "less none": "–" if level == NONE else paired(runs, plain, STRICT),
                "ent_type F1": cell(runs.values(), TYPE),
                "dev strict F1": cell(runs.values(), DEV),
            }
    return by_row(rows, ["corpus", "sections"])


def differences(found: Results, corpus: str) -> dict[str, Cell]:
    """What each place adds to strict F1 on one corpus, paired by seed."""
    plain = found.by_seed(corpus, NONE)
    return {level: paired(found.by_seed(corpus, level), plain, STRICT) for level in PLACES}


def decided(found: Results) -> pd.DataFrame:
    """Strict recall of synthetic spans that a heading decides, and of all others, in percent."""
    rows = {}
    for corpus in found.corpora:
        plain = found.by_seed(corpus, NONE)
        if all(record is None or _others(record) is None for record in plain.values()):
            continue
        for level in LEVELS:
            runs = found.by_seed(corpus, level)
            row = {}
            for name, value in ((_named(DECIDED), _headings), ("other spans", _others)):
                row[name] = cell(runs.values(), value)
                row[f"{name}, less none"] = "–" if level == NONE else paired(runs, plain, value)
            rows[corpus, level] = row
    return by_row(rows, ["corpus", "sections"])


def headings(found: Results) -> pd.DataFrame:
    """Titles learnt, and how many sentences stand under one that was not, or under none."""
    rows = {}
    for corpus in found.corpora:
        runs = found.by_seed(corpus, next(iter(PLACES))).values()
        row = {"titles learnt": _counted(runs, "titles")}
        for split in ("dev", "test"):
            for what, name in HEADINGS.items():
                row[f"{split}: {name}"] = _counted(runs, f"{split}.{what}")
        rows[(corpus,)] = row
    return by_row(rows, ["corpus"])


def by_dev(found: Results, corpora: Sequence[str]) -> dict[str, float]:
    """The places by dev score, the mean over runs and then over these corpora, the best first;
    empty until all runs of all places are complete there."""
    means = {}
    for place in PLACES:
        cells = [cell(found.by_seed(corpus, place).values(), DEV) for corpus in corpora]
        if any(each.value is None or each.state for each in cells):
            return {}
        means[place] = fmean(each.value for each in cells)
    return dict(sorted(means.items(), key=lambda item: -item[1]))


def sentences(found: Results) -> list[str]:
    """What the runs say, in words."""
    said = []
    for corpus in found.corpora:
        said += [
            reading_of(f"{corpus}, sections as {level}", each, "F1")
            for level, each in differences(found, corpus).items()
        ]
        if means := by_dev(found, [corpus]):
            best = next(iter(means))
            said.append(f"{corpus}: development data prefer {_listed(means)} ({PLACES[best]}).")
    if len(found.corpora) > 1 and (means := by_dev(found, found.corpora)):
        said.append(f"On the mean of these corpora, development data prefer {_listed(means)}.")
    return [each for each in (*said, UNCORRECTED) if each]


def _listed(means: Mapping[str, float]) -> str:
    """The best place and those behind it, with their dev scores."""
    (best, top), *others = means.items()
    return f"{best}, {top:.1f} F1 before {', '.join(f'{p} {f:.1f}' for p, f in others)}"


def _counted(runs: Iterable[Record | None], path: str) -> Cell:
    """A number of sentences or titles: that of collapsed runs counts too."""
    return Cell.of(number(record, f"data.sections.{path}") for record in runs)


def _headings(record: Mapping) -> float | None:
    return _recall(record, lambda why: why in DECIDED)


def _others(record: Mapping) -> float | None:
    """Recall of the spans that some other mechanism made; a real corpus names none."""
    return _recall(record, lambda why: why and why not in DECIDED)


def _recall(record: Mapping, wanted) -> float | None:
    slices = record.get("slices", {}).get("test", {})
    rows = [counts for why, counts in slices.items() if wanted(why)]
    found, total = (sum(column) for column in zip(*rows, strict=True)) if rows else (0, 0)
    return 100 * found / total if total else None


def _named(mechanisms: Iterable[str]) -> str:
    return " and ".join(mechanisms)

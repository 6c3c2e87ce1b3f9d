"""What each part of the architecture is worth, and what ensembles add (CLIN-X, Table 4).

The full architecture labels subwords by BIOES, decodes with a CRF and reads the sentences around.
Each part is switched off alone, seed by seed. Ensembles vote over the seeds of the published
split, and over parts of train and dev that take turns in selecting.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from clinlib.corpora.registry import counts
from clinlib.errors import BadInput
from clinlib.experiments.choice import score
from clinlib.experiments.config import Config
from clinlib.experiments.spec import Ensemble
from clinlib.studies.cells import Cell, Record, cell, number, state
from clinlib.studies.clinx.training import base
from clinlib.studies.comparisons import (
    UNCORRECTED,
    difference_over_documents,
    over_documents,
    paired,
    reading_of,
    reading_over_documents,
)
from clinlib.studies.frames import by_row
from clinlib.studies.plans import Find, PlanRecords, seeds

NAME = "21_architecture_ablation"
STRICT = "scores.test.strict.f1"
FULL = "full"
SWITCHES: dict[str, dict[str, object]] = {
    "BIO instead of BIOES": {"scheme": "BIO"},
    "softmax instead of a CRF": {"head": "softmax"},
    "no context": {"context": 0, "layout": "sentence"},  # a packed window has neighbours anyhow
    "words instead of subwords": {"unit": "word"},
}
ALL, STANDARD, RANDOM = "train and dev", "published split", "random parts"
MEDIAN, BEST = "median run by its dev score", "best run by its dev score"
REPAIRED, VOTE = "the same runs, spans repaired", "ensemble"

Runs = dict[int, Record | None]


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The configurations that the notebook's parameters ask for.

    Raises BadInput for parameters that contradict each other or name what does not exist.
    """
    return [
        run
        for corpus in corpora(parameters)
        for group in _groups(corpus, parameters).values()
        for run in group
    ]


def corpora(parameters: Mapping[str, object]) -> list[str]:
    """The corpora, in the notebook's order."""
    names = list(parameters["corpora"])
    if not names or len(set(names)) < len(names):
        raise BadInput(f"corpora: {names} must name at least one corpus, each once")
    if parameters["folds"] == 1 or parameters["folds"] < 0:
        raise BadInput(f"folds: {parameters['folds']} parts; give at least 2, or 0 for none")
    for name in names:
        _enough_documents(name, parameters)
    return names


def _enough_documents(corpus: str, parameters: Mapping[str, object]) -> None:
    """Raises BadInput for more parts than a corpus has documents to divide."""
    size = counts(corpus)
    train = min(size["train"].documents, parameters["documents"] or size["train"].documents)
    most = train + size["dev"].documents
    if parameters["folds"] > most:
        raise BadInput(
            f"folds: {parameters['folds']} parts of '{corpus}', whose train and dev have {most} "
            f"documents here; give at most {most}"
        )


class Results(PlanRecords):
    """The records of the plan by corpus and group: a variant of the architecture, a way to
    divide the documents, or votes; None is missing."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.corpora = corpora(parameters)
        self.found: dict[str, dict[str, list[Record | None]]] = {
            corpus: {
                name: [find(run) for run in group]
                for name, group in _groups(corpus, parameters).items()
            }
            for corpus in self.corpora
        }
        self.seeds = seeds(parameters)

    def group(self, corpus: str, name: str) -> list[Record | None]:
        """The runs of a group, [] where the parameters ask for none."""
        return self.found[corpus].get(name, [])

    def by_seed(self, corpus: str, name: str) -> Runs:
        """The runs of a variant by seed."""
        return dict(zip(self.seeds, self.group(corpus, name), strict=True))

    @property
    def runs(self) -> list[Record | None]:
        """All runs, votes included."""
        return [
            each for groups in self.found.values() for group in groups.values() for each in group
        ]


def ablation(results: Results) -> pd.DataFrame:
    """Strict F1 of every variant and its difference to the full architecture, per corpus."""
    rows = {}
    for corpus in results.corpora:
        full = results.by_seed(corpus, FULL)
        for name in (FULL, *SWITCHES):
            runs = results.by_seed(corpus, name)
            rows[corpus, name] = {
                "strict P": cell(runs.values(), "scores.test.strict.precision"),
                "strict R": cell(runs.values(), "scores.test.strict.recall"),
                "strict F1": cell(runs.values(), STRICT),
                "less full": "–" if name == FULL else paired(runs, full, STRICT),
                "processor seconds": cell(runs.values(), "provenance.cpu_seconds", digits=0),
            }
    return _frame(rows, ["corpus", "architecture"])


def differences(results: Results, corpus: str) -> dict[str, Cell]:
    """What each switch changes on one corpus, paired by seed."""
    full = results.by_seed(corpus, FULL)
    return {name: paired(results.by_seed(corpus, name), full, STRICT) for name in SWITCHES}


def splits(results: Results) -> pd.DataFrame:
    """Strict F1 on test by what was trained on: mean, median run, best run, ensemble."""
    rows = {}
    for corpus in results.corpora:
        everything = results.group(corpus, ALL)
        rows[corpus, ALL, "mean over seeds"] = {"strict F1": cell(everything, STRICT)}
        for way, runs, repaired, vote in _ways(results, corpus):
            rows[corpus, way, "mean over runs"] = {"strict F1": cell(runs, STRICT)}
            if repaired:
                rows[corpus, way, REPAIRED] = {"strict F1": cell(repaired, STRICT)}
            rows[corpus, way, MEDIAN] = {"strict F1": _alone(picked(runs, "median"))}
            rows[corpus, way, BEST] = {"strict F1": _alone(picked(runs, "best"))}
            rows[corpus, way, VOTE] = {"strict F1": _alone(vote)}
    return _frame(rows, ["corpus", "trained on", "result"])


def votes(results: Results, corpus: str) -> dict[str, Cell]:
    """What an ensemble adds to the median run, and one over random parts to one over seeds."""
    found, made = {}, {}
    for way, runs, _, vote in _ways(results, corpus):
        made[way] = vote
        found[f"ensemble − median run, {way}"] = difference_over_documents(
            vote, picked(runs, "median")
        )
    if len(made) == 2:
        name = f"ensemble over {RANDOM} − ensemble over the {STANDARD}"
        found[name] = difference_over_documents(made[RANDOM], made[STANDARD])
    return found


def sentences(results: Results) -> list[str]:
    """What the runs say, in words."""
    found = []
    for corpus in results.corpora:
        found += [
            reading_of(f"{corpus}, {name}", each, "F1")
            for name, each in differences(results, corpus).items()
        ]
        everything = dict(zip(results.seeds, results.group(corpus, ALL), strict=True))
        gain = paired(everything, results.by_seed(corpus, FULL), STRICT)
        found.append(reading_of(f"{corpus}, {ALL} instead of the {STANDARD}", gain, "F1"))
        found += [
            reading_over_documents(f"{corpus}, {name}", each, "F1")
            for name, each in votes(results, corpus).items()
        ]
        found += [_agreement(corpus, way, vote) for way, _, _, vote in _ways(results, corpus)]
    return [sentence for sentence in (*found, UNCORRECTED) if sentence]


def picked(runs: Sequence[Record | None], rule: str) -> Record | None:
    """The run with the best or the (lower) median dev score; None unless all are complete."""
    if not runs or any(state(record) not in ("complete", "collapsed") for record in runs):
        return None
    order = sorted(runs, key=lambda record: score(record, "dev.strict.f1"), reverse=True)
    return order[0 if rule == "best" else len(order) // 2]


def _groups(corpus: str, parameters: Mapping[str, object]) -> dict[str, tuple[Config, ...]]:
    """Group -> its configurations on one corpus, in the order of seeds or parts."""
    plain = base(corpus, parameters).replaced(documents=parameters["documents"] or None)
    groups = {FULL: tuple(plain.replaced(seed=seed) for seed in seeds(parameters))}
    for name, changes in SWITCHES.items():
        groups[name] = tuple(run.replaced(**changes) for run in groups[FULL])
    groups[ALL] = tuple(run.replaced(train_on="train+dev") for run in groups[FULL])
    # a vote must not have seen more labels than a run: where documents are drawn, all its members
    # learn and select from those of the first seed
    first = seeds(parameters)[0]
    drawn = bool(parameters["documents"] or parameters["dev_sentences"])
    shared = {"draw": first} if drawn else {}
    groups[STANDARD] = tuple(
        run.replaced(**shared) if run.seed != first else run for run in groups[FULL]
    )
    groups[REPAIRED] = tuple(Ensemble(of=(run,)) for run in groups[STANDARD])
    if len(groups[STANDARD]) > 1:
        groups[f"{STANDARD}, vote"] = (Ensemble(of=groups[STANDARD]),)
    n = parameters["folds"]
    if n:
        parts = tuple(plain.replaced(fold=(k, n), seed=k, **shared) for k in range(1, n + 1))
        groups[RANDOM] = parts
        groups[f"{RANDOM}, vote"] = (Ensemble(of=parts),)
    return groups


def _ways(
    results: Results, corpus: str
) -> list[tuple[str, list[Record | None], list[Record | None], Record | None]]:
    """(way to divide, its runs, these repaired, their vote) of those that are asked for."""
    found = []
    for way, repaired in ((STANDARD, REPAIRED), (RANDOM, "")):
        if vote := results.group(corpus, f"{way}, vote"):
            group = results.group(corpus, way), results.group(corpus, repaired)
            found.append((way, *group, vote[0]))
    return found


def _alone(record: Record | None) -> Cell:
    """The cell of one run, its interval over test documents."""
    found = cell([record], STRICT)
    return over_documents([record], found) if found.value is not None else found


def _agreement(corpus: str, way: str, vote: Record | None) -> str:
    agreed, units = (number(vote, f"data.{name}") for name in ("agreed", "units"))
    if not units:
        return ""
    return (
        f"{corpus}, {way}: the {number(vote, 'data.members'):.0f} members agree on "
        f"{100 * agreed / units:.1f} % of the units."
    )


def _frame(rows: dict[tuple[str, ...], dict[str, object]], names: list[str]) -> pd.DataFrame:
    return by_row(rows, names)

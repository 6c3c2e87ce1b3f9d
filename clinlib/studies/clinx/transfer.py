"""Transfer between tasks: which source helps which target, by number of target sentences.

Every task is a source and a target. A source is the median of its runs by development score; its
encoder gets a new head and is trained on the first n sentences of the target (CLIN-X, Tables 5 and
6), the documents in an order that each seed draws. No training document of any run shares passages
with a test document of another task.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from clinlib.corpora.registry import counts
from clinlib.errors import BadInput
from clinlib.evaluation.significance import holm
from clinlib.experiments.config import Config
from clinlib.experiments.names import MODEL
from clinlib.experiments.spec import Choose, FineTune
from clinlib.studies.cells import Cell, Record, cell, counted
from clinlib.studies.clinx.same_text import by_text, text_of
from clinlib.studies.clinx.training import base
from clinlib.studies.comparisons import ENOUGH, collapses, p_over_documents, paired
from clinlib.studies.plans import Find, PlanRecords, seeds
from clinlib.studies.wording import plural

STRICT = "scores.test.strict.f1"
NONE = "none"
NEAR = 0.5  # F1 within which transfer counts as neither positive nor negative
TOO_FEW = "too few seeds"
LEVEL = 0.05  # of significance, after Holm's correction


@dataclass(frozen=True)
class Place:
    """One cell of a matrix: a target task, a source (or none), a number of sentences (0: all)."""

    target: str
    source: str
    size: int


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The configurations that the notebook's parameters ask for.

    Raises BadInput for parameters that contradict each other or name what does not exist.
    """
    return [run for group in runs(parameters).values() for run in group.values()]


def runs(parameters: Mapping[str, object]) -> dict[Place, dict[int, FineTune]]:
    """The runs of every cell, by seed, without transfer first."""
    tasks = _tasks(parameters)
    found: dict[Place, dict[int, FineTune]] = {}
    for target in tasks:
        others = [task for task in tasks if task != target]
        for size in _sizes(target, parameters):
            for source in (NONE, *others):
                run = of_size(whole(target, parameters), size, parameters)
                if source != NONE:
                    run = run.replaced(encoder=median(source, parameters))
                found[Place(target, source, size)] = {
                    seed: run.replaced(seed=seed) for seed in seeds(parameters)
                }
    return dict(sorted(found.items(), key=lambda item: item[0].source != NONE))


def whole(task: str, parameters: Mapping[str, object], encoder: str | None = None) -> FineTune:
    """The full architecture on all of a task's training sentences, seed 0.

    Where sentences of dev are drawn, all seeds select by the same: one source is chosen of them,
    by scores that must be of the same sentences. `encoder`: another than the parameters'.
    """
    others = tuple(other for other in _tasks(parameters) if other != task)
    draw = seeds(parameters)[0] if parameters["dev_sentences"] else None
    return base(task, parameters, encoder).replaced(keep_out=others, draw=draw)


def of_size(run: FineTune, size: int, parameters: Mapping[str, object]) -> FineTune:
    """A run on all of a task's sentences (0), or on the first few, in more and smaller steps.

    Few are other ones for every seed. With `small_updates` the fewer they are, the more passes:
    what more sentences bring is then not that of more steps.
    """
    if not size:
        return run
    batch, updates = parameters["small_batch_size"], parameters["small_updates"]
    if updates < 0:
        raise BadInput(f"small_updates: {updates} steps; give at least 1, or 0 for small_epochs")
    passes = max(1, round(updates * batch / size)) if updates else parameters["small_epochs"]
    return run.replaced(sentences=size, draw=None, epochs=passes, batch_size=batch)


def median(task: str, parameters: Mapping[str, object]) -> Choose:
    """The median of a task's runs on all its sentences, by development score.

    They are as many as `source_seeds` says, however many seeds a cell has: with more seeds the
    source, and all that was trained from it, stays. Raises BadInput for less than one.
    """
    plain, drawn = whole(task, parameters), parameters["source_seeds"]
    if drawn < 1:
        raise BadInput(f"source_seeds: {drawn} runs to choose a source of; at least 1 is needed")
    return Choose(
        of=tuple(plain.replaced(seed=seed) for seed in range(1, 1 + drawn)),
        by="dev.strict.f1",
        rule="median",
        take=MODEL,
    )


def result(find: Find, run: FineTune) -> Record | None:
    """The record of a run; one on few sentences counts even where it collapsed."""
    return counted(find(run)) if run.sentences else find(run)


class Results(PlanRecords):
    """The records of the plan by cell and seed; None is missing."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.tasks = _tasks(parameters)
        self.final: dict[Place, dict[int, Record | None]] = {
            place: {seed: result(find, run) for seed, run in group.items()}
            for place, group in runs(parameters).items()
        }

    def sizes(self, target: str) -> list[int]:
        """The numbers of sentences of a target, 0 for all last."""
        return list(dict.fromkeys(p.size for p in self.final if p.target == target))

    def score(self, place: Place) -> Cell:
        """Strict F1 on test of one cell."""
        return cell(self.final[place].values(), STRICT)

    def gain(self, place: Place) -> Cell:
        """What the source adds, paired by seed."""
        plain = self.final[Place(place.target, NONE, place.size)]
        return paired(self.final[place], plain, STRICT)

    @property
    def transfers(self) -> list[Place]:
        """The cells with a source."""
        return [place for place in self.final if place.source != NONE]


def scores(results: Results) -> pd.DataFrame:
    """Strict F1 on test: targets and numbers of sentences as rows, sources as columns."""
    rows = {}
    for target in results.tasks:
        for size in results.sizes(target):
            places = [p for p in results.final if (p.target, p.size) == (target, size)]
            row = {p.source: results.score(p) for p in places}
            rows[target, shown(size)] = row | {target: "–"}
    index = pd.MultiIndex.from_tuples(list(rows), names=["target", "sentences"])
    columns = [NONE, *results.tasks]
    return pd.DataFrame(
        [[row[name] for name in columns] for row in rows.values()],
        index=index,
        columns=columns,
        dtype=object,
    )


def gains(results: Results, size: int) -> dict[tuple[str, str], Cell]:
    """(target, source) -> what the source adds with that many sentences."""
    return {
        (place.target, place.source): results.gain(place)
        for place in results.transfers
        if place.size == size
    }


def significance(results: Results) -> pd.DataFrame:
    """Every cell with a source: gain, p by approximate randomisation over test documents, and p
    corrected for all of the page's tests; the counts of a document are summed over seeds.
    """
    rows, tested = {}, {}
    for place in results.transfers:
        plain = Place(place.target, NONE, place.size)
        p = p_over_documents(results.final[place], results.final[plain])
        if p is not None:
            tested[place] = p
        rows[place] = {
            "text of the source": text_of(place.target, place.source),
            "gain": results.gain(place),
            "p": p if p is not None else "missing",
        }
    corrected = dict(zip(tested, holm(list(tested.values()), len(rows)), strict=True))
    for place, row in rows.items():
        row["p, corrected"] = corrected.get(place, "missing")
        row["verdict"] = verdict(row["gain"], corrected.get(place))
    index = pd.MultiIndex.from_tuples(
        [(p.target, shown(p.size), p.source) for p in rows], names=["target", "sentences", "source"]
    )
    return pd.DataFrame(list(rows.values()), index=index, dtype=object)


def verdict(gain: Cell, p: float | None) -> str:
    """What a cell is called: positive or negative transfer, near zero, or not told apart."""
    if gain.value is None or p is None:
        return "missing"
    if gain.n < ENOUGH:
        return TOO_FEW
    if abs(gain.value) < NEAR:
        return f"within {NEAR} F1"
    if p >= LEVEL:
        return "not significant"
    return "positive" if gain.value > 0 else "negative"


def sentences(results: Results) -> list[str]:
    """What the runs say, in words."""
    if not results.tasks:
        return ["This profile has no tasks for this page."]
    found = []
    tested = significance(results)
    for size in dict.fromkeys(place.size for place in results.transfers):
        here = [place for place in results.transfers if place.size == size]
        done = [place for place in here if results.gain(place).value is not None]
        if not done:
            found.append(f"{shown(size)} sentences: no pair of runs has finished.")
            continue
        names = ("positive", "negative", "not significant", f"within {NEAR} F1", TOO_FEW)
        verdicts = [tested.loc[(p.target, shown(size), p.source), "verdict"] for p in done]
        counts = ", ".join(f"{n} {name}" for name in names if (n := verdicts.count(name)))
        best = max(done, key=lambda place: results.gain(place).value)
        worst = min(done, key=lambda place: results.gain(place).value)
        found.append(f"{words(size)}: of {len(done)} pairs of source and target, {counts}.")
        here = {
            f"{place.target} from {'no source' if place.source == NONE else place.source}": group
            for place, group in results.final.items()
            if place.size == size
        }
        found += (f"{words(size)}: {said}" for said in collapses(here))
        gained = [results.gain(place).value for place in done]
        found += by_text([(p.target, p.source) for p in done], gained, verdicts, words(size))
        for word, place in (("Most gained", best), ("Least", worst)):
            # the extremes of many: only the corrected p may judge them
            row = tested.loc[(place.target, shown(size), place.source)]
            over = plural(row["gain"].n, "pair")
            found.append(
                f"{word}: {place.target} from {place.source}, {words(size)}: "
                f"{row['gain'].value:+z.1f} F1 over {over} of runs: {row['verdict']}."
            )
    return found


def published_matrix(frame: pd.DataFrame, language: str) -> pd.DataFrame:
    """The published scores of one language: target and sentences as rows, sources as columns."""
    rows = frame[frame["language"] == language]
    names = ["target", "train_sentences"]
    order = pd.MultiIndex.from_frame(rows[names].drop_duplicates())
    matrix = rows.pivot(index=names, columns="source", values="f1").reindex(order)
    return matrix[list(dict.fromkeys(rows["source"]))].astype(object).fillna("–")


def shown(size: int) -> str:
    """A number of sentences, 0 being all."""
    return str(size) if size else "all"


def words(size: int) -> str:
    """A number of sentences in a sentence, 0 being all."""
    return f"{size} sentences" if size else "all sentences"


def _tasks(parameters: Mapping[str, object]) -> list[str]:
    tasks = list(parameters["tasks"])
    if len(tasks) == 1 or len(set(tasks)) < len(tasks):
        raise BadInput(f"tasks: {tasks}: transfer needs at least two tasks, each named once")
    return tasks


def _sizes(target: str, parameters: Mapping[str, object]) -> list[int]:
    """The numbers of sentences that the target has, all of them last."""
    most = counts(target)["train"].sentences
    wanted = sorted({size for size in parameters["sizes"] if size})
    if any(size < 0 for size in wanted):
        raise BadInput(f"sizes: {wanted} holds a negative number of sentences")
    return [size for size in wanted if size < most] + [0] * (0 in parameters["sizes"])

"""All models on all tasks: plain classification, the full architecture, and transfer (Table 7).

For every task and encoder: labels decoded by a plain softmax (BIO, no context), by the full
architecture, and by the full architecture from the source that the similarity of models predicts.
"""

from collections.abc import Mapping

import pandas as pd

from clinlib.corpora.registry import counts
from clinlib.errors import BadInput
from clinlib.evaluation.significance import holm
from clinlib.experiments.config import Config
from clinlib.experiments.key import Pins
from clinlib.experiments.spec import FineTune
from clinlib.studies.cells import Record, cell
from clinlib.studies.clinx import prediction, transfer
from clinlib.studies.clinx.prediction import groups
from clinlib.studies.clinx.same_text import by_text, text_of
from clinlib.studies.clinx.transfer import LEVEL, Place
from clinlib.studies.comparisons import ENOUGH, UNCORRECTED, p_over_documents, paired, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.plans import finder, seeds
from clinlib.studies.wording import plural

NAME = "25_all_tasks"
STRICT = "scores.test.strict.f1"
PLAIN, FULL = "plain softmax", "full architecture"
TRANSFER, BEST = "from the predicted source", "from the best source by dev score"

Row = tuple[str, str]  # (encoder, way)


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The runs of the source prediction page, and every encoder with both architectures.

    Raises BadInput where a task has no more sentences than are asked for.
    """
    for name in ("tasks_en", "tasks_es"):
        for task in parameters[name]:
            if (most := counts(task)["train"].sentences) <= parameters["sentences"]:
                raise BadInput(
                    f"sentences: {parameters['sentences']}, but {task} has {most} to train on; "
                    "give fewer, or 0 for all"
                )
    found = prediction.plan(_one_size(parameters))
    for group in runs(parameters).values():
        found += group.values()
    return list(dict.fromkeys(found))


def runs(parameters: Mapping[str, object]) -> dict[tuple[str, str, str], dict[int, FineTune]]:
    """(task, encoder, way) -> the runs by seed."""
    found = {}
    for group in groups(_one_size(parameters)).values():
        encoders = [group["encoder"], *(e for e in parameters["encoders"] if e != group["encoder"])]
        for task in group["tasks"]:
            for encoder in encoders:
                full = transfer.whole(task, group, encoder)
                full = transfer.of_size(full, parameters["sentences"], parameters)
                plain = full.replaced(head="softmax", scheme="BIO", context=0, layout="sentence")
                for way, run in ((PLAIN, plain), (FULL, full)):
                    found[task, encoder, way] = {
                        seed: run.replaced(seed=seed) for seed in seeds(parameters)
                    }
    return found


class Results:
    """The records by task, encoder and way; transfer starts from the page's own encoder."""

    def __init__(
        self,
        records: Mapping[str, Record | None],
        parameters: Mapping[str, object],
        pins: Pins | None = None,
    ):
        find = finder(records, pins)
        self.size = transfer.words(parameters["sentences"])  # of every target, in words
        size, sized = parameters["sentences"], _one_size(parameters)
        self.final: dict[tuple[str, str, str], dict[int, Record | None]] = {
            place: {seed: transfer.result(find, run) for seed, run in group.items()}
            for place, group in runs(parameters).items()
        }
        self.sources: dict[tuple[str, str], str] = {}
        predicted = prediction.Results(records, sized, pins)
        nearest = {each.target: each.predicted for each in predicted.judged()}
        for language, group in groups(sized).items():
            moved = predicted.transfer[language]
            for task in moved.tasks:
                picked = {
                    TRANSFER: nearest.get(task),
                    BEST: _best(moved, task, parameters["sentences"]),
                }
                for way, source in picked.items():
                    here = {} if source is None else moved.final[Place(task, source, size)]
                    missing = dict.fromkeys(seeds(parameters))
                    self.final[task, group["encoder"], way] = here or missing
                    self.sources[task, way] = source or "missing"

    @property
    def tasks(self) -> list[str]:
        """The tasks, in the notebook's order."""
        return list(dict.fromkeys(task for task, _, _ in self.final))

    @property
    def rows(self) -> list[Row]:
        """(encoder, way) of every row, in order."""
        return list(dict.fromkeys((encoder, way) for _, encoder, way in self.final))


def scores(results: Results) -> pd.DataFrame:
    """Strict F1 on test: encoder and way as rows, tasks as columns."""
    rows = [
        {
            task: cell(results.final[task, *row].values(), STRICT)
            if (task, *row) in results.final
            else "–"
            for task in results.tasks
        }
        for row in results.rows
    ]
    index = pd.MultiIndex.from_tuples(results.rows, names=["encoder", "way"])
    return pd.DataFrame(rows, index=index, columns=results.tasks, dtype=object)


def gains(results: Results) -> pd.DataFrame:
    """What the architecture adds to a plain softmax, and transfer to the architecture, by task;
    p over test documents, corrected for all tests of the table.
    """
    rows, tested = {}, {}
    steps = {FULL: PLAIN, TRANSFER: FULL, BEST: FULL}
    order = {place: at for at, place in enumerate(results.rows)}
    for task, encoder, way in sorted(results.final, key=lambda place: order[place[1:]]):
        other = steps.get(way)
        if other is None:
            continue
        pair = results.final[task, encoder, way], results.final[task, encoder, other]
        place = (encoder, f"{way} − {other}", task)
        source = results.sources.get((task, way))
        known = source not in (None, "missing")
        rows[place] = {
            "source": source or "–",
            "text of the source": text_of(task, source) if known else "–",
            "gain": paired(*pair, STRICT),
        }
        if (p := p_over_documents(*pair)) is not None:
            tested[place] = p
    corrected = dict(zip(tested, holm(list(tested.values()), len(rows)), strict=True))
    for place, row in rows.items():
        row["p, corrected"] = corrected.get(place, "missing")
    return by_row(rows, ["encoder", "difference", "task"])


def sentences(results: Results) -> list[str]:
    """What the runs say, in words."""
    if not results.tasks:
        return ["This profile has no tasks for this page."]
    table, found = gains(results), []
    for (encoder, difference), part in table.groupby(level=[0, 1], sort=False):
        done = [(place[2], row) for place, row in part.iterrows() if row["gain"].value is not None]
        if not done:
            found.append(f"{encoder}, {difference}: no pair of runs has finished.")
            continue
        up = sum(row["gain"].value > 0 for _, row in done)
        sure = sum(
            row["gain"].value > 0 and row["gain"].n >= ENOUGH and row["p, corrected"] < LEVEL
            for _, row in done
        )
        found.append(
            f"{encoder}, {difference}: above zero on {up} of {plural(len(done), 'task')}, on "
            f"{sure} with {ENOUGH} pairs of runs or more and a corrected p below {LEVEL} over test "
            "documents."
        )
        moved = [(task, row) for task, row in done if row["source"] != "–"]
        found += by_text(
            [(task, row["source"]) for task, row in moved],
            [row["gain"].value for _, row in moved],
            ["above zero" if row["gain"].value > 0 else "not above" for _, row in moved],
            f"{encoder}, {difference}",
        )
        found += [
            reading_of(f"{encoder}, {difference}, {task}", row["gain"], "F1") for task, row in done
        ]
    return [*found, UNCORRECTED]


def published_scores(frame: pd.DataFrame) -> pd.DataFrame:
    """The published scores: models as rows, tasks as columns, with the printed marks."""
    marks = frame["mark"].replace("none", "")
    shown = frame.assign(shown=frame["f1"].map("{:.2f}".format) + marks)
    matrix = shown.pivot(index="model", columns="task", values="shown")
    rows, columns = (frame[name].unique() for name in ("model", "task"))
    return matrix.reindex(index=rows, columns=columns).fillna("–")


def _one_size(parameters: Mapping[str, object]) -> dict[str, object]:
    """The parameters of the prediction page at the page's number of sentences alone."""
    return {**parameters, "sizes": [parameters["sentences"]]}


def _best(moved: transfer.Results, task: str, size: int) -> str | None:
    """The source whose runs have the highest mean development score on the task."""
    scored = {
        source: value
        for source in moved.tasks
        if source != task
        and (
            value := cell(
                moved.final[Place(task, source, size)].values(), "scores.dev.strict.f1"
            ).value
        )
        is not None
    }
    return max(scored, key=scored.get) if scored else None

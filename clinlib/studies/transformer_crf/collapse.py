"""How a tagger collapses to one label, and which averages show it.

The paper's BioBERT with a softmax gives every word the label O, and still has a high accuracy.
Here the learning rate is raised until taggers collapse, with and without weights that give every
label the same share of the loss. Each run is shown on its own: a mean would hide what is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.experiments.key import Pins, key
from clinlib.experiments.names import LEARN_VOCABULARY
from clinlib.experiments.spec import FineTune
from clinlib.studies.cells import Record, number, state
from clinlib.studies.transformer_crf import labels
from clinlib.studies.wording import plural

NAME = "13_collapse"
HEADS = {
    "softmax": ("softmax", "none"),
    "balanced": ("softmax", "balanced"),
    "crf": ("crf", "none"),
}
WORDS = {
    "softmax": "softmax",
    "balanced": "softmax, labels weighted",
    "crf": "CRF",
}
AVERAGES = {
    "accuracy (micro)": labels.value("BIO", "accuracy"),
    "weighted F1": labels.value("BIO", "weighted", "f1"),
    "macro recall": labels.value("BIO", "macro", "recall"),
    "macro F1": labels.value("BIO", "macro", "f1"),
}
LOST = 1.0  # strict F1 below which a model finds next to nothing
COLUMNS = ["head", "learning rate", "seed", "state", *AVERAGES, "strict F1"]


@dataclass(frozen=True)
class Run:
    """One configuration of the plan: the loss, the learning rate and the seed that it has."""

    head: str  # a key of HEADS
    rate: float
    seed: int
    configuration: FineTune


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """Every loss at every learning rate, once per seed.

    Raises BadInput for an unknown loss, an empty list and fewer than one seed.
    """
    return [run.configuration for run in runs(parameters)]


def runs(parameters: Mapping[str, object]) -> list[Run]:
    """The plan with the place of each configuration in it."""
    for name in ("losses", "learning_rates"):
        if not parameters[name]:
            raise BadInput(f"{name}: the list is empty")
    for loss in parameters["losses"]:
        if loss not in HEADS:
            raise BadInput(f"losses: {loss!r} is none of {', '.join(HEADS)}")
    if parameters["seeds"] < 1:
        raise BadInput(f"seeds: {parameters['seeds']} runs per row; at least 1 is needed")
    learns = parameters["encoder"] in LEARN_VOCABULARY
    vocabulary = {"vocabulary": parameters["vocabulary"]} if learns else {}
    found = []
    for loss in parameters["losses"]:
        head, weights = HEADS[loss]
        for rate in parameters["learning_rates"]:
            for seed in range(1, parameters["seeds"] + 1):
                configuration = FineTune(
                    corpus=parameters["corpus"],
                    encoder=parameters["encoder"],
                    **vocabulary,
                    head=head,
                    class_weights=weights,
                    learning_rate=rate,
                    epochs=parameters["epochs"],
                    sentences=parameters["sentences"] or None,
                    precision=parameters["precision"],
                    seed=seed,
                )
                found.append(Run(loss, rate, seed, configuration))
    return found


def table(
    records: Mapping[str, Record | None],
    parameters: Mapping[str, object],
    pins: Pins | None = None,
) -> pd.DataFrame:
    """One row per run: its state and what each average on test says of it (strict F1 in percent).

    A run without numbers says why in `state` and holds None.
    """
    pins = pins or Pins()
    rows = []
    for run in runs(parameters):
        record = records.get(key(run.configuration, pins))
        here = state(record)
        counted = here in ("complete", "collapsed")
        rows.append(
            [
                WORDS[run.head],
                run.rate,
                run.seed,
                _failure(record) if here == "failed" else here,
                *(of(record) if counted else None for of in AVERAGES.values()),
                number(record, "scores.test.strict.f1") if counted else None,
            ]
        )
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)


def shown(frame: pd.DataFrame) -> pd.DataFrame:
    """The table as the page shows it: numbers as text, a dash where there is none."""
    text = frame.copy()
    for name in (*AVERAGES, "strict F1"):
        digits = 1 if name == "strict F1" else 3
        text[name] = ["–" if x is None else f"{x:.{digits}f}" for x in frame[name]]
    text["learning rate"] = [f"{rate:g}" for rate in frame["learning rate"]]
    return text.set_index(["head", "learning rate", "seed"])


def points(frame: pd.DataFrame, head: str) -> pd.DataFrame:
    """The finished runs of one loss, averages as rows of a long frame, for a figure."""
    here = frame[(frame["head"] == head) & frame["macro F1"].notna()]
    return here.melt(
        id_vars=["learning rate", "seed", "state"],
        value_vars=["accuracy (micro)", "weighted F1", "macro F1"],
        var_name="average",
        value_name="score",
    )


def points_in_words(points: pd.DataFrame, head: str) -> str:
    """The figure of one loss in a sentence: each average's range at every learning rate."""
    parts = []
    for rate, here in points.groupby("learning rate", sort=False):
        shown = (f"{name} {_range(group['score'])}" for name, group in here.groupby("average"))
        parts.append(f"at {rate:g} {', '.join(shown)}")
    return f"Averages on test by learning rate, {head}: {'; '.join(parts) or 'no finished run'}."


def sentences(frame: pd.DataFrame) -> list[str]:
    """What collapsed and what the averages said of it, in sentences made from the records."""
    texts = _by_rate(frame)
    for head, group in frame.groupby("head", sort=False):
        finished = group[group["macro F1"].notna()]
        fallen = finished[finished["state"] == "collapsed"]
        if finished.empty:
            texts.append(f"{head}: no finished run.")
            continue
        where = ", ".join(
            f"{n} of {of} at {rate:g}"
            for rate, n, of in (
                (
                    rate,
                    int(
                        (finished[finished["learning rate"] == rate]["state"] == "collapsed").sum()
                    ),
                    int((finished["learning rate"] == rate).sum()),
                )
                for rate in dict.fromkeys(finished["learning rate"])
            )
        )
        texts.append(f"{head}: {plural(len(fallen), 'run')} collapsed ({where}).")
    fallen = frame[frame["state"] == "collapsed"]
    if fallen.empty:
        texts.append("No run collapsed at these learning rates.")
    for kind, part in _by_accuracy(fallen).items():
        ranges = ", ".join(f"{each} {_range(part[each])}" for each in AVERAGES)
        texts.append(
            f"{plural(len(part), 'collapsed run')} of {kind} accuracy: {ranges}; strict F1 "
            f"{part['strict F1'].max():.1f} at most."
        )
    lost = frame[(frame["state"] == "complete") & (frame["strict F1"].astype(float) < LOST)]
    if len(lost):
        texts.append(
            f"Not collapsed, using several labels, and as useless: {plural(len(lost), 'run')} of "
            f"strict F1 below {LOST:g}, accuracy {_range(lost['accuracy (micro)'])}."
        )
    return texts


def _by_rate(frame: pd.DataFrame) -> list[str]:
    """Whether it is the learning rate: the lowest against the others, all losses together."""
    finished = frame[frame["macro F1"].notna()]
    low = finished["learning rate"] == finished["learning rate"].min()
    if low.all():
        return []
    fallen = finished["state"] == "collapsed"
    return [
        f"All losses together: {int(fallen[low].sum())} of {plural(int(low.sum()), 'run')} "
        f"collapsed at the lowest learning rate, {int(fallen[~low].sum())} of {int((~low).sum())} "
        "at higher ones."
    ]


def _by_accuracy(fallen: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The collapsed runs by whether their accuracy hides it: those that read most words as O, the
    commonest label, and those that do not."""
    high = fallen["accuracy (micro)"].astype(float) > 0.5
    parts = {"high": fallen[high], "low": fallen[~high]}
    return {kind: part for kind, part in parts.items() if len(part)}


def _range(values: pd.Series) -> str:
    low, high = f"{values.min():.3f}", f"{values.max():.3f}"
    return low if low == high else f"{low} to {high}"


def _failure(record: Record) -> str:
    error = record.get("error") or {}
    return f"failed: {error.get('message') or error.get('type', 'error')}"

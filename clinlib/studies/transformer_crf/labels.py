"""Label-level frames: reports over BIO labels and token labels, and confusion.

The unit is the word; scores are shares in 0..1, as the paper prints them.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from clinlib.errors import unknown
from clinlib.evaluation import labels as evaluation
from clinlib.evaluation.summary import confusion_of
from clinlib.studies.cells import Record
from clinlib.studies.transformer_crf.results import Arm, Results
from clinlib.studies.transformer_crf.tuning import by_arm

LEVELS = ("BIO", "token")
SCORES = ("precision", "recall", "f1")


def averages(results: Results, level: str) -> pd.DataFrame:
    """Macro and weighted precision, recall and F1, and accuracy, per arm: Tables II and III.

    All labels count, O included. Weighted recall is accuracy is the micro average.
    """
    columns = {
        f"{average} {short}": value(level, average, score)
        for average in ("macro", "weighted")
        for short, score in zip(("P", "R", "F1"), SCORES, strict=True)
    }
    columns["accuracy"] = value(level, "micro", "f1")
    return by_arm(
        {
            arm: {name: results.cell(arm, of, digits=3) for name, of in columns.items()}
            for arm in results.arms
        }
    )


def by_label(results: Results, arm: Arm, level: str) -> pd.DataFrame:
    """Precision, recall, F1 and support of every label, averaged over an arm's runs: Figure 4."""
    records = results.counted(arm)
    names = list(counts(records[0], level).index) if records else []
    rows = {
        name: {
            short: results.cell(arm, _label_score(level, name, score), digits=3)
            for short, score in zip(("P", "R", "F1"), SCORES, strict=True)
        }
        | {"gold words": int(counts(records[0], level).loc[name].sum())}
        for name in names
    }
    index = pd.Index(names, name="label", dtype=object)
    return pd.DataFrame(list(rows.values()), index=index, dtype=object)


def confusion(results: Results, arm: Arm, level: str) -> pd.DataFrame:
    """Words by gold label (rows) and predicted label (columns), summed over an arm's runs."""
    return sum(counts(record, level) for record in results.counted(arm))


def confusion_in_words(matrix: pd.DataFrame, what: str, most: int = 3) -> str:
    """A confusion matrix in a sentence: its most frequent confusions besides those with O."""
    gold = matrix.sum(axis=1)
    errors = [
        (matrix.loc[row, column], f"{row} read as {column}")
        for row in matrix.index
        for column in matrix.columns
        if row != column and matrix.loc[row, column]
    ]
    errors.sort(key=lambda error: (-error[0], error[1]))
    shown = "; ".join(f"{text}, {n} words" for n, text in errors[:most]) or "none"
    right = np.trace(matrix.to_numpy()) / max(gold.sum(), 1)
    return f"Confusion matrix of {what}: {100 * right:.1f} % of words right. Most errors: {shown}."


def value(
    level: str,
    average: str,
    score: str | None = None,
    *,
    without: Sequence[str] = (),
    merge: Mapping[str, str] | None = None,
    scale: float = 1.0,
) -> Callable[[Record], float | None]:
    """A function of a record: one number of its test report, times `scale`.

    `level` is BIO or token; `average` macro, weighted or micro with a `score`, or accuracy alone,
    which is None where labels are left out.
    """

    def of(record: Record) -> float | None:
        matrix = counts(record, level)
        report = evaluation.report(
            matrix.to_numpy(), list(matrix.index), without=without, merge=merge
        )
        if score is None:
            return None if report.accuracy is None else scale * report.accuracy
        return scale * getattr(getattr(report, average), score)

    return of


def counts(record: Record, level: str, split: str = "test") -> pd.DataFrame:
    """Words of a split by gold label (rows) and predicted label (columns) of one run."""
    matrix, names = confusion_of(record["counts"][split])
    if level == "token":
        matrix, names = evaluation.token_level(matrix, names)
    elif level != "BIO":
        raise unknown("level", level, LEVELS)
    return pd.DataFrame(matrix, index=list(names), columns=list(names))


def _label_score(level: str, label: str, score: str) -> Callable[[Record], float]:
    """A function of a record: one label's score in its test report."""

    def of(record: Record) -> float:
        matrix = counts(record, level)
        return getattr(evaluation.report(matrix.to_numpy(), list(matrix.index))[label], score)

    return of

"""Span-level frames: strict and ent_type scores of every arm, by type, with both intervals."""

from collections.abc import Callable

import pandas as pd

from clinlib.evaluation.spans import scores
from clinlib.evaluation.summary import span_counts
from clinlib.studies import comparisons
from clinlib.studies.cells import Cell, Record
from clinlib.studies.transformer_crf.results import Arm, Results
from clinlib.studies.transformer_crf.tuning import by_arm, chosen, shown


def main(results: Results) -> pd.DataFrame:
    """Test scores per arm, in percent, with the interval over seeds; beside strict F1 also the
    interval over documents, and the learning rate that tuning chose.
    """
    return by_arm({arm: _row(results, arm) for arm in results.arms})


def by_type(results: Results, corpus: str) -> pd.DataFrame:
    """Strict F1 on test of every type of a corpus (rows), per arm (columns)."""
    types = list(
        dict.fromkeys(
            name
            for arm in results.on(corpus)
            for record in results.counted(arm)
            for name in record["counts"]["test"]["types"]
        )
    )
    columns = {
        arm.label: [results.cell(arm, type_f1(name)) for name in types]
        for arm in results.on(corpus)
    }
    return pd.DataFrame(columns, index=pd.Index(types, name="type", dtype=object), dtype=object)


def type_f1(name: str) -> Callable[[Record], float]:
    """A function of a record: the strict F1 of one type on test, in percent."""
    return lambda record: scores(span_counts(record["counts"]["test"])).types[name].f1


def over_documents(results: Results, arm: Arm) -> Cell:
    """Strict F1 on test, mean over seeds, with its interval from resampled documents."""
    over_seeds = results.cell(arm, "scores.test.strict.f1")
    return comparisons.over_documents(results.counted(arm), over_seeds)


def _row(results: Results, arm: Arm) -> dict[str, object]:
    return {
        "strict P": results.cell(arm, "scores.test.strict.precision"),
        "strict R": results.cell(arm, "scores.test.strict.recall"),
        "strict F1": results.cell(arm, "scores.test.strict.f1"),
        "strict F1, over documents": over_documents(results, arm),
        "ent_type F1": results.cell(arm, "scores.test.ent_type.f1"),
        "learning rate": shown(chosen(results, arm)),
    }

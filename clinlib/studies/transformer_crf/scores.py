"""Span-level frames: strict and ent_type scores of every arm, by type, with both intervals."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from clinlib.evaluation.intervals import bootstrap
from clinlib.evaluation.spans import f1, scores
from clinlib.evaluation.summary import span_counts
from clinlib.studies.cells import Cell, Record
from clinlib.studies.transformer_crf.results import Arm, Results
from clinlib.studies.transformer_crf.tuning import by_arm, chosen, shown

RESAMPLES = 1000


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
    """Strict F1 on test, mean over seeds, with its interval from resampled documents.

    The same documents are drawn for all seeds at once: the interval says what other test documents
    would have given these models, not what other seeds would have.
    """
    over_seeds = results.cell(arm, "scores.test.strict.f1")
    records = results.counted(arm)
    if not records:
        return over_seeds
    counts = np.stack(
        [
            span_counts(record["counts"]["test"]).of("strict").sum(axis=1)  # (D, 3)
            for record in records
        ],
        axis=1,
    )  # (D, S, 3)
    found = bootstrap(counts, lambda sums: f1(sums).mean(axis=-1), n=RESAMPLES, seed=0)
    return replace(over_seeds, low=found.low, high=found.high)


def as_frame(cells: Mapping[str, Cell], name: str) -> pd.DataFrame:
    """Cells as a frame to download: value, interval, number of runs, state; blank where none."""
    rows = {
        label: {name: cell.value, "low": cell.low, "high": cell.high, "runs": cell.n}
        | {"state": cell.state}
        for label, cell in cells.items()
    }
    return pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), name="row"), dtype=object)


def _row(results: Results, arm: Arm) -> dict[str, object]:
    return {
        "strict P": results.cell(arm, "scores.test.strict.precision"),
        "strict R": results.cell(arm, "scores.test.strict.recall"),
        "strict F1": results.cell(arm, "scores.test.strict.f1"),
        "strict F1, over documents": over_documents(results, arm),
        "ent_type F1": results.cell(arm, "scores.test.ent_type.f1"),
        "learning rate": shown(chosen(results, arm)),
    }

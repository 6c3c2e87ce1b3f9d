"""How the learning rates were chosen, and how the runs went: tuning table and learning curves."""

import pandas as pd

from clinlib.studies.cells import Record, cell, number, state
from clinlib.studies.transformer_crf.results import Arm, Results

BY = "scores.dev.strict.f1"


def tuning(results: Results) -> pd.DataFrame:
    """Development strict F1 of every grid value, the value chosen, and whether it is an edge.

    Rows: corpus, encoder, head. A best value at the edge of the grid says that a wider grid might
    have found a better one.
    """
    rows = {}
    for arm in results.arms:
        runs = results.tuning[arm]
        row = {f"{rate:g}": cell([record], BY) for rate, record in runs.items()}
        rows[arm] = row | {
            "chosen": shown(chosen(results, arm)),
            "at the grid's edge": _edge_words(results, arm),
        }
    return by_arm(rows)


def chosen(results: Results, arm: Arm) -> float | None:
    """The learning rate of an arm's final runs, as their records say; None where there is none."""
    for record in results.final[arm].values():
        if record is None or record["status"] != "complete":
            continue
        rate = number(record, "chosen.learning_rate")
        if rate is not None:
            return rate
        given = record["configuration"].get("learning_rate")
        if not isinstance(given, dict):
            return given
    return None


def edge(results: Results, arm: Arm) -> str:
    """Which end of its grid the chosen value is: "lowest", "highest" or "" for neither."""
    grid, rate = sorted(results.tuning[arm]), chosen(results, arm)
    if rate is None or len(grid) < 2:
        return ""
    return {grid[0]: "lowest", grid[-1]: "highest"}.get(rate, "")


def shown(rate: float | None) -> str:
    """A learning rate as text."""
    return "missing" if rate is None else f"{rate:g}"


def curves(results: Results) -> pd.DataFrame:
    """One row per epoch of every final run: corpus, encoder, head, seed, epoch, loss, dev F1.

    Runs that collapsed are in it, named in the column `state`; failed and missing ones have none.
    """
    rows = [
        {
            "corpus": arm.corpus,
            "encoder": arm.encoder,
            "head": arm.head,
            "seed": seed,
            "epoch": point["epoch"],
            "loss": point["loss"],
            "dev F1": point["dev_f1"],
            "state": state(record),
        }
        for arm in results.arms
        for seed, record in results.final[arm].items()
        if record is not None and record["status"] == "complete"
        for point in record["curve"]
    ]
    columns = ["corpus", "encoder", "head", "seed", "epoch", "loss", "dev F1", "state"]
    return pd.DataFrame(rows, columns=columns)


def curves_in_words(points: pd.DataFrame, corpus: str) -> str:
    """The learning curves of one corpus in a sentence: where each row's mean begins and ends.

    The mean leaves out collapsed runs, as every mean does.
    """
    parts = []
    counted = points[points["state"] == "complete"]
    for (encoder, head), group in counted.groupby(["encoder", "head"], sort=False):
        mean = group.groupby("epoch")["dev F1"].mean()
        parts.append(
            f"{encoder} + {head} from {mean.iloc[0]:.1f} after epoch {mean.index[0]} "
            f"to {mean.iloc[-1]:.1f} after epoch {mean.index[-1]}"
        )
    return f"Development F1 by epoch on {corpus}: {'; '.join(parts) or 'no finished run'}."


def costs(results: Results) -> pd.DataFrame:
    """What each arm costs: parameters, sentences, processor time, memory, subwords a second.

    Times are of the machine that trained; they compare only where the hardware is the same.
    """
    rows = {}
    for arm in results.arms:
        records = results.counted(arm)
        rows[arm] = {
            "parameters": same(records, "model.parameters"),
            "trainable": same(records, "model.trainable"),
            "training sentences": same(records, "data.train_sentences"),
            "processor seconds": results.cell(arm, "provenance.cpu_seconds", digits=0),
            "subwords a processor second": results.cell(arm, _pace, digits=0),
            "peak memory, MiB": results.cell(arm, "provenance.peak_memory_mb", digits=0),
        }
    return by_arm(rows)


def _pace(record: Record) -> float | None:
    """Subwords trained on a second of the processor: by the clock, other work would slow them."""
    spent = number(record, "provenance.cpu_seconds")
    by_clock = number(record, "provenance.subwords_per_second")
    if not spent or by_clock is None:
        return None
    return by_clock * number(record, "provenance.seconds") / spent


def same(records: list[Record], path: str) -> int | str:
    """The whole number that all runs share, "missing" without runs, or the range that they span."""
    found = sorted({int(value) for r in records if (value := number(r, path)) is not None})
    if not found:
        return "missing"
    return found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}"


def by_arm(rows: dict[Arm, dict[str, object]]) -> pd.DataFrame:
    """A frame of one row per arm, indexed by corpus, encoder and head."""
    index = pd.MultiIndex.from_tuples(
        [(arm.corpus, arm.encoder, arm.head) for arm in rows], names=["corpus", "encoder", "head"]
    )
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    data = [[row.get(name, "missing") for name in columns] for row in rows.values()]
    return pd.DataFrame(data, index=index, columns=columns, dtype=object)


def _edge_words(results: Results, arm: Arm) -> str:
    if len(results.tuning[arm]) < 2:
        return "not tuned"
    if chosen(results, arm) is None:
        return "missing"
    return {"": "no"}.get(where := edge(results, arm), f"yes, the {where}")

"""Records made by hand for tests of tables: a tagger that errs at a known rate, no training."""

import numpy as np

from clinlib.experiments.key import Pins, key
from clinlib.studies.transformer_crf import heads_and_encoders as study

PINS = Pins(corpus=lambda name: f"corpus {name}", text=str, encoder=lambda name: None)
TYPES = ("ADE", "Drug", "Reason")
PARAMETERS = {
    "profile": "quick",
    "corpora": ["synthetic_en_letters"],
    "encoders": ["scratch-tiny", "pretrained:synthetic_en_letters"],
    "heads": ["softmax", "crf"],
    "learning_rates": [3e-4, 1e-3],
    "head_learning_rate": 5e-3,
    "tuning_epochs": 2,
    "tuning_sentences": 300,
    "seeds": 2,
    "epochs": [5],
    "patience": 0,
    "batch_size": 16,
    "dropout": 0.1,
    "max_length": 256,
    "precision": "float32",
    "vocabulary": 500,
    "pretrain_architecture": "scratch-tiny",
    "pretrain_epochs": 5,
    "pretrain_learning_rate": 1e-3,
}


def made(parameters=None, *, right=None, rates=None) -> dict[str, dict]:
    """Key -> record of the plan of `parameters`.

    `right(arm, seed)` is the share of labels that a final run has right, `rates` the development
    F1 of the tuning runs by learning rate.
    """
    parameters = parameters or PARAMETERS
    rates = rates or {}
    records = {}
    for run in study.runs(parameters):
        name = key(run.configuration, PINS)
        if run.role == "tuning":
            f1 = rates.get(run.learning_rate, 40.0 + 1000 * run.learning_rate)
            records[name] = record(name, run, 0.8, dev_f1=f1, parameters=parameters, rates=rates)
        else:
            share = right(run.arm, run.seed) if right else 0.8 + 0.01 * run.seed
            records[name] = record(name, run, share, parameters=parameters, rates=rates)
    return records


def record(name, run, share, *, parameters, rates, dev_f1=None, types=TYPES) -> dict:
    """One complete record whose every count follows from `share`."""
    counts = counts_of(share, types)
    strict, lenient = scores(counts, 2), scores(counts, 5)
    dev = dict(strict) if dev_f1 is None else dict(strict, f1=dev_f1)
    grid = {r: rates.get(r, 40.0 + 1000 * r) for r in parameters["learning_rates"]}
    chosen = {} if run.role == "tuning" else {"learning_rate": max(grid, key=grid.get)}
    epochs = run.configuration.epochs
    return {
        "schema": 1,
        "kind": "fine_tune",
        "version": 1,
        "key": name,
        "status": "complete",
        "error": None,
        "configuration": run.configuration.to_dict(),
        "scores": {
            "dev": {"strict": dev, "ent_type": lenient},
            "test": {"strict": strict, "ent_type": lenient},
        },
        "counts": {"dev": counts, "test": counts},
        "curve": [
            {"epoch": e, "loss": 1.0 / e, "dev_f1": strict["f1"] * e / epochs, "seconds": 2.0}
            for e in range(1, epochs + 1)
        ],
        "stop_reason": "epochs",
        "best_epoch": epochs - 1,
        "flags": [],
        "data": {"train_sentences": 300, "train_subwords": 9000, "ledger": {}},
        "model": {"parameters": 700000, "trainable": 700000},
        "chosen": chosen,
        "provenance": {
            "seconds": 12.0 + run.seed,
            "cpu_seconds": 12.0 + run.seed,
            "peak_memory_mb": 500.0,
            "subwords_per_second": 9000.0,
            "hardware": {"cpu": "test"},
            "device": "cpu",
            "weights": None,
            "parents": {},
        },
    }


def counts_of(share, types, documents=40) -> dict:
    """Counts of a split where each of 10 entities per document and type is right at `share`."""
    right = round(10 * share * documents)
    spans = []
    for doc in range(documents):
        for t in range(len(types)):
            tp = right // documents + (doc < right % documents)
            spans.append([doc, t, tp, 10 - tp, 10 - tp, 10, 0, 0])
    labels = ["O", *(f"{prefix}-{type_}" for type_ in types for prefix in "BI")]
    k = len(labels)
    confusion = np.full((k, k), 2, dtype=int)
    np.fill_diagonal(confusion, round(200 * share))
    confusion[0, 0] = 5000
    return {
        "documents": documents,
        "types": list(types),
        "spans": spans,
        "labels": labels,
        "confusion": confusion.tolist(),
        "unit": "word",
    }


def scores(counts, first) -> dict:
    """Micro precision, recall and F1 in percent from columns first..first+2 of the span counts."""
    tp, fp, fn = np.array(counts["spans"])[:, first : first + 3].sum(axis=0)
    p, r = 100 * tp / (tp + fp), 100 * tp / (tp + fn)
    return {"precision": float(p), "recall": float(r), "f1": float(2 * p * r / (p + r))}


def collapse(record: dict) -> dict:
    """The record as a run that predicts O everywhere leaves it."""
    counts = record["counts"]["test"]
    labels = len(counts["labels"])
    gold = np.array(counts["confusion"]).sum(axis=1)
    confusion = np.zeros((labels, labels), dtype=int)
    confusion[:, 0] = gold
    none = {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    spans = [[d, t, 0, 0, tp + fn, 0, 0, tp + fn] for d, t, tp, _, fn, *_ in counts["spans"]]
    return record | {
        "flags": ["collapsed"],
        "scores": {split: {"strict": none, "ent_type": none} for split in ("dev", "test")},
        "counts": record["counts"]
        | {"test": counts | {"confusion": confusion.tolist(), "spans": spans}},
    }


def fail(record: dict) -> dict:
    """The record as a run leaves it that ended in an error."""
    kept = ("schema", "kind", "version", "key", "configuration", "provenance")
    error = {"type": "FloatingPointError", "message": "loss is not finite", "traceback": ""}
    return {name: record[name] for name in kept} | {"status": "failed", "error": error}

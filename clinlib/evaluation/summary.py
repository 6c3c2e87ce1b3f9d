"""The counts entry of a record: spans and confusion of one split, written and read back."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from clinlib.errors import BadInput
from clinlib.evaluation.spans import SpanCounts

Entry = Mapping[str, Any]


def entry(
    spans: SpanCounts, confusion: np.ndarray, labels: Sequence[str], unit: str
) -> dict[str, Any]:
    """The counts as plain values for JSON: span rows sparse, confusion with gold rows.

    `unit` names what the confusion counts, here "word".
    """
    return {
        "documents": spans.documents,
        "types": list(spans.types),
        "spans": spans.to_sparse(),
        "labels": list(labels),
        "confusion": np.asarray(confusion).tolist(),
        "unit": unit,
    }


def span_counts(entry: Entry) -> SpanCounts:
    """The span counts (D, T, 6) of an entry; raises BadInput for rows that do not fit it."""
    return SpanCounts.from_sparse(entry["spans"], entry["documents"], entry["types"])


def confusion_of(entry: Entry) -> tuple[np.ndarray, tuple[str, ...]]:
    """Confusion counts (K, K), gold rows, and their labels; raises BadInput if they do not fit."""
    labels = tuple(entry["labels"])
    counts = np.array(entry["confusion"], dtype=np.int64).reshape(len(entry["confusion"]), -1)
    if counts.shape != (len(labels), len(labels)):
        raise BadInput(f"confusion counts of shape {counts.shape} for {len(labels)} labels")
    return counts, labels

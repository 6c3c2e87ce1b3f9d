"""Flags: what a reader must know of a run before its number enters a mean."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from clinlib.evaluation.spans import SpanCounts
from clinlib.evaluation.summary import Entry, confusion_of, span_counts

COLLAPSED = "collapsed"
BEST_IS_LAST = "best_is_last"
NO_ENTITY = "no_entity_at_start"  # of a loop whose initial set holds no gold span
MOSTLY = 0.99


def collapsed(confusion: np.ndarray, spans: SpanCounts | None = None) -> bool:
    """Whether a model has stopped telling labels apart, by its (K, K) confusion, gold rows.

    True if it gives every word one and the same label, or finds all but one in a hundred words
    of one label and none of any other, so that macro recall is 1/K (BIO labels of K = 19: 1/19,
    however high the accuracy), or, given span counts, if it predicts no span where there are
    gold spans. Gold words of a single label allow no such verdict.
    """
    confusion = np.asarray(confusion)
    gold = confusion.sum(axis=1)  # (K,)
    if np.count_nonzero(gold) > 1:
        if np.count_nonzero(confusion.sum(axis=0)) == 1:
            return True
        right = confusion.diagonal()
        # not "macro recall == 1/K" as such: recalls of 0.9, 0.1 and 0 have that mean too
        if np.count_nonzero(right) == 1 and right.max() >= MOSTLY * gold[right.argmax()]:
            return True
    if spans is None:
        return False
    tp, fp, fn = spans.of("strict").sum(axis=(0, 1))
    return bool(tp + fp == 0 and fn > 0)


def best_is_last(curve: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the best "dev_f1" of a learning curve is its last: more epochs might help.

    Ties go to the earlier epoch, as in training; False for a curve without dev scores.
    """
    found = [row["dev_f1"] for row in curve if row.get("dev_f1") is not None]
    return bool(found) and found.index(max(found)) == len(found) - 1


def run_flags(counts: Entry, curve: Sequence[Mapping[str, Any]]) -> list[str]:
    """The flags of a run, as its record holds them, by the counts entry of one split."""
    confusion, _ = confusion_of(counts)
    found = {
        COLLAPSED: collapsed(confusion, span_counts(counts)),
        BEST_IS_LAST: best_is_last(curve),
    }
    return [name for name, holds in found.items() if holds]

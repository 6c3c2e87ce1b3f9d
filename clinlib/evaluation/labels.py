"""Label scores over words: BIO labels, confusion counts, and the reports that follow from them.

Every report, label ablations included, is a function of the confusion counts: leaving out or
merging labels rescores the same predictions. The unit is whatever the counts are of, here words.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clinlib.corpora.document import Document, Span
from clinlib.errors import BadInput, unknown
from clinlib.evaluation.spans import MEASURES, ratio

PREFIX = re.compile(r"^[BIES]-(?=.)")


def word_tags(
    document: Document,
    spans: Iterable[Span],
    words: Sequence[tuple[int, int]],
    labels: Sequence[str],
) -> np.ndarray:
    """(W,) int64 ids, in `labels`, of the BIO label of each word (start, end), sorted and disjoint.

    A word belongs to a span that covers any of its characters, to the first by position (then the
    longer) where several do; the first word of a span that no earlier one has taken is its B. A
    span without such a word leaves no label: span scores count it, word labels cannot.

    Raises BadInput for a type without labels B- and I-.
    """
    index = {label: i for i, label in enumerate(labels)}
    starts, ends = np.array(words, dtype=np.int64).reshape(-1, 2).T  # (W,), (W,)
    ids = np.full(len(starts), index["O"], dtype=np.int64)
    taken = np.zeros(len(starts), dtype=bool)
    for span in sorted(spans, key=lambda span: (span.start, -span.end, span.type)):
        if f"B-{span.type}" not in index or f"I-{span.type}" not in index:
            types = {label[2:] for label in labels if PREFIX.match(label)}
            raise unknown(f"span type in document {document.id}:", span.type, types)
        first = np.searchsorted(ends, span.start, side="right")
        last = np.searchsorted(starts, span.end, side="left")
        own = first + np.flatnonzero(~taken[first:last])
        ids[own] = index[f"I-{span.type}"]
        ids[own[:1]] = index[f"B-{span.type}"]
        taken[own] = True
    return ids


def confusion(gold: Sequence[int], predicted: Sequence[int], labels: int) -> np.ndarray:
    """(K, K) counts, gold rows and predicted columns, of two label id sequences of one length.

    Raises BadInput for different lengths and for ids outside 0..K-1.
    """
    gold, predicted = np.asarray(gold, dtype=np.int64), np.asarray(predicted, dtype=np.int64)
    if gold.shape != predicted.shape or gold.ndim != 1:
        raise BadInput(f"{predicted.shape} predicted labels for {gold.shape} gold labels")
    for ids in (gold, predicted):
        if len(ids) and not 0 <= ids.min() <= ids.max() < labels:
            raise BadInput(f"label ids {ids.min()}..{ids.max()} are not all in 0..{labels - 1}")
    return np.bincount(gold * labels + predicted, minlength=labels**2).reshape(labels, labels)


def token_level(counts: np.ndarray, labels: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Confusion counts and labels with the prefixes B-, I-, E- and S- dropped, in first order."""
    return _grouped(counts, labels, [PREFIX.sub("", label) for label in labels])


@dataclass(frozen=True)
class Row:
    """Precision, recall and F1 in 0..1 and the support (gold words) of a label or an average.

    `undefined` names the measures that are 0.0 for want of a denominator.
    """

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    undefined: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """A row per label, the averages over those labels, and the accuracy.

    Accuracy is the share of all words labelled right; None where labels are left out, for it is
    not a number about some labels.
    """

    rows: tuple[Row, ...]
    macro: Row
    weighted: Row
    micro: Row
    accuracy: float | None

    def __getitem__(self, label: str) -> Row:
        """The row of a label; raises BadInput for a label without one."""
        for row in self.rows:
            if row.label == label:
                return row
        raise unknown("label", label, [row.label for row in self.rows])


def report(
    counts: np.ndarray,
    labels: Sequence[str],
    *,
    without: Iterable[str] = (),
    merge: Mapping[str, str] | None = None,
) -> Report:
    """Report of (K, K) confusion counts, gold rows, with labels first merged, then left out.

    `merge` maps a label to the one it becomes; `without` names labels (after merging) that get no
    row and enter no average. As in scikit-learn's classification_report(labels=the others,
    zero_division=0), a word of a left-out label that is predicted as another still counts against
    that one's precision, and the other way round against recall. A type stands for all its labels
    where they carry prefixes ("ADE" for B-ADE and I-ADE).

    Raises BadInput for a label that is not there, for one that is merged both ways, and if no
    label is left.
    """
    labels = tuple(labels)
    if np.shape(counts) != (len(labels), len(labels)):
        raise BadInput(f"confusion counts of shape {np.shape(counts)} for {len(labels)} labels")
    counts, labels = _merged(np.asarray(counts), labels, merge or {})
    left_out = {label for name in without for label in _named(name, labels)}
    kept = [i for i, label in enumerate(labels) if label not in left_out]
    if not kept:
        raise BadInput("a report needs a label, all are left out")
    right = counts.diagonal()[kept].astype(float)  # (K',)
    predicted = counts.sum(axis=0)[kept].astype(float)
    gold = counts.sum(axis=1)[kept].astype(float)
    measures = _measures(right, predicted, gold)  # (K', 3)
    support = int(gold.sum())
    return Report(
        rows=tuple(
            _row(labels[i], measures[at], predicted[at], gold[at]) for at, i in enumerate(kept)
        ),
        macro=Row("macro", *measures.mean(axis=0).tolist(), support),
        weighted=Row(
            "weighted",
            *ratio(gold @ measures, np.full(3, gold.sum())).tolist(),
            support,
            () if support else MEASURES,
        ),
        micro=_row(
            "micro",
            _measures(right.sum(), predicted.sum(), gold.sum()),
            predicted.sum(),
            gold.sum(),
        ),
        accuracy=None if left_out else float(ratio(right.sum(), gold.sum())),
    )


def _measures(right: np.ndarray, predicted: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """(..., 3) precision, recall and F1 of (...) counts."""
    return np.stack(
        [ratio(right, predicted), ratio(right, gold), ratio(2 * right, predicted + gold)], axis=-1
    )


def _row(label: str, measures: np.ndarray, predicted: float, gold: float) -> Row:
    wholes = zip(MEASURES, (predicted, gold, predicted + gold), strict=True)
    undefined = tuple(measure for measure, whole in wholes if whole == 0)
    return Row(label, *measures.tolist(), int(gold), undefined)


def _merged(
    counts: np.ndarray, labels: tuple[str, ...], merge: Mapping[str, str]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Counts and labels after merging."""
    becomes = {}
    for name, target in merge.items():
        if target in merge:
            raise BadInput(f"'{name}' is to become '{target}', which is merged itself")
        _named(target, labels)
        for label in _named(name, labels):
            prefix = "" if label == name else label[:2]
            if prefix + target not in labels:
                raise unknown("label", prefix + target, labels)
            becomes[label] = prefix + target
    return _grouped(counts, labels, [becomes.get(label, label) for label in labels])


def _named(name: str, labels: Sequence[str]) -> list[str]:
    """The labels that a name stands for: itself, or those of the type."""
    if name in labels:
        return [name]
    found = [label for label in labels if PREFIX.match(label) and label[2:] == name]
    if not found:
        raise unknown("label", name, labels)
    return found


def _grouped(
    counts: np.ndarray, labels: Sequence[str], names: Sequence[str]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Counts with the labels of one name summed; names in the order of their first label."""
    groups = tuple(dict.fromkeys(names))
    member = np.array([[name == group for name in names] for group in groups], dtype=np.int64)
    return member @ np.asarray(counts) @ member.T, groups  # (G, K) (K, K) (K, G)

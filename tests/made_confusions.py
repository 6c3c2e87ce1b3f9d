"""Confusion counts of words made by hand, and an oracle of what averages over labels they have."""

import numpy as np

TYPES = ("ADE", "Drug", "Reason")
LABELS = ["O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI")]


def f1s(counts):
    """(K,) F1 of every label of (K, K) counts, gold rows."""
    return 200 * counts.diagonal() / (counts.sum(axis=0) + counts.sum(axis=1))


def joined(counts, labels, name):
    """Counts and labels with those of one `name(label)` made one."""
    names = list(dict.fromkeys(map(name, labels)))
    member = np.array([[name(label) == each for each in names] for label in labels], dtype=int)
    return member.T @ counts @ member, names


def bio(counts):
    return f1s(counts).mean()


def weighted(counts):
    return np.average(f1s(counts), weights=counts.sum(axis=1))


def token(counts, without=(), merged=()):
    """Macro F1 without prefixes, without some types, and with some types made one."""
    counts, types = joined(counts, LABELS, lambda label: label[2:] or "O")
    counts, types = joined(counts, types, lambda kind: "+" if kind in merged else kind)
    return np.mean([f1 for f1, kind in zip(f1s(counts), types, strict=True) if kind not in without])


def matrix(share, weak=(), into="O", outside=5000):
    """Counts of a tagger that has a share right, and of some labels half of that: the other half
    is read as the label or type `into`. `outside`: words without entity that it has right."""
    counts = np.full((len(LABELS), len(LABELS)), 2)
    np.fill_diagonal(counts, round(200 * share))
    counts[0, 0] = outside
    for at, label in enumerate(LABELS):
        if label[2:] in weak or label in weak:
            other = LABELS.index(into if into in LABELS else label[:2] + into)
            half = counts[at, at] // 2
            counts[at, at] -= half
            counts[at, other] += half
    return counts

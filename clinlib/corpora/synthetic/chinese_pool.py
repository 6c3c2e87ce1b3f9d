"""Pool: drafts of records, few of them originals, most of them copies with some words changed.

A record is a tuple of drafts in the order of its sections. Knows no documents and no annotators.
"""

from dataclasses import dataclass

import numpy as np

from clinlib.corpora.synthetic.chinese_mechanisms import Mechanisms
from clinlib.corpora.synthetic.chinese_templates import ORDER, RARE, SIZES
from clinlib.corpora.synthetic.chinese_writer import Draft, Writer

EMPTY_SHARE = 0.3  # of the sentences, about
CHANGED = 0.2  # share of the words of a copy that are drawn again
CLUSTER = 1 / 12  # share of the records that hold all sentences of rare types
_RATES = {True: 0.25, False: 1.5}  # imbalance -> sentences of each rare type a record

Record = tuple[Draft, ...]


@dataclass(frozen=True)
class Member:
    """A record of a pool, and the number of the original that it is or is a copy of."""

    record: Record
    original: int


def independent(writer: Writer) -> Record:
    """A record that is a copy of none; sentences of rare types as often as chance has it."""
    rate = _RATES[writer.mechanisms.imbalance]
    rare = [writer.rare(type_) for type_ in RARE for _ in range(writer.rng.poisson(rate))]
    return _record(writer, rare)


def pool(writer: Writer, size: int, duplicates: float) -> list[Member]:
    """`size` records in random order, round(size * duplicates) of them copies.

    Originals differ in how often they are copied: the r-th in proportion to 1 / r. With clusters,
    the sentences of rare types stand in few originals, of which there are no copies.
    """
    copies = round(size * duplicates)
    count = size - copies
    rng, mechanisms = writer.rng, writer.mechanisms
    originals, unique = (
        _clustered(writer, size, count)
        if mechanisms.clusters
        else ([independent(writer) for _ in range(count)], 0)
    )
    ranks = np.arange(1, count - unique + 1)
    weights = 1 / ranks / (1 / ranks).sum()
    drawn = unique + rng.choice(len(ranks), size=copies, p=weights)
    members = [Member(record, number) for number, record in enumerate(originals)]
    members += [Member(_copy(writer, originals[number]), int(number)) for number in drawn]
    return [members[i] for i in rng.permutation(size)]


def _clustered(writer: Writer, size: int, count: int) -> tuple[list[Record], int]:
    """`count` originals and how many of them, the first, hold all that is told of rare types."""
    holders = max(1, min(round(size * CLUSTER), count // 2))
    mechanisms: Mechanisms = writer.mechanisms
    wanted = max(1, round(size * _RATES[mechanisms.imbalance]))
    dealt: list[list[Draft]] = [[] for _ in range(holders)]
    for type_ in RARE:
        for i in range(wanted):
            dealt[i % holders].append(writer.rare(type_))
    records = [_record(writer, rare) for rare in dealt]
    return records + [_record(writer, []) for _ in range(count - holders)], holders


def _record(writer: Writer, rare: list[Draft]) -> Record:
    """A record with these sentences of rare types, in the order of its sections."""
    rng = writer.rng
    drafts = list(rare)
    for title, (least, most, share) in SIZES.items():
        if rng.random() < share:
            drafts += [writer.common(title) for _ in range(rng.integers(least, most + 1))]
    fillers = len(drafts) * EMPTY_SHARE / (1 - EMPTY_SHARE) - 1  # family history is empty too
    drafts += [writer.filler() for _ in range(int(fillers + rng.random()))]
    shuffled = [drafts[i] for i in rng.permutation(len(drafts))]
    return tuple(sorted(shuffled, key=lambda draft: ORDER.index(draft.title)))


def _copy(writer: Writer, original: Record) -> Record:
    """The record with some words changed, one at least."""
    while True:
        copy = tuple(writer.variant(draft, CHANGED) for draft in original)
        if copy != original:
            return copy

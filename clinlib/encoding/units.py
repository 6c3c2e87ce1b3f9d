"""Units: what carries a label, either each subword or each word."""

from dataclasses import dataclass

import numpy as np

from clinlib.corpora.document import Document
from clinlib.corpora.words import words
from clinlib.encoding.subwords import Subwords
from clinlib.errors import BadInput


@dataclass(frozen=True, slots=True)
class Note:
    """Something to be counted, at a character of the document."""

    event: str
    reason: str
    position: int
    type: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The U units of one document over the N subwords that they are made of.

    ids (N,) input ids; first (U + 1,): the first subword of each unit, then N, so that unit u has
    the subwords first[u] .. first[u + 1] - 1; starts, ends (U,): its characters, in ascending
    order; blank (C,): which characters are.
    """

    ids: np.ndarray
    first: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    blank: np.ndarray
    notes: list[Note]

    def __len__(self) -> int:
        return len(self.starts)


def subword_units(subwords: Subwords) -> Units:
    """Each subword is a unit."""
    first = np.arange(len(subwords.ids) + 1, dtype=np.int32)
    return Units(subwords.ids, first, subwords.starts, subwords.ends, subwords.blank, [])


def word_units(subwords: Subwords, document: Document, longest: int) -> Units:
    """Each word is a unit; subwords that belong to no word (blanks, line ends) are left out.

    Words that share a subword form one unit; a word of more than `longest` subwords becomes
    several; a word without a subword, of stripped characters, becomes none. All three are noted,
    and so is text outside the document's words. Raises BadInput for words that are not in order.
    """
    edges = np.array(words(document), dtype=np.int32).reshape(-1, 2)
    starts, ends = edges[:, 0], edges[:, 1]  # (W,)
    ordered = (starts < ends).all() and (ends[:-1] <= starts[1:]).all()
    if len(edges) and not (ordered and starts[0] >= 0 and ends[-1] <= len(document.text)):
        raise BadInput(f"document {document.id}: its words are not in order within its text")
    notes = []
    # subword n overlaps the words low[n] .. high[n] - 1
    low = np.searchsorted(ends, subwords.starts, side="right")  # (N,)
    high = np.searchsorted(starts, subwords.ends, side="left")  # (N,)
    inside = low < high
    if not inside.all():
        notes += _outside(subwords, inside)
        low, high = low[inside], high[inside]

    joined = np.zeros(len(edges), dtype=bool)  # (W,) it shares a subword with the word before
    for index in (high - low > 1).nonzero()[0].tolist():
        joined[low[index] + 1 : high[index]] = True
    for word in joined.nonzero()[0].tolist():
        notes.append(Note("merged", "words that share a subword", int(starts[word])))
    group = (~joined).cumsum() - 1  # (W,) words to units, those without a subword included
    head = (~joined).nonzero()[0]  # the first word of each group

    of = group[low]  # (N',) in ascending order, since the subwords are
    new = np.ones(len(of), dtype=bool)  # begins a unit
    new[1:] = of[1:] != of[:-1]
    first = new.nonzero()[0]
    present = of[first]
    if len(present) < len(head):
        for word in np.delete(head, present).tolist():
            notes.append(Note("dropped", "word without a subword", int(starts[word])))
    tail = np.append(head[1:], len(edges)) - 1  # the last word of each group
    unit_starts, unit_ends = starts[head[present]], ends[tail[present]]
    kept = Subwords(
        subwords.ids[inside], subwords.starts[inside], subwords.ends[inside], subwords.blank
    )
    first = np.append(first, len(of)).astype(np.int32)
    if len(of) and np.diff(first).max() > longest:
        return _break_up(kept, first, unit_starts, unit_ends, longest, notes)
    return Units(kept.ids, first, unit_starts, unit_ends, kept.blank, notes)


def _outside(subwords: Subwords, inside: np.ndarray) -> list[Note]:
    """A note for each subword that holds text and belongs to no word."""
    return [
        Note("dropped", "subword outside the words", int(subwords.starts[index]))
        for index in np.flatnonzero(~inside).tolist()
        if not subwords.blank[subwords.starts[index] : subwords.ends[index]].all()
    ]


def _break_up(
    subwords: Subwords,
    first: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    longest: int,
    notes: list[Note],
) -> Units:
    """Units of at most `longest` subwords: longer ones fall into several, noted once each."""
    firsts, new_starts, new_ends = [], [], []
    for unit, (low, high) in enumerate(zip(first[:-1].tolist(), first[1:].tolist(), strict=True)):
        cuts = list(range(low, high, longest))
        # each piece begins where its first subword does; the word's own edges stay
        begins = [int(starts[unit]), *(int(subwords.starts[cut]) for cut in cuts[1:])]
        firsts += cuts
        new_starts += begins
        new_ends += [*begins[1:], int(ends[unit])]
        if len(cuts) > 1:
            notes.append(Note("cut", "word longer than a window", begins[0]))
    return Units(
        subwords.ids,
        np.array([*firsts, len(subwords.ids)], dtype=np.int32),
        np.array(new_starts, dtype=np.int32),
        np.array(new_ends, dtype=np.int32),
        subwords.blank,
        notes,
    )

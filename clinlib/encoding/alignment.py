"""Alignment: gold character spans to units, with every difference noted."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clinlib.corpora.document import Span
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.units import Note, Units


@dataclass(frozen=True, slots=True)
class Placed:
    """A span over the units first .. last - 1, and what became of its edges ("" where nothing)."""

    first: int
    last: int
    span: Span
    event: str = ""
    reason: str = ""

    def note(self) -> list[Note]:
        """The note on its edges, if any."""
        if not self.event:
            return []
        return [Note(self.event, self.reason, self.span.start, self.span.type)]


def place(spans: Sequence[Span], units: Units, name: str) -> tuple[list[Placed], list[Note]]:
    """Gold spans over units, by position and flat, and a note for each one dropped.

    A span takes every unit that it overlaps, so that an edge inside a unit widens it. Of two spans
    that overlap, or that share a unit, the shorter is dropped (of two equals the later). `name` is
    what a unit is called in the notes.
    """
    placed, notes = [], []
    for span in sorted(spans):
        found = _place(span, units, name)
        if found is None:
            reason = "without a subword" if name == "subword" else "without a word"
            notes.append(Note("dropped", reason, span.start, span.type))
        else:
            placed.append(found)
    if all(a.last <= b.first for a, b in zip(placed, placed[1:], strict=False)):
        return placed, notes
    return _flat(placed, len(units), name, notes)


def _place(span: Span, units: Units, name: str) -> Placed | None:
    solid = np.flatnonzero(~units.blank[span.start : span.end])
    if not len(solid):
        return None
    start, end = span.start + int(solid[0]), span.start + int(solid[-1]) + 1
    first = int(np.searchsorted(units.ends, start, side="right"))
    last = int(np.searchsorted(units.starts, end, side="left"))
    if first >= last:
        return None
    unit_start, unit_end = units.starts[first], units.ends[last - 1]
    if unit_start < start or unit_end > end:
        return Placed(first, last, span, "widened", f"edge inside a {name}")
    if unit_start > start or unit_end < end:
        return Placed(first, last, span, "cut", f"edge without a {name}")
    if start != span.start or end != span.end:
        return Placed(first, last, span, "cut", "blank at its edge")
    return Placed(first, last, span)


def _flat(
    placed: list[Placed], length: int, name: str, notes: list[Note]
) -> tuple[list[Placed], list[Note]]:
    """The longest spans first, each where no longer one is."""
    owner = np.full(length, -1)  # (U,) index of the span that has the unit
    by_length = sorted(
        range(len(placed)), key=lambda i: (placed[i].span.start - placed[i].span.end, i)
    )
    kept = []
    for index in by_length:
        item = placed[index]
        taken = owner[item.first : item.last]
        if (taken < 0).all():
            owner[item.first : item.last] = index
            kept.append(item)
            continue
        others = {placed[other].span for other in np.unique(taken[taken >= 0]).tolist()}
        overlaps = any(item.span.overlaps(other) for other in others)
        reason = "overlaps a longer span" if overlaps else f"shares a {name} with a longer span"
        notes.append(Note("dropped", reason, item.span.start, item.span.type))
    return sorted(kept, key=lambda item: item.first), notes


def label(
    placed: list[Placed],
    cuts: list[list[int]],
    edges: list[int],
    scheme: TagScheme,
    notes: list[Note],
) -> np.ndarray:
    """(U,) int64 label ids of a document's units.

    `edges` are those of the sentences, `cuts` those of the windows of each sentence; a span that
    crosses some is labelled in as many parts. Adds to `notes` what became of each span.
    """
    all_cuts = sorted({cut for sentence in cuts for cut in sentence})
    parts = []
    for item in placed:
        low = bisect_right(all_cuts, item.first)
        between = all_cuts[low : bisect_left(all_cuts, item.last)]
        ends = [item.first, *between, item.last]
        parts += [(a, b, item.span.type) for a, b in zip(ends, ends[1:], strict=False)]
        if between:
            edge = "sentence" if set(between) & set(edges) else "window"
            notes.append(Note("cut", f"at the edge of a {edge}", item.span.start, item.span.type))
        else:
            notes += item.note()
    return scheme.encode(parts, edges[-1])

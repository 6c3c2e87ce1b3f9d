"""Packing: which neighbouring sentences of a document share a window."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clinlib.encoding.units import Units


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, or a part of a long one, as the units low .. high - 1 of its document."""

    sentence: int
    low: int
    high: int


def packs(
    pieces: Sequence[Piece], units: Units, context: int, room: int
) -> Iterator[Sequence[Piece]]:
    """Runs of neighbouring pieces, each as long as fits into `room` subwords with its context.

    A run's context is `context` subwords on each side, fewer only where the document ends. Pieces
    come in order, and each alone must fit; between two runs a sentence may be left out.
    """
    begin = 0
    while begin < len(pieces):
        end = begin + 1
        for stop in range(begin + 2, len(pieces) + 1):
            if pieces[stop - 2].high != pieces[stop - 1].low:
                break  # sentences between the two were not chosen
            if _size(pieces[begin], pieces[stop - 1], units, 0) > room:
                break
            # not the first that is too long: at the document's end no context is needed
            if _size(pieces[begin], pieces[stop - 1], units, context) <= room:
                end = stop
        yield pieces[begin:end]
        begin = end


def _size(first: Piece, last: Piece, units: Units, context: int) -> int:
    """Subwords from one piece to another and of the context around them."""
    start, end = int(units.first[first.low]), int(units.first[last.high])
    return end - start + min(context, start) + min(context, len(units.ids) - end)

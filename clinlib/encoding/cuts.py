"""Cuts: where sentences end in units, and where one longer than a window is divided."""

import numpy as np

from clinlib.encoding.units import Units

STOPS = ".;:!?"
WIDE_STOPS = "。；：！？"  # these end a clause without a blank after them
NEVER, LINE, STOP, COMMA, BLANK, PLAIN, OVERLAP = -1, 5, 4, 3, 2, 1, 0


def sentence_edges(heads: np.ndarray, units: Units) -> list[int]:
    """(S + 1,) edges in units of the sentences that begin at the characters `heads` (S,).

    A unit that straddles two sentences, or lies between them, belongs to the earlier one, and so
    does one that shares a character with the unit before (byte by byte).
    """
    edges = np.searchsorted(units.starts, heads[1:], side="left").tolist()
    for index, edge in enumerate(edges):
        while 0 < edge < len(units) and units.starts[edge] < units.ends[edge - 1]:
            edge += 1
        edges[index] = edge
    return [0, *edges, len(units)]


def divide(
    low: int, high: int, room: int, units: Units, text: str, inside: np.ndarray
) -> list[int]:
    """Edges low = e0 < e1 < ... = high of pieces of units, each of at most `room` subwords.

    Pieces are of about equal length. A cut falls, in this order of preference, at a line end,
    after a full stop or the like, after a comma, at a blank, anywhere; never where `inside` (U,)
    says that a span goes on over a unit's beginning, unless one span alone fills a window.
    A single unit must not have more than `room` subwords.
    """
    edges = [low]
    while units.first[high] - units.first[low] > room:
        low = _next(low, high, room, units, text, inside)
        edges.append(low)
    return [*edges, high]


def _next(low: int, high: int, room: int, units: Units, text: str, inside: np.ndarray) -> int:
    origin = int(units.first[low])
    left = int(units.first[high]) - origin
    target = left / -(-left // room)  # subwords of a piece, were all equal

    def value(unit: int) -> tuple[int, float]:
        size = int(units.first[unit]) - origin
        rank = NEVER if inside[unit] else _rank(unit, units, text)
        return rank, -abs(size - target)

    fitting = []
    for unit in range(low + 1, high):
        if units.first[unit] - origin > room:
            break
        fitting.append(unit)
    long_enough = [unit for unit in fitting if units.first[unit] - origin >= target / 2]
    best = max(long_enough or fitting, key=value)
    if value(best)[0] == NEVER:
        best = max(fitting, key=value)
    if value(best)[0] != NEVER:
        return best
    whole = [unit for unit in fitting if units.starts[unit] >= units.ends[unit - 1]]
    return (whole or fitting)[-1]


def _rank(unit: int, units: Units, text: str) -> int:
    """How good a place the beginning of a unit is for a cut; larger is better."""
    end, start = int(units.ends[unit - 1]), int(units.starts[unit])
    if start < end:
        return OVERLAP  # the two stand for parts of one character
    before, between = text[end - 1 : end], text[end:start]
    blank = bool(between) or before.isspace() or text[end : end + 1].isspace()
    if "\n" in between or before == "\n":
        return LINE
    if before in WIDE_STOPS or (blank and before in STOPS):
        return STOP
    if before == "，" or (blank and before == ","):
        return COMMA
    return BLANK if blank else PLAIN

"""Annotators: how the labels of the training split depart from the guideline.

Three departures, each on sentences and marks: habits of an annotator, jittered boundaries, label
noise. Marks they change say so in `why`.
"""

import re
from dataclasses import replace

import numpy as np

from clinlib.corpora.synthetic.phrases import Mark, Sentence
from clinlib.corpora.synthetic.templates import TYPES

NOISE = 0.04
JITTER = 0.04

_WORD = re.compile(r"\w+(?:[./]\w+)*")
_PREPOSITION = re.compile(r"\b((?:as|by|for) )$")
# how often a document is annotated by one who keeps to the guideline, takes more, or takes less
_HABITS = ("guideline", "guideline", "guideline", "wide", "narrow")


def habit(rng: np.random.Generator) -> str:
    """The habit of a document's annotator: "guideline", "wide" or "narrow"."""
    return _HABITS[rng.integers(len(_HABITS))]


def annotate_by(habit: str, sentence: Sentence) -> Sentence:
    """The marks as an annotator of that habit sets them.

    "wide" takes a preposition into the Route, Form or Duration after it; "narrow" leaves the first
    of two words of a Reason, ADE or Route out.
    """
    marks = []
    for mark in sentence.marks:
        words = _words(sentence.text, mark)
        preposition = _PREPOSITION.search(sentence.text[: mark.start])
        if habit == "wide" and mark.type in ("Route", "Form", "Duration") and preposition:
            mark = replace(mark, start=preposition.start(1), why="style")
        elif habit == "narrow" and mark.type in ("Reason", "ADE", "Route") and len(words) > 1:
            mark = replace(mark, start=words[1][0], why="style")
        marks.append(mark)
    return replace(sentence, marks=tuple(marks))


def jitter(rng: np.random.Generator, sentence: Sentence) -> Sentence:
    """One mark in 25 has an edge moved by one word, inwards or outwards, never into another."""
    marks = list(sentence.marks)
    words = [m.span() for m in _WORD.finditer(sentence.text)]
    for i, mark in enumerate(marks):
        if rng.random() >= JITTER:
            continue
        starts = [w[0] for w in words]
        ends = [w[1] for w in words]
        choices = [
            (start, mark.end)
            for start in _beside(starts, mark.start)
            if start < mark.end and all(m.end <= start for m in marks[:i])
        ] + [
            (mark.start, end)
            for end in _beside(ends, mark.end)
            if end > mark.start and all(m.start >= end for m in marks[i + 1 :])
        ]
        if choices:
            start, end = choices[rng.integers(len(choices))]
            marks[i] = replace(mark, start=start, end=end, why="jitter")
    return replace(sentence, marks=tuple(marks))


def mislabel(rng: np.random.Generator, sentence: Sentence) -> Sentence:
    """One mark in 25 is lost (a third of them) or given another type."""
    marks = []
    for mark in sentence.marks:
        if rng.random() < NOISE:
            if rng.random() < 1 / 3:
                continue
            others = [t for t in TYPES if t != mark.type]
            mark = replace(mark, type=others[rng.integers(len(others))], why="noise")
        marks.append(mark)
    return replace(sentence, marks=tuple(marks))


def _words(text: str, mark: Mark) -> list[tuple[int, int]]:
    return [m.span() for m in _WORD.finditer(text, mark.start, mark.end)]


def _beside(edges: list[int], edge: int) -> list[int]:
    """The edges just before and just after `edge`, if it is one of them."""
    if edge not in edges:
        return []
    i = edges.index(edge)
    return edges[max(i - 1, 0) : i] + edges[i + 1 : i + 2]

"""Annotators: how the labels of the training split depart from the guideline.

Three departures, each on sentences and marks: habits of an annotator, jittered boundaries, label
noise. Marks they change say so in `why`. They know no language: a corpus's `Tastes` say which
types and words they are about.
"""

import re
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from clinlib.corpora.synthetic.phrases import Mark, Sentence

NOISE = 0.04
JITTER = 0.04

_WORD = re.compile(r"\w+(?:[./]\w+)*")
# how often a document is annotated by one who keeps to the guideline, takes more, or takes less
_HABITS = ("guideline", "guideline", "guideline", "wide", "narrow")


def habit(rng: np.random.Generator) -> str:
    """The habit of a document's annotator: "guideline", "wide" or "narrow"."""
    return _HABITS[rng.integers(len(_HABITS))]


@dataclass(frozen=True)
class Tastes:
    """What the annotators of a corpus differ about.

    The wide one takes a word of `leading` into the span of a `wide` type behind it, and makes one
    span of two of a `joined` type that only `conjunction` parts; the narrow one leaves the first
    of several words of a `narrow` type out.
    """

    types: tuple[str, ...]
    leading: tuple[str, ...]
    wide: tuple[str, ...]
    narrow: tuple[str, ...]
    joined: tuple[str, ...] = ()
    conjunction: str = ""


class Departures(Protocol):
    """The switches of a corpus that are the annotators'."""

    styles: bool
    jitter: bool
    noise: bool


def annotated(
    sections: dict[str, list[Sentence]],
    rng: np.random.Generator,
    tastes: Tastes,
    departures: Departures,
) -> dict[str, list[Sentence]]:
    """A document's sentences by section, with the departures that are switched on."""
    by = habit(rng) if departures.styles else "guideline"
    return {
        title: [
            depart(rng, sentence, tastes, by, departures.jitter, departures.noise)
            for sentence in sentences
        ]
        for title, sentences in sections.items()
    }


def depart(
    rng: np.random.Generator,
    sentence: Sentence,
    tastes: Tastes,
    habit: str,
    jittered: bool,
    noisy: bool,
) -> Sentence:
    """The sentence as annotated in training: by habit, then jittered, then mislabelled."""
    sentence = annotate_by(habit, sentence, tastes)
    if jittered:
        sentence = jitter(rng, sentence)
    if noisy:
        sentence = mislabel(rng, sentence, tastes.types)
    return sentence


def annotate_by(habit: str, sentence: Sentence, tastes: Tastes) -> Sentence:
    """The marks as an annotator of that habit ("guideline", "wide", "narrow") sets them."""
    before_mark = re.compile(rf"\b((?:{'|'.join(map(re.escape, tastes.leading))}) )$")
    marks = []
    for mark in sentence.marks:
        words = _words(sentence.text, mark)
        leading = before_mark.search(sentence.text[: mark.start])
        if habit == "wide" and mark.type in tastes.wide and leading:
            mark = replace(mark, start=leading.start(1), why="style")
        elif habit == "narrow" and mark.type in tastes.narrow and len(words) > 1:
            mark = replace(mark, start=words[1][0], why="style")
        elif habit == "wide" and marks and _conjoined(sentence.text, marks[-1], mark, tastes):
            mark = replace(mark, start=marks.pop().start, why="style")
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


def mislabel(rng: np.random.Generator, sentence: Sentence, types: tuple[str, ...]) -> Sentence:
    """One mark in 25 is lost (a third of them) or given another type."""
    marks = []
    for mark in sentence.marks:
        if rng.random() < NOISE:
            if rng.random() < 1 / 3:
                continue
            others = [t for t in types if t != mark.type]
            mark = replace(mark, type=others[rng.integers(len(others))], why="noise")
        marks.append(mark)
    return replace(sentence, marks=tuple(marks))


def _conjoined(text: str, left: Mark, right: Mark, tastes: Tastes) -> bool:
    """Whether only the conjunction parts two marks of a type that wide annotators join."""
    same = left.type == right.type and left.type in tastes.joined
    return same and text[left.end : right.start].strip() == tastes.conjunction


def _words(text: str, mark: Mark) -> list[tuple[int, int]]:
    return [m.span() for m in _WORD.finditer(text, mark.start, mark.end)]


def _beside(edges: list[int], edge: int) -> list[int]:
    """The edges just before and just after `edge`, if it is one of them."""
    if edge not in edges:
        return []
    i = edges.index(edge)
    return edges[max(i - 1, 0) : i] + edges[i + 1 : i + 2]

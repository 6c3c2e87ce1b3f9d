"""Sentence and Mark: a template filled, with its entities.

In a template, [a|b] is a free choice and {slot} is filled by the writer. A slot named after a
lexicon gives an entity of that type; {slot!} gives an entry of that lexicon that is no entity;
{n} is a number and {year} a year.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Mark:
    """An entity in a sentence: characters [start, end) of it, the type, the mechanism."""

    start: int
    end: int
    type: str
    why: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A filled template."""

    text: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Filling:
    """What stands in a slot; type "" for what is no entity."""

    text: str
    type: str = ""
    why: str = ""


_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{([a-z]+!?)\}")


def fill(template: str, rng: np.random.Generator, filling: Callable[[str], Filling]) -> Sentence:
    """The sentence of a template: choices drawn, slots filled, the first letter a capital."""

    def choose(match: re.Match) -> str:
        options = match.group(1).split("|")
        return options[rng.integers(len(options))]

    while _CHOICE.search(template):
        template = _CHOICE.sub(choose, template)
    text, marks, at = "", [], 0
    for match in _SLOT.finditer(template):
        text += template[at : match.start()]
        filled = filling(match.group(1))
        if filled.type:
            marks.append(Mark(len(text), len(text) + len(filled.text), filled.type, filled.why))
        text += filled.text
        at = match.end()
    text += template[at:]
    return Sentence(text[0].upper() + text[1:], tuple(marks))

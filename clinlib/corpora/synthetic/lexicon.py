"""The English lexicons: names, measures and abbreviations of the medication letters.

The words are the same for every corpus seed, so that text for pretraining and text for
fine-tuning share them.
"""

from functools import lru_cache

import numpy as np

from clinlib.corpora.synthetic.entries import SIZE, Lexicon, Measures, Names, Syllables, capitals
from clinlib.errors import unknown

__all__ = ["NAMES", "SIZE", "known_words", "lexicon", "lexicons", "word"]

_SEED = 20180  # of the words, not of a corpus: one constant, so that all corpora share them

_SYLLABLES = Syllables(
    onsets=tuple(
        [
            "b",
            "br",
            "c",
            "cl",
            "d",
            "dr",
            "f",
            "fl",
            "g",
            "gr",
            "k",
            "l",
            "m",
            "n",
            "p",
            "pr",
            "r",
            "s",
            "st",
            "t",
            "tr",
            "v",
            "z",
        ]
    ),
    vowels=("a", "e", "i", "o", "u", "ai", "ea", "io", "ou"),
    codas=("", "", "", "l", "m", "n", "r", "s", "x"),
)


def _names(endings: str, first: tuple[str, ...] = (), last: tuple[str, ...] = ()) -> Names:
    return Names(tuple(endings.split()), first, last)


_NAMES = {
    "drug": _names("ol pril statin mab cillin azine idone", (), ("sodium", "forte")),
    "reason": _names("itis osis emia opathy oma", ("acute", "chronic", "recurrent")),
    "ade": _names("algia spasm rrhea urtica plegia", ("severe", "mild", "new")),
    "finding": _names("ness edema uria ictus", ("transient", "diffuse")),
    "form": _names("tab caps syrup gel spray", (), ("tablet", "cream", "solution")),
    "route": _names("ally enteral dermal venous", ("per", "intra")),
    "analyte": _names("ase gen protein ine", (), ("level", "titre")),
    "unit": _names("ful let ule"),
}
_AMOUNT_LIST = (
    "0.5 1 2 2.5 4 5 7.5 10 12.5 15 20 25 30 40 50 75 80 100 125 150 200 250 300 400 500 600 800"
)
_MEASURES = {
    "strength": Measures(
        tuple(_AMOUNT_LIST.split()),
        ("{n} mg", "{n} mcg", "{n} mg/ml", "{n} units", "{n} g"),
        "{n} {word}",
    ),
    "dosage": Measures(
        range(1, 31), ("{n} puffs", "{n} drops", "{n} ml", "{n} scoops"), "{n} {word}"
    ),
    "frequency": Measures(
        range(1, 31),
        ("every {n} hours", "{n} times daily", "every {n} mornings", "q{n}h", "{n} times weekly"),
        "every {word}",
    ),
    "duration": Measures(
        range(1, 31), ("{n} days", "{n} weeks", "{n} months", "{n} more days"), "{n} {word}"
    ),
}
_WORDS_OF_TWO = (
    "AM AN AS AT BY DO DR GO GP HE IF IN IS IT ME MR MS MY NO OF OH ON OR PO PM SO TO UP US WE"
)

NAMES = (*_NAMES, *_MEASURES, "abbreviation")


def word(rng: np.random.Generator, syllables: int) -> str:
    """One invented English word in lower case."""
    return _SYLLABLES.word(rng, syllables)


@lru_cache(maxsize=1)
def lexicons() -> dict[str, Lexicon]:
    """All lexicons by name; no entry stands in two of them, nor in two parts of one."""
    rng = np.random.default_rng(_SEED)
    taken: set[str] = set()
    made = {}
    for name in NAMES:
        if name in _NAMES:
            entries = _NAMES[name].entries(rng, _SYLLABLES, taken)
        elif name in _MEASURES:
            entries = _MEASURES[name].entries(rng, _SYLLABLES, taken)
        else:
            entries = capitals(rng, frozenset(_WORDS_OF_TWO.split()))
        made[name] = Lexicon.of(name, entries)
    return made


def lexicon(name: str) -> Lexicon:
    """The lexicon of that name; raises BadInput for another name."""
    if name not in NAMES:
        raise unknown("lexicon", name, NAMES)
    return lexicons()[name]


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Every word of every entry, in lower case."""
    parts = [lexicon(name).a + lexicon(name).part("B") for name in NAMES]
    return frozenset(w for part in parts for entry in part for w in entry.lower().split())

"""The Dutch lexicons of the IBD notes: invented names, measures, dates and abbreviations.

A few real terms of the field come first in half A, so that they are its most frequent entries;
all other names are joined syllables. The words are the same for every corpus seed.
"""

from functools import lru_cache

import numpy as np

from clinlib.corpora.synthetic.entries import Lexicon, Measures, Names, Syllables, capitals
from clinlib.errors import unknown

_SEED = 20250  # of the words, not of a corpus: one constant, so that all corpora share them

_ONSETS = "b br d dr f g gr h k kl kr l m n p pl r s sch sl st t tr v w z zw"
_SYLLABLES = Syllables(
    onsets=tuple(_ONSETS.split()),
    vowels=("a", "e", "i", "o", "u", "aa", "ee", "oo", "ie", "oe", "ui", "ij"),
    codas=("", "", "", "l", "m", "n", "r", "s", "t", "k"),
)
# real terms, the most frequent entries of half A
COMMON = {
    "diagnosis": ("ziekte van Crohn", "colitis ulcerosa", "Crohn"),
    "location": ("terminale ileum", "caecum", "sigmoid"),
    "behaviour": ("stenoserend", "penetrerend"),
    "extent": ("pancolitis", "linkszijdige colitis", "proctitis"),
    "surgery": ("ileocaecale resectie", "appendectomie"),
    "perianal": ("perianale fistel", "perianaal abces"),
    "abbreviation": ("CD", "CU", "UC"),
}
_NAMES = {
    "diagnosis": Names(("itis", "ose", "colie", "pathie"), ("chronische", "recidiverende")),
    "location": Names(("ileum", "colon", "flexuur", "darm"), ("distale", "proximale", "linker")),
    "behaviour": Names(("erend", "achtig", "vormend"), ("licht", "overwegend")),
    "extent": Names(("zijdig", "wijd", "segmenteel"), ("beperkte", "uitgebreide")),
    "surgery": Names(("ectomie", "plastie", "stomie"), (), ("rechts", "links")),
    "perianal": Names(("fistel", "abces", "fissuur"), ("diepe", "multipele")),
    "analyte": Names(("ase", "ine", "globine"), (), ("serum",)),
    "medication": Names(("mab", "prine", "zine", "son"), (), ("retard",)),
}
_MONTHS = "jan feb maart april mei juni juli aug sept okt nov dec"
_MEASURES = {
    "weight": Measures(range(42, 125), ("{n} kg", "{n},5 kg", "{n} kilo", "{n}kg", "{n},2 kg")),
    "length": Measures(
        range(146, 204), ("{n} cm", "{n}cm", "{m},{c} m", "{m}m{c}", "{n} centimeter", "{m}.{c} m")
    ),
    "date": Measures(range(1968, 2021), ("{n}", *(f"{month} {{n}}" for month in _MONTHS.split()))),
}
_WORDS_OF_TWO = "AF AL DE DR EN ER GA HE HU IK IN IS JA JE ME NA NO NU OF OM OP TE TO UW WE ZE ZO"

NAMES = (*_NAMES, *_MEASURES, "abbreviation")


def dutch_word(rng: np.random.Generator, syllables: int) -> str:
    """One invented Dutch word in lower case."""
    return _SYLLABLES.word(rng, syllables)


@lru_cache(maxsize=1)
def dutch_lexicons() -> dict[str, Lexicon]:
    """All lexicons by name; no entry stands in two of them, nor in two parts of one."""
    rng = np.random.default_rng(_SEED)
    taken = {entry for entries in COMMON.values() for entry in entries}
    made = {}
    for name in NAMES:
        common = COMMON.get(name, ())
        if name in _NAMES:
            entries = _NAMES[name].entries(rng, _SYLLABLES, taken, common)
        elif name in _MEASURES:
            entries = _MEASURES[name].entries(rng, _SYLLABLES, taken)
        else:
            entries = capitals(rng, frozenset(_WORDS_OF_TWO.split()), common)
        made[name] = Lexicon.of(name, entries)
    return made


def dutch_lexicon(name: str) -> Lexicon:
    """The lexicon of that name; raises BadInput for another name."""
    if name not in NAMES:
        raise unknown("Dutch lexicon", name, NAMES)
    return dutch_lexicons()[name]


@lru_cache(maxsize=1)
def dutch_words() -> frozenset[str]:
    """Every word of every entry, in lower case."""
    parts = [dutch_lexicon(name).a + dutch_lexicon(name).part("B") for name in NAMES]
    return frozenset(w for part in parts for entry in part for w in entry.lower().split())

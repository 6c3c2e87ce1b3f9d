"""Lexicon: invented entries of one kind, in parts that training, dev and test draw from.

The words are joined syllables and mean nothing. They are the same for every corpus seed, so that
text for pretraining and text for fine-tuning share them. It knows neither sentences nor letters.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from clinlib.errors import BadInput, unknown

SIZE = 300
EXPONENT = 0.7
_SEED = 20180  # of the words, not of a corpus: one constant, so that all corpora share them

_ONSET_LIST = "b br c cl d dr f fl g gr k l m n p pr r s st t tr v z"
_ONSETS = tuple(_ONSET_LIST.split())
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "io", "ou")
_CODAS = ("", "", "", "l", "m", "n", "r", "s", "x")

# (endings that betray the kind, first words, last words) of the lexicons that are names
_NAMES = {
    "drug": ("ol pril statin mab cillin azine idone", (), ("sodium", "forte")),
    "reason": ("itis osis emia opathy oma", ("acute", "chronic", "recurrent"), ()),
    "ade": ("algia spasm rrhea urtica plegia", ("severe", "mild", "new"), ()),
    "finding": ("ness edema uria ictus", ("transient", "diffuse"), ()),
    "form": ("tab caps syrup gel spray", (), ("tablet", "cream", "solution")),
    "route": ("ally enteral dermal venous", ("per", "intra"), ()),
    "analyte": ("ase gen protein ine", (), ("level", "titre")),
    "unit": ("ful let ule", (), ()),
}
_AMOUNT_LIST = (
    "0.5 1 2 2.5 4 5 7.5 10 12.5 15 20 25 30 40 50 75 80 100 125 150 200 250 300 400 500 600 800"
)
_AMOUNTS = tuple(_AMOUNT_LIST.split())
# (amounts, typical patterns, pattern with an invented unit) of the lexicons that are measures
_MEASURES = {
    "strength": (_AMOUNTS, ("{n} mg", "{n} mcg", "{n} mg/ml", "{n} units", "{n} g"), "{n} {word}"),
    "dosage": (range(1, 31), ("{n} puffs", "{n} drops", "{n} ml", "{n} scoops"), "{n} {word}"),
    "frequency": (
        range(1, 31),
        ("every {n} hours", "{n} times daily", "every {n} mornings", "q{n}h", "{n} times weekly"),
        "every {word}",
    ),
    "duration": (
        range(1, 31),
        ("{n} days", "{n} weeks", "{n} months", "{n} more days"),
        "{n} {word}",
    ),
}
_WORDS_OF_TWO = (
    "AM AN AS AT BY DO DR GO GP HE IF IN IS IT ME MR MS MY NO OF OH ON OR PO PM SO TO UP US WE"
)
_NO_ABBREVIATION = frozenset(_WORDS_OF_TWO.split())

NAMES = (*_NAMES, *_MEASURES, "abbreviation")


@dataclass(frozen=True)
class Lexicon:
    """Entries of one kind in three disjoint parts.

    `a` is half A, all that training text uses. Half B is `dev` (a third, which only the dev split
    and unlabelled text use) and `b` (which only the test split and unlabelled text use): a model
    trained on train + dev has still read no entry of `b`.
    """

    name: str
    a: tuple[str, ...]
    dev: tuple[str, ...]
    b: tuple[str, ...]

    def part(self, name: str) -> tuple[str, ...]:
        """The entries of part "a", "dev", "b", or of "B", which is all of half B."""
        parts = {"a": self.a, "dev": self.dev, "b": self.b, "B": self.dev + self.b}
        if name not in parts:
            raise unknown("part of a lexicon", name, parts)
        return parts[name]

    def draw(self, rng: np.random.Generator, part: str) -> str:
        """One entry of a part; the entry of rank r is drawn in proportion to 1 / r (Zipf)."""
        entries = self.part(part)
        return entries[int(np.searchsorted(_cumulative(len(entries)), rng.random(), "right"))]


@lru_cache(maxsize=64)
def _cumulative(size: int) -> np.ndarray:
    """The distribution function of a Zipf law over ranks 1..size; shape (size,)."""
    weights = 1.0 / np.arange(1, size + 1) ** EXPONENT
    cumulative = np.cumsum(weights) / weights.sum()
    cumulative[-1] = 1.0
    return cumulative


def word(rng: np.random.Generator, syllables: int) -> str:
    """One invented word in lower case."""
    parts = [
        _ONSETS[rng.integers(len(_ONSETS))]
        + _VOWELS[rng.integers(len(_VOWELS))]
        + _CODAS[rng.integers(len(_CODAS))]
        for _ in range(syllables)
    ]
    return "".join(parts)


@lru_cache(maxsize=1)
def lexicons() -> dict[str, Lexicon]:
    """All lexicons by name; no entry stands in two of them, nor in two parts of one."""
    rng = np.random.default_rng(_SEED)
    taken: set[str] = set()
    made = {}
    for name in NAMES:
        if name in _NAMES:
            entries = _name_entries(rng, name, taken)
        elif name in _MEASURES:
            entries = _measure_entries(rng, name, taken)
        else:
            entries = _abbreviations(rng)
        half = SIZE // 2
        third = half // 3
        a, rest = entries[:half], entries[half:]
        made[name] = Lexicon(name, a, rest[:third], rest[third:])
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


def _fresh(rng: np.random.Generator, taken: set[str], make) -> str:
    """A result of make() that is not taken yet, and takes it."""
    for _ in range(10_000):
        entry = make()
        if entry not in taken:
            taken.add(entry)
            return entry
    raise BadInput("no fresh word could be made: the lexicons ask for more than syllables give")


def _name_entries(rng: np.random.Generator, name: str, taken: set[str]) -> tuple[str, ...]:
    """SIZE entries: every second one ends as its kind does, every fifth has two words."""
    endings, first, last = _NAMES[name]
    endings = endings.split()
    entries = []
    for i in range(SIZE):

        def make(i=i):
            if i % 2:
                return word(rng, int(rng.integers(1, 3))) + endings[rng.integers(len(endings))]
            return word(rng, int(rng.integers(2, 4)))

        entry = _fresh(rng, taken, make)
        if i % 5 == 0 and first:
            entry = f"{first[rng.integers(len(first))]} {entry}"
        elif i % 5 == 0 and last:
            entry = f"{entry} {last[rng.integers(len(last))]}"
        entries.append(entry)
    return tuple(entries[i] for i in rng.permutation(SIZE))


def _measure_entries(rng: np.random.Generator, name: str, taken: set[str]) -> tuple[str, ...]:
    """SIZE entries: half by typical patterns, half with an invented unit."""
    amounts, patterns, invented = _MEASURES[name]
    typical = [p.format(n=n) for p, n in product(patterns, amounts)]
    typical = [typical[i] for i in rng.permutation(len(typical))[: SIZE // 2]]
    if "{n}" not in invented:
        opaque = [
            invented.format(word=_fresh(rng, taken, lambda: word(rng, 2)))
            for _ in range(SIZE - len(typical))
        ]
    else:
        units = [_fresh(rng, taken, lambda: word(rng, 1)) for _ in range(20)]
        opaque = [invented.format(n=n, word=unit) for unit, n in product(units, amounts)]
        opaque = [opaque[i] for i in rng.permutation(len(opaque))[: SIZE - len(typical)]]
    entries = typical + opaque
    return tuple(entries[i] for i in rng.permutation(SIZE))


def _abbreviations(rng: np.random.Generator) -> tuple[str, ...]:
    """SIZE pairs of capitals that are no English word or title."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    pairs = [a + b for a, b in product(letters, letters) if a + b not in _NO_ABBREVIATION]
    return tuple(pairs[i] for i in rng.permutation(len(pairs))[:SIZE])

"""Lexicon: invented entries of one kind, in parts that training, dev and test draw from.

How the entries are made from syllables, amounts and capitals, whatever the language. It knows
neither sentences nor documents.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from clinlib.errors import BadInput, unknown

SIZE = 300
EXPONENT = 0.7


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

    @classmethod
    def of(cls, name: str, entries: tuple[str, ...]) -> "Lexicon":
        """The lexicon whose halves are the first SIZE / 2 entries and the rest."""
        half = SIZE // 2
        third = half // 3
        a, rest = entries[:half], entries[half:]
        return cls(name, a, rest[:third], rest[third:])

    def part(self, name: str) -> tuple[str, ...]:
        """The entries of part "a", "dev", "b", or of "B", which is all of half B."""
        parts = {"a": self.a, "dev": self.dev, "b": self.b, "B": self.dev + self.b}
        if name not in parts:
            raise unknown("part of a lexicon", name, parts)
        return parts[name]

    def draw(self, rng: np.random.Generator, part: str) -> str:
        """One entry of a part; that of rank r is drawn in proportion to r^-EXPONENT (Zipf)."""
        entries = self.part(part)
        return entries[int(np.searchsorted(_cumulative(len(entries)), rng.random(), "right"))]


@lru_cache(maxsize=64)
def _cumulative(size: int) -> np.ndarray:
    """The distribution function of a Zipf law over ranks 1..size; shape (size,)."""
    weights = 1.0 / np.arange(1, size + 1) ** EXPONENT
    cumulative = np.cumsum(weights) / weights.sum()
    cumulative[-1] = 1.0
    return cumulative


@dataclass(frozen=True)
class Syllables:
    """The sounds of which a language's invented words are joined."""

    onsets: tuple[str, ...]
    vowels: tuple[str, ...]
    codas: tuple[str, ...]

    def word(self, rng: np.random.Generator, syllables: int) -> str:
        """One invented word in lower case."""
        parts = [
            self.onsets[rng.integers(len(self.onsets))]
            + self.vowels[rng.integers(len(self.vowels))]
            + self.codas[rng.integers(len(self.codas))]
            for _ in range(syllables)
        ]
        return "".join(parts)


@dataclass(frozen=True)
class Names:
    """A kind of names: endings that betray it, and the first or last word of those of two words."""

    endings: tuple[str, ...]
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()

    def entries(
        self,
        rng: np.random.Generator,
        syllables: Syllables,
        taken: set[str],
        common: tuple[str, ...] = (),
    ) -> tuple[str, ...]:
        """SIZE entries: every second one ends as its kind does, every fifth has two words.

        `common` are entries of real words: they come first and are thus the most frequent ones.
        """
        entries = []
        for i in range(SIZE):

            def make(i=i):
                if i % 2:
                    stem = syllables.word(rng, int(rng.integers(1, 3)))
                    return stem + self.endings[rng.integers(len(self.endings))]
                return syllables.word(rng, int(rng.integers(2, 4)))

            entry = fresh(taken, make)
            if i % 5 == 0 and self.first:
                entry = f"{self.first[rng.integers(len(self.first))]} {entry}"
            elif i % 5 == 0 and self.last:
                entry = f"{entry} {self.last[rng.integers(len(self.last))]}"
            entries.append(entry)
        shuffled = tuple(entries[i] for i in rng.permutation(SIZE))
        return (*common, *shuffled)[:SIZE]


@dataclass(frozen=True)
class Measures:
    """A kind of measures: amounts, typical patterns, and a pattern with an invented unit.

    A pattern may hold {n}, the amount, {m} and {c}, its hundreds and the two digits of the rest.
    """

    amounts: Iterable
    patterns: tuple[str, ...]
    invented: str = ""

    def entries(
        self, rng: np.random.Generator, syllables: Syllables, taken: set[str]
    ) -> tuple[str, ...]:
        """SIZE entries: half by typical patterns, half with an invented unit, if there is one.

        Raises BadInput where the patterns and amounts give too few.
        """
        typical = [_measure(p, n) for p, n in product(self.patterns, self.amounts)]
        wanted = SIZE // 2 if self.invented else SIZE
        typical = [typical[i] for i in rng.permutation(len(typical))[:wanted]]
        if not self.invented:
            if len(set(typical)) < SIZE:
                raise BadInput(f"{len(set(typical))} measures; a lexicon has {SIZE} entries")
            return tuple(typical)
        if "{n}" not in self.invented:
            opaque = [
                self.invented.format(word=fresh(taken, lambda: syllables.word(rng, 2)))
                for _ in range(SIZE - len(typical))
            ]
        else:
            units = [fresh(taken, lambda: syllables.word(rng, 1)) for _ in range(20)]
            pairs = product(units, self.amounts)
            opaque = [self.invented.format(n=n, word=unit) for unit, n in pairs]
            opaque = [opaque[i] for i in rng.permutation(len(opaque))[: SIZE - len(typical)]]
        entries = typical + opaque
        return tuple(entries[i] for i in rng.permutation(SIZE))


def _measure(pattern: str, amount) -> str:
    if "{m}" in pattern:
        return pattern.format(n=amount, m=amount // 100, c=f"{amount % 100:02d}")
    return pattern.format(n=amount)


def capitals(
    rng: np.random.Generator, words: frozenset[str], common: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """SIZE pairs of capitals, none of them in `words`; `common` ones come first."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    pairs = [a + b for a, b in product(letters, letters) if a + b not in words]
    drawn = [pairs[i] for i in rng.permutation(len(pairs))]
    return (*common, *(pair for pair in drawn if pair not in common))[:SIZE]


def fresh(taken: set[str], make: Callable[[], str]) -> str:
    """A result of make() that is not taken yet, and takes it."""
    for _ in range(10_000):
        entry = make()
        if entry not in taken:
            taken.add(entry)
            return entry
    raise BadInput("no fresh word could be made: the lexicons ask for more than syllables give")

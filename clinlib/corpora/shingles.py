"""Shingles: passages of 60 normalised characters, by which texts are found in one another.

The same case may stand in two corpora under other ids and with names and dates rewritten, so that
whole texts never match; their passages do. It knows texts by number only, and no corpus.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

WIDTH = 60  # normalised characters of a shingle
JUDGED = 12  # a text with fewer shingles (70 characters or fewer) is too short to be judged
SHARE = 0.5  # of a text's shingles in another: then it stands there
TIED = 50  # shingles in common, as many as one common passage of 109 characters holds

_CHUNK = 1 << 21  # characters hashed at a time, which bounds the memory
_PAIRS = 1 << 23  # pairs of texts counted at a time
_BLOCK = 1 << 20  # characters of a stream whose shingles are held at a time
_LETTER_END = 0x110000
# an odd number has an inverse modulo 2^64, by which a passage's hash is freed of its position
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)


@dataclass(frozen=True, eq=False)
class Shingles:
    """The distinct shingles of D texts: `hashes` (S,) uint64 in order, each with its text.

    `owners` (S,) int32 are the texts' numbers; a hash that several texts hold stands there once
    for each, in their order. `sizes` (D,) counts the shingles of each text, `lengths` (D,) its
    normalised characters.
    """

    hashes: np.ndarray
    owners: np.ndarray
    sizes: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        return len(self.sizes)

    def some(self, start: int, end: int) -> "Shingles":
        """The shingles of the texts from number `start` up to `end`, numbered from 0."""
        mine = (self.owners >= start) & (self.owners < end)
        return Shingles(
            self.hashes[mine],
            self.owners[mine] - np.int32(start),
            self.sizes[start:end],
            self.lengths[start:end],
        )

    @property
    def judged(self) -> np.ndarray:
        """Which texts (D,) have shingles enough for `stand` to judge."""
        return self.sizes >= JUDGED


def normalised(text: str) -> str:
    """Letters and digits alone, compatibility forms made plain (NFKC), in lower case.

    >>> normalised("Señora  de 45 años:\\nEVA 3/10.")
    'señorade45añoseva310'
    """
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).lower()))


def shingles(texts: Iterable[str], width: int = WIDTH) -> Shingles:
    """The shingles of texts, numbered from 0 in their order; a text below `width` has none.

    Hashes are polynomials modulo 2^64 over scattered code points: two different passages have
    the same one with a chance of about 1 in 10^19.
    """
    hashes, owners, lengths = [], [], []
    for chunk in _chunks(texts):
        sizes = np.array([len(codes) for codes in chunk], dtype=np.int64)
        of_window, found = _windows(np.concatenate(chunk), sizes, width)
        hashes.append(found)
        owners.append((of_window + sum(map(len, lengths))).astype(np.int32))
        lengths.append(sizes)
    return _indexed(
        np.concatenate([np.empty(0, np.uint64), *hashes]),
        np.concatenate([np.empty(0, np.int32), *owners]),
        np.concatenate([np.empty(0, np.int64), *lengths]),
    )


def held(texts: Shingles, *others: Shingles) -> np.ndarray:
    """How many shingles (D,) of each text stand anywhere in the others."""
    found = np.zeros(len(texts.hashes), dtype=bool)
    for other in others:
        found |= _in(texts.hashes, other.hashes)
    return np.bincount(texts.owners[found], minlength=len(texts))


def stand(texts: Shingles, *others: Shingles) -> np.ndarray:
    """Which texts (D,) stand in the others: judged, and half of their shingles are there."""
    return texts.judged & (held(texts, *others) >= SHARE * texts.sizes)


def common(left: Shingles, right: Shingles) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (P, 2) of a left and a right text that share shingles, and how many (P,) they share."""
    shared = _in(left.hashes, right.hashes)
    hashes, owners = left.hashes[shared], left.owners[shared]
    low = np.searchsorted(right.hashes, hashes, side="left")
    times = np.searchsorted(right.hashes, hashes, side="right") - low
    codes, counts = np.empty(0, np.int64), np.empty(0, np.int64)
    for part in _slices(times):
        repeats = times[part]
        place = _places(low[part], repeats)
        pairs = np.repeat(owners[part], repeats).astype(np.int64) * len(right)
        more, n = np.unique(pairs + right.owners[place], return_counts=True)
        codes, back = np.unique(np.concatenate([codes, more]), return_inverse=True)
        counts = np.bincount(back, np.concatenate([counts, n])).astype(np.int64)
    return np.stack(np.divmod(codes, max(len(right), 1)), axis=1), counts


def tied(left: Shingles, right: Shingles) -> np.ndarray:
    """Pairs (P, 2) of a left and a right text with a passage in common that must not part them.

    They share 50 shingles, or half of those of the one that has fewer.
    """
    pairs, counts = common(left, right)
    fewer = np.minimum(left.sizes[pairs[:, 0]], right.sizes[pairs[:, 1]])
    return pairs[(counts >= TIED) | (counts >= SHARE * fewer)]


def tied_numbers(texts: Iterable[str], others: Shingles, width: int = WIDTH) -> frozenset[int]:
    """Numbers of the texts that are tied to any of the others, whose shingles have `width`.

    The texts may be more than memory holds: shingles are made of one block of them at a time.
    """
    found: set[int] = set()
    before = 0
    for block in _blocks(texts):
        some = shingles(block, width)
        found.update((before + tied(some, others)[:, 0]).tolist())
        before += len(some)
    return frozenset(found)


def _blocks(texts: Iterable[str]) -> Iterator[list[str]]:
    """The texts in their order, some at a time; one that is longer than a block is one itself."""
    block, size = [], 0
    for text in texts:
        block.append(text)
        size += len(text)
        if size >= _BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block


def _in(hashes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of the hashes (S,) stand among the others; both in order. The fewer are looked up."""
    if len(hashes) <= len(others):
        return _looked_up(hashes, others)
    both = others[_looked_up(others, hashes)]
    both = both[np.append(True, both[1:] != both[:-1])[: len(both)]]
    low = np.searchsorted(hashes, both, side="left")
    times = np.searchsorted(hashes, both, side="right") - low
    found = np.zeros(len(hashes), dtype=bool)
    found[_places(low, times)] = True
    return found


def _looked_up(hashes: np.ndarray, others: np.ndarray) -> np.ndarray:
    if not len(others):
        return np.zeros(len(hashes), dtype=bool)
    at = np.searchsorted(others, hashes)
    return others[np.minimum(at, len(others) - 1)] == hashes


def _places(low: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The numbers from each `low` on, as many as `times` says."""
    first = np.cumsum(times) - times
    return np.arange(times.sum()) - np.repeat(first - low, times)


def _chunks(texts: Iterable[str]) -> Iterator[list[np.ndarray]]:
    """Code points of the normalised texts, some texts at a time."""
    letters = _letters()
    chunk, size = [], 0
    for text in texts:
        plain = unicodedata.normalize("NFKC", text).lower()
        codes = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        codes = codes[letters[codes]]
        chunk.append(codes)
        size += len(codes)
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


@cache
def _letters() -> np.ndarray:
    """Whether each code point is a letter or digit."""
    return np.array([chr(code).isalnum() for code in range(_LETTER_END)])


def _windows(codes: np.ndarray, sizes: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The text and the hash of each passage of texts that lie one behind the other in `codes`."""
    owners = np.repeat(np.arange(len(sizes)), np.maximum(sizes - width + 1, 0))
    if not len(owners):
        return owners, np.empty(0, np.uint64)
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(len(codes), _BASE, np.uint64))  # (C,) BASE^1, BASE^2, ...
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(_scattered(codes) * powers)])
        hashes = (sums[width:] - sums[:-width]) * np.cumprod(
            np.full(len(codes) - width + 1, _INVERSE, np.uint64)
        )
    ends = np.repeat(np.cumsum(sizes), sizes)  # (C,) where the text of each character ends
    within = np.arange(len(hashes)) + width <= ends[: len(hashes)]
    return owners, hashes[within]


def _scattered(codes: np.ndarray) -> np.ndarray:
    """(C,) uint64: code points spread over all bits, so that small sums do not meet."""
    with np.errstate(over="ignore"):
        spread = codes.astype(np.uint64) * np.uint64(0xD6E8FEB86659FD93)
        spread = (spread ^ (spread >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
        return spread ^ (spread >> np.uint64(29))


def _indexed(hashes: np.ndarray, owners: np.ndarray, lengths: np.ndarray) -> Shingles:
    """Shingles in order of hash, each once for a text."""
    order = np.argsort(hashes, kind="stable")  # stable: texts stay in order among equal hashes
    hashes, owners = hashes[order], owners[order]
    again = (hashes[1:] == hashes[:-1]) & (owners[1:] == owners[:-1])
    first = np.concatenate([np.ones(min(len(hashes), 1), dtype=bool), ~again])
    hashes, owners = hashes[first], owners[first]
    return Shingles(hashes, owners, np.bincount(owners, minlength=len(lengths)), lengths)


def _slices(times: np.ndarray) -> Iterator[slice]:
    """Slices of `times` whose sums stay near a bound, empty ends left out."""
    sums = np.cumsum(times)
    at = 0
    while at < len(times) and sums[-1] > (sums[at - 1] if at else 0):
        before = sums[at - 1] if at else 0
        end = max(int(np.searchsorted(sums, before + _PAIRS, side="right")), at + 1)
        yield slice(at, end)
        at = end

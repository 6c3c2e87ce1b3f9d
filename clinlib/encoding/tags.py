"""Tag schemes: flat spans over units to one label id per unit, and back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from clinlib.errors import BadInput, unknown

PREFIXES = {"BIO": "BI", "BIOES": "BIES"}


@dataclass(frozen=True)
class TagScheme:
    """BIO (Begin, Inside) or BIOES (also End, and Single for a span of one unit) over `types`.

    Label ids: 0 is O, then for each type its prefixes in the order B, I(, E, S).
    Raises BadInput for another scheme, and for no, empty or repeated types.
    """

    name: str
    types: tuple[str, ...]

    def __post_init__(self):
        if self.name not in PREFIXES:
            raise unknown("tag scheme", self.name, PREFIXES)
        object.__setattr__(self, "types", tuple(self.types))
        if not self.types or not all(self.types) or len(set(self.types)) != len(self.types):
            raise BadInput(f"a tag scheme needs distinct, non-empty types, not {self.types!r}")

    @classmethod
    def of(cls, labels: Sequence[str]) -> "TagScheme":
        """The scheme that has these labels, in its own order; raises BadInput if there is none."""
        types = tuple(dict.fromkeys(label[2:] for label in labels if label != "O"))
        for name in PREFIXES:
            if types and (scheme := cls(name, types)).labels == tuple(labels):
                return scheme
        raise BadInput(f"{', '.join(labels)} are the labels of none of {', '.join(PREFIXES)}")

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The K label names; a label's id is its index."""
        prefixes = PREFIXES[self.name]
        return ("O", *(f"{prefix}-{type}" for type in self.types for prefix in prefixes))

    @cached_property
    def _index(self) -> dict[str, int]:
        return {type: index for index, type in enumerate(self.types)}

    @cached_property
    def _kinds(self) -> np.ndarray:
        """(K,) the prefix of each label as a character."""
        return np.array([label[0] for label in self.labels])

    @cached_property
    def _label_types(self) -> np.ndarray:
        """(K,) the type index of each label, -1 for O."""
        width = len(PREFIXES[self.name])
        return np.repeat(np.arange(-1, len(self.types)), [1] + [width] * len(self.types))

    def encode(self, spans: Iterable[tuple[int, int, str]], length: int) -> np.ndarray:
        """(length,) int64 label ids of spans [first, last) over units, in any order.

        Raises BadInput for a span that is empty, out of range, of an unknown type, or that
        overlaps another.
        """
        ids = np.zeros(length, dtype=np.int64)
        width = len(PREFIXES[self.name])
        for first, last, type in spans:
            if not 0 <= first < last <= length:
                raise BadInput(f"span {type} [{first}, {last}) does not lie in {length} units")
            if type not in self._index:
                raise unknown("span type", type, self.types)
            if ids[first:last].any():
                raise BadInput(f"span {type} [{first}, {last}) overlaps another span")
            begin = 1 + width * self._index[type]
            ids[first:last] = begin + 1
            ids[first] = begin
            if width == 4:
                ids[last - 1] = begin + (3 if last - first == 1 else 2)
        return ids

    def decode(self, ids: Sequence[int]) -> list[tuple[int, int, str]]:
        """Spans [first, last) of label ids, in order; any sequence is read.

        The rule for illegal sequences is that of conlleval (Tjong Kim Sang and Buchholz 2000): a
        span begins at B, at S, and at I or E that follows O, E, S, another type or nothing; it
        ends before the next beginning, before O, and after E or S. Labels are never discarded.

        Raises BadInput for an id that is no label.
        """
        ids = self._checked(ids)
        inside = ids > 0
        if not inside.any():
            return []
        begins = inside & self._begins(ids)
        ends = inside.copy()
        ends[:-1] &= ~inside[1:] | begins[1:]
        types = self._label_types[ids[begins]]
        firsts, lasts = np.flatnonzero(begins), np.flatnonzero(ends) + 1
        return [
            (first, last, self.types[type])
            for first, last, type in zip(
                firsts.tolist(), lasts.tolist(), types.tolist(), strict=True
            )
        ]

    def _begins(self, ids: np.ndarray) -> np.ndarray:
        """(L,) whether a unit that is not O begins a span."""
        kinds, types = self._kinds[ids], self._label_types[ids]
        begins = (kinds == "B") | (kinds == "S")
        begins[0] = True
        # O has a type of its own, -1, so that a change of type covers it
        begins[1:] |= (types[1:] != types[:-1]) | (kinds[:-1] == "E") | (kinds[:-1] == "S")
        return begins

    def allowed(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What `encode` can produce.

        Booleans: start (K,), transitions (K, K) [from, to], end (K,).
        """
        kinds, types = self._kinds, self._label_types
        continues = (kinds == "I") | (kinds == "E")  # (K,) needs a span before it
        opens = (kinds == "B") | (kinds == "I")  # (K,) may have one after it
        closes = ~opens | (self.name == "BIO")  # (K,) may be the last of its span, or O
        same = types[:, None] == types[None, :]  # (K, K)
        transitions = np.where(continues[None, :], opens[:, None] & same, closes[:, None])
        return ~continues, transitions, closes

    def illegal(self, ids: Sequence[int]) -> int:
        """How many starts, transitions and ends of a label sequence `encode` cannot produce."""
        ids = self._checked(ids)
        if not len(ids):
            return 0
        start, transitions, end = self.allowed()
        wrong = (~transitions[ids[:-1], ids[1:]]).sum()
        return int(wrong) + int(not start[ids[0]]) + int(not end[ids[-1]])

    def _checked(self, ids: Sequence[int]) -> np.ndarray:
        ids = np.asarray(ids, dtype=np.int64)
        if ids.ndim != 1:
            raise BadInput(f"label ids must be one sequence, not of shape {ids.shape}")
        if len(ids) and not 0 <= ids.min() <= ids.max() < len(self.labels):
            raise BadInput(
                f"label ids must lie in 0..{len(self.labels) - 1}, found {ids.min()}..{ids.max()}"
            )
        return ids

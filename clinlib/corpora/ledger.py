"""Ledger: what happened to the spans on their way from the source files; nothing is lost unseen."""

from collections import Counter

from clinlib.errors import unknown

EVENTS = ("read", "dropped", "cut", "merged", "flattened", "repaired", "widened")
EXAMPLES = 5


class Ledger:
    """Counts by (event, reason, type), with up to five places for each event and reason.

    Events: read (taken from the file, or read over), dropped, cut (shortened), merged (several
    became one), flattened (lost to an overlapping span), repaired, widened.
    """

    def __init__(self):
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._examples: dict[tuple[str, str], list[str]] = {}

    def note(self, event: str, reason: str, where: str = "", type: str = "", n: int = 1) -> None:
        """Count `n` such happenings; `where` names the place. Raises BadInput: unknown event."""
        if event not in EVENTS:
            raise unknown("ledger event", event, EVENTS)
        if n < 1:
            return
        self._counts[event, reason, type] += n
        places = self._examples.setdefault((event, reason), [])
        if where and len(places) < EXAMPLES:
            places.append(where)

    def counts(self) -> dict[str, int]:
        """Sums over types, keyed "event: reason", sorted by key."""
        sums: Counter[str] = Counter()
        for (event, reason, _), n in self._counts.items():
            sums[f"{event}: {reason}"] += n
        return dict(sorted(sums.items()))

    def rows(self) -> list[tuple[str, str, str, int]]:
        """(event, reason, type, n), sorted; type is empty where it says nothing."""
        return [(*key, n) for key, n in sorted(self._counts.items())]

    def examples(self, event: str, reason: str) -> list[str]:
        """The first places, at most five, where this happened."""
        return list(self._examples.get((event, reason), ()))

    def merge(self, other: "Ledger") -> None:
        """Add the counts and, while there is room, the places of another ledger."""
        self._counts.update(other._counts)
        for key, places in other._examples.items():
            mine = self._examples.setdefault(key, [])
            mine.extend(places[: EXAMPLES - len(mine)])

    def __repr__(self) -> str:
        return f"Ledger({self.counts()})"

"""Gazetteer: tags the word sequences that training text annotated; the baseline without a model."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from clinlib.corpora.document import Document, Span
from clinlib.corpora.words import words


@dataclass(frozen=True)
class Gazetteer:
    """Word sequences (lower case) and the type of each; found leftmost first, longest first.

    >>> train = Document("a", "Aspirin for pain", (Span(0, 7, "Drug"),))
    >>> Gazetteer.fit([train]).predict(Document("b", "No ASPIRIN today"))
    [Span(start=3, end=10, type='Drug', why='')]
    """

    entries: dict[tuple[str, ...], str]
    longest: int

    @classmethod
    def fit(cls, documents: Iterable[Document]) -> "Gazetteer":
        """Every annotated sequence of words with its most frequent type (ties: first by name).

        A sequence whose longest matches in the training text are mostly not annotated is left out.
        """
        documents = tuple(documents)
        annotated: dict[tuple[str, ...], Counter] = defaultdict(Counter)
        for document in documents:
            for span, sequence in _sequences(document):
                annotated[sequence][span.type] += 1
        types = {s: min(c, key=lambda t, c=c: (-c[t], t)) for s, c in annotated.items()}
        everything = cls(types, max(map(len, types), default=0))
        matched, right = Counter(), Counter()
        for document in documents:
            gold = {(s.start, s.end) for s in document.spans}
            for start, end, sequence in everything._matches(document):
                matched[sequence] += 1
                right[sequence] += (start, end) in gold
        kept = {s: t for s, t in types.items() if 2 * right[s] >= matched[s]}
        return cls(kept, max(map(len, kept), default=0))

    def predict(self, document: Document) -> list[Span]:
        """The spans of a document, in order, none overlapping another."""
        return [
            Span(start, end, self.entries[sequence])
            for start, end, sequence in self._matches(document)
        ]

    def _matches(self, document: Document):
        """Yield (start, end, sequence) of every match."""
        bounds = words(document)
        folded = [document.text[start:end].lower() for start, end in bounds]
        i = 0
        while i < len(folded):
            for length in range(min(self.longest, len(folded) - i), 0, -1):
                sequence = tuple(folded[i : i + length])
                if sequence in self.entries:
                    yield bounds[i][0], bounds[i + length - 1][1], sequence
                    i += length
                    break
            else:
                i += 1


def _sequences(document: Document) -> Iterable[tuple[Span, tuple[str, ...]]]:
    """Yield each span with the words it touches, in lower case."""
    bounds = words(document)
    at = 0
    for span in sorted(document.spans):
        while at > 0 and bounds[at - 1][1] > span.start:
            at -= 1
        while at < len(bounds) and bounds[at][1] <= span.start:
            at += 1
        end = at
        while end < len(bounds) and bounds[end][0] < span.end:
            end += 1
        if end > at:
            yield span, tuple(document.text[a:b].lower() for a, b in bounds[at:end])

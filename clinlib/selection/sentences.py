"""Pool sentences: each with its windows as a model may read them, and as the oracle labels them."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clinlib.corpora.document import Document
from clinlib.corpora.samplers import types_in
from clinlib.corpora.words import words
from clinlib.encoding.windows import Encoded, Window
from clinlib.errors import BadInput


@dataclass(frozen=True)
class Sentences:
    """N sentences in the order of their documents, named by their place 0 ... N-1.

    index: (document, sentence) of each; read: its windows without labels, cut where no gold span
    was looked at; gold: its windows with labels; tokens: its number of words; spans: its number
    of gold spans by type; blank: how many sentences of the documents hold nothing to label.
    """

    index: tuple[tuple[int, int], ...]
    read: tuple[tuple[Window, ...], ...]
    gold: tuple[tuple[Window, ...], ...]
    tokens: tuple[int, ...]
    spans: tuple[Counter[str], ...]
    blank: int

    def __len__(self) -> int:
        return len(self.index)

    def labelled(self, places: Sequence[int]) -> list[Window]:
        """The oracle's windows of some sentences."""
        return [window for place in places for window in self.gold[place]]

    def unlabelled(self, places: Sequence[int]) -> list[Window]:
        """What a model may read of some sentences."""
        return [window for place in places for window in self.read[place]]


def pool_sentences(
    documents: Sequence[Document],
    index: Sequence[tuple[int, int]],
    encode: Callable[..., Encoded],
) -> Sentences:
    """The sentences at `index` that hold a unit; `encode(documents, sentences=, labelled=)` makes
    their windows.

    Raises BadInput where no sentence is left.
    """
    read, gold = (
        _grouped(encode(documents, sentences=index, labelled=labelled).windows)
        for labelled in (False, True)
    )
    kept = tuple(pair for pair in index if pair in read)
    if not kept:
        raise BadInput("the pool holds no sentence")
    return Sentences(
        kept,
        tuple(read[pair] for pair in kept),
        tuple(gold[pair] for pair in kept),
        _tokens(documents, kept),
        tuple(types_in(documents[document], sentence) for document, sentence in kept),
        len(index) - len(kept),
    )


def _grouped(windows: Sequence[Window]) -> dict[tuple[int, int], tuple[Window, ...]]:
    found: dict[tuple[int, int], list[Window]] = {}
    for window in windows:
        found.setdefault((window.document, window.sentence), []).append(window)
    return {pair: tuple(each) for pair, each in found.items()}


def _tokens(documents: Sequence[Document], index: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Words that begin in each sentence; at least 1, as a sentence with a unit costs something."""
    starts = {
        place: [start for start, _ in words(documents[place])]
        for place in dict.fromkeys(document for document, _ in index)
    }
    found = []
    for document, sentence in index:
        low, high = documents[document].sentences[sentence]
        here = starts[document]
        found.append(max(1, bisect_left(here, high) - bisect_left(here, low)))
    return tuple(found)

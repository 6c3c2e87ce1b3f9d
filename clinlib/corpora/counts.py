"""Counts: sizes of a corpus's splits, from its card or, where that is unpinned, from the data."""

from collections import Counter
from pathlib import Path

from clinlib.corpora.card import Count
from clinlib.corpora.registry import Corpus, card, load


def counts(name: str, root: Path | None = None) -> dict[str, Count]:
    """Split -> sizes of "corpus" or "corpus:task", as it is loaded.

    Raises BadInput where the card is unpinned and the data are not here, saying where to get them.
    """
    found = card(name, root)
    if found.unpinned:
        return counted(load(name, root))
    return dict(found.tasks[name.partition(":")[2]].counts if ":" in name else found.counts)


def counted(corpus: Corpus) -> dict[str, Count]:
    """Split -> sizes of a loaded corpus."""
    found = {}
    for split, documents in corpus.splits.items():
        types = Counter(span.type for document in documents for span in document.spans)
        found[split] = Count(
            documents=len(documents),
            sentences=sum(len(document.sentences) for document in documents),
            spans=sum(types.values()),
            types={kind: types[kind] for kind in corpus.types},
        )
    return found

"""Counts: what a card holds of a corpus's data, counted from the data."""

from collections import Counter
from collections.abc import Iterable, Mapping

from clinlib.corpora.card import Computed, Count
from clinlib.corpora.document import Document
from clinlib.corpora.fingerprint import content_hash
from clinlib.corpora.ledger import Ledger


def count_corpus(
    splits: Mapping[str, Iterable[Document]], types: Iterable[str], ledger: Ledger
) -> Computed:
    """Fingerprint, counts per split and type, and the ledger's counts."""
    counts = {}
    for split, documents in splits.items():
        found = Counter(span.type for document in documents for span in document.spans)
        counts[split] = Count(
            documents=len(documents),
            sentences=sum(len(document.sentences) for document in documents),
            spans=sum(found.values()),
            types={kind: found[kind] for kind in types},
        )
    return Computed(fingerprint=content_hash(splits, types), counts=counts, ledger=ledger.counts())

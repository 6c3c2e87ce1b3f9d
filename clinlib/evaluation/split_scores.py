"""Split scores: what a record holds of the predictions for one split, from documents and spans."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from clinlib.corpora.document import Document, Span
from clinlib.corpora.words import words
from clinlib.encoding.tags import TagScheme
from clinlib.evaluation.labels import confusion, word_tags
from clinlib.evaluation.spans import MATCHINGS, SpanCounts, scores, tally
from clinlib.evaluation.summary import entry


def evaluate(
    documents: Sequence[Document], predicted: Sequence[Sequence[Span]], types: Sequence[str]
) -> dict[str, Any]:
    """{"scores", "counts"} of one split, as a record holds them.

    Scores are micro precision, recall and F1 in 0..100 under strict and ent_type; counts hold the
    span counts and the confusion of BIO labels over words, whatever scheme and unit the model
    used, so that models are compared on the same words.

    Raises BadInput for a number of predictions other than of documents, or an unknown type.
    """
    counts = _spans(documents, predicted, types)
    labels = TagScheme("BIO", tuple(types)).labels
    total = np.zeros((len(labels), len(labels)), dtype=np.int64)
    for document, spans in zip(documents, predicted, strict=True):
        places = words(document)
        gold = word_tags(document, document.spans, places, labels)
        total += confusion(gold, word_tags(document, spans, places, labels), len(labels))
    return {
        "scores": {name: scores(counts, name).micro.as_dict() for name in MATCHINGS},
        "counts": entry(counts, total, labels, "word"),
    }


def dev_f1(
    documents: Sequence[Document], predicted: Sequence[Sequence[Span]], types: Sequence[str]
) -> float:
    """Strict micro F1 in 0..100, the number that training selects by."""
    return scores(_spans(documents, predicted, types), "strict").micro.f1


def _spans(
    documents: Sequence[Document], predicted: Sequence[Sequence[Span]], types: Sequence[str]
) -> SpanCounts:
    return tally([document.spans for document in documents], predicted, types)

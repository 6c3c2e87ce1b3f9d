"""Slices: scores of the part of the gold spans that a mechanism made."""

from collections.abc import Iterable, Sequence

from clinlib.corpora.document import Document, Span
from clinlib.errors import BadInput


def recall_by_why(
    documents: Sequence[Document], predicted: Sequence[Iterable[Span]]
) -> dict[str, tuple[int, int]]:
    """`why` -> (found, total) gold spans, found by strict matching; {} where no span has one.

    The spans of real corpora have none.

    Raises BadInput where the numbers of documents and of predictions differ.
    """
    if len(documents) != len(predicted):
        raise BadInput(f"predictions for {len(predicted)} documents, there are {len(documents)}")
    slices: dict[str, tuple[int, int]] = {}
    for document, spans in zip(documents, predicted, strict=True):
        found = set(spans)  # `why` takes no part in the comparison of spans
        for span in dict.fromkeys(document.spans):
            hits, total = slices.get(span.why, (0, 0))
            slices[span.why] = hits + (span in found), total + 1
    return dict(sorted(slices.items())) if any(slices) else {}

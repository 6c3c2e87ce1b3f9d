"""Spans: choosing and renaming types, cutting blanks, merging duplicates, flattening overlaps.

Every function takes a document and a Ledger, returns a document, and counts per type what it
changed.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from clinlib.corpora.document import Document, Span
from clinlib.corpora.ledger import Ledger
from clinlib.errors import BadInput, unknown


def select_types(
    document: Document,
    types: Collection[str],
    ledger: Ledger,
    *,
    reason: str = "type left out",
    left_out: Collection[str] | None = None,
) -> Document:
    """The document with spans of `types` alone; the others are counted as dropped.

    Where `left_out` is given it names all other types that may occur; one in neither raises
    BadInput.
    """
    kept = []
    for span in document.spans:
        if span.type in types:
            kept.append(span)
        elif left_out is not None and span.type not in left_out:
            raise BadInput(
                f"document {document.id}, [{span.start}, {span.end}): "
                f"{unknown('type', span.type, [*types, *left_out], read=True)}"
            )
        else:
            ledger.note("dropped", reason, _where(document, span), span.type)
    return document.with_spans(kept)


def rename_types(document: Document, names: Mapping[str, str]) -> Document:
    """The document with types renamed; a type that `names` does not hold keeps its name."""
    return document.with_spans(
        replace(span, type=names.get(span.type, span.type)) for span in document.spans
    )


def trim_blanks(document: Document, ledger: Ledger) -> Document:
    """The document with blanks at the edges of spans cut off; a span of blanks is dropped."""
    kept = []
    for span in document.spans:
        text = document.text[span.start : span.end]
        start = span.start + len(text) - len(text.lstrip())
        end = span.start + len(text.rstrip())
        if start >= end:
            ledger.note("dropped", "only blanks", _where(document, span), span.type)
        elif (start, end) == (span.start, span.end):
            kept.append(span)
        else:
            ledger.note("cut", "blank at its edge", _where(document, span), span.type)
            kept.append(replace(span, start=start, end=end))
    return document.with_spans(kept)


def merge_duplicates(document: Document, ledger: Ledger) -> Document:
    """The document with each (start, end, type) once; the others are counted as merged."""
    kept: dict[Span, Span] = {}  # `why` takes no part in equality: the first one stays
    for span in document.spans:
        if span in kept:
            ledger.note("merged", "exact duplicate", _where(document, span), span.type)
        else:
            kept[span] = span
    return document.with_spans(kept.values())


def flatten(document: Document, ledger: Ledger) -> Document:
    """The document without overlaps: the longest span stays, then the earlier, then by type name.

    Lost spans are counted as flattened: nested in a longer span, crossing a kept one, or of the
    same extent as one of another type.
    """
    kept: list[Span] = []
    for span in sorted(document.spans, key=lambda s: (s.start - s.end, s.start, s.type)):
        winner = next((other for other in kept if span.overlaps(other)), None)
        if winner is None:
            kept.append(span)
            continue
        if (winner.start, winner.end) == (span.start, span.end):
            reason = "same extent as a span of another type"
        elif winner.start <= span.start and span.end <= winner.end:
            reason = "nested in a longer span"
        else:
            reason = "crosses a span that is longer or earlier"
        ledger.note("flattened", reason, _where(document, span), span.type)
    return document.with_spans(kept)


def _where(document: Document, span: Span) -> str:
    return f"{document.id} [{span.start}, {span.end})"

"""Decoding: one label sequence per window, back to the character spans of each document."""

from collections.abc import Sequence

from clinlib.corpora.document import Document, Span
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import Window
from clinlib.errors import BadInput


def spans_of(
    windows: Sequence[Window],
    label_ids: Sequence[Sequence[int]],
    documents: Sequence[Document],
    scheme: TagScheme,
) -> list[list[Span]]:
    """Flat character spans of each document, in order, from one label sequence per window.

    Blanks at a span's edges are left out, and with them spans of blanks alone. Windows given twice
    count once. Where two spans share a character (several subwords may stand for one character),
    the earlier has it. Raises BadInput unless there is one label id for each unit of each window.
    """
    if len(windows) != len(label_ids):
        raise BadInput(f"{len(windows)} windows, but {len(label_ids)} label sequences")
    found: list[set[Span]] = [set() for _ in documents]
    for window, ids in zip(windows, label_ids, strict=True):
        if len(ids) != len(window.first):
            raise BadInput(
                f"document {documents[window.document].id}, sentence {window.sentence}: "
                f"{len(ids)} labels for {len(window.first)} units"
            )
        for first, last, type in scheme.decode(ids):
            span = Span(int(window.offsets[first, 0]), int(window.offsets[last - 1, 1]), type)
            found[window.document].add(span)
    return [
        _tidy(sorted(spans), document) for spans, document in zip(found, documents, strict=True)
    ]


def _tidy(spans: list[Span], document: Document) -> list[Span]:
    """Without blanks at the edges and without overlaps."""
    tidy: list[Span] = []
    for span in spans:
        start = max(span.start, tidy[-1].end) if tidy else span.start
        text = document.text[start : span.end]
        start += len(text) - len(text.lstrip())
        if text.strip():
            tidy.append(Span(start, start + len(text.strip()), span.type))
    return tidy

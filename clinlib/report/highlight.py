"""Highlight: passages as HTML, what gold and models mark side by side, legible without colour.

Every mark names its type in letters, and one that gold does not have says so. Spans that a passage
is shown for are strong. Whoever listens to the page hears where a mark begins and ends. No script,
and nothing to scroll sideways: lines wrap.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from clinlib.corpora.document import Span
from clinlib.studies.passages import Passage, Row

HUES = 9
"""Colours of types in book/_static/clinlib.css; further types begin anew."""


@dataclass(frozen=True, eq=False)
class Passages:
    """Passages one below the other; show themselves in a notebook and in the book."""

    passages: tuple[Passage, ...]

    def __repr__(self) -> str:
        return "\n\n".join(map(plain, self.passages)) or "no passages"

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{html(passage)}</li>" for passage in self.passages)
        return f'<ol class="cl-passages">{items}</ol>' if items else "<p>No passages.</p>"


def passages(found: Iterable[Passage]) -> Passages:
    """Passages to show, in the order given."""
    return Passages(tuple(found))


def html(passage: Passage) -> str:
    """One passage as HTML: its title, then each row's label beside the text with its marks."""
    gold = set(passage.rows[0].spans) if passage.rows else set()
    rows = "".join(_row(passage, row, gold, first=not at) for at, row in enumerate(passage.rows))
    return (
        f'<div class="cl-passage"><p class="cl-passage-title">{escape(passage.title)}</p>'
        f'<dl class="cl-rows">{rows}</dl></div>'
    )


def plain(passage: Passage) -> str:
    """One passage as text: marks in brackets, each with its type."""
    lines = [passage.title]
    for row in passage.rows:
        note = f" ({row.note})" if row.note else ""
        lines.append(f"{row.label}{note}: {_plain_row(passage, row)}")
    return "\n".join(lines)


def _row(passage: Passage, row: Row, gold: set[Span], *, first: bool) -> str:
    note = f'<span class="cl-row-note">{escape(row.note)}</span>' if row.note else ""
    labels = ", ".join(f'<span class="cl-label">{escape(label)}</span>' for label in row.labels)
    head = f"<dt>{labels}{note}</dt>"
    if passage.text is None:
        return f"<div>{head}<dd>{escape(_offsets(row.spans))}</dd></div>"
    if not first and set(row.spans) == gold:
        return f'<div>{head}<dd class="cl-as-gold">as gold</dd></div>'
    parts = [
        escape(text) if span is None else _mark(passage, span, text, span not in gold)
        for text, span in _pieces(passage, row)
    ]
    lang = escape(passage.language, quote=True)
    return f'<div>{head}<dd lang="{lang}">{"".join(parts)}</dd></div>'


def _mark(passage: Passage, span: Span, text: str, wrong: bool) -> str:
    hue = passage.types.index(span.type) % HUES
    sign = '<span aria-hidden="true"> ≠</span>' + _unseen(", not in gold") if wrong else ""
    shown = f"<strong>{escape(text)}</strong>" if span in passage.focus else escape(text)
    return (
        f'<mark class="cl-mark cl-hue-{hue}{" cl-differs" if wrong else ""}">'
        f"{_unseen('[')}{shown}"
        f'<span class="cl-type" lang="en">{_unseen(": ")}{escape(span.type)}{sign}</span>'
        f"{_unseen(']')}</mark>"
    )


def _unseen(text: str) -> str:
    """Text for those who listen to the page or copy from it."""
    return f'<span class="cl-unseen">{escape(text)}</span>'


def _plain_row(passage: Passage, row: Row) -> str:
    if passage.text is None:
        return _offsets(row.spans)
    return "".join(
        text if span is None else f"[{text}: {span.type}]" for text, span in _pieces(passage, row)
    )


def _pieces(passage: Passage, row: Row) -> list[tuple[str, Span | None]]:
    """The passage's text in order, (text, span) for what is marked and (text, None) between."""
    assert passage.text is not None
    found, at = [], passage.start
    for span in row.spans:
        found.append((passage.text[at - passage.start : span.start - passage.start], None))
        found.append((passage.text[span.start - passage.start : span.end - passage.start], span))
        at = span.end
    found.append((passage.text[at - passage.start :], None))
    return [(text, span) for text, span in found if text]


def _offsets(spans: Sequence[Span]) -> str:
    return ", ".join(f"{span.type} [{span.start}, {span.end})" for span in spans) or "nothing"

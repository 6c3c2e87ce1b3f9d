"""Passages: a stretch of a document and what gold and models mark in it, ready to be shown.

Of a gated corpus a passage holds offsets and types only; its text never enters.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from clinlib.corpora.document import Document, Span
from clinlib.corpora.registry import card
from clinlib.errors import BadInput

REACH = 160  # characters shown on each side at most
GOLD = "gold"


@dataclass(frozen=True)
class Row:
    """What these sources mark alike; `note` says in a few words what to look for."""

    labels: tuple[str, ...]
    spans: tuple[Span, ...]
    note: str = ""

    @property
    def label(self) -> str:
        """The sources in one text."""
        return ", ".join(self.labels)


@dataclass(frozen=True)
class Passage:
    """Characters [start, end) of a document with rows of spans, the first of them gold.

    `text` is that stretch of the document, None where it must not be shown. `types` fix the
    order, and with it the colours, of the types. `focus` are the spans that it is shown for, none
    where it is shown for all.
    """

    title: str
    start: int
    end: int
    text: str | None
    rows: tuple[Row, ...]
    language: str
    types: tuple[str, ...]
    focus: frozenset[Span] = frozenset()

    def __post_init__(self):
        for row in self.rows:
            for before, after in pairwise(row.spans):
                if before.end > after.start:
                    raise BadInput(f"passage '{self.title}': spans of row {row.label} overlap")
            for span in row.spans:
                if not self.start <= span.start < span.end <= self.end:
                    raise BadInput(
                        f"passage '{self.title}': {row.label} has {span.type} [{span.start}, "
                        f"{span.end}), the passage is [{self.start}, {self.end})"
                    )
                if span.type not in self.types:
                    raise BadInput(f"passage '{self.title}': unknown type {span.type}")


def passage(
    document: Document,
    around: tuple[int, int],
    rows: Mapping[str, Iterable[Span]],
    *,
    title: str,
    types: Sequence[str],
    language: str,
    notes: Mapping[str, str] | None = None,
    focus: Iterable[Span] = (),
    shown: bool = True,
    reach: int = REACH,
) -> Passage:
    """The sentences that hold the characters `around`, at most `reach` characters beyond them.

    The stretch is made wider where it would cut a span. `rows`: label -> all spans of the document
    by that source, gold first. Rows after it with the same spans and the same note become one.
    `shown` False leaves the text out.
    """
    spans = {label: sorted(found) for label, found in rows.items()}
    start, end = _stretch(document, around, [span for row in spans.values() for span in row], reach)
    merged: dict[tuple, list[str]] = {}
    for place, (label, found) in enumerate(spans.items()):
        inside = tuple(span for span in found if span.start < end and start < span.end)
        note = (notes or {}).get(label, "")
        merged.setdefault((place == 0, inside, note), []).append(label)
    return Passage(
        title,
        start,
        end,
        document.text[start:end] if shown else None,
        tuple(Row(tuple(labels), inside, note) for (_, inside, note), labels in merged.items()),
        language,
        tuple(types),
        frozenset(focus),
    )


def _stretch(
    document: Document, around: tuple[int, int], spans: Sequence[Span], reach: int
) -> tuple[int, int]:
    """Where the passage begins and ends: at a blank, or a sentence's bound, and in no span."""
    first, last = around
    touching = [(s, e) for s, e in document.sentences if s < last and first < e]
    start = min([first, *(s for s, _ in touching)])
    end = max([last, *(e for _, e in touching)])
    text = document.text
    if start < first - reach:
        start = first - reach
        while start < first and not text[start - 1].isspace():
            start += 1
    if end > last + reach:
        end = last + reach
        while end > last and not text[end].isspace():
            end -= 1
    changed = True
    while changed:  # a span that is taken in may cross another of another source
        cut = [span for span in spans if span.start < end and start < span.end]
        wider = min([start, *(s.start for s in cut)]), max([end, *(s.end for s in cut)])
        changed, (start, end) = wider != (start, end), wider
    return start, end


def is_gated(corpus: str) -> bool:
    """Whether a corpus is given only to those who sign for it; a task is what its corpus is."""
    return card(corpus).gated


def banner(corpora: Iterable[str], show_text: bool) -> str:
    """A paragraph on gated text: that the page holds it, or that it does not; else empty."""
    gated = [name for name in corpora if is_gated(name)]
    if not gated:
        return ""
    if show_text:
        return (
            f"**This page shows text of {', '.join(gated)}, which may not be passed on.** It was "
            "asked for by `show_text`; keep the page where the corpus may lie."
        )
    return (
        f"The text of {', '.join(gated)} may not be passed on: passages give offsets and types. "
        "Who holds the corpus can set `show_text` for a page to keep at home."
    )

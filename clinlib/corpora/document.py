"""Span and Document: text with character-offset annotation, the only form in which spans travel."""

from dataclasses import dataclass, field, replace

from clinlib.errors import BadInput


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """One contiguous entity mention: characters [start, end) of its document, and its type.

    `why` names the mechanism that made a synthetic span (lexicon, section, neighbour, boundary);
    it is empty for real corpora and takes no part in comparison.
    """

    start: int
    end: int
    type: str
    why: str = field(default="", compare=False)

    def overlaps(self, other: "Span") -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Section:
    """A titled stretch of a document: characters [start, end), its heading included."""

    start: int
    end: int
    title: str


@dataclass(frozen=True, slots=True)
class Document:
    """One text with its spans, and where the corpus gives them, its words and sections.

    Offsets count Unicode code points of `text` as stored (line ends are kept as they are).
    `words` are (start, end) pairs where the corpus comes tokenised, else None.
    `sentences` are (start, end) pairs in order; the segmenter fills them.
    `group` joins documents that must never part in a split (one patient, one source text).

    Raises BadInput for a span that is empty or outside the text.
    """

    id: str
    text: str
    spans: tuple[Span, ...] = ()
    sentences: tuple[tuple[int, int], ...] = ()
    words: tuple[tuple[int, int], ...] | None = None
    sections: tuple[Section, ...] = ()
    group: str = ""

    def __post_init__(self):
        for span in self.spans:
            if not 0 <= span.start < span.end <= len(self.text):
                raise BadInput(
                    f"document {self.id}: span {span.type} [{span.start}, {span.end}) "
                    f"does not lie in the text of {len(self.text)} characters"
                )

    def with_spans(self, spans) -> "Document":
        """The same document with other spans, sorted by position."""
        return replace(self, spans=tuple(sorted(spans)))

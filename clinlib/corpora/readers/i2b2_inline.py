"""i2b2 2006: reader of one XML file of records whose texts have the personal data marked inline."""

from pathlib import Path

from clinlib.corpora.document import Document, Span
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.readers.xml_marks import Mark, marks, read_text
from clinlib.errors import BadInput, unknown

RECORD, TEXT, PHI = "RECORD", "TEXT", "PHI"


def read_i2b2_inline(
    path: Path, *, types: tuple[str, ...] | None = None, ledger: Ledger | None = None
) -> list[Document]:
    """Documents of one file in its order, ids "<stem>-<ID of the record>".

    The text of a document is that of its TEXT without the marks; a PHI of it is a span of the type
    that its attribute TYPE names. One without text is dropped and counted. `types` are the valid
    types, None for any.

    Raises BadInput, with file and line, for what is not such XML: a record without an ID or with
    that of another, without exactly one TEXT, other marks in a text, a PHI within another, and a
    type that is not valid.
    """
    ledger = Ledger() if ledger is None else ledger
    documents: list[Document] = []
    seen: set[str] = set()
    record: _Record | None = None
    for mark in marks(read_text(path), path):
        if mark.is_open(RECORD):
            if record:
                raise BadInput(f"{path}:{mark.line}: a {RECORD} within another")
            name = mark.attributes.get("ID", "")
            if not name or name in seen:
                problem = "the ID of another" if name else "no ID"
                raise BadInput(f"{path}:{mark.line}: a {RECORD} with {problem}")
            seen.add(name)
            record = _Record(f"{path.stem}-{name}", path, mark.line, types, ledger)
        elif mark.kind == "close" and mark.name == RECORD and record:
            documents.append(record.document())
            record = None
        elif record:
            record.take(mark)
    if not documents:
        raise BadInput(f"{path}: no <{RECORD}>")
    return documents


class _Record:
    """A record that is being read: its text so far, its spans, and the mark that is open."""

    def __init__(
        self, name: str, path: Path, line: int, types: tuple[str, ...] | None, ledger: Ledger
    ):
        self.name, self.path, self.line, self.types, self.ledger = name, path, line, types, ledger
        self.parts: list[str] = []
        self.length = 0
        self.spans: list[Span] = []
        self.within = False  # the TEXT
        self.texts = 0
        self.phi: tuple[int, Mark] | None = None  # where it begins

    def take(self, mark: Mark) -> None:
        """The next mark of the record."""
        where = f"{self.path}:{mark.line}"
        if mark.kind == "characters":
            if self.within:
                self.parts.append(mark.name)
                self.length += len(mark.name)
        elif not self.within:
            if mark.is_open(TEXT):
                self.within, self.texts = True, self.texts + 1
        elif mark.kind == "close":
            if mark.name == PHI:
                self._close(where)
            else:
                self.within = False
        elif mark.name != PHI or self.phi:
            problem = f"a {PHI} within another" if mark.name == PHI else f"no {PHI} within {TEXT}"
            raise BadInput(f"{where}: {problem}; marks of a text are <{PHI} TYPE=...>")
        else:
            kind = mark.attributes.get("TYPE", "")
            if not kind:
                raise BadInput(f"{where}: <{PHI}> has no attribute 'TYPE'")
            if self.types is not None and kind not in self.types:
                raise BadInput(f"{where}: {unknown('type', kind, self.types, read=True)}")
            self.phi = self.length, mark

    def _close(self, where: str) -> None:
        start, mark = self.phi
        kind, place = mark.attributes["TYPE"], f"{self.path.name}:{mark.line}"
        self.ledger.note("read", "spans", place, kind)
        if start == self.length:
            self.ledger.note("dropped", "without text", place, kind)
        else:
            self.spans.append(Span(start, self.length, kind))
        self.phi = None

    def document(self) -> Document:
        """The record as a document; raises BadInput unless it had one text."""
        if self.texts != 1:
            raise BadInput(f"{self.path}:{self.line}: a {RECORD} with {self.texts} <{TEXT}>, not 1")
        return Document(self.name, "".join(self.parts), tuple(self.spans))

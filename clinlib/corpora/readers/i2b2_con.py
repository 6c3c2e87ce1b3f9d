"""i2b2 2010: reader of .con files, concepts given by line and token, beside .txt files of text."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clinlib.corpora.document import Document, Span
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.readers.xml_marks import read_text
from clinlib.errors import BadInput, quoted, unknown

OnMismatch = Literal["error", "drop"]
Tokens = list[tuple[int, int]]  # (start, end) of each, in characters of the document

_TOKEN = re.compile(r"[^ \t\r]+")
_CONCEPT = re.compile(r'c="(.*)" ([0-9]+):([0-9]+) ([0-9]+):([0-9]+)\|\|t="(.*)"')
FORM = 'c="TEXT" LINE:TOKEN LINE:TOKEN||t="TYPE"'


@dataclass(frozen=True, slots=True)
class Concept:
    """A line of a .con file: what it quotes, its first and last token by line and place, type.

    Lines count from 1, the tokens of a line from 0; the last token belongs to the concept.
    """

    quote: str
    first: tuple[int, int]
    last: tuple[int, int]
    type: str
    line: int


def read_i2b2_con(
    texts: Path,
    concepts: Path,
    *,
    types: tuple[str, ...] | None = None,
    on_mismatch: OnMismatch = "error",
    ledger: Ledger | None = None,
) -> list[Document]:
    """Documents of the .txt files of one folder with the .con files of another, sorted by stem.

    Tokens are parted by blanks, and a concept covers the text from its first to its last token.
    It quotes that text in lower case: one that does not, blanks and case aside, is an error or,
    with on_mismatch="drop", dropped and counted. `types` are the valid types, None for any.

    Raises BadInput, with file and line, for malformed lines, a line or token that the text has
    not, a last token before the first, a type that is not valid, and quotes that do not match; for
    a file without its partner; and for text that is not UTF-8.
    """
    ledger = Ledger() if ledger is None else ledger
    stems = []
    for folder, ending in ((texts, ".txt"), (concepts, ".con")):
        if not folder.is_dir():
            raise BadInput(f"{folder}: no such folder")
        stems.append({path.stem for path in folder.glob(f"*{ending}")})
    for stem in sorted(stems[0] ^ stems[1]):
        there, partner = texts / f"{stem}.txt", f"{stem}.con"
        if stem not in stems[0]:
            there, partner = concepts / f"{stem}.con", f"{stem}.txt"
        raise BadInput(f"{there}: its partner {partner} is missing")
    if not stems[0]:
        raise BadInput(f"{texts}: no .txt files")
    return [
        _document(texts / f"{stem}.txt", concepts / f"{stem}.con", types, on_mismatch, ledger)
        for stem in sorted(stems[0])
    ]


def _document(
    text_path: Path,
    path: Path,
    types: tuple[str, ...] | None,
    on_mismatch: OnMismatch,
    ledger: Ledger,
) -> Document:
    text = read_text(text_path)
    lines = _tokens(text)
    spans = []
    for concept in _concepts(path, types):
        where = f"{path.name}:{concept.line}"
        start = _token(lines, concept.first, path, concept.line)[0]
        end = _token(lines, concept.last, path, concept.line)[1]
        if end <= start:
            raise BadInput(f"{path}:{concept.line}: its last token stands before its first")
        ledger.note("read", "spans", where, concept.type)
        if text[start:end].casefold().split() == concept.quote.casefold().split():
            spans.append(Span(start, end, concept.type))
        elif on_mismatch == "error":
            raise BadInput(
                f"{path}:{concept.line}: it quotes {quoted(concept.quote)}, the text of its tokens "
                f"is {quoted(text[start:end])}"
            )
        else:
            ledger.note("dropped", "quote does not match the text", where, concept.type)
    return Document(text_path.stem, text, tuple(sorted(spans)))


def _tokens(text: str) -> list[Tokens]:
    """The tokens of each line."""
    found, at = [], 0
    for line in text.split("\n"):
        found.append([(at + m.start(), at + m.end()) for m in _TOKEN.finditer(line)])
        at += len(line) + 1
    return found


def _token(lines: list[Tokens], place: tuple[int, int], path: Path, number: int) -> tuple[int, int]:
    line, token = place
    if not 1 <= line <= len(lines):
        raise BadInput(f"{path}:{number}: there is no line {line}; the text has 1 to {len(lines)}")
    tokens = lines[line - 1]
    if token >= len(tokens):
        have = f"0 to {len(tokens) - 1}" if tokens else "none"
        raise BadInput(f"{path}:{number}: line {line} has no token {token}; it has {have}")
    return tokens[token]


def _concepts(path: Path, types: tuple[str, ...] | None) -> list[Concept]:
    found = []
    for number, raw in enumerate(read_text(path).split("\n"), start=1):
        line = raw.strip()
        if not line:
            continue
        match = _CONCEPT.fullmatch(line)
        if match is None:
            raise BadInput(f"{path}:{number}: malformed line, expected {FORM}: {quoted(line)}")
        quote, *places, kind = match.groups()
        if types is not None and kind not in types:
            raise BadInput(f"{path}:{number}: {unknown('type', kind, types, read=True)}")
        a, b, c, d = map(int, places)
        found.append(Concept(quote, (a, b), (c, d), kind, number))
    return found

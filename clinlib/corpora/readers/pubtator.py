"""PubTator: reader of titles and abstracts with tab-separated annotations below each.

A block is `ID|t|title`, `ID|a|abstract`, a line per annotation, and a blank line. Offsets count
characters of the title, one blank, and the abstract.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from clinlib.corpora.document import Document, Span
from clinlib.corpora.ledger import Ledger
from clinlib.errors import BadInput, quoted, unknown

_TEXT = re.compile(r"(?P<id>[^|\t]+)\|(?P<part>[ta])\|(?P<text>.*)", re.DOTALL)
MENTION = (6, 7)  # columns: id, start, end, text, type, concept, and for joint mentions their parts
RELATION = 4  # columns: id, kind, and the two concepts


def read_pubtator(
    path: Path, *, types: tuple[str, ...] | None = None, ledger: Ledger | None = None
) -> list[Document]:
    """Documents of one file in its order, spans as annotated: they may overlap.

    A joint mention ("visual or auditory toxicity", one line with several concepts) is one span.
    Relations are read over and counted. `types` are the valid types, None for any.

    Raises BadInput, with file and line, for a block without title or abstract, a line of another
    id or number of columns, offsets that are none or lie outside the text, a quote that is not the
    text at its offsets, a type not in `types`; and for a file that is missing or not UTF-8.
    """
    ledger = Ledger() if ledger is None else ledger
    return [_document(path, block, types, ledger) for block in _blocks(path)]


def _blocks(path: Path) -> Iterator[list[tuple[int, str]]]:
    """The (line number, line) of each block."""
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 (byte {error.start})") from error
    block: list[tuple[int, str]] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _document(
    path: Path, block: list[tuple[int, str]], types: tuple[str, ...] | None, ledger: Ledger
) -> Document:
    parts = {}
    for (number, line), part, what in zip(block, "ta", ("title", "abstract"), strict=False):
        found = _TEXT.fullmatch(line)
        if found is None or found["part"] != part:
            raise BadInput(f"{path}:{number}: expected ID|{part}|{what}, found {quoted(line[:40])}")
        parts[part] = found
    if len(parts) < 2:
        raise BadInput(f"{path}:{block[0][0]}: a title without an abstract below it")
    name = parts["t"]["id"]
    if parts["a"]["id"] != name:
        raise BadInput(f"{path}:{block[1][0]}: abstract of {parts['a']['id']}, title of {name}")
    text = f"{parts['t']['text']} {parts['a']['text']}"
    spans = []
    for number, line in block[2:]:
        where, place = f"{path}:{number}", f"{path.name}:{number}"
        columns = line.split("\t")
        if columns[0] != name:
            raise BadInput(f"{where}: annotation of {quoted(columns[0])} in the block of {name}")
        if len(columns) == RELATION and not columns[1].isdecimal():
            ledger.note("read", "relations, not used", place)
        elif len(columns) in MENTION:
            spans.append(_span(columns, text, types, where))
            ledger.note("read", "spans", place, columns[4])
            if len(columns) == max(MENTION):
                ledger.note("read", "joint mentions, one span each", place, columns[4])
        else:
            raise BadInput(
                f"{where}: {len(columns)} columns; a mention has 6 or 7, a relation {RELATION}"
            )
    return Document(name, text, tuple(sorted(spans)))


def _span(columns: list[str], text: str, types: tuple[str, ...] | None, where: str) -> Span:
    _, first, last, quote, kind, *_ = columns
    if types is not None and kind not in types:
        raise BadInput(f"{where}: {unknown('type', kind, types, read=True)}")
    if not (first.isdecimal() and last.isdecimal()):
        raise BadInput(f"{where}: offsets {quoted(first)} and {quoted(last)} are not both numbers")
    start, end = int(first), int(last)
    if not start < end <= len(text):
        raise BadInput(
            f"{where}: offsets [{start}, {end}) do not lie in the text of {len(text)} characters"
        )
    if text[start:end] != quote:
        raise BadInput(
            f"{where}: the text at [{start}, {end}) is {quoted(text[start:end])}, the annotation "
            f"says {quoted(quote)}"
        )
    return Span(start, end, kind)

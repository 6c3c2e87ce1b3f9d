"""CoNLL: reader of token and tag columns, parted by a tab or a blank, with IOB2 tags.

The text of such a corpus is not the source's: tokens are joined by one space.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from clinlib.corpora.document import Document, Span
from clinlib.corpora.ledger import Ledger
from clinlib.errors import BadInput, quoted, unknown

DOCUMENT_MARK = "-DOCSTART-"
SENTENCE_ENDS = (".", "!", "?")


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    token: str
    tag: str


def read_conll(
    path: Path,
    *,
    types: tuple[str, ...] | None = None,
    token_column: int = 0,
    tag_column: int = 1,
    separator: str = "\t",
    block: int | None = None,
    group: int = 1,
    ledger: Ledger | None = None,
) -> list[Document]:
    """Documents of one file, ids "<stem>-<number from 1>", with words and sentences as given.

    A line -DOCSTART- begins a document and blank lines end sentences; in a file without such
    lines each sentence is a document. An I- tag that continues nothing (after O, the sentence's
    start or another type) begins a span, as B- would, and is counted as repaired.
    `types` are the valid types, None for any.

    With `block`, the file is one run of words without marks (a blank line in it says nothing): it
    is cut into documents of at least so many words, behind a word that ends in . ! or ? and
    outside spans. They have no sentences yet; `group` of them in a row are one group.

    Raises BadInput, with file and line, for another number of columns than the first line has, an
    empty token, a tag that is not O, B-TYPE or I-TYPE, or a type not in `types`; and for a file
    that is missing or not UTF-8.
    """
    ledger = Ledger() if ledger is None else ledger
    found = list(_documents(path, token_column, tag_column, separator))
    if block is not None:
        run = [line for document in found for sentence in document for line in sentence]
        found = [[part] for part in _blocks(run, block)]
    width = max(5, len(str(len(found))))
    documents = [
        _document(f"{path.stem}-{number:0{width}d}", sentences, path, types, ledger)
        for number, sentences in enumerate(found, start=1)
    ]
    if block is None:
        return documents
    return [
        replace(document, sentences=(), group=documents[number - number % group].id)
        for number, document in enumerate(documents)
    ]


def _blocks(lines: list[_Line], block: int) -> Iterator[list[_Line]]:
    """The lines in parts of at least `block`, the last one with what is left over."""
    start = 0
    for at, line in enumerate(lines, start=1):
        within = at < len(lines) and lines[at].tag.startswith("I-")
        ends = line.token.endswith(SENTENCE_ENDS) and not within
        if ends and at - start >= block and len(lines) - at >= block:
            yield lines[start:at]
            start = at
    if start < len(lines):
        yield lines[start:]


def _documents(
    path: Path, token_column: int, tag_column: int, separator: str
) -> Iterator[list[list[_Line]]]:
    """Each document as its sentences, each a list of lines."""
    marked, document, sentence = False, [], []
    columns = None
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 at byte {error.start}") from error
    # split at line feeds alone: str.splitlines would also cut at rarer marks inside a token
    for number, raw in enumerate([*text.split("\n"), ""], start=1):
        line = raw.removesuffix("\r")
        starts_document = line.split(separator)[0].startswith(DOCUMENT_MARK)
        if line.strip() and not starts_document:
            fields = line.split(separator)
            columns = columns or len(fields)
            if len(fields) != columns or len(fields) <= max(token_column, tag_column):
                raise BadInput(
                    f"{path}:{number}: {len(fields)} columns where "
                    f"{max(columns, token_column + 1, tag_column + 1)} are expected: {quoted(line)}"
                )
            if not fields[token_column].strip():
                raise BadInput(f"{path}:{number}: the token is empty: {quoted(line)}")
            sentence.append(_Line(number, fields[token_column], fields[tag_column].strip()))
            continue
        if sentence:
            document.append(sentence)
            sentence = []
            if not marked:
                yield document
                document = []
        if starts_document:
            if document:
                yield document
            marked, document = True, []
    if document:
        yield document


def _document(
    name: str,
    sentences: list[list[_Line]],
    path: Path,
    types: tuple[str, ...] | None,
    ledger: Ledger,
) -> Document:
    words, bounds, spans = [], [], []
    at = 0
    for sentence in sentences:
        offsets = []
        for line in sentence:
            offsets.append((at, at + len(line.token)))
            at += len(line.token) + 1
        spans.extend(_spans(sentence, offsets, path, types, ledger))
        words.extend(offsets)
        bounds.append((offsets[0][0], offsets[-1][1]))
    text = " ".join(line.token for sentence in sentences for line in sentence)
    return Document(name, text, tuple(spans), tuple(bounds), tuple(words))


def _spans(
    sentence: list[_Line],
    offsets: list[tuple[int, int]],
    path: Path,
    types: tuple[str, ...] | None,
    ledger: Ledger,
) -> Iterator[Span]:
    start = end = 0
    current = ""  # type of the span that is open, "" where none is
    for line, (first, last) in zip(sentence, offsets, strict=True):
        where = f"{path.name}:{line.number}"
        prefix, _, kind = line.tag.partition("-")
        if line.tag != "O" and (prefix not in ("B", "I") or not kind):
            raise BadInput(
                f"{path}:{line.number}: unknown tag {quoted(line.tag)}; valid: O, B-TYPE, I-TYPE"
            )
        if kind and types is not None and kind not in types:
            raise BadInput(f"{path}:{line.number}: {unknown('type', kind, types, read=True)}")
        if prefix == "I" and kind == current:
            end = last
            continue
        if current:
            yield Span(start, end, current)
        current = kind
        if kind:
            start, end = first, last
            ledger.note("read", "spans", where, kind)
            if prefix == "I":
                ledger.note("repaired", "I- that continues no span begins one", where, kind)
    if current:
        yield Span(start, end, current)

"""i2b2 XML: reader of folders of one file a document, a TEXT and below it TAGS with offsets.

So came the corpora of 2012 (EVENT and TIMEX3) and of 2014 (one tag for each category of PHI).
Offsets count characters of TEXT, its first line feed included.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from clinlib.corpora.document import Document, Span
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.readers.xml_marks import Mark, marks, offset, read_text
from clinlib.errors import BadInput, quoted, unknown

OnMismatch = Literal["error", "drop"]
TEXT, TAGS = "TEXT", "TAGS"

# what an attribute's value lies between; the value itself may hold quotation marks
_VALUE = re.compile(r'="(.*?)"(?=\s+[\w:.-]+=|\s*/?>)')
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)")


def read_i2b2_xml(
    folder: Path,
    *,
    tags: Mapping[str, str],
    types: tuple[str, ...] | None = None,
    on_mismatch: OnMismatch = "error",
    shift: int = 0,
    group: str = "",
    ledger: Ledger | None = None,
) -> list[Document]:
    """Documents of a folder's .xml files, sorted by id (the file's stem); spans may overlap.

    `tags`: tag -> the attribute that holds a span's type; other tags are counted as read over.
    `types` are the valid types, None for any. The text in the attribute `text` must stand at the
    offsets, blanks and line ends aside, or at most `shift` characters away; a span that is moved,
    or with on_mismatch="drop" dropped, is counted. `group` is a pattern whose first group, in a
    document's id, names the documents that must not part.

    Some files have bare ampersands, "<" or quotation marks in attributes, which is no XML: they
    are read as meant, and counted as repaired.

    Raises BadInput, with file and line, for what is not such XML, a tag without its attributes, a
    type that is not valid, offsets outside the text and quotes that do not match.
    """
    ledger = Ledger() if ledger is None else ledger
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder")
    paths = sorted(folder.glob("*.xml"), key=lambda path: path.stem)
    if not paths:
        raise BadInput(f"{folder}: no .xml files")
    documents = []
    for path in paths:
        document = _document(path, tags, types, on_mismatch, shift, ledger)
        if group:
            match = re.search(group, document.id)
            if match is None:
                raise BadInput(f"{path}: its name does not fit the pattern {group!r}")
            document = replace(document, group=match.group(1))
        documents.append(document)
    return documents


def _document(
    path: Path,
    tags: Mapping[str, str],
    types: tuple[str, ...] | None,
    on_mismatch: OnMismatch,
    shift: int,
    ledger: Ledger,
) -> Document:
    found = _marks(path, ledger)
    text, annotations = _parts(found, path)
    spans = []
    for mark in annotations:
        where = f"{path.name}:{mark.line}"
        if mark.name not in tags:
            ledger.note("read", "other tags, not used", where)
            continue
        span = _span(mark, tags[mark.name], text, types, path)
        ledger.note("read", "spans", where, span.type)
        placed = _placed(span, mark.attributes["text"], text, shift)
        if placed is None:
            if on_mismatch == "error":
                raise BadInput(
                    f"{path}:{mark.line}: <{mark.name}> quotes {quoted(mark.attributes['text'])}, "
                    f"the text at [{span.start}, {span.end}) is "
                    f"{quoted(text[span.start : span.end])}"
                )
            ledger.note("dropped", "quote does not match the text", where, span.type)
            continue
        if placed != span:
            ledger.note("repaired", "moved to the text that it quotes", where, span.type)
        spans.append(placed)
    return Document(path.stem, text, tuple(sorted(spans)))


def _marks(path: Path, ledger: Ledger) -> list[Mark]:
    """The file's marks; where it is no XML, those of the file with its attributes escaped."""
    text = read_text(path)
    try:
        return marks(text, path)
    except BadInput as error:
        head, end, rest = text.rpartition(f"</{TEXT}>")
        mended = head + end + _VALUE.sub(_escaped, rest)
        if mended == text:
            raise
        try:
            found = marks(mended, path)
        except BadInput:
            raise error from None
        ledger.note("repaired", "characters in attributes that are no XML", path.name)
        return found


def _escaped(match: re.Match) -> str:
    value = _BARE.sub("&amp;", match.group(1)).replace("<", "&lt;").replace('"', "&quot;")
    return f'="{value}"'


def _parts(found: list[Mark], path: Path) -> tuple[str, list[Mark]]:
    """The text, and the marks of the tags below TAGS."""
    text: list[str] | None = None
    annotations: list[Mark] | None = None
    within: list[str] = []
    for mark in found:
        if mark.kind == "close":
            within.pop()
            continue
        if mark.kind == "characters":
            if within[1:] == [TEXT] and text is not None:
                text.append(mark.name)
            continue
        if within[1:] == [TEXT]:
            raise BadInput(f"{path}:{mark.line}: a tag within {TEXT}; its offsets stand in {TAGS}")
        if within[1:] == [TAGS] and annotations is not None:
            annotations.append(mark)
        within.append(mark.name)
        if within[1:] == [TEXT]:
            if text is not None:
                raise BadInput(f"{path}:{mark.line}: a second {TEXT}")
            text = []
        elif within[1:] == [TAGS]:
            annotations = [] if annotations is None else annotations
    for name, part in ((TEXT, text), (TAGS, annotations)):
        if part is None:
            raise BadInput(f"{path}: no <{name}> below its first tag")
    return "".join(text), annotations


def _span(mark: Mark, attribute: str, text: str, types: tuple[str, ...] | None, path: Path) -> Span:
    where = f"{path}:{mark.line}"
    for name in (attribute, "text"):
        if not mark.attributes.get(name):
            raise BadInput(f"{where}: <{mark.name}> has no attribute '{name}'")
    kind = mark.attributes[attribute]
    if types is not None and kind not in types:
        raise BadInput(f"{where}: {unknown('type', kind, types, read=True)}")
    start, end = (offset(mark, name, path) for name in ("start", "end"))
    if not start < end <= len(text):
        raise BadInput(
            f"{where}: offsets [{start}, {end}) do not lie in the text of {len(text)} characters"
        )
    return Span(start, end, kind)


def _placed(span: Span, quote: str, text: str, shift: int) -> Span | None:
    """The span at the nearest place, at most `shift` away, whose text it quotes; or None."""
    for step in sorted(range(-shift, shift + 1), key=abs):
        start, end = span.start + step, span.end + step
        if start >= 0 and "".join(text[start:end].split()) == "".join(quote.split()):
            return replace(span, start=start, end=end)
    return None

"""JSON: readers of records that hold a text and the offsets of its mentions, in three shapes.

phee: one object a line, mentions nested in events, each in fragments. cmedqaner: one object a
line with a list of mentions. presidio: one array of texts with their spans.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from clinlib.corpora.document import Document, Span
from clinlib.corpora.ledger import Ledger
from clinlib.errors import BadInput, quoted, told

Shape = Literal["phee", "cmedqaner", "presidio"]
Discontinuous = Literal["hull", "first", "drop"]
SHARED = ("Disorder",)  # of PHEE's inner arguments: what is treated, and what the patient has
Fragments = tuple[tuple[int, str], ...]  # (start, quoted text) of each


def read_json(
    path: Path,
    shape: Shape,
    *,
    discontinuous: Discontinuous = "hull",
    ledger: Ledger | None = None,
) -> list[Document]:
    """Documents of one file in its order, spans as annotated: they may overlap.

    phee: an argument's type is its name, with that of the argument around it only where several
    have such a one (Treatment_Disorder); a mention that several events share is one span. A
    discontinuous one becomes its hull, its first fragment, or is dropped, and is counted. Each
    record is one sentence; those of one abstract are a group.
    cmedqaner: a mention that stands at its offset in another case is kept there, one that stands
    one character before its offset is moved, both counted as repaired; any other that is not the
    text at its offset is dropped and counted.
    presidio: records of one template are a group.

    Raises BadInput, with file and record, for what is not JSON of that shape, for offsets outside
    the text and (but in cmedqaner) for a quote that is not the text at its offsets.
    """
    ledger = Ledger() if ledger is None else ledger
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    documents = []
    for where, record in _RECORDS[shape](path):
        try:
            documents.append(_SHAPES[shape](record, where, discontinuous, ledger))
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, BadInput):
                raise
            raise BadInput(f"{where}: not a record of {shape} ({told(error)})") from error
    return documents


def _lines(path: Path) -> Iterator[tuple[str, Any]]:
    """(place, object) of every line that is not blank."""
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if line.strip():
            where = f"{path}:{number}"
            try:
                yield where, json.loads(line)
            except ValueError as error:
                raise BadInput(f"{where}: not JSON ({error})") from error


def _array(path: Path) -> Iterator[tuple[str, Any]]:
    """(place, object) of every element of the file's one array."""
    try:
        records = json.loads(_text(path))
    except ValueError as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{path}: not JSON ({error})") from error
    if not isinstance(records, list):
        raise BadInput(f"{path}: no array of records")
    for number, record in enumerate(records):
        yield f"{path}, record {number}", record


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 (byte {error.start})") from error


def _phee(record: Any, where: str, discontinuous: Discontinuous, ledger: Ledger) -> Document:
    name, text = _string(record, "id"), _string(record, "context")
    found: dict[tuple[str, str], Fragments] = {}
    for annotation in record["annotations"]:
        for event in annotation["events"]:
            for argument, node in event.items():
                if isinstance(node, dict):
                    for kind, entity, fragments in _mentions(argument, node):
                        if found.setdefault((kind, entity), fragments) != fragments:
                            raise BadInput(f"{where}: {kind} {entity} stands in two places")
    spans = []
    for (kind, _), fragments in found.items():
        ledger.note("read", "spans", _place(where), kind)
        spans += _span(text, kind, fragments, where, discontinuous, ledger)
    sentences = ((0, len(text)),) if text.strip() else ()
    abstract = name.rpartition("_")[0]  # "8908396_3" is a sentence of the abstract 8908396
    return Document(name, text, tuple(sorted(spans)), sentences, group=abstract)


def _mentions(name: str, node: dict[str, Any]) -> Iterator[tuple[str, str, Fragments]]:
    """(type, id, fragments) of the mentions of an argument and of those within it."""
    if "text" in node:
        for texts, starts, entity in zip(
            node["text"], node["start"], node["entity_id"], strict=True
        ):
            yield name, entity, tuple(zip(starts, texts, strict=True))
    for inner, below in node.items():
        # a list is a combination of drugs, each of which is an argument elsewhere
        if isinstance(below, dict):
            yield from _mentions(f"{name}_{inner}" if inner in SHARED else inner, below)


def _span(
    text: str,
    kind: str,
    fragments: Fragments,
    where: str,
    discontinuous: Discontinuous,
    ledger: Ledger,
) -> list[Span]:
    for start, quote in fragments:
        _check(text, start, start + len(quote), where, quote)
    edges = sorted((start, start + len(quote)) for start, quote in fragments)
    if len(edges) == 1:
        return [Span(*edges[0], kind)]
    if discontinuous == "drop":
        ledger.note("dropped", "discontinuous", _place(where), kind)
        return []
    if discontinuous == "first":
        ledger.note("cut", "discontinuous, to its first fragment", _place(where), kind)
        return [Span(*edges[0], kind)]
    ledger.note("merged", "discontinuous, covered by its hull", _place(where), kind)
    return [Span(edges[0][0], max(end for _, end in edges), kind)]


def _cmedqaner(record: Any, where: str, discontinuous: Discontinuous, ledger: Ledger) -> Document:
    text, spans = _string(record, "text"), []
    for mention in record["mention_data"]:
        quote, kind, start = mention["mention"], mention["type"], int(mention["offset"])
        end = start + len(quote)
        ledger.note("read", "spans", _place(where), kind)
        here = text[start:end]
        if here != quote and text[: end - 1].endswith(quote):
            ledger.note(
                "repaired", "mention stands a character before its offset", _place(where), kind
            )
            start, end = start - 1, end - 1
        elif here != quote and here.casefold() == quote.casefold():
            ledger.note(
                "repaired", "mention differs from its text in case only", _place(where), kind
            )
        _check(text, start, end, where)
        if text[start:end].casefold() != quote.casefold():
            ledger.note("dropped", "mention is not the text at its offset", _place(where), kind)
            continue
        spans.append(Span(start, end, kind))
    path, _, number = where.rpartition(":")
    return Document(f"{Path(path).stem}-{int(number):05d}", text, tuple(sorted(spans)))


def _presidio(record: Any, where: str, discontinuous: Discontinuous, ledger: Ledger) -> Document:
    text, spans = _string(record, "full_text"), []
    for each in record["spans"]:
        start, end = each["start_position"], each["end_position"]
        ledger.note("read", "spans", _place(where), each["entity_type"])
        _check(text, start, end, where, each["entity_value"])
        spans.append(Span(start, end, each["entity_type"]))
    path, _, number = where.rpartition(", record ")
    return Document(
        f"{Path(path).stem}-{int(number):05d}",
        text,
        tuple(sorted(spans)),
        group=_string(record, "masked"),  # some templates have two ids
    )


def _place(where: str) -> str:
    """The place without the folder of its file, for ledgers."""
    return Path(where).name


def _string(record: Any, key: str) -> str:
    if not isinstance(record[key], str):
        raise TypeError(f"'{key}' is no string")
    return record[key]


def _check(text: str, start: int, end: int, where: str, quote: str | None = None) -> None:
    """Raises BadInput unless the offsets lie in the text and the quote, if given, stands there."""
    if not 0 <= start < end <= len(text):
        raise BadInput(
            f"{where}: offsets [{start}, {end}) do not lie in the text of {len(text)} characters"
        )
    if quote is not None and text[start:end] != quote:
        raise BadInput(
            f"{where}: the text at [{start}, {end}) is {quoted(text[start:end])}, the annotation "
            f"says {quoted(quote)}"
        )


_RECORDS: dict[str, Callable[[Path], Iterator[tuple[str, Any]]]] = {
    "phee": _lines,
    "cmedqaner": _lines,
    "presidio": _array,
}
_SHAPES: dict[str, Callable[[Any, str, Discontinuous, Ledger], Document]] = {
    "phee": _phee,
    "cmedqaner": _cmedqaner,
    "presidio": _presidio,
}

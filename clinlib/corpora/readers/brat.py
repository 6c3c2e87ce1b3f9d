"""BRAT: reader of standoff folders, a .txt file of text beside an .ann file of annotation.

Offsets count Unicode code points of the text as it lies on disk, carriage returns included. It
reads spans (T), attributes (A, M) and notes (#); events, relations, equivalences and
normalisations are checked for form and counted as read over.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from clinlib.corpora.document import Document, Span
from clinlib.corpora.ledger import Ledger
from clinlib.errors import BadInput, quoted

OnMismatch = Literal["error", "drop"]
Discontinuous = Literal["hull", "first", "drop"]
NOTES = "notes, not used"

_FRAGMENTS = re.compile(r"\d+ \d+(?:;\d+ \d+)*")
# first characters of an id -> what it is, and the form of what follows the id and a tab
_FORMS = {
    "E": ("events", re.compile(r"[^\s:]+:[TE]\d+(?: [^\s:]+:[TE]\d+)* *")),
    "R": ("relations", re.compile(r"\S+ [^\s:]+:[TE]\d+ [^\s:]+:[TE]\d+\s*")),
    "*": ("equivalences", re.compile(r"\S+(?: [TE]\d+)+\s*")),
    "N": ("normalisations", re.compile(r"\S+ [TERAM]\d+ [^\t]+(?:\t.*)?")),
    "A": ("attributes", re.compile(r"(\S+) ([TER]\d+)(?: (.+))?")),
    "M": ("attributes", re.compile(r"(\S+) ([TER]\d+)(?: (.+))?")),
    "#": ("notes", re.compile(r"\S+ ([TERAMN#*]\d*)(?:\t(.*))?")),
}


@dataclass(frozen=True, slots=True)
class TextBound:
    """A T line: type, fragments (start, end) in its order, the text it quotes, its line number."""

    type: str
    fragments: tuple[tuple[int, int], ...]
    quote: str
    line: int


@dataclass
class Annotations:
    """One .ann file: text-bound annotations by id; attributes and notes by the id they are on."""

    textbounds: dict[str, TextBound] = field(default_factory=dict)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)


def read_brat(
    folder: Path,
    *,
    discontinuous: Discontinuous = "hull",
    on_mismatch: OnMismatch = "error",
    shift: int = 0,
    group: str = "",
    type_in_note: str = "",
    ledger: Ledger | None = None,
) -> list[Document]:
    """Documents of a folder, sorted by id (the file's stem), spans as annotated: they may overlap.

    A discontinuous span becomes its hull (first to last character), its first fragment, or is
    dropped; each is counted. A quote that is not the text at its offsets, nor at most `shift`
    characters away, is an error or, with on_mismatch="drop", drops the span; both moving and
    dropping are counted. Blanks only part words in that comparison: the format writes a line
    break as a blank, and some tools leave blanks behind the quote.
    `group` is a pattern whose first group, in a document's id, names the documents that must not
    part; `type_in_note` one whose first group, in a note on a span, is that span's type.

    Raises BadInput, with file and line, for malformed lines, repeated ids, offsets outside the
    text and quotes that do not match; for a .txt or .ann file without its partner; and for an id
    or a note in which the pattern finds nothing.
    """
    ledger = Ledger() if ledger is None else ledger
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder")
    texts = {path.stem: path for path in folder.glob("*.txt")}
    annotations = {path.stem: path for path in folder.glob("*.ann")}
    for stem in sorted(texts.keys() ^ annotations.keys()):
        there = texts.get(stem) or annotations[stem]
        partner = ".ann" if there.suffix == ".txt" else ".txt"
        raise BadInput(f"{there}: its partner {stem}{partner} is missing")
    if not texts:
        raise BadInput(f"{folder}: no .txt and .ann files")
    return [
        replace(
            _document(
                texts[stem],
                annotations[stem],
                discontinuous,
                on_mismatch,
                shift,
                type_in_note,
                ledger,
            ),
            group=_found(group, stem, f"{texts[stem]}: its name") if group else "",
        )
        for stem in sorted(texts)
    ]


def read_annotations(path: Path, ledger: Ledger | None = None, notes: str = NOTES) -> Annotations:
    """One .ann file without its text; `notes` is what its notes are counted as.

    Raises BadInput, with file and line, for malformed lines.
    """
    ledger = Ledger() if ledger is None else ledger
    found = Annotations()
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        name, _, rest = line.partition("\t")
        if name.startswith("T"):
            if name in found.textbounds:
                raise BadInput(f"{path}:{number}: the id {name} occurs twice")
            found.textbounds[name] = _textbound(path, number, line)
            continue
        what, form = _FORMS.get(name[:1], ("", None))
        match = form.fullmatch(rest) if form else None
        if match is None or not (name == "*" or re.fullmatch(r"\D\d+", name)):
            raise BadInput(f"{path}:{number}: malformed line: {quoted(line)}")
        if what == "attributes":
            attribute, target, value = match.groups()
            found.attributes.setdefault(target, {})[attribute] = value or ""
        elif what == "notes":
            found.notes.setdefault(match.group(1), []).append(match.group(2) or "")
        reason = notes if what == "notes" else f"{what}, not used"
        ledger.note("read", reason, f"{path.name}:{number}")
    return found


def _textbound(path: Path, number: int, line: str) -> TextBound:
    name, _, rest = line.partition("\t")
    head, tab, quote = rest.partition("\t")
    kind, _, offsets = head.partition(" ")
    well_formed = re.fullmatch(r"T\d+", name) and tab and kind
    if not well_formed or not _FRAGMENTS.fullmatch(offsets):
        raise BadInput(
            f"{path}:{number}: malformed line, expected "
            f"ID<tab>TYPE START END[;START END]<tab>TEXT: "
            f"{quoted(line)}"
        )
    fragments = tuple(
        (int(start), int(end)) for start, end in (f.split() for f in offsets.split(";"))
    )
    for start, end in fragments:
        if start >= end:
            raise BadInput(f"{path}:{number}: {name} has an empty fragment [{start}, {end})")
    return TextBound(kind, fragments, quote, number)


def _document(
    text_path: Path,
    annotation_path: Path,
    discontinuous: Discontinuous,
    on_mismatch: OnMismatch,
    shift: int,
    type_in_note: str,
    ledger: Ledger,
) -> Document:
    text = _text(text_path)
    notes = "notes, giving types" if type_in_note else NOTES
    annotations = read_annotations(annotation_path, ledger, notes)
    spans = []
    for name, bound in annotations.textbounds.items():
        where = f"{annotation_path.name}:{bound.line}"
        if type_in_note:
            note = " ".join(annotations.notes.get(name, ()))
            place = f"{annotation_path}:{bound.line}: the note on {name}"
            bound = replace(bound, type=_found(type_in_note, note, place))
        last = max(end for _, end in bound.fragments)
        if last > len(text):
            raise BadInput(
                f"{annotation_path}:{bound.line}: {name} ends at {last}, "
                f"the text has {len(text)} characters; it quotes {quoted(bound.quote)}"
            )
        ledger.note("read", "spans", where, bound.type)
        placed = _placed(bound, text, shift)
        if placed is None:
            if on_mismatch == "error":
                raise BadInput(
                    f"{annotation_path}:{bound.line}: {name} quotes {quoted(bound.quote)}, "
                    f"the text at its offsets is {quoted(_covered(bound.fragments, text))}"
                )
            ledger.note("dropped", "quote does not match the text", where, bound.type)
            continue
        if placed != bound:
            ledger.note("repaired", "moved to the text that it quotes", where, bound.type)
        spans.extend(_contiguous(placed, discontinuous, where, ledger))
    return Document(text_path.stem, text, tuple(sorted(spans)))


def _placed(bound: TextBound, text: str, shift: int) -> TextBound | None:
    """The annotation at the nearest place, at most `shift` away, whose text it quotes; or None."""
    for step in sorted(range(-shift, shift + 1), key=abs):
        fragments = tuple((start + step, end + step) for start, end in bound.fragments)
        if min(fragments)[0] >= 0 and _covered(fragments, text).split() == bound.quote.split():
            return replace(bound, fragments=fragments)
    return None


def _covered(fragments: Iterable[tuple[int, int]], text: str) -> str:
    return " ".join(text[start:end] for start, end in fragments)


def _contiguous(
    bound: TextBound, policy: Discontinuous, where: str, ledger: Ledger
) -> Iterator[Span]:
    """The annotation as one span or none."""
    first = min(bound.fragments)
    if len(bound.fragments) == 1:
        yield Span(*first, bound.type)
    elif policy == "hull":
        ledger.note("merged", "discontinuous, covered by its hull", where, bound.type)
        yield Span(first[0], max(end for _, end in bound.fragments), bound.type)
    elif policy == "first":
        ledger.note("cut", "discontinuous, to its first fragment", where, bound.type)
        yield Span(*first, bound.type)
    else:
        ledger.note("dropped", "discontinuous", where, bound.type)


def _found(pattern: str, text: str, what: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise BadInput(f"{what}, {quoted(text)}, does not fit the pattern {pattern!r}")
    return match.group(1)


def _text(path: Path) -> str:
    """The file as it lies, without translation of line ends."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 at byte {error.start}") from error


def _lines(path: Path) -> list[str]:
    # only line feeds end a line: str.splitlines would also cut at rarer marks inside a quote
    return [line.removesuffix("\r") for line in _text(path).split("\n")]

"""Windows: sentences as input ids with one label per unit.

Knows nothing of tensors, batches or models.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from clinlib.corpora.document import Document
from clinlib.corpora.ledger import Ledger
from clinlib.encoding.alignment import Placed, label, place
from clinlib.encoding.cuts import divide, sentence_edges
from clinlib.encoding.packing import Piece, packs
from clinlib.encoding.sections import NOTHING, UNKNOWN, Sections, fronts, sentence_titles
from clinlib.encoding.subwords import Subwords, special_ids, tokenise
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.units import Note, Units, subword_units, word_units
from clinlib.errors import BadInput, unknown

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

UNITS = ("subword", "word")
LAYOUTS = ("sentence", "packed")


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What the encoder reads at once: sentences, or a part of one, with their context.

    Of L positions (special tokens and context included) and U >= 1 own units:
    document: index into the documents given; sentence, last: indices of the first and the last
    sentence within it, the same but for packed windows;
    ids (L,) int32 input ids; first (U,) int32 position of each unit's first subword;
    unit (L,) int32 own unit of every position, -1 for special tokens and context;
    offsets (U, 2) int32 character offsets of each unit in the document's text;
    labels (U,) int64 label ids, None where not asked for; section: the index of its section, 0
    for none, for one that was not learnt, and where sections are not fused or are fused as text.
    """

    document: int
    sentence: int
    last: int
    ids: np.ndarray
    first: np.ndarray
    unit: np.ndarray
    offsets: np.ndarray
    labels: np.ndarray | None
    section: int = UNKNOWN


@dataclass(frozen=True, slots=True)
class Encoded:
    """Windows, and the ledger of gold spans and words that they do not express."""

    windows: tuple[Window, ...]
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all windows of one call share."""

    scheme: TagScheme
    unit: str
    context: int
    packed: bool
    room: int  # subwords that fit beside the special tokens
    own: int  # subwords that a part of a sentence may have
    before: np.ndarray
    after: np.ndarray
    labelled: bool
    sections: Sections | None
    fronts: Mapping[str, np.ndarray]  # what stands in front of a sentence under each title


def encode(
    documents: Sequence[Document],
    tokenizer: "PreTrainedTokenizerFast",
    scheme: TagScheme,
    *,
    unit: str = "subword",
    context: int = 0,
    layout: str = "sentence",
    max_length: int = 256,
    sentences: Iterable[tuple[int, int]] | None = None,
    labelled: bool = True,
    sections: Sections | None = None,
) -> Encoded:
    """Windows of the sentences of `documents`, in order, or of `sentences` as they are listed.

    `sentences` holds (document index, sentence index) pairs, repeats included; None means all.
    unit: "subword" labels every subword, "word" every word (of the document, else by the pinned
    rule). context: subwords of the same document on each side, read but not labelled, as many as
    fit. A sentence of more than max_length positions is divided; each of its subwords lies in
    exactly one window. With labelled=False gold spans are not looked at, for the cuts neither.
    layout: "sentence" makes a window of each sentence; "packed" puts as many neighbouring
    sentences into one as leave room for the whole context on both sides, so that context is read
    about once a window and not once a sentence.
    sections: with level "text", the title of a sentence's section and a separator stand in front
    of it and its context, read but not labelled; with other levels windows have its index.

    A unit's label is that of the gold span that overlaps it. The ledger counts each span that the
    windows do not express exactly, once: widened (an edge inside a unit), cut (at a window's or
    sentence's edge, or an edge of blanks or of characters without a unit), or dropped (no unit, or
    none that a longer span does not have). The documents keep their spans for scoring.

    Raises BadInput for an unknown unit or span type, a length that the tokenizer does not allow, a
    document that is not segmented, a sentence that does not exist, and packed windows with
    sections.
    """
    frame = _frame(tokenizer, scheme, unit, context, layout, max_length, labelled)
    frame = _with_sections(frame, sections, documents, tokenizer)
    wanted = _wanted(documents, sentences)
    if frame.packed and len(set(wanted)) < len(wanted):
        raise BadInput("packed windows hold each sentence once: repeats need layout 'sentence'")
    chosen: dict[int, set[int]] = {}
    for document, sentence in wanted:
        chosen.setdefault(document, set()).add(sentence)
    order = sorted(chosen)
    ledger = Ledger()
    made: dict[tuple[int, int], list[Window]] = {}
    tokenised = tokenise([documents[index] for index in order], tokenizer)
    for index, subwords in zip(order, tokenised, strict=True):
        made.update(_document(index, documents[index], subwords, chosen[index], frame, ledger))
    return Encoded(tuple(window for pair in wanted for window in made[pair]), ledger)


def _frame(
    tokenizer: "PreTrainedTokenizerFast",
    scheme: TagScheme,
    unit: str,
    context: int,
    layout: str,
    max_length: int,
    labelled: bool,
) -> _Frame:
    if unit not in UNITS:
        raise unknown("unit", unit, UNITS)
    if layout not in LAYOUTS:
        raise unknown("layout", layout, LAYOUTS)
    if context < 0:
        raise BadInput(f"context must be 0 or more subwords, not {context}")
    if max_length > tokenizer.model_max_length:
        raise BadInput(
            f"max_length {max_length} is more than the {tokenizer.model_max_length} positions of "
            "the encoder"
        )
    before, after = (np.array(ids, dtype=np.int32) for ids in special_ids(tokenizer))
    room = max_length - len(before) - len(after)
    if room < 1:
        raise BadInput(f"max_length {max_length} leaves no room beside the special tokens")
    packed = layout == "packed"
    own = room - 2 * context if packed else room
    if own < 1:
        raise BadInput(
            f"{room} subwords beside the special tokens leave no room between two contexts of "
            f"{context}: raise max_length or lower context"
        )
    return _Frame(scheme, unit, context, packed, room, own, before, after, labelled, None, {})


def _with_sections(
    frame: _Frame,
    sections: Sections | None,
    documents: Sequence[Document],
    tokenizer: "PreTrainedTokenizerFast",
) -> _Frame:
    if sections is None:
        return frame
    if frame.packed:
        raise BadInput("packed windows hold sentences of several sections: layout must be sentence")
    if sections.level != "text":
        return replace(frame, sections=sections)
    titles = {section.title for document in documents for section in document.sections}
    return replace(frame, fronts=fronts(titles, tokenizer, frame.room))


def _wanted(
    documents: Sequence[Document], sentences: Iterable[tuple[int, int]] | None
) -> list[tuple[int, int]]:
    for document in documents:
        edges = [edge for sentence in document.sentences for edge in sentence]
        if edges != sorted(edges) or (
            edges and not 0 <= edges[0] <= edges[-1] <= len(document.text)
        ):
            raise BadInput(f"document {document.id}: its sentences are not in order in its text")
        if not edges and document.text.strip():
            raise BadInput(f"document {document.id} has no sentences: segment it first")
    if sentences is None:
        return [
            (d, s) for d, document in enumerate(documents) for s in range(len(document.sentences))
        ]
    wanted = [(int(document), int(sentence)) for document, sentence in sentences]
    for document, sentence in wanted:
        if not 0 <= document < len(documents):
            raise BadInput(f"there is no document {document} among {len(documents)}")
        if not 0 <= sentence < len(documents[document].sentences):
            raise BadInput(
                f"document {documents[document].id} has no sentence {sentence}, only "
                f"{len(documents[document].sentences)}"
            )
    return wanted


def _document(
    index: int,
    document: Document,
    subwords: Subwords,
    chosen: set[int],
    frame: _Frame,
    ledger: Ledger,
) -> dict[tuple[int, int], list[Window]]:
    """The windows of the chosen sentences of one document, keyed (document, sentence)."""
    titles = sentence_titles(document)
    leads = [frame.fronts.get(title, NOTHING) for title in titles]
    if frame.unit == "subword":
        units = subword_units(subwords)
    else:
        units = word_units(subwords, document, frame.room - max(map(len, leads), default=0))
    placed: list[Placed] = []
    notes = list(units.notes)
    if frame.labelled:
        for type in sorted({span.type for span in document.spans} - set(frame.scheme.types)):
            raise unknown(f"span type of document {document.id}", type, frame.scheme.types)
        placed, dropped = place(document.spans, units, frame.unit)
        notes += dropped

    heads = np.array([start for start, _ in document.sentences], dtype=np.int32)  # (S,)
    edges = sentence_edges(heads, units)
    inside = np.zeros(len(units), dtype=bool)  # (U,) a span goes on over the unit's beginning
    for item in placed:
        inside[item.first + 1 : item.last] = True
    cuts = [
        divide(low, high, frame.own - len(lead), units, document.text, inside)
        for low, high, lead in zip(edges, edges[1:], leads, strict=False)
    ][: len(heads)]
    labels = label(placed, cuts, edges, frame.scheme, notes) if frame.labelled else None
    _count(notes, heads, chosen, document, ledger)
    pieces = [
        Piece(sentence, low, high)
        for sentence in sorted(chosen)
        for low, high in zip(cuts[sentence], cuts[sentence][1:], strict=False)
        if low < high
    ]
    made: dict[tuple[int, int], list[Window]] = {(index, sentence): [] for sentence in chosen}
    groups = (
        packs(pieces, units, frame.context, frame.room)
        if frame.packed
        else ((piece,) for piece in pieces)
    )
    for group in groups:
        sentence = group[0].sentence
        window = _window(index, group, units, labels, frame, leads[sentence])
        if frame.sections:
            window = replace(window, section=frame.sections.index(titles[sentence]))
        made[index, sentence].append(window)
    return made


def _count(
    notes: list[Note], heads: np.ndarray, chosen: set[int], document: Document, ledger: Ledger
) -> None:
    """Enter the notes that belong to chosen sentences."""
    for note in notes:
        sentence = max(0, int(np.searchsorted(heads, note.position, side="right")) - 1)
        if sentence in chosen:
            where = f"{document.id} [{note.position}]"
            ledger.note(note.event, note.reason, where=where, type=note.type)


def _window(
    document: int,
    pieces: Sequence[Piece],
    units: Units,
    labels: np.ndarray | None,
    frame: _Frame,
    title: np.ndarray,
) -> Window:
    """The window of neighbouring pieces, which are its own units, their title and their context."""
    low, high = pieces[0].low, pieces[-1].high
    start, end = int(units.first[low]), int(units.first[high])
    left, right = min(frame.context, start), min(frame.context, len(units.ids) - end)
    spare = frame.room - len(title) - (end - start)
    if left + right > spare:  # share it evenly; what one side does not need goes to the other
        left = min(left, max(spare // 2, spare - right))
        right = min(right, spare - left)
    own = units.ids[start - left : end + right]
    ids = np.concatenate((frame.before, title, own, frame.after))
    lead = len(frame.before) + len(title) + left
    sizes = units.first[low + 1 : high + 1] - units.first[low:high]
    unit = np.full(len(ids), -1, dtype=np.int32)  # (L,)
    unit[lead : lead + end - start] = np.repeat(np.arange(high - low, dtype=np.int32), sizes)
    return Window(
        document=document,
        sentence=pieces[0].sentence,
        last=pieces[-1].sentence,
        ids=ids,
        first=units.first[low:high] + np.int32(lead - start),
        unit=unit,
        offsets=np.stack((units.starts[low:high], units.ends[low:high]), axis=1),
        labels=None if labels is None else labels[low:high],
    )

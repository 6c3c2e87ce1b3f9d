"""Entity rows: packed sequences that know which of their subwords belong to entities."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from transformers import PreTrainedTokenizerFast

from clinlib.adaptation.sequences import full
from clinlib.corpora.document import Document
from clinlib.corpora.words import words
from clinlib.encoding.subwords import Subwords, tokenise
from clinlib.errors import BadInput


@dataclass(frozen=True, eq=False)
class EntityRows:
    """N sequences: ids (N, L) int64, a label token being `label_start` plus the place of its type
    and below that a subword; entity (N, L) bool, on for the subwords of entities."""

    ids: np.ndarray
    entity: np.ndarray
    label_start: int

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def length(self) -> int:
        """L, positions of a sequence."""
        return self.ids.shape[1]

    def some(self, at: np.ndarray) -> "EntityRows":
        """The rows at some positions of this order."""
        return EntityRows(self.ids[at], self.entity[at], self.label_start)

    def hash(self) -> str:
        """16 hex digits over the sequences in their order."""
        return hashlib.sha256(self.ids.tobytes() + self.entity.tobytes()).hexdigest()[:16]


def pack_entities(
    documents: Sequence[Document],
    tokenizer: PreTrainedTokenizerFast,
    types: Sequence[str],
    length: int,
    *,
    label_tokens: bool,
) -> EntityRows:
    """The documents' subwords end to end, in full sequences as `sequences.pack` makes them.

    With `label_tokens` the label token of its type stands before and after every word of an
    entity (Zhou et al. 2022, MELM; a word in several subwords is one token there). Where spans
    overlap, a subword belongs to the later one.

    Raises BadInput for documents without an entity, and for too little text.
    """
    start = len(tokenizer)
    streams = (
        _stream(document, subwords, types, start if label_tokens else None, tokenizer.sep_token_id)
        for document, subwords in zip(documents, tokenise(documents, tokenizer), strict=True)
        if document.text.strip()
    )
    head = np.array([[tokenizer.cls_token_id, 0]])
    rows = [np.concatenate([head, body]) for body in full(streams, length - 1)]
    if not rows:
        raise BadInput(f"the texts do not fill one sequence of {length} subwords")
    packed = np.stack(rows)  # (N, L, 2)
    if not packed[..., 1].any():
        raise BadInput(
            f"none of {len(documents)} documents holds an entity: there is nothing to mask"
        )
    return EntityRows(packed[..., 0], packed[..., 1].astype(bool), start)


def _stream(
    document: Document,
    subwords: Subwords,
    types: Sequence[str],
    label_start: int | None,
    sep: int,
) -> np.ndarray:
    """(n, 2) int64: ids with label tokens, the separator last; beside each, 1 for entities."""
    marks = _marks(document, subwords)
    pieces: list[tuple[int, int]] = []
    last: tuple[int, int] | None = None
    for id_, mark in zip(subwords.ids.tolist(), marks, strict=True):
        if label_start is not None and mark != last:
            for span in (each[0] for each in (last, mark) if each is not None):
                pieces.append((label_start + types.index(document.spans[span].type), 0))
        pieces.append((id_, int(mark is not None)))
        last = mark
    if label_start is not None and last is not None:
        pieces.append((label_start + types.index(document.spans[last[0]].type), 0))
    return np.array([*pieces, (sep, 0)], dtype=np.int64)


def _marks(document: Document, subwords: Subwords) -> list[tuple[int, int] | None]:
    """(span, word) of every subword that lies in a span, else None."""
    marks: list[tuple[int, int] | None] = [None] * len(subwords.ids)
    ends = np.array([end for _, end in words(document)])
    word = np.searchsorted(ends, subwords.starts, side="right")  # (N,)
    for number, span in enumerate(document.spans):
        inside = (subwords.starts < span.end) & (subwords.ends > span.start)
        for at in np.flatnonzero(inside & (subwords.starts < subwords.ends)).tolist():
            marks[at] = (number, int(word[at]))
    return marks

"""Subwords: a document's input ids with the characters that each stands for."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from clinlib.corpora.document import Document
from clinlib.errors import BadInput

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

BATCH = 256  # documents per call of the tokenizer: bounds the memory of its encodings
BLANKS = 0x3001  # no code point from here on is blank
COMBINING = 0x300  # no code point before this one is a combining mark


@dataclass(frozen=True, slots=True, eq=False)
class Subwords:
    """The N subwords of one document, special tokens left out.

    ids (N,) int32; starts, ends (N,) int32: characters [start, end) of each without the blanks at
    its edges (a subword of blanks alone keeps its own), both in ascending order; a combining mark
    that the tokenizer strips belongs to the subword before it. blank (C,): which characters are.
    """

    ids: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    blank: np.ndarray


def special_ids(tokenizer: "PreTrainedTokenizerFast") -> tuple[list[int], list[int]]:
    """Ids before and after a text: the tokenizer's template, else its cls and sep tokens."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    full = tokenizer("a")["input_ids"]
    extra = len(full) - len(bare)
    if extra:
        for before in range(extra + 1):
            if full[before : before + len(bare)] == bare:
                return full[:before], full[before + len(bare) :]
    cls, sep = tokenizer.cls_token_id, tokenizer.sep_token_id
    return [cls] if cls is not None else [], [sep] if sep is not None else []


def tokenise(
    documents: Sequence[Document], tokenizer: "PreTrainedTokenizerFast"
) -> Iterator[Subwords]:
    """The subwords of each document, in order, each text tokenised whole and once.

    A special token's name written in a text is text. Raises BadInput for a tokenizer without
    character offsets and for a text with lone surrogates.
    """
    if not tokenizer.is_fast:
        raise BadInput(f"{type(tokenizer).__name__} gives no offsets: a fast tokenizer is needed")
    for start in range(0, len(documents), BATCH):
        part = documents[start : start + BATCH]
        codes = [_code_points(document) for document in part]
        encoded = tokenizer(
            [document.text for document in part],
            add_special_tokens=False,
            return_offsets_mapping=True,
            return_attention_mask=False,
            return_token_type_ids=False,
            split_special_tokens=True,
            truncation=False,
            padding=False,
            verbose=False,
        )
        rows = zip(part, codes, encoded["input_ids"], encoded["offset_mapping"], strict=True)
        for document, code, ids, offsets in rows:
            yield _subwords(document.text, code, ids, offsets)


def _code_points(document: Document) -> np.ndarray:
    """(C,) uint32 code points of the text."""
    try:
        return np.frombuffer(document.text.encode("utf-32-le"), dtype=np.uint32)
    except UnicodeEncodeError as error:
        raise BadInput(
            f"document {document.id}: character {error.start} is a lone surrogate, which no "
            "tokenizer can read"
        ) from error


@lru_cache(maxsize=1)
def _blank_table() -> np.ndarray:
    return np.array([chr(code).isspace() for code in range(BLANKS + 1)])


def _subwords(text: str, codes: np.ndarray, ids: list[int], offsets: list) -> Subwords:
    blank = _blank_table()[np.minimum(codes, BLANKS)]  # (C,)
    edges = np.fromiter(chain.from_iterable(offsets), dtype=np.int32, count=2 * len(ids))
    starts, ends = edges[0::2].copy(), edges[1::2].copy()
    _trim(starts, ends, blank)
    if len(text) and codes.max() >= COMBINING:
        _take_in_marks(starts, ends, text, codes)
    # searches rely on the order, which a tokenizer need not promise
    starts = np.minimum.accumulate(starts[::-1])[::-1]
    ends = np.maximum.accumulate(ends)
    return Subwords(np.array(ids, dtype=np.int32), starts, ends, blank)


def _trim(starts: np.ndarray, ends: np.ndarray, blank: np.ndarray) -> None:
    """Move the edges of subwords inwards past blanks, in place."""
    filled = np.flatnonzero(starts < ends)
    touched = filled[blank[starts[filled]] | blank[ends[filled] - 1]]
    for index in touched.tolist():
        solid = np.flatnonzero(~blank[starts[index] : ends[index]])
        if len(solid):
            ends[index] = starts[index] + solid[-1] + 1
            starts[index] += solid[0]


def _take_in_marks(starts: np.ndarray, ends: np.ndarray, text: str, codes: np.ndarray) -> None:
    """Extend subwords over the combining marks that follow them and that no subword has."""
    for position in np.flatnonzero(codes >= COMBINING).tolist():
        if not unicodedata.category(text[position]).startswith("M"):
            continue
        if position == 0 or text[position - 1].isspace():
            continue
        # several subwords may stand for the same character, byte by byte
        before = np.flatnonzero((ends == position) & (starts < ends))
        covered = ((starts <= position) & (position < ends)).any()
        if len(before) and not covered:
            ends[before] = position + 1

"""Sequences: texts packed end to end into rows of one length, kept on disk and read by place.

The rows lie in Arrow files that are mapped into memory, so that text larger than memory can be
shuffled; only the rows of a batch are read.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from uuid import uuid4

import datasets
import numpy as np
from transformers import PreTrainedTokenizerFast

from clinlib.errors import BadInput

AT_ONCE = 1000  # texts per call of the tokenizer


@dataclass(frozen=True, eq=False)
class Rows:
    """Some of the packed sequences: `places` (N,) among all rows of the table, in this order."""

    table: datasets.Dataset
    places: np.ndarray
    length: int

    def __len__(self) -> int:
        return len(self.places)

    def take(self, at: np.ndarray) -> np.ndarray:
        """The sequences (n, length) int64 at some positions of this order."""
        # Arrow reads rows fastest in their order on disk
        places, back = np.unique(self.places[at], return_inverse=True)
        return self.table[places]["ids"].astype(np.int64)[back]

    def some(self, at: np.ndarray) -> "Rows":
        """The rows at some positions of this order."""
        return replace(self, places=self.places[at])

    def hash(self) -> str:
        """16 hex digits over the sequences in their order."""
        digest = hashlib.sha256()
        for start in range(0, len(self), AT_ONCE):
            digest.update(self.take(np.arange(start, min(start + AT_ONCE, len(self)))).tobytes())
        return digest.hexdigest()[:16]


def pack(
    texts: Iterable[str], tokenizer: PreTrainedTokenizerFast, length: int
) -> Iterator[np.ndarray]:
    """Full sequences (length,) int32 of the texts' subwords, end to end.

    Each begins with [CLS]; [SEP] ends each text. The last, partial sequence is left out, and so
    are blank texts.
    """
    cls, sep = tokenizer.cls_token_id, tokenizer.sep_token_id
    filled = (text for text in texts if text.strip())

    def streams() -> Iterator[np.ndarray]:
        while some := list(islice(filled, AT_ONCE)):
            rows = tokenizer(some, add_special_tokens=False, verbose=False)["input_ids"]
            yield np.fromiter((i for row in rows for i in (*row, sep)), dtype=np.int32)

    for body in full(streams(), length - 1):
        yield np.concatenate([[cls], body]).astype(np.int32)


def full(streams: Iterable[np.ndarray], length: int) -> Iterator[np.ndarray]:
    """Stretches (length, ...) of the streams (n, ...) put end to end; the last, partial one is
    left out."""
    rest: np.ndarray | None = None
    for stream in streams:
        rest = stream if rest is None else np.concatenate([rest, stream])
        count = len(rest) // length
        yield from rest[: count * length].reshape(count, length, *rest.shape[1:])
        rest = rest[count * length :]


def packed(
    sources: Iterable[Iterable[str]],
    tokenizer: PreTrainedTokenizerFast,
    length: int,
    folder: Path,
    limit: int | None = None,
) -> Rows:
    """The sequences of all sources, source after source, written into `folder`.

    `limit`: the most subwords that one source gives, its first ones. Raises BadInput where the
    texts do not fill one sequence.
    """
    most = None if limit is None else max(1, limit // length)
    count = 0

    def rows() -> Iterator[dict[str, np.ndarray]]:
        nonlocal count
        for texts in sources:
            for ids in islice(pack(texts, tokenizer, length), most):
                count += 1
                yield {"ids": ids}

    features = datasets.Features({"ids": datasets.List(datasets.Value("int32"), length=length)})
    datasets.disable_progress_bars()
    try:
        # a name of its own: without one the library would hash the texts to find an earlier table
        table = datasets.Dataset.from_generator(
            rows, features=features, cache_dir=str(folder), fingerprint=uuid4().hex
        )
    except ValueError as error:  # the library makes no table without rows
        if count:
            raise
        raise BadInput(f"the texts do not fill one sequence of {length} subwords") from error
    return Rows(table.with_format("numpy"), np.arange(len(table)), length)

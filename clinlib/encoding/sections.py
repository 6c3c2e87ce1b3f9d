"""Sections: under which heading each sentence stands, and which headings a tagger has learnt.

Knows nothing of tensors or models. Documents bring their sections; none is guessed here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinlib.corpora.document import Document
from clinlib.errors import BadInput

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

LEVELS = ("none", "text", "embedding", "classifier")
NO_TITLE = ""  # of a sentence that stands under no heading
UNKNOWN = 0  # the index of no heading, and of one that was not learnt
NOTHING = np.empty(0, dtype=np.int32)


@dataclass(frozen=True)
class Sections:
    """Where a tagger fuses the sections' titles, and the titles that it learnt.

    `level`: one of LEVELS; `size`: of a section's embedding, where it is fused there.
    """

    level: str
    titles: tuple[str, ...]
    size: int

    @property
    def count(self) -> int:
        """How many indices there are, that of the unknown section included."""
        return len(self.titles) + 1

    def index(self, title: str) -> int:
        """1, 2, ... for the titles learnt; 0 for any other, and for none."""
        return self.titles.index(title) + 1 if title in self.titles else UNKNOWN


def sentence_titles(document: Document) -> list[str]:
    """The title of the section that each sentence begins in; "" where it begins in none.

    A heading is a sentence of its own section, whether it fills the sentence or only begins it
    ("Anamnese: patiënt ...", "Nombre: Ana."): so nothing need be guessed about where it ends.
    """
    starts = [section.start for section in document.sections]
    heads = [start for start, _ in document.sentences]
    titles = []
    for head, after in zip(heads, np.searchsorted(starts, heads, side="right"), strict=True):
        section = document.sections[after - 1] if after else None
        titles.append(section.title if section and head < section.end else NO_TITLE)
    return titles


def learn_titles(
    documents: Sequence[Document], sentences: Iterable[tuple[int, int]]
) -> tuple[str, ...]:
    """The titles over the sentences trained on, (document, sentence) pairs, in sorted order."""
    of = [sentence_titles(document) for document in documents]
    return tuple(sorted({of[document][sentence] for document, sentence in sentences} - {NO_TITLE}))


def heading_counts(documents: Sequence[Document], known: Sequence[str]) -> dict[str, int]:
    """{"sentences", "unseen", "none"}: all, those under a title not in `known`, under none."""
    titles = [title for document in documents for title in sentence_titles(document)]
    return {
        "sentences": len(titles),
        "unseen": sum(title not in (*known, NO_TITLE) for title in titles),
        "none": titles.count(NO_TITLE),
    }


def fronts(
    titles: Iterable[str], tokenizer: "PreTrainedTokenizerFast", room: int
) -> dict[str, np.ndarray]:
    """Title -> the input ids (F,) int32 in front of its sentences: its subwords and a separator.

    Raises BadInput for a title that would take more than half of the `room` of a window.
    """
    found = {NO_TITLE: NOTHING}
    for title in set(titles) - {NO_TITLE}:
        subwords = tokenizer(title, add_special_tokens=False)["input_ids"]
        ids = np.array([*subwords, tokenizer.sep_token_id], dtype=np.int32)
        if len(ids) > room // 2:
            raise BadInput(
                f"the section title '{title}' takes {len(ids)} of the {room} subwords of a window: "
                "raise max_length"
            )
        found[title] = ids
    return found

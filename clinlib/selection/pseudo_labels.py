"""Pseudo labels: what a trained tagger says of unlabelled sentences, where it is sure enough."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from clinlib.corpora.document import Document, Section, Span
from clinlib.encoding.decoding import spans_of
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import Window
from clinlib.errors import BadInput
from clinlib.models.prediction import labels_with_confidence
from clinlib.models.tagger import Tagger

FILE = "silver.json"


@dataclass(frozen=True)
class Silver:
    """Documents with predicted spans, and the (document, sentence) pairs that are to be learnt."""

    documents: tuple[Document, ...]
    sentences: tuple[tuple[int, int], ...]


def pseudo_label(
    tagger: Tagger,
    windows: Sequence[Window],
    documents: Sequence[Document],
    scheme: TagScheme,
    pad_id: int,
    threshold: float,
    *,
    by_unit: bool = False,
) -> tuple[Silver, np.ndarray]:
    """The documents with the tagger's spans, and the confidence of each of their sentences.

    `windows` are of single sentences. A sentence's confidence, (S,) in [0, 1], is the probability
    of its decoded labels, p(y*|x) under a CRF, and that of a sentence in several windows is their
    product; with `by_unit` its geometric mean over the sentence's units, since a product falls
    with their number however sure each is. Sentences of at least `threshold` are kept; spans of
    others are left out.

    Raises BadInput where no sentence is sure enough.
    """
    labels, logs = labels_with_confidence(tagger, windows, pad_id)
    total: dict[tuple[int, int], float] = {}
    units: dict[tuple[int, int], int] = {}
    for window, found, log in zip(windows, labels, logs, strict=True):
        if window.sentence != window.last:
            raise BadInput("pseudo labels need a window for each sentence, not packed ones")
        place = (window.document, window.sentence)
        total[place] = total.get(place, 0.0) + float(log)
        units[place] = units.get(place, 0) + len(found)
    sums = np.array(list(total.values()))
    confidence = np.exp(sums / np.maximum(list(units.values()), 1) if by_unit else sums)
    kept = tuple(place for place, sure in zip(total, confidence, strict=True) if sure >= threshold)
    if not kept:
        raise BadInput(
            f"threshold {threshold} keeps none of {len(total)} sentences; the surest has "
            f"{confidence.max(initial=0.0):.3f}"
        )
    found = spans_of(windows, labels, documents, scheme)
    wanted = set(kept)
    silver = tuple(
        document.with_spans(_within(document, spans, number, wanted))
        for number, (document, spans) in enumerate(zip(documents, found, strict=True))
    )
    return Silver(silver, kept), confidence


def write(silver: Silver, folder: Path) -> None:
    """Writes the documents as JSON."""
    content = {
        "documents": [
            {
                "id": document.id,
                "group": document.group,
                "text": document.text,
                "spans": [[span.start, span.end, span.type] for span in document.spans],
                "sentences": document.sentences,
                "words": document.words,
                "sections": [[each.start, each.end, each.title] for each in document.sections],
            }
            for document in silver.documents
        ],
        "sentences": silver.sentences,
    }
    (folder / FILE).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def read(folder: Path) -> Silver:
    """The documents that `write` wrote."""
    content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    documents = tuple(
        Document(
            id=each["id"],
            group=each["group"],
            text=each["text"],
            spans=tuple(Span(*span) for span in each["spans"]),
            sentences=_pairs(each["sentences"]),
            words=None if each["words"] is None else _pairs(each["words"]),
            sections=tuple(Section(*section) for section in each["sections"]),
        )
        for each in content["documents"]
    )
    return Silver(documents, _pairs(content["sentences"]))


def _within(
    document: Document, spans: Sequence[Span], number: int, wanted: set[tuple[int, int]]
) -> list[Span]:
    """The spans that lie in sentences that are kept."""
    bounds = [bound for place, bound in enumerate(document.sentences) if (number, place) in wanted]
    return [s for s in spans if any(start <= s.start < end for start, end in bounds)]


def _pairs(rows: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((first, second) for first, second in rows)

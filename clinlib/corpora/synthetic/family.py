"""Synthetic relatives of the medication letters: a related task and a hostile one.

Both annotate other letters of the same lexicons. `problems` marks the same mentions under coarser
types, so that what a source learnt serves it; `shifted` marks them with a boundary moved by a
word, so that it misleads. Everything in them is invented.
"""

import re
from dataclasses import replace

from clinlib.corpora.document import Document, Span
from clinlib.corpora.synthetic.letters import generate

TYPES = ("Problem", "Treatment")
COARSE = {"ADE": "Problem", "Reason": "Problem", "Drug": "Treatment"}
# letters of these seeds share lexicons with those of seed 0, and no letter
_PROBLEMS_SEED, _SHIFTED_SEED = 1, 2
_NEXT_WORD = re.compile(r" \w+")


def problems(documents: int = 24) -> dict[str, tuple[Document, ...]]:
    """Letters in which problems and treatments are marked, nothing else."""
    return _relabelled(generate(documents, seed=_PROBLEMS_SEED))


def shifted(documents: int = 24) -> dict[str, tuple[Document, ...]]:
    """Letters in which each mention includes the word behind it, where one follows directly."""
    return {
        split: tuple(map(_shifted, part))
        for split, part in _relabelled(generate(documents, seed=_SHIFTED_SEED)).items()
    }


def _relabelled(splits: dict[str, tuple[Document, ...]]) -> dict[str, tuple[Document, ...]]:
    return {split: tuple(map(_coarse, part)) for split, part in splits.items()}


def _coarse(document: Document) -> Document:
    spans = (replace(s, type=COARSE[s.type]) for s in document.spans if s.type in COARSE)
    return replace(document, spans=tuple(sorted(spans)))


def _shifted(document: Document) -> Document:
    spans = []
    starts = [span.start for span in document.spans]
    for place, span in enumerate(document.spans):
        word = _NEXT_WORD.match(document.text, span.end)
        limit = starts[place + 1] if place + 1 < len(starts) else len(document.text)
        if word and word.end() <= limit:
            span = Span(span.start, word.end(), span.type, span.why)
        spans.append(span)
    return replace(document, spans=tuple(spans))

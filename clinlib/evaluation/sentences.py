"""Sentence scores: which sentences hold an entity of one type, against those that do."""

from collections.abc import Sequence

from clinlib.corpora.document import Document
from clinlib.corpora.samplers import sentence_index, types_in


def sentence_scores(
    documents: Sequence[Document], found: set[tuple[int, int]], type_: str
) -> dict[str, float]:
    """{"precision", "recall", "f1" in percent, "gold", "found", "right" in sentences}.

    `found` holds (document, sentence) pairs. A score without sentences to divide by is 0.
    """
    gold = {(d, s) for d, s in sentence_index(documents) if types_in(documents[d], s)[type_]}
    right = len(gold & found)
    parts = {"precision": (right, len(found)), "recall": (right, len(gold))}
    parts["f1"] = 2 * right, len(gold) + len(found)
    scores = {name: 100 * a / b if b else 0.0 for name, (a, b) in parts.items()}
    return scores | {"gold": len(gold), "found": len(found), "right": right}

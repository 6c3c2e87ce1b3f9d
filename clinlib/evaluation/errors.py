"""Errors: every span of one document as correct or in one error, every error in one class.

The first five classes are those of Francis et al., Table 4; the others make the classes a
partition. Knows spans only: no words, no records.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from clinlib.corpora.document import Span
from clinlib.errors import BadInput
from clinlib.evaluation.spans import correct_pairs

MISSING, EXTRA = "missing information", "extra information"
JOINED, SPURIOUS, OTHER_TYPE = "conjunction joined", "spurious", "different type"
MISSED, SPLIT, CROSSING, TANGLED = "missed", "split", "crossing", "tangled"
CLASSES: Mapping[str, str] = {
    MISSING: "the prediction lies inside the gold span, the type is right",
    EXTRA: "the gold span lies inside the prediction, the type is right",
    JOINED: "one prediction overlaps two or more gold spans of its type",
    SPURIOUS: "predicted where nothing is annotated",
    OTHER_TYPE: "what overlaps has another type, or belongs to another error",
    MISSED: "annotated, and nothing is predicted there",
    SPLIT: "two or more predictions overlap one gold span of their type",
    CROSSING: "prediction and gold span overlap, and each has text that the other lacks",
    TANGLED: "a chain of two or more gold spans and two or more predictions of one type",
}
SEGMENTATION = (MISSING, EXTRA, JOINED, SPLIT, CROSSING, TANGLED)
"""The classes where the type is right and the boundaries are not: what ent_type may forgive."""


@dataclass(frozen=True, slots=True)
class Error:
    """One error: its class, the spans it accounts for, and the predictions ent_type has right."""

    kind: str
    gold: tuple[Span, ...]
    predicted: tuple[Span, ...]
    forgiven: int = 0

    @property
    def start(self) -> int:
        """The first character of its spans."""
        return min(span.start for span in self.gold + self.predicted)

    @property
    def end(self) -> int:
        """The character after its last span."""
        return max(span.end for span in self.gold + self.predicted)

    @property
    def type(self) -> str:
        """The type it is counted under: that of its first gold span, else of the prediction."""
        return (self.gold or self.predicted)[0].type


@dataclass(frozen=True, slots=True)
class Analysis:
    """One document: the gold spans that are found exactly, and the errors by position."""

    correct: tuple[Span, ...]
    errors: tuple[Error, ...]


def analyse(gold: Iterable[Span], predicted: Iterable[Span]) -> Analysis:
    """The correct spans and the errors of one document; a repeated span counts once.

    No matching is chosen. Spans of one type that overlap, from either side, are one group, and so
    is what hangs together by them. One gold span and one prediction of the same extent are
    correct; the other groups are errors, classed by how many spans of each side they have and, for
    one of each, by which contains which. So a gold span found in two pieces is one error, `split`.
    Spans that overlap none of their type are grouped with each other where they overlap
    (different type). One that overlaps only members of other groups is an error by itself, of
    different type too, with nothing on the other side; one that overlaps nothing is missed or
    spurious. Every span is thus in exactly one group:

        gold spans = correct + sum over errors of len(error.gold),

    and likewise the predictions. Predictions that are right under ent_type and not under strict
    matching are all in SEGMENTATION classes, since they overlap a gold span of their type, so that

        ent_type true positives = strict true positives + sum over errors of error.forgiven.

    An error there that is not forgiven lost its gold span to an earlier prediction of another
    type.

    Raises BadInput where two gold spans, or two predictions, overlap each other.

    >>> gold = [Span(0, 14, "Location"), Span(18, 37, "Location")]
    >>> analyse(gold, [Span(0, 37, "Location")]).errors[0].kind
    'conjunction joined'
    """
    sides = _flat(gold, "gold"), _flat(predicted, "predicted")
    right = {found for _, found in correct_pairs(*(list(map(_triple, side)) for side in sides))}
    correct: list[Span] = []
    errors: list[Error] = []
    alone: tuple[list[Span], list[Span]] = [], []
    for type in sorted({span.type for side in sides for span in side}):
        groups, *left = _groups(*([span for span in side if span.type == type] for side in sides))
        for spans, found in groups:
            if spans == found:
                correct += spans
            else:
                forgiven = sum(_triple(span) in right for span in found)
                errors.append(Error(_kind(spans, found), spans, found, forgiven))
        for side, spans in zip(alone, left, strict=True):
            side.extend(spans)
    groups, *left = _groups(*map(sorted, alone))
    errors += [Error(OTHER_TYPE, *group) for group in groups]
    # what is left may still overlap a span that is in another group
    met = {id(span) for pair in _meetings(*sides) for span in pair}
    for span in left[0]:
        errors.append(Error(OTHER_TYPE if id(span) in met else MISSED, (span,), ()))
    for span in left[1]:
        errors.append(Error(OTHER_TYPE if id(span) in met else SPURIOUS, (), (span,)))
    errors.sort(key=lambda error: (error.start, error.end, error.kind, error.type))
    return Analysis(tuple(sorted(correct)), tuple(errors))


def analyse_all(
    gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]]
) -> list[Analysis]:
    """The analysis of each document; raises BadInput where the numbers of documents differ."""
    if len(gold) != len(predicted):
        raise BadInput(f"predictions for {len(predicted)} documents, gold spans for {len(gold)}")
    return [analyse(*pair) for pair in zip(gold, predicted, strict=True)]


COUNTS = ("errors", "gold", "predicted", "forgiven")


def count_classes(analyses: Sequence[Analysis]) -> np.ndarray:
    """(D, 1 + C, 4) counts by document: the correct spans, then the classes of CLASSES; COUNTS.

    `gold` and `predicted` are the spans of a class; of correct spans there are no errors, and one
    of each side. Summed over classes they are all gold spans, and all predictions.
    """
    place = {kind: number for number, kind in enumerate(CLASSES, start=1)}
    counts = np.zeros((len(analyses), 1 + len(CLASSES), len(COUNTS)), dtype=np.int64)
    for document, analysis in zip(counts, analyses, strict=True):
        document[0, 1:3] = len(analysis.correct)
        for error in analysis.errors:
            row = (1, len(error.gold), len(error.predicted), error.forgiven)
            document[place[error.kind]] += row
    return counts


def sample(errors: Iterable[tuple[str, Error]], n: int, seed: int) -> list[tuple[str, Error]]:
    """At most n of (document id, error), drawn by `draw` from document and offsets, in order.

    Every error has the same chance, whatever its class: no strata.
    """
    errors = list(errors)
    names = [
        json.dumps(
            [document, *(list(map(_triple, side)) for side in (error.gold, error.predicted))]
        )
        for document, error in errors
    ]
    return [errors[place] for place in draw(names, n, seed)]


def draw(names: Sequence[str], n: int, seed: int) -> list[int]:
    """The places of at most n of these names, drawn plainly from the seed, in order.

    Drawn are those whose hash with the seed is least, so that the draw is the same on every
    machine and with every version of a library, and a name stays drawn when others that are not
    come and go. Raises BadInput for a number below zero.
    """
    if n < 0:
        raise BadInput(f"a sample of {n}; give 0 or more")
    hashes = [hashlib.sha256(f"{seed} {name}".encode()).digest() for name in names]
    return sorted(sorted(range(len(names)), key=hashes.__getitem__)[:n])


def _kind(gold: tuple[Span, ...], predicted: tuple[Span, ...]) -> str:
    """The class of a group of spans of one type that is not correct."""
    if len(gold) > 1:
        return TANGLED if len(predicted) > 1 else JOINED
    if len(predicted) > 1:
        return SPLIT
    (one,), (found,) = gold, predicted
    if one.start <= found.start and found.end <= one.end:
        return MISSING
    if found.start <= one.start and one.end <= found.end:
        return EXTRA
    return CROSSING


def _groups(gold: Sequence[Span], predicted: Sequence[Span]) -> tuple[list, list, list]:
    """Groups (gold spans, predictions) connected by overlap, and what overlaps nothing, by side.

    Both sides are sorted and flat, so that a group is a chain: each meeting shares a span with the
    one before it, or begins another group.
    """
    groups: list[tuple[list[Span], list[Span]]] = []
    last: tuple[Span | None, Span | None] = None, None
    for one, found in _meetings(gold, predicted):
        if one is not last[0] and found is not last[1]:
            groups.append(([], []))
        for side, span, before in zip(groups[-1], (one, found), last, strict=True):
            if span is not before:
                side.append(span)
        last = one, found
    grouped = {id(span) for group in groups for side in group for span in side}
    left = ([span for span in side if id(span) not in grouped] for side in (gold, predicted))
    return [(tuple(spans), tuple(found)) for spans, found in groups], *left


def _meetings(gold: Sequence[Span], predicted: Sequence[Span]) -> Iterator[tuple[Span, Span]]:
    """The pairs that share a character, by position; both sides sorted and flat."""
    here = there = 0
    while here < len(gold) and there < len(predicted):
        one, found = gold[here], predicted[there]
        if one.overlaps(found):
            yield one, found
        if one.end <= found.end:
            here += 1
        else:
            there += 1


def _flat(spans: Iterable[Span], side: str) -> list[Span]:
    """The spans by position, each once."""
    found = sorted(dict.fromkeys(spans))
    for before, after in pairwise(found):
        if before.overlaps(after):
            raise BadInput(
                f"{side} spans {_shown(before)} and {_shown(after)} overlap: errors are classed "
                "over flat spans"
            )
    return found


def _shown(span: Span) -> str:
    return f"{span.type} [{span.start}, {span.end})"


def _triple(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.type

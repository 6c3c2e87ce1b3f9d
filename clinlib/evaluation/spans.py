"""Span scores: strict and ent_type counts per document and type, and precision, recall, F1.

Knows spans only: no words, no labels, no records.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from clinlib.corpora.document import Span
from clinlib.errors import BadInput, unknown

COLUMNS = ("tp", "fp", "fn", "ent_tp", "ent_fp", "ent_fn")
MATCHINGS = {"strict": slice(0, 3), "ent_type": slice(3, 6)}
MEASURES = ("precision", "recall", "f1")
Triple = tuple[int, int, str]  # start, end, type


def count(gold: Iterable[Span], predicted: Iterable[Span], types: Sequence[str]) -> np.ndarray:
    """(T, 6) int64 counts of one document, columns COLUMNS; a repeated span counts once.

    Strict: a prediction is right if type and both boundaries are those of a gold span.

    ent_type (SemEval-2013 task 9, Segura-Bedmar et al. 2013): right if it overlaps a gold span of
    its type. Each prediction, by position, takes one gold span that is still free and shares a
    character with it: the one of its type whose boundaries are closest (correct), else the first
    (incorrect); without any it is spurious, and a gold span never taken is missed. Then tp =
    correct, fp = incorrect + spurious = actual - correct, fn = incorrect + missed = possible -
    correct, each under the type of its own span. On flat spans the sums over types are
    nervaluate's overall counts, for gold spans of up to 100 units (a longer one it counts as
    overlapped from 1 % on, here one character is enough). Two consequences: a prediction of
    another type that comes first takes the gold span from a later one of the right type, which
    nervaluate's table by type, matched within each type, does not show; and one prediction over
    two gold spans finds only one.

    Where spans overlap each other nervaluate depends on the order of its input. Here predictions
    go by (start, end, type), and a strict match is one of sets, so an exact prediction is right
    whatever else overlaps its gold span.

    Raises BadInput for a span whose type is not in `types`.

    >>> gold = [Span(0, 7, "Drug"), Span(8, 13, "Dose")]
    >>> count(gold, [Span(0, 7, "Drug"), Span(8, 10, "Dose")], ["Drug", "Dose"]).tolist()
    [[1, 0, 0, 1, 0, 0], [0, 1, 1, 1, 0, 0]]
    """
    index = {type: i for i, type in enumerate(types)}
    gold_set = {(span.start, span.end, span.type) for span in gold}
    predicted_set = {(span.start, span.end, span.type) for span in predicted}
    for _, _, type in gold_set | predicted_set:
        if type not in index:
            raise unknown("span type", type, types)

    def by_type(found: Iterable[str]) -> np.ndarray:
        return np.bincount([index[type] for type in found], minlength=len(types))  # (T,)

    possible = by_type(type for *_, type in gold_set)
    actual = by_type(type for *_, type in predicted_set)
    exact = by_type(type for *_, type in gold_set & predicted_set)
    pairs = correct_pairs(sorted(gold_set), sorted(predicted_set))
    lenient = by_type(type for _, (*_, type) in pairs)
    return np.stack(
        [side for tp in (exact, lenient) for side in (tp, actual - tp, possible - tp)], axis=1
    )  # (T, 6)


def correct_pairs(gold: Sequence[Triple], predicted: Sequence[Triple]) -> Iterator[tuple]:
    """(gold, predicted) of each correct prediction under ent_type: see `count`; both sorted."""
    starts = [start for start, _, _ in gold]
    reach = np.maximum.accumulate([end for _, end, _ in gold]).tolist() if gold else []
    free = [True] * len(gold)
    for span in predicted:
        start, end, type = span
        nearby = range(bisect_right(reach, start), bisect_left(starts, end))
        overlapping = [i for i in nearby if free[i] and gold[i][1] > start]
        if not overlapping:
            continue
        same = [i for i in overlapping if gold[i][2] == type]
        if same:
            taken = min(same, key=lambda i: abs(gold[i][0] - start) + abs(gold[i][1] - end))
            yield gold[taken], span
        else:
            taken = overlapping[0]
        free[taken] = False


@dataclass(frozen=True, eq=False)
class SpanCounts:
    """Counts of D documents by type: `array` (D, T, 6), columns COLUMNS."""

    types: tuple[str, ...]
    array: np.ndarray

    @property
    def documents(self) -> int:
        """D, documents without any span included."""
        return len(self.array)

    def of(self, matching: str) -> np.ndarray:
        """(D, T, 3) tp, fp, fn under "strict" or "ent_type"; raises BadInput for another."""
        if matching not in MATCHINGS:
            raise unknown("matching", matching, MATCHINGS)
        return self.array[:, :, MATCHINGS[matching]]

    def to_sparse(self) -> list[list[int]]:
        """Rows [document, type, *COLUMNS] of plain integers, those without a count left out."""
        places = np.argwhere(self.array.any(axis=2))
        return [[int(d), int(t), *self.array[d, t].tolist()] for d, t in places]

    @classmethod
    def from_sparse(
        cls, rows: Iterable[Sequence[int]], documents: int, types: Sequence[str]
    ) -> "SpanCounts":
        """The counts that `to_sparse` wrote.

        Raises BadInput for a row of another length, out of range, repeated or negative.
        """
        array = np.zeros((documents, len(types), len(COLUMNS)), dtype=np.int64)
        seen = set()
        for row in rows:
            place = tuple(row[:2])
            if (
                len(row) != 2 + len(COLUMNS)
                or not (0 <= row[0] < documents and 0 <= row[1] < len(types))
                or min(row[2:]) < 0
                or place in seen
            ):
                raise BadInput(
                    f"span counts: row {list(row)} does not fit {documents} documents, "
                    f"{len(types)} types and {len(COLUMNS)} counts, or comes twice"
                )
            seen.add(place)
            array[place] = row[2:]
        return cls(tuple(types), array)


def tally(
    gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]], types: Sequence[str]
) -> SpanCounts:
    """The counts of all documents, gold and predicted spans in the same order of documents.

    Raises BadInput where their numbers differ, or for a type not in `types`.
    """
    if len(gold) != len(predicted):
        raise BadInput(f"predictions for {len(predicted)} documents, gold spans for {len(gold)}")
    array = np.zeros((len(gold), len(types), len(COLUMNS)), dtype=np.int64)
    for number, spans in enumerate(zip(gold, predicted, strict=True)):
        array[number] = count(*spans, types)
    return SpanCounts(tuple(types), array)


def precision_recall_f1(counts: np.ndarray) -> np.ndarray:
    """(..., 3) precision, recall and F1 in 0..100 of (..., 3) tp, fp, fn; 0.0 where undefined.

    F1 = 2 tp / (2 tp + fp + fn).
    """
    tp, fp, fn = np.moveaxis(np.asarray(counts, dtype=float), -1, 0)
    return 100 * np.stack(
        [ratio(tp, tp + fp), ratio(tp, tp + fn), ratio(2 * tp, 2 * tp + fp + fn)], axis=-1
    )


def f1(counts: np.ndarray) -> np.ndarray:
    """(...) F1 in 0..100 of (..., 3) tp, fp, fn; 0.0 where there is nothing to find or found."""
    return precision_recall_f1(counts)[..., 2]


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, 0.0 where whole is 0."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=whole != 0)


@dataclass(frozen=True)
class Score:
    """Precision, recall and F1 in 0..100; `undefined` names those that are 0.0 for want of a
    denominator: precision without predictions, recall without gold spans, F1 without either."""

    precision: float
    recall: float
    f1: float
    undefined: tuple[str, ...] = ()

    @classmethod
    def of(cls, counts: np.ndarray) -> "Score":
        """The score of (3,) tp, fp, fn."""
        tp, fp, fn = (int(n) for n in counts)
        wholes = zip(MEASURES, (tp + fp, tp + fn, tp + fp + fn), strict=True)
        undefined = tuple(measure for measure, whole in wholes if whole == 0)
        return cls(*precision_recall_f1(counts).tolist(), undefined)

    def as_dict(self) -> dict[str, float]:
        """The three numbers, as a record holds them."""
        return {measure: getattr(self, measure) for measure in MEASURES}


@dataclass(frozen=True)
class Scores:
    """Scores under one matching: micro over all spans, by type, and macro, the mean over types.

    `absent` types have neither gold nor predicted spans and stay out of the macro mean, as in
    seqeval; macro is undefined where all are absent.
    """

    micro: Score
    macro: Score
    types: dict[str, Score]
    absent: tuple[str, ...]


def scores(counts: SpanCounts, matching: str = "strict") -> Scores:
    """Scores of all documents together; raises BadInput for an unknown matching."""
    sums = counts.of(matching).sum(axis=0)  # (T, 3)
    types = dict(zip(counts.types, map(Score.of, sums), strict=True))
    present = sums.any(axis=1)  # (T,)
    if present.any():
        macro = Score(*precision_recall_f1(sums[present]).mean(axis=0).tolist())
    else:
        macro = Score(0.0, 0.0, 0.0, MEASURES)
    absent = tuple(
        type for type, there in zip(counts.types, present.tolist(), strict=True) if not there
    )
    return Scores(Score.of(sums.sum(axis=0)), macro, types, absent)

"""Span scores: counts under strict and ent_type, the scores from them, and what records keep."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nervaluate import Evaluator
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2

from clinlib.corpora.document import Span
from clinlib.encoding.tags import TagScheme
from clinlib.errors import BadInput
from clinlib.evaluation import spans as module
from clinlib.evaluation.spans import SpanCounts, count, f1, scores, tally

TYPES = ("Drug", "Dose-form", "ADE")
LENGTH = 24
quick = settings(max_examples=60, deadline=None)


@st.composite
def flat(draw, types=TYPES):
    """Sorted spans within LENGTH units that do not overlap; neighbours may touch."""
    found, at = [], 0
    for gap, length in draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5)), min_size=1, max_size=6)
    ):
        start, end = at + gap, at + gap + length
        if end > LENGTH:
            break
        found.append(Span(start, end, draw(st.sampled_from(types))))
        at = end
    return found


@st.composite
def nested(draw):
    """Spans in any order that may overlap, nest and repeat."""
    return [
        Span(start, start + length, draw(st.sampled_from(TYPES)))
        for start, length in draw(
            st.lists(st.tuples(st.integers(0, 10), st.integers(1, 6)), max_size=6)
        )
    ]


def pairs(spans):
    return st.lists(st.tuples(spans, spans), min_size=1, max_size=3)


def nervaluate(documents, types=TYPES):
    """nervaluate's result for (gold, predicted) pairs; its ends are inclusive."""

    def plain(spans):
        return [{"label": s.type, "start": s.start, "end": s.end - 1} for s in spans]

    gold, predicted = ([plain(pair[side]) for pair in documents] for side in (0, 1))
    return Evaluator(gold, predicted, tags=list(types), loader="dict").evaluate()


def assert_same(row, theirs):
    """Our tp, fp, fn and nervaluate's counts and scores say the same."""
    tp, fp, fn = row.tolist()
    assert (tp, tp + fp, tp + fn) == (theirs.correct, theirs.actual, theirs.possible)
    ours = module.Score.of(row)
    assert np.allclose(
        [ours.precision, ours.recall, ours.f1],
        [100 * theirs.precision, 100 * theirs.recall, 100 * theirs.f1],
    )


def tallied(documents):
    return tally([gold for gold, _ in documents], [found for _, found in documents], TYPES)


@quick
@given(pairs(flat()))
def test_micro_counts_and_scores_equal_nervaluates_on_flat_spans(documents):
    counts, theirs = tallied(documents), nervaluate(documents)["overall"]
    for matching in ("strict", "ent_type"):
        assert_same(counts.of(matching).sum(axis=(0, 1)), theirs[matching])
        assert scores(counts, matching).micro.f1 == pytest.approx(100 * theirs[matching].f1)


def random_spans(rng, overlapping):
    """Many spans close together: matches that compete for a gold span are common."""
    size = int(rng.integers(1, 12))
    lengths = rng.integers(1, 9, size=size)
    starts = rng.integers(0, 20, size=size)
    if not overlapping:
        starts = np.cumsum(rng.integers(0, 4, size=size) + np.roll(lengths, 1))
    types = rng.choice(TYPES, size=size)
    return [
        Span(int(start), int(start + length), str(type))
        for start, length, type in zip(starts, lengths, types, strict=True)
    ]


def test_micro_counts_equal_nervaluates_on_a_thousand_crowded_documents():
    rng = np.random.default_rng(0)
    for _ in range(1000):
        document = random_spans(rng, False), random_spans(rng, False)
        theirs = nervaluate([document])["overall"]
        counts = count(*document, TYPES).sum(axis=0)
        assert_same(counts[:3], theirs["strict"])
        assert_same(counts[3:], theirs["ent_type"])


@quick
@given(pairs(flat()))
def test_strict_counts_by_type_equal_nervaluates(documents):
    counts, theirs = tallied(documents), nervaluate(documents)["entities"]
    for number, type in enumerate(TYPES):
        row = counts.of("strict").sum(axis=0)[number]
        if type in theirs:
            assert_same(row, theirs[type]["strict"])
        else:
            assert not row.any()


@quick
@given(pairs(flat()), st.sampled_from(TYPES))
def test_ent_type_counts_of_a_type_alone_equal_nervaluates(documents, type):
    documents = [
        tuple([span for span in spans if span.type == type] for spans in pair) for pair in documents
    ]
    theirs = nervaluate(documents)["entities"]
    if type in theirs:
        row = tallied(documents).of("ent_type").sum(axis=0)[TYPES.index(type)]
        assert_same(row, theirs[type]["ent_type"])


def test_a_prediction_of_another_type_takes_the_gold_span_it_meets_first():
    gold = [Span(0, 10, "Drug")]
    predicted = [Span(0, 3, "ADE"), Span(3, 10, "Drug")]
    ent = count(gold, predicted, TYPES)[:, 3:]
    assert ent.tolist() == [[0, 1, 1], [0, 0, 0], [0, 1, 0]]
    theirs = nervaluate([(gold, predicted)])
    assert theirs["overall"]["ent_type"].correct == 0
    assert theirs["entities"]["Drug"]["ent_type"].correct == 1  # matched within its type only


def test_ent_type_takes_the_closest_boundaries_and_each_gold_span_once():
    gold = [Span(0, 4, "Drug"), Span(4, 8, "Drug")]
    both = count(gold, [Span(2, 8, "Drug")], TYPES)[0, 3:]
    assert both.tolist() == [1, 0, 1]
    # the first prediction is closer to the second gold span, which leaves none to the second one
    two = [Span(3, 7, "Drug"), Span(7, 8, "Drug")]
    assert count(gold, two, TYPES)[0, 3:].tolist() == [1, 1, 1]


def test_one_shared_character_overlaps_and_touching_does_not():
    gold = [Span(5, 300, "Drug")]
    assert count(gold, [Span(299, 310, "Drug")], TYPES)[0].tolist() == [0, 1, 1, 1, 0, 0]
    assert count(gold, [Span(300, 310, "Drug")], TYPES)[0].tolist() == [0, 1, 1, 0, 1, 1]
    assert count(gold, [Span(0, 5, "Drug")], TYPES)[0].tolist() == [0, 1, 1, 0, 1, 1]


def test_strict_needs_type_and_both_boundaries():
    gold = [Span(2, 6, "Drug")]
    for wrong in (Span(2, 6, "ADE"), Span(1, 6, "Drug"), Span(2, 7, "Drug")):
        assert count(gold, [wrong], TYPES)[:, :3].sum(axis=0).tolist() == [0, 1, 1]
    assert count(gold, [Span(2, 6, "Drug", why="lexicon")], TYPES)[0, :3].tolist() == [1, 0, 0]


def brute_ent_type(gold, predicted):
    """Correct predictions by the words of the definition, everything compared with everything."""
    free, correct = sorted(set(gold)), []
    for span in sorted(set(predicted)):
        meets = [other for other in free if span.overlaps(other)]
        same = [other for other in meets if other.type == span.type]
        if same:
            gaps = [abs(other.start - span.start) + abs(other.end - span.end) for other in same]
            free.remove(same[gaps.index(min(gaps))])
            correct.append(span.type)
        elif meets:
            free.remove(meets[0])
    return correct


def test_overlapping_and_repeated_spans_count_as_the_definition_says():
    rng = np.random.default_rng(0)
    for _ in range(500):
        gold, predicted = random_spans(rng, True), random_spans(rng, True)
        predicted += gold[:2] + predicted[:1]
        counts = count(gold, predicted, TYPES)
        correct = brute_ent_type(gold, predicted)
        for row, type in zip(counts.tolist(), TYPES, strict=True):
            ours = {span for span in gold if span.type == type}
            theirs = {span for span in predicted if span.type == type}
            for tp, found in ((len(ours & theirs), row[:3]), (correct.count(type), row[3:])):
                assert found == [tp, len(theirs) - tp, len(ours) - tp]


def test_an_exact_prediction_is_right_whatever_overlaps_its_gold_span():
    gold, predicted = [Span(0, 10, "Drug")], [Span(0, 3, "Drug"), Span(0, 10, "Drug")]
    assert count(gold, predicted, TYPES)[0, :3].tolist() == [1, 1, 0]
    assert nervaluate([(gold, predicted)])["overall"]["strict"].correct == 0


@quick
@given(pairs(flat()))
def test_strict_scores_equal_seqevals(documents):
    scheme = TagScheme("BIO", TYPES)

    def tags(spans):
        triples = [(span.start, span.end, span.type) for span in spans]
        return [scheme.labels[i] for i in scheme.encode(triples, LENGTH)]

    gold, predicted = ([tags(pair[side]) for pair in documents] for side in (0, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = classification_report(
            gold, predicted, mode="strict", scheme=IOB2, zero_division=0, output_dict=True
        )
    ours = scores(tallied(documents), "strict")
    for type in TYPES:
        assert (type in ours.absent) == (type not in table)
    for name, mine in {"micro avg": ours.micro, "macro avg": ours.macro, **ours.types}.items():
        if name in table:
            theirs = [100 * table[name][k] for k in ("precision", "recall", "f1-score")]
            assert np.allclose([mine.precision, mine.recall, mine.f1], theirs)


def test_scores_without_a_denominator_are_zero_and_say_so():
    nothing = scores(tally([[], []], [[], []], TYPES))
    assert nothing.micro == module.Score(0.0, 0.0, 0.0, ("precision", "recall", "f1"))
    assert nothing.macro == nothing.micro
    assert nothing.absent == TYPES
    missed = scores(tally([[Span(0, 1, "ADE")]], [[]], TYPES))
    assert missed.micro == module.Score(0.0, 0.0, 0.0, ("precision",))
    assert missed.types["ADE"].undefined == ("precision",)
    assert missed.absent == ("Drug", "Dose-form")
    spurious = scores(tally([[]], [[Span(0, 1, "ADE")]], TYPES))
    assert spurious.micro.undefined == ("recall",)


def test_scores_of_a_worked_example():
    gold = [Span(0, 2, "Drug"), Span(3, 5, "Drug"), Span(6, 8, "ADE")]
    predicted = [Span(0, 2, "Drug"), Span(3, 4, "Drug"), Span(6, 8, "Drug"), Span(9, 10, "ADE")]
    counts = tally([gold], [predicted], TYPES)
    strict, ent_type = scores(counts, "strict"), scores(counts, "ent_type")
    assert strict.micro.precision == 25.0
    assert strict.micro.recall == pytest.approx(100 / 3)
    assert strict.micro.f1 == pytest.approx(200 / 7)
    assert strict.types["Drug"].precision == pytest.approx(100 / 3)
    assert strict.macro.recall == 25.0  # of Drug 50 and ADE 0; Dose-form is absent
    assert ent_type.micro.precision == 50.0
    assert f1(np.array([[1, 3, 2], [0, 0, 0]])).tolist() == pytest.approx([200 / 7, 0.0])


@quick
@given(pairs(nested()))
def test_sparse_rows_read_back_to_the_same_counts(documents):
    counts = tallied(documents)
    rows = counts.to_sparse()
    assert all(len(row) == 8 and any(row[2:]) for row in rows)
    assert all(type(value) is int for row in rows for value in row)
    again = SpanCounts.from_sparse(rows, counts.documents, counts.types)
    assert np.array_equal(again.array, counts.array)
    assert again.types == counts.types


@pytest.mark.parametrize(
    "row",
    [
        [2, 0, 1, 0, 0, 1, 0, 0],
        [-1, 0, 1, 0, 0, 1, 0, 0],
        [0, 3, 1, 0, 0, 1, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, -1, 0, 0, 1, 0, 0],
        [],
    ],
)
def test_sparse_rows_that_do_not_fit_are_refused(row):
    with pytest.raises(BadInput, match="does not fit"):
        SpanCounts.from_sparse([row], 2, TYPES)


def test_a_repeated_sparse_row_is_refused():
    with pytest.raises(BadInput, match="twice"):
        SpanCounts.from_sparse([[0, 0, 1, 0, 0, 1, 0, 0]] * 2, 2, TYPES)


def test_bad_input_is_named():
    with pytest.raises(BadInput, match="unknown span type 'drug'; did you mean 'Drug'"):
        count([], [Span(0, 1, "drug")], TYPES)
    with pytest.raises(BadInput, match="predictions for 0 documents, gold spans for 1"):
        tally([[]], [], TYPES)
    with pytest.raises(BadInput, match="did you mean 'ent_type'"):
        scores(tally([], [], TYPES), "ent_types")

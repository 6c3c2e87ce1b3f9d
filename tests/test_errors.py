"""Classes of errors: they are a partition, they make up the gap, and a sample is a sample."""

import hashlib
from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinlib.corpora.document import Span
from clinlib.errors import BadInput
from clinlib.evaluation import errors as module
from clinlib.evaluation.errors import (
    CLASSES,
    CROSSING,
    EXTRA,
    JOINED,
    MISSED,
    MISSING,
    OTHER_TYPE,
    SEGMENTATION,
    SPLIT,
    SPURIOUS,
    TANGLED,
    analyse,
    analyse_all,
    count_classes,
    sample,
)
from clinlib.evaluation.spans import count

A, B = "Location", "Diagnosis"
TYPES = (A, B)


@st.composite
def flat(draw):
    """Spans that do not overlap, close together, of two types."""
    found, at = [], 0
    for gap, length in draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5)), max_size=7)):
        found.append(Span(at + gap, at + gap + length, draw(st.sampled_from(TYPES))))
        at = found[-1].end
    return found


def every_flat(length):
    """All flat sets of spans of two types over so many characters."""

    def rest(at):
        if at >= length:
            yield ()
            return
        yield from rest(at + 1)
        for end, type in product(range(at + 1, length + 1), TYPES):
            for others in rest(end):
                yield (Span(at, end, type), *others)

    return sorted(set(rest(0)))


def check(gold, predicted):
    """All that must hold of the analysis of any document."""
    found = analyse(gold, predicted)
    listed = [span for error in found.errors for span in error.gold]
    assert Counter(found.correct) + Counter(listed) == Counter(gold)
    listed = [span for error in found.errors for span in error.predicted]
    assert Counter(found.correct) + Counter(listed) == Counter(predicted)
    assert found.correct == tuple(sorted(set(gold) & set(predicted)))
    tp, _, _, ent_tp, _, _ = count(gold, predicted, TYPES).sum(axis=0).tolist()
    assert tp == len(found.correct)
    assert tp + sum(error.forgiven for error in found.errors) == ent_tp
    for error in found.errors:
        assert_fits(error, gold, predicted)
    assert list(found.errors) == sorted(found.errors, key=lambda error: (error.start, error.end))


def assert_fits(error, gold, predicted):
    """The error is of its class by that class's words, everything compared with everything."""
    assert error.kind in CLASSES and (error.gold or error.predicted)
    overlapped = [p for p in predicted for g in error.gold if p.overlaps(g)]
    annotated = [g for g in gold for p in error.predicted if g.overlaps(p)]
    sizes = len(error.gold), len(error.predicted)
    if error.kind in SEGMENTATION:
        assert len({span.type for span in error.gold + error.predicted}) == 1
        # nothing of the type that overlaps a member is left out
        for span in [*overlapped, *annotated]:
            assert span.type != error.type or span in error.gold + error.predicted
        assert 0 <= error.forgiven <= min(sizes)
    else:
        assert error.forgiven == 0
    characters = [
        {place for span in side for place in range(span.start, span.end)}
        for side in (error.gold, error.predicted)
    ]
    match error.kind:
        case module.MISSING:
            assert sizes == (1, 1) and characters[1] < characters[0]
        case module.EXTRA:
            assert sizes == (1, 1) and characters[0] < characters[1]
        case module.CROSSING:
            assert sizes == (1, 1) and characters[0] & characters[1]
            assert characters[0] - characters[1] and characters[1] - characters[0]
        case module.JOINED:
            assert sizes[0] >= 2 and sizes[1] == 1
            assert all(span.overlaps(error.predicted[0]) for span in error.gold)
        case module.SPLIT:
            assert sizes[0] == 1 and sizes[1] >= 2
            assert all(span.overlaps(error.gold[0]) for span in error.predicted)
        case module.TANGLED:
            assert min(sizes) >= 2
        case module.MISSED:
            assert sizes == (1, 0) and not overlapped
        case module.SPURIOUS:
            assert sizes == (0, 1) and not annotated
        case module.OTHER_TYPE:
            assert overlapped or annotated
            assert all(p.type not in {g.type for g in error.gold} for p in overlapped)
            assert all(g.type not in {p.type for p in error.predicted} for g in annotated)


@settings(max_examples=400)
@given(flat(), flat())
def test_every_span_is_correct_or_in_one_error_and_the_gap_adds_up(gold, predicted):
    check(gold, predicted)


@pytest.mark.parametrize("length", [3, pytest.param(4, marks=pytest.mark.slow)])
def test_every_pair_of_span_sets_over_so_many_characters_is_a_partition(length):
    sets = every_flat(length)
    assert len(sets) == {3: 41, 4: 153}[length]
    seen = set()
    for gold, predicted in product(sets, sets):
        check(gold, predicted)
        seen |= {error.kind for error in analyse(gold, predicted).errors}
    assert seen == set(CLASSES)


def kinds(gold, predicted):
    found = analyse(
        [Span(*span, *type) for span, *type in map(plain, gold)],
        [Span(*span, *type) for span, *type in map(plain, predicted)],
    )
    return [error.kind for error in found.errors]


def plain(span):
    start, end, *type = span
    return (start, end), *(type or [A])


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ([(0, 9)], [(0, 9)], []),
        ([(0, 9)], [(0, 5)], [MISSING]),
        ([(0, 9)], [(2, 5)], [MISSING]),
        ([(2, 5)], [(0, 5)], [EXTRA]),
        ([(2, 5)], [(0, 9)], [EXTRA]),
        ([(0, 5)], [(3, 9)], [CROSSING]),
        ([(0, 5)], [(5, 9)], [MISSED, SPURIOUS]),
        ([(0, 14), (18, 37)], [(0, 37)], [JOINED]),
        # over one of them wholly and into the other: still both in one prediction
        ([(0, 14), (18, 37)], [(0, 25)], [JOINED]),
        ([(0, 9)], [(0, 3), (5, 9)], [SPLIT]),
        ([(0, 9)], [(0, 3), (5, 12)], [SPLIT]),
        ([(0, 4), (5, 9)], [(2, 6), (7, 12)], [TANGLED]),
        ([(0, 9)], [(0, 9, B)], [OTHER_TYPE]),
        # "Crohn colitis" is a location, predicted as a diagnosis and a location
        ([(0, 13)], [(0, 5, B), (6, 13)], [OTHER_TYPE, MISSING]),
        # one prediction over its own gold span and one of another type
        ([(0, 5), (6, 9, B)], [(0, 9)], [EXTRA, OTHER_TYPE]),
        ([(0, 5, B), (6, 9, B)], [(0, 9)], [OTHER_TYPE]),
        # an exact prediction is no part of what is beside it
        ([(0, 5), (5, 9)], [(0, 5), (5, 7)], [MISSING]),
    ],
)
def test_classes_of_worked_examples(gold, predicted, expected):
    assert kinds(gold, predicted) == expected


def test_what_ent_type_gives_to_another_type_is_an_error_that_is_not_forgiven():
    gold = [Span(0, 13, A)]
    other, inside = analyse(gold, [Span(0, 5, B), Span(6, 13, A)]).errors
    assert (other.gold, inside.kind, inside.forgiven) == ((), MISSING, 0)
    (inside,) = analyse(gold, [Span(6, 13, A)]).errors
    assert inside.forgiven == 1


def test_one_prediction_over_two_gold_spans_is_forgiven_once():
    (joined,) = analyse([Span(0, 4, A), Span(5, 9, A)], [Span(0, 9, A)]).errors
    assert (joined.kind, len(joined.gold), joined.forgiven) == (JOINED, 2, 1)


def test_repeated_spans_count_once_and_keep_their_mechanism():
    gold = [Span(0, 4, A, "section"), Span(0, 4, A, "section"), Span(6, 9, A, "unseen")]
    found = analyse(gold, [Span(0, 4, A), Span(0, 4, A)])
    assert [span.why for span in found.correct] == ["section"]
    assert [error.gold[0].why for error in found.errors] == ["unseen"]


def test_the_counts_of_a_document_sum_to_its_spans():
    gold = [[Span(0, 4, A), Span(5, 9, A), Span(10, 12, B)], []]
    predicted = [[Span(0, 9, A), Span(10, 12, B)], [Span(3, 4, B)]]
    counts = count_classes(analyse_all(gold, predicted))
    place = {kind: number for number, kind in enumerate(CLASSES, start=1)}
    assert counts.shape == (2, 1 + len(CLASSES), 4)
    assert counts[0, 0].tolist() == [0, 1, 1, 0]
    assert counts[0, place[JOINED]].tolist() == [1, 2, 1, 1]
    assert counts[1, place[SPURIOUS]].tolist() == [1, 0, 1, 0]
    assert counts[..., 1:3].sum(axis=(0, 1)).tolist() == [3, 3]


@settings(max_examples=60)
@given(st.lists(st.tuples(flat(), flat()), max_size=4))
def test_counts_add_up_over_documents(pairs):
    counts = count_classes(analyse_all(*([pair[side] for pair in pairs] for side in (0, 1))))
    assert counts[..., 1].sum() == sum(len(gold) for gold, _ in pairs)
    assert counts[..., 2].sum() == sum(len(predicted) for _, predicted in pairs)


def test_spans_that_overlap_on_one_side_are_named():
    with pytest.raises(BadInput, match=r"gold spans Location \[0, 5\) and Diagnosis \[4, 9\)"):
        analyse([Span(0, 5, A), Span(4, 9, B)], [])
    with pytest.raises(BadInput, match="predicted spans"):
        analyse([], [Span(0, 5, A), Span(0, 9, A)])
    with pytest.raises(BadInput, match="predictions for 0 documents, gold spans for 1"):
        analyse_all([[]], [])


def many(n=400):
    """Errors of n documents: missed spans, and a rare class besides."""
    found = []
    for number in range(n):
        gold, predicted = [Span(number, number + 5, A)], []
        if number % 10 == 0:
            predicted = [Span(number, number + 3, A)]
        found += [(f"d{number}", error) for error in analyse(gold, predicted).errors]
    return found


def test_a_sample_is_drawn_from_its_seed_alone_and_in_order():
    errors = many()
    drawn = sample(errors, 50, 3)
    assert len(drawn) == 50 and drawn == sample(iter(errors), 50, 3)
    assert drawn == sorted(drawn, key=errors.index)
    assert drawn != sample(errors, 50, 4)
    assert set(drawn) == set(sample(errors[::-1], 50, 3))
    assert sample(errors, 1000, 3) == errors and sample(errors, 0, 3) == []
    with pytest.raises(BadInput, match="-1"):
        sample(errors, -1, 3)


def test_a_draw_hangs_on_nothing_but_a_hash_of_seed_document_and_offsets():
    def chance(number):
        gold = f'[[{number}, {number + 5}, "Location"]]'
        found = f'[[{number}, {number + 3}, "Location"]]' if number % 10 == 0 else "[]"
        return hashlib.sha256(f'7 ["d{number}", {gold}, {found}]'.encode()).hexdigest()

    first = sorted(range(60), key=chance)[:5]
    assert {name for name, _ in sample(many(60), 5, 7)} == {f"d{number}" for number in first}


def test_an_error_stays_drawn_when_others_go():
    errors = many()
    drawn = sample(errors, 50, 3)
    without = [each for each in errors if each in drawn or each[0] > "d3"]
    assert set(drawn) == set(sample(without, 50, 3))


def test_every_error_is_drawn_about_as_often_whatever_its_class():
    errors = many(100)
    times = Counter(each for seed in range(400) for each in sample(errors, 25, seed))
    drawn = np.array([times[each] for each in errors])  # each binomial, 400 draws at 1/4
    assert drawn.sum() == 400 * 25
    assert abs(drawn - 100).max() < 5 * np.sqrt(400 * 0.25 * 0.75)
    rare = [error.kind == MISSING for _, error in errors]
    assert abs(drawn[rare].mean() - 100) < 5 * np.sqrt(400 * 0.25 * 0.75 / sum(rare))

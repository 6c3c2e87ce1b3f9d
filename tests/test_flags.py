"""Flags: collapsed runs and runs that ended at their best."""

import numpy as np
import pytest

from clinlib.corpora.document import Document, Span
from clinlib.evaluation.flags import best_is_last, collapsed, run_flags
from clinlib.evaluation.labels import report
from clinlib.evaluation.spans import tally
from clinlib.evaluation.split_scores import evaluate

TYPES = ("Drug", "ADE")
DOCUMENTS = [
    Document("a", "aspirin for pain", (Span(0, 7, "Drug"), Span(12, 16, "ADE"))),
    Document("b", "none"),
]


def curve(*scores):
    return [{"epoch": i, "loss": 1.0, "dev_f1": score} for i, score in enumerate(scores, 1)]


def flags(*predicted):
    return run_flags(evaluate(DOCUMENTS, predicted, TYPES)["counts"], curve(50.0, 40.0))


def test_a_model_that_predicts_nothing_is_collapsed():
    assert flags([], []) == ["collapsed"]


def test_a_model_that_finds_one_span_is_not():
    assert flags([Span(0, 7, "Drug")], []) == []


@pytest.mark.parametrize("label", [0, 1, 2])
def test_one_label_for_all_words_is_collapsed_with_macro_recall_one_kth(label):
    matrix = np.zeros((3, 3), dtype=int)
    matrix[:, label] = [900, 60, 40]
    assert report(matrix, ("O", "B-x", "I-x")).macro.recall == pytest.approx(1 / 3)
    assert collapsed(matrix)


def test_only_wrong_words_besides_one_label_is_collapsed():
    assert collapsed(np.array([[900, 0, 0], [55, 0, 5], [40, 0, 0]]))


def test_one_label_for_all_words_is_collapsed_even_if_it_is_never_right():
    assert collapsed(np.array([[0, 0, 900], [0, 0, 60], [0, 0, 0]]))


def test_a_model_that_errs_on_its_only_label_too_is_not_called_collapsed():
    assert not collapsed(np.array([[800, 100, 0], [60, 0, 0], [40, 0, 0]]))


def test_a_stray_wrong_word_in_a_hundred_hides_no_collapse():
    assert collapsed(np.array([[895, 5, 0], [60, 0, 0], [40, 0, 0]]))
    assert not collapsed(np.array([[895, 5, 0], [59, 1, 0], [40, 0, 0]]))


def test_macro_recall_of_one_kth_by_chance_is_not_collapsed():
    matrix = np.array([[90, 10, 0], [90, 10, 0], [50, 50, 0]])
    assert report(matrix, ("O", "B-x", "I-x")).macro.recall == pytest.approx(1 / 3)
    assert not collapsed(matrix)


def test_one_right_word_of_a_second_label_is_enough():
    assert not collapsed(np.array([[900, 0, 0], [59, 1, 0], [40, 0, 0]]))


def test_gold_words_of_one_label_allow_no_verdict():
    assert not collapsed(np.array([[900, 0], [0, 0]]))


def test_no_predicted_span_is_collapsed_where_the_words_do_not_show_it():
    matrix = np.array([[5, 0], [0, 0]])  # the corpus's words leave the gold span's characters out
    missed = tally([[Span(0, 1, "Drug")]], [[]], TYPES)
    assert collapsed(matrix, missed)
    assert not collapsed(matrix, tally([[]], [[]], TYPES))
    assert not collapsed(matrix, tally([[Span(0, 1, "Drug")]], [[Span(2, 3, "Drug")]], TYPES))


@pytest.mark.parametrize(
    "scores, last",
    [
        ((10.0, 20.0, 30.0), True),
        ((10.0, 30.0, 20.0), False),
        ((10.0, 30.0, 30.0), False),  # the earlier epoch wins a tie, as in training
        ((0.0, 0.0), False),
        ((10.0,), True),
        ((), False),
    ],
)
def test_best_is_last(scores, last):
    assert best_is_last(curve(*scores)) is last


def test_a_curve_without_dev_scores_has_no_best():
    assert not best_is_last([{"epoch": 1, "loss": 1.0, "seconds": 2.0}])


def test_run_flags_names_both():
    counts = evaluate(DOCUMENTS, [[], []], TYPES)["counts"]
    assert run_flags(counts, curve(1.0, 2.0)) == ["collapsed", "best_is_last"]
    assert run_flags(counts, []) == ["collapsed"]

"""Split scores: the scores and counts entries of a record, read back, and slices of recall."""

import json

import pytest

from clinlib.corpora.document import Document, Span
from clinlib.encoding.tags import TagScheme
from clinlib.errors import BadInput
from clinlib.evaluation.slices import recall_by_why
from clinlib.evaluation.spans import scores
from clinlib.evaluation.split_scores import dev_f1, evaluate
from clinlib.evaluation.summary import confusion_of, span_counts

TYPES = ("Drug", "Dose-form", "ADE")


def test_evaluate_gives_what_a_record_holds():
    gold = (Span(5, 12, "Drug"), Span(13, 18, "Dose-form"))
    documents = [Document("a", "Take aspirin 5 mg. Stop.", gold), Document("b", "No change.")]
    predicted = [[Span(5, 12, "Drug"), Span(13, 14, "Dose-form")], []]
    found = evaluate(documents, predicted, TYPES)
    assert set(found) == {"scores", "counts"}
    assert found["scores"]["strict"] == {"precision": 50.0, "recall": 50.0, "f1": 50.0}
    assert found["scores"]["ent_type"] == {"precision": 100.0, "recall": 100.0, "f1": 100.0}
    entry = found["counts"]
    assert entry["documents"] == 2
    assert entry["types"] == list(TYPES)
    assert entry["spans"] == [[0, 0, 1, 0, 0, 1, 0, 0], [0, 1, 0, 1, 1, 1, 0, 0]]
    assert entry["unit"] == "word"
    assert entry["labels"] == list(TagScheme("BIO", TYPES).labels)
    # words: Take aspirin 5 mg . Stop . | No change .  ("mg" and the stop after it are missed)
    matrix, labels = confusion_of(entry)
    at = labels.index
    assert matrix.sum() == 10
    assert matrix[at("B-Drug"), at("B-Drug")] == 1
    assert matrix[at("B-Dose-form"), at("B-Dose-form")] == 1
    assert matrix[at("I-Dose-form"), at("O")] == 2
    assert matrix[at("O"), at("O")] == 6
    assert scores(span_counts(entry)).micro.f1 == 50.0
    assert dev_f1(documents, predicted, TYPES) == 50.0


def test_recall_by_why_counts_strict_matches_per_mechanism():
    spans = (Span(0, 2, "Drug", "lexicon"), Span(3, 5, "ADE", "neighbour"))
    others = (Span(0, 4, "Drug", "lexicon"), Span(5, 6, "Drug"))
    documents = [Document("a", "x" * 10, spans), Document("b", "x" * 10, others)]
    predicted = [[Span(0, 2, "Drug"), Span(3, 5, "Drug")], [Span(0, 3, "Drug"), Span(5, 6, "Drug")]]
    assert recall_by_why(documents, predicted) == {
        "": (1, 1),
        "lexicon": (1, 2),
        "neighbour": (0, 1),
    }
    with pytest.raises(BadInput, match="predictions for 1 documents, there are 2"):
        recall_by_why(documents, predicted[:1])


def test_a_record_keeps_plain_values_only():
    found = evaluate([Document("a", "x y", (Span(0, 1, "ADE"),))], [[Span(2, 3, "ADE")]], TYPES)
    assert json.loads(json.dumps(found)) == found


def test_words_that_the_corpus_gives_are_the_unit():
    spans = (Span(0, 6, "Drug"),)
    document = Document("a", "5-FU x", spans, words=((0, 4), (5, 6)))
    matrix, labels = confusion_of(evaluate([document], [spans], TYPES)["counts"])
    assert matrix.sum() == 2
    assert matrix[labels.index("I-Drug"), labels.index("I-Drug")] == 1


def test_dev_f1_is_the_strict_micro_score_of_the_record():
    gold = tuple(Span(3 * i, 3 * i + 2, "Drug") for i in range(3)) + (Span(12, 14, "ADE"),)
    documents, predicted = [Document("a", "x" * 20, gold)], [[*gold[:2], Span(12, 13, "ADE")]]
    found = dev_f1(documents, predicted, TYPES)
    assert found == pytest.approx(100 * 4 / 7)
    assert found == evaluate(documents, predicted, TYPES)["scores"]["strict"]["f1"]


def test_evaluate_refuses_what_does_not_fit():
    document = Document("a", "x")
    for function in (evaluate, dev_f1):
        with pytest.raises(BadInput, match="predictions for 0 documents"):
            function([document], [], TYPES)
        with pytest.raises(BadInput, match="did you mean 'Drug'"):
            function([document], [[Span(0, 1, "Drugs")]], TYPES)


def test_a_counts_entry_that_contradicts_itself_is_refused():
    entry = evaluate([Document("a", "x")], [[]], TYPES)["counts"]
    with pytest.raises(BadInput, match="for 6 labels"):
        confusion_of(entry | {"labels": entry["labels"][:-1]})
    with pytest.raises(BadInput, match="does not fit 0 documents"):
        span_counts(entry | {"documents": 0, "spans": [[0, 0, 1, 0, 0, 1, 0, 0]]})

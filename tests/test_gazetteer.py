"""The gazetteer: the baseline that knows the training spans and nothing else."""

import pytest
from gazetteer import Gazetteer

from clinlib.corpora.document import Document, Span


def document(text, *marked):
    """A document whose spans are the first occurrences of (text, type)."""
    spans = []
    for words, type_ in marked:
        start = text.index(words)
        spans.append(Span(start, start + len(words), type_))
    return Document("d", text, tuple(sorted(spans)))


def found(gazetteer, text):
    return [(text[s.start : s.end], s.type) for s in gazetteer.predict(Document("t", text))]


def test_longest_match_wins_over_the_shorter_ones_inside_it():
    train = [
        document("breast cancer", ("breast cancer", "Disease")),
        document("a cancer", ("cancer", "Disease")),
    ]
    text = "no breast cancer, a cancer of the breast"
    assert found(Gazetteer.fit(train), text) == [
        ("breast cancer", "Disease"),
        ("cancer", "Disease"),
    ]


def test_case_and_spacing_do_not_matter():
    gazetteer = Gazetteer.fit([document("Breast cancer", ("Breast cancer", "Disease"))])
    assert found(gazetteer, "BREAST\n cancer") == [("BREAST\n cancer", "Disease")]


def test_words_are_matched_whole():
    gazetteer = Gazetteer.fit([document("iron", ("iron", "Drug"))])
    assert found(gazetteer, "ironic irons iron-rich") == [("iron", "Drug")]


def test_most_frequent_type_wins():
    train = [document("rash", ("rash", "ADE"))] * 2 + [document("rash", ("rash", "Reason"))]
    assert found(Gazetteer.fit(train), "a rash") == [("rash", "ADE")]


def test_words_mostly_not_annotated_are_left_out():
    train = [document("iron level, iron count, given iron"), document("iron", ("iron", "Drug"))]
    assert found(Gazetteer.fit(train), "iron") == []


@pytest.mark.parametrize("documents", [[], [Document("d", "nothing here")]])
def test_nothing_to_learn_finds_nothing(documents):
    assert found(Gazetteer.fit(documents), "anything") == []


def test_given_words_of_a_tokenised_corpus_are_used():
    train = Document("d", "IL - 2", (Span(0, 6, "Protein"),), words=((0, 2), (3, 4), (5, 6)))
    gazetteer = Gazetteer.fit([train])
    assert gazetteer.entries == {("il", "-", "2"): "Protein"}

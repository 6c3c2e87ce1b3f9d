"""The synthetic Dutch notes: lexicons, notes and splits, and the text for pretraining."""

import re
from collections import Counter

import pytest
from dutch_notes import f1_of_gazetteer, sentences_of

from clinlib.corpora.ledger import Ledger
from clinlib.corpora.registry import card, load
from clinlib.corpora.segmenter import segment
from clinlib.corpora.synthetic.dutch import (
    TYPES,
    generate,
    textbook,
    unlabelled,
    unlabelled_documents,
)
from clinlib.corpora.synthetic.dutch_lexicon import COMMON, NAMES, dutch_lexicon
from clinlib.corpora.synthetic.entries import SIZE
from clinlib.errors import BadInput


@pytest.fixture(scope="module")
def corpus():
    return generate()


# Lexicons


def test_lexicons_hold_three_hundred_entries_and_share_none():
    entries = [e for name in NAMES for part in ("a", "B") for e in dutch_lexicon(name).part(part)]
    assert len(entries) == len(NAMES) * SIZE == len(set(entries))


def test_real_terms_of_the_field_are_the_most_frequent_of_half_a():
    for name, terms in COMMON.items():
        assert dutch_lexicon(name).a[: len(terms)] == terms
    assert {"CD", "CU", "UC"} <= set(dutch_lexicon("abbreviation").a)


def test_an_unknown_lexicon_names_the_valid_ones():
    with pytest.raises(BadInput, match="did you mean 'diagnosis'"):
        dutch_lexicon("diagnoses")


# The corpus


def test_same_arguments_give_the_same_notes_and_another_seed_gives_others(corpus):
    assert generate() == corpus
    other = generate(seed=1)
    for split in corpus:
        assert not {d.text for d in corpus[split]} & {d.text for d in other[split]}


def test_notes_of_a_patient_do_not_depend_on_how_many_patients_there_are(corpus):
    for split, documents in generate(patients=8).items():
        assert documents and documents == corpus[split][: len(documents)]


def test_too_few_are_refused():
    with pytest.raises(BadInput, match="patients is 3"):
        generate(patients=3)
    with pytest.raises(BadInput, match="notes is 0"):
        unlabelled(0)
    with pytest.raises(BadInput, match="sentences is 0"):
        textbook(0)


def test_card_is_that_of_the_generator(corpus):
    found = card("synthetic_nl_ibd")
    assert found.synthetic and tuple(found.types) == TYPES
    read = load("synthetic_nl_ibd")
    assert read.ledger.counts() == found.ledger
    for split, documents in read.splits.items():
        assert [d.spans for d in documents] == [d.spans for d in corpus[split]]
        assert all(d.sections and d.sentences for d in documents)


def test_spans_never_overlap_and_never_leave_their_sentence(corpus):
    ledger = Ledger()
    for documents in corpus.values():
        for document in documents:
            spans = document.spans
            assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))
            texts = [document.text[s.start : s.end] for s in spans]
            assert all(text == text.strip() and "\n" not in text for text in texts)
            assert all(s.why and s.type in TYPES for s in spans)
            segment(document.text, "nl", spans, ledger=ledger)
    assert not ledger.counts()


def test_about_45_percent_of_the_sentences_hold_no_entity(corpus):
    for documents in corpus.values():
        empty = [not spans for d in documents for _, _, spans, _ in sentences_of(d)]
        assert 0.41 < sum(empty) / len(empty) < 0.50


def test_no_patient_has_notes_in_two_splits_and_most_have_several(corpus):
    groups = {split: [d.group for d in documents] for split, documents in corpus.items()}
    assert not set(groups["train"]) & set(groups["test"] + groups["dev"])
    assert not set(groups["dev"]) & set(groups["test"])
    assert [len(set(groups[split])) for split in ("train", "dev", "test")] == [24, 6, 12]
    notes = Counter(groups["train"])
    assert set(notes.values()) == {1, 2, 3, 4}
    assert len({d.id for documents in corpus.values() for d in documents}) == sum(
        map(len, corpus.values())
    )


# Text for pretraining


def test_unlabelled_notes_hold_both_halves_and_no_note_of_a_split(corpus):
    texts = unlabelled(120)
    assert len(texts) == 120 and texts == unlabelled(120) != unlabelled(120, seed=1)
    assert texts[:7] == unlabelled(7)
    assert not set(texts) & {d.text for documents in corpus.values() for d in documents}
    sentences = {s for text in texts for s in re.split(r"(?<=\.)\s", text) if len(s.split()) > 9}
    tested = {d.text[a:b] for d in corpus["test"] for a, b, *_ in sentences_of(d)}
    assert not sentences & tested
    found = set(re.findall(r"[a-z]+", " ".join(texts).lower()))
    for part in ("a", "dev", "b"):
        names = {e for e in dutch_lexicon("diagnosis").part(part) if " " not in e}
        assert len(names & found) > 0.3 * len(names), part


def test_unlabelled_documents_have_sections_and_no_spans(corpus):
    documents = unlabelled_documents(20)
    assert tuple(d.text for d in documents) == unlabelled(20)
    assert all(d.sections and not d.spans for d in documents)
    assert not {d.group for d in documents} & {d.group for part in corpus.values() for d in part}


def test_textbook_sentences_are_plain_and_hold_both_halves(corpus):
    sentences = textbook(600)
    assert len(sentences) == 600 and sentences == textbook(600) != textbook(600, seed=1)
    assert all(len(segment(sentence, "nl")) == 1 for sentence in sentences)
    assert not any(s in d.text for s in sentences for d in corpus["test"])
    found = set(re.findall(r"[a-z]+", " ".join(sentences).lower()))
    for part in ("a", "dev", "b"):
        names = {e for e in dutch_lexicon("location").part(part) if " " not in e}
        assert len(names & found) > 0.3 * len(names), part


@pytest.mark.parametrize("seed", [0, 1])
def test_gazetteer_scores_between_25_and_45_on_test(seed):
    assert 25 <= f1_of_gazetteer(generate(seed=seed)) <= 45

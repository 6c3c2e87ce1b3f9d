"""Overlaps on the corpora page: tables, figures and sentences from rows made by hand."""

import pytest

from clinlib.corpora.overlap import ANY, ANY_TEST, Comparison, KeptOut, Overlap
from clinlib.errors import BadInput
from clinlib.studies import overlaps as study

TEXT = "text:en_medquad.txt"


def row(part, whole, standing, documents=200):
    return Overlap("en", part, whole, documents, documents - 1, standing, standing / documents)


COMPARISON = Comparison(
    (
        row("phee", "bc5cdr", 50),
        row("bc5cdr", "phee", 1),
        row("phee", TEXT, 0),
        row(TEXT, "phee", 0),
        row("bc5cdr", TEXT, 0),
        row(TEXT, "bc5cdr", 3),
        row("phee", ANY, 50),
        row("phee", ANY_TEST, 20),
        row("bc5cdr, test", "bc5cdr, train and dev", 2),
        row("phee, dev", "phee, train", 0),
    ),
    (
        KeptOut("en", "phee", 100, 15, 0.15),
        KeptOut("en", "bc5cdr", 100, 0, 0.0),
        KeptOut("en", TEXT, 200, 2, 0.01),
    ),
)


def test_pairs_that_share_documents_are_listed_the_largest_share_first():
    frame = study.pairs(COMPARISON)
    assert list(frame.index) == [
        ("en", "phee", "bc5cdr"),
        ("en", "en_medquad.txt", "bc5cdr"),
        ("en", "bc5cdr", "phee"),
    ]
    assert frame.iloc[0].tolist() == [200, 199, 50, 25.0]
    assert len(study.pairs(Comparison())) == 0


def test_a_square_holds_every_pair_of_a_language():
    assert study.languages(COMPARISON) == ["en"]
    square = study.square(COMPARISON, "en")
    assert square.loc["phee", "bc5cdr"] == 25.0
    assert square.loc["en_medquad.txt", "bc5cdr"] == 1.5
    assert square.loc["phee", "phee"] == study.APART
    shown = study.drawn(square)
    assert shown.loc["phee", "bc5cdr"] == 25 and shown.loc["phee", "phee"] == 0
    assert study.drawn(square.drop(index="phee")) is None  # nothing to see
    text = study.square_in_words("en", square)
    assert "25.0 of phee in bc5cdr" in text and "bc5cdr in en_medquad" not in text


def test_what_stands_in_an_earlier_split_of_its_own_corpus_is_listed():
    assert list(study.inside(COMPARISON).index) == [("en", "bc5cdr, test", "bc5cdr, train and dev")]


def test_what_is_kept_out_is_counted_per_source():
    frame = study.kept_out(COMPARISON)
    assert frame.loc[("en", "phee")].tolist() == ["training split", 100, 50, 20, 15, 15.0]
    assert frame.loc[("en", "en_medquad.txt"), "kind"] == "text"
    assert frame.loc[("en", "bc5cdr"), "whole source: stand in another corpus"] == study.APART


def test_the_sentences_follow_the_rows():
    first, *kept = study.sentences(COMPARISON)
    assert first == "Of 3 pairs of sources of one language 2 share documents."
    assert [sentence.split(",")[0] for sentence in kept] == [
        "phee: of 100 training documents",
        "en_medquad.txt: of 200 texts",
    ]
    assert "15 (15.00 % of the characters)" in kept[0]


def test_where_nothing_can_overlap_or_nothing_does_the_page_says_so():
    (alone,) = study.sentences(study.compared(["synthetic_en_letters"], []))
    assert "nothing was compared" in alone
    none = Comparison((row("phee", "bc5cdr", 0), row("bc5cdr", "phee", 0)), COMPARISON.kept_out[:2])
    assert study.sentences(none) == ["Of 1 pair of sources of one language none shares a document."]


def test_texts_are_those_that_are_here_and_unknown_ones_are_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("CLINLIB_DATA", str(tmp_path))
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "en_medquad.txt").write_text("")
    assert study.present(["en_medquad.txt", "zh_toyhom_mit.txt"]) == ["en_medquad.txt"]
    with pytest.raises(BadInput, match=r"unknown text 'en_medquat\.txt'; did you mean"):
        study.present(["en_medquat.txt"])
    frame = study.licences(["en_medquad.txt"])
    assert frame.loc["en_medquad.txt", "on this page"] == "compared above"
    assert frame.loc["zh_toyhom_mit.txt", "on this page"] == "not on this machine"
    assert (frame["licence"].str.len() > 0).all()

"""The corpora page counts what the documents hold, and lists from the card what is not here."""

import pytest

from clinlib.corpora.corpus import Corpus
from clinlib.corpora.document import Document, Span
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.registry import cards
from clinlib.errors import BadInput
from clinlib.studies import corpora as study

#       0         1         2
#       01234567890123456789012345
TEXT = "Takes aspirin. Feels well."
SENTENCES = ((0, 14), (15, 26))


@pytest.fixture
def small():
    """Two documents: a sentence with a two-word entity, and three sentences without any."""
    ledger = Ledger()
    ledger.note("read", "spans", n=2)
    ledger.note("flattened", "nested in a longer span", "d1")
    one = Document("d1", TEXT, (Span(0, 13, "Drug"),), SENTENCES)
    two = Document("d2", TEXT, (), SENTENCES)
    name = "synthetic_en_letters"
    return {name: Corpus(name, "en", ("Drug", "ADE"), {"train": (one,), "test": (two,)}, ledger)}


def test_sizes_count_every_split(small):
    frame = study.sizes(small)
    train, test = (frame.loc[("synthetic_en_letters", split)] for split in ("train", "test"))
    assert train.tolist() == [1, 2, 6, 1, 1, 50.0]
    assert test.tolist() == [1, 2, 6, 0, 2, 100.0]


@pytest.mark.parametrize(
    ("spans", "empty"),
    [((), 2), (((0, 5),), 1), (((13, 14), (15, 16)), 0), (((6, 20),), 0), (((25, 26),), 1)],
)
def test_a_sentence_is_empty_if_no_span_touches_it(spans, empty):
    document = Document("d", TEXT, tuple(Span(a, b, "Drug") for a, b in spans), SENTENCES)
    assert study.empty_sentences(document) == empty


def test_the_ledger_table_shows_what_happened_and_where(small):
    row = study.ledger(small).loc[("synthetic_en_letters", "flattened")]
    assert (row["spans"], row["first places"]) == (1, "d1")


def test_sentences_follow_the_counts(small):
    (said,) = study.sentences(small)
    assert "of 2 types in 4 sentences, of which 3 (75 %)" in said
    assert said.endswith("On the way in, flattened: nested in a longer span (1).")


def test_a_corpus_that_is_not_here_is_listed_from_its_card(monkeypatch, tmp_path):
    monkeypatch.setenv("CLINLIB_DATA", str(tmp_path))
    names = ["ncbi_disease", "synthetic_en_letters"]
    frame = study.overview(names)
    assert set(frame.index) == set(cards())
    assert frame.loc["ncbi_disease", "on this page"] == study.ABSENT
    assert frame.loc["synthetic_en_letters", "on this page"] == "counted below"
    assert frame.loc["ncbi_disease", "entities"] > 0
    assert list(study.present(["ncbi_disease"])) == []
    text = study.introduction(names, {})
    assert "Not on this machine" in text
    assert "ncbi_disease" in text
    assert "ncbi_disease" not in study.reads({})
    assert "en_medquad.txt" not in study.reads({})
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "en_medquad.txt").write_text("")
    assert "en_medquad.txt" in study.reads({})


def test_an_unknown_corpus_is_an_error():
    with pytest.raises(BadInput, match="ncbi_disease"):
        study.present(["ncbi_diseases"])


def test_texts_are_named_and_those_that_are_not_here_too(small):
    files = ["en_medquad.txt", "zh_toyhom_mit.txt"]
    text = study.introduction(list(small), small, files, files[:1])
    assert "the unlabelled text of en_medquad.txt." in text
    assert "Not on this machine, so listed from the card only: zh_toyhom_mit.txt." in text


def test_a_synthetic_corpus_is_bannered(small):
    assert "Synthetic text" in study.introduction(list(small), small)


def test_every_card_has_a_row_with_its_licence():
    frame = study.overview([])
    assert frame.notna().to_numpy().all()
    assert (frame["licence"].str.len() > 0).all()

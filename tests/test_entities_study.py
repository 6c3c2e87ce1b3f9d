"""Entities on the corpora page: types, distributions and lengths, on a corpus counted by hand."""

import pytest

from clinlib.corpora.corpus import Corpus
from clinlib.corpora.document import Document, Span
from clinlib.corpora.ledger import Ledger
from clinlib.studies import entities as study

#       0         1         2
#       01234567890123456789012345
TEXT = "Takes aspirin. Feels well."
SENTENCES = ((0, 14), (15, 26))


def document(name, *spans):
    return Document(name, TEXT, tuple(Span(*span) for span in spans), SENTENCES)


@pytest.fixture
def corpus():
    splits = {
        "train": (document("a", (0, 13, "Drug"), (15, 20, "Sign")), document("b", (6, 13, "Drug"))),
        "test": (document("c", (15, 25, "Sign"), (2, 8, "Drug"), (25, 26, "Mark")),),
    }
    return Corpus("toy", "en", ("Drug", "Sign", "Mark", "Rare"), splits, Ledger())


@pytest.fixture
def found(corpus):
    return study.entities({"toy": corpus})


def test_every_entity_is_a_row_with_the_words_it_touches(found):
    assert list(found.itertuples(index=False, name=None)) == [
        ("toy", "train", "Drug", 2),
        ("toy", "train", "Sign", 1),
        ("toy", "train", "Drug", 1),
        ("toy", "test", "Sign", 2),
        ("toy", "test", "Drug", 2),  # from within one word to within the next
        ("toy", "test", "Mark", 1),
    ]


def test_types_are_counted_by_split_with_shares_and_mean_length(found, corpus):
    frame = study.types(found, corpus)
    assert list(frame.index) == ["Drug", "Sign", "Mark", "Rare"]
    assert frame.loc["Drug", ["train", "test", "all"]].tolist() == [2, 1, 3]
    assert frame.loc["Drug", "train, %"] == pytest.approx(200 / 3)
    assert frame.loc["Drug", "mean words"] == pytest.approx(5 / 3)
    assert frame.loc["Rare", ["all", "mean words"]].tolist() == [0, "none"]
    assert set(frame["dev"]) == {study.NONE} and "dev, %" not in frame


def test_shares_of_a_split_sum_to_100_and_are_0_where_it_has_none(found, corpus):
    percent = study.shares(found, corpus)
    assert list(percent) == ["train", "test"]
    assert percent.sum().tolist() == pytest.approx([100, 100])
    empty = Corpus("toy", "en", ("Drug",), {"dev": (document("d"),)}, Ledger())
    assert study.shares(study.entities({"toy": empty}), empty)["dev"].tolist() == [0]


def test_the_distance_is_what_would_have_to_change_its_type(found, corpus):
    row = study.distributions(found, {"toy": corpus}).loc["toy"]
    # train 2/3 Drug, 1/3 Sign; test a third of each: one in three would have to become a Mark
    assert row["train to test, %"] == pytest.approx(100 / 3)
    assert row["train to dev, %"] == study.NONE
    assert (row["most frequent type"], row["its share, %"]) == ("Drug", 50)
    assert (row["types"], row["types that make 90 %"]) == (4, 3)


def test_lengths_are_shares_of_the_corpus(found, corpus):
    row = study.lengths(found, {"toy": corpus}).loc["toy"]
    assert row[["1", "2", "3", "more"]].tolist() == [50, 50, 0, 0]
    assert (row["mean"], row["median"], row["longest"]) == (1.5, 1.5, 2)
    assert sum(row[list(study.LENGTHS)]) == pytest.approx(100)


def test_a_corpus_without_entities_has_no_lengths_and_is_not_drawn(found, corpus):
    empty = Corpus("bare", "en", ("Drug",), {"dev": (document("d"),)}, Ledger())
    both = {"toy": corpus, "bare": empty}
    table = study.lengths(study.entities(both), both)
    assert set(table.loc["bare"]) == {"none"}
    assert list(study.lengths_drawn(table).index) == ["toy"]
    assert "bare" not in study.lengths_in_words(table)
    assert "toy 1 50, 2 50, 3 0" in study.lengths_in_words(table)


def test_the_figure_of_types_is_read_out(found, corpus):
    text = study.shares_in_words("toy", study.shares(found, corpus))
    assert "Drug train 66.7, test 33.3" in text and "Rare train 0.0, test 0.0" in text

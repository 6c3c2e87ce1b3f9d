"""Overlap: what of one source stands in another, on toy corpora, and what must be kept out."""

import tracemalloc
from types import SimpleNamespace

import pytest

from clinlib.corpora import overlap, shingles
from clinlib.corpora.corpus import Corpus
from clinlib.corpora.document import Document
from clinlib.corpora.ledger import Ledger
from clinlib.errors import BadInput


def case(n):
    return " ".join(f"finding {n} of {n * k} and note {k}" for k in range(20))


def corpus(name, **splits):
    parts = {
        split: tuple(Document(f"{name}-{split}-{n}", case(n)) for n in cases)
        for split, cases in splits.items()
    }
    return Corpus(name, "en", ("Drug",), parts, Ledger())


LANGUAGES = {"one": "en", "two": "en", "other": "es"}
CORPORA = {
    "one": corpus("one", train=[1, 2, 3], dev=[4], test=[5, 1]),
    "two": corpus("two", train=[5, 6], test=[2, 7]),
    "other": corpus("other", train=[1], test=[2]),
}
TEXTS = {"a.txt": [case(5), case(8), "short", case(7), case(2), case(6)]}


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    monkeypatch.setattr(overlap, "load", CORPORA.__getitem__)
    monkeypatch.setattr(overlap, "card", lambda name: SimpleNamespace(languages=[LANGUAGES[name]]))
    monkeypatch.setattr(overlap, "read_texts", TEXTS.__getitem__)
    files = {name: SimpleNamespace(language="en") for name in TEXTS}
    monkeypatch.setattr(overlap, "text_files", lambda: files)


def rows():
    found = overlap.matrix(["one", "two", "text:a.txt", "other"])
    return {(row.part, row.whole): row for row in found.overlaps}


def test_every_pair_of_one_language_is_compared_in_both_directions():
    found = rows()
    assert found["one", "two"].standing == 2 and found["two", "one"].standing == 2
    assert found["one", "two"].documents == 6 and found["two", "one"].documents == 4
    assert found["text:a.txt", "two"].standing == 4
    assert found["two", "text:a.txt"].standing == 4
    assert not any("other" in pair for pair in found)


def test_a_source_is_compared_with_all_others_and_their_test_splits():
    found = rows()
    assert found["text:a.txt", overlap.ANY].standing == 4
    assert found["text:a.txt", overlap.ANY_TEST].standing == 3  # cases 5, 7 and 2
    assert found["one", overlap.ANY_TEST].standing == 1
    assert found["text:a.txt", overlap.ANY].judged == 5
    assert 0.75 < found["text:a.txt", overlap.ANY].share < 0.85


def test_a_test_document_that_stands_in_the_corpus_own_training_split_is_found():
    found = rows()
    assert found["one, test", "one, train and dev"].standing == 1
    assert found["one, dev", "one, train"].standing == 0


def test_what_is_kept_out_is_counted_and_named():
    found = overlap.matrix(["one", "two", "text:a.txt", "other"])
    counted = {row.source: (row.documents, row.tied) for row in found.kept_out}
    assert counted == {"one": (3, 1), "two": (2, 1), "text:a.txt": (6, 3), "other": (1, 0)}
    assert overlap.keep_out("text:a.txt", ["one", "two"]) == {0, 3, 4}
    assert overlap.keep_out("one", ["two"]) == {1}
    assert overlap.keep_out("one", ["one"]) == {0}  # case 1 is tested too
    assert overlap.keep_out("one", ["other"]) == frozenset()
    assert overlap.keep_out("text:a.txt", ["two"], splits=["train"]) == {0, 5}


def test_what_is_kept_out_of_a_file_is_found_without_holding_the_file(monkeypatch):
    monkeypatch.setattr(shingles, "_BLOCK", 1 << 12)
    overlap.keep_out("text:a.txt", ["one"])  # the table of letters is made once

    def stream(name):
        yield case(5)
        yield from (case(n) * 4 for n in range(100, 1000))
        yield case(1)

    monkeypatch.setattr(overlap, "read_texts", stream)
    size = sum(map(len, stream("a.txt")))
    tracemalloc.start()
    found = overlap.keep_out("text:a.txt", ["one"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == {0, 901}
    assert peak < size / 2


def test_a_single_source_overlaps_with_nothing():
    assert overlap.matrix([]) == overlap.Comparison()
    found = overlap.matrix(["other"])
    assert [row.part for row in found.overlaps] == ["other, test"]


def test_an_unknown_text_is_refused_with_the_nearest():
    with pytest.raises(BadInput, match=r"unknown text 'b\.txt'; did you mean 'a\.txt'"):
        overlap.matrix(["text:b.txt"])

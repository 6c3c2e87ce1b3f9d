"""The pinned word splitter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinlib.corpora.document import Document
from clinlib.corpora.words import split_words, words


def split(text):
    return [text[start:end] for start, end in split_words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \r\n\t", []),
        ("IL-2 at 0.5mg/day", ["IL", "-", "2", "at", "0", ".", "5mg", "/", "day"]),
        ("38,5 ºC", ["38", ",", "5", "ºC"]),
        ("fiebre de 3 días.\r\nNiega", ["fiebre", "de", "3", "días", ".", "Niega"]),
        ("感冒2天", ["感", "冒", "2", "天"]),
        ("T细胞", ["T", "细", "胞"]),
        ("cafe\u0301s", ["cafe\u0301s"]),
        ("a_b", ["a", "_", "b"]),
        ("x\u0007y \u200b", ["x", "\u0007", "y", "\u200b"]),
        ("ok \u2695\ufe0f\U0001f600", ["ok", "\u2695\ufe0f", "\U0001f600"]),
        ("\u0301a", ["\u0301", "a"]),
    ],
)
def test_texts_fall_into_the_pinned_words(text, expected):
    assert split(text) == expected


@given(st.text())
def test_every_character_that_is_not_blank_lies_in_exactly_one_word(text):
    covered = [position for start, end in split_words(text) for position in range(start, end)]
    assert covered == [position for position, mark in enumerate(text) if not mark.isspace()]


@given(st.lists(st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1)))
def test_runs_of_letters_and_digits_stay_whole(runs):
    assert split(" ".join(runs)) == runs


def test_the_words_of_the_corpus_are_kept():
    document = Document("d", "IL-2 up", words=((0, 4), (5, 7)))
    assert words(document) == ((0, 4), (5, 7))
    assert words(Document("d", "IL-2 up")) == ((0, 2), (2, 3), (3, 4), (5, 7))

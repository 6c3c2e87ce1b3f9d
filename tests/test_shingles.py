"""Shingles: against a slow oracle of sets of strings, and what ties two texts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinlib.corpora import shingles as module
from clinlib.corpora.shingles import (
    common,
    held,
    normalised,
    shingles,
    stand,
    tied,
    tied_numbers,
)

CASE = "".join(
    f"Paciente {n} de {n % 90} años con fiebre y tos desde hace {n} días. " for n in range(9)
)
TEXTS = st.lists(st.text(st.sampled_from("ab C.é"), max_size=30), max_size=6)
WIDTH = 4


def passages(text, width):
    """The oracle: all passages of a text as strings."""
    plain = normalised(text)
    return {plain[at : at + width] for at in range(len(plain) - width + 1)}


def test_normalising_leaves_letters_and_digits_in_lower_case():
    assert normalised("Señora  de 45 años:\n¿EVA 3/10? ①") == "señorade45añoseva3101"
    assert normalised(" \n-_%") == ""


@settings(max_examples=100)
@given(TEXTS, TEXTS)
def test_counts_are_those_of_sets_of_passages(left, right):
    one, other = shingles(left, WIDTH), shingles(right, WIDTH)
    ours = [passages(text, WIDTH) for text in left]
    theirs = [passages(text, WIDTH) for text in right]
    everything = set().union(*theirs)
    assert one.sizes.tolist() == [len(text) for text in ours]
    assert one.lengths.tolist() == [len(normalised(text)) for text in left]
    assert held(one, other).tolist() == [len(text & everything) for text in ours]
    pairs, counts = common(one, other)
    found = {(a, b): n for (a, b), n in zip(pairs.tolist(), counts.tolist(), strict=True)}
    expected = {
        (a, b): len(x & y) for a, x in enumerate(ours) for b, y in enumerate(theirs) if x & y
    }
    assert found == expected


@given(TEXTS)
def test_hashes_are_in_order_and_once_for_a_text(texts):
    found = shingles(texts, WIDTH)
    rows = list(zip(found.hashes.tolist(), found.owners.tolist(), strict=True))
    assert rows == sorted(set(rows))


def test_chunks_and_slices_change_nothing(monkeypatch):
    texts = [CASE[n:] for n in range(0, 200, 20)]
    whole, (pairs, counts) = shingles(texts), common(shingles(texts), shingles(texts))
    monkeypatch.setattr(module, "_CHUNK", 100)
    monkeypatch.setattr(module, "_PAIRS", 7)
    parts = shingles(texts)
    assert np.array_equal(whole.hashes, parts.hashes)
    assert np.array_equal(whole.owners, parts.owners)
    again, n = common(parts, parts)
    assert np.array_equal(pairs, again) and np.array_equal(counts, n)


@settings(max_examples=100)
@given(TEXTS, TEXTS, st.integers(1, 60))
def test_a_stream_in_blocks_of_any_size_is_tied_to_what_all_at_once_is(left, right, block):
    others = shingles(right, WIDTH)
    whole = set(tied(shingles(left, WIDTH), others)[:, 0].tolist())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", block)
        assert tied_numbers(iter(left), others, WIDTH) == whole


def test_texts_of_a_stream_are_numbered_across_its_blocks(monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 1)
    stream = ("otro texto", CASE, "", CASE[:150], "más")
    assert tied_numbers(iter(stream), shingles([CASE])) == {1, 3}


def test_no_passage_crosses_from_one_text_to_the_next():
    assert shingles(["abcd", "efgh"], 4).sizes.tolist() == [1, 1]
    assert not held(shingles(["cdef"], 4), shingles(["abcd", "efgh"], 4)).any()


def test_a_text_stands_where_half_of_its_passages_do_however_it_is_spaced():
    shouted = CASE.upper().replace(" ", "\n\n")
    other = CASE.translate(str.maketrans("aeo", "eoa"))
    texts = [shouted, CASE + other[100:], CASE + other + other, "otro texto"]
    assert stand(shingles(texts), shingles([CASE])).tolist() == [
        True,
        True,
        False,
        False,
    ]


def test_short_texts_are_not_judged():
    long, short = CASE[:100], CASE[:70]
    found = shingles([long, short])
    assert found.judged.tolist() == [True, False]
    assert stand(found, shingles([CASE])).tolist() == [True, False]


def test_a_long_common_passage_ties_texts_and_so_does_half_of_the_shorter():
    own = [f"{letter}{n}x" for letter in "uvw" for n in range(100, 400)]
    first, second, third = ("".join(own[at : at + 300]) for at in (0, 300, 600))
    passage = normalised(CASE)
    texts = shingles([first + passage[:109], second + passage[:109], third + passage[:100]])
    assert {tuple(pair) for pair in tied(texts, texts).tolist()} == {
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
        (2, 2),
    }
    short = shingles([passage[:62]])
    assert tied(short, texts).tolist() == [[0, 0], [0, 1], [0, 2]]


def test_nothing_and_empty_texts_are_no_error():
    nothing, empty = shingles([]), shingles(["", "¿?"])
    assert len(nothing) == 0 and empty.sizes.tolist() == [0, 0]
    assert stand(empty, nothing).tolist() == [False, False]
    assert tied(nothing, empty).shape == (0, 2)
    assert held(empty).tolist() == [0, 0]


@pytest.mark.parametrize("char", ["𝛼", "中", "ß", "ﬁ", "\ud800"])
def test_any_character_can_be_hashed(char):
    assert len(shingles([char * 100]).sizes) == 1

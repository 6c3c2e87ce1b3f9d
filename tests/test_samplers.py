"""Samplers: which sentences stay, how often, and that seeds matter."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinlib.corpora.document import Document, Span
from clinlib.corpora.samplers import (
    down_sample,
    first_sentences,
    fold,
    has_entity,
    sentence_index,
    types_in,
    up_sample,
)
from clinlib.errors import BadInput


def corpus(*documents):
    """Each document a list of sentences of 10 characters; a sentence the types of its spans."""
    return [
        Document(
            f"d{n}",
            "x" * (10 * len(sentences)),
            tuple(
                Span(10 * s + at, 10 * s + at + 1, kind)
                for s, kinds in enumerate(sentences)
                for at, kind in enumerate(kinds)
            ),
            tuple((10 * s, 10 * s + 10) for s in range(len(sentences))),
        )
        for n, sentences in enumerate(documents)
    ]


MIXED = corpus(["A", "", "AB"], ["", ""], ["A", "C", "", ""], ["", "A"])
INDEX = sentence_index(MIXED)


def test_the_index_lists_all_sentences_in_order():
    assert INDEX[:5] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
    assert len(INDEX) == 11


def test_a_sentence_knows_its_spans():
    assert types_in(MIXED[0], 2) == Counter("AB")
    assert [has_entity(MIXED[0], s) for s in range(3)] == [True, False, True]


def test_first_sentences_are_in_corpus_order_for_seed_0():
    assert first_sentences(MIXED, 4) == INDEX[:4]
    assert first_sentences(MIXED, 11, seed=0) == INDEX


def test_other_seeds_permute_documents_and_keep_sentences_in_order():
    orders = {tuple(first_sentences(MIXED, 11, seed)) for seed in range(6)}
    assert len(orders) > 3
    for order in orders:
        assert sorted(order) == INDEX
        for d in range(len(MIXED)):
            assert [s for doc, s in order if doc == d] == list(range(len(MIXED[d].sentences)))
            at = [n for n, (doc, _) in enumerate(order) if doc == d]
            assert at == list(range(at[0], at[0] + len(at)))


def test_smaller_first_samples_are_part_of_larger_ones():
    assert first_sentences(MIXED, 9, seed=3)[:4] == first_sentences(MIXED, 4, seed=3)


@pytest.mark.parametrize("n", [0, -1, 12])
def test_more_sentences_than_there_are_is_refused(n):
    with pytest.raises(BadInput, match=f"{n} sentences asked for; the documents hold 11"):
        first_sentences(MIXED, n)


@pytest.mark.parametrize(("share", "empty"), [(0.0, 0), (0.2, 1), (0.5, 5), (0.9, 6), (1.0, 6)])
def test_down_sampling_keeps_as_many_empty_sentences_as_the_share_allows(share, empty):
    kept = down_sample(INDEX, MIXED, share, seed=0)
    assert sum(not has_entity(MIXED[d], s) for d, s in kept) == empty
    assert [p for p in kept if has_entity(MIXED[p[0]], p[1])] == [
        p for p in INDEX if has_entity(MIXED[p[0]], p[1])
    ]
    assert kept == sorted(kept)


def test_down_sampling_is_exact_where_floats_are_not():
    documents = corpus(["A"] * 12 + [""] * 12)
    assert len(down_sample(sentence_index(documents), documents, 0.2, 0)) == 15


def test_down_sampling_hangs_on_the_seed():
    documents = corpus(["A"] * 10 + [""] * 40)
    index = sentence_index(documents)
    assert down_sample(index, documents, 0.5, 1) == down_sample(index, documents, 0.5, 1)
    assert down_sample(index, documents, 0.5, 1) != down_sample(index, documents, 0.5, 2)


@given(
    st.lists(st.lists(st.sampled_from(["", "A"]), min_size=1, max_size=5), min_size=1, max_size=6),
    st.floats(0, 1),
)
def test_down_sampling_never_exceeds_the_share_and_could_not_keep_more(sentences, share):
    documents = corpus(*sentences)
    index = sentence_index(documents)
    full = sum(has_entity(documents[d], s) for d, s in index)
    if not full:
        return
    kept = down_sample(index, documents, share, 0)
    empty = len(kept) - full
    assert empty <= share * len(kept) + 1e-9
    all_empty = len(index) - full
    assert empty == all_empty or empty + 1 > share * (len(kept) + 1) - 1e-9


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(BadInput, match="outside \\[0, 1\\]"):
        down_sample(INDEX, MIXED, share, 0)


def test_down_sampling_to_nothing_is_refused():
    documents = corpus(["", ""])
    with pytest.raises(BadInput, match="none of the 2 sentences holds an entity"):
        down_sample(sentence_index(documents), documents, 0.2, 0)


def test_up_sampling_repeats_sentences_with_rare_types_by_the_root_of_their_rarity():
    documents = corpus(["A"] * 9 + ["AB"] + [""] * 3 + ["C"])
    repeats = Counter(up_sample(sentence_index(documents), documents, 0.5, 0))
    assert repeats[0, 0] == 1  # the commonest type
    assert repeats[0, 10] == 1  # no entity
    # B and C stand in one sentence each, A in ten: sqrt(10) = 3.16
    assert {repeats[0, 9], repeats[0, 13]} <= {3, 4}


def test_up_sampling_takes_the_fraction_of_a_factor_as_a_chance():
    documents = corpus(*[["A"]] * 4000, *[["B"]] * 1000)
    index = sentence_index(documents)
    got = Counter(documents[d].spans[0].type for d, _ in up_sample(index, documents, 0.25, 5))
    assert got["A"] == 4000
    assert abs(got["B"] - 1414) < 60  # 4 ** 0.25; the deviation of the sum is 16
    assert up_sample(index, documents, 0.25, 5) != up_sample(index, documents, 0.25, 6)


def test_up_sampling_balances_fully_at_strength_1():
    documents = corpus(["A"] * 12 + ["B"] * 3)
    repeats = Counter(up_sample(sentence_index(documents), documents, 1, 0))
    assert {repeats[0, s] for s in range(12, 15)} == {4}


def test_up_sampling_of_strength_0_or_without_entities_changes_nothing():
    assert up_sample(INDEX, MIXED, 0, 0) == INDEX
    documents = corpus(["", ""])
    assert up_sample(sentence_index(documents), documents, 1, 0) == [(0, 0), (0, 1)]


@given(st.floats(0, 1), st.integers(0, 9))
def test_up_sampling_loses_no_sentence_and_keeps_the_order(strength, seed):
    repeated = up_sample(INDEX, MIXED, strength, seed)
    assert list(dict.fromkeys(repeated)) == INDEX
    assert repeated == sorted(repeated)


@pytest.mark.parametrize("strength", [-0.5, float("nan"), float("inf")])
def test_a_strength_that_is_none_is_refused(strength):
    with pytest.raises(BadInput, match="strength of up-sampling"):
        up_sample(INDEX, MIXED, strength, 0)


@given(st.integers(2, 5), st.data())
def test_parts_take_turns_in_selecting_and_never_part_a_group(n, data):
    groups = data.draw(st.lists(st.sampled_from("abcdefgh"), min_size=8, max_size=20))
    documents = [Document(f"d{i}", "x", group=f"{g}") for i, g in enumerate(groups)]
    if len(set(groups)) < n:
        with pytest.raises(BadInput, match="would be empty"):
            fold(documents, 1, n)
        return
    selecting = []
    for k in range(1, n + 1):
        train, dev = fold(documents, k, n)
        assert [d for d in documents if d in train or d in dev] == documents
        assert not {d.group for d in train} & {d.group for d in dev}
        selecting += [d.id for d in dev]
    assert sorted(selecting) == sorted(d.id for d in documents)

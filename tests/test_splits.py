"""Grouped splits: sizes, groups, seeds, and what is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinlib.corpora.document import Document
from clinlib.corpora.splits import check_disjoint, grouped_split
from clinlib.errors import BadInput

SHARES = {"train": 0.6, "dev": 0.15, "test": 0.25}
PINNED = {
    "train": ["d001", "d003", "d005", "d007"],
    "dev": ["d000", "d006"],
    "test": ["d002", "d004"],
}


def documents(groups):
    return [Document(f"d{n:03d}", "text", group=group) for n, group in enumerate(groups)]


def ids(splits):
    return {name: [document.id for document in part] for name, part in splits.items()}


def test_single_documents_are_divided_exactly():
    splits = grouped_split(documents([""] * 200), SHARES, seed=13)
    assert {name: len(part) for name, part in splits.items()} == {
        "train": 120,
        "dev": 30,
        "test": 50,
    }


def test_another_seed_gives_another_split_and_the_same_seed_the_same():
    corpus = documents([""] * 40)
    assert ids(grouped_split(corpus, SHARES, 1)) == ids(grouped_split(corpus, SHARES, 1))
    assert ids(grouped_split(corpus, SHARES, 1)) != ids(grouped_split(corpus, SHARES, 2))


def test_the_split_of_a_seed_is_pinned():
    splits = grouped_split(documents([""] * 8), {"train": 0.5, "dev": 0.25, "test": 0.25}, 13)
    assert ids(splits) == PINNED


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(["", "p1", "p2", "p3", "p4"]), min_size=12, max_size=40),
    st.integers(0, 5),
    st.randoms(use_true_random=False),
)
def test_groups_stay_together_nothing_is_lost_and_order_is_ignored(groups, seed, random):
    corpus = documents(groups)
    try:
        splits = grouped_split(corpus, SHARES, seed)
    except BadInput as error:  # a few large groups may leave a part empty
        assert "would be empty" in str(error)
        return
    check_disjoint(splits)
    assert sorted(d.id for part in splits.values() for d in part) == [d.id for d in corpus]
    random.shuffle(corpus)
    assert ids(grouped_split(corpus, SHARES, seed)) == ids(splits)


def test_a_share_of_zero_gets_nothing():
    splits = grouped_split(documents([""] * 9), {"train": 1.0, "dev": 0.0}, 0)
    assert (len(splits["train"]), splits["dev"]) == (9, ())


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"train": 1.2, "dev": -0.2}, "share of split 'train' is 1.2"),
        ({"train": 0.6, "dev": 0.2}, "sum to 0.8"),
        ({"train": float("nan"), "dev": 0.2}, "share of split 'train' is nan"),
        ({}, "sum to 0"),
    ],
)
def test_shares_that_are_none_are_refused(shares, message):
    with pytest.raises(BadInput, match=message):
        grouped_split(documents([""] * 9), shares, 0)


def test_a_part_that_would_be_empty_is_refused():
    with pytest.raises(BadInput, match=r"split 'dev' .* 9 documents in 1 groups"):
        grouped_split(documents(["p"] * 9), SHARES, 0)


def test_a_repeated_id_is_refused():
    twice = documents([""] * 9) + documents([""])
    with pytest.raises(BadInput, match="document id 'd000' occurs twice"):
        grouped_split(twice, SHARES, 0)


def test_a_shared_document_or_group_is_named():
    a, b, c = documents(["p1", "p1", "p2"])
    check_disjoint({"train": [a, b], "test": [c]})
    with pytest.raises(BadInput, match="'d000' occurs twice: in split 'train' and in split 'test'"):
        check_disjoint({"train": [a], "test": [a, c]})
    with pytest.raises(BadInput, match=r"group 'p1' \(document 'd001'\) lies in split 'train' and"):
        check_disjoint({"train": [a, c], "test": [b]})

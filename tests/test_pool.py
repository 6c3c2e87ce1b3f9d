"""Pool: what a round may spend, and what it buys."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinlib.errors import BadInput
from clinlib.selection.pool import Pool


def test_a_round_buys_the_first_of_the_ranking():
    pool = Pool([3, 5, 2, 7, 4, 4, 1, 6, 9, 2], "sentences", [0.2, 0.5])
    assert pool.buy([8, 1, 0], pool.budget(1)) == [8, 1]
    assert pool.unlabelled.tolist() == [0, 2, 3, 4, 5, 6, 7, 9]
    assert pool.buy([9, 7, 6, 5], pool.budget(2)) == [9, 7, 6]
    assert pool.labelled == [8, 1, 9, 7, 6]


def test_tokens_overspent_are_saved_in_the_next_round():
    pool = Pool([10] * 10, "tokens", [0.25, 0.5])
    assert len(pool.buy(range(10), pool.budget(1))) == 3  # 25 tokens wanted, 30 bought
    assert pool.budget(2) == 20
    assert len(pool.buy(pool.unlabelled, pool.budget(2))) == 2


@given(
    st.lists(st.integers(1, 30), min_size=40, max_size=80),
    st.sampled_from(["sentences", "tokens"]),
    st.integers(1, 20),
    st.integers(0, 9),
)
def test_each_round_ends_at_its_share_whatever_is_picked(tokens, unit, rounds, seed):
    shares = [0.05 * number for number in range(1, rounds + 1)]
    pool, generator = Pool(tokens, unit, shares), np.random.default_rng(seed)
    for number, share in enumerate(shares, 1):
        pool.buy(generator.permutation(pool.unlabelled), pool.budget(number))
        over = pool.spent() - share * pool.sizes.sum()
        assert -0.5 - 1e-9 <= over <= 0.5 + pool.sizes.max() + 1e-9
    assert len(set(pool.labelled)) == len(pool.labelled)


def test_the_whole_pool_can_be_bought():
    pool = Pool([2] * 7, "sentences", [0.5, 1.0])
    pool.buy(range(7), pool.budget(1))
    pool.buy(pool.unlabelled, pool.budget(2))
    assert not len(pool.unlabelled)


def test_a_pool_smaller_than_a_round_is_refused():
    with pytest.raises(BadInput, match="40 sentences .* too small for a round of 1.00%.* 2.50%"):
        Pool([5] * 40, "sentences", [0.1, 0.11])


@pytest.mark.parametrize("shares", [[0.6, 1.2], [0.5, 0.3]])
def test_shares_rise_to_one(shares):
    with pytest.raises(BadInput, match="rise to 1"):
        Pool([1] * 100, "sentences", shares)


def test_nothing_is_annotated_twice():
    pool = Pool([1] * 10, "sentences", [0.2, 0.4])
    pool.buy([3, 4], 2)
    with pytest.raises(BadInput, match="sentence 3 of the pool is labelled already"):
        pool.buy([3], 1)


def test_an_unknown_unit_is_named():
    with pytest.raises(BadInput, match="did you mean 'tokens'"):
        Pool([1], "token", [1.0])

"""Intervals: their oracle is scipy, their promise is coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from clinlib.errors import BadInput
from clinlib.evaluation.intervals import bootstrap, seed_interval
from clinlib.evaluation.spans import f1

PERCENT = st.integers(0, 10_000).map(lambda n: n / 100)
VALUES = st.lists(PERCENT, min_size=2, max_size=10)
quick = settings(max_examples=40, deadline=None)


def documents(seed, size=60):
    """(D, 3) tp, fp, fn of documents that differ in difficulty; true recall 0.75."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(1, 12, size=size)
    tp = rng.binomial(gold, rng.beta(6, 2, size=size))
    return np.stack([tp, rng.poisson(1, size=size), gold - tp], axis=1)


def recall(sums):
    return sums[..., 0] / (sums[..., 0] + sums[..., 2])


@quick
@given(VALUES, st.sampled_from([0.8, 0.95, 0.99]))
def test_seed_interval_is_students(values, confidence):
    found = seed_interval(values, confidence)
    scale = stats.sem(values)
    assert found.value == pytest.approx(np.mean(values))
    half = stats.t.ppf((1 + confidence) / 2, len(values) - 1) * scale
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))
    assert found.n == len(values)


def test_seed_interval_of_a_worked_example():
    found = seed_interval([81.0, 82.0, 83.0])
    assert found.value == 82.0
    assert found.high - found.value == pytest.approx(2.484, abs=5e-4)  # 4.303 / sqrt(3)


def test_one_seed_has_no_interval():
    found = seed_interval([82.6])
    assert (found.value, found.low, found.high, found.n) == (82.6, None, None, 1)


def test_seed_intervals_cover_the_mean_as_often_as_they_say():
    rng = np.random.default_rng(1)
    found = [seed_interval(rng.normal(80, 2, size=3)) for _ in range(1000)]
    covered = np.mean([each.low <= 80 <= each.high for each in found])
    assert 0.93 < covered < 0.97


@pytest.mark.parametrize("values", [[], [1.0, float("inf")]])
def test_seed_interval_refuses_what_is_no_number(values):
    with pytest.raises(BadInput):
        seed_interval(values)


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    found = [bootstrap(documents(i), recall, n=300, seed=i, confidence=0.9) for i in range(150)]
    covered = np.mean([each.low <= 0.75 <= each.high for each in found])
    assert 0.82 < covered < 0.96  # 0.9 with three standard errors, less the small-sample bias
    narrow = np.mean([(each.high - each.low) / 2 for each in found])
    assert 0.01 < narrow < 0.06


def test_bootstrap_resamples_whole_documents():
    # every document is all right or all wrong: the spread is that of 40 coins, not of 400 spans
    counts = np.array([[10, 0, 0], [0, 10, 10]] * 20)
    found = bootstrap(counts, f1, n=2000, seed=0)
    half = 100 * 1.96 * np.sqrt(0.25 / 40)
    assert found.value == 50.0
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.1)


def test_bootstrap_equals_a_plain_loop():
    counts = documents(3)
    rng = np.random.default_rng(5)
    looped = [
        float(f1(counts[rng.integers(0, len(counts), len(counts))].sum(axis=0)))
        for _ in range(2000)
    ]
    found = bootstrap(counts, f1, n=2000, seed=9)
    low, high = np.percentile(looped, [2.5, 97.5])
    assert found.value == pytest.approx(float(f1(counts.sum(axis=0))))
    width = high - low
    assert abs(found.low - low) < 0.1 * width
    assert abs(found.high - high) < 0.1 * width


def test_bootstrap_takes_counts_of_any_shape():
    counts = np.stack([documents(1), documents(2)], axis=1)  # (D, T, 3)

    def macro_f1(sums):
        return f1(sums).mean(axis=-1)

    found = bootstrap(counts, macro_f1, n=200)
    assert found.low < found.value < found.high
    assert found.n == 60


def test_bootstrap_is_fixed_by_its_seed():
    counts = documents(4)
    assert bootstrap(counts, f1, n=200, seed=1) == bootstrap(counts, f1, n=200, seed=1)
    assert bootstrap(counts, f1, n=200, seed=1).low != bootstrap(counts, f1, n=200, seed=2).low


def test_documents_that_are_all_alike_give_a_point():
    found = bootstrap(np.tile([3, 1, 1], (8, 1)), f1, n=100)
    assert found.low == found.high == found.value == 75.0


def test_one_document_has_no_interval():
    found = bootstrap(documents(0, size=1), f1)
    assert (found.low, found.high, found.n) == (None, None, 1)


def test_bootstrap_refuses_what_is_no_share_and_no_documents():
    with pytest.raises(BadInput, match="between 0 and 1"):
        bootstrap(documents(0), f1, confidence=95)
    with pytest.raises(BadInput, match="there are none"):
        bootstrap(np.zeros((0, 3)), f1)

"""Significance: exact where all exchanges can be listed, uniform without a difference."""

from itertools import product

import numpy as np
import pytest

from clinlib.errors import BadInput
from clinlib.evaluation.significance import approximate_randomisation, holm
from clinlib.evaluation.spans import f1

RNG = np.random.default_rng(0)


def exact(left, right):
    """The share of all exchanges whose difference is at least as far from zero."""
    observed = abs(float(f1(left.sum(0)) - f1(right.sum(0))))
    far = []
    for swaps in product((False, True), repeat=len(left)):
        swap = np.array(swaps)[:, None]
        one, other = np.where(swap, right, left), np.where(swap, left, right)
        far.append(abs(float(f1(one.sum(0)) - f1(other.sum(0)))) >= observed - 1e-9)
    return np.mean(far)


@pytest.mark.parametrize("seed", range(4))
def test_few_documents_give_the_exact_p(seed):
    rng = np.random.default_rng(seed)
    left, right = rng.integers(0, 9, (6, 3)), rng.integers(0, 9, (6, 3))
    assert approximate_randomisation(left, right) == pytest.approx(exact(left, right), abs=0.02)


def test_a_system_that_is_better_everywhere_is_significantly_so_and_itself_is_not():
    worse = np.tile([5, 3, 3], (60, 1))
    better = np.tile([7, 1, 1], (60, 1))
    assert approximate_randomisation(better, worse, n=999) <= 2 / 1000
    assert approximate_randomisation(worse, worse, n=999) == pytest.approx(1)


def test_one_document_tells_nothing_apart():
    assert approximate_randomisation(np.array([[5, 1, 1]]), np.array([[1, 5, 5]])) == 1.0


def test_under_no_difference_small_p_are_as_rare_as_they_say():
    found = []
    for _ in range(120):
        counts = RNG.integers(0, 6, (40, 2, 3))
        found.append(approximate_randomisation(counts[:, 0], counts[:, 1], n=199))
    assert np.mean(np.array(found) < 0.2) == pytest.approx(0.2, abs=0.11)


def test_holm_multiplies_the_smallest_by_the_number_of_tests_and_keeps_the_order():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_tests_that_are_still_to_come_count_in_the_correction():
    assert holm([0.01, 0.02], 4) == pytest.approx([0.04, 0.06])
    assert holm([], 4) == []
    assert holm([0.01, 0.02], 2) == pytest.approx(holm([0.01, 0.02]))


def test_counts_of_other_documents_are_refused():
    with pytest.raises(BadInput, match="not of one test split"):
        approximate_randomisation(np.ones((3, 3)), np.ones((4, 3)))

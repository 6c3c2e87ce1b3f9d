"""Acquisition functions: what each picks first, against small pools reckoned by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from clinlib.errors import BadInput
from clinlib.selection.acquisition import (
    LeastConfidence,
    MinimumLoss,
    OutputDiscrepancy,
    PlainLeastConfidence,
    PredictedLoss,
    Random,
    UncertainCoreSet,
    highest_first,
    k_center,
)
from clinlib.selection.balance import SCALES, WEIGHTS, DynamicBalance, root
from clinlib.selection.view import COLLECTED, View

LOSSES = arrays(np.float64, st.integers(1, 30), elements=st.floats(0, 300))


def view(n=4, *, seed=0, **known) -> View:
    given_ = {"sizes": np.ones(n), "units": np.ones(n), "budget": 1.0} | known
    given_ = {"rounds": 1, "rounds_to_all": 100} | given_
    return View(generator=np.random.default_rng(seed), **given_)


def groups(scores: np.ndarray, order: np.ndarray) -> list[set[int]]:
    """The indices in order, equal scores together."""
    found: list[set[int]] = []
    for before, index in zip([None, *order[:-1]], order, strict=True):
        if before is not None and scores[before] == scores[index]:
            found[-1].add(int(index))
        else:
            found.append({int(index)})
    return found


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=30, unique=True))
def test_plain_least_confidence_ranks_exactly_as_the_minimum_loss(hundredths):
    losses = np.array(hundredths) / 100
    of = view(len(losses), l_min=losses)
    assert PlainLeastConfidence().order(of).tolist() == MinimumLoss().order(of).tolist()


def test_confidence_by_length_forgives_long_sentences():
    of = view(2, l_min=np.array([3.0, 2.0]), units=np.array([30, 4]))
    assert MinimumLoss().order(of).tolist() == [0, 1]
    assert LeastConfidence().order(of).tolist() == [1, 0]
    assert LeastConfidence().scores(of) == pytest.approx(-np.exp([-0.1, -0.5]))


def test_the_highest_predicted_loss_comes_first():
    of = view(3, predicted=np.array([-1e4, 7.0, 3.0]))
    assert PredictedLoss().order(of).tolist() == [1, 2, 0]


def test_random_is_a_permutation_that_the_generator_draws():
    orders = [Random().order(view(50, seed=seed)).tolist() for seed in (0, 0, 1)]
    assert sorted(orders[0]) == list(range(50))
    assert orders[0] == orders[1] != orders[2]


def test_discrepancy_is_the_mean_over_units_of_half_the_squared_distance():
    now = [np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([[0.2, 0.8]])]
    before = [np.array([[0.0, 1.0], [0.5, 0.5]]), np.array([[0.2, 0.8]])]
    found = OutputDiscrepancy().scores(view(2, probabilities=now, previous=before))
    assert found == pytest.approx([0.5, 0.0])


def test_discrepancy_of_two_equal_models_is_zero():
    generator = np.random.default_rng(0)
    outputs = [generator.dirichlet(np.ones(5), size=n) for n in (1, 3, 8)]
    found = OutputDiscrepancy().scores(view(3, probabilities=outputs, previous=outputs))
    assert found.tolist() == [0.0, 0.0, 0.0]


@given(LOSSES, st.sampled_from(sorted(WEIGHTS)), st.integers(0, 300), st.integers(1, 6))
def test_lambda_lies_between_zero_and_one(losses, weight, rounds, power):
    of = view(len(losses), l_min=losses, predicted=losses, rounds=rounds)
    found = DynamicBalance(weight, power=power).facts(of)["lambda"]
    assert 0.0 <= found <= 1.0


def test_lambda_is_the_mean_conditional_probability():
    of = view(2, l_min=-np.log([0.25, 0.75]), predicted=np.zeros(2))
    assert DynamicBalance().facts(of)["lambda"] == pytest.approx(0.5)


@pytest.mark.parametrize("power", [1, 2, 5])
def test_lambda_by_root_follows_equations_11_and_12(power):
    def at(rounds):
        return root(power)(view(rounds=rounds, rounds_to_all=100))

    assert at(0) == pytest.approx(0.001)
    assert at(100) == pytest.approx(1.0)
    assert at(30) == pytest.approx((30 * (1 - 0.001**power) / 100 + 0.001**power) ** (1 / power))


@given(LOSSES, st.sampled_from(sorted(SCALES)))
def test_a_scale_keeps_the_order_of_losses(losses, scale):
    found = SCALES[scale](losses)
    order = np.argsort(losses, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    assert ((found >= 0) & (found <= 1)).all()


def test_raw_losses_far_apart_leave_one_term_to_decide():
    """Losses of some 10^4, as in the paper's Table 1: the softmax is one-hot."""
    l_min, predicted = np.array([9.0, 1.0, 5.0]), np.array([-9965.5, 6261.4, 7959.2])
    of = view(3, l_min=l_min, predicted=predicted)
    assert SCALES["raw"](predicted).tolist() == [0.0, 0.0, 1.0]
    assert DynamicBalance("equal", "raw").order(of)[:2].tolist() == [2, 0]
    # by rank, both terms still speak: (1 + 1/3) / 2, (1/3 + 2/3) / 2, (2/3 + 1) / 2
    assert DynamicBalance("equal", "rank").scores(of) == pytest.approx([2 / 3, 1 / 2, 5 / 6])


def test_balance_at_its_ends_is_one_of_its_terms():
    l_min, predicted = np.array([3.0, 2.0, 1.0]), np.array([0.1, 0.2, 0.3])
    for rounds, order in ((0, [2, 1, 0]), (100, [0, 1, 2])):
        of = view(3, l_min=l_min, predicted=predicted, rounds=rounds)
        assert DynamicBalance("linear", "rank").order(of).tolist() == order


def test_unknown_weights_and_scales_are_named():
    with pytest.raises(BadInput, match="did you mean 'linear'"):
        DynamicBalance("linar")
    with pytest.raises(BadInput, match="did you mean 'z_score'"):
        DynamicBalance("equal", "zscore")


def test_ties_fall_at_random_and_by_the_generator():
    scores = np.array([1.0, 1.0, 2.0, 1.0, 2.0, 0.0])
    orders = {tuple(highest_first(scores, np.random.default_rng(seed))) for seed in range(20)}
    assert len(orders) > 1
    for order in orders:
        assert groups(scores, np.array(order)) == [{2, 4}, {0, 1, 3}, {5}]


def test_k_center_takes_what_is_farthest_from_all_that_is_known():
    angles = np.radians([0, 5, 90, 180, 95])
    points = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    known = points[:1]
    assert k_center(points, known, np.ones(5), 2) == [3, 2]
    # nothing known: the first begins
    assert k_center(points, points[:0], np.ones(5), 2) == [0, 3]


def test_k_center_covers_no_worse_than_twice_the_best():
    """Gonzalez (1985): greedy k-center is within twice the optimum, found by trying all."""
    from itertools import combinations

    points = np.random.default_rng(3).normal(size=(9, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)

    def radius(centres):
        return np.linalg.norm(points[:, None] - points[list(centres)], axis=2).min(1).max()

    best = min(map(radius, combinations(range(9), 3)))
    assert radius(k_center(points, points[:0], np.ones(9), 3)) <= 2 * best + 1e-9


def test_the_core_set_passes_over_copies_and_over_the_sure():
    states = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    of = view(
        5,
        l_min=np.array([5.0, 4.0, 3.0, 2.0, 0.1]),
        states=states,
        known=np.empty((0, 2)),
        budget=2.0,
    )
    order = UncertainCoreSet(candidates=2.0).order(of)
    # four candidates; 0 is the most uncertain, 3 lies opposite; then the rest by uncertainty
    assert order.tolist() == [0, 3, 1, 2, 4]
    labelled = view(5, l_min=of.l_min, states=states, known=states[:1], budget=1.0)
    assert UncertainCoreSet(candidates=4.0).order(labelled)[0] == 3


def test_needs_name_what_a_pass_collects():
    every = (LeastConfidence, PlainLeastConfidence, MinimumLoss, PredictedLoss, Random)
    for each in (*every, OutputDiscrepancy, UncertainCoreSet, DynamicBalance):
        assert each.needs <= set(COLLECTED)

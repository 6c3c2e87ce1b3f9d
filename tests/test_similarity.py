"""Similarity: a planted rotation is found, and what is no rotation is told apart from it."""

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes
from scipy.stats import ortho_group

from clinlib.errors import BadInput
from clinlib.transfer.similarity import distances, nearest_rotation

STATES = np.random.default_rng(0).normal(size=(400, 12)) @ np.diag(np.arange(1, 13))


def test_a_planted_rotation_is_recovered_whatever_the_shift():
    turned = ortho_group.rvs(12, random_state=1)
    found = distances(STATES, STATES @ turned + 5.0)
    assert found["rotation"] == pytest.approx(np.linalg.norm(turned - np.eye(12)), abs=1e-9)
    assert found["residual"] == pytest.approx(0, abs=1e-9)
    assert found["disparity"] == pytest.approx(0, abs=1e-9)


def test_a_model_is_at_no_distance_from_itself():
    assert distances(STATES, STATES) == pytest.approx(
        {"rotation": 0, "residual": 0, "disparity": 0}, abs=1e-6
    )


def test_the_distance_grows_with_the_angle():
    found = []
    for angle in (0.1, 0.4, 1.2):
        turned = np.eye(12)
        turned[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        found.append(distances(STATES, STATES @ turned)["rotation"])
        # of a turn by an angle in one plane: 2 sqrt(2) sin(angle / 2)
        assert found[-1] == pytest.approx(2 * np.sqrt(2) * np.sin(angle / 2), abs=1e-6)
    assert found == sorted(found)


def test_noise_is_no_rotation_but_leaves_a_residual():
    noise = np.random.default_rng(2).normal(size=STATES.shape)
    near = distances(STATES, STATES + noise)
    assert near["rotation"] < 1 and near["residual"] > 0.05 and near["disparity"] > 0.001


def test_the_distance_is_the_same_in_both_directions():
    other = STATES @ ortho_group.rvs(12, random_state=3) + np.random.default_rng(4).normal(
        size=STATES.shape
    )
    there, back = distances(STATES, other), distances(other, STATES)
    assert there["rotation"] == pytest.approx(back["rotation"], abs=1e-6)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(6))
def test_a_direction_that_states_lack_adds_no_distance(kind, seed):
    """Layer-normalised states: the sign of the direction that they lack is one of rounding."""
    random = np.random.default_rng(seed)
    plane = random.normal(size=(12, 2))
    basis, _ = np.linalg.qr(plane - plane.mean(axis=0))  # both orthogonal to what all lack
    angle = 0.4
    turn = np.array([[np.cos(angle) - 1, -np.sin(angle)], [np.sin(angle), np.cos(angle) - 1]])
    states = random.normal(size=(400, 12))
    states -= states.mean(axis=1, keepdims=True)
    found = distances(
        states.astype(kind), (states @ (np.eye(12) + basis @ turn @ basis.T)).astype(kind)
    )
    assert found["rotation"] == pytest.approx(2 * np.sqrt(2) * np.sin(angle / 2), abs=1e-5)
    assert found["residual"] == pytest.approx(0, abs=1e-6)


def test_a_rotation_of_states_of_full_rank_is_scipys():
    other = STATES[::-1] + STATES
    x, y = STATES - STATES.mean(axis=0), other - other.mean(axis=0)
    assert nearest_rotation(x, y) == pytest.approx(orthogonal_procrustes(x, y)[0], abs=1e-9)


def test_states_that_cannot_be_compared_are_refused():
    with pytest.raises(BadInput, match="shapes"):
        distances(STATES, STATES[:, :5])
    with pytest.raises(BadInput, match="12 states of 12 numbers do not determine"):
        distances(STATES[:12], STATES[:12])
    with pytest.raises(BadInput, match="all the same"):
        distances(np.ones((10, 3)), np.ones((10, 3)))

"""The CRF against enumeration in float64, against pytorch-crf, and at its numerical limits."""

from itertools import product

import pytest
import torch
import torchcrf
from hypothesis import given, settings
from hypothesis import strategies as st

from clinlib.errors import BadInput
from clinlib.models import crf as module
from clinlib.models.crf import CRF


def _random(seed, labels=4, lengths=(5, 3, 1), scale=2.0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    layer = CRF(labels).to(dtype)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)
    rows, length = len(lengths), max(lengths)
    emissions = torch.randn(rows, length, labels, generator=generator, dtype=dtype) * scale
    tags = torch.randint(labels, (rows, length), generator=generator)
    mask = torch.arange(length)[None] < torch.tensor(lengths)[:, None]
    return layer, emissions, tags, mask


def _score(layer, emissions, labels):
    """s(x, y) by its definition, for one row without padding."""
    total = layer.start_transitions[labels[0]] + layer.end_transitions[labels[-1]]
    total = total + sum(emissions[t, y] for t, y in enumerate(labels))
    return total + sum(layer.transitions[a, b] for a, b in zip(labels, labels[1:], strict=False))


def _enumerated(layer, emissions, mask, row):
    """Every label sequence of a row with its score."""
    length = int(mask[row].sum())
    paths = list(product(range(layer.num_tags), repeat=length))
    scores = torch.stack([_score(layer, emissions[row, :length], path) for path in paths])
    return paths, scores


@pytest.mark.parametrize("seed", range(3))
def test_score_partition_and_loss_are_those_of_enumeration(seed):
    layer, emissions, tags, mask = _random(seed)
    partition, score = layer.partition(emissions, mask), layer.score(emissions, tags, mask)
    loss = layer.nll(emissions, tags, mask)
    for row in range(len(mask)):
        _, scores = _enumerated(layer, emissions, mask, row)
        gold = _score(layer, emissions[row], tags[row][mask[row]].tolist())
        assert torch.allclose(partition[row], scores.logsumexp(0))
        assert torch.allclose(score[row], gold)
        assert torch.allclose(loss[row], scores.logsumexp(0) - gold)


@pytest.mark.parametrize("seed", range(3))
def test_viterbi_finds_the_best_and_the_worst_sequence(seed):
    layer, emissions, _, mask = _random(seed)
    for worst in (False, True):
        value, labels = layer.viterbi(emissions, mask, worst=worst)
        for row in range(len(mask)):
            paths, scores = _enumerated(layer, emissions, mask, row)
            at = int(scores.argmin() if worst else scores.argmax())
            assert torch.allclose(value[row], scores[at])
            assert labels[row][mask[row]].tolist() == list(paths[at])
        assert (labels[~mask] == 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_marginals_are_those_of_enumeration(seed):
    layer, emissions, _, mask = _random(seed)
    marginals = layer.marginals(emissions, mask)
    for row in range(len(mask)):
        paths, scores = _enumerated(layer, emissions, mask, row)
        expected = torch.zeros(int(mask[row].sum()), layer.num_tags, dtype=torch.float64)
        for path, probability in zip(paths, scores.softmax(0), strict=True):
            for t, label in enumerate(path):
                expected[t, label] += probability
        assert torch.allclose(marginals[row][mask[row]], expected)
    assert (marginals[~mask] == 0).all()


def test_the_analytic_gradient_is_that_of_differences():
    layer, emissions, tags, mask = _random(0, labels=3, lengths=(4, 2, 1), scale=1.0)

    def loss(emissions, start, transitions, end):
        return module.NegativeLogLikelihood.apply(emissions, tags, mask, start, transitions, end)

    inputs = [
        each.detach().requires_grad_()
        for each in (emissions, layer.start_transitions, layer.transitions, layer.end_transitions)
    ]
    assert torch.autograd.gradcheck(loss, inputs)


def test_gradients_pass_through_marginals():
    layer, emissions, _, mask = _random(1, labels=3, lengths=(3, 2))
    inputs = emissions.requires_grad_()
    assert torch.autograd.gradcheck(lambda e: layer.marginals(e, mask), (inputs,))


@pytest.mark.parametrize("lengths", [(30, 30), (30, 17, 2, 1)])
def test_loss_gradients_and_decoding_agree_with_the_parent(lengths):
    layer, emissions, tags, mask = _random(3, 9, lengths, dtype=torch.float32)
    parent = torchcrf.CRF(9, batch_first=True)
    parent.load_state_dict(layer.state_dict())
    ours, theirs = (emissions.clone().requires_grad_() for _ in range(2))
    weights = torch.rand(len(lengths))
    loss = layer.nll(ours, tags, mask)
    expected = -parent(theirs, tags, mask, reduction="none")
    assert torch.allclose(loss, expected, atol=1e-4)
    (loss * weights).sum().backward()
    (expected * weights).sum().backward()
    assert torch.allclose(ours.grad, theirs.grad, atol=1e-4)
    for mine, other in zip(layer.parameters(), parent.parameters(), strict=True):
        assert torch.allclose(mine.grad, other.grad, atol=1e-3)
    labels = layer.viterbi(emissions, mask)[1]
    assert [row[m].tolist() for row, m in zip(labels, mask, strict=True)] == parent.decode(
        emissions, mask
    )


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    labels=st.integers(2, 6),
    length=st.integers(1, 8),
    scale=st.floats(0.01, 30),
)
def test_the_minimum_loss_is_at_most_the_true_loss_and_that_at_most_the_maximum(
    seed, labels, length, scale
):
    layer, emissions, tags, mask = _random(seed, labels, (length,), scale)
    log_z = layer.partition(emissions, mask)
    true = layer.nll(emissions, tags, mask)
    least = log_z - layer.viterbi(emissions, mask)[0]
    most = log_z - layer.viterbi(emissions, mask, worst=True)[0]
    slack = 1e-9 * (1 + most.abs())
    assert (least >= -slack).all()
    assert (least <= true + slack).all() and (true <= most + slack).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.floats(0.1, 8))
def test_the_scaled_recursion_agrees_with_log_space_wherever_it_is_used(seed, scale):
    layer, emissions, tags, mask = _random(seed, 5, (40, 23), scale, torch.float32)
    exact = layer.double().partition(emissions.double(), mask) - layer.score(
        emissions.double(), tags, mask
    )
    found = layer.float().nll(emissions, tags, mask)
    assert torch.allclose(found.double(), exact, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("size", [1e3, 1e4])
def test_extreme_scores_give_a_finite_loss_and_gradient(size):
    layer, emissions, tags, mask = _random(4, 5, (12, 7), 1.0, torch.float32)
    with torch.no_grad():
        layer.transitions[0, 1] = -size  # a move that is all but forbidden, and taken
    tags[0, :2] = torch.tensor([0, 1])
    emissions = (emissions * size).requires_grad_()
    loss = layer.nll(emissions, tags, mask)
    expected = layer.double().partition(emissions.double(), mask) - layer.score(
        emissions.double(), tags, mask
    )
    assert torch.allclose(loss.double(), expected, rtol=1e-4)
    layer.float().zero_grad()
    loss.sum().backward()
    assert emissions.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in layer.parameters())


@pytest.mark.parametrize("scale", [1.0, 20.0, 60.0, 200.0])  # the last beyond SAFE_RANGE
def test_the_loss_of_a_near_certain_row_is_not_lost_in_rounding(scale):
    layer, emissions, _, mask = _random(8, 5, (40,), 1.0, torch.float32)
    emissions = emissions * scale
    best = layer.viterbi(emissions, mask)[1]
    found = layer.nll(emissions, best, mask).double()
    wide = emissions.double()
    exact = layer.double().partition(wide, mask) - layer.score(wide, best, mask)
    assert torch.allclose(found, exact, rtol=1e-4, atol=1e-9)


def test_scores_of_wide_emissions_are_wide_whatever_the_parameters():
    layer, emissions, tags, mask = _random(9, 4, (6, 3), 90.0, torch.float32)
    score = layer.score(emissions.double(), tags, mask)
    assert score.dtype == torch.float64
    exact = layer.double()
    for row, length in enumerate((6, 3)):
        one = _score(exact, emissions[row].double(), tags[row, :length].tolist())
        assert score[row].item() == pytest.approx(one.item(), abs=1e-9)


def test_half_precision_emissions_are_scored_in_float32():
    layer, emissions, tags, mask = _random(5, dtype=torch.float32)
    loss = layer.nll(emissions.bfloat16(), tags, mask)
    assert loss.dtype == torch.float32
    assert torch.allclose(loss, layer.nll(emissions.bfloat16().float(), tags, mask))


def test_what_stands_in_the_padding_has_no_influence():
    layer, emissions, tags, mask = _random(6)
    noise = torch.where(mask.unsqueeze(-1), emissions, torch.full_like(emissions, 7.0))
    other = torch.where(mask, tags, torch.full_like(tags, 3))
    assert torch.allclose(layer.nll(emissions, tags, mask), layer.nll(noise, other, mask))
    assert torch.equal(layer.viterbi(emissions, mask)[1], layer.viterbi(noise, mask)[1])
    assert torch.allclose(layer.marginals(emissions, mask), layer.marginals(noise, mask))


@pytest.mark.parametrize("row", [[False, False, False], [False, True, True], [True, False, True]])
def test_a_mask_that_is_not_left_aligned_is_refused(row):
    layer, emissions, tags, _ = _random(7, lengths=(3, 3))
    mask = torch.tensor([[True, True, True], row])
    with pytest.raises(BadInput, match="row|mask"):
        layer.nll(emissions, tags, mask)

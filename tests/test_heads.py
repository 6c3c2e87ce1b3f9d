"""Heads: losses in nats per unit, decoding, probabilities, confidence, and smoothing."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from clinlib.errors import BadInput
from clinlib.models.heads import balanced_weights, make_head

LABELS = ("O", "B-x", "I-x")


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(3, 4, 8, generator=generator)
    mask = torch.arange(4)[None] < torch.tensor([4, 2, 1])[:, None]
    labels = torch.randint(3, (3, 4), generator=generator) * mask
    return hidden, labels, mask


def _head(name, **options):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return make_head(name, 8, LABELS, **options)


def test_the_softmax_loss_is_the_mean_over_units(batch):
    hidden, labels, mask = batch
    head = _head("softmax")
    emissions = head(hidden)
    each = -emissions.log_softmax(-1).gather(2, labels.unsqueeze(2)).squeeze(2)
    assert torch.allclose(head.loss(emissions, labels, mask), each[mask].mean())


def test_the_crf_loss_is_the_sum_over_rows_divided_by_the_units(batch):
    hidden, labels, mask = batch
    head = _head("crf")
    emissions = head(hidden)
    expected = head.crf.nll(emissions, labels, mask).sum() / 7
    assert torch.allclose(head.loss(emissions, labels, mask), expected)


@pytest.mark.parametrize("name", ["softmax", "crf"])
def test_losses_of_rows_sum_to_the_loss_of_the_batch_and_are_never_smoothed(batch, name):
    hidden, labels, mask = batch
    plain, smooth = _head(name), _head(name, label_smoothing=0.2)
    emissions = plain(hidden)
    losses = plain.losses(emissions, labels, mask)
    assert losses.shape == (3,)
    assert torch.allclose(losses.sum() / mask.sum(), plain.loss(emissions, labels, mask))
    assert torch.equal(losses, smooth.losses(emissions, labels, mask))
    for row, length in enumerate(mask.sum(1).tolist()):
        alone = plain.losses(
            emissions[row : row + 1, :length],
            labels[row : row + 1, :length],
            mask[row : row + 1, :length],
        )
        assert torch.allclose(alone, losses[row : row + 1], atol=1e-6)


def _every_loss(head, emissions, length):
    """The losses of all label sequences of one row, whose emissions are (U, K)."""
    paths = torch.tensor(list(product(range(emissions.shape[-1]), repeat=length)))
    rows = emissions[:length].expand(len(paths), -1, -1)
    return head.losses(rows, paths, torch.ones_like(paths, dtype=torch.bool))


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(["softmax", "crf"]),
    seed=st.integers(0, 10**6),
    scale=st.floats(0.01, 40),
)
@example(name="crf", seed=198, scale=40.0)
def test_bounds_are_the_least_and_the_largest_loss_of_all_label_sequences(name, seed, scale):
    generator = torch.Generator().manual_seed(seed)
    head = make_head(name, 8, LABELS)
    for parameter in head.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * scale
    mask = torch.arange(4)[None] < torch.tensor([4, 2, 1])[:, None]
    emissions = torch.randn(3, 4, 3, generator=generator) * scale
    least, most = head.bounds(emissions, mask)
    assert not least.requires_grad and not most.requires_grad
    assert (least >= 0).all()
    for row, length in enumerate((4, 2, 1)):
        every = _every_loss(head, emissions[row], length).detach()
        assert torch.allclose(least[row], every.min(), rtol=1e-4, atol=1e-5)
        assert torch.allclose(most[row], every.max(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["softmax", "crf"])
def test_the_least_loss_is_minus_the_confidence(batch, name):
    hidden, _, mask = batch
    head = _head(name)
    emissions = head(hidden)
    least, _ = head.bounds(emissions, mask)
    assert torch.allclose(least, -head.confidence(emissions, mask), atol=1e-6)


def test_the_least_loss_of_a_near_certain_row_is_not_lost_in_rounding(batch):
    hidden, _, mask = batch
    head = _head("crf")
    emissions = 60 * head(hidden)
    wide = emissions.double()
    layer = head.crf.double()
    exact = layer.partition(wide, mask) - layer.viterbi(wide, mask)[0]
    least, _ = head.float().bounds(emissions, mask)
    assert torch.allclose(least.double(), exact, rtol=1e-4, atol=1e-9) and exact.min() < 1e-3


@pytest.mark.parametrize("name", ["softmax", "crf"])
def test_smoothing_mixes_in_the_mean_over_all_labels(batch, name):
    hidden, labels, mask = batch
    plain, smooth = _head(name), _head(name, label_smoothing=0.2)
    emissions = plain(hidden)
    uniform = -emissions[mask].log_softmax(-1).mean()
    expected = 0.8 * plain.loss(emissions, labels, mask) + 0.2 * uniform
    assert torch.allclose(smooth.loss(emissions, labels, mask), expected)


@pytest.mark.parametrize("name", ["softmax", "crf"])
def test_probabilities_sum_to_one_on_units_and_are_zero_after_them(batch, name):
    hidden, _, mask = batch
    head = _head(name)
    found = head.probabilities(head(hidden), mask)
    assert torch.allclose(found.sum(-1), mask.float())


@pytest.mark.parametrize("name", ["softmax", "crf"])
def test_confidence_is_minus_the_loss_of_the_decoded_labels(batch, name):
    hidden, _, mask = batch
    head = _head(name)
    emissions = head(hidden)
    rows = head.decode(emissions, mask)
    assert [len(row) for row in rows] == [4, 2, 1]
    decoded = torch.zeros_like(mask, dtype=torch.long)
    for index, row in enumerate(rows):
        decoded[index, : len(row)] = torch.from_numpy(row)
    total = head.loss(emissions, decoded, mask) * mask.sum()
    assert torch.allclose(head.confidence(emissions, mask).sum(), -total, atol=1e-5)


def test_emissions_stay_float32_under_autocast(batch):
    head = _head("crf")
    with torch.autocast("cpu", torch.bfloat16):
        assert head(batch[0].bfloat16()).dtype == torch.float32


def test_the_transitions_are_parameters_of_the_head_and_get_a_gradient(batch):
    hidden, labels, mask = batch
    head = _head("crf")
    head.loss(head(hidden), labels, mask).backward()
    assert {n for n, p in head.named_parameters() if p.grad.abs().sum() > 0} == {
        "linear.weight",
        "linear.bias",
        "crf.start_transitions",
        "crf.end_transitions",
        "crf.transitions",
    }


def test_an_unknown_head_names_the_nearest():
    with pytest.raises(BadInput, match="did you mean 'softmax'"):
        make_head("sofmax", 8, LABELS)


def test_balanced_weights_are_those_of_scikit_learn_and_zero_for_what_does_not_occur():
    ids = torch.tensor([0] * 90 + [1] * 8 + [3] * 2)
    weights = balanced_weights(ids, 4)
    known = compute_class_weight("balanced", classes=np.array([0, 1, 3]), y=ids.numpy())
    assert weights[[0, 1, 3]].tolist() == pytest.approx((known * 3 / 4).tolist())
    assert weights[2] == 0


def test_weighted_labels_change_the_loss_as_by_hand(batch):
    emissions, labels, mask = batch[1:] if len(batch) == 4 else batch
    count = emissions.shape[-1]
    weights = torch.arange(1.0, count + 1)
    head = make_head("softmax", 5, ["O"] * count, weights=weights)
    nll = -emissions.log_softmax(-1)[mask].gather(1, labels[mask].unsqueeze(1)).squeeze(1)
    by_hand = (weights[labels[mask]] * nll).sum() / weights[labels[mask]].sum()
    assert head.loss(emissions, labels, mask).item() == pytest.approx(by_hand.item(), rel=1e-6)


def test_a_crf_takes_no_label_weights():
    with pytest.raises(BadInput, match="softmax"):
        make_head("crf", 5, ["O", "B-X"], weights=torch.ones(2))

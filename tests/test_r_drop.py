"""R-Drop: the divergence against another library, under a softmax and under a CRF."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.stats import entropy

from clinlib.models.heads import make_head
from clinlib.training.objectives import RDrop, symmetric_divergence

LABELS = ("O", "B-Drug", "I-Drug")
MASK = torch.tensor([[True, True, True], [True, False, False]])
GOLD = torch.tensor([[0, 1, 2], [1, 0, 0]])


class Passes(torch.nn.Module):
    """A tagger whose passes are given: emissions (B, U, K) of the first and of the second."""

    def __init__(self, head, *emissions):
        super().__init__()
        self.head = make_head(head, 4, LABELS)
        self.emissions = list(emissions)

    def forward(self, batch):
        return self.emissions.pop(0)


def emissions(seed, **options):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, 3, len(LABELS), generator=generator, dtype=torch.float64, **options)


BATCH = SimpleNamespace(labels=GOLD, mask=MASK)


def probabilities(seed):
    return emissions(seed).softmax(-1)


def test_the_divergence_is_the_mean_over_real_units_of_both_directions():
    p, q = probabilities(0), probabilities(1)
    wanted = [
        (entropy(p[b, u].numpy(), q[b, u].numpy()) + entropy(q[b, u].numpy(), p[b, u].numpy())) / 2
        for b, u in MASK.nonzero().tolist()
    ]
    assert float(symmetric_divergence(p, q, MASK)) == pytest.approx(np.mean(wanted))
    assert float(symmetric_divergence(p, p, MASK)) == 0
    assert float(symmetric_divergence(p, q, MASK)) == pytest.approx(
        float(symmetric_divergence(q, p, MASK))
    )


def test_what_stands_behind_a_rows_end_does_not_count():
    p, q = probabilities(0), probabilities(1)
    other = q.clone()
    other[~MASK] = torch.tensor([1.0, 0.0, 0.0], dtype=q.dtype)
    assert torch.equal(symmetric_divergence(p, q, MASK), symmetric_divergence(p, other, MASK))


def test_a_certain_label_gives_a_finite_number():
    p = torch.zeros(1, 1, 3)
    p[..., 0] = 1
    q = torch.zeros(1, 1, 3)
    q[..., 1] = 1
    assert torch.isfinite(symmetric_divergence(p, q, torch.ones(1, 1, dtype=torch.bool)))


@pytest.mark.parametrize("head", ["softmax", "crf"])
def test_the_loss_is_the_mean_likelihood_and_alpha_times_the_divergence(head):
    one, two = emissions(2), emissions(3)
    model = Passes(head).double()
    alone = [float(model.head.loss(each, GOLD, MASK).detach()) for each in (one, two)]
    apart = symmetric_divergence(*(model.head.probabilities(e, MASK) for e in (one, two)), MASK)
    for alpha in (0.0, 2.5):
        model.emissions = [one, two]
        loss = RDrop(alpha)(model, BATCH)
        wanted = sum(alone) / 2 + alpha * float(apart.detach())
        assert float(loss.detach()) == pytest.approx(wanted)


@pytest.mark.parametrize("head", ["softmax", "crf"])
def test_its_gradient_is_that_of_finite_differences(head):
    model = Passes(head).double()

    def loss(one, two):
        model.emissions = [one, two]
        return RDrop(1.5)(model, BATCH)

    given = [emissions(seed).requires_grad_() for seed in (4, 5)]
    assert torch.autograd.gradcheck(loss, given)

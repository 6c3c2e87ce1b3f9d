"""Objectives: what a training step minimises. Each maps a model and a batch to a scalar loss."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn


class Objective(Protocol):
    """A loss over a model's batches. Parameters of its own are its own to update: the gradients
    are there when `fit` calls its `after_update`."""

    def __call__(self, model: nn.Module, batch) -> Tensor:
        """The loss () of one batch."""


class Supervised:
    """The model's own loss on labelled batches: cross entropy, or -log p(y|x) under a CRF."""

    def __call__(self, model: nn.Module, batch) -> Tensor:
        return model.loss(batch)


class RDrop:
    """Two passes of a tagger under other dropout, which are drawn together (R-Drop).

    L = (L1 + L2) / 2 + alpha * mean over units of (KL(P1 || P2) + KL(P2 || P1)) / 2, L1 and L2
    being the model's own loss of each pass; P a unit's label probabilities: those of a softmax, or
    the marginals of a CRF. `alpha` weighs agreement; at 0 only the two likelihoods are left.
    """

    def __init__(self, alpha: float):
        self.alpha = alpha

    def __call__(self, model: nn.Module, batch) -> Tensor:
        return agreeing(model.head, [model(batch), model(batch)], batch, self.alpha)


def agreeing(head: nn.Module, passes: Sequence[Tensor], batch, alpha: float) -> Tensor:
    """R-Drop's loss () of two passes' emissions, each (B, U, K).

    The head reads both as one batch of 2B rows, which halves the steps of a CRF's recursions;
    its loss, a mean over units, is then the mean of both passes' losses.
    """
    emissions = torch.cat(passes)
    labels, mask = (torch.cat([each, each]) for each in (batch.labels, batch.mask))
    first, second = head.probabilities(emissions, mask).chunk(2)
    divergence = symmetric_divergence(first, second, batch.mask)
    return head.loss(emissions, labels, mask) + alpha * divergence


def symmetric_divergence(first: Tensor, second: Tensor, mask: Tensor) -> Tensor:
    """(KL(P1 || P2) + KL(P2 || P1)) / 2 (), in nats, mean over the units that `mask` (B, U) marks.

    Probabilities are (B, U, K); below the smallest normal number they count as that.
    """
    first, second = first[mask], second[mask]  # (N, K)
    least = torch.finfo(first.dtype).tiny
    logs = first.clamp(min=least).log() - second.clamp(min=least).log()
    return ((first - second) * logs).sum(-1).mean() / 2

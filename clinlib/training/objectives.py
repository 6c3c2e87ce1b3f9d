"""Objectives: what a training step minimises. Each maps a model and a batch to a scalar loss."""

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
        passes = model(batch), model(batch)  # emissions, each (B, U, K)
        likelihood = sum(model.head.loss(each, batch.labels, batch.mask) for each in passes) / 2
        first, second = (model.head.probabilities(each, batch.mask) for each in passes)
        return likelihood + self.alpha * symmetric_divergence(first, second, batch.mask)


def symmetric_divergence(first: Tensor, second: Tensor, mask: Tensor) -> Tensor:
    """(KL(P1 || P2) + KL(P2 || P1)) / 2 (), in nats, mean over the units that `mask` (B, U) marks.

    Probabilities are (B, U, K); below the smallest normal number they count as that.
    """
    first, second = first[mask], second[mask]  # (N, K)
    least = torch.finfo(first.dtype).tiny
    logs = first.clamp(min=least).log() - second.clamp(min=least).log()
    return ((first - second) * logs).sum(-1).mean() / 2

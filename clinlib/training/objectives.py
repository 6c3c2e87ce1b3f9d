"""Objectives: what a training step minimises. Each maps a model and a batch to a scalar loss."""

from typing import Protocol

from torch import Tensor, nn


class Objective(Protocol):
    """A loss over a model's batches; its own parameters, if any, are trained with the model's."""

    def __call__(self, model: nn.Module, batch) -> Tensor:
        """The loss () of one batch."""


class Supervised:
    """The model's own loss on labelled batches: cross entropy, or -log p(y|x) under a CRF."""

    def __call__(self, model: nn.Module, batch) -> Tensor:
        return model.loss(batch)

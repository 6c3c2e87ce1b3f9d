"""Joint training: a tagger, a loss predictor and a mean teacher learn in the same steps."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from clinlib.encoding.batches import Batch
from clinlib.models.tagger import Tagger
from clinlib.selection.loss_prediction import LossPredictor, ranking_loss
from clinlib.training.mean_teacher import MeanTeacher, consistency


@dataclass(frozen=True)
class Ranking:
    """A loss predictor, how it is trained, and the margin of its loss."""

    predictor: LossPredictor
    margin: float
    learning_rate: float
    momentum: float
    weight_decay: float

    def optimizer(self) -> torch.optim.SGD:
        """SGD of its own, as published, at a constant rate."""
        return torch.optim.SGD(
            self.predictor.parameters(),
            lr=self.learning_rate,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
        )


@dataclass(frozen=True)
class Consistency:
    """A mean teacher, the weight of its consistency with the student, and the reduction."""

    teacher: MeanTeacher
    weight: float
    reduction: str


class JointLoss:
    """L = L_task + L_AL + lambda L_U (LASL, equation 10); without the other two, L_task.

    The paper's L_task is a sentence's -log p(y|x), the head's is that per unit. The consistency of
    whole sentences is therefore divided by their mean number of units, which leaves the two in the
    paper's proportion; the reduction to units and labels stands as it is.

    `unlabelled` gives a batch of the pool for every labelled one, on which alone the student
    should agree with its teacher. `after_update`, called after each of the tagger's updates, makes
    the predictor's and the teacher's.
    """

    def __init__(
        self,
        tagger: Tagger,
        ranking: Ranking | None = None,
        agreement: Consistency | None = None,
        unlabelled: Iterator[Batch] | None = None,
    ):
        self.tagger, self.ranking, self.agreement = tagger, ranking, agreement
        self.unlabelled = unlabelled or iter(())
        self._sgd = ranking.optimizer() if ranking else None

    def __call__(self, model: Tagger, batch: Batch) -> Tensor:
        hidden = model.hidden(batch)  # (B, U, H)
        emissions = model.head(hidden)
        loss = model.head.loss(emissions, batch.labels, batch.mask)
        if self.ranking:
            loss = loss + self._ranking_loss(model.head, batch, hidden, emissions)
        if self.agreement and (other := next(self.unlabelled, None)) is not None:
            other = other.to(batch.ids.device)
            apart = consistency(
                model(other),
                self.agreement.teacher(other),
                model.head.places(other.mask),
                self.agreement.reduction,
            )
            if self.agreement.reduction == "sentence":
                apart = apart * len(other.mask) / other.mask.sum()
            loss = loss + self.agreement.weight * apart
        return loss

    def _ranking_loss(
        self, head: nn.Module, batch: Batch, hidden: Tensor, emissions: Tensor
    ) -> Tensor:
        with torch.no_grad():
            losses = head.losses(emissions, batch.labels, batch.mask)  # (B,)
            bounds = None
            if self.ranking.predictor.bounds:
                bounds = head.bounds(emissions, batch.mask)
        predicted = self.ranking.predictor(batch, hidden, bounds)
        return ranking_loss(predicted, losses, self.ranking.margin)

    def after_update(self) -> None:
        """Updates what is trained besides the tagger."""
        if self._sgd:
            self._sgd.step()
            self._sgd.zero_grad()
        if self.agreement:
            self.agreement.teacher.update(self.tagger)


def endless(batches_of: Callable[[int], list[Batch]]) -> Iterator[Batch]:
    """The batches of epoch 1, 2, ...; ends where an epoch has none."""
    epoch = 1
    while batches := batches_of(epoch):
        yield from batches
        epoch += 1

"""Learner: the models that a loop trains together, from one round to the next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from clinlib.encoding.batches import Batch
from clinlib.encoding.windows import Window
from clinlib.models.tagger import Tagger
from clinlib.selection.joint_training import Consistency, JointLoss, Ranking, endless
from clinlib.training.loop import Fit, fit
from clinlib.training.schedule import Schedule

BatchesOf = Callable[[Sequence[Window], int, bool], list[Batch]]  # windows, epoch, mixed


@dataclass
class Learner:
    """A tagger and, where a strategy has them, its loss predictor and its mean teacher.

    The tagger is the student: it alone picks sentences, is scored and is kept. The teacher goes
    on from round to round.
    """

    tagger: Tagger
    ranking: Ranking | None = None
    agreement: Consistency | None = None

    def learn(
        self,
        labelled: Sequence[Window],
        unlabelled: Sequence[Window],
        schedule: Schedule,
        batches_of: BatchesOf,
        seed: int,
        report: Callable[[float, str], None] = lambda fraction, text: None,
    ) -> Fit:
        """One round: trains on from the present weights with fresh optimizers.

        The last epoch's weights stay: dev labels select nothing. `seed` draws dropout. Labelled
        batches are mixed, whatever the strategy: losses are ranked within a batch, and among
        windows of one length a predictor could not learn that long sentences lose more.
        """
        pool = (
            endless(lambda epoch: batches_of(unlabelled, epoch, False))
            if self.agreement
            else iter(())
        )
        objective = JointLoss(self.tagger, self.ranking, self.agreement, pool)
        if self.ranking:
            self.ranking.predictor.train()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return fit(
                self.tagger,
                objective,
                lambda epoch: batches_of(labelled, epoch, True),
                schedule,
                after_update=objective.after_update,
                report=report,
            )

    def state(self) -> dict[str, Tensor]:
        """All weights, copied."""
        return {
            f"{name}.{each}": value.detach().clone()
            for name, part in self._parts().items()
            for each, value in part.state_dict().items()
        }

    def load(self, state: dict[str, Tensor]) -> None:
        """Takes back what `state` gave."""
        for name, part in self._parts().items():
            own = {k: v for k, v in state.items() if k.startswith(f"{name}.")}
            part.load_state_dict({k.removeprefix(f"{name}."): v for k, v in own.items()})

    def _parts(self) -> dict[str, Tagger]:
        parts = {"tagger": self.tagger}
        if self.ranking:
            parts["predictor"] = self.ranking.predictor
        if self.agreement:
            parts["teacher"] = self.agreement.teacher
        return parts

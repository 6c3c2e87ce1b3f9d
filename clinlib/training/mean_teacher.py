"""Mean Teacher: a moving average of a tagger, and how far the tagger is from it on unlabelled text.

Tarvainen and Valpola (2017), as LASL uses it (equations 8 and 9).
"""

from copy import deepcopy
from typing import Literal, get_args

import torch
from torch import Tensor

from clinlib.encoding.batches import Batch
from clinlib.errors import BadInput, unknown
from clinlib.models.tagger import Tagger

Reduction = Literal["sentence", "unit"]
UPDATES = "updates"


class MeanTeacher:
    """theta' <- a theta' + (1 - a) theta after every training step (LASL, equation 8).

    theta are the weights of the tagger, the student. The decay a is `decay`, with `warm_up`
    min(decay, (1 + t) / (10 + t)) at update t = 0, 1, ...: a teacher that starts from untrained
    weights would else keep a share decay^t of them, 0.37 after a thousand updates at 0.999.
    (Algorithm 1 of the paper updates once a round, where the teacher would hardly move.)

    The teacher has no dropout and gets no gradient. It is not a module, so that neither an
    optimizer nor `train()` of the student reaches it. Make it of a tagger whose embedding is as
    compact as it is to be in training: other parameters than at the start raise BadInput.
    """

    def __init__(self, tagger: Tagger, decay: float = 0.999, warm_up: bool = True):
        if not 0 <= decay < 1:
            raise BadInput(f"the decay of a mean teacher lies in [0, 1), not {decay}")
        # what is no part of the state is constant (all rows of a vocabulary): one copy serves both
        kept = {id(each) for each in tagger.state_dict(keep_vars=True).values()}
        shared = {id(each): each for each in tagger.buffers() if id(each) not in kept}
        self.model: Tagger = deepcopy(tagger, shared).requires_grad_(False).eval()
        self.decay, self.warm_up, self.updates = decay, warm_up, 0

    @torch.no_grad()
    def __call__(self, batch: Batch) -> Tensor:
        """The teacher's emissions of a batch, of the shape of the student's."""
        return self.model(batch)

    @torch.no_grad()
    def update(self, tagger: Tagger) -> None:
        """Moves the teacher towards the student; to be called after each step of its optimizer."""
        decay = self.decay
        if self.warm_up:
            decay = min(decay, (1 + self.updates) / (10 + self.updates))
        mine, theirs = self.model.state_dict(), tagger.state_dict()
        if mine.keys() != theirs.keys():
            other = sorted(mine.keys() ^ theirs.keys())
            raise BadInput(f"the student is not the one that the teacher was made of: {other[0]}")
        for name, average in mine.items():
            if average.is_floating_point():
                average.lerp_(theirs[name], 1 - decay)
            else:
                average.copy_(theirs[name])
        self.updates += 1

    def state_dict(self) -> dict[str, Tensor]:
        """Weights and number of updates, for a checkpoint; tensors that go on changing."""
        return {**self.model.state_dict(), UPDATES: torch.tensor(self.updates)}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Goes on from what `state_dict` gave."""
        state = dict(state)
        self.updates = int(state.pop(UPDATES))
        self.model.load_state_dict(state)


def consistency(
    student: Tensor, teacher: Tensor, mask: Tensor, reduction: Reduction = "sentence"
) -> Tensor:
    """||f(x; theta) - f(x; theta')||^2 (), the mean over sentences (LASL, equation 9).

    Emissions are (B, U, K), what `mask` (B, U) leaves out does not count (for a head whose
    emissions are of spans, `head.places(batch.mask)`). The squared norm grows with a sentence's
    length and with K; the reduction "unit" is the mean over units and labels instead. The
    teacher's emissions get no gradient. Raises BadInput for another reduction.
    """
    if reduction not in get_args(Reduction):
        raise unknown("reduction of the consistency", reduction, get_args(Reduction))
    squares = (student - teacher.detach())[mask].square()  # (N, K)
    return squares.mean() if reduction == "unit" else squares.sum() / len(mask)

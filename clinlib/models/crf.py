"""CRF: pytorch-crf's layer with a vectorised loss, Viterbi best and worst, and marginals."""

import torch
import torchcrf
from torch import Tensor

from clinlib.errors import BadInput
from clinlib.models.forward_backward import SAFE_RANGE, NegativeLogLikelihood


class CRF(torchcrf.CRF):
    """Linear-chain CRF over K labels (Lafferty et al. 2001), never in half precision.

    p(y|x) = exp(s(x, y)) / sum over y' of exp(s(x, y')), where s(x, y) is the start score of y_1,
    the emissions of every y_t, the transitions of every (y_t, y_t+1), and the end score of y_L.
    Parameters as in the parent: start_transitions (K,), end_transitions (K,), transitions (K, K)
    from, to. Tensors are batch first; masks (B, L) are bool, on for a row's first units and off
    after them. Rows without units, and masks with holes, raise BadInput.
    """

    def __init__(self, num_tags: int):
        super().__init__(num_tags, batch_first=True)

    def nll(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """-log p(y|x) of each row: emissions (B, L, K), tags (B, L), mask (B, L) -> (B,).

        Scaled forward-backward with an analytic gradient, in float64 inside: near-certain rows
        have a loss far below float32's rounding of log Z. Where scores span more than SAFE_RANGE
        nats, in which scaled probabilities could underflow, the log-space recursion is used.
        """
        emissions = self._checked(emissions, mask)
        if self._range(emissions, mask) < SAFE_RANGE:
            loss = NegativeLogLikelihood.apply(
                emissions.double(),
                tags,
                mask,
                self.start_transitions.double(),
                self.transitions.double(),
                self.end_transitions.double(),
            )
            return loss.to(emissions.dtype)
        wide = emissions.double()
        return (self.partition(wide, mask) - self.score(wide, tags, mask)).to(emissions.dtype)

    def partition(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """log Z(x), the log partition function of each row (B,); differentiable, in log space."""
        emissions = self._checked(emissions, mask)
        return self._compute_normalizer(emissions.transpose(0, 1), mask.transpose(0, 1))

    def score(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """s(x, y) of each row's labels (B,), in the emissions' precision; differentiable.

        Not the parent's, which adds wide emissions to float32 transitions in place.
        """
        emissions = self._checked(emissions, mask)
        kind, last = emissions.dtype, mask.sum(1, keepdim=True) - 1
        units = emissions.gather(2, tags.unsqueeze(2)).squeeze(2)  # (B, L)
        moves = self.transitions.to(kind)[tags[:, :-1], tags[:, 1:]]  # (B, L - 1)
        start = self.start_transitions.to(kind)[tags[:, 0]]
        end = self.end_transitions.to(kind)[tags.gather(1, last).squeeze(1)]
        return start + (units * mask).sum(1) + (moves * mask[:, 1:]).sum(1) + end

    def marginals(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """p(y_t = k | x) of each unit (B, L, K), zero after a row's end; differentiable.

        Forward and backward scores come of one loop: the backward recursion is a forward one over
        reversed rows with the transposed transitions. In log space, for any range of scores.
        """
        emissions = self._checked(emissions, mask)
        length, n_labels = emissions.shape[1:]
        steps = torch.arange(length, device=emissions.device)
        mirror = (mask.sum(1, keepdim=True) - 1 - steps).clamp(min=0)  # (B, L), last unit first
        wide = mirror.unsqueeze(-1).expand(-1, -1, n_labels)
        both = torch.stack([emissions, emissions.gather(1, wide)]).transpose(1, 2)  # (2, L, B, K)
        moves = torch.stack([self.transitions, self.transitions.T]).unsqueeze(1)  # (2, 1, K, K)
        ends = torch.stack([self.start_transitions, self.end_transitions])  # (2, K)
        states = [ends.unsqueeze(1) + both[:, 0]]  # each (2, B, K), its own emission included
        for t in range(1, length):
            states.append(torch.logsumexp(states[-1].unsqueeze(3) + moves, 2) + both[:, t])
        forward, backward = torch.stack(states, 2)  # each (B, L, K)
        joint = forward + backward.gather(1, wide) - emissions
        return torch.softmax(joint, -1) * mask.unsqueeze(-1)

    def viterbi(
        self, emissions: Tensor, mask: Tensor, *, worst: bool = False
    ) -> tuple[Tensor, Tensor]:
        """The best-scoring labels of each row, or the worst: scores (B,), labels (B, L), 0 after.

        The worst are the best under negated scores. Not differentiable.
        """
        with torch.no_grad():
            return self._viterbi_paths(self._checked(emissions, mask), mask, -1 if worst else 1)

    def _viterbi_paths(self, emissions: Tensor, mask: Tensor, sign: int) -> tuple[Tensor, Tensor]:
        start, step, end = (
            sign * each.to(emissions.dtype)
            for each in (self.start_transitions, self.transitions, self.end_transitions)
        )
        emissions = sign * emissions
        rows, length, n_labels = emissions.shape
        best = start + emissions[:, 0]  # (B, K)
        itself = torch.arange(n_labels, device=best.device).expand(rows, n_labels)
        pointers = []
        for t in range(1, length):
            value, pointer = (best.unsqueeze(2) + step).max(1)  # over the label before
            alive = mask[:, t].unsqueeze(1)  # (B, 1)
            best = torch.where(alive, value + emissions[:, t], best)
            pointers.append(torch.where(alive, pointer, itself))
        score, last = (best + end).max(1)  # (B,)
        path = [last]
        for pointer in reversed(pointers):
            last = pointer.gather(1, last.unsqueeze(1)).squeeze(1)
            path.append(last)
        return sign * score, torch.stack(path[::-1], 1) * mask  # (B,), (B, L)

    def _range(self, emissions: Tensor, mask: Tensor) -> float:
        """The most that two labels' scores of one step can differ by, in nats."""
        emissions = emissions.detach()
        spread = emissions.amax(-1) - emissions.amin(-1)  # (B, L)
        moves = (self.start_transitions, self.end_transitions, self.transitions)
        return (spread * mask).amax() + max(
            float(each.amax() - each.amin()) for each in map(Tensor.detach, moves)
        )

    def _checked(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """The emissions in full precision; raises BadInput for a mask that is not left-aligned."""
        if not bool(mask[:, 0].all()):
            row = int((~mask[:, 0]).nonzero()[0, 0])
            raise BadInput(f"row {row} of the batch has no unit; a CRF needs one at least")
        if bool((mask[:, 1:] & ~mask[:, :-1]).any()):
            raise BadInput("the mask of a CRF is on for the first units of a row, without holes")
        return emissions if emissions.dtype == torch.float64 else emissions.float()

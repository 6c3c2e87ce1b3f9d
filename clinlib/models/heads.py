"""Heads: from hidden states to label ids, by units (softmax), rows (CRF) or spans (pointer)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from clinlib.errors import BadInput, unknown
from clinlib.models.crf import CRF
from clinlib.models.global_pointer import GlobalPointer


class SoftmaxHead(nn.Module):
    """A linear layer and a softmax: every unit's label on its own ("Apt" in TransformerCRF).

    Hidden states (B, U, H) -> emissions (B, U, K). `weights` (K,) are those of the labels in the
    loss, all one by default.
    """

    def __init__(
        self,
        hidden_size: int,
        labels: Sequence[str],
        *,
        label_smoothing: float = 0.0,
        weights: Tensor | None = None,
    ):
        super().__init__()
        self.linear = nn.Linear(hidden_size, len(labels))
        self.label_smoothing = label_smoothing
        self.register_buffer("weights", weights, persistent=False)

    def forward(self, hidden: Tensor) -> Tensor:
        """Emissions (B, U, K), at least float32 whatever autocast is on."""
        with torch.autocast(hidden.device.type, enabled=False):
            return self.linear(hidden.to(self.linear.weight.dtype))

    def loss(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        """Cross entropy (), the (weighted) mean over the batch's units, in nats."""
        return nn.functional.cross_entropy(
            emissions[mask],
            labels[mask],
            weight=self.weights,
            label_smoothing=self.label_smoothing,
        )

    def losses(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        """-log p(y|x) of each row (B,), in nats: the sum of its units' cross entropies.

        Neither smoothed nor weighted, whatever `loss` is.
        """
        logs = emissions.log_softmax(-1).gather(2, labels.unsqueeze(2)).squeeze(2)  # (B, U)
        return -(logs * mask).sum(1)

    @torch.no_grad()
    def bounds(self, emissions: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The least and the largest loss (B,) that any labels of a row can have, in nats.

        L_min = N(x) - s(x, y_max) and L_max = N(x) - s(x, y_min) (LASL, equation 4), N being the
        log partition function. The least is that of the decoded labels: -`confidence`.
        """
        logs = emissions.log_softmax(-1)
        return tuple(-(each * mask).sum(1) for each in (logs.amax(-1), logs.amin(-1)))

    def places(self, mask: Tensor) -> Tensor:
        """Which of the emissions are of the row itself (B, U), not of its padding: all units."""
        return mask

    def decode(self, emissions: Tensor, mask: Tensor) -> list[np.ndarray]:
        """The most probable label of every unit: per row its (U,) label ids."""
        return _rows(emissions.argmax(-1), mask)

    def probabilities(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """p(y_u = k | x) (B, U, K), zero after a row's end."""
        return emissions.softmax(-1) * mask.unsqueeze(-1)

    def confidence(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """log p (B,) of the decoded labels of each row, the units being independent."""
        return (emissions.log_softmax(-1).amax(-1) * mask).sum(1)


class CRFHead(SoftmaxHead):
    """A linear layer and a CRF: the labels of a row together.

    The loss is the sum of -log p(y|x) over the batch divided by its number of units, so that it
    is in nats per unit, as the softmax head's is, and one clipping threshold serves both.
    Smoothing mixes it with the mean over labels of -log p(y_u = k), by the emissions' softmax.
    """

    def __init__(self, hidden_size: int, labels: Sequence[str], *, label_smoothing: float = 0.0):
        super().__init__(hidden_size, labels, label_smoothing=label_smoothing)
        self.crf = CRF(len(labels))

    def loss(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        """-log p(y|x) (), summed over rows and divided by the number of units."""
        loss = self.crf.nll(emissions, labels, mask).sum() / mask.sum()
        if self.label_smoothing:
            uniform = -emissions[mask].log_softmax(-1).mean()
            loss = (1 - self.label_smoothing) * loss + self.label_smoothing * uniform
        return loss

    def losses(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        """-log p(y|x) of each row (B,), in nats, not smoothed."""
        return self.crf.nll(emissions, labels, mask)

    @torch.no_grad()
    def bounds(self, emissions: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """L_min and L_max (B,) of each row, in nats; y_max and y_min are found by Viterbi.

        In float64 inside: of a row that is nearly certain, L_min is far below float32's rounding
        of N(x). One partition function serves both, since L_max - L_min = s(y_max) - s(y_min).
        """
        wide = emissions.double()
        best, labels = self.crf.viterbi(wide, mask)
        worst, _ = self.crf.viterbi(wide, mask, worst=True)
        least = self.crf.nll(wide, labels, mask).clamp(min=0)
        return least.to(emissions.dtype), (least + best - worst).to(emissions.dtype)

    def decode(self, emissions: Tensor, mask: Tensor) -> list[np.ndarray]:
        """The most probable labels of every row, by Viterbi: per row its (U,) label ids."""
        return _rows(self.crf.viterbi(emissions, mask)[1], mask)

    def probabilities(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """The CRF's marginals (B, U, K), zero after a row's end."""
        return self.crf.marginals(emissions, mask)

    def confidence(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """log p(y*|x) (B,) of the decoded labels, by the CRF's own partition function."""
        return -self.crf.nll(emissions, self.crf.viterbi(emissions, mask)[1], mask)


Head = SoftmaxHead | GlobalPointer
HEADS = {"softmax": SoftmaxHead, "crf": CRFHead, "global_pointer": GlobalPointer}


def make_head(
    name: str,
    hidden_size: int,
    labels: Sequence[str],
    *,
    label_smoothing: float = 0.0,
    weights: Tensor | None = None,
) -> Head:
    """The head called `name`; raises BadInput with the nearest name if there is none.

    Weights (K,) of the labels are for the softmax head alone: the others score rows or spans.
    """
    if name not in HEADS:
        raise unknown("head", name, HEADS)
    if weights is None:
        return HEADS[name](hidden_size, labels, label_smoothing=label_smoothing)
    if name != "softmax":
        raise BadInput(f"label weights are for the softmax head, not for {name!r}")
    return SoftmaxHead(hidden_size, labels, label_smoothing=label_smoothing, weights=weights)


def balanced_weights(labels: Tensor, count: int) -> Tensor:
    """Weights (K,) N / (K n_k) of `count` labels K, n_k of the N ids (N,) being label k.

    Every label then has the same share of the loss. A label that does not occur weighs nothing.
    """
    frequency = torch.bincount(labels, minlength=count).float()
    weights = len(labels) / (count * frequency)
    return torch.where(frequency > 0, weights, torch.zeros_like(weights))


def _rows(labels: Tensor, mask: Tensor) -> list[np.ndarray]:
    """The label ids (U,) of each row, without its padding."""
    lengths = mask.sum(1).tolist()
    return [row[:n] for row, n in zip(labels.cpu().numpy(), lengths, strict=True)]

"""GlobalPointer: a head that scores every span of a row for every type, and learns their ranks."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from clinlib.encoding.tags import TagScheme
from clinlib.errors import BadInput

SIZE = 64  # d, of a query and of a key
BASE = 10_000.0  # of the rotations' wavelengths
NEVER = -1e9  # the score of what cannot be: finite, so that no gradient is a quotient of zeros


class GlobalPointer(nn.Module):
    """s_c(i, j) = RoPE(q_i) . RoPE(k_j) / sqrt(d) for type c and the span of units i to j.

    Su et al. (2022). q and k are linear in the hidden states, one pair for each type c; RoPE turns
    them by their unit's position, so that a score knows how long its span is. A span is predicted
    where its score is above 0. It takes and gives label ids as the other heads do, by the tag
    scheme of `labels`, and reads any sequence of them as spans as `TagScheme.decode` does.

    Hidden states (B, U, H) -> emissions (B, S, C) for S = U^2 pairs of a first and a last unit,
    at i U + j, and C types; `places` says which pairs are spans of the row. There are no
    probabilities of a unit's labels.
    Raises BadInput for smoothed labels, of which spans have none.
    """

    def __init__(self, hidden_size: int, labels: Sequence[str], *, label_smoothing: float = 0.0):
        super().__init__()
        if label_smoothing:
            raise BadInput("label_smoothing: the head global_pointer scores spans, not labels")
        self.scheme = TagScheme.of(labels)
        self.linear = nn.Linear(hidden_size, 2 * SIZE * len(self.scheme.types))

    def forward(self, hidden: Tensor) -> Tensor:
        """Emissions (B, S, C), at least float32 whatever autocast is on."""
        with torch.autocast(hidden.device.type, enabled=False):
            rows, units, _ = hidden.shape
            both = self.linear(hidden.to(self.linear.weight.dtype))
            both = rotated(both.view(rows, units, -1, 2, SIZE))  # (B, U, C, 2, d)
            queries, keys = both.permute(3, 0, 2, 1, 4)  # each (B, C, U, d)
            scores = queries @ keys.transpose(2, 3) / math.sqrt(SIZE)  # (B, C, U, U)
            return scores.flatten(2).transpose(1, 2)  # (B, S, C)

    def places(self, mask: Tensor) -> Tensor:
        """Which pairs are spans of the row (B, S): those whose last unit is in it, i <= j."""
        return (mask.unsqueeze(1) & torch.ones_like(mask).unsqueeze(2)).triu().flatten(1)

    def loss(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        """The rows' losses (), summed and divided by the number of units, as a CRF's are."""
        return self.losses(emissions, labels, mask).sum() / mask.sum()

    def losses(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        """The loss of each row (B,), in nats, summed over types.

        For each type log(1 + sum over negatives of e^s) + log(1 + sum over positives of e^-s):
        every span of the labels above 0 and above every other, which is below 0.
        """
        return self._losses(emissions, self._gold(labels, mask), mask)

    @torch.no_grad()
    def bounds(self, emissions: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Stand-ins for the least and the largest loss of a row, (B,) each, in nats.

        There is no distribution over label sequences, so L_min and L_max of a CRF are not defined.

        L_min is the loss if the decoded spans were the gold ones. Under a CRF that is what the
        least loss is, and it is as useful here: it is near 0 where scores are far from the
        threshold, and grows with spans near it and with spans that overlap, of which flat labels
        can hold but one. As an exact minimum it fails: with many scores near 0, labels with fewer
        or more spans may have a lower loss than the decoded ones. It is the minimum over all
        labels where no two spans above 0 overlap, and every score of a row with N spans is
        log(1 + N) or more away from 0. exp(-L_min), in (0, 1], takes the place of P(y_max | x).

        L_max is the largest loss that up to U spans of each type can have, U being the row's
        units, whether they overlap or not. Flat labels hold no more, so none has a larger loss;
        but few rows can have it, since it is found type by type. (The m spans of lowest score are
        the worst m, for whichever m is worst.)
        """
        decoded = self._positive(self._decoded(emissions, mask), emissions)
        return self._losses(emissions, decoded, mask), self._largest(emissions, mask)

    def decode(self, emissions: Tensor, mask: Tensor) -> list[np.ndarray]:
        """The label ids (U,) of each row's spans above 0, the best first, without overlaps."""
        lengths = mask.sum(1).tolist()
        return [
            self.scheme.encode(spans, length)
            for spans, length in zip(self._decoded(emissions, mask), lengths, strict=True)
        ]

    def confidence(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """-L_min (B,) as of `bounds`; no log probability of labels, there being none."""
        decoded = self._positive(self._decoded(emissions, mask), emissions)
        return -self._losses(emissions, decoded, mask)

    def _losses(self, emissions: Tensor, positive: Tensor, mask: Tensor) -> Tensor:
        """The loss (B,) of rows whose gold spans `positive` (B, S, C) marks."""
        possible = self.places(mask).unsqueeze(-1)
        negatives = emissions.masked_fill(positive | ~possible, NEVER).logsumexp(1)  # (B, C)
        positives = (-emissions).masked_fill(~positive, NEVER).logsumexp(1)
        # softplus(x) = log(1 + e^x)
        return (nn.functional.softplus(negatives) + nn.functional.softplus(positives)).sum(1)

    def _largest(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """L_max (B,): over m = 0 .. U, the m spans of lowest score positive and the rest not."""
        units = mask.sum(1)  # (B,)
        places = self.places(mask).unsqueeze(-1)
        scores = emissions.masked_fill(~places, -NEVER)
        lowest, which = scores.topk(mask.shape[1], dim=1, largest=False)  # (B, U, C), ascending
        # e^s of what is not among the lowest, then of those that are still negative for each m
        rest = emissions.masked_fill(~places, NEVER).scatter(1, which, NEVER).logsumexp(1)
        real = lowest < -NEVER / 2  # a row may have fewer spans than the longest has units
        left = torch.cat([lowest.masked_fill(~real, NEVER), rest.unsqueeze(1)], 1)
        negatives = left.flip(1).logcumsumexp(1).flip(1)  # (B, U + 1, C), m = 0 .. U
        taken = (-lowest).masked_fill(~real, NEVER).logcumsumexp(1)
        positives = torch.cat([torch.full_like(taken[:, :1], NEVER), taken], 1)
        losses = nn.functional.softplus(negatives) + nn.functional.softplus(positives)
        counts = torch.arange(losses.shape[1], device=losses.device)  # m
        allowed = counts <= units.unsqueeze(1)  # (B, U + 1)
        return losses.masked_fill(~allowed.unsqueeze(-1), NEVER).amax(1).sum(1)

    def _gold(self, labels: Tensor, mask: Tensor) -> Tensor:
        """The spans (B, S, C) of label ids (B, U)."""
        ids, lengths = labels.cpu().numpy(), mask.sum(1).tolist()
        spans = [self.scheme.decode(row[:n]) for row, n in zip(ids, lengths, strict=True)]
        shape = len(mask), mask.shape[1] ** 2, len(self.scheme.types)
        return self._positive(spans, torch.empty(shape, device=mask.device))

    def _positive(self, spans: list[list[tuple[int, int, str]]], emissions: Tensor) -> Tensor:
        """Where in emissions (B, S, C) the spans [first, last) of each row are: bool, as large."""
        units = math.isqrt(emissions.shape[1])
        types = {type: index for index, type in enumerate(self.scheme.types)}
        found = [
            (row, first * units + last - 1, types[type])
            for row, each in enumerate(spans)
            for first, last, type in each
        ]
        positive = torch.zeros(emissions.shape, dtype=torch.bool)
        if found:
            positive[tuple(torch.tensor(found).T)] = True
        return positive.to(emissions.device)

    def _decoded(self, emissions: Tensor, mask: Tensor) -> list[list[tuple[int, int, str]]]:
        """The spans [first, last) of each row: above 0, best first, none overlapping a better."""
        above = (emissions > 0) & self.places(mask).unsqueeze(-1)
        row, span, type = (each.cpu().numpy() for each in above.nonzero(as_tuple=True))
        scores = emissions.detach()[above].float().cpu().numpy()
        first, last = np.divmod(span, mask.shape[1])
        found: list[list[tuple[int, int, str]]] = [[] for _ in range(len(mask))]
        taken = np.zeros(tuple(mask.shape), dtype=bool)
        for n in np.lexsort((type, last, first, -scores)).tolist():
            units = slice(first[n], last[n] + 1)
            if not taken[row[n], units].any():
                taken[row[n], units] = True
                found[row[n]].append((units.start, units.stop, self.scheme.types[type[n]]))
        return found


def rotated(vectors: Tensor) -> Tensor:
    """RoPE (Su et al. 2021): vectors (B, U, ..., d) turned by u BASE^(-2 n / d), pair n of d / 2.

    The product of two turned vectors depends on their units through the distance alone.
    """
    units, size = vectors.shape[1], vectors.shape[-1]
    pairs = torch.arange(size // 2, device=vectors.device, dtype=torch.float64)
    positions = torch.arange(units, device=vectors.device, dtype=torch.float64)
    angles = torch.outer(positions, BASE ** (-2 * pairs / size))  # (U, d / 2)
    angles = angles.view(units, *[1] * (vectors.ndim - 3), -1)
    cos, sin = angles.cos().to(vectors.dtype), angles.sin().to(vectors.dtype)
    even, odd = vectors[..., 0::2], vectors[..., 1::2]
    # the order of the d numbers does not matter to products
    return torch.cat([even * cos - odd * sin, odd * cos + even * sin], -1)

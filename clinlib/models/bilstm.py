"""BiLSTM: a bidirectional LSTM over padded rows, which never reads the padding."""

import torch
from torch import Tensor, nn

from clinlib.errors import BadInput


class BiLSTM(nn.LSTM):
    """Vectors (B, L, E) and a mask (B, L) -> states (B, L, `size`), zero after a row's end.

    `size` is that of both directions together; an odd one raises BadInput. Masks are on for a
    row's first positions, at least one, and off after them.
    """

    def __init__(self, inputs: int, size: int, layers: int = 1):
        if size % 2:
            raise BadInput(f"a BiLSTM of size {size}: its two directions need an even one")
        super().__init__(inputs, size // 2, layers, bidirectional=True, batch_first=True)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        rows = nn.utils.rnn.pack_padded_sequence(
            vectors, mask.sum(1).cpu(), batch_first=True, enforce_sorted=False
        )
        states, _ = super().forward(rows)
        states, _ = nn.utils.rnn.pad_packed_sequence(
            states, batch_first=True, total_length=mask.shape[1]
        )
        return states


def mean_of_units(states: Tensor, mask: Tensor) -> Tensor:
    """The mean (B, H) of each row's states (B, L, H) where `mask` (B, L) is on."""
    real = mask.unsqueeze(-1)
    return torch.where(real, states, 0).sum(1) / real.sum(1)

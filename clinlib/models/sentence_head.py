"""Sentence head: whether a sentence holds an entity of one type, from the state of [CLS].

The second task of the study of Dutch notes on inflammatory bowel disease (3.4.3), where the type
is peri-anal disease, the rarest.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from clinlib.encoding.batches import Batch


class SentenceHead(nn.Module):
    """A linear layer on the state of the first position: states (B, H) -> logits (B,)."""

    def __init__(self, hidden_size: int, labels: Sequence[str], type_: str, seed: int = 0):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.linear = nn.Linear(hidden_size, 1)
        wanted = torch.tensor([label.partition("-")[2] == type_ for label in labels])  # (K,)
        self.register_buffer("wanted", wanted, persistent=False)

    def forward(self, states: Tensor) -> Tensor:
        """Logits (B,), at least float32 whatever autocast is on."""
        with torch.autocast(states.device.type, enabled=False):
            return self.linear(states.to(self.linear.weight.dtype)).squeeze(-1)

    def loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """Binary cross entropy (), the mean over the batch's windows, in nats."""
        return nn.functional.binary_cross_entropy_with_logits(logits, self.gold(batch).float())

    def gold(self, batch: Batch) -> Tensor:
        """(B,) bool: whether a unit of the window has a label of the type."""
        return (self.wanted[batch.labels] & batch.mask).any(1)

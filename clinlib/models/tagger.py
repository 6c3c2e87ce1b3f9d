"""Tagger: an encoder whose hidden states, one a unit, go through a head."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from clinlib.encoding.batches import Batch
from clinlib.models.dropout import ByteDropout
from clinlib.models.embedding import CompactEmbedding
from clinlib.models.encoders import Encoder
from clinlib.models.heads import make_head
from clinlib.models.states import states_at


class Tagger(nn.Module):
    """Encoder, dropout and head: a batch of windows -> emissions (B, U, K), loss, label ids.

    A unit (subword or word) is represented by the hidden state of its first subword. The encoder
    runs in bf16 where `precision` says so; the head always runs in float32, since a partition
    function overflows in half precision.
    """

    def __init__(
        self,
        encoder: Encoder,
        head: str,
        labels: Sequence[str],
        *,
        dropout: float = 0.1,
        label_smoothing: float = 0.0,
        precision: str = "float32",
        weights: Tensor | None = None,
        seed: int = 0,
    ):
        super().__init__()
        self.encoder = encoder.model
        self.dropout = ByteDropout(dropout)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.head = make_head(
                head,
                encoder.hidden_size,
                labels,
                label_smoothing=label_smoothing,
                weights=weights,
            )
        self.precision = precision
        self.head_name, self.labels = head, tuple(labels)

    def hidden(self, batch: Batch) -> Tensor:
        """Hidden states (B, U, H) of the batch's units, float32, zero where padded."""
        device, length = batch.ids.device, batch.ids.shape[1]
        heads = torch.arange(len(batch.first), device=device).unsqueeze(1) * length  # (B, 1)
        wanted = (heads + batch.first)[batch.mask]  # (N,) of the flattened batch
        with torch.autocast(device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            states = states_at(self.encoder, batch.ids, batch.attention, wanted)  # (N, H)
        hidden = torch.zeros(*batch.mask.shape, states.shape[1], device=device)
        hidden[batch.mask] = states.float()
        return self.dropout(hidden)  # (B, U, H)

    def forward(self, batch: Batch) -> Tensor:
        """Emissions (B, U, K) of a batch."""
        return self.head(self.hidden(batch))

    def loss(self, batch: Batch) -> Tensor:
        """The head's loss, in nats per unit, of a labelled batch."""
        return self.head.loss(self(batch), batch.labels, batch.mask)

    @torch.no_grad()
    def predict(self, batches: Iterable[Batch], n_windows: int) -> list[np.ndarray]:
        """Label ids (U,) of every window, in the windows' order, dropout off."""
        was_training = self.training
        self.eval()
        device = next(self.parameters()).device
        found: list[np.ndarray] = [np.empty(0, dtype=np.int64)] * n_windows
        for batch in batches:
            batch = batch.to(device)
            rows = self.head.decode(self(batch), batch.mask)
            for index, ids in zip(batch.windows, rows, strict=True):
                found[index] = ids
        self.train(was_training)
        return found

    def compact(self, seen: Tensor) -> None:
        """Makes only the embedding rows in `seen` (S,) trainable; see CompactEmbedding."""
        full = self.encoder.get_input_embeddings()
        self.encoder.set_input_embeddings(CompactEmbedding(full, seen))

    def expand(self) -> None:
        """Undoes `compact`, keeping what was learnt."""
        self.encoder.set_input_embeddings(self.encoder.get_input_embeddings().expand())

    def parameter_counts(self) -> dict[str, int]:
        """{"parameters", "trainable"}: weights in all, and those that training may change."""
        parameters = list(self.parameters())
        embedding = self.encoder.get_input_embeddings()
        constant = 0
        if isinstance(embedding, CompactEmbedding):
            constant = embedding.constant.numel() - embedding.trained.numel()
        total = sum(p.numel() for p in parameters) + constant
        return {"parameters": total, "trainable": sum(p.numel() for p in parameters)}

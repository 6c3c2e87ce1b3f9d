"""Masked-language modelling: fresh masks for every epoch, and the model that fills them in."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from clinlib.adaptation.sequences import Rows
from clinlib.models.encoders import Encoder
from clinlib.models.states import states_at

MASKED, RANDOM = 0.8, 0.1  # of the chosen positions; the rest keep their token
IGNORED = -100
HEAD = "masked_language_head.safetensors"


@dataclass
class MaskedBatch:
    """Sequences with some tokens masked: ids (B, L), targets (B, L), -100 where none is asked."""

    ids: Tensor
    targets: Tensor

    @property
    def subwords(self) -> int:
        """How many subwords the encoder reads."""
        return self.ids.numel()

    def to(self, device) -> "MaskedBatch":
        """The batch on another device."""
        return MaskedBatch(self.ids.to(device), self.targets.to(device))


def mask(
    ids: Tensor,
    tokenizer: PreTrainedTokenizerFast,
    rate: float,
    generator: torch.Generator,
) -> MaskedBatch:
    """Chooses a share `rate` of the tokens (special ones never): 80 % become [MASK], 10 % a
    random token, 10 % stay (Devlin et al. 2019). ids (B, L) -> MaskedBatch.
    """
    special = torch.tensor(tokenizer.all_special_ids)
    draw = torch.rand(ids.shape, generator=generator)
    chosen = (draw < rate) & ~torch.isin(ids, special)  # (B, L)
    fate = torch.rand(ids.shape, generator=generator)
    words = torch.randint(len(tokenizer), ids.shape, generator=generator)
    shown = torch.where(fate < MASKED, torch.full_like(ids, tokenizer.mask_token_id), ids)
    shown = torch.where((fate >= MASKED) & (fate < MASKED + RANDOM), words, shown)
    return MaskedBatch(
        torch.where(chosen, shown, ids), torch.where(chosen, ids, torch.full_like(ids, IGNORED))
    )


@dataclass(frozen=True)
class MaskedEpoch:
    """One epoch's batches of sequences (N, length), shuffled and masked afresh from `seed`.

    Each batch is read and masked when it is asked for, so that the sequences may lie on disk.
    """

    sequences: Rows
    tokenizer: PreTrainedTokenizerFast
    batch_subwords: int
    rate: float
    seed: tuple[int, ...]

    @property
    def size(self) -> int:
        """Sequences of a batch."""
        return max(1, self.batch_subwords // self.sequences.length)

    def __len__(self) -> int:
        return -(-len(self.sequences) // self.size)

    def __iter__(self) -> Iterator[MaskedBatch]:
        rng = np.random.default_rng(list(self.seed))
        order = rng.permutation(len(self.sequences))
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        for start in range(0, len(order), self.size):
            ids = torch.from_numpy(self.sequences.take(order[start : start + self.size]))
            yield mask(ids, self.tokenizer, self.rate, generator)


class MaskedLanguageModel(nn.Module):
    """An encoder with BERT's output layer, its matrix tied to the input embeddings.

    Only the masked positions M go through the output layer: logits (M, V), not (B, L, V).
    """

    def __init__(self, encoder: Encoder, *, precision: str = "float32", seed: int = 0):
        super().__init__()
        size, table = encoder.hidden_size, encoder.model.get_input_embeddings().weight
        self.encoder = encoder.model
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.transform = nn.Sequential(nn.Linear(size, size), nn.GELU(), nn.LayerNorm(size))
        self.bias = nn.Parameter(torch.zeros(len(table)))
        self.precision = precision

    def loss(self, batch: MaskedBatch) -> Tensor:
        """Cross entropy (), in nats per masked token."""
        return self.cross_entropy(self.states(batch, batch.targets != IGNORED), batch.targets)

    def states(self, batch: MaskedBatch, wanted: Tensor) -> Tensor:
        """The encoder's last hidden states (B, L, H), float32, where `wanted` (B, L) is on."""
        with torch.autocast(
            batch.ids.device.type, torch.bfloat16, enabled=self.precision == "bf16"
        ):
            return states_at(self.encoder, self.inputs(batch), wanted).float()

    def inputs(self, batch: MaskedBatch) -> dict[str, Tensor]:
        """What the encoder reads."""
        return {"input_ids": batch.ids}

    def cross_entropy(self, states: Tensor, targets: Tensor) -> Tensor:
        """Mean cross entropy () of the targets (B, L) that are asked for, from states (B, L, H)."""
        asked = targets != IGNORED  # (B, L)
        hidden = self.transform(states[asked])  # (M, H)
        logits = hidden @ self.encoder.get_input_embeddings().weight.T + self.bias  # (M, V)
        # no position chosen (a tiny batch): an empty mean would be NaN, the sum is a true zero
        return nn.functional.cross_entropy(
            logits, targets[asked], reduction="sum"
        ) / asked.sum().clamp(min=1)

    def save_head(self, folder: Path) -> None:
        """Writes the output layer beside the encoder, for a pretraining that goes on from it."""
        save_file({name: value.contiguous() for name, value in self._head().items()}, folder / HEAD)

    def load_head(self, folder: Path) -> bool:
        """Takes the output layer that `save_head` wrote; False where there is none that fits."""
        path = folder / HEAD
        stored = load_file(path) if path.is_file() else {}
        wanted = {name: value.shape for name, value in self._head().items()}
        if {name: value.shape for name, value in stored.items()} != wanted:
            return False
        self.load_state_dict(stored, strict=False)
        return True

    def _head(self) -> dict[str, Tensor]:
        state = self.state_dict()
        return {name: state[name] for name in state if not name.startswith("encoder.")}

"""Masked-language modelling: packed sequences, fresh masks, and the model that fills them in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from clinlib.errors import BadInput
from clinlib.models.encoders import Encoder

MASKED, RANDOM = 0.8, 0.1  # of the chosen positions; the rest keep their token
IGNORED = -100


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


def pack(texts: Iterable[str], tokenizer: PreTrainedTokenizerFast, length: int) -> np.ndarray:
    """Full sequences (N, length) of the texts' subwords, end to end, int64.

    Each begins with [CLS]; [SEP] ends each text. The last, partial sequence is left out.
    Raises BadInput where the texts do not fill one sequence.
    """
    texts = [text for text in texts if text.strip()]
    rows = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"] if texts else []
    sep = tokenizer.sep_token_id
    stream = np.fromiter((i for row in rows for i in (*row, sep)), dtype=np.int64)
    count = len(stream) // (length - 1)
    if count == 0:
        raise BadInput(
            f"{len(texts)} texts with {len(stream)} subwords do not fill one sequence of {length}"
        )
    body = stream[: count * (length - 1)].reshape(count, length - 1)
    first = np.full((count, 1), tokenizer.cls_token_id, dtype=np.int64)
    return np.concatenate([first, body], axis=1)  # (N, length)


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


def masked_batches(
    sequences: np.ndarray,
    tokenizer: PreTrainedTokenizerFast,
    *,
    batch_subwords: int,
    rate: float,
    seed: Sequence[int],
) -> list[MaskedBatch]:
    """One epoch: the sequences (N, length) shuffled and masked afresh from `seed`."""
    size = max(1, batch_subwords // sequences.shape[1])
    rng = np.random.default_rng(list(seed))
    order = rng.permutation(len(sequences))
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    ids = torch.from_numpy(sequences[order])
    return [
        mask(ids[start : start + size], tokenizer, rate, generator)
        for start in range(0, len(ids), size)
    ]


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
        with torch.autocast(
            batch.ids.device.type, torch.bfloat16, enabled=self.precision == "bf16"
        ):
            states = self.encoder(input_ids=batch.ids).last_hidden_state  # (B, L, H)
        asked = batch.targets != IGNORED  # (B, L)
        hidden = self.transform(states[asked].float())  # (M, H)
        logits = hidden @ self.encoder.get_input_embeddings().weight.T + self.bias  # (M, V)
        # no position chosen (a tiny batch): an empty mean would be NaN, the sum is a true zero
        return nn.functional.cross_entropy(
            logits, batch.targets[asked], reduction="sum"
        ) / asked.sum().clamp(min=1)

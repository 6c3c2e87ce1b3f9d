"""Entity masking: label tokens around entities, of which a share is masked and filled in.

After MELM (Zhou et al. 2022) as the IBD study uses it (section 3.2, equations 1 and 2).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from clinlib.adaptation.entity_rows import EntityRows
from clinlib.adaptation.mlm import IGNORED, MaskedBatch, MaskedLanguageModel
from clinlib.models.encoders import Encoder


@dataclass
class EntityBatch(MaskedBatch):
    """B sequences with masked entities, and the same ones as they were, without label tokens.

    ids, targets (B, L) as in MaskedBatch, ids from `label_start` on being label tokens;
    masked (B, L) which positions are masked;
    original (B, N) the ids without label tokens, padded on the right, which attention (B, N) tells;
    place (B, L) where each position of ids stands in `original`, 0 for label tokens.
    """

    masked: Tensor
    original: Tensor
    attention: Tensor
    place: Tensor

    def to(self, device) -> "EntityBatch":
        """The batch on another device."""
        return replace(self, **{f.name: getattr(self, f.name).to(device) for f in fields(self)})


def mask_entities(
    ids: Tensor,
    entity: Tensor,
    tokenizer: PreTrainedTokenizerFast,
    rate: float,
    generator: torch.Generator,
    *,
    label_start: int,
    scored: str = "masked",
) -> EntityBatch:
    """Masks a share `rate` of the entities' subwords (B, L): always [MASK], no other token.

    Targets are the masked subwords (equation 1), or with scored="all" every subword but special
    ones (equation 2 as printed).
    """
    chosen = (torch.rand(ids.shape, generator=generator) < rate) & entity  # (B, L)
    ignored = torch.full_like(ids, IGNORED)
    asked = chosen
    if scored == "all":
        special = torch.tensor(tokenizer.all_special_ids)
        asked = (ids < label_start) & ~torch.isin(ids, special)
    return EntityBatch(
        torch.where(chosen, torch.full_like(ids, tokenizer.mask_token_id), ids),
        torch.where(asked, ids, ignored),
        chosen,
        *_without_labels(ids, label_start, tokenizer.pad_token_id),
    )


def _without_labels(ids: Tensor, label_start: int, pad: int) -> tuple[Tensor, Tensor, Tensor]:
    """original (B, N), attention (B, N) and place (B, L) of an EntityBatch."""
    own = ids < label_start  # (B, L)
    place = (own.cumsum(1) - 1) * own
    lengths = own.sum(1)
    attention = torch.arange(int(lengths.max())) < lengths.unsqueeze(1)  # (B, N)
    original = torch.full(attention.shape, pad, dtype=ids.dtype)
    original[attention] = ids[own]  # both row by row, in order
    return original, attention, place


@dataclass(frozen=True)
class EntityEpoch:
    """One epoch's batches of entity rows, shuffled and masked afresh from `seed`."""

    rows: EntityRows
    tokenizer: PreTrainedTokenizerFast
    batch_subwords: int
    rate: float
    seed: tuple[int, ...]
    scored: str = "masked"

    @property
    def size(self) -> int:
        """Sequences of a batch."""
        return max(1, self.batch_subwords // self.rows.length)

    def __len__(self) -> int:
        return -(-len(self.rows) // self.size)

    def __iter__(self) -> Iterator[EntityBatch]:
        rng = np.random.default_rng(list(self.seed))
        order = rng.permutation(len(self.rows))
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        for start in range(0, len(order), self.size):
            some = self.rows.some(order[start : start + self.size])
            yield mask_entities(
                torch.from_numpy(some.ids),
                torch.from_numpy(some.entity),
                self.tokenizer,
                self.rate,
                generator,
                label_start=some.label_start,
                scored=self.scored,
            )


class LabelledLanguageModel(MaskedLanguageModel):
    """A masked language model that also reads label tokens, T rows beside the encoder's own V.

    The rows are the model's and not the encoder's: an encoder that is saved knows nothing of them.
    `label_vectors` (T, H) are what they start from.
    """

    def __init__(
        self, encoder: Encoder, label_vectors: Tensor, *, precision: str = "float32", seed: int = 0
    ):
        super().__init__(encoder, precision=precision, seed=seed)
        self.label_embedding = nn.Embedding.from_pretrained(label_vectors.clone(), freeze=False)
        self.label_start = len(encoder.tokenizer)

    def inputs(self, batch: MaskedBatch) -> dict[str, Tensor]:
        """The sequences as vectors (B, L, H)."""
        label = batch.ids >= self.label_start  # (B, L)
        own = self.encoder.get_input_embeddings()(batch.ids.masked_fill(label, 0))
        beside = self.label_embedding((batch.ids - self.label_start).clamp(min=0))
        return {"inputs_embeds": torch.where(label.unsqueeze(-1), beside, own)}

    def _head(self) -> dict[str, Tensor]:
        return {k: v for k, v in super()._head().items() if not k.startswith("label_embedding.")}


def label_vectors(encoder: Encoder, words: Mapping[str, Sequence[str]]) -> Tensor:
    """(T, H): per type the mean over its words of their subwords' mean embedding."""
    table = encoder.model.get_input_embeddings().weight.detach()
    rows = []
    for named in words.values():
        ids = [encoder.tokenizer(word, add_special_tokens=False)["input_ids"] for word in named]
        rows.append(torch.stack([table[torch.tensor(each)].mean(0) for each in ids]).mean(0))
    return torch.stack(rows)

"""Tagger: an encoder whose hidden states, one a unit, go through a BiLSTM or not, and a head."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from clinlib.encoding.batches import Batch
from clinlib.encoding.sections import Sections
from clinlib.models.bilstm import BiLSTM
from clinlib.models.dropout import ByteDropout
from clinlib.models.embedding import CompactEmbedding
from clinlib.models.encoders import Encoder
from clinlib.models.heads import make_head
from clinlib.models.section_fusion import SectionBias, SectionInput
from clinlib.models.sentence_head import SentenceHead
from clinlib.models.states import states_at


class Tagger(nn.Module):
    """Encoder, dropout and head: a batch of windows -> emissions, loss, label ids.

    Emissions are (B, U, K), or of the shape that the head says. A unit (subword or word) is
    represented by the hidden state of its first subword. `recurrent` is the size of a BiLSTM
    between encoder and head, of both directions together, 0 for none. The encoder
    runs in bf16 where `precision` says so; the head always runs in float32, since a partition
    function overflows in half precision. `sections` says where the headings of sections are fused;
    `sentence_type` is the entity type of which a second head says whether a sentence holds one.
    """

    def __init__(
        self,
        encoder: Encoder,
        head: str,
        labels: Sequence[str],
        *,
        recurrent: int = 0,
        dropout: float = 0.1,
        label_smoothing: float = 0.0,
        precision: str = "float32",
        weights: Tensor | None = None,
        sections: Sections | None = None,
        sentence_type: str | None = None,
        seed: int = 0,
    ):
        super().__init__()
        self.encoder = encoder.model
        self.dropout = ByteDropout(dropout)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.head = make_head(
                head,
                recurrent or encoder.hidden_size,
                labels,
                label_smoothing=label_smoothing,
                weights=weights,
            )
            self.recurrent = BiLSTM(encoder.hidden_size, recurrent) if recurrent else None
        self.precision = precision
        self.head_name, self.labels = head, tuple(labels)
        self.hidden_size = recurrent or encoder.hidden_size
        self.sections, self.sentence_type = sections, sentence_type
        # "embedding" in the name keeps weight decay from pulling its identity towards zero
        self.section_embedding = self.section_bias = self.sentence_head = None
        if sections and sections.level == "embedding":
            self.section_embedding = SectionInput(sections, self.embedding_size, seed)
        elif sections and sections.level == "classifier":
            self.section_bias = SectionBias(sections, len(labels))
        if sentence_type is not None:
            self.sentence_head = SentenceHead(encoder.hidden_size, labels, sentence_type, seed)

    @property
    def embedding_size(self) -> int:
        """E, the size of the encoder's input embeddings."""
        return self.encoder.get_input_embeddings().embedding_dim

    def embedded(self, batch: Batch) -> Tensor:
        """Input embeddings (B, U, E) of the first subword of each of the batch's units."""
        return self.encoder.get_input_embeddings()(batch.ids.gather(1, batch.first))

    def hidden(self, batch: Batch) -> Tensor:
        """Hidden states (B, U, H) of the batch's units, float32: what the head reads."""
        return self._of_units(self._states(batch), batch)

    def _states(self, batch: Batch, *, sentences: bool = False) -> Tensor:
        """The encoder's states (B, L, H) at the units, and where asked for at a row's first."""
        rows = torch.arange(len(batch.first), device=batch.first.device).unsqueeze(1)
        wanted = torch.zeros_like(batch.attention, dtype=torch.bool)  # (B, L)
        wanted[rows.expand_as(batch.first)[batch.mask], batch.first[batch.mask]] = True
        wanted[:, 0] |= sentences
        inputs = {"input_ids": batch.ids}
        if self.section_embedding is not None:
            embedded = self.encoder.get_input_embeddings()(batch.ids)
            inputs = {"inputs_embeds": self.section_embedding(embedded, batch)}
        device = batch.ids.device.type
        with torch.autocast(device, torch.bfloat16, enabled=self.precision == "bf16"):
            return states_at(self.encoder, inputs | {"attention_mask": batch.attention}, wanted)

    def _of_units(self, states: Tensor, batch: Batch) -> Tensor:
        """Of all positions' states (B, L, H) those of the units (B, U, H), float32."""
        rows = torch.arange(len(batch.first), device=batch.first.device).unsqueeze(1)
        hidden = self.dropout(states[rows, batch.first].float())  # (B, U, H)
        if self.recurrent is None:
            return hidden
        return self.dropout(self.recurrent(hidden, batch.mask))  # (B, U, recurrent)

    def _emissions(self, hidden: Tensor, batch: Batch) -> Tensor:
        emissions = self.head(hidden)
        return emissions if self.section_bias is None else self.section_bias(emissions, batch)

    def forward(self, batch: Batch) -> Tensor:
        """Emissions of a batch, (B, U, K) or as the head says."""
        return self._emissions(self.hidden(batch), batch)

    def with_sentences(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Emissions (B, U, K) and the sentence head's logits (B,), of one pass."""
        states = self._states(batch, sentences=True)
        emissions = self._emissions(self._of_units(states, batch), batch)
        return emissions, self.sentence_head(self.dropout(states[:, 0].float()))

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

"""CompactEmbedding: trains only the rows of an embedding matrix that the training data touch."""

import torch
from torch import Tensor, nn


class CompactEmbedding(nn.Module):
    """An embedding of V rows of which the S rows in `seen` are trainable, the rest constant.

    Under an optimizer without weight decay on embeddings this equals training the whole matrix,
    since a row that never occurs gets no gradient; the update costs S rows instead of V. (With
    MiniLM's 30522 rows on a small corpus, the dense update is a fifth of a training step.)

    ids (any shape) -> vectors (same shape, H).
    """

    def __init__(self, full: nn.Embedding, seen: Tensor):
        super().__init__()
        seen = torch.unique(seen)  # (S,) sorted
        rows = full.weight.detach()
        self.embedding_dim = full.embedding_dim
        self.trained = nn.Parameter(rows[seen].clone())  # (S, H)
        self.register_buffer("constant", rows.clone(), persistent=False)  # (V, H)
        position = torch.full((full.num_embeddings,), -1, dtype=torch.long)
        position[seen] = torch.arange(len(seen))
        self.register_buffer("position", position, persistent=False)  # (V,)
        self.register_buffer("seen", seen, persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        position = self.position[ids]
        vectors = nn.functional.embedding(position.clamp(min=0), self.trained)
        if self.training:  # every id of the training data is among the rows that are trained
            return vectors
        return torch.where((position < 0).unsqueeze(-1), self.constant[ids], vectors)

    def expand(self) -> nn.Embedding:
        """The whole matrix (V, H) as an ordinary embedding, the trained rows in their places."""
        rows = self.constant.clone()
        rows[self.seen] = self.trained.detach()
        return nn.Embedding.from_pretrained(rows, freeze=False)

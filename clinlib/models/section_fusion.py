"""Section fusion: a section's embedding joined to a tagger's input, or added to its emissions.

After "Section information fusion" (3.4.2) of the study of Dutch notes on inflammatory bowel
disease. Both parts begin as if they were not there: a pretrained encoder starts as itself. The
embedding of section 0, no section or one that was not learnt, is zero and stays so.
"""

import torch
from torch import Tensor, nn

from clinlib.encoding.batches import Batch
from clinlib.encoding.sections import UNKNOWN, Sections

DEVIATION = 0.02  # of a section's embedding at the start, as BERT draws its own


class SectionInput(nn.Module):
    """A section's embedding, concatenated to the token embeddings, projected back to their size.

    e' = W [e; v] + b with e (E,) a token's embedding and v (D,) its section's; W = [I | 0], b = 0
    and v of the size of a BERT's embeddings at the start. Positions of the window's own sentence
    have its section; special tokens and context, which may stand under another heading, have none.
    """

    def __init__(self, sections: Sections, embedding_size: int, seed: int = 0):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embedding = nn.Embedding(sections.count, sections.size, padding_idx=UNKNOWN)
            self.projection = nn.Linear(embedding_size + sections.size, embedding_size)
        nn.init.eye_(self.projection.weight)  # (E, E + D): [I | 0]
        nn.init.zeros_(self.projection.bias)
        # with torch's deviation of 1 the first update of W moves all of e' by D times the learning
        # rate, about the size of a token's embedding: the encoder does not recover from that
        with torch.no_grad():
            self.embedding.weight.mul_(DEVIATION)

    def forward(self, embedded: Tensor, batch: Batch) -> Tensor:
        """Input embeddings (B, L, E) -> (B, L, E), at least float32 whatever autocast is on."""
        own = batch.unit >= 0  # (B, L)
        section = self.embedding(batch.section.unsqueeze(1) * own)  # (B, L, D)
        with torch.autocast(embedded.device.type, enabled=False):
            return self.projection(torch.cat([embedded.float(), section], -1))


class SectionBias(nn.Module):
    """A bias of each label's emission in each section, zero at the start."""

    def __init__(self, sections: Sections, labels: int):
        super().__init__()
        self.embedding = nn.Embedding(sections.count, labels, padding_idx=UNKNOWN)
        nn.init.zeros_(self.embedding.weight)

    def forward(self, emissions: Tensor, batch: Batch) -> Tensor:
        """Emissions (B, U, K) -> (B, U, K)."""
        return emissions + self.embedding(batch.section).unsqueeze(1)

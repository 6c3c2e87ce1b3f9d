"""CompactEmbedding: the same training as the whole matrix, at the cost of the rows that occur."""

import torch
from torch import nn

from clinlib.models.embedding import CompactEmbedding


def _train(layer, batches, parameters):
    optimizer = torch.optim.AdamW(parameters, lr=0.1, weight_decay=0.0)
    target = torch.linspace(-1, 1, 4)
    for ids in batches:
        optimizer.zero_grad()
        ((layer(ids) - target) ** 2).sum().backward()
        optimizer.step()


def test_training_it_equals_training_the_whole_matrix():
    generator = torch.Generator().manual_seed(0)
    full = nn.Embedding(50, 4)
    batches = [torch.randint(5, 20, (3, 6), generator=generator) for _ in range(12)]
    compact = CompactEmbedding(full, torch.cat([b.flatten() for b in batches]))
    _train(compact, batches, compact.parameters())
    _train(full, batches, full.parameters())
    assert torch.allclose(compact.expand().weight, full.weight, atol=1e-6)


def test_rows_that_training_never_saw_keep_their_values_when_predicting():
    full = nn.Embedding(10, 3)
    compact = CompactEmbedding(full, torch.tensor([2, 5])).eval()
    ids = torch.tensor([[0, 2, 9], [5, 5, 1]])
    assert torch.equal(compact(ids), full(ids))
    with torch.no_grad():
        compact.trained += 1
    changed = (compact(ids) != full(ids)).all(-1)
    assert changed.tolist() == [[False, True, False], [True, True, False]]


def test_only_the_rows_that_occur_are_parameters():
    compact = CompactEmbedding(nn.Embedding(100, 3), torch.tensor([7, 7, 3]))
    assert [tuple(p.shape) for p in compact.parameters()] == [(2, 3)]

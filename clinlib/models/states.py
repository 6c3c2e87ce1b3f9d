"""States: an encoder's last hidden states at the positions that are asked for, and no others.

On a CPU a training step is nine tenths matrix products, each row of which costs the same whether
it is a subword, padding, or a position that nothing reads afterwards.
"""

import torch
from torch import Tensor, nn
from transformers import BertModel
from transformers.models.bert.modeling_bert import BertLayer


def states_at(model: nn.Module, ids: Tensor, filled: Tensor | None, wanted: Tensor) -> Tensor:
    """The last hidden states (M, H) of ids (B, L) at the positions `wanted` (M,).

    `filled` (B, L) bool is off where a row is padded, on its right; None where none is. `wanted`
    are filled positions of the flattened batch (B L), ascending. A BERT on a CPU computes neither
    padding nor, in its last layer, what is not wanted; states, gradients and the draws of dropout
    are those of the whole batch but for rounding. Any other model reads the whole batch.
    """
    if _can_leave_out(model, ids):
        return _bert(model, ids, filled, wanted)
    whole = model(input_ids=ids, attention_mask=filled).last_hidden_state  # (B, L, H)
    return whole.flatten(0, 1).index_select(0, wanted)


def _can_leave_out(model: nn.Module, ids: Tensor) -> bool:
    if type(model) is not BertModel or ids.device.type != "cpu":
        return False
    config = model.config
    return config._attn_implementation == "sdpa" and config.attention_probs_dropout_prob == 0


def _bert(model: BertModel, ids: Tensor, filled: Tensor | None, wanted: Tensor) -> Tensor:
    rows = torch.arange(ids.numel())  # (N,) positions that are computed
    mask = None
    if filled is not None and not bool(filled.all()):
        rows = filled.flatten().nonzero().squeeze(1)
        mask = torch.zeros(filled.shape).masked_fill(~filled, float("-inf"))
        mask = mask[:, None, None]  # (B, 1, 1, L), added to the scores of keys
    parts = model.embeddings
    vectors = parts.word_embeddings(ids.flatten()[rows]) + parts.token_type_embeddings.weight[0]
    vectors = vectors + parts.position_embeddings(rows % ids.shape[1])
    states = parts.dropout(parts.LayerNorm(vectors), rows, ids.numel())  # (N, H)
    *layers, last = model.encoder.layer
    for layer in layers:
        states = _layer(layer, states, rows, rows, mask, ids.shape)
    return _layer(last, states, rows, wanted, mask, ids.shape)


def _layer(
    layer: BertLayer,
    states: Tensor,
    rows: Tensor,
    wanted: Tensor,
    mask: Tensor | None,
    shape: tuple[int, int],
) -> Tensor:
    """States (N, H) at `rows` below the layer -> states (M, H) at `wanted` above it."""
    batch, length = shape
    own = states if wanted is rows else states.index_select(0, torch.searchsorted(rows, wanted))
    attention = layer.attention.self
    query, key, value = (
        _padded(projected, at, batch * length)
        .view(batch, length, -1, attention.attention_head_size)
        .transpose(1, 2)  # (B, heads, L, H / heads)
        for projected, at in (
            (attention.query(own), wanted),
            (attention.key(states), rows),
            (attention.value(states), rows),
        )
    )
    mixed = nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=None if mask is None else mask.to(query.dtype)
    )
    mixed = mixed.transpose(1, 2).reshape(batch * length, -1)
    if len(wanted) < len(mixed):
        mixed = mixed.index_select(0, wanted)  # (M, H)
    own = _added(layer.attention.output, mixed, own, wanted, batch * length)
    return _added(layer.output, layer.intermediate(own), own, wanted, batch * length)


def _padded(states: Tensor, rows: Tensor, total: int) -> Tensor:
    """States (N, H) at their rows of (total, H), zero elsewhere."""
    if len(rows) == total:
        return states
    return states.new_zeros(total, states.shape[1]).index_add_(0, rows, states)


def _added(output: nn.Module, inner: Tensor, states: Tensor, rows: Tensor, total: int) -> Tensor:
    """A sublayer's end: projection and dropout of what is inside, added to its input, normed."""
    return output.LayerNorm(output.dropout(output.dense(inner), rows, total) + states)

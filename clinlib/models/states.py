"""States: an encoder's last hidden states at the positions that are asked for, and no others.

On a CPU a training step is nine tenths matrix products, each row of which costs the same whether
it is a subword, padding, or a position that nothing reads afterwards.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from transformers import BertModel
from transformers.models.bert.modeling_bert import BertLayer


def states_at(model: nn.Module, inputs: Mapping[str, Tensor], wanted: Tensor) -> Tensor:
    """The last hidden states (B, L, H) of what `inputs` hold, at the positions `wanted` (B, L).

    `inputs` are the model's arguments: input_ids (B, L) or inputs_embeds (B, L, E), and maybe
    attention_mask (B, L), off where a row is padded on its right; no padding is wanted. A BERT on
    a CPU computes neither padding nor, in its last layer, what is not wanted, and gives zeros
    there; states, gradients and the draws of dropout are those of the whole batch but for
    rounding. Any other model reads the whole batch.
    """
    if _can_leave_out(model, wanted):
        return _bert(model, inputs, wanted)
    return model(**inputs).last_hidden_state


def _can_leave_out(model: nn.Module, wanted: Tensor) -> bool:
    if type(model) is not BertModel or wanted.device.type != "cpu":
        return False
    config = model.config
    return config._attn_implementation == "sdpa" and config.attention_probs_dropout_prob == 0


def _bert(model: BertModel, inputs: Mapping[str, Tensor], wanted: Tensor) -> Tensor:
    shape = wanted.shape
    filled = inputs.get("attention_mask")
    rows, mask = torch.arange(wanted.numel()), None  # (N,) positions that are computed
    if filled is not None and not bool(filled.all()):
        filled = filled.bool()
        rows = filled.flatten().nonzero().squeeze(1)
        mask = torch.zeros(shape).masked_fill(~filled, float("-inf"))
        mask = mask[:, None, None]  # (B, 1, 1, L), added to the scores of keys
    parts = model.embeddings
    if "inputs_embeds" in inputs:
        vectors = inputs["inputs_embeds"].flatten(0, 1).index_select(0, rows)
    else:
        vectors = parts.word_embeddings(inputs["input_ids"].flatten()[rows])
    vectors = vectors + parts.token_type_embeddings.weight[0]
    vectors = vectors + parts.position_embeddings(rows % shape[1])
    states = parts.dropout(parts.LayerNorm(vectors), rows, wanted.numel())  # (N, H)
    *layers, last = model.encoder.layer
    for layer in layers:
        states = _layer(layer, states, rows, rows, mask, shape)
    asked = wanted.flatten().nonzero().squeeze(1)  # (M,)
    states = _layer(last, states, rows, asked, mask, shape)
    return _padded(states, asked, wanted.numel()).view(*shape, -1)


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

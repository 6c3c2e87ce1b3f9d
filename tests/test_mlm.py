"""Masked-language modelling: packing, masking rates, and a loss over masked tokens alone."""

import math

import golden
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from clinlib.adaptation import sequences
from clinlib.adaptation.mlm import (
    IGNORED,
    MaskedBatch,
    MaskedEpoch,
    MaskedLanguageModel,
    mask,
)
from clinlib.adaptation.sequences import pack, packed
from clinlib.corpora import registry
from clinlib.encoding.vocabulary import learn_subwords
from clinlib.errors import BadInput
from clinlib.experiments import pretrain
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import Pretrain
from clinlib.models import encoders
from clinlib.training import precision

TEXTS = [f"the patient took {drug} and felt {n} times better" for n in "1234" for drug in "abcd"]


@pytest.fixture(scope="module")
def tokenizer():
    return learn_subwords(TEXTS, 200)


def rows(tokenizer, texts=TEXTS):
    """Packed sequences (N, 16) of the texts."""
    return np.stack(list(pack(texts, tokenizer, 16))).astype(np.int64)


def test_packing_keeps_every_subword_in_order_but_the_last_partial_sequence(tokenizer):
    packed = rows(tokenizer, [*TEXTS, "  "])
    assert packed.shape[1] == 16 and (packed[:, 0] == tokenizer.cls_token_id).all()
    stream = [
        i
        for text in TEXTS
        for i in [*tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.sep_token_id]
    ]
    flat = packed[:, 1:].flatten().tolist()
    assert flat == stream[: len(flat)] and len(stream) - len(flat) < 15


def test_packing_is_the_same_however_many_texts_are_tokenised_at_once(tokenizer, monkeypatch):
    whole = rows(tokenizer)
    monkeypatch.setattr(sequences, "AT_ONCE", 3)
    assert (rows(tokenizer) == whole).all()


def test_too_little_text_is_an_error(tokenizer, tmp_path):
    for texts in (["the patient"], [], ["  "]):
        with pytest.raises(BadInput, match="do not fill one sequence of 64"):
            packed([texts], tokenizer, 64, tmp_path)


def test_packed_rows_on_disk_are_those_in_memory_in_any_order(tokenizer, tmp_path):
    table = packed([TEXTS, TEXTS[:4]], tokenizer, 16, tmp_path)
    in_memory = np.concatenate([rows(tokenizer), rows(tokenizer, TEXTS[:4])])
    order = np.random.default_rng(0).permutation(len(table))
    some = table.some(order)
    at = np.array([3, 0, 3, len(table) - 1])
    assert (some.take(at) == in_memory[order][at]).all()
    assert some.hash() != table.hash() and table.hash() == table.some(np.arange(len(table))).hash()


def test_a_limit_takes_the_first_subwords_of_each_source(tokenizer, tmp_path):
    table = packed([TEXTS, TEXTS], tokenizer, 16, tmp_path, limit=40)
    assert len(table) == 4
    assert (table.take(np.arange(2)) == rows(tokenizer)[:2]).all()


def test_masking_is_80_10_10_of_the_rate_and_never_touches_special_tokens(tokenizer):
    ids = torch.from_numpy(np.tile(rows(tokenizer), (400, 1)))
    batch = mask(ids, tokenizer, 0.15, torch.Generator().manual_seed(0))
    chosen = batch.targets != IGNORED
    special = torch.isin(ids, torch.tensor(tokenizer.all_special_ids))
    assert not (chosen & special).any()
    assert abs(chosen[~special].float().mean() - 0.15) < 0.005
    assert torch.equal(batch.targets[chosen], ids[chosen])
    assert torch.equal(batch.ids[~chosen], ids[~chosen])
    masked = (batch.ids == tokenizer.mask_token_id)[chosen].float().mean()
    same = (batch.ids == ids)[chosen].float().mean()
    assert abs(masked - 0.8) < 0.02 and abs(same - 0.1) < 0.02


def test_masks_are_drawn_afresh_each_epoch_and_fixed_by_the_seed(tokenizer, tmp_path):
    table = packed([TEXTS], tokenizer, 16, tmp_path)

    def epoch(*seed):
        made = MaskedEpoch(table, tokenizer, batch_subwords=64, rate=0.3, seed=seed)
        assert len(list(made)) == len(made)
        return torch.cat([batch.targets for batch in made])

    assert torch.equal(epoch(0, 1), epoch(0, 1))
    assert not torch.equal(epoch(0, 1), epoch(0, 2))


def test_the_loss_is_the_cross_entropy_of_the_masked_tokens_alone(tokenizer):
    encoder = encoders.from_scratch("scratch-tiny", tokenizer, seed=0)
    model = MaskedLanguageModel(encoder).eval()
    ids = torch.from_numpy(rows(tokenizer)[:3])
    targets = torch.full_like(ids, IGNORED)
    targets[0, 3], targets[2, 5] = ids[0, 3], ids[2, 5]
    states = encoder.model(input_ids=ids).last_hidden_state
    logits = (
        model.transform(states) @ encoder.model.embeddings.word_embeddings.weight.T + model.bias
    )
    expected = -torch.stack(
        [logits[r, t].log_softmax(-1)[ids[r, t]] for r, t in ((0, 3), (2, 5))]
    ).mean()
    assert torch.allclose(model.loss(MaskedBatch(ids, targets)), expected, atol=1e-5)


def test_a_batch_without_a_masked_token_has_loss_zero_and_not_nan(tokenizer):
    model = MaskedLanguageModel(encoders.from_scratch("scratch-tiny", tokenizer, seed=0))
    ids = torch.from_numpy(rows(tokenizer)[:1])
    assert float(model.loss(MaskedBatch(ids, torch.full_like(ids, IGNORED))).detach()) == 0.0


@pytest.fixture(scope="module")
def in_precisions(tokenizer):
    """Float32 and bf16 -> loss, states (B, L, H), model, the formats of its linear layers' output.

    Weights and the batch are the same, and there is no dropout.
    """
    batch = mask(
        torch.from_numpy(rows(tokenizer)[:8]), tokenizer, 0.3, torch.Generator().manual_seed(0)
    )
    found = {}
    for format_ in ("float32", "bf16"):
        encoder = encoders.from_scratch("scratch-tiny", tokenizer, seed=0, dropout=0.0)
        model, formats = MaskedLanguageModel(encoder, precision=format_), {}
        for name, layer in model.named_modules():
            if isinstance(layer, torch.nn.Linear):
                layer.register_forward_hook(
                    lambda _, given, out, name=name, formats=formats: formats.update(
                        {name: out.dtype}
                    )
                )
        states = model.states(batch, batch.targets != IGNORED)
        found[format_] = model.loss(batch), states, model, formats
    return found


def test_bf16_computes_the_encoder_in_bf16_and_the_output_layer_in_float32(in_precisions):
    formats = in_precisions["float32"][3]
    assert set(formats.values()) == {torch.float32}
    formats = in_precisions["bf16"][3]
    below = {name for name in formats if name.startswith("encoder.")}
    assert below and {formats[name] for name in below} == {torch.bfloat16}
    above = formats.keys() - below
    assert above and {formats[name] for name in above} == {torch.float32}


def test_bf16_gives_the_states_and_the_loss_of_float32_within_its_rounding(in_precisions):
    (full, exact, *_), (half, near, *_) = in_precisions.values()
    asked = exact.abs().sum(-1) > 0
    error = (near - exact)[asked].norm() / exact[asked].norm()
    assert 2**-12 < error < 2**-6, "bf16 has 8 bits of a number"
    assert half.dtype == near.dtype == torch.float32
    assert 0 < abs(half - full) < 2**-6 * full


def test_weights_and_gradients_of_bf16_are_float32(in_precisions):
    loss, _, model, _ = in_precisions["bf16"]
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients and {each.dtype for each in gradients} == {torch.float32}
    assert {p.dtype for p in model.parameters()} == {torch.float32}


def test_a_pretraining_in_bf16_ends_near_that_in_float32_and_writes_float32(monkeypatch, tmp_path):
    corpus = golden.micro()
    monkeypatch.setattr(registry, "load", lambda name: corpus)
    monkeypatch.setattr(precision, "native_bf16", lambda: True)  # slow where it is emulated
    config = Pretrain(texts=("corpus:micro",), vocabulary=300, epochs=2, length=32)
    found = {}
    for name in ("float32", "bf16"):
        place = tmp_path / name
        place.mkdir()
        run = pretrain.run(config.replaced(precision=name), RunContext(artifact=place))
        found[name] = run["held_out"]
        weights = load_file(place / "model.safetensors")
        assert {each.dtype for each in weights.values()} == {torch.float32}
    full, half = found["float32"], found["bf16"]
    assert half["before"] != full["before"] and half["loss"] != full["loss"]
    for name in ("before", "loss"):
        assert half[name] == pytest.approx(full[name], rel=2**-6)
    for each in found.values():
        assert each["perplexity"] == pytest.approx(math.exp(each["loss"]), abs=5e-4)
        assert each["loss"] < each["before"]


def test_the_held_out_loss_is_the_mean_over_masked_tokens_and_not_over_batches(tokenizer):
    model = MaskedLanguageModel(encoders.from_scratch("scratch-tiny", tokenizer, seed=0))
    ids = torch.from_numpy(rows(tokenizer))
    generator = torch.Generator().manual_seed(0)
    few, many = (mask(ids[at], tokenizer, rate, generator) for at, rate in ((0, 0.1), (1, 0.9)))
    batches = [MaskedBatch(b.ids[None], b.targets[None]) for b in (few, many)]
    counts = [int((b.targets != IGNORED).sum()) for b in batches]
    assert 0 < counts[0] < counts[1]
    one, two = (pretrain.mean_loss(model, [b], "cpu") for b in batches)
    weighed = (one * counts[0] + two * counts[1]) / sum(counts)
    assert pretrain.mean_loss(model, batches, "cpu") == pytest.approx(weighed, rel=1e-6)
    assert not math.isclose(weighed, (one + two) / 2, rel_tol=1e-6)


def test_the_output_matrix_is_the_encoders_own(tokenizer):
    encoder = encoders.from_scratch("scratch-tiny", tokenizer, seed=0)
    names = [name for name, _ in MaskedLanguageModel(encoder).named_parameters()]
    assert len(names) == len(set(names))
    table = encoder.model.embeddings.word_embeddings.weight
    assert sum(p is table for p in MaskedLanguageModel(encoder).parameters()) == 1


def test_an_output_layer_goes_on_where_it_ended_and_another_size_is_not_taken(tokenizer, tmp_path):
    def made(architecture, seed):
        encoder = encoders.from_scratch(architecture, tokenizer, seed=0)
        return MaskedLanguageModel(encoder, seed=seed).eval()

    first, other = made("scratch-tiny", 1), made("scratch-tiny", 2)
    with torch.no_grad():
        first.bias += 1
    first.save_head(tmp_path)
    ids = torch.from_numpy(rows(tokenizer)[:2])
    targets = torch.where(torch.rand(ids.shape) < 0.3, ids, torch.full_like(ids, IGNORED))
    batch = MaskedBatch(ids, targets)
    assert not torch.allclose(first.loss(batch), other.loss(batch))
    assert other.load_head(tmp_path)
    assert torch.equal(first.loss(batch), other.loss(batch))
    assert not made("scratch-mini", 1).load_head(tmp_path)
    assert not other.load_head(tmp_path / "nothing")

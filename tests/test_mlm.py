"""Masked-language modelling: packing, masking rates, and a loss over masked tokens alone."""

import numpy as np
import pytest
import torch

from clinlib.adaptation import sequences
from clinlib.adaptation.mlm import (
    IGNORED,
    MaskedBatch,
    MaskedEpoch,
    MaskedLanguageModel,
    mask,
)
from clinlib.adaptation.sequences import pack, packed
from clinlib.encoding.vocabulary import learn_subwords
from clinlib.errors import BadInput
from clinlib.models import encoders

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

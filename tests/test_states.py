"""States at chosen positions: what is left out changes neither states, gradients nor draws."""

import pytest
import torch

from clinlib.models import encoders, states

TEXTS = ["She took aspirin with water every day."]
LENGTHS = (9, 4, 9, 1)


def _load(name):
    return encoders.load(name, seed=0, texts=TEXTS, dropout=0.2).model.double()


@pytest.fixture(params=["scratch-tiny", "bilstm"])
def model(request):
    return _load(request.param)


@pytest.fixture
def bert():
    return _load("scratch-tiny")


def _batch(lengths=LENGTHS):
    """What a model reads, and of the filled positions every second one as wanted (B, L)."""
    filled = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    ids = torch.randint(5, 20, filled.shape, generator=torch.Generator().manual_seed(1)) * filled
    some = torch.zeros_like(filled)
    some.view(-1)[filled.flatten().nonzero().squeeze(1)[::2]] = True
    return {"input_ids": ids, "attention_mask": filled}, some


def _found(model, inputs, wanted):
    """States at `wanted` (M, H), and all parameters' gradients, under one seed of dropout."""
    model.zero_grad()
    torch.manual_seed(3)
    found = states.states_at(model, inputs, wanted)[wanted]
    (found * torch.linspace(-1, 1, found.numel()).view_as(found)).sum().backward()
    return found.detach(), {name: p.grad for name, p in model.named_parameters()}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("lengths", [LENGTHS, (6, 6, 6)])
@pytest.mark.parametrize("every", [True, False])
@pytest.mark.parametrize("embedded", [True, False])
def test_states_and_gradients_are_those_of_the_whole_batch(
    model, monkeypatch, training, lengths, every, embedded
):
    inputs, some = _batch(lengths)
    wanted = inputs["attention_mask"] if every else some
    if embedded:
        ids = inputs.pop("input_ids")
        inputs["inputs_embeds"] = model.get_input_embeddings()(ids).detach() + 0.5
    model.train(training)
    found, gradients = _found(model, inputs, wanted)
    monkeypatch.setattr(states, "_can_leave_out", lambda model, wanted: False)
    whole, expected = _found(model, inputs, wanted)
    assert torch.allclose(found, whole, rtol=0, atol=1e-12)
    for name, gradient in expected.items():
        if gradient is None:  # vectors that nothing read
            assert gradients[name] is None and embedded
        else:
            assert torch.allclose(gradients[name], gradient, rtol=0, atol=1e-10), name


def test_the_next_draw_is_the_same_as_after_the_whole_batch(model, monkeypatch):
    after = []
    for leave_out in (states._can_leave_out, lambda model, wanted: False):
        monkeypatch.setattr(states, "_can_leave_out", leave_out)
        _found(model.train(), *_batch())
        after.append(torch.rand(3))
    assert torch.equal(*after)


def test_without_padding_no_mask_is_needed(model):
    inputs, wanted = _batch((5, 5))
    model.eval()
    masked = states.states_at(model, inputs, wanted)
    inputs.pop("attention_mask")
    assert torch.equal(states.states_at(model, inputs, wanted)[wanted], masked[wanted])


def test_a_bert_gives_zeros_where_nothing_is_wanted(bert):
    inputs, wanted = _batch()
    found = states.states_at(bert, inputs, wanted)
    assert found[~wanted].eq(0).all() and found[wanted].ne(0).any(-1).all()
    assert states.states_at(bert, inputs, torch.zeros_like(wanted)).eq(0).all()


def test_a_bert_projects_neither_padding_nor_what_is_not_wanted(bert):
    inputs, wanted = _batch()
    rows = []
    for layer in bert.encoder.layer:
        layer.intermediate.dense.register_forward_hook(
            lambda module, inputs, output: rows.append(output.numel() // output.shape[-1])
        )
    states.states_at(bert, inputs, wanted)
    assert rows == [int(inputs["attention_mask"].sum()), int(wanted.sum())]


def test_other_attention_than_the_fused_one_reads_the_whole_batch(bert, monkeypatch):
    inputs, wanted = _batch()
    bert.eval()
    expected = states.states_at(bert, inputs, wanted)[wanted]
    bert.set_attn_implementation("eager")
    monkeypatch.setattr(states, "_bert", None)  # not called
    assert torch.allclose(states.states_at(bert, inputs, wanted)[wanted], expected, atol=1e-12)

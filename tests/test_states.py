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
    """ids (B, L), filled (B, L), and the flat indices of every second filled position."""
    filled = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    ids = torch.randint(5, 20, filled.shape, generator=torch.Generator().manual_seed(1)) * filled
    return ids, filled, filled.flatten().nonzero().squeeze(1)[::2].contiguous()


def _found(model, ids, filled, wanted):
    """States at `wanted`, and the gradients of all parameters, under one seed of dropout."""
    model.zero_grad()
    torch.manual_seed(3)
    found = states.states_at(model, ids, filled, wanted)
    (found * torch.linspace(-1, 1, found.numel()).view_as(found)).sum().backward()
    return found.detach(), {name: p.grad for name, p in model.named_parameters()}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("lengths", [LENGTHS, (6, 6, 6)])
@pytest.mark.parametrize("every", [True, False])
def test_states_and_gradients_are_those_of_the_whole_batch(
    model, monkeypatch, training, lengths, every
):
    ids, filled, some = _batch(lengths)
    wanted = filled.flatten().nonzero().squeeze(1) if every else some
    model.train(training)
    found, gradients = _found(model, ids, filled, wanted)
    monkeypatch.setattr(states, "_can_leave_out", lambda model, ids: False)
    whole, expected = _found(model, ids, filled, wanted)
    assert torch.allclose(found, whole, rtol=0, atol=1e-12)
    for name, gradient in expected.items():
        assert torch.allclose(gradients[name], gradient, rtol=0, atol=1e-10), name


def test_the_next_draw_is_the_same_as_after_the_whole_batch(model, monkeypatch):
    after = []
    for leave_out in (states._can_leave_out, lambda model, ids: False):
        monkeypatch.setattr(states, "_can_leave_out", leave_out)
        _found(model.train(), *_batch())
        after.append(torch.rand(3))
    assert torch.equal(*after)


def test_without_padding_none_need_be_said(model):
    ids, filled, wanted = _batch((5, 5))
    model.eval()
    assert torch.equal(
        states.states_at(model, ids, None, wanted), states.states_at(model, ids, filled, wanted)
    )


def test_nothing_is_wanted_and_nothing_is_found(model):
    ids, filled, wanted = _batch()
    assert states.states_at(model, ids, filled, wanted[:0]).shape == (0, model.config.hidden_size)


def test_a_bert_projects_neither_padding_nor_what_is_not_wanted(bert):
    ids, filled, wanted = _batch()
    rows = []
    for layer in bert.encoder.layer:
        layer.intermediate.dense.register_forward_hook(
            lambda module, inputs, output: rows.append(output.numel() // output.shape[-1])
        )
    states.states_at(bert, ids, filled, wanted)
    assert rows == [int(filled.sum()), len(wanted)]


def test_other_attention_than_the_fused_one_reads_the_whole_batch(bert, monkeypatch):
    ids, filled, wanted = _batch()
    bert.eval()
    expected = states.states_at(bert, ids, filled, wanted)
    bert.set_attn_implementation("eager")
    monkeypatch.setattr(states, "_bert", None)  # not called
    assert torch.allclose(states.states_at(bert, ids, filled, wanted), expected, atol=1e-12)

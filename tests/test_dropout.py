"""ByteDropout: its rate, its expectation, its gradient, and that it is off outside training."""

import pytest
import torch
from torch import nn

from clinlib.models.dropout import ByteDropout, use_byte_dropout


@pytest.mark.parametrize("p", [0.1, 0.2, 0.5])
def test_rate_and_expectation_are_those_of_dropout(p):
    torch.manual_seed(0)
    ones = torch.ones(1001, 999)  # a count that is no multiple of eight
    out = ByteDropout(p).train()(ones)
    rate = round(256 * p) / 256
    dropped = (out == 0).float()
    assert abs(dropped.mean().item() - rate) < 0.002
    assert torch.allclose(out[out != 0], torch.tensor(1 / (1 - rate)))
    # each of the eight bytes of a draw is used alike
    by_byte = dropped.flatten()[: 8 * 100_000].view(-1, 8).mean(0)
    assert (by_byte - rate).abs().max() < 0.01


def test_neighbouring_elements_are_dropped_independently():
    torch.manual_seed(0)
    dropped = (ByteDropout(0.5).train()(torch.ones(800_000)) == 0).float()
    both = (dropped[:-1] * dropped[1:]).mean().item()
    assert abs(both - 0.25) < 0.005


def test_gradient_passes_only_where_the_value_was_kept():
    x = torch.ones(512, requires_grad=True)
    out = ByteDropout(0.25).train()(x)
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())


def test_it_is_the_identity_in_eval_mode_and_at_rate_zero():
    x = torch.randn(3, 5)
    assert ByteDropout(0.5).eval()(x) is x
    assert ByteDropout(0.0).train()(x) is x


def test_the_same_seed_gives_the_same_mask_and_another_seed_another():
    def draw(seed):
        torch.manual_seed(seed)
        return ByteDropout(0.5).train()(torch.ones(64))

    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))


def test_replacing_keeps_each_modules_own_rate():
    model = nn.Sequential(nn.Dropout(0.1), nn.Sequential(nn.Dropout(0.0), nn.Linear(2, 2)))
    use_byte_dropout(model)
    assert [m.p for m in model.modules() if isinstance(m, ByteDropout)] == [0.1, 0.0]
    assert not any(isinstance(m, nn.Dropout) for m in model.modules())

"""The training loop: what it minimises, when it stops, which weights it leaves."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from clinlib.errors import ClinlibError
from clinlib.training.loop import fit
from clinlib.training.objectives import Supervised
from clinlib.training.schedule import Schedule


@dataclass
class Points:
    x: torch.Tensor
    subwords: int = 4

    def to(self, device):
        return self


class Line(nn.Module):
    """Learns y = 2x; remembers the weight at the end of each epoch when evaluated."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def loss(self, batch):
        return ((self.weight * batch.x - 2 * batch.x) ** 2).mean()


def _batches(epoch):
    return [Points(torch.tensor([1.0, 2.0])) for _ in range(5)]


def _schedule(**changes):
    return Schedule(**{"learning_rate": 0.2, "epochs": 4, "weight_decay": 0.0} | changes)


def test_the_loss_falls_and_every_epoch_is_in_the_curve():
    result = fit(Line(), Supervised(), _batches, _schedule(epochs=12, learning_rate=0.05))
    losses = [row["loss"] for row in result.curve]
    assert losses == sorted(losses, reverse=True) and losses[-1] < losses[0] / 5
    assert [row["epoch"] for row in result.curve] == list(range(1, 13))
    assert result.best_epoch == 12 and result.stop_reason == "epochs"


@pytest.mark.parametrize("scores, best", [([1, 3, 2, 2], 2), ([1, 2, 3, 4], 4), ([2, 2, 2, 1], 1)])
def test_the_weights_of_the_best_epoch_are_left_and_ties_go_to_the_earlier(scores, best):
    model, seen, remaining = Line(), [], list(scores)

    def evaluate():
        seen.append(model.weight.detach().clone())
        return float(remaining.pop(0))

    result = fit(model, Supervised(), _batches, _schedule(), evaluate=evaluate)
    assert result.best_epoch == best
    assert torch.equal(model.weight.detach(), seen[best - 1])
    assert [row["dev_f1"] for row in result.curve] == scores


def test_patience_stops_after_that_many_evaluations_without_a_better_score():
    scores = iter([5.0, 4.0, 4.5, 9.0])
    result = fit(
        Line(), Supervised(), _batches, _schedule(patience=2), evaluate=lambda: next(scores)
    )
    assert result.stop_reason == "patience"
    assert len(result.curve) == 3 and result.best_epoch == 1


def test_a_loss_that_is_not_finite_is_an_error_that_names_the_epoch():
    with pytest.raises(ClinlibError, match="epoch 1"):
        fit(Line(), lambda model, batch: model.weight.sum() / 0.0, _batches, _schedule())


def test_an_objective_decides_what_is_minimised():
    model = Line()
    fit(model, lambda m, batch: (m.weight + 1).pow(2).sum(), _batches, _schedule(epochs=30))
    assert abs(float(model.weight.detach()) + 1) < 0.2


def test_the_gradient_is_clipped_before_the_update(monkeypatch):
    norms, original = [], torch.optim.AdamW.step

    def step(self, *args, **kwargs):
        norms.append(float(self.param_groups[0]["params"][0].grad.norm()))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    fit(Line(), lambda m, b: 1e6 * m.loss(b), _batches, _schedule(clip=0.5, epochs=1))
    assert norms and max(norms) == pytest.approx(0.5, rel=1e-3)


def test_progress_is_reported_up_to_the_whole():
    fractions = []
    fit(
        Line(),
        Supervised(),
        _batches,
        _schedule(epochs=2),
        report=lambda fraction, text: fractions.append(fraction),
    )
    assert fractions == sorted(fractions) and fractions[-1] == 1.0

"""Schedule and optimizer: the learning rate's course, and which weights decay."""

import pytest
import torch
from torch import nn

from clinlib.training.schedule import Schedule, optimizer


def test_the_rate_warms_up_linearly_and_decays_to_zero():
    schedule = Schedule(learning_rate=1.0, epochs=1, warmup=0.2)
    factors = [schedule.factor(step, 10) for step in range(11)]
    assert factors[:3] == [0.5, 1.0, 1.0]
    assert factors[-1] == 0.0
    falls = [a - b for a, b in zip(factors[2:], factors[3:], strict=False)]
    assert falls == pytest.approx([1 / 8] * 8)


def test_without_warm_up_the_first_update_has_the_full_rate():
    assert Schedule(learning_rate=1.0, epochs=1, warmup=0.0).factor(0, 10) == 1.0


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleDict(
            {"embeddings": nn.Embedding(5, 3), "norm": nn.LayerNorm(3), "dense": nn.Linear(3, 3)}
        )
        self.head = nn.Linear(3, 2)
        self.transitions = nn.Parameter(torch.zeros(2, 2))
        self.frozen = nn.Parameter(torch.zeros(1), requires_grad=False)


def test_every_trainable_parameter_is_in_one_group_with_its_rate_and_decay():
    model = Model()
    groups = optimizer(
        model, Schedule(learning_rate=0.1, head_learning_rate=0.5, epochs=1, weight_decay=0.3)
    ).param_groups
    found = {
        id(p): (group["lr"], group["weight_decay"]) for group in groups for p in group["params"]
    }
    assert sum(len(group["params"]) for group in groups) == len(found)
    expected = {
        "encoder.embeddings.weight": (0.1, 0.0),
        "encoder.norm.weight": (0.1, 0.0),
        "encoder.norm.bias": (0.1, 0.0),
        "encoder.dense.weight": (0.1, 0.3),
        "encoder.dense.bias": (0.1, 0.0),
        "head.weight": (0.5, 0.3),
        "head.bias": (0.5, 0.0),
        "transitions": (0.5, 0.0),
    }
    named = dict(model.named_parameters())
    assert {name: found.get(id(p)) for name, p in named.items() if name != "frozen"} == expected
    assert id(named["frozen"]) not in found

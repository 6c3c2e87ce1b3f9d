"""Schedule: how long, how fast and in what precision a model is trained."""

from dataclasses import dataclass

import torch
from torch import nn

# parameters at the encoder's rate: its own, and those that make its input
INPUT = ("encoder.", "section_embedding.")


@dataclass(frozen=True)
class Schedule:
    """AdamW with linear warm-up and linear decay to zero.

    `learning_rate` is that of the encoder and of what makes its input, `head_learning_rate` that
    of everything else; `warmup` is a share of the updates; `clip` the largest norm of the
    gradient; `patience` how many evaluations without a better score are waited for (None: all
    epochs).
    """

    learning_rate: float
    epochs: int
    head_learning_rate: float | None = None
    weight_decay: float = 0.01
    warmup: float = 0.1
    clip: float = 1.0
    patience: int | None = None

    def factor(self, step: int, steps: int) -> float:
        """The learning rate's factor at update `step` (from 0) of `steps`, in [0, 1]."""
        warm = max(1, round(self.warmup * steps)) if self.warmup else 0
        if step < warm:
            return (step + 1) / warm
        return max(0.0, (steps - step) / max(1, steps - warm))


def optimizer(model: nn.Module, schedule: Schedule) -> torch.optim.AdamW:
    """AdamW over every trainable parameter of the model, in up to four groups.

    Matrices decay; biases, norms, embeddings and a CRF's transitions do not. For embeddings this
    also means that a row that never occurs stays as it is.
    """
    embeddings = {
        id(p)
        for name, module in model.named_modules()
        for p in module.parameters(recurse=False)
        if "embedding" in name.lower()
    }
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        decays = (
            parameter.ndim >= 2 and id(parameter) not in embeddings and "transitions" not in name
        )
        groups.setdefault((name.startswith(INPUT), decays), []).append(parameter)
    head_rate = schedule.head_learning_rate or schedule.learning_rate
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "lr": schedule.learning_rate if encoder else head_rate,
                "weight_decay": schedule.weight_decay if decays else 0.0,
            }
            for (encoder, decays), parameters in groups.items()
        ],
        fused=True,
    )

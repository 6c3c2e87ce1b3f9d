"""The training loop: epochs of batches, one optimizer, the best epoch by dev score kept."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from clinlib.errors import ClinlibError
from clinlib.training.objectives import Objective
from clinlib.training.schedule import Schedule, optimizer


@dataclass
class Fit:
    """What a training did: a row an epoch, where it stopped and why, and its speed.

    `curve` rows: epoch, loss (nats per unit, mean over the updates), seconds (of training), and
    dev_f1 where there is an evaluation. `subwords_per_second` leaves evaluation out.
    """

    curve: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int = 0
    stop_reason: str = "epochs"
    subwords_per_second: float = 0.0


def fit(
    model: nn.Module,
    objective: Objective,
    batches_of: Callable[[int], Sequence],
    schedule: Schedule,
    *,
    evaluate: Callable[[], float] | None = None,
    report: Callable[[float, str], None] = lambda fraction, text: None,
) -> Fit:
    """Trains `model` in place, and leaves it with the weights of its best epoch.

    `batches_of(epoch)` gives the batches of epoch 1, 2, ...; every epoch has as many.
    `evaluate()` is the dev score (higher is better), asked after each epoch; ties go to the
    earlier epoch. Without it the last epoch's weights stay. Dropout draws from torch's generator,
    which the caller seeds.

    Raises ClinlibError when the loss is no longer finite.
    """
    device = next(model.parameters()).device
    optimiser = optimizer(model, schedule)
    rates = [group["lr"] for group in optimiser.param_groups]
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    result, best_score, best_state = Fit(), float("-inf"), None
    step = subwords = 0
    seconds = 0.0
    for epoch in range(1, schedule.epochs + 1):
        batches = batches_of(epoch)
        steps = len(batches) * schedule.epochs
        losses = torch.zeros((), device=device)
        start = time.perf_counter()
        model.train()
        for number, batch in enumerate(batches, 1):
            factor = schedule.factor(step, steps)
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            loss = objective(model, batch.to(device))
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, schedule.clip)
            optimiser.step()
            optimiser.zero_grad()
            losses += loss.detach()
            step += 1
            subwords += batch.subwords
            report(step / steps, f"epoch {epoch}/{schedule.epochs}, batch {number}/{len(batches)}")
        mean_loss = float(losses) / len(batches)
        spent = time.perf_counter() - start
        seconds += spent
        if not torch.isfinite(losses):
            raise ClinlibError(
                f"the loss is {mean_loss} after epoch {epoch}; try a smaller learning rate"
            )
        row = {"epoch": epoch, "loss": round(mean_loss, 6), "seconds": round(spent, 3)}
        result.curve.append(row)
        if evaluate is None:
            result.best_epoch = epoch
            continue
        score = evaluate()
        row["dev_f1"] = round(score, 4)
        report(step / steps, f"epoch {epoch}/{schedule.epochs}, dev F1 {score:.2f}")
        if score > best_score:
            best_score, result.best_epoch = score, epoch
            best_state = {name: value.clone() for name, value in model.state_dict().items()}
        elif schedule.patience and epoch - result.best_epoch >= schedule.patience:
            result.stop_reason = "patience"
            break
    if best_state is not None and result.best_epoch != result.curve[-1]["epoch"]:
        model.load_state_dict(best_state)
    result.subwords_per_second = round(subwords / seconds, 1) if seconds else 0.0
    return result

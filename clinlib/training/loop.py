"""The training loop: epochs of batches, one optimizer, the best epoch by dev score kept."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from clinlib.errors import ClinlibError
from clinlib.training.checkpoint import Checkpoint
from clinlib.training.objectives import Objective
from clinlib.training.schedule import Schedule, optimizer


@dataclass
class Fit:
    """What a training did: a row an epoch, where it stopped and why, and its speed.

    `curve` rows: epoch, loss (nats per unit, mean over the updates), seconds (of training),
    dev_f1 where there is an evaluation, and what `measure` gave. `subwords_per_second` leaves
    evaluation out.
    """

    curve: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int = 0
    stop_reason: str = "epochs"
    subwords_per_second: float = 0.0


@dataclass
class _State:
    """What a training carries from one epoch to the next, besides weights and moments."""

    epoch: int = 0
    step: int = 0
    subwords: int = 0
    seconds: float = 0.0
    best_score: float | None = None
    stopped: bool = False


def fit(
    model: nn.Module,
    objective: Objective,
    batches_of: Callable[[int], Sequence],
    schedule: Schedule,
    *,
    evaluate: Callable[[], float] | None = None,
    measure: Callable[[], dict[str, float]] | None = None,
    after_update: Callable[[], None] = lambda: None,
    checkpoint: Checkpoint | None = None,
    report: Callable[[float, str], None] = lambda fraction, text: None,
) -> Fit:
    """Trains `model` in place, and leaves it with the weights of its best epoch.

    `batches_of(epoch)` gives the batches of epoch 1, 2, ...; how many may differ by epoch where
    batches are filled by subwords.
    `evaluate()` is the dev score (higher is better), asked after each epoch; ties go to the
    earlier epoch. Without it the last epoch's weights stay. `measure()` gives further numbers for
    each epoch's row, which select nothing. `after_update()` is called after every update, for what
    an objective trains besides the model. Dropout draws from torch's generator, which the caller
    seeds. With a `checkpoint` a training that was interrupted goes on after its last epoch.

    Raises ClinlibError when the loss is no longer finite.
    """
    optimiser = optimizer(model, schedule)
    rates = [group["lr"] for group in optimiser.param_groups]
    result, state = Fit(), _State()
    best: dict[str, Tensor] | None = None
    if checkpoint and (found := checkpoint.restore(model, optimiser)):
        stored, best = found
        state, result = _State(**stored["state"]), Fit(**stored["fit"])
    while state.epoch < schedule.epochs and not state.stopped:
        state.epoch += 1
        row = _epoch(
            model, objective, batches_of, schedule, optimiser, rates, state, after_update, report
        )
        result.curve.append(row)
        if measure is not None:
            row |= measure()
        if evaluate is None:
            result.best_epoch = state.epoch
        else:
            score = evaluate()
            row["dev_f1"] = round(score, 4)
            report(
                state.epoch / schedule.epochs,
                f"epoch {state.epoch}/{schedule.epochs}, dev F1 {score:.2f}",
            )
            if state.best_score is None or score > state.best_score:
                state.best_score, result.best_epoch = score, state.epoch
                best = {name: value.clone() for name, value in model.state_dict().items()}
            elif schedule.patience and state.epoch - result.best_epoch >= schedule.patience:
                result.stop_reason, state.stopped = "patience", True
        if checkpoint and state.epoch < schedule.epochs:
            checkpoint.save(model, optimiser, best, {"state": asdict(state), "fit": asdict(result)})
    if best is not None and result.best_epoch != result.curve[-1]["epoch"]:
        model.load_state_dict(best)
    if state.seconds:
        result.subwords_per_second = round(state.subwords / state.seconds, 1)
    return result


def _epoch(
    model: nn.Module,
    objective: Objective,
    batches_of: Callable[[int], Sequence],
    schedule: Schedule,
    optimiser: torch.optim.Optimizer,
    rates: list[float],
    state: _State,
    after_update: Callable[[], None],
    report: Callable[[float, str], None],
) -> dict[str, Any]:
    """One epoch's updates; returns its row."""
    device = next(model.parameters()).device
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    batches = batches_of(state.epoch)
    steps = len(batches) * schedule.epochs
    losses = torch.zeros((), device=device)
    start = time.perf_counter()
    model.train()
    for number, batch in enumerate(batches, 1):
        factor = schedule.factor(state.step, steps)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        loss = objective(model, batch.to(device))
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, schedule.clip)
        optimiser.step()
        optimiser.zero_grad()
        after_update()
        losses += loss.detach()
        state.step += 1
        state.subwords += batch.subwords
        report(
            state.step / steps,
            f"epoch {state.epoch}/{schedule.epochs}, batch {number}/{len(batches)}",
        )
    mean_loss = float(losses) / len(batches)
    spent = time.perf_counter() - start
    state.seconds += spent
    if not torch.isfinite(losses):
        raise ClinlibError(
            f"the loss is {mean_loss} after epoch {state.epoch}; try a smaller learning rate"
        )
    return {"epoch": state.epoch, "loss": round(mean_loss, 6), "seconds": round(spent, 3)}

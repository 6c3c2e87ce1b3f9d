"""The training loop: epochs of batches, one optimizer, the best epoch by dev score kept."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from math import inf
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
    """What a training carries from one update to the next, besides weights and moments.

    `epoch` counts the epochs that are finished, `batch` the batches that were read of the one after
    them; `loss` is these batches' sum of losses, `spent` the seconds that they took.
    """

    epoch: int = 0
    batch: int = 0
    loss: float = 0.0
    spent: float = 0.0
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
    seeds. With a `checkpoint` a training that was interrupted goes on after its last epoch, or
    within one: then the batches that it has read are made and passed over, so that `batches_of`
    must give the same ones again and draw nothing from torch's generator.

    Raises ClinlibError when the loss is no longer finite.
    """
    optimiser = optimizer(model, schedule)
    rates = [group["lr"] for group in optimiser.param_groups]
    result, state = Fit(), _State()
    best: dict[str, Tensor] | None = None
    if checkpoint and (found := checkpoint.restore(model, optimiser)):
        stored, best = found
        state, result = _State(**stored["state"]), Fit(**stored["fit"])

    def save() -> None:
        checkpoint.save(model, optimiser, best, {"state": asdict(state), "fit": asdict(result)})

    every = checkpoint.every if checkpoint else inf
    while state.epoch < schedule.epochs and not state.stopped:
        row = _epoch(
            model,
            objective,
            batches_of,
            schedule,
            optimiser,
            rates,
            state,
            after_update,
            report,
            save,
            every,
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
            save()
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
    save: Callable[[], None],
    every: float,
) -> dict[str, Any]:
    """The updates that are left of one epoch, saved every so many seconds; returns its row."""
    epoch = state.epoch + 1
    device = next(model.parameters()).device
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    batches = batches_of(epoch)
    steps = len(batches) * schedule.epochs
    losses = torch.tensor(state.loss, device=device)
    start = time.perf_counter()
    model.train()
    for number, batch in enumerate(islice(batches, state.batch, None), state.batch + 1):
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
            f"epoch {epoch}/{schedule.epochs}, batch {number}/{len(batches)}",
        )
        if number < len(batches) and time.perf_counter() - start >= every:
            state.batch, state.loss = number, float(losses)
            state.spent += time.perf_counter() - start
            _check(losses, f"in epoch {epoch}")  # what is saved can be gone on from
            save()
            start = time.perf_counter()
    mean_loss = float(losses) / len(batches)
    spent = state.spent + time.perf_counter() - start
    _check(losses, f"after epoch {epoch}")
    state.epoch, state.batch, state.loss, state.spent = epoch, 0, 0.0, 0.0
    state.seconds += spent
    return {"epoch": epoch, "loss": round(mean_loss, 6), "seconds": round(spent, 3)}


def _check(losses: Tensor, when: str) -> None:
    if not torch.isfinite(losses):
        raise ClinlibError(f"the loss is {float(losses)} {when}; try a smaller learning rate")

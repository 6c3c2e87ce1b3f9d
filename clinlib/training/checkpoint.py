"""Checkpoint: the state of a training between two updates, on disk, and back.

It holds weights, optimizer moments and the generators' states as safetensors and the rest as JSON:
nothing is unpickled. An interrupted training that goes on from it makes the numbers that it would
have made, on one CPU thread to the last bit.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from clinlib.errors import BadInput

STATE, WEIGHTS, BEST, MOMENTS = "state.json", "model", "best", "optimizer"
GENERATORS = "generator", "cuda_generator"  # of the CPU, and of the GPU that trains


@dataclass(frozen=True)
class Checkpoint:
    """Where a training keeps its last state, and what that state belongs to.

    `identity` names the data and settings of the training: a state of another one is refused.
    `saved()` is called after every save. Besides after each epoch, the state is kept within one
    after `every` seconds: an epoch of much text takes hours.
    """

    folder: Path
    identity: str
    saved: Callable[[], None] | None = None
    every: float = 600.0

    def save(
        self,
        model: nn.Module,
        optimiser: torch.optim.Optimizer,
        best: dict[str, Tensor] | None,
        state: dict[str, Any],
    ) -> None:
        """Replaces the stored state; an interrupt leaves the old one or the new one whole."""
        moments = {
            f"{number}.{name}": value
            for number, values in optimiser.state_dict()["state"].items()
            for name, value in values.items()
        }
        moments |= _drawn_from(_device(model))
        with replacing(self.folder) as fresh:
            write_tensors(fresh / WEIGHTS, model.state_dict())
            if best is not None:
                write_tensors(fresh / BEST, best)
            write_tensors(fresh / MOMENTS, moments)
            content = {"identity": self.identity, **state}
            (fresh / STATE).write_text(json.dumps(content), encoding="utf-8")
        if self.saved:
            self.saved()

    def restore(
        self, model: nn.Module, optimiser: torch.optim.Optimizer
    ) -> tuple[dict[str, Any], dict[str, Tensor] | None] | None:
        """Puts the stored state into model, optimizer and torch's generators.

        Returns what `save` got as state, and the best weights; None where nothing is stored.
        Raises BadInput for a state of another training or another architecture.
        """
        settle(self.folder)
        if not (self.folder / STATE).is_file():
            return None
        state = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
        if state.pop("identity") != self.identity:
            raise BadInput(
                f"the checkpoint in {self.folder} is of another text or other settings; "
                "delete it to start anew"
            )
        weights = read_tensors(self.folder / WEIGHTS)
        self._check(weights, model)
        model.load_state_dict(weights)
        moments = read_tensors(self.folder / MOMENTS)
        device = _device(model)
        _draw_from({name: moments.pop(name) for name in GENERATORS if name in moments}, device)
        entries: dict[int, dict[str, Tensor]] = {}
        for name, value in moments.items():
            number, _, field = name.partition(".")
            kept = value if field == "step" else value.to(device)
            entries.setdefault(int(number), {})[field] = kept
        known = optimiser.state_dict()
        optimiser.load_state_dict({"state": entries, "param_groups": known["param_groups"]})
        best = self.folder / BEST
        return state, read_tensors(best) if _path(best).exists() else None

    def _check(self, weights: dict[str, Tensor], model: nn.Module) -> None:
        shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
        for name in sorted(shapes.keys() | weights.keys()):
            stored = tuple(weights[name].shape) if name in weights else "missing"
            if stored != shapes.get(name, "missing"):
                raise BadInput(
                    f"the checkpoint in {self.folder} is of another architecture: {name} is "
                    f"{stored} there and {shapes.get(name, 'missing')} here"
                )


def _device(model: nn.Module) -> torch.device:
    return next(model.parameters()).device


def _drawn_from(device: torch.device) -> dict[str, Tensor]:
    """The states of the generators that a training on this device draws from, by name."""
    cpu, cuda = GENERATORS
    states = {cpu: torch.get_rng_state()}
    return states | ({cuda: torch.cuda.get_rng_state(device)} if device.type == "cuda" else {})


def _draw_from(states: dict[str, Tensor], device: torch.device) -> None:
    """Puts back what `_drawn_from` gave; what was drawn on another device cannot go on here."""
    cpu, cuda = GENERATORS
    torch.set_rng_state(states[cpu])
    if cuda in states and device.type == "cuda":
        torch.cuda.set_rng_state(states[cuda], device)


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, which then takes the place of `folder`: the old one or the new one
    is whole, whatever interrupts."""
    fresh, old = (folder.with_name(f"{folder.name}.{age}") for age in ("new", "old"))
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    yield fresh
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def settle(folder: Path) -> None:
    """Puts the old folder back where `replacing` was interrupted between its two renames."""
    old = folder.with_name(f"{folder.name}.old")
    if not folder.exists() and old.exists():
        old.rename(folder)


def write_tensors(stem: Path, tensors: dict[str, Tensor]) -> None:
    """Writes tensors as STEM.safetensors."""
    # clones: weights that are tied share memory, which the format refuses
    plain = {name: value.detach().to("cpu").contiguous().clone() for name, value in tensors.items()}
    save_file(plain, _path(stem))


def read_tensors(stem: Path) -> dict[str, Tensor]:
    """The tensors in STEM.safetensors, on the CPU."""
    return load_file(_path(stem))


def _path(stem: Path) -> Path:
    return stem.with_suffix(".safetensors")

"""Checkpoint: the state of a training between two epochs, on disk, and back.

It holds weights, optimizer moments and the generator's state as safetensors and the rest as JSON:
nothing is unpickled. An interrupted training that goes on from it makes the numbers that it would
have made, on one CPU thread to the last bit.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from clinlib.errors import BadInput

STATE, WEIGHTS, BEST, MOMENTS = "state.json", "model", "best", "optimizer"
GENERATOR = "generator"


@dataclass(frozen=True)
class Checkpoint:
    """Where a training keeps its last state, and what that state belongs to.

    `identity` names the data and settings of the training: a state of another one is refused.
    """

    folder: Path
    identity: str

    def save(
        self,
        model: nn.Module,
        optimiser: torch.optim.Optimizer,
        best: dict[str, Tensor] | None,
        state: dict[str, Any],
    ) -> None:
        """Replaces the stored state; an interrupt leaves the old one or the new one whole."""
        fresh = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        _write(fresh / WEIGHTS, model.state_dict())
        if best is not None:
            _write(fresh / BEST, best)
        moments = {
            f"{number}.{name}": value
            for number, values in optimiser.state_dict()["state"].items()
            for name, value in values.items()
        }
        _write(fresh / MOMENTS, moments | {GENERATOR: torch.get_rng_state()})
        content = {"identity": self.identity, **state}
        (fresh / STATE).write_text(json.dumps(content), encoding="utf-8")
        old = self.folder.with_name(f"{self.folder.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if self.folder.exists():
            self.folder.rename(old)
        fresh.rename(self.folder)
        shutil.rmtree(old, ignore_errors=True)

    def restore(
        self, model: nn.Module, optimiser: torch.optim.Optimizer
    ) -> tuple[dict[str, Any], dict[str, Tensor] | None] | None:
        """Puts the stored state into model, optimizer and torch's generator.

        Returns what `save` got as state, and the best weights; None where nothing is stored.
        Raises BadInput for a state of another training or another architecture.
        """
        old = self.folder.with_name(f"{self.folder.name}.old")
        if not self.folder.exists() and old.exists():  # interrupted between the two renames
            old.rename(self.folder)
        if not (self.folder / STATE).is_file():
            return None
        state = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
        if state.pop("identity") != self.identity:
            raise BadInput(
                f"the checkpoint in {self.folder} is of another text or other settings; "
                "delete it to start anew"
            )
        weights = _read(self.folder / WEIGHTS)
        self._check(weights, model)
        model.load_state_dict(weights)
        moments = _read(self.folder / MOMENTS)
        torch.set_rng_state(moments.pop(GENERATOR))
        device = next(model.parameters()).device
        entries: dict[int, dict[str, Tensor]] = {}
        for name, value in moments.items():
            number, _, field = name.partition(".")
            kept = value if field == "step" else value.to(device)
            entries.setdefault(int(number), {})[field] = kept
        known = optimiser.state_dict()
        optimiser.load_state_dict({"state": entries, "param_groups": known["param_groups"]})
        best = self.folder / BEST
        return state, _read(best) if _path(best).exists() else None

    def _check(self, weights: dict[str, Tensor], model: nn.Module) -> None:
        shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
        for name in sorted(shapes.keys() | weights.keys()):
            stored = tuple(weights[name].shape) if name in weights else "missing"
            if stored != shapes.get(name, "missing"):
                raise BadInput(
                    f"the checkpoint in {self.folder} is of another architecture: {name} is "
                    f"{stored} there and {shapes.get(name, 'missing')} here"
                )


def _write(stem: Path, tensors: dict[str, Tensor]) -> None:
    # clones: weights that are tied share memory, which the format refuses
    plain = {name: value.detach().to("cpu").contiguous().clone() for name, value in tensors.items()}
    save_file(plain, _path(stem))


def _read(stem: Path) -> dict[str, Tensor]:
    return load_file(_path(stem))


def _path(stem: Path) -> Path:
    return stem.with_suffix(".safetensors")

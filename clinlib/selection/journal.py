"""Journal: a loop after its last finished round, on disk, and back; nothing is pickled."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from clinlib.errors import BadInput
from clinlib.selection.rounds import Rounds
from clinlib.training.checkpoint import read_tensors, replacing, settle, write_tensors

STATE, WEIGHTS, OUTPUTS = "state.json", "models", "outputs"


@dataclass(frozen=True)
class Journal:
    """Where a loop keeps its last round, and what it belongs to.

    Optimizers and generators are not kept: every round makes its own, seeded by its number.
    """

    folder: Path
    identity: str

    def save(self, rounds: Rounds, curve: list[dict[str, Any]]) -> None:
        """Replaces the stored round; an interrupt leaves the old one or the new one whole."""
        with replacing(self.folder) as fresh:
            write_tensors(fresh / WEIGHTS, rounds.learner.state())
            if rounds.previous is not None:
                flat = torch.from_numpy(np.concatenate(rounds.previous))
                write_tensors(fresh / OUTPUTS, {"probabilities": flat})
            state = {
                "identity": self.identity,
                "labelled": rounds.pool.labelled,
                "curve": curve,
            }
            (fresh / STATE).write_text(json.dumps(state), encoding="utf-8")

    def restore(self, rounds: Rounds) -> list[dict[str, Any]]:
        """Puts the stored round into a loop that has not begun; returns its curve, [] without one.

        Raises BadInput for a journal of another loop.
        """
        settle(self.folder)
        if not (self.folder / STATE).is_file():
            return []
        state = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
        if state["identity"] != self.identity:
            raise BadInput(
                f"the journal in {self.folder} is of another pool or other settings; "
                "delete it to start anew"
            )
        rounds.learner.load(read_tensors(self.folder / WEIGHTS))
        rounds.pool.labelled = list(state["labelled"])
        if (self.folder / f"{OUTPUTS}.safetensors").is_file():
            flat = read_tensors(self.folder / OUTPUTS)["probabilities"].numpy()
            units = [sum(len(w.first) for w in each) for each in rounds.sentences.read]
            rounds.previous = np.split(flat, np.cumsum(units)[:-1])
        return state["curve"]

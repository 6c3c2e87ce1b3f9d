"""Pool scores: one forward pass over sentences, which keeps of each only what is asked for."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from clinlib.encoding.batches import Batch
from clinlib.encoding.windows import Window
from clinlib.errors import BadInput, unknown
from clinlib.models.prediction import reading_batches
from clinlib.models.tagger import Tagger
from clinlib.selection.loss_prediction import LossPredictor
from clinlib.selection.view import COLLECTED

TRUE = "l_true"  # of sentences whose labels are known


@torch.no_grad()
def collect(
    tagger: Tagger,
    sentences: Sequence[Sequence[Window]],
    needs: Collection[str],
    pad_id: int,
    predictor: LossPredictor | None = None,
) -> dict[str, Any]:
    """What `needs` names, of each of P sentences, in their order; dropout is off.

    The batches are those of prediction. A sentence may lie in several windows. "l_min", "l_max"
    and "l_true" (of labelled windows) are sums over them, (P,) in nats; "predicted" is the
    highest of them, (P,); "states" the mean of the hidden states of all units, (P, H);
    "probabilities" a list of (U, K), the softmax of every unit's emissions. No pass is made where
    nothing is needed.

    Raises BadInput for an unknown name, and for "predicted" without a predictor.
    """
    for name in sorted(set(needs) - {*COLLECTED, TRUE}):
        raise unknown("thing to collect", name, (*COLLECTED, TRUE))
    if "predicted" in needs and predictor is None:
        raise BadInput("predicted losses need a loss predictor")
    if not needs:
        return {}
    windows = [window for sentence in sentences for window in sentence]
    owner = np.repeat(np.arange(len(sentences)), [len(each) for each in sentences])  # (W,)
    modules = [tagger] if predictor is None else [tagger, predictor]
    training = [each.training for each in modules]
    for each in modules:
        each.eval()
    device = next(tagger.parameters()).device
    rows: dict[str, list] = {name: [None] * len(windows) for name in needs}
    for batch in reading_batches(windows, pad_id):
        found = _collected(tagger, batch.to(device), needs, predictor)
        units = batch.mask.sum(1).tolist()
        for name, values in found.items():
            values = values.cpu().numpy()
            for row, index in enumerate(batch.windows):
                rows[name][index] = (
                    values[row, : units[row]] if name == "probabilities" else values[row]
                )
    for each, was in zip(modules, training, strict=True):
        each.train(was)
    sizes = np.array([len(window.first) for window in windows])  # (W,)
    return {name: _by_sentence(name, rows[name], owner, sizes, len(sentences)) for name in needs}


def _collected(
    tagger: Tagger, batch: Batch, needs: Collection[str], predictor: LossPredictor | None
) -> dict[str, Tensor]:
    """Of each window of a batch: (B,) of losses, (B, H) of states, (B, U, K) of probabilities."""
    hidden = tagger.hidden(batch)  # (B, U, H)
    found: dict[str, Tensor] = {}
    if "states" in needs:
        weights = batch.mask.unsqueeze(-1).to(hidden.dtype)
        found["states"] = (hidden * weights).sum(1) / weights.sum(1)
    if not set(needs) - {"states"}:
        return found
    emissions = tagger.head(hidden)
    bounds = None
    asked = "predicted" in needs and predictor.bounds
    if asked or "l_max" in needs:
        bounds = tagger.head.bounds(emissions, batch.mask)  # (B,), (B,)
    if "l_min" in needs:
        # without L_max one search for a path is enough
        least = -tagger.head.confidence(emissions, batch.mask) if bounds is None else bounds[0]
        found["l_min"] = least.double().clamp(min=0)
    if "l_max" in needs:
        found["l_max"] = bounds[1].double()
    if TRUE in needs:
        found[TRUE] = tagger.head.losses(emissions, batch.labels, batch.mask).double()
    if "predicted" in needs:
        found["predicted"] = predictor(batch, hidden, bounds if asked else None).double()
    if "probabilities" in needs:
        found["probabilities"] = emissions.softmax(-1)
    return found


def _by_sentence(
    name: str, rows: list, owner: np.ndarray, sizes: np.ndarray, count: int
) -> np.ndarray | list[np.ndarray]:
    """The values of windows put together for each of `count` sentences."""
    if name == "probabilities":
        grouped: list[list[np.ndarray]] = [[] for _ in range(count)]
        for place, row in zip(owner, rows, strict=True):
            grouped[place].append(row)
        return [np.concatenate(each) for each in grouped]
    values = np.stack(rows) if rows else np.zeros(0)
    if name == "predicted":
        highest = np.full(count, -np.inf)
        np.maximum.at(highest, owner, values)
        return highest
    if name == "states":
        total = np.zeros((count, values.shape[1]))
        np.add.at(total, owner, values * sizes[:, None])
        return total / np.bincount(owner, sizes, count)[:, None]
    return np.bincount(owner, values, count)

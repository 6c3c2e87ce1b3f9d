"""Prediction: a tagger's labels and states for windows, in batches of about one size."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from clinlib.encoding.batches import Batch, batches
from clinlib.encoding.windows import Window
from clinlib.models.tagger import Tagger

BATCH_SUBWORDS = 4096  # padded


def predicted_labels(tagger: Tagger, windows: Sequence[Window], pad_id: int) -> list[np.ndarray]:
    """Label ids (U,) of every window, in order."""
    return tagger.predict(reading_batches(windows, pad_id), len(windows))


@torch.no_grad()
def labels_with_confidence(
    tagger: Tagger, windows: Sequence[Window], pad_id: int
) -> tuple[list[np.ndarray], np.ndarray]:
    """Label ids (U,) of every window, in order, and their log p (W,) by the tagger's head."""
    tagger.eval()
    device = next(tagger.parameters()).device
    labels: list[np.ndarray] = [np.empty(0, dtype=np.int64)] * len(windows)
    logs = np.zeros(len(windows))
    for batch in reading_batches(windows, pad_id):
        batch = batch.to(device)
        emissions = tagger(batch)
        sure = tagger.head.confidence(emissions, batch.mask).cpu().numpy()
        for index, ids, log in zip(
            batch.windows, tagger.head.decode(emissions, batch.mask), sure, strict=True
        ):
            labels[index], logs[index] = ids, log
    return labels, logs


@torch.no_grad()
def states(tagger: Tagger, windows: Sequence[Window], pad_id: int) -> np.ndarray:
    """Hidden states (N, H) float32 of the N units of all windows, window after window."""
    tagger.eval()
    device = next(tagger.parameters()).device
    found: dict[int, np.ndarray] = {}
    for batch in reading_batches(windows, pad_id):
        hidden = tagger.hidden(batch.to(device)).cpu().numpy()  # (B, U, H)
        for row, index in enumerate(batch.windows):
            found[index] = hidden[row, : len(windows[index].first)]
    return np.concatenate([found[index] for index in range(len(windows))])


@torch.no_grad()
def sentences_found(tagger: Tagger, windows: Sequence[Window], pad_id: int) -> set[tuple[int, int]]:
    """The (document, sentence) pairs that the sentence head finds an entity of its type in.

    One of several windows of a sentence is enough.
    """
    tagger.eval()
    device = next(tagger.parameters()).device
    found = set()
    for batch in reading_batches(windows, pad_id):
        _, logits = tagger.with_sentences(batch.to(device))
        for index, logit in zip(batch.windows, logits.tolist(), strict=True):
            if logit > 0:
                found.add((windows[index].document, windows[index].sentence))
    return found


def reading_batches(windows: Sequence[Window], pad_id: int) -> Iterator[Batch]:
    """Every window once, in the batches that prediction reads: by length, BATCH_SUBWORDS each."""
    longest = max((len(window.ids) for window in windows), default=0)
    budget = max(BATCH_SUBWORDS, longest)
    yield from batches(windows, budget=budget, size=None, pad_id=pad_id, seed=None)

"""Batches: windows of about equal length, padded to tensors."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch

from clinlib.encoding.windows import Window
from clinlib.errors import BadInput

JITTER = 0.1  # share of a window's length by which a seed may move it among the others


@dataclass
class Batch:
    """B windows of at most L positions and U units, padded on the right.

    ids (B, L) int64, pad_id where padded; attention (B, L) bool, off where padded;
    first (B, U) int64 position of each unit's first subword, 0 where padded;
    unit (B, L) int64 unit index of each position, -1 for special tokens, context and padding;
    mask (B, U) bool, left-aligned, its first column all on; labels (B, U) int64, 0 where padded,
    or None; windows: the index of each row among the windows given;
    subwords: positions of the batch without padding, special tokens and context included;
    section (B,) int64 index of each window's section, 0 for none.
    """

    ids: torch.Tensor
    attention: torch.Tensor
    first: torch.Tensor
    unit: torch.Tensor
    mask: torch.Tensor
    labels: torch.Tensor | None
    windows: list[int]
    subwords: int
    section: torch.Tensor

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch with its tensors on `device`."""
        moved = {
            field.name: value.to(device, non_blocking=True)
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), torch.Tensor)
        }
        return replace(self, **moved)


def batches(
    windows: Sequence[Window],
    *,
    budget: int | None = None,
    size: int | None = None,
    pad_id: int,
    seed: int | None = None,
    mixed: bool = False,
) -> list[Batch]:
    """Every window in exactly one batch, windows of similar length together.

    Exactly one of `budget` (positions of a batch, padding included) and `size` (windows of a
    batch; there are ceil(N / size) batches, one of which may be smaller). With a seed, windows of
    near-equal length are mixed, and the order of the batches and the place of the smaller one are
    drawn; without, the batches come in order of length, the same each time. `mixed`: windows of
    any length share a batch, as the seed draws, for a loss that compares the rows of a batch.

    Raises BadInput unless one of the two is given, for mixed batches without a seed, for a window
    longer than the budget, and for windows of which only some have labels.
    """
    if (budget is None) == (size is None):
        raise BadInput("give exactly one of budget (subwords) and size (windows) of a batch")
    if min(value for value in (budget, size) if value is not None) < 1:
        raise BadInput(f"a batch holds at least 1, not budget={budget}, size={size}")
    if mixed and seed is None:
        raise BadInput("mixed batches are drawn: give a seed")
    if not windows:
        return []
    labelled = {window.labels is not None for window in windows}
    if len(labelled) > 1:
        raise BadInput("some windows have labels and some have none: encode them alike")
    lengths = np.array([len(window.ids) for window in windows])  # (N,)
    if budget is not None and lengths.max() > budget:
        longest = windows[int(lengths.argmax())]
        raise BadInput(
            f"a window of {lengths.max()} subwords (document {longest.document}, sentence "
            f"{longest.sentence}) exceeds the budget of {budget} per batch"
        )
    generator = None if seed is None else np.random.default_rng(seed)
    order = generator.permutation(len(lengths)) if mixed else _order(lengths, generator)
    if budget is not None:
        groups = _by_budget(order, lengths, budget)
    else:
        groups = _by_size(order, size, generator)
    if generator is not None:
        groups = [groups[index] for index in generator.permutation(len(groups))]
    return [_collate(windows, group.tolist(), pad_id) for group in groups]


def _order(lengths: np.ndarray, generator: np.random.Generator | None) -> np.ndarray:
    """Indices by length; with a generator each length is first moved up by a random share."""
    if generator is None:
        return np.argsort(lengths, kind="stable")
    # at least one position, so that ties fall differently in each epoch
    reach = np.maximum(JITTER * lengths, 1.0)
    return np.argsort(lengths + reach * generator.random(len(lengths)), kind="stable")


def _by_size(
    order: np.ndarray, size: int, generator: np.random.Generator | None
) -> list[np.ndarray]:
    full, rest = divmod(len(order), size)
    sizes = np.full(full, size)
    if rest:
        # always among the longest, the windows of the smaller batch would weigh more in training
        place = full if generator is None else int(generator.integers(full + 1))
        sizes = np.insert(sizes, place, rest)
    return np.split(order, np.cumsum(sizes)[:-1])


def _by_budget(order: np.ndarray, lengths: np.ndarray, budget: int) -> list[np.ndarray]:
    groups, group, longest = [], [], 0
    for index, length in zip(order.tolist(), lengths[order].tolist(), strict=True):
        if group and max(longest, length) * (len(group) + 1) > budget:
            groups.append(np.array(group))
            group, longest = [], 0
        group.append(index)
        longest = max(longest, length)
    return [*groups, np.array(group)]


def _collate(windows: Sequence[Window], rows: list[int], pad_id: int) -> Batch:
    chosen = [windows[row] for row in rows]
    attention = _filled([len(window.ids) for window in chosen])  # (B, L)
    mask = _filled([len(window.first) for window in chosen])  # (B, U)
    labels = None
    if chosen[0].labels is not None:
        labels = _padded([window.labels for window in chosen], mask, 0)
    return Batch(
        ids=_padded([window.ids for window in chosen], attention, pad_id),
        attention=torch.from_numpy(attention),
        first=_padded([window.first for window in chosen], mask, 0),
        unit=_padded([window.unit for window in chosen], attention, -1),
        mask=torch.from_numpy(mask),
        labels=labels,
        windows=rows,
        subwords=int(attention.sum()),
        section=torch.tensor([window.section for window in chosen]),
    )


def _filled(lengths: list[int]) -> np.ndarray:
    """(B, longest) bool: on up to each row's length."""
    return np.arange(max(lengths)) < np.array(lengths)[:, None]


def _padded(rows: list[np.ndarray], filled: np.ndarray, padding: int) -> torch.Tensor:
    """(B, longest) int64 of rows that are as long as `filled` says."""
    values = np.full(filled.shape, padding, dtype=np.int64)
    values[filled] = np.concatenate(rows)
    return torch.from_numpy(values)

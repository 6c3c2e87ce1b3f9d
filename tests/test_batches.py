"""Batches: every window once, padding that counts for nothing, budgets kept."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from clinlib.encoding.batches import batches
from clinlib.encoding.windows import Window
from clinlib.errors import BadInput

PAD = 99


def window(length, units, number=0, labelled=True):
    """A window of recognisable contents: `units` own subwords in the middle."""
    units = min(units, length)
    lead = (length - units) // 2
    unit = np.full(length, -1, dtype=np.int32)
    unit[lead : lead + units] = np.arange(units)
    return Window(
        document=number,
        sentence=0,
        ids=np.arange(length, dtype=np.int32) + 100 * (number + 1),
        first=np.arange(lead, lead + units, dtype=np.int32),
        last=np.arange(lead, lead + units, dtype=np.int32),
        unit=unit,
        offsets=np.zeros((units, 2), dtype=np.int32),
        labels=np.arange(1, units + 1) if labelled else None,
    )


@st.composite
def window_lists(draw):
    sizes = draw(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), max_size=40))
    return [window(length, units, number) for number, (length, units) in enumerate(sizes)]


seeds = st.none() | st.integers(0, 9)
limits = st.one_of(
    st.fixed_dictionaries({"budget": st.integers(40, 400)}),
    st.fixed_dictionaries({"size": st.integers(1, 50)}),
)


@settings(deadline=None)
@given(window_lists(), limits, seeds)
def test_every_window_lies_unchanged_in_exactly_one_batch(windows, limit, seed):
    made = batches(windows, pad_id=PAD, seed=seed, **limit)
    assert sorted(index for batch in made for index in batch.windows) == list(range(len(windows)))
    for batch in made:
        for row, index in enumerate(batch.windows):
            source, on, own = windows[index], batch.attention[row], batch.mask[row]
            length, units = len(source.ids), len(source.first)
            assert on.tolist() == [True] * length + [False] * (len(on) - length)
            assert own.tolist() == [True] * units + [False] * (len(own) - units)
            assert batch.ids[row, :length].tolist() == source.ids.tolist()
            assert batch.unit[row, :length].tolist() == source.unit.tolist()
            assert batch.first[row, :units].tolist() == source.first.tolist()
            assert batch.labels[row, :units].tolist() == source.labels.tolist()


@settings(deadline=None)
@given(window_lists(), limits, seeds)
def test_padding_is_marked_and_never_counted(windows, limit, seed):
    made = batches(windows, pad_id=PAD, seed=seed, **limit)
    assert sum(batch.subwords for batch in made) == sum(len(w.ids) for w in windows)
    for batch in made:
        assert (batch.ids[~batch.attention] == PAD).all()
        assert (batch.unit[~batch.attention] == -1).all()
        assert (batch.labels[~batch.mask] == 0).all()
        assert (batch.first[~batch.mask] == 0).all()
        assert batch.mask[:, 0].all()
        # no column of padding alone
        assert batch.attention.any(0).all() and batch.mask.any(0).all()
        for tensor in (batch.ids, batch.unit, batch.first, batch.labels):
            assert tensor.dtype == torch.int64
        assert batch.attention.dtype == batch.mask.dtype == torch.bool


@settings(deadline=None)
@given(window_lists(), st.integers(40, 400), seeds)
def test_the_budget_is_never_exceeded_and_is_used(windows, budget, seed):
    made = batches(windows, budget=budget, pad_id=PAD, seed=seed)
    assert all(batch.ids.numel() <= budget for batch in made)
    if seed is None:  # in order of length, the next window would not have fitted
        for batch, following in zip(made, made[1:], strict=False):
            longest = len(windows[following.windows[0]].ids)
            assert longest * (len(batch.windows) + 1) > budget


@settings(deadline=None)
@given(window_lists(), st.integers(1, 50), seeds)
def test_a_fixed_size_gives_as_many_batches_as_it_must(windows, size, seed):
    made = batches(windows, size=size, pad_id=PAD, seed=seed)
    assert len(made) == math.ceil(len(windows) / size)
    smaller = [batch for batch in made if len(batch.windows) != size]
    assert len(smaller) == (1 if len(windows) % size else 0)


def test_a_seed_repeats_itself_and_others_differ():
    windows = [window(20 + number % 7, 3, number) for number in range(100)]

    def rows(seed):
        return [batch.windows for batch in batches(windows, size=8, pad_id=PAD, seed=seed)]

    assert rows(1) == rows(1)
    assert rows(None) == rows(None)
    orders = [rows(seed) for seed in range(4)]
    assert all(a != b for i, a in enumerate(orders) for b in orders[:i])
    # not the order of the batches alone: other windows meet
    together = [{frozenset(row) for row in order} for order in orders]
    assert len(together[0] & together[1]) < len(together[0]) / 2


def test_without_a_seed_batches_come_in_order_of_length():
    windows = [window(length, 1, n) for n, length in enumerate([9, 3, 9, 3, 5])]
    made = batches(windows, size=2, pad_id=PAD)
    assert [batch.windows for batch in made] == [[1, 3], [4, 0], [2]]


def test_windows_of_similar_length_meet():
    generator = np.random.default_rng(0)
    lengths = generator.integers(5, 100, size=1000).tolist()
    windows = [window(length, 1, number) for number, length in enumerate(lengths)]
    made = batches(windows, size=16, pad_id=PAD, seed=3)
    padded = sum(batch.ids.numel() for batch in made)
    assert sum(lengths) / padded > 0.9


def test_the_smaller_batch_is_not_always_the_longest_windows():
    windows = [window(length, 1, length) for length in range(10, 91)]
    places = set()
    for seed in range(8):
        made = batches(windows, size=8, pad_id=PAD, seed=seed)
        [smaller] = [batch for batch in made if len(batch.windows) == 1]
        places.add(smaller.ids.shape[1] // 20)
    assert len(places) > 2


def test_windows_without_labels_make_batches_without_labels():
    [batch] = batches([window(4, 2, labelled=False)], size=2, pad_id=PAD)
    assert batch.labels is None
    moved = batch.to("cpu")
    assert moved.labels is None and moved.windows == batch.windows
    assert moved.ids.equal(batch.ids)


def test_moving_a_batch_moves_each_of_its_tensors():
    [batch] = batches([window(4, 2)], size=2, pad_id=PAD)
    moved = batch.to("meta")
    tensors = [value for value in vars(moved).values() if isinstance(value, torch.Tensor)]
    assert len(tensors) == 7 and all(tensor.is_meta for tensor in tensors)
    assert not batch.ids.is_meta


def test_no_windows_make_no_batches():
    assert batches([], size=4, pad_id=PAD) == []


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({}, "exactly one"),
        ({"budget": 10, "size": 2}, "exactly one"),
        ({"size": 0}, "at least 1"),
        ({"budget": 0}, "at least 1"),
        ({"budget": 4}, r"window of 5 subwords \(document 7, sentence 0\) exceeds"),
    ],
)
def test_bad_limits_are_refused(kwargs, message):
    with pytest.raises(BadInput, match=message):
        batches([window(5, 2, 7)], pad_id=PAD, **kwargs)


def test_half_labelled_windows_are_refused():
    with pytest.raises(BadInput, match="some windows have labels"):
        batches([window(3, 1), window(3, 1, labelled=False)], size=2, pad_id=PAD)


def test_mixed_batches_hold_windows_of_any_length_and_each_once():
    windows = [window(length, 1, number) for number, length in enumerate([4] * 40 + [40] * 40)]
    for limit in ({"size": 8}, {"budget": 320}):
        made = batches(windows, pad_id=PAD, seed=3, mixed=True, **limit)
        assert sorted(index for each in made for index in each.windows) == list(range(80))
        both = [{len(windows[index].ids) for index in each.windows} == {4, 40} for each in made]
        assert sum(both) > len(made) / 2
        again = batches(windows, pad_id=PAD, seed=3, mixed=True, **limit)
        assert [each.windows for each in again] == [each.windows for each in made]
    with pytest.raises(BadInput, match="give a seed"):
        batches(windows, size=8, pad_id=PAD, mixed=True)

"""GlobalPointer against sums over spans in float64, and what its least and largest losses hold."""

import math
from itertools import combinations, product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from clinlib.encoding.tags import TagScheme
from clinlib.errors import BadInput
from clinlib.models.global_pointer import BASE, SIZE, GlobalPointer, rotated
from clinlib.models.heads import make_head

BIO = TagScheme("BIO", ("x", "y"))
LENGTHS = (4, 2, 1)
MASK = torch.arange(4)[None] < torch.tensor(LENGTHS)[:, None]


def _head(scheme=BIO, hidden=8):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return make_head("global_pointer", hidden, scheme.labels)


def _spans(units):
    """Every span [first, last) of a row, and its place among the emissions."""
    every = combinations(range(units + 1), 2)
    return {(first, last): first * units + last - 1 for first, last in every}


def _emissions(seed, scale=1.0, rows=3, units=4, types=2):
    generator = torch.Generator().manual_seed(seed)
    shape = rows, units**2, types
    return scale * torch.randn(shape, generator=generator, dtype=torch.float64)


def _loss(scores, gold):
    """The loss of one row by its definition: scores {(first, last, type): s} and gold keys."""
    total = 0.0
    for type in {key[2] for key in scores}:
        negative = sum(math.exp(s) for k, s in scores.items() if k[2] == type and k not in gold)
        positive = sum(math.exp(-s) for k, s in scores.items() if k[2] == type and k in gold)
        total += math.log1p(negative) + math.log1p(positive)
    return total


def _scores(emissions, row, length, scheme=BIO, units=4):
    """{(first, last, type): score} of a row's own spans."""
    return {
        (*span, type): float(emissions[row, place, index])
        for span, place in _spans(units).items()
        for index, type in enumerate(scheme.types)
        if span[1] <= length
    }


def _flat(length, types):
    """Every set of spans of a row that do not overlap."""
    if length <= 0:
        return [set()]
    found = list(_flat(length - 1, types))
    for first in range(length):
        for rest, type in product(_flat(first, types), types):
            found.append(rest | {(first, length, type)})
    return found


def test_a_score_is_the_product_of_query_and_key_turned_by_their_positions():
    head = _head().double()
    hidden = torch.randn(2, 5, 8, dtype=torch.float64)
    emissions = head(hidden)
    assert emissions.shape == (2, 25, 2)
    vectors = head.linear(hidden).detach().numpy().reshape(2, 5, 2, 2, SIZE)

    def turned(vector, position):
        found = np.empty(SIZE)
        for n in range(SIZE // 2):
            angle = position * BASE ** (-2 * n / SIZE)
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            found[2 * n : 2 * n + 2] = turn @ vector[2 * n : 2 * n + 2]
        return found

    for row, ((first, last), place), type in product(range(2), _spans(5).items(), range(2)):
        query = turned(vectors[row, first, type, 0], first)
        key = turned(vectors[row, last - 1, type, 1], last - 1)
        wanted = query @ key / math.sqrt(SIZE)
        assert emissions[row, place, type].item() == pytest.approx(wanted, abs=1e-12)


def test_products_of_turned_vectors_depend_on_the_distance_alone():
    query, key = torch.randn(2, SIZE, dtype=torch.float64)
    both = [rotated(each.expand(1, 9, SIZE))[0] for each in (query, key)]
    products = both[0] @ both[1].T  # (9, 9)
    for distance in range(-8, 9):
        diagonal = products.diagonal(distance)
        assert torch.allclose(diagonal, diagonal[:1].expand_as(diagonal))
    assert products[0].std() > 0.1


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 10**6), scale=st.floats(0.01, 30), name=st.sampled_from(["BIO", "BIOES"])
)
def test_the_loss_is_the_sum_over_types_by_its_definition(seed, scale, name):
    scheme = TagScheme(name, BIO.types)
    head, emissions = _head(scheme), _emissions(seed, scale)
    rng = np.random.default_rng(seed)
    labels = torch.zeros_like(MASK, dtype=torch.long)
    wanted = []
    for row, length in enumerate(LENGTHS):
        every = _flat(length, scheme.types)
        gold = every[rng.integers(len(every))]
        labels[row, :length] = torch.from_numpy(scheme.encode(gold, length))
        wanted.append(_loss(_scores(emissions, row, length), gold))
    losses = head.losses(emissions, labels, MASK)
    assert losses.tolist() == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    assert head.loss(emissions, labels, MASK).item() == pytest.approx(sum(wanted) / 7, rel=1e-9)


def test_any_label_ids_are_read_as_the_scheme_reads_them():
    head, emissions = _head(), _emissions(3)
    labels = torch.tensor([[2, 4, 0, 3], [1, 1, 0, 0], [4, 0, 0, 0]])  # I-x I-y O B-y; B-x B-x; I-y
    gold = [{(0, 1, "x"), (1, 2, "y"), (3, 4, "y")}, {(0, 1, "x"), (1, 2, "x")}, {(0, 1, "y")}]
    wanted = [_loss(_scores(emissions, r, n), gold[r]) for r, n in enumerate(LENGTHS)]
    assert head.losses(emissions, labels, MASK).tolist() == pytest.approx(wanted)


def test_the_gradient_is_that_of_differences_and_nothing_flows_from_padding():
    head = _head()
    labels = torch.tensor([[1, 2, 0, 3], [0, 0, 0, 0], [1, 0, 0, 0]])
    emissions = _emissions(5).requires_grad_()
    assert torch.autograd.gradcheck(lambda e: head.losses(e, labels, MASK), (emissions,))
    head.loss(emissions, labels, MASK).backward()
    places = head.places(MASK)
    assert (emissions.grad[~places] == 0).all() and (emissions.grad[places] != 0).all()


def test_a_near_certain_row_keeps_its_small_loss_and_extreme_scores_a_finite_gradient():
    head = _head()
    labels = torch.tensor([[1, 2, 0, 0]])
    mask = torch.ones_like(labels, dtype=torch.bool)
    for size, wanted in ((30.0, 20 * math.exp(-30)), (1e4, 0.0)):
        scores = torch.full((1, 16, 2), -size)
        scores[0, _spans(4)[0, 2], 0] = size
        scores.requires_grad_()
        loss = head.losses(scores, labels, mask)
        assert loss.item() == pytest.approx(wanted, rel=1e-4)
        head.losses(-scores, labels, mask).sum().backward()
        assert scores.grad.isfinite().all() and scores.grad.abs().sum() > 0


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), shift=st.floats(-2, 2))
def test_decoding_takes_spans_above_zero_best_first_without_overlaps(seed, shift):
    head, emissions = _head(), _emissions(seed) + shift
    for row, (ids, length) in enumerate(zip(head.decode(emissions, MASK), LENGTHS, strict=True)):
        scores = _scores(emissions, row, length)
        wanted = set()
        for key in sorted(scores, key=scores.get, reverse=True):
            free = all(key[1] <= a or b <= key[0] for a, b, _ in wanted)
            if scores[key] > 0 and free:
                wanted.add(key)
        assert len(ids) == length
        assert set(BIO.decode(ids)) == wanted


def test_a_row_is_scored_and_decoded_alike_alone_and_beside_longer_ones():
    head = _head()
    hidden = torch.randn(3, 4, 8)
    together = head(hidden)
    labels = torch.tensor([[1, 2, 0, 3], [0, 3, 0, 0], [1, 0, 0, 0]])
    rows = head.decode(together, MASK)
    bounds = torch.stack(head.bounds(together, MASK))
    for row, n in enumerate(LENGTHS):
        alone, mask = head(hidden[row : row + 1, :n]), MASK[row : row + 1, :n]
        own = together[row][head.places(MASK)[row]]
        assert torch.allclose(alone[0][head.places(mask)[0]], own, atol=1e-6)
        assert (head.decode(alone, mask)[0] == rows[row]).all()
        assert torch.allclose(torch.stack(head.bounds(alone, mask))[:, 0], bounds[:, row])
        here = labels[row : row + 1, :n]
        assert torch.allclose(
            head.losses(alone, here, mask)[0], head.losses(together, labels, MASK)[row]
        )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.floats(0.01, 20), shift=st.floats(-3, 3))
def test_the_least_loss_is_that_of_the_decoded_spans_and_no_labels_exceed_the_largest(
    seed, scale, shift
):
    head, emissions = _head(), _emissions(seed, scale) + shift
    least, most = head.bounds(emissions, MASK)
    assert torch.equal(head.confidence(emissions, MASK), -least)
    for row, (ids, length) in enumerate(zip(head.decode(emissions, MASK), LENGTHS, strict=True)):
        scores = _scores(emissions, row, length)
        decoded = set(BIO.decode(ids))
        assert least[row].item() == pytest.approx(_loss(scores, decoded), rel=1e-9, abs=1e-12)
        largest = max(_loss(scores, gold) for gold in _flat(length, BIO.types))
        assert largest <= most[row].item() * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_the_largest_loss_is_the_maximum_over_up_to_as_many_spans_as_units(seed):
    head, emissions = _head(), _emissions(seed, 2.0) + 0.5 * seed
    _, most = head.bounds(emissions, MASK)
    for row, length in enumerate(LENGTHS):
        scores = _scores(emissions, row, length)
        wanted = 0.0
        for type in BIO.types:
            of_type = {key: s for key, s in scores.items() if key[2] == type}
            sets = [set(c) for m in range(length + 1) for c in combinations(of_type, m)]
            wanted += max(_loss(of_type, gold) for gold in sets)
        assert most[row].item() == pytest.approx(wanted)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), more=st.floats(0, 5), share=st.floats(0, 1))
def test_the_least_loss_is_a_minimum_where_scores_are_decided_and_do_not_overlap(seed, more, share):
    head, rng = _head(), np.random.default_rng(seed)
    emissions = torch.zeros_like(_emissions(seed))
    for row, length in enumerate(LENGTHS):
        every = _flat(length, BIO.types)
        gold = every[rng.integers(len(every))]
        least = math.log1p(len(_spans(length)))
        for span, place in _spans(4).items():
            for index, type in enumerate(BIO.types):
                size = least + (more if rng.random() < share else 0)
                emissions[row, place, index] = size if (*span, type) in gold else -size
    least, _ = head.bounds(emissions, MASK)
    for row, length in enumerate(LENGTHS):
        scores = _scores(emissions, row, length)
        lowest = min(_loss(scores, gold) for gold in _flat(length, BIO.types))
        assert least[row].item() == pytest.approx(lowest)


def test_the_least_loss_is_no_minimum_where_many_scores_are_near_zero():
    head = _head(TagScheme("BIO", ("x",)))
    emissions = torch.full((1, 4, 1), -1e-4)
    emissions[0, 0] = 0.1
    mask = torch.ones(1, 2, dtype=torch.bool)
    assert head.decode(emissions, mask)[0].tolist() == [1, 0]
    least, _ = head.bounds(emissions, mask)
    assert head.losses(emissions, torch.tensor([[0, 0]]), mask) < least


def test_overlapping_spans_above_zero_cost_what_flat_labels_must_pay():
    head, emissions = _head(), torch.full((1, 16, 2), -20.0)
    mask = torch.ones(1, 4, dtype=torch.bool)
    emissions[0, _spans(4)[0, 2], 0] = 9.0
    sure, _ = head.bounds(emissions, mask)
    emissions[0, _spans(4)[1, 3], 0] = 8.0
    unsure, _ = head.bounds(emissions, mask)
    assert sure < 1e-3 and unsure > 8.0


def test_scores_stay_float32_under_autocast():
    with torch.autocast("cpu", torch.bfloat16):
        assert _head()(torch.randn(1, 3, 8).bfloat16()).dtype == torch.float32


def test_smoothed_labels_weights_and_labels_of_no_scheme_are_refused():
    with pytest.raises(BadInput, match="label_smoothing: the head global_pointer"):
        GlobalPointer(8, BIO.labels, label_smoothing=0.1)
    with pytest.raises(BadInput, match="label weights are for the softmax head"):
        make_head("global_pointer", 8, BIO.labels, weights=torch.ones(5))
    with pytest.raises(BadInput, match="the labels of none of BIO, BIOES"):
        make_head("global_pointer", 8, ("O", "I-x", "B-x"))

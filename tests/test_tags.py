"""Tag schemes: spans to labels and back."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from clinlib.encoding.tags import TagScheme
from clinlib.errors import BadInput

TYPES = ("Drug", "Dose-form", "ADE")
schemes = st.sampled_from(["BIO", "BIOES"]).map(lambda name: TagScheme(name, TYPES))


@st.composite
def flat_spans(draw):
    """Spans that do not overlap, and the number of units."""
    gaps_and_lengths = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4)), max_size=6))
    spans, at = [], 0
    for gap, length in gaps_and_lengths:
        spans.append((at + gap, at + gap + length, draw(st.sampled_from(TYPES))))
        at += gap + length
    return spans, at + draw(st.integers(0, 3))


@given(schemes)
def test_a_scheme_is_known_by_its_labels(scheme):
    assert TagScheme.of(scheme.labels) == scheme


def test_labels_of_no_scheme_are_refused():
    for labels in (("O",), ("O", "I-a", "B-a"), ("B-a", "I-a"), ("O", "B-a", "I-a", "B-b")):
        with pytest.raises(BadInput, match="the labels of none of BIO, BIOES"):
            TagScheme.of(labels)


@st.composite
def label_sequences(draw):
    scheme = draw(schemes)
    return scheme, draw(st.lists(st.integers(0, len(scheme.labels) - 1), max_size=12))


def all_flat(length, types):
    """Every set of spans over `length` units that do not overlap."""
    if length == 0:
        yield []
        return
    for rest in all_flat(length - 1, types):
        yield rest
    for size, type in product(range(1, length + 1), types):
        for rest in all_flat(length - size, types):
            yield [*rest, (length - size, length, type)]


def test_label_ids_are_in_the_stated_order():
    assert TagScheme("BIO", ("X", "Y")).labels == ("O", "B-X", "I-X", "B-Y", "I-Y")
    assert TagScheme("BIOES", ("X",)).labels == ("O", "B-X", "I-X", "E-X", "S-X")


def test_encoding_writes_the_labels_of_the_scheme():
    spans = [(1, 4, "X"), (4, 5, "X"), (5, 7, "X")]
    for name, expected in [
        ("BIO", ["O", "B-X", "I-X", "I-X", "B-X", "B-X", "I-X", "O"]),
        ("BIOES", ["O", "B-X", "I-X", "E-X", "S-X", "B-X", "E-X", "O"]),
    ]:
        scheme = TagScheme(name, ("X",))
        ids = scheme.encode(spans, 8)
        assert ids.dtype == np.int64
        assert [scheme.labels[id] for id in ids] == expected


@given(schemes, flat_spans(), st.randoms())
def test_flat_spans_come_back_from_their_labels(scheme, spans_and_length, random):
    spans, length = spans_and_length
    shuffled = random.sample(spans, len(spans))
    assert scheme.decode(scheme.encode(shuffled, length)) == spans
    assert scheme.illegal(scheme.encode(shuffled, length)) == 0


@given(label_sequences())
def test_illegal_sequences_are_read_as_conlleval_reads_them(scheme_and_ids):
    scheme, ids = scheme_and_ids
    oracle = get_entities([scheme.labels[id] for id in ids])
    assert scheme.decode(ids) == [(first, last + 1, type) for type, first, last in oracle]


@given(label_sequences())
def test_every_labelled_unit_lies_in_one_span_of_its_type(scheme_and_ids):
    scheme, ids = scheme_and_ids
    covered = [""] * len(ids)
    for first, last, type in scheme.decode(ids):
        assert not any(covered[first:last])
        covered[first:last] = [type] * (last - first)
    assert covered == [scheme.labels[id][2:] for id in ids]


@given(label_sequences())
def test_a_sequence_is_legal_where_encoding_its_spans_gives_it_back(scheme_and_ids):
    scheme, ids = scheme_and_ids
    again = scheme.encode(scheme.decode(ids), len(ids)).tolist()
    assert (scheme.illegal(ids) == 0) == (again == ids)


@pytest.mark.parametrize("name", ["BIO", "BIOES"])
def test_what_is_allowed_is_exactly_what_encoding_can_produce(name):
    scheme = TagScheme(name, ("X", "Y"))
    size = len(scheme.labels)
    seen_start, seen_end = np.zeros(size, bool), np.zeros(size, bool)
    seen = np.zeros((size, size), bool)
    for spans in all_flat(5, scheme.types):
        ids = scheme.encode(spans, 5)
        seen_start[ids[0]] = seen_end[ids[-1]] = True
        seen[ids[:-1], ids[1:]] = True
    start, transitions, end = scheme.allowed()
    assert (start == seen_start).all()
    assert (transitions == seen).all()
    assert (end == seen_end).all()


def test_illegal_labels_are_counted_one_by_one():
    bio, bioes = TagScheme("BIO", ("X", "Y")), TagScheme("BIOES", ("X",))
    ids = {label: id for id, label in enumerate(bio.labels)}
    assert bio.illegal([]) == 0
    assert bio.illegal([ids["I-X"], ids["I-Y"], ids["O"], ids["I-X"]]) == 3
    ids = {label: id for id, label in enumerate(bioes.labels)}
    assert bioes.illegal([ids["E-X"], ids["B-X"]]) == 2
    assert bioes.illegal([ids["B-X"], ids["O"], ids["S-X"], ids["I-X"]]) == 3


@pytest.mark.parametrize(
    ("spans", "length"),
    [
        ([(0, 2, "X"), (1, 3, "X")], 4),
        ([(2, 2, "X")], 4),
        ([(3, 5, "X")], 4),
        ([(-1, 1, "X")], 4),
        ([(0, 1, "x")], 4),
    ],
)
def test_spans_that_no_scheme_can_hold_are_refused(spans, length):
    with pytest.raises(BadInput):
        TagScheme("BIO", ("X",)).encode(spans, length)


def test_bad_schemes_and_ids_are_refused():
    with pytest.raises(BadInput, match="did you mean 'BIOES'"):
        TagScheme("BIOSE", ("X",))
    for types in [(), ("X", "X"), ("",)]:
        with pytest.raises(BadInput):
            TagScheme("BIO", types)
    for ids in ([3], [-100], [[0]]):
        with pytest.raises(BadInput):
            TagScheme("BIO", ("X",)).decode(ids)

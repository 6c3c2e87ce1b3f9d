"""Span rules: selection, trimming, duplicates and overlaps, each counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinlib.corpora.document import Document, Span
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.spans import (
    flatten,
    merge_duplicates,
    rename_types,
    select_types,
    trim_blanks,
)
from clinlib.errors import BadInput

TEXT = "aspirin 8 mg daily for a week"


def document(*spans):
    return Document("d", TEXT, tuple(Span(*span) for span in spans))


def extents(found):
    return [(s.start, s.end, s.type) for s in found.spans]


def test_selection_keeps_the_types_and_counts_the_rest_per_type():
    ledger = Ledger()
    found = select_types(document((0, 7, "Drug"), (8, 12, "Dose")), ["Drug"], ledger)
    assert extents(found) == [(0, 7, "Drug")]
    assert ledger.rows() == [("dropped", "type left out", "Dose", 1)]


def test_selection_refuses_a_type_that_is_neither_kept_nor_left_out():
    with pytest.raises(BadInput, match=r"document d, \[0, 4\): unknown type 'Drg'; .* 'Drug'"):
        select_types(document((0, 4, "Drg")), ["Drug"], Ledger(), left_out=["Dose"])


def test_renaming_keeps_the_other_types():
    found = rename_types(document((0, 7, "Drug"), (8, 12, "Dose")), {"Dose": "Dosage"})
    assert extents(found) == [(0, 7, "Drug"), (8, 12, "Dosage")]


def test_blanks_at_edges_are_cut_and_spans_of_blanks_dropped():
    ledger = Ledger()
    found = trim_blanks(document((7, 13, "Dose"), (7, 8, "Dose"), (0, 7, "Drug")), ledger)
    assert extents(found) == [(0, 7, "Drug"), (8, 12, "Dose")]
    assert ledger.counts() == {"cut: blank at its edge": 1, "dropped: only blanks": 1}


def test_exact_duplicates_become_one():
    ledger = Ledger()
    found = merge_duplicates(document((0, 7, "Drug"), (0, 7, "Drug"), (0, 7, "Dose")), ledger)
    assert extents(found) == [(0, 7, "Dose"), (0, 7, "Drug")]
    assert ledger.rows() == [("merged", "exact duplicate", "Drug", 1)]


@pytest.mark.parametrize(
    ("spans", "kept", "reason"),
    [
        ([(0, 7, "A"), (0, 12, "B")], (0, 12, "B"), "nested in a longer span"),
        ([(0, 12, "A"), (8, 18, "B")], (0, 12, "A"), "crosses a span that is longer or earlier"),
        ([(0, 12, "A"), (6, 18, "B")], (0, 12, "A"), "crosses a span that is longer or earlier"),
        ([(0, 8, "A"), (4, 18, "B")], (4, 18, "B"), "crosses a span that is longer or earlier"),
        ([(0, 7, "B"), (0, 7, "A")], (0, 7, "A"), "same extent as a span of another type"),
    ],
)
def test_of_overlapping_spans_the_longest_then_the_earlier_stays(spans, kept, reason):
    for given_order in (spans, spans[::-1]):
        ledger = Ledger()
        found = flatten(document(*given_order), ledger)
        assert extents(found) == [kept]
        assert ledger.counts() == {f"flattened: {reason}": 1}


def test_a_span_that_a_lost_span_overlapped_stays():
    found = flatten(document((0, 12, "A"), (8, 18, "B"), (13, 22, "C")), Ledger())
    assert extents(found) == [(0, 12, "A"), (13, 22, "C")]


SPANS = st.lists(
    st.tuples(st.integers(0, 28), st.integers(1, 9), st.sampled_from("AB")).map(
        lambda t: (t[0], min(t[0] + t[1], 29), t[2])
    ),
    max_size=12,
)


@given(SPANS, st.randoms(use_true_random=False))
def test_flattening_is_flat_counts_all_losses_and_ignores_the_order(spans, random):
    ledger = Ledger()
    before = merge_duplicates(document(*spans), ledger)
    found = flatten(before, ledger)
    kept = list(found.spans)
    assert not any(a.overlaps(b) for n, a in enumerate(kept) for b in kept[:n])
    assert len(kept) + sum(ledger.counts().values()) == len(spans)
    assert all(any(s.overlaps(k) for k in kept) for s in before.spans)
    random.shuffle(spans)
    assert flatten(merge_duplicates(document(*spans), Ledger()), Ledger()).spans == found.spans

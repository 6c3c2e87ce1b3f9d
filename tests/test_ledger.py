"""The ledger: counts by event, reason and type, and the places."""

import pytest

from clinlib.corpora.ledger import EVENTS, Ledger
from clinlib.errors import BadInput


def filled() -> Ledger:
    ledger = Ledger()
    for place in range(7):
        ledger.note("flattened", "nested in a longer span", f"doc {place}", "Drug")
    ledger.note("flattened", "nested in a longer span", "doc 9", "Dose", n=2)
    ledger.note("cut", "blank at its edge", type="Drug")
    return ledger


def test_counts_sum_over_types_and_rows_keep_them():
    assert filled().counts() == {
        "cut: blank at its edge": 1,
        "flattened: nested in a longer span": 9,
    }
    assert filled().rows() == [
        ("cut", "blank at its edge", "Drug", 1),
        ("flattened", "nested in a longer span", "Dose", 2),
        ("flattened", "nested in a longer span", "Drug", 7),
    ]


def test_examples_are_the_first_five_places():
    places = filled().examples("flattened", "nested in a longer span")
    assert places == [f"doc {n}" for n in range(5)]
    assert filled().examples("cut", "blank at its edge") == []
    assert filled().examples("read", "nothing") == []


def test_merge_adds_counts_and_keeps_at_most_five_places():
    ledger = filled()
    ledger.merge(filled())
    assert ledger.counts()["flattened: nested in a longer span"] == 18
    assert len(ledger.examples("flattened", "nested in a longer span")) == 5


def test_an_event_that_is_none_is_refused_with_the_nearest():
    with pytest.raises(BadInput, match="did you mean 'dropped'"):
        Ledger().note("droped", "reason")


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_counted(event):
    ledger = Ledger()
    ledger.note(event, "reason", "here", "Drug", n=2)
    ledger.note(event, "reason", "there")
    assert ledger.rows() == [(event, "reason", "", 1), (event, "reason", "Drug", 2)]
    assert ledger.examples(event, "reason") == ["here", "there"]


def test_nothing_is_counted_for_zero_happenings():
    ledger = Ledger()
    ledger.note("dropped", "reason", n=0)
    assert ledger.counts() == {}

"""Other sizes of an active-learning loop: which loops they are, and when MLP passes LPN."""

import made_loops
import pytest
from made_records import PINS

from clinlib.errors import BadInput
from clinlib.experiments.key import key
from clinlib.studies.claims import loops as claim_readers
from clinlib.studies.claims.claim import claims
from clinlib.studies.claims.verdict import reading
from clinlib.studies.lasl import balance, sizes

GIVEN = made_loops.PARAMETERS | {
    "weights": ["mean probability"],
    "scales": ["raw"],
    "ends": [],
    "initial": 0.05,
    "per_round": 0.05,
    "rounds": 6,
    "seeds": 3,
    "panels": ["1/2", "2/1"],
}
LABELS = [
    "5 % at first, 5 % a round",
    "5 % at first, 10 % a round",
    "10 % at first, 5 % a round",
]


def panels(passes, parameters=GIVEN):
    """Panels whose MLP is above LPN from round `passes(config)` on; None for never."""

    def row(config, number):
        if config.strategy != "mlp":
            return {"f1": 50.0}
        after = passes(config)
        return {"f1": 55.0 if after and number >= after else 45.0}

    found = made_loops.records(sizes.plan(parameters), row)
    return sizes.panels(lambda config: found.get(key(config, PINS)), parameters)


def test_every_panel_has_its_sizes_and_ends_where_the_page_does():
    found = panels(lambda config: 2)
    assert list(found) == LABELS
    assert [len(panel.shares) for panel in found.values()] == [6, 3, 5]
    assert [panel.shares[-1] for panel in found.values()] == pytest.approx([0.3, 0.25, 0.3])
    assert [panel.shares[0] for panel in found.values()] == pytest.approx([0.05, 0.05, 0.1])


def test_the_first_panel_is_of_the_loops_that_the_page_has_anyway():
    plan = balance.plan(GIVEN | {"ends": ["MLP", "LPN"]})
    assert len(set(plan)) == len(plan) == 3 * 3 * 3
    assert balance.plan(GIVEN | {"panels": []}) == balance.plan(GIVEN)[:3]
    assert sizes.plan(GIVEN | {"panels": []}) == []


def test_a_loop_passes_another_where_it_stays_above():
    found = panels(lambda config: 3)
    assert [panel.passed for panel in found.values()] == [3, 3, 3]
    never = panels(lambda config: None)
    assert [panel.passed for panel in never.values()] == [None] * 3
    words = sizes.table(never)["mean curves, from round"]
    assert list(words) == ["not to the end"] * 3
    table = sizes.table(found)
    assert list(table["% of sentences labelled then"]) == pytest.approx([15.0, 25.0, 20.0])
    assert list(table["seeds in which it passes"]) == ["3 of 3"] * 3


def test_the_first_round_is_random_and_passes_nothing():
    found = panels(lambda config: 1)
    assert {panel.passed for panel in found.values()} == {2}


def test_missing_loops_are_no_round():
    found = sizes.panels(lambda config: None, GIVEN)
    assert set(sizes.table(found)["mean curves, from round"]) == {"missing"}
    assert sizes.sentences(found) == []


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["2"], "'2' is no pair such as 1/2"),
        (["0/1"], "'0/1' is no pair"),
        (["1/2", "1/2"], "must name each once"),
        (["6/1"], r"6/1 begins with 30 % .* the rounds end at 30 %"),
    ],
)
def test_a_panel_that_makes_no_sense_is_named(asked, message):
    with pytest.raises(BadInput, match=message):
        balance.plan(GIVEN | {"panels": asked})


def held(passes):
    """Label -> reading of each comparison of the claim, on loops of a corpus that is not made."""
    (claim,) = (each for each in claims() if each.id == "lasl-09")

    class Found:
        corpus = "cmedqaner:pooled"
        panels = None

    Found.panels = panels(passes)
    made = claim_readers.overtaking(claim, Found, GIVEN)
    return [reading(claim, each) for each in made]


def test_the_claim_compares_each_size_with_those_that_label_more():
    def passes(rounds):
        # seeds differ, as equal numbers of rounds decide nothing
        return lambda c: rounds[c.initial][c.per_round] + (c.seed == 1 and c.initial == c.per_round)

    assert held(passes({0.05: {0.05: 5, 0.1: 2}, 0.1: {0.05: 3}})) == ["holds", "holds"]
    assert held(lambda c: 3) == ["not told apart", "not told apart"]
    late = {0.05: {0.05: 2, 0.1: 3}, 0.1: {0.05: 5}}
    assert held(passes(late)) == ["not told apart", "fails"]


def test_never_passing_with_more_labels_decides_nothing():
    assert held(lambda c: None if c.initial > 0.05 else 3) == ["not told apart"] * 2
    assert held(lambda c: None if c.initial == c.per_round else 2) == ["holds", "holds"]

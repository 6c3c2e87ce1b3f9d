"""Rounds of as many tokens beside rounds of as many sentences: plans, readings, what is told."""

import math

import pytest
from made_loops import PARAMETERS as SHARED
from made_loops import records
from made_records import PINS

from clinlib.errors import BadInput
from clinlib.experiments.key import key
from clinlib.studies.lasl import rounds, strategies
from clinlib.studies.lasl import token_budgets as study

PARAMETERS = SHARED | {
    "strategies": ["random", "MLP"],
    "rounds": 3,
    "sentence_rounds": 4,
    "seeds": 3,
    "batch_size": 8,
    "batch_subwords": 0,
    "max_length": 128,
    "epochs": 2,
}
BATCHED = PARAMETERS | {"batch_subwords": 150}


def row(config, number):
    """MLP gains 10 F1 with rounds of sentences, which are four times as long, 2 with tokens."""
    mine = config.strategy == "mlp"
    by_tokens = config.unit_of_size == "tokens"
    gain = (2.0 if by_tokens else 10.0) * mine
    f1 = 10.0 * number + gain + config.seed + (50.0 if number == 4 else 0.0)
    sentences = 10 + (number - 1) * (2 if mine and by_tokens else 10)
    tokens = 100 + (number - 1) * (400 if mine and not by_tokens else 100)
    picked = {"picked": list(range(sentences)), "picked_tokens": 40 * sentences if mine else 10}
    return {"f1": f1, "sentences": sentences, "tokens": tokens, **picked}


def results(row=row, parameters=PARAMETERS):
    return study.Results(records(study.plan(parameters), row), parameters, PINS)


def test_the_loops_of_sentences_are_those_of_page_40():
    asked = PARAMETERS | {"rounds": 4, "unit_of_size": "sentences", "all_data_epochs": 3}
    plan = study.plan(PARAMETERS)
    half = len(plan) // 2
    assert plan[:half] == strategies.plan(asked)[:half]
    assert {config.unit_of_size for config in plan[half:]} == {"tokens"}
    assert {config.rounds for config in plan[half:]} == {3}
    assert len({key(config, PINS) for config in plan}) == len(plan) == 12


def test_loops_with_batches_of_tokens_differ_in_their_batches_alone():
    plan = study.plan(BATCHED)
    assert plan[:12] == study.plan(PARAMETERS)
    for plain, batched in zip(plan[6:12], plan[12:], strict=True):
        assert (batched.task.batch_size, batched.task.batch_subwords) == (None, 150)
        task = plain.task.replaced(batch_size=None, batch_subwords=150)
        assert plain.replaced(task=task) == batched


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rounds": 5}, "sentence_rounds: 4 is fewer than the 5 rounds"),
        ({"rounds": 1}, "at least 2"),
        ({"strategies": ["MLQ"]}, "did you mean 'MLP'"),
        ({"batch_subwords": 100}, "may not hold a window of max_length 128"),
    ],
)
def test_rounds_that_cannot_be_read_are_an_error_before_anything_runs(given, said):
    with pytest.raises(BadInput, match=said):
        study.plan(PARAMETERS | given)


def test_both_budgets_are_read_over_as_many_rounds():
    found = results()
    gains = {unit: study.gains(found, unit)["MLP"] for unit in ("sentences", "tokens")}
    assert {unit: each.value for unit, each in gains.items()} == {"sentences": 10.0, "tokens": 2.0}
    assert study.by_round(found).shape == (4, 3)
    # the fourth round of sentences, 50 F1 higher, is not read
    assert study.by_round(found).loc[("sentences", "random"), "30 %"].value == 32.0
    assert list(study.every(found)) == ["MLP, rounds of sentences", "MLP, rounds of tokens"]
    assert set(study.drawn(found)["round"]) == {1, 2, 3}


def test_what_is_gained_is_over_random_under_the_same_budget():
    def cheap_sentences(config, number):
        lower = 5.0 * (config.strategy == "random" and config.unit_of_size == "tokens")
        return row(config, number) | {"f1": row(config, number)["f1"] - lower}

    found = results(cheap_sentences)
    assert study.gains(found, "tokens")["MLP"].value == 7.0
    assert study.gains(found, "sentences")["MLP"].value == 10.0


def test_what_a_gain_costs_is_counted_in_both_units_and_in_steps():
    frame = study.prices(results())
    mlp = {unit: frame.loc[("MLP", unit)] for unit in ("sentences", "tokens")}
    assert mlp["sentences"]["% of tokens in the end"].value == 90
    assert mlp["tokens"]["% of sentences in the end"].value == 14
    assert mlp["tokens"]["tokens per sentence"].value == 40
    labelled = {"sentences": (10, 20, 30), "tokens": (10, 12, 14)}
    for unit, numbers in labelled.items():
        assert mlp[unit]["steps, at least"].value == 2 * sum(math.ceil(n / 8) for n in numbers)
    assert frame.loc[("random", "tokens"), "less random, F1"] == "–"
    batched = study.prices(results(parameters=BATCHED)).loc[("MLP", study.BATCHED)]
    assert batched["steps, at least"] == "–"  # no record counts them


def test_the_findings_hold_each_budget_against_random_picking_under_it():
    said = study.sentences(results())
    assert said[0] == (
        "MLP instead of random, rounds of sentences, mean F1 of rounds 2 to 3: +10.0 F1, 95 % "
        "interval +10.0 to +10.0 over 3 pairs of runs: a gain."
    )
    assert "rounds of tokens, mean F1 of rounds 2 to 3: +2.0 F1" in said[1]
    assert not any("rank correlation" in each for each in said)  # two strategies have no order


def test_the_order_of_strategies_is_held_against_what_they_buy():
    bought = {"random": 2, "mlp": 1, "least_confidence": 3}

    def paid(config, number):
        mine = bought[config.strategy]
        counted = config.unit_of_size
        amounts = {"sentences": 10 * number * mine, "tokens": 10 * number * mine}
        amounts[counted] = 10 * number
        sign = 1 if counted == "tokens" else -1
        return row(config, number) | amounts | {"f1": 50.0 + sign * mine}

    three = PARAMETERS | {"strategies": ["random", "MLP", "LC"]}
    found = results(paid, three)
    assert study.agreement(found, "tokens") == (pytest.approx(1.0), 3)
    assert study.agreement(found, "sentences") == (pytest.approx(-1.0), 3)
    (said,) = (each for each in study.sentences(found) if "+1.00" in each)
    assert said == (
        "Rounds of tokens: the order of strategies by mean F1 and that by how many sentences they "
        "buy have a rank correlation of +1.00 over 3."
    )
    assert study.agreement(results(lambda *_: {}, three), "tokens") is None  # all are alike


def test_a_page_without_runs_or_without_random_shows_no_gain():
    empty = study.Results({}, PARAMETERS, PINS)
    assert all(each.value is None for each in study.every(empty).values())
    assert not any("rank correlation" in each for each in study.sentences(empty))
    assert study.every(results(parameters=PARAMETERS | {"strategies": ["MLP"]})) == {}


def test_areas_over_tokens_are_told_to_compare_training_where_sentences_differ_in_length():
    loops = results().loops["sentences"]
    assert rounds.uneven(loops, "sentences") == []
    (said,) = rounds.uneven(loops, "tokens")
    # random ends at 300 tokens, which MLP passes half way to its second round
    assert "(random in 3.0, MLP in 1.5)" in said
    assert rounds.uneven({"random": loops["random"]}, "tokens") == []
    assert rounds.uneven({}, "tokens") == []

"""Losses without labels: bounds, orders and scales read from samples made by hand."""

import made_loops
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_records import PINS
from scipy.stats import spearmanr

from clinlib.errors import BadInput
from clinlib.report import notebooks
from clinlib.studies.lasl import least_confidence as plain
from clinlib.studies.lasl import loss_samples as samples
from clinlib.studies.lasl import losses as study
from clinlib.studies.lasl.rounds import labelled

PARAMETERS = made_loops.PARAMETERS | {"strategies": ["random", "MLP", "LASL"]}


def row(config, number, scale=1.0):
    """Two sentences: one decoded right, one wrong; losses halve each round."""
    true = [4.0 * scale / 2**number, 8.0 * scale / 2**number]
    examples = {"places": [3, 7], "l_true": true, "l_min": [true[0], true[1] / 4]}
    examples |= {"l_max": [90.0, 110.0], "rank_correlation": {"l_min": 0.2 * number, "l_max": 0.1}}
    if config.predicts:
        examples["predicted"] = [-30.0 * number, 10.0 * number]
        examples["rank_correlation"]["predicted"] = 0.5
    return {"examples": examples}


def results(row=row, parameters=PARAMETERS, **options):
    found = made_loops.records(study.plan(parameters), row, **options)
    return study.Results(found, parameters, PINS)


def entry(frame, place, column):
    return frame[column].iloc[[tuple(each) for each in frame.index].index(place)]


@pytest.mark.parametrize("profile", ["quick", "open"])
def test_the_page_trains_nothing_that_the_page_on_strategies_does_not(profile, monkeypatch):
    monkeypatch.delenv("CLINLIB_ROOT", raising=False)
    assert set(notebooks.plan("41_losses", profile)) <= set(
        notebooks.plan("40_strategies", profile)
    )


def test_strategies_are_known():
    with pytest.raises(BadInput, match="did you mean 'MLP'"):
        study.plan(PARAMETERS | {"strategies": ["MLQ"]})


def test_bounds_are_means_of_sentences_and_the_ratio_is_of_sums():
    table = study.bounds(results())
    place = ("random", "20 %")  # true losses 1 and 2, minimum 1 and 0.5
    assert entry(table, place, "L_true").value == pytest.approx(1.5)
    assert entry(table, place, "L_min").value == pytest.approx(0.75)
    assert entry(table, place, "L_true − L_min").value == pytest.approx(0.75)
    assert entry(table, place, "L_min / L_true, %").value == pytest.approx(50)
    assert entry(table, place, "decoded as gold, %").value == pytest.approx(50)
    assert entry(table, place, "L_max").value == pytest.approx(100)


@given(st.lists(st.tuples(st.floats(1e-4, 200), st.booleans()), min_size=1, max_size=30))
def test_what_is_decoded_right_is_found_whatever_the_rounding(losses):
    """A wrong decoding lies a nat below the true loss here; records keep four digits."""
    true = np.array([loss + (0 if fits else 1) for loss, fits in losses])
    least = np.array([loss for loss, _ in losses])
    kept = {
        "l_true": [float(f"{x:.4g}") for x in true],
        "l_min": [float(f"{x:.4g}") for x in least],
    }
    share = np.mean([fits for _, fits in losses])
    assert samples.right({"examples": kept}) == pytest.approx(100 * share)


def test_two_roundings_of_one_loss_are_one_loss():
    kept = {"l_true": [1.236, 123.5, 0.5], "l_min": [1.235, 123.4, 0.4]}
    assert samples.right({"examples": kept}) == pytest.approx(100 * 2 / 3)


def test_a_loss_outside_its_bounds_is_counted_and_rounding_is_not():
    inside = {"l_true": [1.235, 3.0], "l_min": [1.236, 1.0], "l_max": [50.0, 3.001]}
    assert samples.outside({"examples": inside}) == (0, 2)
    below = inside | {"l_min": [2.0, 1.0]}
    above = inside | {"l_max": [50.0, 2.5]}
    assert samples.outside({"examples": below}) == samples.outside({"examples": above}) == (1, 2)
    said = study.sentences(results())[0]
    assert "48 sampled losses" in said and " 0 are not" in said  # 3 loops, 2 seeds, 4 rounds, 2


def test_an_echo_is_the_rank_correlation_of_predicted_and_minimum_losses():
    generator = np.random.default_rng(0)
    least, predicted = generator.random(20), generator.random(20).round(1)  # with ties
    kept = {"l_true": [9.0] * 20, "l_min": list(least), "predicted": list(predicted)}
    expected = spearmanr(predicted, least).statistic
    assert samples.echo({"examples": kept}) == pytest.approx(expected)
    handed_on = kept | {"predicted": [3 * each - 7 for each in least]}
    assert samples.echo({"examples": handed_on}) == pytest.approx(1)


@pytest.mark.parametrize(
    "kept",
    [{}, {"l_min": [1.0, 2.0]}, {"l_min": [1.0, 2.0], "predicted": [3.0, 3.0]}],
    ids=["no sample", "no predictor", "one prediction for all"],
)
def test_without_different_predictions_there_is_no_echo(kept):
    assert samples.echo({"examples": kept}) is None


def test_the_predicted_loss_is_held_against_the_minimum_of_the_same_run():
    found = study.leads(results())
    # 0.5 less 0.2, 0.4 and then less 0.6, 0.8
    assert found["LASL, first half of the rounds"].value == pytest.approx(0.2)
    assert found["LASL, second half of the rounds"].value == pytest.approx(-0.2)
    assert set(found) == {f"LASL, {half} half of the rounds" for half in ("first", "second")}


def test_every_round_is_in_one_half():
    parameters = PARAMETERS | {"rounds": 5, "strategies": ["LASL"]}

    def first_two(config, number):
        made = row(config, number)
        lead = {1: 0.4, 2: 0.2, 3: 0.0, 4: 0.1, 5: 0.2}[number]
        made["examples"]["rank_correlation"] = {"l_min": 0.3, "predicted": 0.3 + lead}
        return made

    found = study.leads(results(first_two, parameters))
    assert [each.value for each in found.values()] == pytest.approx([0.3, 0.1])


def test_a_loop_that_labels_all_is_read_before_nothing_is_left_to_sample():
    whole = PARAMETERS | {"initial": 0.25, "per_round": 0.25, "strategies": ["LASL"]}

    def emptied(config, number):
        return {"examples": {}} if number == 4 else row(config, number)

    found = results(emptied, whole)
    assert found.rounds == 3
    assert all(not each.missing for each in study.leads(found).values())
    assert not any("missing" in said for said in study.sentences(found))
    assert ("LASL", "100 %") not in [tuple(each) for each in study.bounds(found).index]


def test_the_only_round_is_sampled_once():
    one = PARAMETERS | {"rounds": 1, "strategies": ["LASL"]}
    _, run = study.example(results(parameters=one))
    assert len(samples.points(run)) == 2


def test_an_order_that_is_undefined_is_missing_not_zero():
    def constant(config, number):
        made = row(config, number)
        if number == 2:
            made["examples"]["rank_correlation"] = {}
        return made

    found = results(constant)
    assert entry(study.agreement(found), ("LASL", "predicted loss"), "20 %").missing == 2
    assert study.leads(found)["LASL, first half of the rounds"].missing == 2


def test_only_strategies_with_a_predictor_have_a_predicted_loss():
    found = results()
    assert found.predicting == ["LASL"]
    rows = [tuple(each) for each in study.agreement(found).index]
    assert [name for name, loss in rows if loss == "predicted loss"] == ["LASL"]
    assert {name for name, _ in study.scale(found).index} == {"LASL"}


def test_the_size_of_a_prediction_is_held_against_the_loss():
    table = study.scale(results())
    place = ("LASL", "20 %")  # predicted -60 and 20, true 1 and 2
    assert entry(table, place, "predicted below zero, %").value == pytest.approx(50)
    assert entry(table, place, "mean error as a loss").value == pytest.approx((61 + 18) / 2)
    assert entry(table, place, "predicted: mean").value == pytest.approx(-20)
    assert entry(table, place, "predicted: deviation").value == pytest.approx(40)


def test_examples_are_spread_over_the_predictions_of_the_last_round():
    def many(config, number):
        made = row(config, number)
        generator = np.random.default_rng(number)
        made["examples"] |= {
            name: generator.random(50).tolist() for name in ("l_true", "l_min", "predicted")
        }
        return made

    name, run = study.example(results(many))
    assert name == "LASL, seed 1"
    frame, last = samples.pairs(run), run["curve"][-1]["examples"]
    assert len(frame) == 7 and list(frame.index) == list(range(1, 8))
    shown = list(frame["predicted loss"])
    assert shown == sorted(shown)
    assert (shown[0], shown[-1]) == (min(last["predicted"]), max(last["predicted"]))
    true = dict(zip(last["predicted"], last["l_true"], strict=True))
    assert [true[each] for each in shown] == list(frame["true loss"])


numbers = st.lists(
    st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=20
).filter(lambda rows: min(len(set(column)) for column in zip(*rows, strict=True)) > 1)


@given(numbers)
def test_the_order_of_two_columns_is_spearmans(rows):
    frame = pd.DataFrame(rows, columns=["one", "other"])
    expected = spearmanr(frame["one"], frame["other"]).statistic
    assert samples.order(frame, "one", "other") == pytest.approx(expected)


def test_two_seeds_carry_no_verdict_and_three_alike_do():
    said = study.sentences(results())
    assert all("too few seeds" in each for each in said if "random" in each)
    three = results(parameters=PARAMETERS | {"seeds": 3})
    gap = next(each for each in study.sentences(three) if "nats:" in each)
    assert "falls by 1.31" in gap  # from (0 + 3) / 2 to (0 + 0.375) / 2


def test_a_difference_whose_interval_holds_zero_tells_nothing_apart():
    def by_seed(config, number):
        made = row(config, number)
        made["examples"]["rank_correlation"]["predicted"] = 0.2 * number + 0.1 * (config.seed - 2)
        return made

    said = study.sentences(results(by_seed, PARAMETERS | {"seeds": 3}))
    halves = [each for each in said if "rank correlation" in each]
    assert len(halves) == 2 and all("do not tell the two apart" in each for each in halves)


def test_curves_hold_every_run_and_the_state_that_keeps_it_from_the_mean():
    frame = study.curves(
        results(flags=["collapsed"]), {"gap": samples.gap}, ["random", "MLP"], "nats"
    )
    assert set(frame["line"]) == {"random", "MLP"} and len(frame) == 2 * 2 * 4
    assert set(frame["state"]) == {"collapsed"}
    one = frame[(frame["line"] == "MLP") & (frame["seed"] == 1)]
    assert list(one["nats"]) == pytest.approx([1.5, 0.75, 0.375, 0.1875])
    assert list(one[labelled("sentences")]) == pytest.approx([10, 20, 30, 40])


def test_what_is_missing_is_missing():
    found = study.Results({}, PARAMETERS, PINS)
    assert entry(study.bounds(found), ("MLP", "40 %"), "L_min").missing == 2
    assert not len(study.curves(found, {"gap": samples.gap}, ["MLP"], "nats"))
    assert study.example(found) is None
    assert any("no run to read this from" in each for each in study.sentences(found))
    without = results(lambda config, number: {})
    assert entry(study.scale(without), ("LASL", "40 %"), "predicted: mean").missing == 2
    assert study.example(without) is None


spread = st.lists(st.floats(1e-3, 700), min_size=1, max_size=30, unique=True)


@given(spread, st.integers(1, 90))
def test_least_confidence_without_length_picks_what_the_minimum_loss_picks(least, picks):
    """Against plain Python: as exp(-x) falls, the largest x come first."""
    before = {"sentences": 10, "examples": {"l_min": [round(each, 6) for each in least]}}
    found = plain.orders(before, {"picked": list(range(picks))}, 100)
    assert found.same and found.in_common == 100
    rounded = [each for each in before["examples"]["l_min"] if 1.0 - np.exp(-each) == 1.0]
    assert found.rounded == pytest.approx(100 * len(rounded) / len(least))


def test_losses_whose_probability_is_zero_have_no_order_left():
    """exp(-x) of a float64 is 0 beyond 745 nats: there the two orders are told apart."""
    before = {"sentences": 10, "examples": {"l_min": [800.0 + each for each in range(30)]}}
    found = plain.orders(before, {"picked": list(range(9))}, 100)
    assert not found.same and found.in_common < 100 and found.rounded == 100


def test_orders_are_of_the_samples_before_a_pick():
    def picked(config, number):
        made = row(config, number) | {"picked": list(range(10))}
        return made | ({"examples": {}} if number == 4 else {})  # after which nothing is picked

    found = results(picked)
    table = plain.table(found.loops)
    assert [name for (name,) in table.index] == ["random", "MLP", "LASL"]
    assert {each.value for each in table["samples in one order, %"]} == {100.0}
    said = [each for each in study.sentences(found) if each.startswith("Least confidence")]
    assert len(said) == 1 and "in 18 of 18 samples" in said[0]  # 3 loops, 2 seeds, 3 picks
    without = results(lambda config, number: {"picked": list(range(10))})
    assert plain.sentences(without.loops) == []
    assert plain.table(without.loops).iloc[0, 0].missing == 2

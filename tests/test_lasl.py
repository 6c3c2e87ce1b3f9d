"""The LASL study: plans that share their start, and tables of curves made by hand."""

import pytest
from made_loops import PARAMETERS as SHARED
from made_records import PINS

from clinlib.errors import BadInput
from clinlib.evaluation.flags import NO_ENTITY
from clinlib.experiments.active_learning_runs import ActiveLearning
from clinlib.experiments.key import key
from clinlib.studies.lasl import strategies as study

PARAMETERS = SHARED | {"strategies": ["random", "MLP", "LASL"], "all_data_epochs": 3}
TOP = 80.0


def records(f1, tokens=lambda config, number: 100 * number, flags=(), parameters=PARAMETERS):
    """Records of the plan: `f1(config, round)` and the tokens annotated by then, of 1000 in 100."""
    found = {}
    for config in study.plan(parameters):
        record = {
            "key": key(config, PINS),
            "kind": config.kind,
            "status": "complete",
            "configuration": config.to_dict(),
            "flags": list(flags),
            "scores": {"test": {"strict": {"f1": TOP}}},
        }
        if isinstance(config, ActiveLearning):
            record["curve"] = [
                {
                    "round": number,
                    "sentences": 10 * number,
                    "tokens": tokens(config, number),
                    "picked": list(range(10)),
                    "picked_tokens": tokens(config, number) - tokens(config, number - 1),
                    "picked_spans": {"Drug": 10, "Operation": 1},
                    "selection": {"seconds": 0.5} if number > 1 else {},
                    "scores": {"test": {"strict": {"f1": f1(config, number)}}},
                }
                for number in range(1, config.rounds + 1)
            ]
            record["data"] = {
                "pool_sentences": 100,
                "pool_tokens": 1000,
                "pool_spans": {"Drug": 200, "Operation": 8},
            }
            record["scores"]["test"]["strict"]["f1"] = f1(config, config.rounds)
        found[record["key"]] = record
    return found


def results(*arguments, **options) -> study.Results:
    return study.Results(records(*arguments, **options), PARAMETERS, PINS)


def entry(frame, row, column):
    """The entry of a strategy in a table of one index level."""
    return frame[column].iloc[[name for (name,) in frame.index].index(row)]


def rising(config, number):
    """MLP reaches 95 % of 80 (76) in round 2, random in round 4, LASL never."""
    steps = {"random": [40, 60, 70, 77], "mlp": [40, 76, 77, 78], "dbs": [40, 50, 60, 70]}
    return steps[config.strategy][number - 1] + 0.1 * (config.seed - 1)


def test_the_plan_holds_every_strategy_and_all_data_for_every_seed():
    plan = study.plan(PARAMETERS)
    assert len(plan) == len(set(plan)) == (3 + 1) * 2
    loops = [config for config in plan if isinstance(config, ActiveLearning)]
    assert len({config.task for config in loops}) == 1
    assert {config.mean_teacher for config in loops if config.strategy == "dbs"} == {True}
    whole = [config for config in plan if not isinstance(config, ActiveLearning)]
    assert [(run.seed, run.epochs) for run in whole] == [(1, 3), (2, 3)]
    assert whole[0] == loops[0].task.replaced(seed=1, epochs=3)


@pytest.mark.parametrize(
    ("names", "said"), [(["MLQ"], "did you mean 'MLP'"), (["MLP", "MLP"], "each once"), ([], "one")]
)
def test_strategies_are_known_and_named_once(names, said):
    with pytest.raises(BadInput, match=said):
        study.plan(PARAMETERS | {"strategies": names})


def test_labels_needed_are_those_of_the_first_round_that_gets_there():
    table = study.needed(results(rising))
    column = "95% of all-data F1, % of sentences"
    assert entry(table, "MLP", column).value == pytest.approx(20)
    assert entry(table, "random", column).value == pytest.approx(40)
    assert entry(table, "LASL", column) == "not within 40 % (2 of 2)"


def test_labels_needed_are_held_against_complete_runs_on_all_data_alone():
    """A collapsed run on all data has F1 0, which the first round has as well."""
    column = "95% of all-data F1, % of sentences"
    found = results(rising)
    found.ceiling[2] = found.ceiling[2] | {"status": "complete", "flags": ["collapsed"]}
    assert entry(study.needed(found), "MLP", column).n == 1
    assert entry(study.needed(found), "LASL", column) == "not within 40 % (1 of 1, 1 missing)"


def test_what_an_area_is_over_is_said():
    found = results(rising)
    said = " ".join(study.sentences(found))
    assert "area over 10 to 40 % of the pool's sentences" in said
    assert "area over 10 to 40 % of the pool's tokens" in said
    for runs in found.loops.values():
        runs[2]["data"]["pool_sentences"] += 1
    assert "area over 10 to 40 sentences" in " ".join(study.sentences(found))


def test_pairs_that_start_from_other_weights_are_counted():
    found = results(rising)
    for name, runs in found.loops.items():
        for seed, run in runs.items():
            apart = name == "MLP" and seed == 1
            run["provenance"] = {"parents": {"encoder": "another" if apart else "one"}}
    gains = study.gains(found, "sentences")
    assert gains["MLP"].apart == ("seed 1",) and gains["LASL"].apart == ()


def test_a_strategy_that_wins_by_long_sentences_does_not_win_by_tokens():
    """Equal F1 by tokens, but MLP spends them twice as fast."""

    def tokens(config, number):
        return (200 if config.strategy == "mlp" else 100) * number

    def f1(config, number):
        return 20 + 0.05 * tokens(config, number)

    found = results(f1, tokens)
    by_sentences, by_tokens = (study.gains(found, unit)["MLP"] for unit in study.UNITS)
    assert by_sentences.value > 5
    assert by_tokens.value == pytest.approx(0, abs=1e-9)
    picked = study.picked(found)
    assert entry(picked, "MLP", "tokens per sentence").value == pytest.approx(20)
    assert entry(picked, "random", "tokens per sentence").value == pytest.approx(10)


def test_the_area_is_the_mean_over_the_axis():
    found = results(rising)
    # trapezoids over four rounds, seed 2 a tenth above seed 1
    area = entry(study.areas(found), "random", "mean F1 over sentences")
    assert area.value == pytest.approx((20 + 60 + 70 + 38.5) / 3 + 0.05)
    gain = study.gains(found, "sentences")["MLP"]
    assert gain.value == pytest.approx((76 + 77 + 39 - 60 - 70 - 38.5) / 3)


def test_curves_have_a_row_a_round_with_its_interval():
    frame = study.curves(results(rising), "tokens")
    assert len(frame) == 3 * 4
    row = frame[(frame["strategy"] == "MLP") & (frame["round"] == 2)].iloc[0]
    assert row["f1"] == pytest.approx(76.05) and row["x"] == pytest.approx(20)
    assert row["low"] < 76.05 < row["high"]


def test_rounds_shown_end_with_the_last_and_with_all_data():
    table = study.by_round(results(rising))
    assert list(table.columns) == ["10 %", "20 %", "30 %", "40 %", "100 %"]
    assert entry(table, "LASL", "40 %").value == pytest.approx(70.05)
    assert entry(table, "all data", "100 %").value == TOP


def test_loops_that_label_the_whole_pool_keep_their_last_round():
    whole = PARAMETERS | {"initial": 0.25, "per_round": 0.25}
    found = study.Results(records(rising, parameters=whole), whole, PINS)
    table = study.by_round(found)
    assert list(table.columns) == ["25 %", "50 %", "75 %", "100 %"]
    assert entry(table, "LASL", "100 %").value == pytest.approx(70.05)
    assert entry(table, "all data", "100 %").value == TOP


def test_a_collapsed_loop_stands_in_no_mean_of_the_curves():
    made = records(rising)
    lost = study.loop("MLP", 2, PARAMETERS)
    made[key(lost, PINS)]["flags"] = ["collapsed"]
    frame = study.curves(study.Results(made, PARAMETERS, PINS), "tokens")
    row = frame[(frame["strategy"] == "MLP") & (frame["round"] == 2)].iloc[0]
    assert (row["f1"], row["runs"]) == (76.0, 1)


def test_a_loop_of_one_round_has_picked_nothing_to_share():
    one = PARAMETERS | {"rounds": 1}
    found = study.Results(records(rising, parameters=one), one, PINS)
    assert entry(study.picked(found), "LASL", "picked by MLP too, %").missing == 2


def test_what_is_picked_counts_spans_of_the_rarest_type():
    table = study.picked(results(rising))
    rare = entry(table, "MLP", "spans of the rarest type, % of the pool's")
    assert rare.value == pytest.approx(100 * 4 / 8)


def test_what_mlp_picks_as_well_is_of_the_round_before_which_models_are_one():
    found = results(rising)
    for name, runs in found.loops.items():
        for run in runs.values():
            places = range(5, 15) if name == "random" else range(10)
            run["curve"][1]["picked"] = list(places)
            run["curve"][2]["picked"] = list(range(20, 30) if name == "LASL" else range(30, 40))
    table, column = study.picked(found), "picked by MLP too, %"
    assert entry(table, "random", column).value == pytest.approx(50)
    assert entry(table, "LASL", column).value == pytest.approx(100)
    assert entry(table, "MLP", column) == "–"
    without = PARAMETERS | {"strategies": ["random", "LASL"]}
    assert column not in study.picked(study.Results(records(rising), without, PINS))


def test_an_initial_set_without_an_entity_is_warned_of():
    said = study.sentences(results(rising, flags=[NO_ENTITY]))
    assert any(text.startswith("Warning: MLP, seed 1, 2") for text in said)
    assert not any(text.startswith("Warning") for text in study.sentences(results(rising)))


def test_what_is_missing_is_missing():
    found = study.Results({}, PARAMETERS, PINS)
    assert str(entry(study.by_round(found), "MLP", "40 %")) == "missing (2)"
    assert not len(study.curves(found, "tokens"))
    assert study.needed(found).iloc[0, 0].missing == 2
    assert "missing" in study.sentences(found)[0]


def test_the_network_s_size_is_a_matter_of_strategies_that_have_one():
    small = PARAMETERS | {"predictor_size": 64}
    for left, right in zip(study.plan(PARAMETERS), study.plan(small), strict=True):
        predicts = isinstance(left, ActiveLearning) and left.predicts
        assert (left != right) == predicts
        assert not predicts or right.predictor_size == 64

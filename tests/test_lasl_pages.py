"""The LASL pages on loss predictors' encoders and on task models: plans, and curves by hand."""

import pytest
from made_loops import PARAMETERS
from made_records import PINS

from clinlib.errors import BadInput
from clinlib.experiments.active_learning_runs import ActiveLearning
from clinlib.experiments.key import key
from clinlib.report import notebooks
from clinlib.studies.lasl import loss_encoders, strategies, task_models, training
from clinlib.studies.lasl import rounds as reading

SHARED = PARAMETERS | {"recurrent": 16, "rounds": 3}
ENCODERS = SHARED | {"encoders": ["shared", "serial 2", "individual 3"]}
MODELS = SHARED | {
    "models": ["BERT-CRF", "LSTM-CRF", "GlobalPointer"],
    "strategies": ["random", "LASL"],
    "lstm_encoder": "bilstm",
    "lstm_learning_rate": 5e-3,
}


def records(plan, f1, agreement=lambda config, number: 0.5):
    """Records of a plan: `f1(config, round)`, and how predicted losses agree with true ones."""
    return {
        key(config, PINS): {
            "key": key(config, PINS),
            "kind": config.kind,
            "status": "complete",
            "configuration": config.to_dict(),
            "flags": [],
            "data": {"pool_sentences": 100, "pool_tokens": 1000},
            "curve": [
                {
                    "round": number,
                    "sentences": 10 * number,
                    "tokens": 100 * number,
                    "scores": {"test": {"strict": {"f1": f1(config, number)}}},
                    "examples": {
                        "rank_correlation": {"l_min": 0.9}
                        | ({"predicted": agreement(config, number)} if config.predicts else {})
                    },
                }
                for number in range(1, config.rounds + 1)
            ],
        }
        for config in plan
    }


def encoders(f1=lambda config, number: 50.0, parameters=ENCODERS, **options):
    made = records(loss_encoders.plan(parameters), f1, **options)
    return loss_encoders.Results(made, parameters, PINS)


def models(f1, parameters=MODELS):
    return task_models.Results(records(task_models.plan(parameters), f1), parameters, PINS)


def test_loops_differ_in_the_network_alone_and_share_the_runs_of_page_40():
    plan = loss_encoders.plan(ENCODERS | {"seeds": 1})
    *predicting, random = plan
    assert random.strategy == "random"
    read = [(config.predictor, config.predictor_layers) for config in predicting]
    assert read == [("shared", 2), ("by_strategy", 2), ("individual", 3)]
    plain = {"predictor": "by_strategy", "predictor_layers": 2}
    assert len({config.replaced(**plain) for config in predicting}) == 1
    asked = ENCODERS | {"seeds": 1, "strategies": ["random", "LPN"], "all_data_epochs": 1}
    assert {random, predicting[1]} <= set(strategies.plan(asked))


def test_only_the_raw_network_reads_the_bounds_as_they_are():
    names = ["serial 2", "serial 2, raw bounds"]
    plan = loss_encoders.plan(ENCODERS | {"seeds": 1, "encoders": names})
    assert [config.bounds_scale for config in plan[:-1]] == ["log", "raw"]


def test_networks_without_bounds_are_those_of_the_learning_loss():
    names = ["shared, no bounds", "serial 2, no bounds", "individual 2, no bounds"]
    asked = SHARED | {"seeds": 1}
    shared, *others, _ = loss_encoders.plan(asked | {"encoders": names})
    assert shared == training.loop("learning loss", 1, asked)
    assert [(each.predictor, each.predictor_layers) for each in others] == [
        ("serial", 2),
        ("individual", 2),
    ]
    assert {each.replaced(predictor="by_strategy") for each in others} == {shared}


@pytest.mark.parametrize(
    ("names", "said"),
    [(["seriel 2"], "did you mean 'serial 2'"), (["shared", "shared"], "each once"), ([], "one")],
)
def test_encoders_are_known_and_named_once(names, said):
    with pytest.raises(BadInput, match=said):
        loss_encoders.plan(ENCODERS | {"encoders": names})


@pytest.mark.parametrize("name", ["documents", "dev_sentences"])
def test_a_pool_of_some_documents_and_some_dev_sentences_are_the_tasks(name):
    for module, parameters in ((loss_encoders, ENCODERS), (task_models, MODELS)):
        taken = {getattr(run.task, name) for run in module.plan(parameters | {name: 7})}
        whole = {getattr(run.task, name) for run in module.plan(parameters)}
        assert (taken, whole) == ({7}, {None})


def test_a_network_has_its_colour_in_both_panels():
    found = encoders()
    drawn, agreed = (loss_encoders.curves(found), loss_encoders.agreement_curves(found))
    names = [list(dict.fromkeys(frame["strategy"])) for frame in (drawn, agreed)]
    assert names[0][: len(names[1])] == names[1] == ENCODERS["encoders"]


def test_gains_are_over_the_encoder_that_the_paper_chooses():
    f1 = {"random": 40.0, "shared": 45.0, "by_strategy": 50.0, "individual": 47.0}

    def by_encoder(config, number):
        return f1[config.predictor if config.predicts else "random"] + config.seed

    gains = loss_encoders.gains(encoders(by_encoder), "sentences")
    assert {name: cell.value for name, cell in gains.items()} == pytest.approx(
        {"random": -10, "shared": -5, "individual 3": -3}
    )
    alone = ENCODERS | {"encoders": ["shared"]}
    assert loss_encoders.gains(encoders(parameters=alone), "tokens") == {}


def test_agreement_is_read_round_by_round_beside_that_of_the_minimum_loss():
    def agreement(config, number):
        return 0.1 * number + (0.2 if config.predictor == "shared" else 0.0)

    found = encoders(agreement=agreement)
    table = loss_encoders.agreement(found)
    assert [str(each) for each in table.loc[("shared",)]] == [
        "0.30 ± 0.00 (2)",
        "0.40 ± 0.00 (2)",
        "0.50 ± 0.00 (2)",
    ]
    least = table.loc[("minimum loss, loops of shared",)]
    assert [each.value for each in least] == pytest.approx([0.9] * 3)
    assert ("random",) not in set(table.index)
    areas = loss_encoders.areas(found)
    assert areas.loc[("serial 2",), "rank correlation with true losses"].value == pytest.approx(0.2)
    assert areas.loc[("random",), "rank correlation with true losses"] == "–"
    curve = loss_encoders.agreement_curves(found)
    assert list(curve[curve["strategy"] == "shared"]["f1"]) == pytest.approx([0.3, 0.4, 0.5])


def test_what_a_network_hands_on_of_the_minimum_loss_stands_beside_what_it_knows():
    made = records(loss_encoders.plan(ENCODERS), lambda config, number: 50.0)
    for record in made.values():
        for row in record["curve"]:
            if "predicted" in row["examples"]["rank_correlation"]:
                last = row["round"] == 3  # the predictions of which run the other way
                row["examples"]["predicted"] = [1.0, 2.0, -3.0 if last else 3.0]
                row["examples"]["l_min"] = [0.1, 0.2, 0.4]
    found = loss_encoders.Results(made, ENCODERS, PINS)
    areas = loss_encoders.areas(found)
    # two rounds of 1 and one of -0.5
    assert areas.loc[("shared",), "with minimum losses"].value == pytest.approx(0.5)
    assert areas.loc[("random",), "with minimum losses"] == "–"
    said = loss_encoders.sentences(found)[0]
    assert "0.50 ± 0.00 (2) on average" in said and "minimum losses by 0.50" in said


def test_a_round_without_a_correlation_has_no_point():
    def agreement(config, number):
        return None if number == 2 else 0.3

    found = encoders(agreement=agreement)
    curve = loss_encoders.agreement_curves(found)
    assert set(curve["round"]) == {1, 3}
    entry = loss_encoders.agreement(found).loc[("shared",), "20 %"]
    assert str(entry) == "missing (2)"


def test_pages_of_the_same_sizes_and_task_train_no_loop_twice(monkeypatch):
    """A page of smaller sizes has loops of its own; of the same ones it has those of page 40."""
    monkeypatch.delenv("CLINLIB_ROOT", raising=False)
    given = {"recurrent": 200, "initial": 0.05, "per_round": 0.05, "rounds": 6, "epochs": 6}

    def planned(page):
        plan = notebooks.plan(page, "open", given)
        return {key(each): each for each in plan if isinstance(each, ActiveLearning)}

    first = planned("40_strategies")
    shared = {
        "41_losses": {"random", "mlp", "learning_loss", "lpn", "dbs", "dbs, teacher"},
        "42_balance": {"dbs", "mlp", "lpn"},
        "43_loss_prediction_encoders": {"lpn", "random"},
        "44_task_models": {"random", "mlp", "dbs, teacher"},
    }
    for page, strategies_there in shared.items():
        both = [each for name, each in planned(page).items() if name in first]
        names = [c.strategy + (", teacher" if c.mean_teacher else "") for c in both]
        assert set(names) == strategies_there and len(names) == 3 * len(strategies_there), page
    assert planned("41_losses").items() <= first.items()


def test_models_differ_in_encoder_head_and_bilstm():
    plan = task_models.plan(MODELS | {"seeds": 1, "strategies": ["random"]})
    read = [(c.task.encoder, c.task.head, c.task.recurrent, c.task.learning_rate) for c in plan]
    assert read == [
        ("scratch-tiny", "crf", 16, 2e-3),
        ("bilstm", "crf", 0, 5e-3),
        ("scratch-tiny", "global_pointer", 16, 2e-3),
    ]
    assert plan[1].task.vocabulary == 500


def test_only_a_global_pointer_with_a_teacher_has_a_mean_consistency():
    plan = task_models.plan(MODELS | {"seeds": 1, "strategies": ["random", "LASL"]})
    read = {(c.task.head, c.mean_teacher): c.reduction for c in plan}
    assert read == {
        ("crf", False): "sentence",
        ("crf", True): "sentence",
        ("global_pointer", False): "sentence",
        ("global_pointer", True): "unit",
    }


def test_bert_crf_without_bilstm_is_the_task_model_of_page_40():
    asked = MODELS | {"models": ["BERT-CRF without BiLSTM"]}
    other = MODELS | {"head": "crf", "recurrent": 0, "all_data_epochs": 1}
    assert set(task_models.plan(asked)) <= set(strategies.plan(other))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"models": ["BERT-CRV"]}, "did you mean 'BERT-CRF'"),
        ({"models": []}, "models: .* at least one"),
        ({"strategies": ["LASL", "LASL"]}, "strategies: .* each once"),
        ({"strategies": ["TOD"]}, "global_pointer lacks"),
    ],
)
def test_models_and_strategies_are_known_and_fit(change, said):
    with pytest.raises(BadInput, match=said):
        task_models.plan(MODELS | change)


def test_picking_is_compared_within_a_model():
    """A model that is better throughout gains no more by picking."""
    level = {"crf": 40.0, "global_pointer": 10.0}

    def f1(config, number):
        return level[config.task.head] + 5 * number + (3 if config.predicts else 0)

    found = models(f1)
    gains = task_models.gains(found, "tokens")
    assert set(gains) == {f"{model}, LASL" for model in MODELS["models"]}
    assert [cell.value for cell in gains.values()] == pytest.approx([3, 3, 3])
    table = task_models.by_round(found)
    assert table.loc[("GlobalPointer", "LASL"), "30 %"].value == pytest.approx(28)
    assert task_models.areas(found).loc[("BERT-CRF", "random")].iloc[-1] == "–"
    assert task_models.gains(models(f1, MODELS | {"strategies": ["LASL"]}), "tokens") == {}


def test_the_stand_in_is_judged_by_loops_that_pick_at_random():
    found = models(lambda config, number: 30.0)
    table = task_models.least_loss(found)
    assert [name for (name,) in table.index] == MODELS["models"]
    assert {each.value for each in table.iloc[2]} == {0.9}


def test_two_seeds_are_too_few_for_a_conclusion():
    said = task_models.sentences(models(lambda config, number: 30.0 + config.seed))
    assert sum("too few seeds" in text for text in said) == 2 * 3
    said = loss_encoders.sentences(encoders())
    assert sum("too few seeds" in text for text in said) == 2 * 3


def test_what_is_missing_is_missing():
    found = task_models.Results({}, MODELS, PINS)
    assert str(task_models.by_round(found).iloc[0, 0]) == "missing (2)"
    assert not len(task_models.drawn(found))
    found = loss_encoders.Results({}, ENCODERS, PINS)
    assert str(loss_encoders.agreement(found).iloc[0, 0]) == "missing (2)"
    assert not len(loss_encoders.drawn(found))


def test_some_rounds_are_shown_the_last_among_them():
    shares = [0.05 * number for number in range(1, 13)]
    assert list(reading.shown(shares)) == [1, 3, 5, 8, 10, 12]
    assert reading.shown(shares)[12] == pytest.approx(60)

"""ActiveLearning as a configuration: what it refuses, and how keys, graph and estimates take it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_runs import PINS, encode, tune

from clinlib.errors import BadInput
from clinlib.experiments import estimate
from clinlib.experiments.active_learning_runs import ActiveLearning
from clinlib.experiments.estimate import Size, Speeds, seconds
from clinlib.experiments.graph import build, to_run
from clinlib.experiments.key import Pins, key
from clinlib.experiments.needs import missing
from clinlib.experiments.spec import Choose, FineTune, PseudoLabel, from_dict

TASK = FineTune(corpus="a", encoder="scratch-tiny")
LOOP = ActiveLearning(task=TASK)


def test_the_defaults_are_the_papers():
    assert LOOP.shares[-1] == pytest.approx(0.30) and len(LOOP.shares) == 30
    assert LOOP.rounds_to_all == LOOP.most_rounds == 100


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"rounds": 101}, "make 101% of the pool; at most 100 rounds fit"),
        ({"initial": 0.5, "per_round": 0.3}, "at most 2 rounds fit"),
        ({"initial": 0.0}, "greater than 0"),
        ({"strategy": "lasl"}, "ActiveLearning.strategy: unknown value 'lasl'"),
        ({"strategy": "least_confidenc"}, "did you mean 'least_confidence'"),
        ({"balance_scale": "zscore"}, "did you mean 'z_score'"),
        ({"predictor": "seriel"}, "did you mean 'serial'"),
        ({"bounds_scale": "logs"}, "did you mean 'log'"),
        ({"task": TASK.replaced(patience=2)}, "leave out patience"),
        ({"task": TASK.replaced(train_on="train+dev", r_drop=1.0)}, "leave out train_on, r_drop"),
        ({"task": TASK.replaced(layout="packed")}, "needs layout sentence"),
        ({"task": TASK.replaced(seed=1)}, "its seed is the loop's"),
        (
            {"strategy": "tod", "task": TASK.replaced(head="global_pointer")},
            "which the head global_pointer lacks; take crf or softmax",
        ),
        ({"mean_teacher": True, "consistency_weight": 0.0}, "without effect"),
        ({"predictor_layers": 4}, "less than or equal to 3"),
    ],
)
def test_what_cannot_be_is_refused_and_named(fields, said):
    with pytest.raises(BadInput) as raised:
        LOOP.replaced(**fields)
    assert said in str(raised.value)


def test_silver_labels_are_no_pool():
    silver = PseudoLabel(teacher=TASK, texts=("corpus:b",))
    with pytest.raises(BadInput, match="leave out silver"):
        LOOP.replaced(task=TASK.replaced(silver=silver))


@given(st.integers(1, 100), st.integers(1, 100))
def test_as_many_rounds_fit_as_are_said_to(initial, per_round):
    shares = {"initial": initial / 100, "per_round": per_round / 100}
    most = LOOP.replaced(rounds=1, **shares).most_rounds
    fits = LOOP.replaced(rounds=most, **shares)
    assert fits.shares[-1] <= 1
    with pytest.raises(BadInput, match="rounds fit"):
        LOOP.replaced(rounds=most + 1, **shares)


def test_the_seed_of_the_loop_is_that_of_its_task():
    assert LOOP.replaced(seed=4).loop_task.seed == 4


def test_a_loop_survives_the_way_through_json():
    config = LOOP.replaced(strategy="dbs", mean_teacher=True, unit_of_size="tokens")
    assert from_dict(config.to_dict()) == config


def test_the_key_follows_the_task_and_its_corpus():
    plain = key(LOOP, PINS)
    assert key(LOOP.replaced(rounds=30, margin=1), PINS) == plain
    assert key(LOOP.replaced(task=TASK.replaced(epochs=2)), PINS) != plain
    other = Pins(corpus="newer {}".format, text=PINS.text, encoder=PINS.encoder)
    assert key(LOOP, other) != plain


@pytest.mark.parametrize("field", sorted(set(ActiveLearning.model_fields) - {"task"}))
def test_every_field_is_part_of_the_key(field):
    other = {
        "strategy": "mlp",
        "initial": 0.5,
        "per_round": 0.02,
        "unit_of_size": "tokens",
        "balance_weight": "root",
        "balance_scale": "rank",
        "bounds_scale": "log",
        "predictor": "shared",
        "reduction": "unit",
        "predictor_layers": 3,
        "predictor_size": 20,
        "predictor_momentum": 0.5,
        "decay": 0.5,
        **dict.fromkeys(("restart", "mean_teacher"), True),
        **dict.fromkeys(("detached", "warm_up"), False),
    }.get(field, 7)
    assert key(LOOP.replaced(**{field: other}), PINS) != key(LOOP, PINS)


def test_a_task_is_no_run_but_what_it_starts_from_is():
    parent = encode()
    rate = Choose(of=(tune(learning_rate=1e-3), tune(learning_rate=1e-4)), take="learning_rate")
    loop = LOOP.replaced(task=tune("b", encoder=parent, learning_rate=rate))
    graph = build([loop], PINS)
    kinds = sorted(node.config.kind for node in graph.nodes.values())
    assert kinds == ["active_learning", "fine_tune", "fine_tune", "pretrain"]
    node = graph.nodes[key(loop, PINS)]
    assert node.artifacts == (key(parent, PINS),)
    assert node.choices == (("task.learning_rate", rate),)
    work = to_run(graph, lambda node: False, lambda node: False)
    assert set(work.before[node.key]) == set(graph.nodes) - {node.key}
    assert work.kept == {key(parent, PINS)}


def test_data_that_the_task_reads_are_looked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("CLINLIB_DATA", str(tmp_path))
    assert "CLINLIB_DATA" in missing(LOOP.replaced(task=TASK.replaced(corpus="ncbi_disease")))
    assert missing(LOOP.replaced(task=TASK.replaced(corpus="synthetic_zh_emr"))) == ""


def test_an_estimate_grows_with_rounds_and_with_what_learns_beside(monkeypatch):
    sizes = {"train": Size(10, 100), "dev": Size(3, 30), "test": Size(3, 30)}
    monkeypatch.setattr(estimate, "sizes", lambda corpus: sizes)
    known = Speeds(tuning={("a", "scratch-tiny", None, "cpu"): [0.1]})
    plain = LOOP.replaced(initial=0.1, per_round=0.1, rounds=2, task=TASK.replaced(epochs=2))
    # 2 epochs of 10 and of 20 sentences; 60 scored twice, at a third: 60 + 40 units
    assert seconds(plain, known) == (pytest.approx(10.0), True)
    # and the unlabelled 90 and 80 read
    assert seconds(plain.replaced(strategy="mlp"), known)[0] == pytest.approx(10 + 17 / 3)
    lasl = plain.replaced(strategy="dbs", mean_teacher=True)
    assert seconds(lasl, known)[0] > seconds(plain.replaced(strategy="dbs"), known)[0]
    assert not seconds(plain, Speeds())[1]

"""The active-learning routine: the same start, no peeking, and an interrupt costs one round."""

import json
from unittest.mock import patch

import golden
import numpy as np
import pytest
import torch

from clinlib.errors import BadInput
from clinlib.evaluation.flags import NO_ENTITY
from clinlib.evaluation.summary import span_counts
from clinlib.experiments import active_learning
from clinlib.experiments.active_learning_runs import ActiveLearning
from clinlib.experiments.context import RunContext
from clinlib.selection.learner import Learner
from clinlib.selection.rounds import Rounds

TASK = golden.PLAIN.replaced(documents=2, epochs=1, learning_rate=4e-3)
LOOP = ActiveLearning(
    task=TASK, initial=0.2, per_round=0.1, rounds=3, predictor_size=8, examples=20
)
STRATEGIES = (
    *("random", "least_confidence", "plain_least_confidence", "tod", "learning_loss"),
    *("mlp", "lpn", "dbs", "core_set"),
)
LASL = LOOP.replaced(strategy="dbs", mean_teacher=True)


@pytest.fixture(autouse=True)
def micro():
    with golden.on_micro(golden.micro()) as corpus:
        yield corpus


@pytest.fixture(scope="module")
def mlp():
    """The record of one loop, which several tests look at."""
    with golden.on_micro(golden.micro()):
        return run(LOOP.replaced(strategy="mlp"))


def run(config, **context):
    return active_learning.run(config, RunContext(**context))


def numbers(record):
    """The rows without what a clock says."""
    timed = ("seconds", "subwords_per_second", "sentences_per_second")
    rows = []
    for row in record["curve"]:
        row = {name: value for name, value in row.items() if name not in timed}
        row["selection"] = {k: v for k, v in row["selection"].items() if k not in timed}
        rows.append(row)
    return rows


def start(config):
    """The initial set and the weights that a loop begins with."""
    found = {}

    class Begun(Exception):
        pass

    def begin(self):
        found["set"] = begins(self)
        found["tagger"] = {k: v.clone() for k, v in self.learner.tagger.state_dict().items()}
        raise Begun

    begins = Rounds.begin
    with patch.object(Rounds, "begin", begin), pytest.raises(Begun):
        run(config)
    return found


def test_all_strategies_of_a_seed_begin_with_one_set_and_one_model():
    plain = start(LOOP)
    for config in (*(LOOP.replaced(strategy=each) for each in STRATEGIES[1:]), LASL):
        other = start(config)
        assert other["set"] == plain["set"]
        assert all(torch.equal(other["tagger"][k], v) for k, v in plain["tagger"].items())


def test_another_seed_begins_with_another_set_and_another_model():
    # all documents: the first n of another seed would be another pool
    whole = LOOP.replaced(task=TASK.replaced(documents=None))
    first, other = start(whole), start(whole.replaced(seed=1))
    assert len(first["set"]) == len(other["set"]) and sorted(first["set"]) != sorted(other["set"])
    weights = (each["tagger"]["head.linear.weight"] for each in (first, other))
    assert not torch.equal(*weights)


def test_a_detached_loss_predictor_leaves_the_tagger_as_it_would_be():
    plain, beside = (run(LOOP.replaced(strategy=s, rounds=1)) for s in ("random", "lpn"))
    assert plain["counts"] == beside["counts"]
    joined = run(LOOP.replaced(strategy="lpn", rounds=1, detached=False))
    assert joined["curve"][0]["examples"]["l_min"] != plain["curve"][0]["examples"]["l_min"]
    assert beside["curve"][0]["examples"]["l_min"] == plain["curve"][0]["examples"]["l_min"]


def test_the_scale_of_the_bounds_is_that_of_the_predictor():
    raw, log = (
        run(LOOP.replaced(strategy="lpn", rounds=1, bounds_scale=scale))["curve"][0]["examples"]
        for scale in ("raw", "log")
    )
    assert raw["l_max"] == log["l_max"] and raw["predicted"] != log["predicted"]


def test_predictor_and_teacher_learn():
    states = []
    learn = Learner.learn

    def spied(self, *arguments):
        states.append(self.state())
        result = learn(self, *arguments)
        states.append(self.state())
        return result

    with patch.object(Learner, "learn", spied):
        run(LASL.replaced(rounds=1))
    before, after = states
    for name in before:
        if name.startswith(("predictor.linear.weight", "teacher.head.linear", "tagger.head")):
            assert not torch.equal(before[name], after[name]), name
    assert after["teacher.updates"] > 0
    assert not torch.equal(after["teacher.head.linear.weight"], after["tagger.head.linear.weight"])


@pytest.mark.parametrize("config", [LASL, LOOP.replaced(strategy="tod")], ids=["lasl", "tod"])
def test_an_interrupted_loop_goes_on_to_the_same_curve(config, tmp_path):
    whole = run(config)
    learn, rounds = Learner.learn, []

    def interrupted(self, *arguments):
        rounds.append(len(rounds) + 1)
        if len(rounds) == 3:
            raise KeyboardInterrupt
        return learn(self, *arguments)

    with patch.object(Learner, "learn", interrupted), pytest.raises(KeyboardInterrupt):
        run(config, journal=tmp_path)
    trained = []
    with patch.object(
        Learner, "learn", lambda self, *rest: trained.append(1) or learn(self, *rest)
    ):
        resumed = run(config, journal=tmp_path)
    assert len(trained) == 1, "the interrupt costs one round"
    assert numbers(resumed) == numbers(whole)
    assert resumed["scores"] == whole["scores"] and resumed["data"] == whole["data"]


def test_a_journal_of_another_loop_is_refused(tmp_path):
    run(LOOP.replaced(rounds=2), journal=tmp_path)
    with pytest.raises(BadInput, match="another pool or other settings"):
        run(LOOP.replaced(rounds=2, strategy="mlp"), journal=tmp_path)


@pytest.mark.parametrize("restart", [True, False])
def test_a_round_goes_on_from_the_last_one_or_restarts(restart):
    befores, afters, learn = [], [], Learner.learn

    def spied(self, *arguments):
        befores.append(self.state())
        result = learn(self, *arguments)
        afters.append(self.state())
        return result

    with patch.object(Learner, "learn", spied):
        run(LASL.replaced(rounds=2, restart=restart))
    expected = befores[0] if restart else afters[0]
    assert all(torch.equal(befores[1][name], value) for name, value in expected.items())


def test_labels_that_were_never_bought_change_nothing(mlp, micro):
    """The oracle says only what is asked: other gold in the rest of the pool, the same loop."""
    picked = {place for row in mlp["curve"] for place in row["picked"]}
    documents = micro.splits["train"]
    index = [(d, s) for d in range(2) for s in range(len(documents[d].sentences))]
    bought = [index[place] for place in picked]

    def kept(number, document):
        bounds = [document.sentences[s] for d, s in bought if d == number]
        return document.with_spans(
            span for span in document.spans if any(a <= span.start < b for a, b in bounds)
        )

    blind = tuple(kept(number, document) for number, document in enumerate(documents))
    assert sum(len(d.spans) for d in blind[:2]) < sum(len(d.spans) for d in documents[:2])
    micro.splits["train"] = blind
    again = run(LOOP.replaced(strategy="mlp"))
    for row, other in zip(mlp["curve"], again["curve"], strict=True):
        assert row["picked"] == other["picked"] and row["counts"] == other["counts"]


def test_dev_labels_select_nothing(mlp, micro):
    micro.splits["dev"] = tuple(document.with_spans(()) for document in micro.splits["dev"])
    again = run(LOOP.replaced(strategy="mlp"))
    for row, other in zip(mlp["curve"], again["curve"], strict=True):
        assert row["picked"] == other["picked"]
        assert row["counts"]["test"] == other["counts"]["test"]


def test_the_record_adds_up_and_is_json(mlp, micro):
    json.dumps(mlp, allow_nan=False)
    data, picked = mlp["data"], []
    gold = sum(len(document.spans) for document in micro.splits["test"])
    for number, row in enumerate(mlp["curve"], 1):
        picked += row["picked"]
        assert row["round"] == number and row["sentences"] == len(picked) == len(set(picked))
        share = LOOP.initial + (number - 1) * LOOP.per_round
        assert row["sentences"] == round(share * data["pool_sentences"])
        tp, _, fn = span_counts(row["counts"]["test"]).of("strict").sum(axis=(0, 1))
        assert tp + fn == gold
        assert len(row["losses"]) == TASK.epochs and row["losses"][-1] == row["loss"]
        assert sum(r["picked_tokens"] for r in mlp["curve"][:number]) == row["tokens"]
    assert mlp["scores"] == mlp["curve"][-1]["scores"]
    assert all(set(row["counts"]) == {"test"} for row in mlp["curve"])
    for split, counts in mlp["counts"].items():
        tp, fp, fn = span_counts(counts).of("strict").sum(axis=(0, 1))
        assert tp + fn == sum(len(document.spans) for document in micro.splits[split])
        f1 = 100 * 2 * tp / (2 * tp + fp + fn) if tp else 0.0
        assert f1 == pytest.approx(mlp["scores"][split]["strict"]["f1"])
    assert set(mlp["counts"]) == {"dev", "test"}
    assert mlp["curve"][0]["selection"] == {}
    read = mlp["curve"][1]["selection"]["read"]
    assert read == data["pool_sentences"] - mlp["curve"][0]["sentences"]


def test_examples_hold_losses_of_unlabelled_sentences():
    row = run(LOOP.replaced(strategy="lpn", rounds=1))["curve"][0]
    examples = row["examples"]
    assert len(examples["places"]) == 20 and not set(examples["places"]) & set(row["picked"])
    low, true, high = (np.array(examples[name]) for name in ("l_min", "l_true", "l_max"))
    assert (low <= true * 1.001 + 1e-3).all() and (true <= high * 1.001 + 1e-3).all()
    assert len(examples["predicted"]) == 20
    assert set(examples["rank_correlation"]) == {"l_min", "l_max", "predicted"}


def test_lambda_is_in_the_record_and_within_bounds():
    record = run(LOOP.replaced(strategy="dbs", rounds=2))
    assert 0 <= record["curve"][1]["selection"]["lambda"] <= 1


def test_a_budget_of_tokens_is_spent_in_tokens():
    record = run(LOOP.replaced(unit_of_size="tokens", rounds=2))
    total = record["data"]["pool_tokens"]
    assert record["curve"][-1]["tokens"] / total == pytest.approx(0.3, abs=40 / total)


def test_an_initial_set_without_an_entity_is_flagged(micro, mlp):
    assert NO_ENTITY not in mlp["flags"]
    micro.splits["train"] = tuple(d.with_spans(()) for d in micro.splits["train"])
    assert NO_ENTITY in run(LOOP.replaced(rounds=1))["flags"]


def test_a_pool_smaller_than_a_round_is_refused():
    with pytest.raises(BadInput, match="too small for a round of 0.10%"):
        run(LOOP.replaced(per_round=0.001))


def test_the_whole_pool_can_be_learnt():
    record = run(LASL.replaced(initial=0.5, per_round=0.5, rounds=2))
    assert record["curve"][-1]["sentences"] == record["data"]["pool_sentences"]
    assert record["curve"][-1]["examples"] == {}


@pytest.mark.parametrize("strategy", ["mlp", "dbs", "core_set"])
def test_a_task_model_with_a_bilstm_and_global_pointer_goes_through_the_loop(strategy):
    task = TASK.replaced(head="global_pointer", recurrent=16)
    record = run(LOOP.replaced(task=task, strategy=strategy, rounds=2, mean_teacher=True))
    examples = record["curve"][-1]["examples"]
    assert (np.array(examples["l_max"]) >= np.array(examples["l_true"]) - 1e-3).all()

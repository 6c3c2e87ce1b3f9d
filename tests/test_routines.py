"""The routines FineTune and Pretrain: deterministic, golden, and what their records hold."""

import json

import golden
import pytest
import torch

from clinlib.errors import BadInput
from clinlib.evaluation.summary import confusion_of, span_counts
from clinlib.experiments import fine_tune, pretrain
from clinlib.experiments.context import RunContext
from clinlib.experiments.key import Pins, key
from clinlib.experiments.spec import Choose, Pretrain
from clinlib.models import encoders
from clinlib.training import precision

PLAIN = golden.PLAIN


@pytest.fixture(autouse=True)
def micro():
    with golden.on_micro(golden.micro()) as corpus:
        yield corpus


def _without_times(record):
    curve = [{k: v for k, v in row.items() if k != "seconds"} for row in record["curve"]]
    return {k: v for k, v in record.items() if k != "provenance"} | {"curve": curve}


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_a_seed_fixes_a_run_on_one_thread_and_another_seed_gives_another(head):
    config = PLAIN.replaced(head=head)
    first, again = (_without_times(fine_tune.run(config, RunContext())) for _ in range(2))
    other = _without_times(fine_tune.run(config.replaced(seed=1), RunContext()))
    assert first == again
    assert first["curve"] != other["curve"]


def test_the_counts_of_a_record_give_its_scores_and_it_is_json(micro):
    record = fine_tune.run(PLAIN.replaced(epochs=3, keep_predictions=True), RunContext())
    json.dumps(record, allow_nan=False)
    for split in ("dev", "test"):
        entry = record["counts"][split]
        tp, fp, fn = span_counts(entry).of("strict").sum(axis=(0, 1))
        f1 = 200 * tp / (2 * tp + fp + fn) if tp else 0.0
        assert record["scores"][split]["strict"]["f1"] == pytest.approx(f1)
        assert tp + fn == sum(len(d.spans) for d in micro.splits[split])
        assert confusion_of(entry)[0].sum() > 0
    assert len(record["predictions"]) == len(micro.splits["test"])
    assert record["curve"][record["best_epoch"] - 1]["dev_f1"] == pytest.approx(
        record["scores"]["dev"]["strict"]["f1"], abs=1e-3
    )


def test_training_on_dev_leaves_no_dev_score_to_select_by(micro):
    record = fine_tune.run(PLAIN.replaced(train_on="train+dev"), RunContext())
    assert all("dev_f1" not in row for row in record["curve"])
    assert record["best_epoch"] == PLAIN.epochs and "best_is_last" not in record["flags"]
    both = [d for split in ("train", "dev") for d in micro.splits[split]]
    assert record["data"]["train_sentences"] == sum(len(d.sentences) for d in both)


def test_samplers_decide_which_sentences_are_trained_on(micro):
    documents = micro.splits["train"]
    few = fine_tune.training_sentences(documents, PLAIN.replaced(sentences=20))
    none_empty = fine_tune.training_sentences(documents, PLAIN.replaced(empty_share=0.0))
    more = fine_tune.training_sentences(documents, PLAIN.replaced(up_sample=0.5))
    everything = fine_tune.training_sentences(documents, PLAIN)
    assert len(few) == 20 and few == everything[:20]
    assert len(none_empty) < len(everything) < len(more)


def test_the_rate_that_a_choose_chose_is_the_one_trained_with(micro):
    choose = Choose(of=(PLAIN, PLAIN.replaced(learning_rate=1e-3)), take="learning_rate")
    chosen = fine_tune.run(
        PLAIN.replaced(learning_rate=choose, epochs=1), RunContext(choices={choose: 1e-3})
    )
    given = fine_tune.run(PLAIN.replaced(learning_rate=1e-3, epochs=1), RunContext())
    assert _without_times(chosen) == _without_times(given)


def test_a_pretrained_encoder_is_what_a_run_starts_from(micro, tmp_path):
    start = Pretrain(texts=("corpus:micro",), vocabulary=300, epochs=1, length=32)
    made = pretrain.run(start, RunContext(artifact=tmp_path))
    assert made["held_out"]["loss"] > 0 and made["model"]["vocabulary"] <= 300
    config = PLAIN.replaced(encoder=start)
    context = RunContext(parents={key(start, _pins()): tmp_path})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clinlib.experiments.context.key", lambda config: key(config, _pins()))
        loaded = fine_tune.load_encoder(config, context)
    direct = encoders.load(tmp_path, seed=0)
    for mine, theirs in zip(loaded.model.parameters(), direct.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_pretraining_lowers_the_loss_and_the_seed_fixes_it(tmp_path):
    config = Pretrain(texts=("corpus:micro",), vocabulary=300, epochs=6, length=32)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, again = (
        pretrain.run(config, RunContext(artifact=tmp_path / name)) for name in ("a", "b")
    )
    losses = [row["loss"] for row in first["curve"]]
    assert losses[-1] < losses[0]
    assert first["held_out"] == again["held_out"]


def test_bf16_is_refused_where_a_processor_only_emulates_it(monkeypatch):
    monkeypatch.setattr(precision, "native_bf16", lambda: False)
    with pytest.raises(BadInput, match="precision=float32"):
        fine_tune.run(PLAIN.replaced(precision="bf16"), RunContext())


def _pins():
    return Pins(corpus=lambda name: "0" * 16)

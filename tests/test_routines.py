"""The routines FineTune and Pretrain: deterministic, golden, and what their records hold."""

import json
from functools import partial

import golden
import pytest
import torch

from clinlib.corpora.samplers import sentence_index
from clinlib.corpora.words import split_words
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.errors import BadInput
from clinlib.evaluation.summary import confusion_of, span_counts
from clinlib.experiments import fine_tune, pretrain, training_data
from clinlib.experiments.context import RunContext
from clinlib.experiments.key import Pins, key
from clinlib.experiments.spec import Choose, Pretrain
from clinlib.models import encoders
from clinlib.training import precision
from clinlib.training.checkpoint import Checkpoint

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


def test_few_sentences_of_dev_select_and_others_are_not_looked_at(micro):
    dev = micro.splits["dev"]
    for seed in (0, 3):
        few = PLAIN.replaced(dev_sentences=1, seed=seed, epochs=1)
        splits = training_data.divided(micro, few)
        assert len(splits["dev"]) == 1 and set(splits["dev"]) < set(dev)
        assert splits["train"] == micro.splits["train"] and splits["test"] == micro.splits["test"]
        both = training_data.divided(micro, few.replaced(train_on="train+dev"))
        assert both["train"] == (*micro.splits["train"], *splits["dev"])
    draws = {training_data.divided(micro, few.replaced(draw=n))["dev"] for n in range(8)}
    assert len(draws) > 1, "every seed has documents of its own"
    assert training_data.divided(micro, few.replaced(dev_sentences=99))["dev"] == dev
    gold = sum(len(document.spans) for document in splits["dev"])
    counted = span_counts(fine_tune.run(few, RunContext())["counts"]["dev"]).of("strict")
    tp, _, fn = counted.sum(axis=(0, 1))
    assert tp + fn == gold


def test_samplers_decide_which_sentences_are_trained_on(micro):
    documents = micro.splits["train"]
    few = training_data.training_sentences(documents, PLAIN.replaced(sentences=20))
    none_empty = training_data.training_sentences(documents, PLAIN.replaced(empty_share=0.0))
    more = training_data.training_sentences(documents, PLAIN.replaced(up_sample=0.5))
    everything = training_data.training_sentences(documents, PLAIN)
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
    assert made["data"]["empty"] == {"corpus:micro": 0}
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


def test_documents_that_stand_in_another_corpuss_test_split_are_not_trained_on(micro, monkeypatch):
    asked = []

    def keep_out(corpus, others):
        asked.append((corpus, others))
        return frozenset({0, 2})

    monkeypatch.setattr(training_data, "keep_out", keep_out)
    config = PLAIN.replaced(keep_out=("other",), epochs=1)
    record = fine_tune.run(config, RunContext())
    documents = [d for n, d in enumerate(micro.splits["train"]) if n not in (0, 2)]
    assert asked == [("micro", ("other",))]
    assert record["data"]["train_documents"] == len(documents)
    assert record["data"]["train_sentences"] == sum(len(d.sentences) for d in documents)


def test_a_part_that_selects_is_not_trained_on_and_every_document_selects_once(micro):
    both = {d.id for split in ("train", "dev") for d in micro.splits[split]}
    selected = []
    for k in (1, 2, 3):
        splits = training_data.divided(micro, PLAIN.replaced(fold=(k, 3)))
        train, dev = ({d.id for d in splits[name]} for name in ("train", "dev"))
        assert train | dev == both and not train & dev
        assert splits["test"] == micro.splits["test"]
        selected += dev
    assert sorted(selected) == sorted(both)


def test_words_of_gold_sentences_are_counted_each_once(micro):
    documents = micro.splits["train"]
    texts = [document.text[slice(*place)] for document in documents for place in document.sentences]
    every = sentence_index(documents)
    assert training_data.words_in(documents, every) == sum(len(split_words(t)) for t in texts)
    assert training_data.words_in(documents, every[:1] * 3) == len(split_words(texts[0]))
    config = PLAIN.replaced(sentences=5, up_sample=1.0, epochs=1)
    record = fine_tune.run(config, RunContext())
    assert record["data"]["train_words"] == sum(len(split_words(text)) for text in texts[:5])
    dev = micro.splits["dev"]
    assert record["data"]["dev_words"] == training_data.words_in(dev, sentence_index(dev))


def test_more_parts_than_documents_are_an_error(micro):
    with pytest.raises(
        BadInput, match=r"fold 1 of 40: .* would be empty, .* give at most \d+ part"
    ):
        training_data.divided(micro, PLAIN.replaced(fold=(1, 40)))


def test_a_training_split_that_others_tests_hold_wholly_is_an_error(micro, monkeypatch):
    everything = frozenset(range(len(micro.splits["train"])))
    monkeypatch.setattr(training_data, "keep_out", lambda corpus, others: everything)
    with pytest.raises(BadInput, match="all .* training documents of 'micro' .* of other, third"):
        training_data.divided(micro, PLAIN.replaced(keep_out=("other", "third")))


def test_a_tokenizer_that_cannot_write_the_text_is_an_error_with_the_share(micro, monkeypatch):
    monkeypatch.setattr(training_data, "unknown_share", lambda windows, unknown: 0.41)
    with pytest.raises(BadInput, match=r"41% of the subwords of 'micro' are unknown"):
        fine_tune.run(PLAIN, RunContext())


def test_unknown_subwords_are_counted_among_a_windows_own(micro):
    encoder = encoders.load("scratch-tiny", seed=0, texts=["aspirin 5 mg daily"], vocabulary=60)
    scheme = TagScheme("BIO", micro.types)
    windows = encode(micro.splits["dev"], encoder.tokenizer, scheme).windows
    own = [i for window in windows for i in window.ids[window.unit >= 0].tolist()]
    wanted = own.count(encoder.tokenizer.unk_token_id) / len(own)
    found = training_data.unknown_share(windows, encoder.tokenizer.unk_token_id)
    assert 0 < found == pytest.approx(wanted)


@pytest.mark.parametrize("after", [1, 2])
def test_an_interrupted_pretraining_ends_with_the_weights_of_one_that_was_not(
    tmp_path, monkeypatch, after
):
    config = Pretrain(texts=("corpus:micro",), vocabulary=300, epochs=3, length=32)

    def run(name, journal):
        place = tmp_path / name
        place.mkdir(exist_ok=True)
        record = pretrain.run(config, RunContext(artifact=place, journal=journal))
        return record, encoders.load(place, seed=0).model

    whole, wanted = run("whole", None)
    journal, epochs = tmp_path / "journal", pretrain.MaskedEpoch

    def interrupted(of, tokenizer, batch_subwords, rate, seed):
        if seed[1] > after:
            raise KeyboardInterrupt
        return epochs(of, tokenizer, batch_subwords, rate, seed)

    monkeypatch.setattr(pretrain, "MaskedEpoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run("part", journal)
    monkeypatch.setattr(pretrain, "MaskedEpoch", epochs)
    resumed, found = run("part", journal)
    assert [row["epoch"] for row in resumed["curve"]] == [1, 2, 3]
    assert resumed["held_out"] == whole["held_out"]
    for mine, theirs in zip(found.parameters(), wanted.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_a_pretraining_interrupted_within_an_epoch_ends_with_the_weights_of_one_that_was_not(
    tmp_path, monkeypatch
):
    config = Pretrain(
        texts=("corpus:micro",), vocabulary=300, epochs=2, length=32, batch_subwords=256
    )

    def run(name, journal):
        place = tmp_path / name
        place.mkdir(exist_ok=True)
        record = pretrain.run(config, RunContext(artifact=place, journal=journal))
        return record, encoders.load(place, seed=0).model

    class Interrupted(pretrain.MaskedEpoch):
        def __iter__(self):
            for number, batch in enumerate(super().__iter__()):
                if (self.seed[1], number) == (2, 3):
                    raise KeyboardInterrupt
                yield batch

    whole, wanted = run("whole", None)
    with monkeypatch.context() as patch:
        patch.setattr(pretrain, "MaskedEpoch", Interrupted)
        patch.setattr(pretrain, "Checkpoint", partial(Checkpoint, every=0.0))
        with pytest.raises(KeyboardInterrupt):
            run("part", tmp_path / "journal")
    kept = json.loads((tmp_path / "journal" / "checkpoint" / "state.json").read_text())["state"]
    assert (kept["epoch"], kept["batch"]) == (1, 3)
    resumed, found = run("part", tmp_path / "journal")
    assert _without_times(resumed) == _without_times(whole)
    for mine, theirs in zip(found.parameters(), wanted.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_a_pretraining_whose_text_has_changed_is_not_resumed(micro, tmp_path, monkeypatch):
    config = Pretrain(texts=("corpus:micro",), vocabulary=300, epochs=2, length=32)
    epochs = pretrain.MaskedEpoch

    def interrupted(of, tokenizer, batch_subwords, rate, seed):
        if seed[1] == 2:
            raise KeyboardInterrupt
        return epochs(of, tokenizer, batch_subwords, rate, seed)

    context = RunContext(artifact=tmp_path, journal=tmp_path / "journal")
    monkeypatch.setattr(pretrain, "MaskedEpoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pretrain.run(config, context)
    changed = golden.micro()
    changed.splits["train"] = changed.splits["train"][1:]
    with golden.on_micro(changed), pytest.raises(BadInput, match="another text"):
        pretrain.run(config, context)


@pytest.mark.parametrize(
    ("token", "length", "said"),
    [
        ("mask_token", 32, "the tokenizer of hub:a/b has no mask_token"),
        ("", 513, "length: sequences of 513 subwords, but hub:a/b has 512 positions"),
    ],
)
def test_a_hub_encoder_that_cannot_be_pretrained_so_is_refused_before_training(
    token, length, said, monkeypatch, tmp_path
):
    made = encoders.load("scratch-tiny", seed=0, texts=["aspirin 5 mg daily"], vocabulary=60)
    if token:
        setattr(made.tokenizer, token, None)
    monkeypatch.setattr(encoders, "_from_hub", lambda name, dropout: made)
    monkeypatch.setattr(pretrain, "_trained", lambda *given: pytest.fail("it was trained"))
    config = Pretrain(texts=("corpus:micro",), start="hub:a/b", length=length)
    with pytest.raises(BadInput, match=said):
        pretrain.run(config, RunContext(artifact=tmp_path))


def test_bf16_is_refused_where_a_processor_only_emulates_it(monkeypatch):
    monkeypatch.setattr(precision, "native_bf16", lambda: False)
    with pytest.raises(BadInput, match="precision=float32"):
        fine_tune.run(PLAIN.replaced(precision="bf16"), RunContext())


def _pins():
    return Pins(corpus=lambda name: "0" * 16)

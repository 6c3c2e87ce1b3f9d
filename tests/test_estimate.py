"""Estimates rest on earlier records where there are any, and say so."""

import json

import pytest
from toy_runs import encode, tune

from clinlib.experiments import estimate
from clinlib.experiments.estimate import Size, duration, learned, loop_work, seconds
from clinlib.experiments.spec import ActiveLearning, Ensemble, FineTune, PseudoLabel

SIZES = {
    "a": {"train": Size(10, 100), "dev": Size(3, 30), "test": Size(3, 30)},
    "b": {"train": Size(5, 50), "dev": Size(0, 0), "test": Size(0, 0)},
}


@pytest.fixture(autouse=True)
def sizes(monkeypatch):
    monkeypatch.setattr(estimate, "sizes", lambda corpus: SIZES.get(corpus, estimate.SIZES))


def record(config, took, sentences, epochs=2):
    return {
        "kind": config.kind,
        "status": "complete",
        "configuration": config.to_dict(),
        "curve": [{"epoch": epoch} for epoch in range(epochs)],
        "data": {"train_sentences": sentences},
        "provenance": {"seconds": took, "device": "cpu"},
    }


def speeds(folder, *records, profile="open"):
    for number, each in enumerate(records):
        path = folder / profile / each["kind"] / f"{number}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(each))
    return learned(folder, "open")


def test_seconds_follow_the_sentences_trained_on_and_scored(tmp_path):
    # two epochs of 100 sentences; dev thrice and test once, at a third of the cost: 240 units
    known = speeds(tmp_path, record(tune("a", "minilm"), 24.0, 100))
    assert seconds(tune("a", "minilm", epochs=2), known) == (pytest.approx(24.0), True)
    assert seconds(tune("a", "minilm", epochs=4), known)[0] == pytest.approx(46.0)
    assert seconds(tune("a", "minilm", epochs=2, sentences=50), known)[0] == pytest.approx(14.0)
    assert seconds(tune("a", "minilm", epochs=2, sentences=500), known)[0] == pytest.approx(24.0)
    # another corpus has another size, but the same encoder the same speed
    assert seconds(tune("b", "minilm", epochs=1, sentences=10), known) == (pytest.approx(1.0), True)
    assert not seconds(tune("a", "scratch-tiny"), known)[1]


def test_a_run_that_shared_its_processor_teaches_the_time_it_had(tmp_path):
    for device, expected in (("cpu", 24.0), ("cuda", 90.0)):
        shared = record(tune("a", "minilm"), 90.0, 100)
        shared["provenance"] |= {"cpu_seconds": 24.0, "device": device}
        known = speeds(tmp_path / device, shared)
        assert seconds(tune("a", "minilm", epochs=2), known, device)[0] == pytest.approx(expected)


def test_a_bilstm_and_a_head_over_spans_take_time_of_their_own(tmp_path):
    known = speeds(tmp_path, record(tune("a", "scratch-tiny"), 24.0, 100))
    spans = {"head": "global_pointer"}
    rough = [
        seconds(tune("a", "scratch-tiny", **fields), learned(tmp_path / "none", "open"))
        for fields in ({}, {"recurrent": 20}, spans, spans | {"recurrent": 20})
    ]
    assert rough[0] < rough[1] == rough[2] < rough[3]
    assert not seconds(tune("a", "scratch-tiny", recurrent=20), known)[1]
    known.learn(record(tune("a", "scratch-tiny", recurrent=20), 48.0, 100))
    assert seconds(tune("a", "scratch-tiny", epochs=2, recurrent=20), known) == (48.0, True)
    assert seconds(tune("a", "scratch-tiny", epochs=2), known) == (24.0, True)


def test_few_sentences_take_less_time_and_context_takes_more(tmp_path):
    known = speeds(tmp_path, record(tune("a", "minilm"), 24.0, 100))
    plain = tune("a", "minilm", epochs=2)
    # a fifth of the documents: 2 epochs of 20 sentences, the others as before
    assert seconds(plain.replaced(documents=2), known)[0] == pytest.approx(8.0)
    # a third of dev, thrice
    assert seconds(plain.replaced(dev_sentences=10), known)[0] == pytest.approx(22.0)
    assert seconds(plain.replaced(documents=99, dev_sentences=99), known)[0] == pytest.approx(24.0)
    # 35 subwords of one's own and as many of context
    alone = plain.replaced(context=35)
    assert seconds(alone, known)[0] == pytest.approx(72.0)
    assert 24.0 < seconds(alone.replaced(layout="packed"), known)[0] < 36.0
    # what few documents took teaches the pace of many
    few = record(plain.replaced(documents=2, dev_sentences=10), 6.0, 20)
    assert seconds(plain, speeds(tmp_path / "few", few))[0] == pytest.approx(24.0)


def test_runs_in_context_have_a_pace_of_their_own(tmp_path):
    plain = tune("a", "minilm", epochs=2)
    alone, packed = plain.replaced(context=35), plain.replaced(context=35, layout="packed")
    known = speeds(tmp_path, record(plain, 24.0, 100), record(alone, 36.0, 100))
    assert seconds(plain, known)[0] == pytest.approx(24.0)
    assert seconds(alone, known) == (pytest.approx(36.0), True)
    # on another corpus by its windows first
    other = alone.replaced(corpus="b", epochs=1, sentences=10)
    assert seconds(other, known)[0] == pytest.approx(10 * 3 * 0.05)
    # windows that no record has: by all of the corpus
    assert seconds(packed, known)[1]


def test_pseudo_labels_are_learnt_too_and_r_drop_reads_everything_twice(tmp_path):
    known = speeds(tmp_path, record(tune("a", "minilm"), 24.0, 100))
    plain = tune("a", "minilm", epochs=2)
    silver = PseudoLabel(teacher=plain, texts=("corpus:a",), limit=4)
    # 240 units; 40 more sentences in two epochs, and all 140 once more in each
    assert seconds(plain.replaced(silver=silver), known)[0] == pytest.approx(32.0)
    both = plain.replaced(silver=silver, r_drop=1.0)
    assert seconds(both, known)[0] == pytest.approx(60.0)
    assert seconds(both.replaced(r_drop=0.0, two_passes=True), known)[0] == pytest.approx(60.0)
    everything = silver.replaced(limit=None)
    assert seconds(plain.replaced(silver=everything), known)[0] == pytest.approx(44.0)
    # a run that kept half of them teaches the pace that it had
    taught = speeds(tmp_path / "half", record(both, 52.0, 120))
    assert seconds(plain, taught)[0] == pytest.approx(24.0)


def test_a_vote_takes_what_its_members_take_to_read_the_test_split(tmp_path):
    # ten units a second; 30 sentences by each of two taggers, at a third of the cost: 20 units
    known = speeds(tmp_path, record(tune("a", "minilm"), 24.0, 100))
    plain, alone = (tune("a", "minilm", context=context) for context in (0, 35))
    two = Ensemble(of=(plain, plain.replaced(seed=7)))
    assert seconds(two, known) == (pytest.approx(2.0), True)
    assert seconds(Ensemble(of=(alone, alone.replaced(seed=7))), known)[0] == pytest.approx(6.0)
    assert not seconds(two, learned(tmp_path / "nothing", "open"))[1]


def loop(strategy="random", corpus="a", **fields):
    task = FineTune(corpus=corpus, encoder="minilm", epochs=2)
    return ActiveLearning(
        task=task, strategy=strategy, initial=0.2, per_round=0.3, rounds=2, **fields
    )


def test_a_loop_takes_what_loops_of_its_strategy_took(tmp_path):
    # two epochs of 20 and of 50 sentences; dev and test twice, at a third of the cost
    assert loop_work(loop()) == pytest.approx(140 + 40)
    # the 80 and 50 that are not labelled are read besides
    assert loop_work(loop("mlp")) == pytest.approx(180 + 130 / 3)
    known = speeds(tmp_path, record(tune("a", "minilm"), 24.0, 100))
    assert seconds(loop(), known) == (pytest.approx(18.0), True)
    known.learn(record(loop("mlp", seed=1), 2 * loop_work(loop("mlp")), 0))
    assert seconds(loop("mlp"), known) == (pytest.approx(2 * loop_work(loop("mlp"))), True)
    assert seconds(loop("mlp").replaced(rounds=1), known)[0] < seconds(loop("mlp"), known)[0]
    # another corpus has another size; what picks otherwise takes another time
    elsewhere = loop("mlp", corpus="b")
    assert seconds(elsewhere, known)[0] == pytest.approx(2 * loop_work(elsewhere))
    assert seconds(loop(), known)[0] == pytest.approx(18.0)
    assert seconds(loop("mlp", mean_teacher=True), known)[0] < 1.5 * loop_work(loop("mlp"))


def test_a_loop_of_a_form_that_is_no_more_teaches_nothing(tmp_path):
    old = record(loop(), 18.0, 0)
    old["configuration"]["strategy"] = "forgotten"
    assert not speeds(tmp_path, old).looping


def test_an_adapted_encoder_is_as_fast_as_its_architecture(tmp_path):
    known = speeds(tmp_path, record(tune("a", encode()), 24.0, 100))
    assert seconds(tune("a", "scratch-tiny", epochs=2), known) == (pytest.approx(24.0), True)


def test_pretraining_is_learned_from_the_same_texts(tmp_path):
    known = speeds(tmp_path, record(encode(), 30.0, None, epochs=3))
    assert seconds(encode(epochs=5, seed=4), known) == (pytest.approx(50.0), True)
    assert not seconds(encode("corpus:b"), known)[1]


def test_other_profiles_teach_where_this_one_cannot(tmp_path):
    known = speeds(tmp_path, record(tune("a", "minilm"), 20.0, 100), profile="quick")
    assert seconds(tune("a", "minilm"), known)[1]


def test_without_records_the_order_is_still_right(tmp_path):
    known = learned(tmp_path, "open")
    tiny, small, hub = (
        seconds(tune("a", encoder), known) for encoder in ("scratch-tiny", "minilm", "hub:x")
    )
    assert tiny[0] < small[0] < hub[0]
    assert not (tiny[1] or small[1] or hub[1])
    assert seconds(tune("a", "minilm"), known, "cuda")[0] < small[0]


def test_files_that_are_no_records_teach_nothing(tmp_path):
    folder = tmp_path / "open" / "fine_tune"
    folder.mkdir(parents=True)
    for number, text in enumerate(("{", "[]", "{}", '{"kind": "fine_tune"}')):
        (folder / f"{number}.json").write_text(text)
    assert not learned(tmp_path, "open").tuning


def test_durations_are_rounded_for_people():
    assert [duration(n) for n in (42, 200, 8000, 47000)] == ["42 s", "3 min", "2.2 h", "13 h"]


def test_sizes_come_from_the_card(monkeypatch):
    monkeypatch.undo()
    assert estimate.sizes("ncbi_disease")["train"].sentences > 5000
    assert estimate.sizes("no_such_corpus") == estimate.SIZES

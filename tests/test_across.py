"""What to do first: one budget of labels for all options, what they cost, what is advised."""

import numpy as np
import pytest
from made_records import PINS, counts_of

from clinlib.corpora import registry
from clinlib.errors import BadInput
from clinlib.evaluation.flags import NO_ENTITY
from clinlib.experiments.key import key
from clinlib.experiments.spec import ActiveLearning, Ensemble, FineTune
from clinlib.experiments.training_data import training_sentences
from clinlib.report import notebooks
from clinlib.studies.across import first as study
from clinlib.studies.across import first_tables as shown
from clinlib.studies.across.options import (
    LONGER,
    PLAIN,
    PSEUDO,
    VOTE,
    at_random,
    is_active,
    options,
    sources,
    tagger,
)

TARGET, SOURCE = "synthetic_nl_ibd", "synthetic_en_letters"
PARAMETERS = notebooks.parameters(study.NAME, "quick") | {
    "sizes": [60, 120],
    "round_size": 30,
    "seeds": 3,
    "strategies": ["random", "MLP"],
}
PLACE = study.Place(TARGET, 60)
ACTIVE, BOTH = "rounds, MLP picks", f"rounds, MLP picks, after {SOURCE}"
AT_RANDOM = "rounds, random picks"


def records(f1=lambda name, seed: 50.0, share=0.8, without=(), parameters=PARAMETERS):
    """Complete records of the plan; `f1(option, seed)`, every test count following `share`."""
    named = {
        make(place, size, seed, parameters): (name, seed)
        for place in parameters["targets"]
        for size in parameters["sizes"]
        for name, make in options(place, parameters).items()
        for seed in study.seeds(parameters)
    }
    found = {}
    for config in study.plan(parameters):
        name, seed = named.get(config, ("", 0))
        if name in without:
            continue
        right = share(name) if callable(share) else share
        score = {"test": {"strict": {"f1": f1(name, seed)}}}
        counts = {"test": counts_of(right, ("ADE", "Drug", "Reason"))}
        record = {
            "key": key(config, PINS),
            "kind": config.kind,
            "status": "complete",
            "configuration": config.to_dict(),
            "flags": [],
            "scores": score,
            "counts": counts,
            "data": {"train_windows": 50, "train_words": 700, "dev_words": 90},
            "curve": [{}] * getattr(config, "epochs", 0),
            "provenance": {"cpu_seconds": 10.0, "seconds": 20.0},
        }
        if isinstance(config, ActiveLearning):
            record["curve"] = [
                {
                    "sentences": 30 * number,
                    "tokens": 400 * number,
                    "seconds": float(number),
                    "selection": {"seconds": 1.0} if number > 1 else {},
                    "scores": {"test": {"strict": {"f1": f1(name, seed) + number}}},
                    "counts": counts,
                }
                for number in range(1, config.rounds + 1)
            ]
        found[record["key"]] = record
    return found


def results(**given) -> study.Results:
    return study.Results(records(**given), given.get("parameters", PARAMETERS), PINS)


@pytest.fixture(scope="module")
def even():
    return results()


def of(kind):
    return [config for config in study.plan(PARAMETERS) if isinstance(config, kind)]


def test_all_voters_of_a_seed_learn_from_the_sentences_of_plain_fine_tuning():
    documents = registry.load(TARGET).splits["train"]
    for vote in of(Ensemble):
        plain = vote.of[0]
        drawn = training_sentences(documents, plain)
        assert plain == tagger(TARGET, plain.sentences, plain.seed, PARAMETERS)
        assert [training_sentences(documents, each) for each in vote.of] == [drawn] * 3
        assert len({each.seed for each in vote.of}) == 3


def test_voters_are_no_runs_of_other_seeds():
    own = {config.seed for config in of(FineTune) if config.draw is None}
    assert own.isdisjoint(config.seed for config in of(FineTune) if config.draw is not None)


@pytest.mark.parametrize(("pool", "read"), [(0, None), (500, 500), (99_999, None)])
def test_every_option_labels_as_many_sentences(pool, read):
    parameters = PARAMETERS | {"pool": pool}
    for name, make in options(TARGET, parameters).items():
        config = make(TARGET, 120, 1, parameters)
        if isinstance(config, ActiveLearning):
            assert config.task.sentences == read
            of = read or registry.card(TARGET).counts["train"].sentences
            assert round(config.shares[-1] * of) == 120, name
        else:
            members = config.of if isinstance(config, Ensemble) else (config,)
            assert {each.sentences for each in members} == {120}, name


def test_a_source_never_reads_test_documents_of_a_target():
    sources = [config for config in of(FineTune) if config.corpus == SOURCE]
    assert sources and all(config.keep_out == (TARGET,) for config in sources)


def test_a_target_is_no_source_of_itself():
    both = PARAMETERS | {"sources": [TARGET]}
    assert not [name for name in options(TARGET, both) if "transfer" in name]


def test_a_loop_is_read_where_n_sentences_are_labelled(even):
    for size in (60, 120):
        found = even.score(study.Place(TARGET, size), ACTIVE)
        assert found.values == (50.0 + size / 30,) * 3


def test_a_loop_that_never_labelled_n_sentences_is_missing():
    record = next(r for r in records().values() if r["kind"] == "active_learning")
    assert study.at_size(record, 61) is None
    assert study.at_size(record, 30)["data"]["words"] == 400
    assert study.at_size(None, 30) is None


def test_a_loop_costs_the_share_of_its_rounds(even):
    # rounds 1 to 4 take 1, 2 + 1, 3 + 1 and 4 + 1 of 20 seconds, scoring the other 7
    assert even.seconds(PLACE, ACTIVE).value == pytest.approx(10 * (4 + 2 * 7 / 4) / 20, abs=0.5)
    row = study.at_size(next(r for r in records().values() if r["kind"] == "active_learning"), 60)
    assert row["provenance"]["cpu_seconds"] == pytest.approx(10 * (4 + 2 * 7 / 4) / 20)
    assert even.seconds(study.Place(TARGET, 120), ACTIVE).value == pytest.approx(10)


def test_an_option_costs_all_that_it_starts_from_once_but_the_encoder_that_all_have(even):
    assert even.seconds(PLACE, PLAIN).value == 10
    assert even.seconds(PLACE, VOTE).value == 40  # three voters and the vote
    assert even.seconds(PLACE, f"transfer from {SOURCE}").value == 20
    # fine-tuning, what it finds, adaptation, fine-tuning anew
    assert even.seconds(PLACE, "masked entities first").value == 40


def test_the_cost_is_missing_where_a_run_behind_an_option_is():
    without = {
        k: r
        for k, r in records().items()
        if r["kind"] != "fine_tune" or r["configuration"]["corpus"] != SOURCE
    }
    found = study.Results(without, PARAMETERS, PINS)
    assert found.seconds(PLACE, f"transfer from {SOURCE}").value is None
    assert found.score(PLACE, f"transfer from {SOURCE}").value == 50.0
    assert found.seconds(PLACE, PLAIN).value == 10


def test_a_loop_has_collapsed_where_its_round_has():
    """The last round's flags say nothing of an earlier one, nor that of an earlier one."""
    record = next(r for r in records().values() if r["kind"] == "active_learning")
    record["curve"][0]["counts"] = {"test": counts_of(0.0, ("ADE", "Drug", "Reason"))}
    record["flags"] = ["no_entity_at_start", "collapsed"]
    assert study.at_size(record, 30)["flags"] == ["no_entity_at_start", "collapsed"][::-1]
    assert study.at_size(record, 60)["flags"] == ["no_entity_at_start"]


def test_updates_of_loops_are_those_of_all_rounds_so_far(even):
    frame = shown.table(even, TARGET)
    epochs, size = PARAMETERS["epochs"], PARAMETERS["batch_size"]
    assert frame.loc[(60, PLAIN), "updates"].value == epochs * -(-50 // size)
    rounds = PARAMETERS["round_epochs"] * (-(-30 // size) + -(-60 // size))
    assert frame.loc[(60, ACTIVE), "updates"].value == rounds
    assert frame.loc[(60, VOTE), "updates"].value is None


def test_more_passes_and_pseudo_labels_have_numbers_of_passes_of_their_own():
    made = options(TARGET, PARAMETERS)
    runs = {name: made[name](TARGET, 60, 1, PARAMETERS) for name in (PLAIN, LONGER, PSEUDO)}
    assert runs[LONGER] == runs[PLAIN].replaced(epochs=PARAMETERS["longer_epochs"])
    assert runs[PSEUDO].epochs == PARAMETERS["silver_epochs"] and runs[PSEUDO].silver


def test_masked_text_is_read_once_for_all_numbers_of_sentences():
    make = options(TARGET, PARAMETERS | {"options": ["fine-tune", "masked text first"]})
    few, many = (make["masked text first"](TARGET, size, 1, PARAMETERS) for size in (60, 120))
    assert few.encoder == many.encoder and few.encoder.silver.teacher.sentences == 60


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("synthetic_nl_ibd", ["ncbi_disease", "chia", "pharmaconer", "meddocan", "cantemist"]),
        ("meddocan", ["cantemist"]),
        ("spaccc_temist:diseases", ["cantemist"]),
        ("maccrobat2020:medication", ["ncbi_disease", "chia"]),
        ("chia:core", ["ncbi_disease"]),
    ],
)
def test_sources_are_of_the_targets_language_where_there_are_any(target, expected):
    """And never those that label the target's own documents, of its corpus or its collection."""
    given = {"sources": ["ncbi_disease", "chia", "pharmaconer", "meddocan", "cantemist"]}
    assert sources(target, PARAMETERS | given) == expected
    loops = [name for name in options(target, PARAMETERS | given) if "after" in name]
    assert loops == [f"rounds, {pick} picks, after {expected[0]}" for pick in ("random", "MLP")]


def test_sources_of_another_language_label_other_documents_too():
    given = {"sources": ["pharmaconer", "synthetic_en_letters"]}
    assert sources("meddocan", PARAMETERS | given) == ["synthetic_en_letters"]
    assert sources("meddocan", PARAMETERS | {"sources": ["pharmaconer"]}) == []


def test_without_sources_no_loop_starts_from_one():
    made = options(TARGET, PARAMETERS | {"sources": []})
    assert not [name for name in made if "after" in name or "transfer" in name]


def test_words_of_options_without_rounds_are_those_of_fine_tuning(even):
    frame = shown.table(even, TARGET)
    assert frame.loc[(60, ACTIVE), "words labelled"].value == 800
    assert frame.loc[(60, ACTIVE), "and to select by"] == "–"
    for name in (PLAIN, VOTE, PSEUDO):
        labelled, selecting = (
            frame.loc[(60, name), column] for column in ("words labelled", "and to select by")
        )
        assert (labelled.value, labelled.n, selecting.value) == (700, 3, 90)


def better(best):
    """Scores in which one option stands 5 F1 above all others, with some spread over seeds."""
    return lambda name, seed: 50.0 + 0.1 * seed * (name == best) + 5.0 * (name == best)


def surer(best):
    return lambda name: 0.9 if name == best else 0.6


def test_what_gains_for_sure_is_advised():
    said = shown.advice(results(f1=better(VOTE), share=surer(VOTE)))
    assert any(line.startswith(f"{TARGET}, 60 sentences: first {VOTE} (+5.2 F1)") for line in said)


def test_an_interval_alone_is_not_enough():
    """Where test documents do not tell two options apart, a gain over seeds is no advice."""
    said = shown.advice(results(f1=better(VOTE)))
    assert not any("first vote" in line for line in said)


def test_a_strategy_that_does_not_beat_random_picks_is_no_advice():
    both = {ACTIVE: 0.9, AT_RANDOM: 0.9}
    even_picks = results(
        f1=lambda n, s: 50.0 + (5.0 + 0.1 * s if n in both else 0.0),
        share=lambda n: both.get(n, 0.6),
    )
    said = [line for line in shown.advice(even_picks) if " 60 sentences" in line]
    assert f"first {AT_RANDOM}" in said[0]
    assert any(
        f"gain, but are not shown to over the same loop at random: {ACTIVE}" in line
        for line in said
    )
    # nor is one that no loop at random stands beside
    alone = PARAMETERS | {"strategies": ["MLP"], "after_transfer": []}
    f1 = {ACTIVE: 5.0}
    made = results(
        f1=lambda n, s: 50.0 + (f1[n] + 0.1 * s if n in f1 else 0.0),
        share=lambda n: both.get(n, 0.6),
        parameters=alone,
    )
    assert not any(f"first {ACTIVE}" in line for line in shown.advice(made))
    chosen = {ACTIVE: 9.0, AT_RANDOM: 5.0}
    picks = results(
        f1=lambda n, s: 50.0 + (chosen[n] + 0.1 * s * chosen[n] if n in chosen else 0.0),
        share=lambda n: both.get(n, 0.6),
    )
    assert any(f"first {ACTIVE}" in line for line in shown.advice(picks))


def test_one_option_with_few_runs_silences_no_other():
    """A failed run of one option says nothing of those that have their seeds."""
    made = records(f1=better(VOTE), share=surer(VOTE))
    config = options(TARGET, PARAMETERS)[LONGER](TARGET, 60, 2, PARAMETERS)
    made[key(config, PINS)]["status"] = "failed"
    said = shown.advice(study.Results(made, PARAMETERS, PINS))
    assert any(line.startswith(f"{TARGET}, 60 sentences: first {VOTE}") for line in said)
    assert any(f"fewer than 3 seeds that count: {LONGER}" in line for line in said)


def test_a_run_that_finds_nothing_counts_and_is_named():
    """With few labels, and else one such run of fine-tuning would leave every option unpaired."""
    made = records(f1=better(VOTE), share=surer(VOTE))
    config = options(TARGET, PARAMETERS)[PLAIN](TARGET, 60, 2, PARAMETERS)
    made[key(config, PINS)]["flags"] = ["collapsed"]
    found = study.Results(made, PARAMETERS, PINS)
    assert {found.gain(PLACE, name).n for name in found.found[PLACE]} == {3}
    said = (
        f"1 run collapsed, finding next to nothing, and counts with that score: {PLAIN} (seed 2)."
    )
    assert said in shown.readings(found, PLACE)
    assert said not in shown.readings(found, study.Place(TARGET, 120))


def test_two_seeds_answer_nothing():
    two = PARAMETERS | {"seeds": 2}
    said = shown.advice(results(f1=better(VOTE), share=surer(VOTE), parameters=two))
    assert all("no answer" in line for line in said) and VOTE in said[0]


def test_missing_options_are_named():
    said = shown.advice(results(without=(VOTE,)))
    assert any(f"missing: {VOTE}" in line for line in said)
    nothing = study.Results({}, PARAMETERS, PINS)
    assert shown.advice(nothing) == [
        f"{TARGET}, {size} sentences: no option has finished." for size in (60, 120)
    ]
    assert "missing" in str(shown.table(nothing, TARGET).loc[(60, PLAIN), "strict F1"])


def test_a_strategy_is_held_against_the_same_loop_at_random():
    found = results(f1=lambda name, seed: {AT_RANDOM: 52.0, ACTIVE: 55.0}.get(name, 50.0))
    assert shown.picked(found, PLACE)[ACTIVE].value == 3.0
    assert at_random(BOTH) == f"rounds, random picks, after {SOURCE}"
    assert at_random(AT_RANDOM) is None and at_random(VOTE) is None
    assert found.gain(PLACE, ACTIVE).value == 7.0  # 55 and two rounds, against 50


def test_p_is_corrected_for_options_without_runs_too():
    full = results(share=surer(VOTE)).corrected(PLACE)
    part = results(share=surer(VOTE), without=(ACTIVE, BOTH)).corrected(PLACE)
    assert set(full) - set(part) == {ACTIVE, BOTH}
    assert full[VOTE] == pytest.approx(part[VOTE])
    assert np.isclose(full["packed context"], 1.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sizes": [100]}, "sizes: 100 is no whole number of rounds of 30; take 90"),
        ({"sizes": [10]}, "take 60"),
        (
            {"sizes": [30]},
            "sizes: 30 sentences are one round of 30, which picks at random; take 60",
        ),
        ({"sizes": [3000]}, "sizes: 3000 sentences, but the pool of 'synthetic_nl_ibd' has 1703"),
        ({"pool": 40}, "sizes: 120 sentences, but the pool of 'synthetic_nl_ibd' has 40"),
        ({"sizes": []}, "name at least one number"),
        ({"round_size": 0}, "a round labels at least 1"),
        ({"options": ["fine-tune", "vot"]}, "did you mean 'vote'"),
        ({"options": ["vote"]}, "'fine-tune' is missing"),
        ({"strategies": ["MPL"]}, "did you mean 'MLP'"),
        ({"targets": [TARGET, TARGET]}, "names a corpus twice"),
        ({"sources": ["synthetic_en_lettres"]}, "did you mean 'synthetic_en_letters'"),
        ({"seeds": 0}, "at least 1 is needed"),
    ],
)
def test_what_cannot_be_planned_is_said(changes, said):
    with pytest.raises(BadInput, match=".") as raised:
        study.plan(PARAMETERS | changes)
    assert said in str(raised.value)


def test_a_loop_that_begins_without_an_entity_is_warned_of():
    made = records()
    for record in made.values():
        record["flags"] = [NO_ENTITY] if record["kind"] == "active_learning" else []
    found = study.Results(made, PARAMETERS, PINS)
    place = next(iter(found.found))
    warned = [text for text in shown.readings(found, place) if text.startswith("Warning")]
    assert warned and len(warned) == sum(map(is_active, found.found[place]))

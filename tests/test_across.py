"""What to do first: one budget of labels for all options, what they cost, what is advised."""

import numpy as np
import pytest
from made_records import PINS, counts_of

from clinlib.corpora import registry
from clinlib.errors import BadInput
from clinlib.experiments.key import key
from clinlib.experiments.spec import ActiveLearning, Ensemble, FineTune
from clinlib.experiments.training_data import training_sentences
from clinlib.report import notebooks
from clinlib.studies.across import first as study
from clinlib.studies.across import first_tables as shown
from clinlib.studies.across.options import PLAIN, VOTE, options, tagger

TARGET, SOURCE = "synthetic_nl_ibd", "synthetic_en_letters"
PARAMETERS = notebooks.parameters(study.NAME, "quick") | {
    "sizes": [60, 120],
    "round_size": 30,
    "seeds": 3,
    "strategies": ["random", "MLP"],
}
PLACE = study.Place(TARGET, 60)
ACTIVE, BOTH = "active: MLP", "active after transfer: MLP"


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
            "data": {},
            "provenance": {"cpu_seconds": 10.0},
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
    # rounds 1 to 4 take 1, 2 + 1, 3 + 1 and 4 + 1 seconds; the encoder took 10 besides
    assert even.seconds(PLACE, ACTIVE).value == pytest.approx(10 + 10 * 4 / 13)
    assert even.seconds(study.Place(TARGET, 120), ACTIVE).value == pytest.approx(20)


def test_an_option_costs_all_that_it_starts_from_once(even):
    assert even.seconds(PLACE, PLAIN).value == 20  # encoder and fine-tuning
    assert even.seconds(PLACE, VOTE).value == 50  # encoder, three voters, the vote
    assert even.seconds(PLACE, f"transfer from {SOURCE}").value == 30
    # encoder, fine-tuning, what it finds, adaptation, fine-tuning anew
    assert even.seconds(PLACE, "masked entities first").value == 50


def test_the_cost_is_missing_where_a_run_behind_an_option_is():
    without = {k: r for k, r in records().items() if r["kind"] != "pretrain"}
    found = study.Results(without, PARAMETERS, PINS)
    assert found.seconds(PLACE, PLAIN).value is None
    assert found.score(PLACE, PLAIN).value == 50.0


def test_words_of_fine_tuning_are_those_of_the_drawn_sentences(even):
    documents = registry.load(TARGET).splits["train"]
    cell = shown.drawn_words(PLACE, [1])
    plain = tagger(TARGET, 60, 1, PARAMETERS)
    texts = [documents[d].text[slice(*documents[d].sentences[s])]
             for d, s in training_sentences(documents, plain)]  # fmt: skip
    assert len(" ".join(texts).split()) <= cell.value <= len("".join(texts))
    frame = shown.table(even, TARGET)
    assert frame.loc[(60, ACTIVE), "words labelled"].value == 800
    assert frame.loc[(60, PLAIN), "words labelled"].n == 3


def test_a_page_made_without_the_corpora_says_which_numbers_need_them(even, monkeypatch):
    monkeypatch.setattr(shown, "is_here", lambda name: False)
    frame = shown.table(even, TARGET)
    assert frame.loc[(60, PLAIN), "words labelled"] == "corpus not here"
    assert frame.loc[(60, ACTIVE), "words labelled"].value == 800


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
    found = results(f1=lambda name, seed: {"active: random": 52.0, ACTIVE: 55.0}.get(name, 50.0))
    assert {n: c.value for n, c in shown.picked(found, PLACE).items()} == {ACTIVE: 3.0}
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
        ({"sizes": [10]}, "take 30"),
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

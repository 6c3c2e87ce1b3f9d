"""Down-sampling: which runs it repeats, what it counts, and what it says of a share."""

import pandas as pd
import pytest
from made_records import PARAMETERS, PINS, made, record

from clinlib.corpora.document import Document, Span
from clinlib.errors import BadInput
from clinlib.experiments.key import key
from clinlib.studies.transformer_crf import down_sampling as study
from clinlib.studies.transformer_crf import heads_and_encoders

CORPUS = "synthetic_en_letters"
GIVEN = PARAMETERS | {"shares": [0.2, 0.0], "seeds": 3}


def records(drop=5.0):
    """The runs on all data, and reduced ones with `drop` percent fewer labels right."""
    found = made(GIVEN)
    for run in heads_and_encoders.runs(GIVEN):
        if run.role == "final":
            for share, size in ((0.0, 150), (0.2, 180)):
                name = key(run.configuration.replaced(empty_share=share), PINS)
                right = 0.8 + 0.01 * run.seed - drop / 100
                less = record(name, run, right, parameters=GIVEN, rates={})
                less["data"] = less["data"] | {"train_sentences": size}
                less["curve"] = [row | {"seconds": 1.0} for row in less["curve"]]
                found[name] = less
    return found


def test_the_undiminished_runs_are_those_of_the_heads_and_only_final_runs_are_repeated():
    plan = study.plan(GIVEN)
    base = heads_and_encoders.plan(GIVEN)
    assert plan[: len(base)] == base
    finals = [run for run in heads_and_encoders.runs(GIVEN) if run.role == "final"]
    assert len(plan) == len(base) + 2 * len(finals)
    assert {each.empty_share for each in plan[len(base) :]} == {0.0, 0.2}


def test_shares_come_smallest_first_and_all_last():
    found = study.results(records(), GIVEN, PINS)
    assert list(found) == [0.0, 0.2, study.ALL]
    table = study.scores(found)
    assert list(table.index.get_level_values(2)[:3]) == ["0", "0.2", "all"]
    assert list(table["training sentences"][:3]) == [150, 180, 300]


def test_differences_are_paired_by_seed_and_time_is_a_share():
    table = study.differences(study.results(records(drop=5.0), GIVEN, PINS))
    first = table.iloc[0]
    assert first["strict F1"].value == pytest.approx(-5.0)
    assert first["strict F1"].half == pytest.approx(0.0, abs=1e-9)
    assert first["sentences, %"] == pytest.approx(50.0)
    assert first["time, %"].value == pytest.approx(50.0)


def test_time_is_the_processor_s_where_one_processor_did_it():
    made = {"curve": [{"seconds": 30.0}, {"seconds": 10.0}]}
    shared = {"seconds": 100.0, "cpu_seconds": 50.0, "device": "cpu"}
    assert study.seconds(made | {"provenance": shared}) == 20.0
    for known in ({"device": "cuda"}, {"cpu_seconds": None}):
        assert study.seconds(made | {"provenance": shared | known}) == 40.0


def test_a_loss_is_held_against_the_published_ones(monkeypatch):
    models = ["a", "a", "b", "b"]
    data = ["full", "down-sampled"] * 2

    def verdicts(drop, scores):
        published = pd.DataFrame({"model": models, "training_data": data, "token_macro_f1": scores})
        found = study.results(records(drop=drop), GIVEN, PINS)
        return [text.rpartition(": ")[2] for text in study.beside_the_paper(found, published)]

    assert verdicts(5.0, [0.9, 0.87, 0.8, 0.76]) == []  # the made corpus is synthetic
    monkeypatch.setattr(study, "is_synthetic", lambda name: False)
    arms = len(study.results({}, GIVEN, PINS)[study.ALL].arms)
    loss = study.differences(study.results(records(drop=5.0), GIVEN, PINS)).iloc[1]
    lost = -loss["token macro F1"].value / 100
    near = [0.9, 0.9 - lost, 0.8, 0.81 - lost]
    assert verdicts(5.0, near) == ["not told apart from theirs."] * arms
    assert verdicts(5.0, [0.9, 0.899, 0.8, 0.799]) == ["more than any of theirs."] * arms
    assert verdicts(5.0, [0.9, 0.5, 0.8, 0.3]) == ["less than any of theirs."] * arms


def test_a_loss_is_called_one_and_missing_runs_are_no_number():
    texts = study.sentences(study.results(records(drop=5.0), GIVEN, PINS))
    assert len(texts) == 8 and all("a loss" in text for text in texts)
    assert "on 50 % of the sentences" in texts[0]
    none = study.results(made(GIVEN), GIVEN, PINS)
    assert all("no pair of runs" in text for text in study.sentences(none))
    assert all(cell == "missing" for cell in study.differences(none)["sentences, %"])
    assert len(study.points(none)) == 4 * 3


def test_a_share_that_removes_nothing_is_said_to_remove_nothing():
    found = records()
    for each in found.values():
        each["data"] = each["data"] | {"train_sentences": 300}
    texts = study.sentences(study.results(found, GIVEN, PINS))
    assert all("no sentence had to go" in text for text in texts)


def test_words_are_counted_by_type_in_the_kept_sentences_alone():
    text = "Aspirin 5 mg daily. Nothing here. Ibuprofen."
    document = Document(
        "d",
        text,
        spans=(Span(0, 7, "Drug"), Span(8, 12, "Dose"), Span(34, 43, "Drug")),
        sentences=((0, 19), (20, 33), (34, 44)),
    )
    counts = study.word_counts((document,), [(0, 0), (0, 1), (0, 2)], ("Drug", "Dose"))
    assert counts == {"O": 6, "Drug": 2, "Dose": 2}
    counts = study.word_counts((document,), [(0, 2)], ("Drug", "Dose"))
    assert counts == {"O": 1, "Drug": 1, "Dose": 0}


def test_down_sampling_keeps_every_entity_of_the_synthetic_letters():
    from clinlib.corpora.registry import load

    table = study.distribution({CORPUS: load(CORPUS)}, GIVEN)
    here = table.loc[CORPUS]
    assert (here.loc["sentences"].diff().dropna() > 0).all()
    types = here.drop(index=["sentences", "words", "O"])
    assert (here.loc["words"] == types.sum() + here.loc["O"]).all()
    assert (types["0"] == types["all"]).all() and (types["0.2"] == types["all"]).all()
    assert here.loc["O", "0"] < here.loc["O", "all"]
    assert "entities stay" in study.distribution_in_words(CORPUS, here)


@pytest.mark.parametrize("shares", [[1.0], [-0.1], [1.5], [0.2, 0.2]])
def test_a_share_outside_zero_to_one_or_twice_is_an_error(shares):
    with pytest.raises(BadInput, match="shares"):
        study.plan(GIVEN | {"shares": shares})

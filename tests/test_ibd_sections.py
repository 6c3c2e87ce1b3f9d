"""The page of section fusion: what its plan asks for, and what it says of records made by hand."""

from types import SimpleNamespace

import pytest
from made_records import PINS, record

from clinlib.errors import BadInput
from clinlib.experiments.key import key
from clinlib.studies.ibd import section_fusion as study

CORPUS = "synthetic_nl_ibd"
PARAMETERS = {
    "profile": "quick",
    "corpora": [CORPUS],
    "encoder": "scratch-tiny",
    "documents": 0,
    "shown": "embedding",
    "disagreements": 3,
    "learning_rate": 2e-3,
    "head_learning_rate": 5e-3,
    "seeds": 3,
    "epochs": 2,
    "batch_size": 8,
    "label_smoothing": 0.0,
    "up_sample": 0.0,
    "dropout": 0.1,
    "dev_sentences": 0,
    "max_length": 128,
    "precision": "float32",
    "vocabulary": 300,
    "pretrain_architecture": "scratch-tiny",
    "pretrain_epochs": 1,
    "pretrain_learning_rate": 1e-3,
}
SHARE = {"none": 0.6, "text": 0.7, "embedding": 0.65, "classifier": 0.6}
ELSEWHERE = {"none": 0.6, "text": 0.5, "embedding": 0.55, "classifier": 0.9}
SECTIONS = {
    "titles": 5,
    "dev": {"sentences": 40, "unseen": 4, "none": 1},
    "test": {"sentences": 80, "unseen": 9, "none": 2},
}


def made(config):
    """A complete record with the share of labels right that its place has in its corpus."""
    level = config.sections
    share = (SHARE if config.corpus == CORPUS else ELSEWHERE)[level]
    wrapped = SimpleNamespace(
        role="final",
        seed=config.seed,
        configuration=SimpleNamespace(epochs=config.epochs, to_dict=config.to_dict),
    )
    options = {"parameters": {"learning_rates": [1e-3]}, "rates": {}}
    found = record(key(config, PINS), wrapped, share + 0.01 * config.seed, **options)
    hits = 20 if level == "none" else 60
    found["slices"] = {"test": {"section": (hits, 80), "abbreviation": (0, 20), "unseen": (30, 60)}}
    if level != "none":
        found["data"]["sections"] = SECTIONS
    return found


def results(skip=(), **changes):
    parameters = PARAMETERS | changes
    records = {
        key(c, PINS): made(c) for c in study.plan(parameters) if (c.sections, c.seed) not in skip
    }
    return study.Results(records, parameters, PINS)


def test_runs_of_a_seed_differ_by_the_place_alone_and_only_the_first_keeps_predictions():
    plan = study.plan(PARAMETERS)
    assert len(plan) == 4 * 3
    for seed in (1, 2, 3):
        runs = {run.sections: run.to_dict() for run in plan if run.seed == seed}
        assert list(runs) == list(study.LEVELS)
        for each in runs.values():
            differing = {name for name in each if each[name] != runs["none"].get(name)}
            assert differing <= {"sections"}
    assert {run.seed for run in plan if run.keep_predictions} == {1}
    assert {run.documents for run in plan} == {None}
    assert {run.documents for run in study.plan(PARAMETERS | {"documents": 7})} == {7}


def test_differences_are_paired_and_only_a_sure_gain_is_called_one():
    found = results()
    gains = study.differences(found, CORPUS)
    assert gains["text"].value == pytest.approx(10, abs=0.3)
    assert gains["classifier"].value == 0 and gains["classifier"].n == 3
    frame = study.scores(found)
    assert list(frame.index) == [(CORPUS, level) for level in study.LEVELS]
    assert frame.loc[(CORPUS, "none"), "less none"] == "–"
    said = " ".join(study.sentences(found))
    assert "sections as text" in said and "development data prefer text" in said


def test_recall_is_told_apart_by_whether_a_heading_decides():
    frame = study.decided(results())
    plain, fused = frame.loc[(CORPUS, "none")], frame.loc[(CORPUS, "text")]
    assert plain["section and abbreviation"].value == pytest.approx(20)
    assert fused["section and abbreviation"].value == pytest.approx(60)
    assert fused["section and abbreviation, less none"].value == pytest.approx(40)
    assert fused["other spans, less none"].value == 0


def test_spans_that_no_run_finds_are_recalled_at_zero_and_a_real_corpus_has_no_rows():
    found = results()
    runs = [r for by_seed in found.found[CORPUS].values() for r in by_seed.values()]
    for each in runs:
        each["slices"]["test"]["unseen"] = (0, 60)
    assert study.decided(found).loc[(CORPUS, "none"), "other spans"].value == 0
    for each in runs:
        each["slices"] = {"test": {"": (1, 2)}}
    assert study.decided(found).empty


def test_headings_that_training_has_not_are_counted():
    row = study.headings(results()).iloc[0]
    assert row["titles learnt"].value == 5
    assert row["test: unseen title"].value == 9 and row["dev: no title"].value == 1


def test_no_place_is_preferred_while_a_run_is_missing_and_the_table_says_missing():
    found = results(skip={("text", 2)})
    assert study.by_dev(found, [CORPUS]) == {}
    assert "missing" in str(study.scores(found).loc[(CORPUS, "text"), "strict F1"])
    assert study.differences(found, CORPUS)["text"].n == 2
    assert next(iter(study.by_dev(results(), [CORPUS]))) == "text"


def test_the_place_that_several_corpora_prefer_is_the_best_on_their_mean():
    both = results(corpora=[CORPUS, "chia"])
    assert [next(iter(study.by_dev(both, [name]))) for name in both.corpora] == [
        "text",
        "classifier",
    ]
    assert next(iter(study.by_dev(both, both.corpora))) == "classifier"
    said = study.sentences(both)
    (mean,) = [each for each in said if each.startswith("On the mean of these corpora")]
    places = study.by_dev(both, both.corpora)
    assert list(places)[0] == "classifier" and f"{places['classifier']:.1f} F1 before" in mean
    assert all(f"{place} {places[place]:.1f}" in mean for place in list(places)[1:])
    assert not any("On the mean" in each for each in study.sentences(results()))


def test_a_place_that_is_none_and_negative_numbers_are_refused():
    with pytest.raises(BadInput, match="unknown place of fusion to show 'txt'; did you mean"):
        study.plan(PARAMETERS | {"shown": "txt"})
    with pytest.raises(BadInput, match="'bc5cdr' has no sections to fuse; leave it out"):
        study.plan(PARAMETERS | {"corpora": [CORPUS, "bc5cdr"]})
    with pytest.raises(BadInput, match="disagreements: -1 passages"):
        study.plan(PARAMETERS | {"disagreements": -1})

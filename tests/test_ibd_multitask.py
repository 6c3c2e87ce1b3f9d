"""The page of the second task: what its plan asks for, and what it says of made records."""

from types import SimpleNamespace

import pytest
from made_records import PINS, record

from clinlib.corpora.registry import card
from clinlib.errors import BadInput
from clinlib.experiments.key import key
from clinlib.studies.ibd import multitask as study

CORPUS = "synthetic_nl_ibd"
RARE = "Perianal_disease"
PARAMETERS = {
    "profile": "quick",
    "corpora": [CORPUS],
    "encoder": "scratch-tiny",
    "documents": 16,
    "r_drop": 0.5,
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
HEAD = {"precision": 80.0, "recall": 40.0, "f1": 53.3, "gold": 10, "found": 5, "right": 4}


def made(config):
    """A complete record; the sentence head raises the share of right labels by 10 points."""
    wrapped = SimpleNamespace(
        role="final",
        seed=config.seed,
        configuration=SimpleNamespace(epochs=config.epochs, to_dict=config.to_dict),
    )
    share = (0.7 if config.sentence_type else 0.6) + 0.01 * config.seed
    options = {"parameters": {"learning_rates": [1e-3]}, "rates": {}}
    found = record(key(config, PINS), wrapped, share, types=(RARE, "Length"), **options)
    return found | ({"sentences": {"dev": HEAD, "test": HEAD}} if config.sentence_type else {})


def results(skip=()):
    plan = study.plan(PARAMETERS)
    records = {key(c, PINS): made(c) for c in plan if (c.sentence_type, c.seed) not in skip}
    return study.Results(records, PARAMETERS, PINS)


def test_the_rarest_type_is_that_of_the_cards_training_spans():
    assert study.rarest(CORPUS) == RARE
    counts = card("chia").tasks["core"].counts["train"].types
    assert study.rarest("chia:core") == min(counts, key=counts.get) == "Measurement"
    with pytest.raises(BadInput, match="the card of 'mantra_gsc' counts no training spans"):
        study.rarest("mantra_gsc")


def test_a_type_that_few_documents_seldom_hold_is_not_asked_for():
    """MEDDOCAN's 600 training documents hold 7 spans of its rarest type, 50 of them mostly none."""
    counts = card("meddocan").counts["train"].types
    assert study.rarest("meddocan") == "CENTRO_SALUD" and counts["CENTRO_SALUD"] == 7
    few = study.rarest("meddocan", 50)
    assert counts[few] * 50 / 600 >= 5
    rarer = [kind for kind, count in counts.items() if count < counts[few]]
    assert rarer and all(counts[kind] * 50 / 600 < 5 for kind in rarer)
    assert study.rarest("meddocan", 10_000) == "CENTRO_SALUD"
    with pytest.raises(BadInput, match="documents: 1 of 'meddocan' hold fewer than 5 spans"):
        study.rarest("meddocan", 1)


def test_runs_of_a_seed_differ_by_the_sentence_head_alone():
    plan = study.plan(PARAMETERS)
    assert len(plan) == 6 and {run.r_drop for run in plan} == {0.5}
    for seed in (1, 2, 3):
        plain, both = (run.to_dict() for run in plan if run.seed == seed)
        assert {name for name in both if both[name] != plain.get(name)} == {"sentence_type"}
        assert both["sentence_type"] == RARE


def test_gains_are_paired_for_all_types_and_the_rarest():
    gains = study.differences(results(), CORPUS)
    assert list(gains) == ["strict F1", "F1 of the rarest type", "mean F1 of the types"]
    assert all(each.n == 3 and each.value == pytest.approx(10, abs=0.3) for each in gains.values())
    frame = study.scores(results(skip={(RARE, 2)}))
    assert frame.loc[(CORPUS, study.ALONE), "strict F1, gained"] == "–"
    assert frame.loc[(CORPUS, study.BOTH), "strict F1, gained"].n == 2
    assert "missing" in str(frame.loc[(CORPUS, study.BOTH), "F1 of the rarest type"])
    assert any("rarest type" in each for each in study.sentences(results()))


def test_the_sentence_heads_scores_stand_by_split():
    frame = study.sentence_head(results())
    assert list(frame.index) == [(CORPUS, RARE, "dev"), (CORPUS, RARE, "test")]
    row = frame.loc[(CORPUS, RARE, "test")]
    assert (row["P"].value, row["R"].value, row["gold sentences"].value) == (80, 40, 10)

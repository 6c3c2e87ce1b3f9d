"""Readers of CLIN-X's claims on encoders and architecture: which runs are left, which right."""

from itertools import product

import pytest
from made_records import PINS
from made_sides import FACTOR, TURNS, assert_sides, named, read, records, said, turned

from clinlib.experiments.key import key
from clinlib.experiments.spec import Ensemble
from clinlib.report import notebooks
from clinlib.studies.claims.verdict import FAILS, HOLDS, OPEN
from clinlib.studies.clinx import architecture, encoders

EN, ES = ["ncbi_disease", "bc5cdr"], ["pharmaconer", "meddocan"]


def parameters(page, profile="open", **changes):
    """Those of a profile with few seeds, on whole corpora."""
    small = {"seeds": 3, "folds": 3, "documents": 0, "dev_sentences": 0}
    given = notebooks.parameters(page.NAME, profile)
    return given | {name: value for name, value in small.items() if name in given} | changes


# encoders, page 20

GENERAL, ONLY_EN, ONLY_ES = "general", "of English alone", "of Spanish alone"
OF_EN, OF_ES = "adapted to English", "adapted to Spanish"
F1_OF_ENCODER = {OF_EN: 75.0, OF_ES: 73.0, GENERAL: 70.0, ONLY_EN: 66.0, ONLY_ES: 64.0}
# in the order of F1_OF_ENCODER; pages may have the study's own, or the paper's
ENCODERS = {
    "open": [
        "adapted:multi-en",
        "adapted:multi-es",
        "general:multi",
        "general:en",
        "general:es",
    ],
    "paper": [
        "hub:llange/xlm-roberta-large-english-clinical",
        "hub:llange/xlm-roberta-large-spanish-clinical",
        "hub:FacebookAI/xlm-roberta-large",
        "hub:google-bert/bert-base-cased",
        "hub:dccuchile/bert-base-spanish-wwm-cased",
    ],
}


def of_encoder(arm):
    encoder, corpus = arm
    return F1_OF_ENCODER[encoder] - 4 * [*EN, *ES].index(corpus)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("profile", ["open", "paper"])
@pytest.mark.parametrize(
    ("claim", "sides"),
    [
        ("clinx-01", [(OF_EN, GENERAL, EN), (OF_ES, GENERAL, ES)]),
        ("clinx-02", [(OF_ES, GENERAL, EN)]),
        ("clinx-03", [(GENERAL, ONLY_EN, ES), (GENERAL, ONLY_ES, EN)]),
    ],
)
def test_encoders_are_compared_on_all_corpora_of_a_language(claim, sides, profile, turn):
    names = dict(zip(ENCODERS[profile], F1_OF_ENCODER, strict=True))
    given = parameters(encoders, profile, encoders=list(names), corpora=[*EN, *ES])
    given |= {"learning_rates": given["learning_rates"][:1]}
    arms = {
        (names[encoder], corpus): encoders.runs((encoder, corpus), given)
        for encoder, corpus in encoders.pairs(given)
    }
    level = turn(of_encoder)
    found = read(claim, encoders.Results(records(arms, level), given, PINS), given)
    for each, (left, right, corpora) in zip(found, sides, strict=True):
        pairs = [((left, corpus), (right, corpus)) for corpus in corpora]
        assert_sides(each, arms, level, *pairs)
        assert each.corpora == tuple(corpora)
    assert said(claim, found) == {FAILS if turn is turned else HOLDS}


# parts and ensembles, page 21

PARTS = parameters(architecture, corpora=[*EN, ES[0]], context=8)
BIO, SOFTMAX, ALONE, WORDS = architecture.SWITCHES
WHOLE, EVERYTHING, OVER_PARTS, OVER_SEEDS = "whole", "train and dev", "over parts", "over seeds"
F1_OF_PART = {
    WHOLE: 70.0,
    BIO: 69.0,
    SOFTMAX: 66.0,
    ALONE: 64.0,
    WORDS: 61.0,
    EVERYTHING: 71.0,
    OVER_SEEDS: 73.0,
    OVER_PARTS: 76.0,
}
# by test scores the third run is the best, and the first the median
DEV_OF_SEED = {1: 90.0, 2: 80.0, 3: 70.0}
MEDIAN = 2


def part(config):
    """What a run of the page is, by its own fields; None for one that no claim reads."""
    if isinstance(config, Ensemble):
        each = {part(member) for member in config.of}
        return OVER_PARTS if each == {None} else OVER_SEEDS if len(config.of) > 1 else None
    changed = {
        BIO: config.scheme == "BIO",
        SOFTMAX: config.head == "softmax",
        ALONE: config.context == 0,
        WORDS: config.unit == "word",
        EVERYTHING: config.train_on == "train+dev",
        None: config.fold is not None,
    }
    return next((name for name, here in changed.items() if here), WHOLE)


def by_part():
    """(corpus, what a run is) -> its runs by seed."""
    found = {}
    for config in architecture.plan(PARTS):
        runs = config.of if isinstance(config, Ensemble) else (config,)
        if (what := part(config)) is not None:
            found.setdefault((runs[0].corpus, what), {})[runs[0].seed] = config
    return found


BY_PART = by_part()


def of_part(arm):
    """A CRF is worth four points in English, nine in Spanish."""
    corpus, what = arm
    return F1_OF_PART[what] - (5.0 if what == SOFTMAX and corpus in ES else 0.0)


def parts(level):
    made = records(BY_PART, level, dev=lambda arm, seed: DEV_OF_SEED[seed])
    return architecture.Results(made, PARTS, PINS)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(
    ("claim", "sides"),
    [
        ("clinx-05", [(EVERYTHING, WHOLE)]),
        ("clinx-06", [(WHOLE, BIO), (WHOLE, SOFTMAX), (WHOLE, ALONE), (WHOLE, WORDS)]),
        ("clinx-15", [(BIO, SOFTMAX), (BIO, ALONE), (BIO, WORDS)]),
    ],
)
def test_parts_of_the_architecture_are_compared_run_by_run(claim, sides, turn):
    level = turn(of_part)
    found = read(claim, parts(level), PARTS)
    for each, (corpus, (left, right)) in zip(found, product(PARTS["corpora"], sides), strict=True):
        assert_sides(each, BY_PART, level, ((corpus, left), (corpus, right)))
    assert said(claim, found) == {FAILS if turn is turned else HOLDS}


@pytest.mark.parametrize("turn", TURNS)
def test_what_a_crf_adds_in_spanish_is_held_against_what_it_adds_in_english(turn):
    found = read("clinx-07", parts(turn(of_part)), PARTS)
    sign = -1 if turn is turned else 1
    for each, english in zip(found, EN, strict=True):
        assert each.corpora == (ES[0], english)
        for side, worth in ((each.left, 9), (each.right, 4), (each.difference, 5)):
            assert side.values == pytest.approx([sign * worth * f for f in FACTOR.values()])
        arms = [(corpus, what) for corpus in each.corpora for what in (WHOLE, SOFTMAX)]
        assert each.records == named(BY_PART, *arms)
    assert said("clinx-07", found) == {FAILS if turn is turned else HOLDS}


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(
    ("claim", "sides"),
    [
        ("clinx-04", [((OVER_PARTS, 1), (OVER_SEEDS, 1)), ((OVER_SEEDS, 1), (WHOLE, MEDIAN))]),
        ("clinx-14", [((OVER_PARTS, 1), (EVERYTHING, 1))]),
    ],
)
def test_ensembles_are_compared_with_one_run_each_which_decides_nothing(claim, sides, turn):
    level = turn(of_part)
    found = read(claim, parts(level), PARTS)
    for each, (corpus, pair) in zip(found, product(PARTS["corpora"], sides), strict=True):
        left, right = (level((corpus, what)) * FACTOR[seed] for what, seed in pair)
        assert each.difference.values == pytest.approx([left - right])
        assert (each.left.value, each.right.value) == pytest.approx((left, right))
        runs = [BY_PART[corpus, what][seed] for what, seed in pair]
        assert each.records == tuple(f"{run.kind}/{key(run, PINS)}" for run in runs)
    assert said(claim, found) == {OPEN}

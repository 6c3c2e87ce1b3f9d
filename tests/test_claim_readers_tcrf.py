"""Readers of TransformerCRF's claims: which runs or scores are left, which right, by which average.

What they must be is counted from the confusion counts by other means.
"""

from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from made_confusions import bio, f1s, matrix, token, weighted
from made_records import PARAMETERS, PINS, collapse, made, record
from made_sides import CLAIMS, read, said

from clinlib.corpora.registry import card
from clinlib.experiments.key import key
from clinlib.report import notebooks
from clinlib.studies.claims import tcrf
from clinlib.studies.claims.verdict import FAILS, HOLDS, MADE_UP
from clinlib.studies.transformer_crf import collapse as collapses
from clinlib.studies.transformer_crf import down_sampling, heads_and_encoders
from clinlib.studies.transformer_crf.results import Arm

CORPORA = ["phee", "maccrobat2020:medication"]
LETTERS = "synthetic_en_letters"  # the one corpus with ADE and Reason
SCRATCH, PRETRAINED = "scratch-tiny", f"pretrained:{LETTERS}"
GIVEN = PARAMETERS | {"corpora": CORPORA, "seeds": 3, "pairs": [], "shares": [0.5, 0.2, 0.0]}


# results


def arms(parameters=GIVEN):
    """Arm -> keys of its final runs by seed."""
    found = {}
    for run in heads_and_encoders.runs(parameters):
        if run.role == "final":
            found.setdefault(run.arm, {})[run.seed] = key(run.configuration, PINS)
    return found


def with_counts(counts, dev=None):
    """Records whose test counts are those of `counts(arm, seed)`, and dev counts `dev`."""
    records = made(GIVEN)
    for arm, runs in arms().items():
        for seed, name in runs.items():
            test = records[name]["counts"]["test"] | {"confusion": counts(arm, seed).tolist()}
            both = {"test": test, "dev": test if dev is None else test | {"confusion": dev}}
            records[name] = records[name] | {"counts": both}
    return records


def found_in(counts, dev=None):
    return heads_and_encoders.results(with_counts(counts, dev), GIVEN, PINS)


def assert_scores(found, scores, keys):
    """A comparison is of the left scores less the right ones, run by run, of these runs; gives the
    differences."""
    left, right = scores
    assert found.left.values == pytest.approx(left)
    assert found.right.values == pytest.approx(right)
    gaps = [a - b for a, b in zip(left, right, strict=True)]
    assert found.difference.values == pytest.approx(gaps)
    assert tuple(name.partition("/")[2] for name in found.records) == tuple(keys)
    return gaps


# runs against runs, pages 10 and 11

SHARE = {
    (SCRATCH, "softmax"): 0.5,
    (SCRATCH, "crf"): 0.58,
    (PRETRAINED, "softmax"): 0.7,
    (PRETRAINED, "crf"): 0.82,
}
SEEDS = {1: 0.0, 2: -0.03, 3: 0.05}


def counts_of_arm(turn):
    """Counts by arm and seed; turned, the better is the worse."""

    def counts(arm, seed):
        share = SHARE[arm.encoder, arm.head]
        return matrix((1.3 - share if turn else share) * (1 + SEEDS[seed]))

    return counts


@pytest.mark.parametrize("turn", [False, True], ids=["as_stated", "turned"])
@pytest.mark.parametrize(
    ("claim", "sides", "score"),
    [
        (
            "tcrf-01",
            [((name, "crf"), (name, "softmax")) for name in (SCRATCH, PRETRAINED)],
            bio,
        ),
        ("tcrf-02", [((PRETRAINED, "crf"), (SCRATCH, "crf"))], bio),
        ("tcrf-03", [((PRETRAINED, "crf"), (SCRATCH, "crf"))], weighted),
    ],
)
def test_arms_are_compared_seed_by_seed(claim, sides, score, turn):
    counts, runs = counts_of_arm(turn), arms()
    found = read(claim, found_in(counts), GIVEN)
    wanted = [[Arm(corpus, *each) for each in pair] for corpus in CORPORA for pair in sides]
    for each, pair in zip(found, wanted, strict=True):
        scores = [[score(counts(arm, seed)) for seed in SEEDS] for arm in pair]
        gaps = assert_scores(each, scores, [name for arm in pair for name in runs[arm].values()])
        assert all((gap < 0) == turn for gap in gaps)
    if claim != "tcrf-03":
        assert said(claim, found) == {FAILS if turn else HOLDS}


@pytest.mark.parametrize("turn", [False, True], ids=["as_stated", "turned"])
def test_all_sentences_are_left_of_those_with_a_fifth_without_entity(turn):
    right = {1.0: 0.8, 0.5: 0.5, 0.2: 0.3, 0.0: 0.4}  # by the share that is left

    def counts(share, seed):
        return matrix((1.1 - right[share] if turn else right[share]) * (1 + SEEDS[seed]))

    records, names = made(GIVEN), {}
    finals = [run for run in heads_and_encoders.runs(GIVEN) if run.role == "final"]
    for run, share in product(finals, right):
        whole, kept = run.configuration, {} if share == 1 else {"empty_share": share}
        name, one = key(whole.replaced(**kept), PINS), records[key(whole, PINS)]
        test = one["counts"]["test"] | {"confusion": counts(share, run.seed).tolist()}
        records[name] = one | {"key": name, "counts": {"test": test}}
        names.setdefault((run.arm, share), []).append(name)
    found = read("tcrf-06", down_sampling.results(records, GIVEN, PINS), GIVEN)
    wanted = [arm for arm in arms() if arm.head == "crf"]
    for each, arm in zip(found, wanted, strict=True):
        scores = [[token(counts(share, seed)) for seed in SEEDS] for share in (1.0, 0.2)]
        gaps = assert_scores(each, scores, names[arm, 1.0] + names[arm, 0.2])
        assert all((gap < 0) == turn for gap in gaps)
    assert said("tcrf-06", found) == {HOLDS if turn else FAILS}


# scores of the same runs, pages 10 and 12

CONFUSED = matrix(0.7, weak=("ADE",), into="Reason").tolist()  # on dev: the two related types
PAIR = ("ADE", "Reason")
INSIDE = {
    # of the same counts, left and right; counts by which left is ahead, and by which it is behind
    "tcrf-05": (
        token,
        bio,
        {"weak": ["B-Drug"], "into": "I-Drug"},
        {"outside": 10},
    ),
    "tcrf-07": (lambda c: token(c, PAIR), token, {"weak": PAIR}, {"weak": ["Drug"]}),
    "tcrf-08": (
        lambda c: token(c, merged=PAIR),
        token,
        {"weak": PAIR[:1], "into": "Reason"},
        {"weak": ["Drug"]},
    ),
    "tcrf-13": (lambda c: token(c, "O"), token, {"outside": 10}, {"weak": PAIR}),
}


@pytest.mark.parametrize("turn", [False, True], ids=["as_stated", "turned"])
@pytest.mark.parametrize("claim", list(INSIDE))
def test_scores_are_compared_within_each_run_with_a_crf(claim, turn):
    left, right, ahead, behind = INSIDE[claim]

    def counts(arm, seed):
        return matrix(SHARE[arm.encoder, arm.head] * (1 + SEEDS[seed]), **behind if turn else ahead)

    found = read(claim, found_in(counts, CONFUSED), GIVEN)
    wanted = [arm for arm in arms() if arm.head == "crf"]
    for each, arm in zip(found, wanted, strict=True):
        scores = [[of(counts(arm, seed)) for seed in SEEDS] for of in (left, right)]
        gaps = assert_scores(each, scores, arms()[arm].values())
        assert all((gap < 0) == turn for gap in gaps), gaps


@pytest.mark.parametrize("turn", [False, True], ids=["as_stated", "turned"])
def test_the_gap_over_all_types_is_left_of_those_without_the_two_and_with_them_merged(turn):
    """From scratch the related types suffer, or the third one."""

    def counts(arm, seed):
        weak = ["Drug"] if turn else PAIR[:1]
        scratch = {"weak": weak, "into": "O" if turn else "Reason"}
        return matrix(0.8 * (1 + SEEDS[seed]), **scratch if arm.encoder == SCRATCH else {})

    found = read("tcrf-12", found_in(counts, CONFUSED), GIVEN)
    variants = (lambda c: token(c, PAIR), lambda c: token(c, merged=PAIR))
    wanted = [(corpus, of) for corpus in CORPORA for of in variants]
    for each, (corpus, variant) in zip(found, wanted, strict=True):
        pair = [Arm(corpus, encoder, "crf") for encoder in (PRETRAINED, SCRATCH)]
        scores = [
            [of(counts(pair[0], seed)) - of(counts(pair[1], seed)) for seed in SEEDS]
            for of in (token, variant)
        ]
        gaps = assert_scores(each, scores, [k for arm in pair for k in arms()[arm].values()])
        assert all((gap < 0) == turn for gap in gaps)
    assert said("tcrf-12", found) == {FAILS if turn else HOLDS}


@pytest.mark.parametrize("turn", [False, True], ids=["as_stated", "turned"])
def test_wrong_entity_words_are_told_apart_by_what_they_are_read_as(turn):
    shares = (10, 30, 60) if turn else (60, 30, 10)

    def counts(arm, seed):
        found = np.zeros((7, 7), dtype=int)
        for at in range(1, 7):
            other = at + 1 if at % 2 else at - 1
            found[at, 1:] = 4 * shares[2]  # of four labels of other types
            found[at, [0, other, at]] = 16 * shares[0], 16 * shares[1], 1000 * seed
        found[0] = 300  # words without entity that are read as some are no such word
        return found

    results = found_in(counts)
    found = read("tcrf-10", results, GIVEN)
    wanted = [(arm, first) for arm in arms() if arm.head == "crf" for first in (0, 1)]
    for each, (arm, first) in zip(found, wanted, strict=True):
        scores = [[float(shares[at])] * 3 for at in (first, first + 1)]
        assert_scores(each, scores, arms()[arm].values())


@pytest.mark.parametrize("turn", [False, True], ids=["as_stated", "turned"])
def test_every_other_type_is_left_of_each_of_the_two_hardest(turn):
    given = GIVEN | {"corpora": [LETTERS]}
    types = card(LETTERS).types
    others = [kind for kind in types if kind not in PAIR]
    labels = ["O", *(f"{prefix}-{kind}" for kind in types for prefix in "BI")]

    def counts(seed):
        right = {name: 10 * at + 150 for at, name in enumerate(labels)}
        hard = {f"B-{kind}" for kind in (others if turn else PAIR)}
        wrong = [100 if name in hard else 0 for name in labels]
        found = np.diag([right[name] + 3 * seed - w for name, w in zip(labels, wrong, strict=True)])
        found[:, 0] += wrong
        return found

    records = {}
    for run in heads_and_encoders.runs(given):
        name = key(run.configuration, PINS)
        one = record(name, run, 0.8, parameters=given, rates={}, types=types)
        test = one["counts"]["test"] | {"confusion": counts(run.seed).tolist()}
        records[name] = one | {"counts": {"test": test, "dev": one["counts"]["dev"]}}
    found = read("tcrf-09", heads_and_encoders.results(records, given, PINS), given)
    encoders = (SCRATCH, PRETRAINED)
    wanted = [(e, other, hard) for e in encoders for hard in PAIR for other in others]
    for each, (encoder, *pair) in zip(found, wanted, strict=True):
        scores = [[f1s(counts(s))[labels.index(f"B-{kind}")] for s in SEEDS] for kind in pair]
        keys = arms(given)[Arm(LETTERS, encoder, "crf")].values()
        gaps = assert_scores(each, scores, keys)
        assert all((gap < 0) == turn for gap in gaps)
    assert said("tcrf-09", found) == {MADE_UP}


# collapsed runs and parameters


def test_accuracy_is_left_of_macro_f1_of_the_runs_that_collapsed():
    given = notebooks.parameters(collapses.NAME, "open") | {"seeds": 2}
    found, keys = {}, []
    for run in collapses.runs(given):
        name = key(run.configuration, PINS)
        options = {"parameters": {"learning_rates": [run.rate]}, "rates": {}}
        found[run] = record(
            name, SimpleNamespace(role="final", **vars(run)), 0.7 + 0.05 * run.seed, **options
        )
        if run.head == "softmax" and run.rate == max(given["learning_rates"]):
            found[run] = collapse(found[run])
            keys.append(name)
    (each,) = tcrf.collapsed(CLAIMS["tcrf-11"], found, given)
    fallen = [found[run] for run in found if found[run]["key"] in keys]
    counts = [np.array(record["counts"]["test"]["confusion"]) for record in fallen]
    accuracy = [100 * c[0, 0] / c.sum() for c in counts]
    macro = [100 * 2 * c[0, 0] / (c.sum() + c[0].sum()) / len(c) for c in counts]
    gaps = assert_scores(each, (accuracy, macro), keys)
    assert len(gaps) == 2 and min(gaps) > 50


@pytest.mark.parametrize("stated", [30.0, 50.0])
def test_the_share_of_parameters_that_is_counted_is_left_of_the_one_stated(stated):
    claim = replace(CLAIMS["tcrf-04"], stated=(stated,))
    (each,) = tcrf.READERS["tcrf-04"](claim, None, {})
    counted = 100 * (1 - 65205922 / 108325282)  # as the paper prints them
    assert each.left.value == pytest.approx(counted, abs=0.05) and each.right.value == stated
    assert each.difference.value == pytest.approx(counted - stated, abs=0.05)

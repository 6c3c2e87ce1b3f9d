"""Readers of the IBD study's claims: which methods are left and right, by which number."""

import math
from statistics import fmean

import pytest
from made_records import PINS
from made_sides import (
    FACTOR,
    TURNS,
    assert_sides,
    named,
    read,
    records,
    said,
    turned,
)
from scipy import stats

from clinlib.experiments.key import key
from clinlib.report import notebooks
from clinlib.studies.claims import ibd
from clinlib.studies.claims.verdict import FAILS, HOLDS, MADE_UP
from clinlib.studies.ibd import few_epochs, methods, multitask, significance
from clinlib.studies.ibd.methods import METHODS

CORPORA = ["meddocan", "chia"]
SMALL = {"seeds": 3, "corpora": CORPORA, "dev_sentences": 0}
DUTCH = "synthetic_nl_ibd"  # the one corpus with the types of ibd-09

# methods, pages 30 and 31

PARAMETERS = notebooks.parameters(methods.NAME, "open") | SMALL
F1 = {
    "FT": 56.0,
    "FT-FS": 62.0,
    "EMLM-FT": 61.0,
    "MLM-FT-FS-PL": 63.0,
    "FT-FS-PL": 66.0,
    "EMLM-FT-FS-PL": 67.0,
    "EMLM-CL-FT-FS-PL": 70.0,
}


def by_method(parameters):
    """(corpus, method) -> its runs by seed."""
    return {
        (corpus, name): {seed: methods.method(corpus, name, seed, parameters) for seed in FACTOR}
        for corpus in parameters["corpora"]
        for name in METHODS
    }


BY_METHOD = by_method(PARAMETERS)


def of_method(arm):
    corpus, name = arm
    return F1[name] - 20 * CORPORA.index(corpus)


def results(level, page=methods, **fields):
    return page.Results(records(BY_METHOD, level, **fields), PARAMETERS, PINS)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(
    ("claim", "left", "right"),
    [
        ("ibd-02", "FT-FS-PL", "FT-FS"),
        ("ibd-03", "EMLM-FT-FS-PL", "MLM-FT-FS-PL"),
        ("ibd-04", "EMLM-CL-FT-FS-PL", "EMLM-FT-FS-PL"),
        ("ibd-05", "FT-FS-PL", "MLM-FT-FS-PL"),
        ("ibd-13", "MLM-FT-FS-PL", "FT"),
    ],
)
def test_a_step_is_what_the_later_method_adds(claim, left, right, turn):
    level = turn(of_method)
    found = read(claim, results(level), PARAMETERS)
    for each, corpus in zip(found, CORPORA, strict=True):
        assert_sides(each, BY_METHOD, level, ((corpus, left), (corpus, right)))
    assert said(claim, found) == {FAILS if turn is turned else HOLDS}


@pytest.mark.parametrize("turn", TURNS)
def test_section_titles_are_judged_by_f1_and_by_precision(turn):
    level = turn(of_method)
    precision = turn(lambda arm: of_method(arm) / 2 + 20)
    made = records(BY_METHOD, level)
    for arm, runs in BY_METHOD.items():
        for seed, config in runs.items():
            scores = made[key(config, PINS)]["scores"]["test"]["strict"]
            scores["precision"] = precision(arm) * FACTOR[seed]
    found = read("ibd-01", methods.Results(made, PARAMETERS, PINS), PARAMETERS)
    wanted = [(corpus, of) for corpus in CORPORA for of in (level, precision)]
    for each, (corpus, of) in zip(found, wanted, strict=True):
        assert_sides(each, BY_METHOD, of, ((corpus, "FT-FS"), (corpus, "FT")))
    assert found[0].label.endswith("F1") and found[1].label.endswith("precision")
    assert said("ibd-01", found) == {FAILS if turn is turned else HOLDS}


@pytest.mark.parametrize(("forgiven", "word"), [(12.0, HOLDS), (4.0, FAILS), (-12.0, FAILS)])
def test_scores_by_type_stand_above_strict_ones_of_the_same_run(forgiven, word):
    # of each seed another number, as equal ones would be no sample
    made = results(of_method, forgiven=lambda arm, seed: forgiven * FACTOR[seed])
    found = read("ibd-06", made, PARAMETERS)
    for each, arm in zip(found, BY_METHOD, strict=True):
        assert each.difference.values == pytest.approx([forgiven * f for f in FACTOR.values()])
        assert each.right.values == pytest.approx([of_method(arm) * f for f in FACTOR.values()])
        assert each.records == named(BY_METHOD, arm)
    assert said("ibd-06", found) == {word}


@pytest.mark.parametrize(("share", "word"), [(0.7, HOLDS), (0.2, FAILS)])
def test_errors_of_boundaries_are_held_against_all_others(share, word):
    """`share` of the predictions that are wrong by strict scores are right by type."""

    def forgiven(arm, seed):
        return share * (100 - of_method(arm) * FACTOR[seed])

    # the others are wrong twice: as a prediction and as a gold span that is not found
    percent = 100 * share / (share + 2 * (1 - share))
    found = read("ibd-11", results(of_method, forgiven=forgiven), PARAMETERS)
    for each, arm in zip(found, BY_METHOD, strict=True):
        assert each.left.values == pytest.approx([percent] * 3, abs=0.05)
        assert each.difference.values == pytest.approx([2 * percent - 100] * 3, abs=0.1)
        assert each.records == named(BY_METHOD, arm)


def scores(level, corpus):
    """Method -> F1 of its runs."""
    return {name: [level((corpus, name)) * f for f in FACTOR.values()] for name in METHODS}


@pytest.mark.parametrize("turn", TURNS)
def test_the_methods_differ_by_what_scipy_says_of_their_runs(turn):
    level = turn(of_method)
    found = read("ibd-07", results(level, significance), PARAMETERS)
    for each, corpus in zip(found, CORPORA, strict=True):
        groups = scores(level, corpus)
        means = [fmean(values) for values in groups.values()]
        assert each.difference.value == pytest.approx(max(means) - min(means))
        assert each.p == pytest.approx(stats.f_oneway(*groups.values()).pvalue)
        assert (each.n, each.corpora) == (3, (corpus,))
        assert each.records == named(BY_METHOD, *((corpus, name) for name in METHODS))
    assert said("ibd-07", found) == {HOLDS}


@pytest.mark.parametrize("turn", TURNS)
def test_entity_masking_is_left_of_ft_with_the_p_of_their_pair(turn):
    level = turn(of_method)
    found = read("ibd-08", results(level, significance), PARAMETERS)
    wanted = [(c, name) for c in CORPORA for name in ("EMLM-CL-FT-FS-PL", "EMLM-FT-FS-PL")]
    widest = stats.studentized_range.ppf(0.95, len(METHODS), 2 * len(METHODS))
    for each, (corpus, name) in zip(found, wanted, strict=True):
        groups = scores(level, corpus)
        spread = math.sqrt(fmean(stats.tvar(values) for values in groups.values()) / 3)
        lead = fmean(groups[name]) - fmean(groups["FT"])
        assert each.difference.value == pytest.approx(lead)
        assert (lead > 0) == (turn is not turned)
        p = stats.studentized_range.sf(abs(lead) / spread, len(METHODS), 2 * len(METHODS))
        assert each.p == pytest.approx(p, rel=1e-3)
        ends = each.difference.low, each.difference.high
        assert ends == pytest.approx((lead - widest * spread, lead + widest * spread), rel=1e-3)
        assert each.n == 3 and name in each.label
        assert each.records == named(BY_METHOD, (corpus, name), (corpus, "FT"))
    assert said("ibd-08", found) == {FAILS if turn is turned else HOLDS}


@pytest.mark.parametrize("turn", TURNS)
def test_rare_types_gain_beyond_those_that_hardly_move(turn):
    given = PARAMETERS | {"corpora": [DUTCH, "meddocan"]}
    arms = by_method(given)
    last = "EMLM-CL-FT-FS-PL"
    gain = dict(zip((*ibd.GAINING, *ibd.STILL), (20.0, 18.0, 15.0, 1.0, 2.0, 4.0), strict=True))
    sign = -1 if turn is turned else 1

    def types(arm, seed):
        more = gain if arm[1] == last else dict.fromkeys(gain, 0.0)
        return {name: (50.0 + sign * points) * FACTOR[seed] for name, points in more.items()}

    made = records(arms, lambda arm: 50.0, types=types)
    found = read("ibd-09", methods.Results(made, given, PINS), given)
    kinds = [(more, less) for more in ibd.GAINING for less in ibd.STILL]
    for each, (more, less) in zip(found, kinds, strict=True):
        wanted = sign * (gain[more] - gain[less])
        assert each.difference.values == pytest.approx([wanted * f for f in FACTOR.values()])
        assert each.left.values == pytest.approx([sign * gain[more] * f for f in FACTOR.values()])
        assert each.records == named(arms, (DUTCH, last), (DUTCH, "FT"))
    assert said("ibd-09", found) == {MADE_UP}


# few epochs, page 32

EPOCHS = notebooks.parameters(few_epochs.NAME, "open") | SMALL | {"tuning_epochs": [4, 1, 2]}
BY_EPOCHS = {
    (corpus, way, count): {
        seed: few_epochs.run(corpus, way, count, seed, EPOCHS) for seed in FACTOR
    }
    for corpus in CORPORA
    for way in few_epochs.WAYS
    for count in EPOCHS["tuning_epochs"]
}


def of_epochs(arm):
    """Ahead after one epoch, behind after four."""
    corpus, way, count = arm
    ahead = {"FT": 0.0, "MLM-FT": 1.0, "EMLM-FT": 4.0, "EMLM-CL-FT": 6.0}[way]
    return 40.0 + 5 * count - 10 * CORPORA.index(corpus) + (2 - count) * ahead


@pytest.mark.parametrize("turn", TURNS)
def test_a_better_start_is_asked_after_the_fewest_epochs(turn):
    level = turn(of_epochs)
    made = few_epochs.Results(records(BY_EPOCHS, level), EPOCHS, PINS)
    found = read("ibd-10", made, EPOCHS)
    wanted = [(corpus, way) for corpus in CORPORA for way in ("EMLM-CL-FT", "EMLM-FT")]
    for each, (corpus, way) in zip(found, wanted, strict=True):
        assert_sides(each, BY_EPOCHS, level, ((corpus, way, 1), (corpus, "FT", 1)))
    assert said("ibd-10", found) == {FAILS if turn is turned else HOLDS}


# the second task, page 35

TASKS = notebooks.parameters(multitask.NAME, "open") | SMALL
BY_TASK = {
    (corpus, task): {seed: multitask.run(corpus, task, seed, TASKS) for seed in FACTOR}
    for corpus in CORPORA
    for task in multitask.TASKS
}


def of_task(arm):
    corpus, task = arm
    return 50.0 + 7 * (task == multitask.BOTH) - 10 * CORPORA.index(corpus)


@pytest.mark.parametrize("turn", TURNS)
def test_the_sentence_head_is_held_to_the_rarest_type(turn):
    """Another type loses by it what the rarest gains, so that all together stay as they are."""
    level = turn(of_task)

    def types(arm, seed):
        rare = multitask.rarest(arm[0], TASKS["documents"])
        other = of_task if turn is turned else turned(of_task)
        return {"other": other(arm) * FACTOR[seed], rare: level(arm) * FACTOR[seed]}

    made = multitask.Results(records(BY_TASK, lambda arm: 55.0, types=types), TASKS, PINS)
    found = read("ibd-12", made, TASKS)
    for each, corpus in zip(found, CORPORA, strict=True):
        sides = (corpus, multitask.BOTH), (corpus, multitask.ALONE)
        assert_sides(each, BY_TASK, level, sides)
    assert said("ibd-12", found) == {FAILS if turn is turned else HOLDS}

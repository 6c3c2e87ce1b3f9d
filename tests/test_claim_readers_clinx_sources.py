"""Readers of CLIN-X's claims on transfer: which source is chosen, and what it is held against."""

from itertools import product

import pytest
from made_records import PINS
from made_sides import CLAIMS, TURNS, assert_sides, read, record, records, said, turned

from clinlib.experiments.key import key
from clinlib.report import notebooks
from clinlib.studies.claims.verdict import FAILS, HOLDS, OPEN
from clinlib.studies.clinx import all_tasks, prediction, transfer
from clinlib.studies.clinx.all_tasks import FULL, PLAIN, TRANSFER
from clinlib.studies.clinx.transfer import NONE, Place

EN, ES = ["chia", "ncbi_disease", "bc5cdr"], ["pharmaconer", "meddocan", "cantemist"]
GENERAL, OF_EN, OF_ES = "general:multi", "adapted:multi-en", "adapted:multi-es"
SMALL = {"seeds": 3, "source_seeds": 3, "dev_sentences": 0}
MOVED = notebooks.parameters("22_transfer_en", "open") | SMALL | {"tasks": EN, "sizes": [250, 0]}
BY_PLACE = transfer.runs(MOVED)

# by test the last task of a language is the best source, by dev the first
F1_OF_SOURCE = dict(zip(EN, (63.0, 66.0, 70.0), strict=True)) | {NONE: 60.0}
DEV_OF_SOURCE = dict(zip(EN, (90.0, 80.0, 70.0), strict=True)) | {NONE: 95.0}
FIRST = {"chia": "ncbi_disease", "ncbi_disease": "chia", "bc5cdr": "chia"}
LAST = {"chia": "bc5cdr", "ncbi_disease": "bc5cdr", "bc5cdr": "ncbi_disease"}


def of_place(place):
    return F1_OF_SOURCE[place.source] - (10 if place.size else 0)


def by_dev(place, seed):
    return DEV_OF_SOURCE[place.source] + seed


def by_dev_turned(place, seed):
    return 150 - DEV_OF_SOURCE[place.source] + seed


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(("dev", "chosen"), [(by_dev, FIRST), (by_dev_turned, LAST)])
@pytest.mark.parametrize(
    ("claim", "size", "ahead", "behind"),
    [("clinx-08", 250, HOLDS, FAILS), ("clinx-09", 0, FAILS, HOLDS)],
)
def test_the_source_is_chosen_by_its_dev_score(claim, size, ahead, behind, dev, chosen, turn):
    level = turn(of_place)
    results = transfer.Results(records(BY_PLACE, level, dev=dev), MOVED, PINS)
    found = read(claim, results, MOVED)
    for each, (target, source) in zip(found, chosen.items(), strict=True):
        sides = Place(target, source, size), Place(target, NONE, size)
        assert_sides(each, BY_PLACE, level, sides)
    assert said(claim, found) == {behind if turn is turned else ahead}


@pytest.mark.parametrize(("claim", "size"), [("clinx-08", 250), ("clinx-09", 0)])
def test_no_source_is_chosen_before_all_have_their_runs(claim, size):
    made = records(BY_PLACE, of_place, dev=by_dev)
    del made[key(BY_PLACE[Place("chia", "bc5cdr", size)][2], PINS)]
    first, *others = read(claim, transfer.Results(made, MOVED, PINS), MOVED)
    assert first.difference.missing == 3 and "not known yet" in first.label
    assert [each.difference.missing for each in others] == [0, 0]


@pytest.mark.parametrize("turn", TURNS)
def test_harm_is_what_no_source_is_ahead_of_each(turn):
    level = turn(of_place)
    results = transfer.Results(records(BY_PLACE, level), MOVED, PINS)
    found = read("clinx-10", results, MOVED)
    places = [place for place in BY_PLACE if place.source != NONE]
    assert len(places) == 3 * 2 * 2
    for each, place in zip(found, places, strict=True):
        assert_sides(each, BY_PLACE, level, (Place(place.target, NONE, place.size), place))
    assert said("clinx-10", found) == {HOLDS if turn is turned else FAILS}


# the source that is predicted, pages 24 and 25

SIZES = [250, 0]
PREDICTED = notebooks.parameters(prediction.NAME, "open") | SMALL
PREDICTED |= {"tasks_en": EN, "tasks_es": ES, "sizes": SIZES}
TABLE = notebooks.parameters(all_tasks.NAME, "open") | SMALL
TABLE |= {"tasks_en": EN, "tasks_es": ES, "sentences": 0, "encoders": [GENERAL, OF_EN]}
TABLE |= {"encoder_en": OF_ES, "encoder_es": OF_ES}
# each task's model lies nearest to that of the next of its language, which lies nearest to another
NEAREST = {task: tasks[(at + 1) % 3] for tasks in (EN, ES) for at, task in enumerate(tasks)}


def by_source(parameters):
    """Place -> runs by seed, of all languages."""
    groups = prediction.groups(parameters).values()
    return {place: runs for group in groups for place, runs in transfer.runs(group).items()}


def distances(parameters):
    """Key -> record of the similarity of two models; by its other measures another is nearest."""
    found = {}
    for group in prediction.groups(parameters).values():
        for (target, source), config in prediction.similarities(group).items():
            near = 1.0 if NEAREST[target] == source else 2.0
            values = {"rotation": near, "residual": 3 - near, "disparity": 3 - near}
            found[key(config, PINS)] = record(config, 0.0) | {"distances": values}
    return found


def of_source(place):
    """Any source helps: those of a language by three points and more, by their place in it."""
    if place.source == NONE:
        return 60.0
    return 63.0 + 3 * (EN if place.source in EN else ES).index(place.source)


@pytest.mark.parametrize("turn", TURNS)
def test_the_source_whose_model_is_nearest_is_the_predicted_one(turn):
    level, arms = turn(of_source), by_source(PREDICTED)
    made = records(arms, level) | distances(PREDICTED)
    found = read("clinx-11", prediction.Results(made, PREDICTED, PINS), PREDICTED)
    for each, (target, size) in zip(found, product([*EN, *ES], SIZES), strict=True):
        assert_sides(
            each, arms, level, (Place(target, NEAREST[target], size), Place(target, NONE, size))
        )
    assert said("clinx-11", found) == {FAILS if turn is turned else HOLDS}


ROWS = {
    (OF_ES, PLAIN): 66.0,
    (OF_ES, FULL): 70.0,
    (OF_ES, TRANSFER): 76.0,
    (OF_EN, PLAIN): 60.0,
    (OF_EN, FULL): 68.0,
    (GENERAL, PLAIN): 59.0,
    (GENERAL, FULL): 67.0,
}
SIZED = TABLE | {"sizes": [TABLE["sentences"]]}
BY_ROW = all_tasks.runs(TABLE) | {
    (place.target, OF_ES, place.source): runs
    for place, runs in by_source(SIZED).items()
    if place.source != NONE
}


def of_row(arm):
    """The predicted source adds six points, every other one nothing."""
    task, encoder, way = arm
    if (encoder, way) in ROWS:
        return ROWS[encoder, way]
    return ROWS[encoder, TRANSFER if way == NEAREST[task] else FULL]


def other_is_best(arm, seed):
    """By dev the best source is not the predicted one."""
    task, _, way = arm
    return 40.0 if way == NEAREST[task] else 60.0


def table(level):
    made = records(BY_ROW, level, dev=other_is_best) | distances(SIZED)
    return all_tasks.Results(made, TABLE, PINS)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(
    ("claim", "tasks", "sides"),
    [
        ("clinx-12", [*EN, *ES], [((OF_ES, FULL), (OF_ES, PLAIN))]),
        (
            "clinx-16",
            [*EN, *ES],
            [((OF_ES, PLAIN), (GENERAL, PLAIN)), ((OF_ES, PLAIN), (OF_EN, PLAIN))],
        ),
        (
            "clinx-17",
            [*EN, *ES],
            [
                ((OF_ES, FULL), other)
                for other in product((OF_ES, GENERAL, OF_EN), (PLAIN, FULL))
                if other != (OF_ES, FULL)
            ],
        ),
        ("clinx-18", EN, [((OF_ES, NEAREST), (OF_EN, FULL))]),
    ],
)
def test_rows_of_the_table_are_compared_task_by_task(claim, tasks, sides, turn):
    level = turn(of_row)
    found = read(claim, table(level), TABLE)
    arms = [
        tuple((task, encoder, NEAREST[task] if way is NEAREST else way) for encoder, way in pair)
        for task, pair in product(tasks, sides)
    ]
    for each, pair in zip(found, arms, strict=True):
        assert_sides(each, BY_ROW, level, pair)
    assert said(claim, found) == {FAILS if turn is turned else HOLDS}


@pytest.mark.parametrize("turn", TURNS)
def test_what_the_predicted_source_changes_is_tested_and_not_what_the_best_by_dev_does(turn):
    level = turn(of_row)
    found = read("clinx-13", table(level), TABLE)
    for each, task in zip(found, [*EN, *ES], strict=True):
        sides = (task, OF_ES, NEAREST[task]), (task, OF_ES, FULL)
        assert_sides(each, BY_ROW, level, sides)
        assert each.p < 0.05
    assert said("clinx-13", found) == {HOLDS} and CLAIMS["clinx-13"].two_sided


def test_a_source_that_changes_nothing_is_not_significant_whatever_the_best_by_dev_does():
    def level(arm):
        task, encoder, way = arm
        other = way not in (PLAIN, FULL, NEAREST[task])
        return ROWS[encoder, TRANSFER] if other else of_row((task, encoder, FULL))

    found = read("clinx-13", table(level), TABLE)
    assert [each.p for each in found] == [1.0] * 6
    assert said("clinx-13", found) == {OPEN}


def test_significance_is_asked_on_all_sentences_alone():
    assert read("clinx-13", table(of_row), TABLE | {"sentences": 250}) == []

"""Readers of LASL's claims: which loop is left and which right, and after which round."""

from itertools import product

import made_loops
import pytest
from made_records import PINS
from made_sides import CLAIMS, FACTOR, TURNS, named, read, record, said, turned

from clinlib.experiments.key import key
from clinlib.report import notebooks
from clinlib.studies.claims.verdict import FAILS, HOLDS
from clinlib.studies.lasl import balance, loss_encoders, losses, sizes, strategies, task_models
from clinlib.studies.lasl.schedules import WEIGHTS, schedules
from clinlib.studies.lasl.training import everything, loop

SMALL = {"seeds": 3, "initial": 0.025, "per_round": 0.025, "rounds": 12}
BUDGETS = {2 * at: 5 * at for at in range(1, 7)}  # round -> % of the labels
EARLY = [2, 4]


def parameters(page, **changes):
    """Those of the open profile with the rounds of page 40."""
    return notebooks.parameters(page.NAME, "open") | SMALL | changes


def records(arms, level, row=lambda arm, number: {}):
    """Key -> record of every loop, of `level((arm, round))`; `row` gives what else a round has."""
    found = {}
    for arm, runs in arms.items():
        for seed, config in runs.items():

            def filled(_, number, arm=arm, seed=seed):
                f1 = level((arm, number)) * FACTOR[seed]
                return {"sentences": 2.5 * number, "f1": f1} | row(arm, number)

            found |= made_loops.records([config], filled)
    return found


def assert_budgets(found, arms, level, pairs, rounds=tuple(BUDGETS)):
    """Comparisons are of each pair of arms after each of some rounds, paired by seed."""
    wanted = product(pairs, rounds)
    for each, ((left, right), number) in zip(found, wanted, strict=True):
        gap = level((left, number)) - level((right, number))
        assert each.difference.values == pytest.approx([gap * f for f in FACTOR.values()])
        sides = [side.value for side in (each.left, each.right)]
        mean = sum(FACTOR.values()) / 3
        assert sides == pytest.approx([level((arm, number)) * mean for arm in (left, right)])
        assert each.records == named(arms, left, right)
        assert each.label.endswith(f", {BUDGETS[number]} %") and each.n == 3


# strategies, page 40

PAGE = parameters(strategies)
LOOPS = {
    name: {seed: loop(name, seed, PAGE) for seed in FACTOR} for name in strategies.strategies(PAGE)
}
# F1 at first, and what a round adds: LPN and learning loss are ahead of MLP up to round 4
F1 = {
    "random": (23.0, 1.0),
    "LC": (35.0, 1.0),
    "TOD": (36.0, 1.0),
    "learning loss": (44.0, 1.0),
    "MLP": (35.0, 3.0),
    "LPN": (45.0, 1.0),
    "DBS": (47.0, 3.0),
    "LASL": (49.0, 3.0),
    "core-set": (10.0, 1.0),
}


def of_strategy(place):
    name, number = place
    start, step = F1[name]
    return start + step * number


def results(level, ceiling=lambda seed: 80.0, row=lambda arm, number: {}):
    made = records(LOOPS, level, row)
    for seed in FACTOR:
        config = everything(seed, PAGE)
        made[key(config, PINS)] = record(config, ceiling(seed))
    return strategies.Results(made, PAGE, PINS)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(
    ("claim", "pairs"),
    [
        ("lasl-01", [(name, "random") for name in list(F1)[1:-1]]),
        ("lasl-02", [("LASL", "DBS"), ("DBS", "MLP"), ("DBS", "LPN")]),
        ("lasl-12", [("LPN", "learning loss")]),
    ],
)
def test_strategies_are_compared_at_every_budget(claim, pairs, turn):
    level = turn(of_strategy)
    found = read(claim, results(level), PAGE)
    assert_budgets(found, LOOPS, level, pairs)
    assert said(claim, found) == {FAILS if turn is turned else HOLDS}


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(("claim", "early"), [("lasl-03", "LPN"), ("lasl-10", "learning loss")])
def test_who_leads_up_to_ten_percent_is_to_be_behind_after(claim, early, turn):
    level = turn(of_strategy)
    found = read(claim, results(level), PAGE)
    late = [number for number in BUDGETS if number not in EARLY]
    assert_budgets(found[: len(EARLY)], LOOPS, level, [(early, "MLP")], EARLY)
    assert_budgets(found[len(EARLY) :], LOOPS, level, [("MLP", early)], late)
    assert said(claim, found) == {FAILS if turn is turned else HOLDS}


@pytest.mark.parametrize("claim", ["lasl-01", "lasl-03", "lasl-10"])
def test_a_budget_that_the_initial_set_has_is_named_and_not_compared(claim):
    """Six rounds of 5 %: with 5 % all strategies have the same labels."""
    page = PAGE | {"initial": 0.05, "per_round": 0.05, "rounds": 6}
    arms = {name: {seed: loop(name, seed, page) for seed in FACTOR} for name in LOOPS}
    made = records(arms, lambda place: of_strategy((place[0], 2 * place[1])))
    found = read(claim, strategies.Results(made, page, PINS), page)
    budgets = [(each.label.rpartition(", ")[2], bool(each.difference.n)) for each in found]
    assert set(budgets) == {("5 %", False), *((f"{5 * at} %", True) for at in range(2, 7))}
    there = [each for each in found if each.difference.n]
    assert said(claim, there) == {HOLDS}
    if claim != "lasl-01":
        early = "LPN, MLP" if claim == "lasl-03" else "learning loss, MLP"
        led = [each.label.rpartition(", ")[2] for each in found if early in each.label]
        assert led == ["10 %", "5 %"]


def rounds_to(rounds):
    """Levels of loops that are at 77 and 79 of 80, which are 95 and 98 %, so many rounds on."""

    def level(place):
        name, number = place
        first, then = rounds.get(name, (12, 12))
        return 79.0 if number >= then else 77.0 if number >= first else 50.0

    return level


NEEDED = {"LASL": (4, 9), "TOD": (6, 12), "learning loss": (11, 12)}


def at_ceiling(level):
    """Results whose runs on all data have the factor of their seed, as the loops have."""
    return results(level, ceiling=lambda seed: 80.0 * FACTOR[seed])


def test_labels_needed_are_held_against_the_published_ones():
    found = read("lasl-04", at_ceiling(rounds_to(NEEDED)), PAGE)
    whole = named({"all": {seed: everything(seed, PAGE) for seed in FACTOR}}, "all")
    for each, labels, stated in zip(found, (10.0, 22.5), (13, 22), strict=True):
        assert each.left.values == pytest.approx([labels] * 3) and each.right.value == stated
        assert each.difference.values == pytest.approx([labels - stated] * 3)
        assert each.records == (*named(LOOPS, "LASL"), *whole)
        assert not each.bound


@pytest.mark.parametrize(
    ("rounds", "saved"),
    [
        (NEEDED, (15.0 - 10.0, 27.5 - 10.0)),
        (NEEDED | {"LASL": (11, 12), "learning loss": (4, 9)}, (15.0 - 27.5, 10.0 - 27.5)),
    ],
)
def test_labels_saved_are_what_others_need_beyond_lasl(rounds, saved):
    found = read("lasl-13", at_ceiling(rounds_to(rounds)), PAGE)
    whole = named({"all": {seed: everything(seed, PAGE) for seed in FACTOR}}, "all")
    assert CLAIMS["lasl-13"].stated == (5, 7)
    for each, other, gap, stated in zip(
        found, ("TOD", "learning loss"), saved, (5, 7), strict=True
    ):
        assert each.left.values == pytest.approx([gap] * 3) and each.right.value == stated
        assert each.difference.values == pytest.approx([gap - stated] * 3)
        assert each.records == (*named(LOOPS, "LASL", other), *whole)
        assert not each.bound and not each.unknown


def test_the_weight_passes_where_dbs_alone_passes_one_half():
    after = {"DBS": 5, "LASL": 2}

    def row(arm, number):
        over = 0.6 if number >= after.get(arm, 99) else 0.5
        return {"selection": {"lambda": over} if number > 1 else {}}

    labels, rounds = read("lasl-14", results(of_strategy, row=row), PAGE)
    assert labels.left.values == pytest.approx([12.5] * 3)
    assert labels.difference.values == pytest.approx([2.5] * 3)
    assert rounds.left.values == (5, 5, 5) and rounds.difference.values == (-5, -5, -5)
    assert labels.records == rounds.records == named(LOOPS, "DBS")


# losses, page 41

LOSSES = parameters(losses)
BY_LOSS = {
    name: {seed: loop(name, seed, LOSSES) for seed in FACTOR}
    for name in strategies.strategies(LOSSES)
}


def sampled(least, predicted):
    """Two sentences a round: the true loss falls from 12 to 1, the others as given."""

    def row(arm, number):
        true = 13.0 - number
        examples = {
            "l_true": [true - 0.5, true + 0.5],
            "l_min": [true - 0.5 - least(number), true + 0.5 - least(number)],
            "predicted": [true - 0.5 - predicted(number), true + 0.5 + predicted(number)],
        }
        return {"examples": examples}

    return losses.Results(records(BY_LOSS, lambda place: 50.0, row), LOSSES, PINS)


@pytest.mark.parametrize("sign", [1, -1])
def test_how_far_the_minimum_loss_is_below_falls_from_the_first_round_to_the_last(sign):
    def least(number):
        return 0.6 + sign * (0.6 - 0.05 * number)

    found = read("lasl-05", sampled(least, lambda number: 0.0), LOSSES)
    first, last = least(1), least(12)
    wanted = [(first, last), (100 * first / 12, 100 * last / 1)]
    for each, (left, right) in zip(found, wanted, strict=True):
        assert each.left.values == pytest.approx([left] * 3)
        assert each.right.values == pytest.approx([right] * 3)
        assert each.difference.values == pytest.approx([left - right] * 3)
        assert each.records == named(BY_LOSS, next(iter(BY_LOSS)))
    assert (found[0].difference.value > 0) == (sign > 0)


@pytest.mark.parametrize("wrong", [8.0, 0.25])
def test_a_predicted_loss_is_as_wrong_as_it_is_after_the_last_round(wrong):
    """The true loss is one by then; before, errors are of another size."""
    made = sampled(lambda number: 0.1, lambda number: wrong if number == 12 else 3.0)
    found = read("lasl-11", made, LOSSES)
    for each, name in zip(found, ("learning loss", "LPN", "DBS", "LASL"), strict=True):
        assert (each.left.value, each.right.value) == pytest.approx((wrong, 1.0))
        assert each.difference.values == pytest.approx([wrong - 1.0] * 3)
        assert each.records == named(BY_LOSS, name)


# balance, loss prediction and task models, pages 42 to 44

BALANCE = parameters(balance, weights=list(WEIGHTS), scales=["raw", "rank"], ends=[], panels=[])
ENCODERS = parameters(loss_encoders)
MODELS = parameters(task_models)
LEFT_OF = {
    "lasl-06": {"mean probability": ["equal", "linear", "root (p = 2)", "root (p = 5)"]},
    "lasl-07": {"serial 2": ["shared", "serial 1", *(f"individual {n}" for n in (1, 2, 3))]},
    "lasl-08": {
        (model, "LASL"): [(model, "random")] for model in ("BERT-CRF", "LSTM-CRF", "GlobalPointer")
    },
}
PAGES = {"lasl-06": balance, "lasl-07": loss_encoders, "lasl-08": task_models}


def arms_of(claim):
    """(parameters, what a loop is -> its loops by seed) of the claim's page."""
    if claim == "lasl-06":
        every = {seed: schedules(seed, BALANCE) for seed in FACTOR}
        return BALANCE, {name: {s: every[s][name] for s in FACTOR} for name in every[1]}
    if claim == "lasl-07":
        names = loss_encoders.names(ENCODERS)
        return ENCODERS, {
            name: {seed: loss_encoders.run(name, seed, ENCODERS) for seed in FACTOR}
            for name in names
        }
    pairs = product(MODELS["models"], MODELS["strategies"])
    return MODELS, {
        (model, name): {seed: task_models.run(model, name, seed, MODELS) for seed in FACTOR}
        for model, name in pairs
    }


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("claim", list(PAGES))
def test_the_papers_choice_is_left_of_each_other_at_every_budget(claim, turn):
    given, arms = arms_of(claim)

    def placed(place):
        arm, number = place
        return 40.0 + list(arms).index(arm) + 20 * (arm in LEFT_OF[claim]) + number / 10

    level = turn(placed)
    found = read(claim, PAGES[claim].Results(records(arms, level), given, PINS), given)
    pairs = [(left, right) for left, others in LEFT_OF[claim].items() for right in others]
    assert_budgets(found, arms, level, pairs)
    assert said(claim, found) == {FAILS if turn is turned else HOLDS}


@pytest.mark.parametrize(("fewer", "more"), [(5, 2), (2, 3)])
def test_the_round_with_fewer_labels_is_left_of_that_with_more(fewer, more):
    given = BALANCE | {"initial": 0.05, "per_round": 0.05, "rounds": 6, "panels": ["1/2"]}
    one, two = sizes.panels(lambda config: config, given).values()
    arms = {("few", name): runs for name, runs in one.loops.items()}
    arms |= {("many", name): runs for name, runs in two.loops.items()}
    passes = {"few": fewer, "many": more}

    def level(place):
        (panel, name), number = place
        return 55.0 if name == "MLP" and number >= passes[panel] else 50.0 - 5 * (name == "MLP")

    made = records(arms, level)
    (found,) = read("lasl-09", balance.Results(made, given, PINS), given)
    assert found.left.values == (fewer,) * 3 and found.right.values == (more,) * 3
    assert found.difference.values == (fewer - more,) * 3 and found.over == "seeds"
    ends = [(panel, name) for panel in ("few", "many") for name in ("MLP", "LPN")]
    assert found.records == named(arms, *ends)

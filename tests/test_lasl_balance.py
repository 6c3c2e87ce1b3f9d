"""Two losses in balance: schedules, their weights, and which loss decides, on records by hand."""

import math
from decimal import Decimal

import made_loops
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_records import PINS
from scipy.stats import rankdata

from clinlib.errors import BadInput
from clinlib.report import notebooks, published
from clinlib.studies.cells import Cell
from clinlib.studies.lasl import balance as study
from clinlib.studies.lasl.balance_picks import alone
from clinlib.studies.lasl.tallies import published_margins, tally

PARAMETERS = made_loops.PARAMETERS | {
    "weights": ["mean probability", "linear", "root (p = 5)"],
    "scales": ["raw", "rank"],
    "ends": ["MLP"],
    "panels": [],
}
LABELS = ["mean probability", "linear", "root (p = 5)", "mean probability, rank"]
# Lambda of rounds 2, 3, 4
COURSES = {"mean_probability": [0.3, 0.5, 0.6], "linear": [0.1, 0.2, 0.3], "root": [0.6, 0.7, 0.8]}


def row(config, number):
    """F1 rises by ten a round; the linear weight costs two, a rank gains one, MLP loses five."""
    f1 = 10.0 * number + config.seed
    picked = list(range(10 * number, 10 * number + 10))
    made = {"f1": f1, "picked": picked, "examples": losses(number)}
    if config.strategy != "dbs":
        return made | {"f1": f1 - 5}
    f1 += -2 * (config.balance_weight == "linear") + (config.balance_scale == "rank")
    if number > 1:
        made["selection"] = {"lambda": COURSES[config.balance_weight][number - 2]}
        if config.balance_weight == "linear":
            made["picked"] = [place + 5 for place in picked]
    return made | {"f1": f1}


def losses(number):
    """Ten sentences: the minimum loss rises with their place, the predicted falls."""
    least = [number + 0.1 * place for place in range(10)]
    return {"l_min": least, "l_true": least, "predicted": [-1000.0 * place for place in range(10)]}


def results(row=row, parameters=PARAMETERS, **options):
    found = made_loops.records(study.plan(parameters), row, **options)
    return study.Results(found, parameters, PINS)


def entry(frame, label, column):
    return frame[column].iloc[[name for (name,) in frame.index].index(label)]


def test_a_schedule_is_the_loop_dbs_with_its_rule():
    found = study.schedules(2, PARAMETERS)
    assert list(found) == LABELS
    assert found["linear"] == found["mean probability"].replaced(balance_weight="linear")
    power = found["mean probability"].replaced(balance_weight="root", root_power=5)
    assert found["root (p = 5)"] == power
    ranks = found["mean probability"].replaced(balance_scale="rank")
    assert found["mean probability, rank"] == ranks
    assert len(set(study.plan(PARAMETERS))) == len(study.plan(PARAMETERS)) == (4 + 1) * 2


def test_the_first_scale_is_that_of_all_weights():
    found = study.schedules(1, PARAMETERS | {"scales": ["rank", "raw"]})
    assert {label: run.balance_scale for label, run in found.items()} == {
        "mean probability": "rank",
        "linear": "rank",
        "root (p = 5)": "rank",
        "mean probability, raw": "raw",
    }


def test_the_published_schedule_and_its_ends_are_runs_of_the_page_on_strategies(monkeypatch):
    monkeypatch.delenv("CLINLIB_ROOT", raising=False)
    here = set(notebooks.plan("42_balance", "paper"))
    there = set(notebooks.plan("40_strategies", "paper"))
    shared = {(run.strategy, run.balance_weight, run.balance_scale) for run in here & there}
    published_one = ("mean_probability", "raw")
    assert shared == {(name, *published_one) for name in ("dbs", "mlp", "lpn")}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"weights": ["lineal"]}, "unknown weight 'lineal'; did you mean 'linear'"),
        ({"scales": ["ranks"]}, "unknown scale 'ranks'; did you mean 'rank'"),
        ({"weights": []}, "at least one"),
        ({"scales": ["raw", "raw"]}, "each once"),
        ({"ends": ["MLP", "MLP"]}, "each strategy once"),
        ({"ends": ["MLQ"]}, "did you mean 'MLP'"),
    ],
)
def test_names_are_known_and_stand_once(given, said):
    with pytest.raises(BadInput, match=said):
        study.plan(PARAMETERS | given)


def test_a_weight_of_one_half_is_not_above_it():
    table = study.courses(results())
    assert entry(table, "mean probability", "round 3").value == pytest.approx(0.5)
    assert entry(table, "mean probability", "first above 0.5, round").value == 4
    assert entry(
        table, "mean probability", "% of sentences labelled after it"
    ).value == pytest.approx(40)
    assert entry(table, "root (p = 5)", "first above 0.5, round").value == 2
    assert entry(table, "linear", "first above 0.5, round") == "not within 4 rounds (2 of 2)"


def test_a_run_that_never_passes_one_half_is_not_left_out_of_a_mean():
    def one_short(config, number):
        made = row(config, number)
        if number > 1 and config.strategy == "dbs" and config.seed == 2:
            made["selection"] = {"lambda": 0.1}
        return made

    found = results(one_short)
    passed = study.halfway(found, found.loops["mean probability"])
    assert passed == "not within 4 rounds (1 of 2)"
    assert study.halfway(found, found.loops["mean probability"], labelled=True) == passed


def test_a_constant_weight_is_not_said_to_be_on_its_way():
    def even(config, number):
        made = row(config, number)
        if number > 1 and config.balance_weight == "linear":
            made["selection"] = {"lambda": 0.5}
        elif number > 1 and config.balance_weight == "root":
            made["selection"] = {"lambda": 0.1 * number}
        return made

    found = results(even)
    assert study.halfway(found, found.loops["linear"]) == "never: it is constant"
    said = study.sentences(found)
    assert '"linear", a weight above 0.5: never: it is constant.' in said
    assert '"root (p = 5)", a weight above 0.5: not within 4 rounds (2 of 2).' in said


def test_the_first_round_has_no_weight():
    frame = study.weights(results())
    assert set(frame["round"]) == {2, 3, 4}
    one = frame[(frame["line"] == "linear") & (frame["seed"] == 1)]
    assert list(one["weight of the minimum loss"]) == COURSES["linear"]


def test_differences_are_of_the_first_schedule_and_paired_by_seed():
    found = results()
    gains = study.differences(found)
    assert list(gains) == [f"less {label}" for label in (*LABELS[1:], "MLP")]
    assert [each.value for each in gains.values()] == pytest.approx([2, 0, -1, 5])
    assert all(each.low == pytest.approx(each.value) for each in gains.values())
    table = study.by_round(found)
    assert entry(table, "linear", "mean from round 2").value == pytest.approx(30 + 1.5 - 2)


def test_a_tally_counts_every_round_that_picks_and_nothing_that_is_missing():
    found = results()
    assert list(study.margins(found).columns) == ["20 %", "30 %", "40 %"]
    assert tally(study.margins(found)) == (3, 3, 3)
    assert tally(study.margins(study.Results({}, PARAMETERS, PINS))) == (0, 0, 0)
    said = next(each for each in study.sentences(found) if "comparisons" in each)
    assert "higher mean F1 in 3 of 9 comparisons" in said and "the lower in 3" in said
    assert "intervals without zero: 3 above, 3 below" in said


def test_the_published_tally_is_that_of_the_printed_digits():
    frame = published.load("lasl_balance_weights").frame.astype(str)
    rows = {line[0]: [Decimal(f1) for f1 in line[1:]] for line in frame.itertuples(index=False)}
    base = rows.pop("mean conditional probability")
    differences = [a - b for other in rows.values() for a, b in zip(base, other, strict=True)]
    expected = tuple(
        sum(test(each) for each in differences)
        for test in (lambda x: x > 0, lambda x: x == 0, lambda x: x < 0)
    )
    paper = published.load("lasl_balance_weights").frame
    assert tally(published_margins(paper, "mean conditional probability")) == expected


@pytest.mark.parametrize(
    ("leads", "round_number"),
    [([0, 1, 1, 1], 2), ([5, -1, 2, 1], 3), ([0, 3, 0, 1], 4), ([0, 1, 1, -1], None)],
)
def test_mlp_overtakes_lpn_where_it_stays_above_to_the_end(leads, round_number):
    def f1(config, number):
        lead = leads[number - 1] if config.strategy == "mlp" else 0
        # seeds pull apart by more than the lead, both ways
        return row(config, number) | {"f1": 50.0 + lead + (-9) ** config.seed}

    both = PARAMETERS | {"ends": ["MLP", "LPN"]}
    assert study.overtaking(results(f1, both)) == round_number
    assert study.overtaking(results(f1)) is None
    said = [each for each in study.sentences(results(f1, both)) if "to the end" in each]
    assert len(said) == (round_number is not None)


def test_the_initial_set_is_no_pick():
    table = study.overlaps(results())
    assert entry(table, "linear", "picked in round 2, %").value == pytest.approx(50)
    # 20 ... 49 against 25 ... 54; the initial set would make it 35 of 40
    assert entry(table, "linear", "labelled in the end, %").value == pytest.approx(100 * 25 / 30)
    assert entry(table, "root (p = 5)", "labelled in the end, %").value == 100


finite = st.floats(-50, 50).map(lambda x: round(x, 3))
samples_of = st.lists(
    st.tuples(finite, finite),
    min_size=2,
    max_size=25,
    unique_by=(lambda row: row[0], lambda row: row[1]),
)


def made(least, predicted, weight):
    """A record whose round 1 has a sample and whose round 2 a weight; round 2's own is another."""
    other = {"l_min": [1.0] * len(least), "predicted": [1.0] * len(least)}
    return {
        "data": {"pool_sentences": 100},
        "curve": [
            {
                "round": 1,
                "sentences": 10,
                "selection": {},
                "examples": {"l_min": least, "predicted": predicted},
            },
            {
                "round": 2,
                "picked": list(range(10)),
                "selection": {"lambda": weight},
                "examples": other,
            },
        ],
    }


@given(samples_of, st.sampled_from(["raw", "z_score", "rank"]), st.booleans())
def test_at_its_ends_the_balance_picks_what_one_loss_picks(rows, scale, minimum):
    least, predicted = (list(column) for column in zip(*rows, strict=True))
    found = alone(made(least, predicted, float(minimum)), 2, scale)
    assert (found.as_least if minimum else found.as_predicted) == 100
    if scale == "rank":
        total = sum(range(1, len(rows) + 1))
        assert found.largest_least == pytest.approx(100 * len(rows) / total)


@given(samples_of, st.floats(0, 1), st.sampled_from(["raw", "rank"]))
def test_picks_are_those_of_the_formula(rows, weight, scale):
    """Against plain Python: the share of the pool that round 2 picks is 0.1 of what is left, 0.9"""
    least, predicted = (list(column) for column in zip(*rows, strict=True))
    found = alone(made(least, predicted, weight), 2, scale)

    def scaled(values):
        if scale == "rank":
            return [rank / len(values) for rank in rankdata(values)]
        top = max(values)
        total = math.fsum(math.exp(value - top) for value in values)
        return [math.exp(value - top) / total for value in values]

    terms = scaled(least), scaled(predicted)
    scores = [weight * a + (1 - weight) * b for a, b in zip(*terms, strict=True)]
    count = max(1, round(len(rows) / 9))
    gaps = np.diff(np.sort(scores))
    if len(gaps) and gaps.min() < 1e-12:  # an order that rounding decides
        return

    def top(values):
        return set(sorted(range(len(values)), key=lambda place: -values[place])[:count])

    shared = len(top(scores) & top(least)), len(top(scores) & top(predicted))
    assert (found.as_least, found.as_predicted) == tuple(100 * each / count for each in shared)
    largest = [100 * max(term) / sum(term) for term in terms]
    assert [found.largest_least, found.largest_predicted] == pytest.approx(largest)


def test_predictions_without_a_scale_leave_a_softmax_to_one_sentence():
    """Raw, of two picks the minimum loss has one where Lambda gives it next to no weight."""
    least = [0.1 * place for place in range(18)]
    predicted = [-1e4 * place for place in range(18)]
    for weight in (0.01, 0.5):
        raw = alone(made(least, predicted, weight), 2, "raw")
        assert raw.largest_predicted == pytest.approx(100)
        assert (raw.as_least, raw.as_predicted) == (50, 50)
    rank = [alone(made(least, predicted, weight), 2, "rank") for weight in (0.01, 0.99)]
    assert [each.as_least for each in rank] == [0, 100]


def test_without_a_weight_or_a_prediction_there_is_nothing_to_tell():
    record = made([1.0, 2.0], [1.0, 2.0], 0.5)
    assert alone(record, 1, "raw") is None
    assert alone(record, 3, "raw") is None
    del record["curve"][0]["examples"]["predicted"]
    assert alone(record, 2, "raw") is None
    table = study.by_scale(results(lambda config, number: row(config, number) | {"examples": {}}))
    assert all(isinstance(each, Cell) and each.missing == 2 for each in table.to_numpy().ravel())


def test_every_scale_is_tried_on_the_same_samples():
    table = study.by_scale(results())
    assert [tuple(place) for place in table.index] == [
        (scale, share) for scale in study.SCALES for share in ("10 %", "20 %", "30 %")
    ]
    column = "largest share of one sentence in the predicted loss, %"
    assert table[column].iloc[0].value == pytest.approx(100)


def test_two_seeds_carry_no_verdict_and_what_is_missing_is_missing():
    said = study.sentences(results())
    readings = [each for each in said if "mean from round 2" in each]
    assert len(readings) == 4 and all("too few seeds" in each for each in readings)
    found = study.Results({}, PARAMETERS, PINS)
    assert entry(study.courses(found), "linear", "round 3").missing == 2
    assert entry(study.overlaps(found), "MLP", "picked in round 2, %").missing == 2
    assert not len(study.f1(found)) and not len(study.weights(found))
    assert study.numbers({}, PARAMETERS | {"corpus": "synthetic_zh_emr"})["above"] == 0


def test_a_schedule_that_wins_by_long_sentences_does_not_win_by_tokens():
    def long(config, number):
        if config.strategy != "mlp":
            return {"f1": 10.0 * number}
        return {"f1": 10.0 * number + 1, "tokens": 150 * number}

    found = results(long)
    assert entry(study.areas(found), "MLP", "less mean probability, over sentences").value > 0
    assert entry(study.areas(found), "MLP", "less mean probability, over tokens").value < 0
    assert entry(study.areas(found), "mean probability", "mean F1 over tokens").value > 0
    said = [each for each in study.sentences(found) if each.startswith("MLP instead of")]
    assert len(said) == 1 and "tokens" in said[0]

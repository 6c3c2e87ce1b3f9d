"""Collapse: every run on its own row, and averages that say what a collapsed run looks like."""

import pytest
from made_records import PARAMETERS, PINS, collapse, fail, record

from clinlib.errors import BadInput
from clinlib.experiments.key import key
from clinlib.studies.transformer_crf import collapse as study

GIVEN = {
    "profile": "quick",
    "corpus": "synthetic_en_letters",
    "encoder": "scratch-tiny",
    "losses": ["softmax", "balanced", "crf"],
    "learning_rates": [0.002, 0.1],
    "epochs": 2,
    "sentences": 300,
    "seeds": 2,
    "vocabulary": 500,
    "precision": "float32",
}


class _Final:
    role = "final"

    def __init__(self, run):
        self.configuration = run.configuration
        self.seed = run.seed


def records():
    """Softmax runs at the high rate collapsed; one run failed, one is missing."""
    found = {}
    for run in study.runs(GIVEN):
        name = key(run.configuration, PINS)
        made = record(name, _Final(run), 0.8, parameters=PARAMETERS, rates={})
        found[name] = collapse(made) if (run.head, run.rate) == ("softmax", 0.1) else made
        if (run.head, run.rate, run.seed) == ("balanced", 0.1, 1):
            found[name] = fail(made)
        if (run.head, run.rate, run.seed) == ("balanced", 0.1, 2):
            del found[name]
    return found


def test_every_loss_runs_at_every_rate_once_per_seed():
    runs = study.runs(GIVEN)
    assert len(runs) == len({key(run.configuration, PINS) for run in runs}) == 3 * 2 * 2
    weighted = {run.configuration.class_weights for run in runs if run.head == "balanced"}
    assert weighted == {"balanced"}


def test_a_collapsed_run_keeps_its_row_and_its_macro_recall_is_one_over_the_labels():
    table = study.table(records(), GIVEN, PINS)
    fallen = table[table["state"] == "collapsed"]
    assert len(fallen) == 2 and set(fallen["head"]) == {"softmax"}
    labels = 7  # O, B- and I- of three types
    assert all(value == pytest.approx(1 / labels) for value in fallen["macro recall"])
    assert all(fallen["accuracy (micro)"] > 0.5) and all(fallen["macro F1"] < 0.2)
    assert all(fallen["strict F1"] == 0)


def test_failed_and_missing_runs_hold_no_number_and_say_why():
    table = study.table(records(), GIVEN, PINS)
    rows = table[(table["head"] == study.WORDS["balanced"]) & (table["learning rate"] == 0.1)]
    assert list(rows["state"]) == ["failed: loss is not finite", "missing"]
    assert rows["macro F1"].isna().all()
    assert "nan" not in study.shown(table).to_string().lower()


def test_sentences_count_what_fell_at_which_rate():
    texts = study.sentences(study.table(records(), GIVEN, PINS))
    assert texts[0] == (
        "All losses together: 0 of 6 runs collapsed at the lowest learning rate, "
        "2 of 4 at higher ones."
    )
    assert texts[1] == "softmax: 2 runs collapsed (0 of 2 at 0.002, 2 of 2 at 0.1)."
    assert "0 runs collapsed" in texts[3]
    assert texts[-1].startswith("2 collapsed runs of high accuracy: accuracy (micro) 0.8")
    assert texts[-1].endswith("strict F1 0.0 at most.")
    nothing = study.sentences(study.table({}, GIVEN, PINS))
    assert nothing[-1] == "No run collapsed at these learning rates."


def test_runs_that_read_all_as_a_rare_label_are_told_apart_and_useless_ones_named():
    table = study.table(records(), GIVEN, PINS)
    fallen = table.index[table["state"] == "collapsed"]
    table.loc[fallen[0], ["accuracy (micro)", "strict F1"]] = [0.04, 0.5]
    table.loc[table.index[table["state"] == "complete"][0], "strict F1"] = 0.0
    *_, high, low, lost = study.sentences(table)
    assert high.startswith("1 collapsed run of high accuracy")
    assert low.startswith("1 collapsed run of low accuracy: accuracy (micro) 0.040")
    assert low.endswith("strict F1 0.5 at most.")
    assert "as useless: 1 run of strict F1 below 1" in lost


def test_figures_are_told_in_words():
    table = study.table(records(), GIVEN, PINS)
    text = study.points_in_words(study.points(table, "softmax"), "softmax")
    assert "at 0.1" in text and "macro F1" in text
    assert "no finished run" in study.points_in_words(study.points(table.head(0), "CRF"), "CRF")


@pytest.mark.parametrize(
    ("name", "value"),
    [("losses", ["softmx"]), ("losses", []), ("learning_rates", []), ("seeds", 0)],
)
def test_parameters_that_make_no_plan_are_errors(name, value):
    with pytest.raises(BadInput, match=name):
        study.plan(GIVEN | {name: value})

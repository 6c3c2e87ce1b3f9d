"""What a page says of its runs: a sentence stands where the records call for it, and only there."""

import pytest
from made_records import PARAMETERS, PINS, collapse, fail, made

from clinlib.experiments.key import key
from clinlib.studies.transformer_crf import findings
from clinlib.studies.transformer_crf import heads_and_encoders as study
from clinlib.studies.transformer_crf.results import Arm

CORPUS = "synthetic_en_letters"
ARM = Arm(CORPUS, "scratch-tiny", "crf")
THREE = PARAMETERS | {"seeds": 3}
ONE_ROW = THREE | {"encoders": ["scratch-tiny"], "heads": ["crf"]}


def results(change=None, parameters=THREE, **options):
    """The results where `change(record, run)` has replaced the final records; None removes."""
    records = made(parameters, **options)
    for run in study.runs(parameters):
        if change and run.role == "final":
            name = key(run.configuration, PINS)
            records[name] = change(records[name], run)
    return study.results(records, parameters, PINS)


def said(found) -> str:
    return "\n".join(findings.sentences(found))


def one(run, record, change):
    """The change for seed 2 of one row, every other record as it is."""
    return change(record) if (run.arm, run.seed) == (ARM, 2) else record


def test_whole_and_untroubled_runs_are_said_to_be_complete():
    found = results(rates={3e-4: 50.0, 1e-3: 60.0})
    intro = findings.introduction(found)
    assert "4 rows and 12 final runs, all complete." in intro
    assert "no conclusion" not in intro
    for word in ("collapsed", "failed", "missing", "trained long enough"):
        assert word not in said(found)


@pytest.mark.parametrize(
    ("change", "count", "meaning"),
    [
        (lambda record: None, "1 missing", "1 run missing (has no record yet)"),
        (fail, "1 failed", "1 run failed (ended with an error)"),
        (collapse, "1 collapsed", "1 run collapsed (predicts next to nothing but O"),
    ],
)
def test_each_trouble_is_counted_and_its_run_is_named(change, count, meaning):
    found = results(lambda record, run: one(run, record, change))
    assert f"of which {count}." in findings.introduction(found)
    assert meaning in said(found)
    assert f"{ARM.label} on {CORPUS}, seed 2." in said(found)


def test_a_run_that_was_still_rising_is_named_as_such():
    def late(record, run):
        return one(run, record, lambda same: same | {"flags": ["best_is_last"]})

    text = said(results(late))
    assert f"Of {ARM.label} on {CORPUS} (1), the best development score was the last" in text


def test_the_best_row_is_told_with_its_test_score():
    def right(arm, seed):
        return 0.9 if arm == ARM else 0.5

    (text,) = (line for line in findings.sentences(results(right=right)) if "best row" in line)
    assert ARM.label in text and "90.0 ± 0.0 (3)" in text


def test_averages_tell_the_lowest_and_the_highest_row():
    def right(arm, seed):
        return {"crf": 0.9, "softmax": 0.5}[arm.head]

    found = results(right=right)
    cells = found.by_label(CORPUS, findings.MACRO_F1)
    low, high = cells["scratch-tiny + softmax"].value, cells[ARM.label].value
    assert low < high
    assert f"macro F1 from {low:.3f} to {high:.3f}" in said(found)


def test_one_row_has_nothing_to_be_compared_with():
    text = said(results(parameters=ONE_ROW))
    assert "over BIO labels" not in text
    assert "CRF − softmax" not in text
    assert f"best row is {ARM.label}" in text


def test_the_wider_grid_is_for_one_row_or_for_all_that_need_it():
    assert "might serve it better" in said(results(parameters=ONE_ROW, rates={1e-3: 90.0}))
    assert "might serve them better" in said(results(rates={1e-3: 90.0}))
    text = said(results(parameters=ONE_ROW, rates={1e-3: 90.0}))
    assert f"{ARM.label} on {CORPUS} (highest, 0.001)" in text


def test_published_numbers_stand_apart_from_synthetic_ones():
    assert f"({CORPUS} (synthetic))" in findings.not_comparable(results())
    real = THREE | {"corpora": ["ncbi_disease"], "encoders": ["scratch-tiny"]}
    found = results(parameters=real)
    assert "(ncbi_disease)" in findings.not_comparable(found)
    assert "synthetic" not in said(found) + findings.introduction(found)
    assert f"The text of {CORPUS} is synthetic" in said(results())

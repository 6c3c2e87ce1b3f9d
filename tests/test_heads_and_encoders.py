"""The study of heads and encoders: a fair plan, and frames that say what is not there."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from made_records import PARAMETERS, PINS, collapse, fail, made

from clinlib.errors import BadInput
from clinlib.experiments.key import key
from clinlib.experiments.spec import Choose, Pretrain
from clinlib.studies import wording
from clinlib.studies.cells import Cell
from clinlib.studies.transformer_crf import effects, findings, labels, scores, tuning
from clinlib.studies.transformer_crf import heads_and_encoders as study
from clinlib.studies.transformer_crf.results import Arm

CORPUS = "synthetic_en_letters"
SCRATCH_CRF = Arm(CORPUS, "scratch-tiny", "crf")
SCRATCH_SOFTMAX = Arm(CORPUS, "scratch-tiny", "softmax")
THREE = PARAMETERS | {"seeds": 3}


def collected(records, parameters=PARAMETERS):
    return study.results(records, parameters, PINS)


def with_final(parameters, arm, seed, change):
    """Records of `parameters` where `change` is applied to one final run; None removes it."""
    records = made(parameters)
    for run in study.runs(parameters):
        if (run.role, run.arm, run.seed) == ("final", arm, seed):
            name = key(run.configuration, PINS)
            records[name] = change(records[name]) if change else None
    return records


def frames(results):
    """Every frame that the page shows."""
    arm = findings.best(results, CORPUS)
    found = [
        scores.main(results),
        scores.by_type(results, CORPUS),
        effects.frame(results, {"strict F1": findings.STRICT, "macro F1": findings.MACRO_F1}),
        *(labels.averages(results, level) for level in labels.LEVELS),
        tuning.tuning(results),
        tuning.costs(results),
        tuning.curves(results),
    ]
    if arm:
        found += [labels.by_label(results, arm, level) for level in labels.LEVELS]
    return found


# the plan


def test_every_arm_gets_the_whole_grid_once_and_n_final_runs():
    runs = study.runs(THREE)
    arms, grid = study.arms(THREE), THREE["learning_rates"]
    assert len(arms) == 4
    for arm in arms:
        own = [run for run in runs if run.arm == arm]
        assert [run.learning_rate for run in own if run.role == "tuning"] == grid
        assert [run.seed for run in own if run.role == "final"] == [1, 2, 3]
    assert len(study.plan(THREE)) == len(arms) * (len(grid) + 3)


def test_all_arms_are_tuned_on_the_same_budget_and_differ_in_encoder_and_head_only():
    runs = study.runs(PARAMETERS)
    for role in ("tuning", "final"):
        rest = {
            json.dumps(
                {
                    name: value
                    for name, value in run.configuration.to_dict().items()
                    if name not in ("encoder", "vocabulary", "head", "learning_rate", "seed")
                },
                sort_keys=True,
            )
            for run in runs
            if run.role == role
        }
        assert len(rest) == 1


def test_the_tuning_seed_is_no_final_seed():
    runs = study.runs(THREE)
    tuned = {run.configuration.seed for run in runs if run.role == "tuning"}
    final = {run.configuration.seed for run in runs if run.role == "final"}
    assert tuned == {study.TUNING_SEED}
    assert not tuned & final


def test_a_final_run_chooses_among_its_own_arms_tuning_runs_by_development_data():
    runs = study.runs(PARAMETERS)
    for run in runs:
        if run.role == "final":
            rate = run.configuration.learning_rate
            own = [r.configuration for r in runs if r.role == "tuning" and r.arm == run.arm]
            assert isinstance(rate, Choose)
            assert (list(rate.of), rate.by, rate.rule) == (own, "dev.strict.f1", "best")


def test_seeds_pair_over_arms():
    seeds = {
        arm: [run.seed for run in study.runs(THREE) if run.role == "final" and run.arm == arm]
        for arm in study.arms(THREE)
    }
    assert len({tuple(found) for found in seeds.values()}) == 1


def test_more_seeds_keep_every_run_that_was_there():
    def keys(parameters):
        return {key(each, PINS) for each in study.plan(parameters)}

    assert keys(PARAMETERS) < keys(THREE)


def test_a_grid_of_one_value_is_not_tuned():
    runs = study.runs(PARAMETERS | {"learning_rates": [1e-3]})
    assert {run.role for run in runs} == {"final"}
    assert {run.configuration.learning_rate for run in runs} == {1e-3}


def test_all_sentences_and_no_patience_are_written_as_zero():
    runs = study.runs(PARAMETERS | {"tuning_sentences": 0, "patience": 0})
    assert {run.configuration.sentences for run in runs} == {None}
    assert {run.configuration.patience for run in runs} == {None}


def test_a_recipe_expands_to_one_shared_pretraining():
    encoders = [run.configuration.encoder for run in study.runs(PARAMETERS) if run.arm.pretrained]
    assert len(set(encoders)) == 1
    assert isinstance(encoders[0], Pretrain)
    assert encoders[0].texts == (f"corpus:{CORPUS}",)
    assert encoders[0].epochs == PARAMETERS["pretrain_epochs"]


def test_epochs_may_be_given_per_corpus():
    two = PARAMETERS | {"corpora": ["ncbi_disease", CORPUS], "epochs": [3, 7]}
    found = {
        (run.arm.corpus, run.configuration.epochs) for run in study.runs(two) if run.role == "final"
    }
    assert found == {("ncbi_disease", 3), (CORPUS, 7)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seeds": 0}, "seeds: 0"),
        ({"heads": []}, "heads: the list is empty"),
        ({"learning_rates": [1e-3, 1e-3]}, "stands twice"),
        ({"epochs": [3, 4]}, "2 values for 1 corpora"),
        ({"heads": ["crff"]}, "crf"),
        ({"encoders": ["minilmm"]}, "minilm"),
        ({"encoders": ["pretrained:"]}, "names no corpus"),
        ({"tuning_sentences": -1}, "negative"),
    ],
)
def test_parameters_that_cannot_be_are_errors(change, message):
    with pytest.raises(BadInput, match=message):
        study.plan(PARAMETERS | change)


def test_planning_and_tabulating_do_not_import_torch():
    code = (
        "import sys\n"
        "from made_records import PARAMETERS\n"
        "from clinlib.studies.transformer_crf import heads_and_encoders as study\n"
        "study.plan(PARAMETERS)\n"
        "sys.exit(' '.join(m for m in ('torch', 'transformers') if m in sys.modules) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


# frames


@pytest.mark.parametrize("keep", [0, 3, 7, None])
def test_frames_hold_no_nan_whatever_is_missing(keep):
    records = made()
    there = dict(list(records.items())[:keep])
    for frame in frames(collected(there)):
        for entry in frame.to_numpy().ravel():
            if isinstance(entry, Cell):
                assert str(entry)
                assert "nan" not in str(entry)
            else:
                assert entry is not None
                assert not pd.isna(entry)


def test_a_missing_run_is_missing_and_the_others_count():
    results = collected(with_final(THREE, SCRATCH_CRF, 2, None), THREE)
    cell = scores.main(results).loc[(CORPUS, "scratch-tiny", "crf"), "strict F1"]
    assert (cell.n, cell.missing) == (2, 1)
    assert "missing" in str(cell)


def test_a_failed_run_is_named_with_its_error():
    results = collected(with_final(THREE, SCRATCH_CRF, 2, fail), THREE)
    cell = scores.main(results).loc[(CORPUS, "scratch-tiny", "crf"), "strict F1"]
    assert (cell.n, cell.failed) == (2, 1)
    text = " ".join(findings.sentences(results))
    assert "1 run failed" in text
    assert "scratch-tiny + crf on synthetic_en_letters, seed 2" in text


def test_a_collapsed_run_is_named_everywhere_and_enters_no_mean():
    whole, one_less = collected(made(THREE), THREE), with_final(THREE, SCRATCH_CRF, 2, collapse)
    results = collected(one_less, THREE)
    place = (CORPUS, "scratch-tiny", "crf")
    for frame in (scores.main(results), labels.averages(results, "BIO")):
        for entry in frame.loc[place]:
            if isinstance(entry, Cell):
                assert entry.collapsed == ("seed 2",)
                assert entry.n == 2
    assert scores.by_type(results, CORPUS).loc["Drug", SCRATCH_CRF.label].collapsed == ("seed 2",)
    assert "1 run collapsed" in " ".join(findings.sentences(results))
    full = scores.main(whole).loc[place, "strict F1"]
    kept = [value for value, seed in zip(full.values, (1, 2, 3), strict=True) if seed != 2]
    assert list(scores.main(results).loc[place, "strict F1"].values) == kept


def test_a_collapsed_run_stays_out_of_confusion_and_of_curves_in_words():
    results = collected(with_final(THREE, SCRATCH_CRF, 2, collapse), THREE)
    two = labels.confusion(results, SCRATCH_CRF, "BIO")
    three = labels.confusion(collected(made(THREE), THREE), SCRATCH_CRF, "BIO")
    assert two.to_numpy().sum() * 3 == pytest.approx(three.to_numpy().sum() * 2, rel=0.01)
    assert results.counted_in_words(SCRATCH_CRF) == "2 runs, collapsed: seed 2"
    points = tuning.curves(results)
    points.loc[points["state"] == "collapsed", "dev F1"] = -1e6
    assert "-" not in tuning.curves_in_words(points, CORPUS).replace("scratch-tiny", "")


def test_a_collapsed_run_has_the_macro_recall_of_one_label_and_a_high_accuracy():
    record = collapse(next(iter(made().values())))
    k = len(record["counts"]["test"]["labels"])
    assert labels.value("BIO", "macro", "recall")(record) == pytest.approx(1 / k)
    assert labels.value("BIO", "accuracy")(record) > 0.7


def test_weighted_recall_is_accuracy_is_the_micro_average():
    record = next(iter(made().values()))
    for level in labels.LEVELS:
        accuracy = labels.value(level, "accuracy")(record)
        assert labels.value(level, "weighted", "recall")(record) == pytest.approx(accuracy)
        assert labels.value(level, "micro", "f1")(record) == pytest.approx(accuracy)


def test_dropping_the_prefix_forgives_b_for_i_and_nothing_else():
    record = next(iter(made().values()))
    bio, token = (labels.counts(record, level) for level in labels.LEVELS)
    assert bio.to_numpy().sum() == token.to_numpy().sum()
    assert list(token.index) == ["O", "ADE", "Drug", "Reason"]
    assert token.loc["Drug", "Drug"] == bio.loc[["B-Drug", "I-Drug"], ["B-Drug", "I-Drug"]].sum(
        axis=None
    )


def test_merging_two_labels_makes_their_confusion_right():
    record = next(iter(made().values()))
    plain = labels.value("token", "micro", "f1")(record)
    merged = labels.value("token", "micro", "f1", merge={"ADE": "Reason"})(record)
    matrix = labels.counts(record, "token")
    gain = matrix.loc["ADE", "Reason"] + matrix.loc["Reason", "ADE"]
    assert merged - plain == pytest.approx(gain / matrix.to_numpy().sum())


def test_the_interval_over_documents_holds_the_mean_over_seeds():
    cell = scores.over_documents(collected(made(THREE), THREE), SCRATCH_CRF)
    assert cell.low <= cell.value <= cell.high
    mean = scores.main(collected(made(THREE), THREE)).loc[
        (CORPUS, "scratch-tiny", "crf"), "strict F1"
    ]
    assert cell.value == pytest.approx(mean.value)


def test_the_tuning_table_marks_a_value_at_the_grids_edge():
    grid = {"learning_rates": [1e-4, 3e-4, 1e-3]}
    inside = collected(made(PARAMETERS | grid, rates={3e-4: 60.0}), PARAMETERS | grid)
    outside = collected(made(PARAMETERS | grid, rates={1e-3: 60.0}), PARAMETERS | grid)
    assert set(tuning.tuning(inside)["at the grid's edge"]) == {"no"}
    assert set(tuning.tuning(inside)["chosen"]) == {"0.0003"}
    assert set(tuning.tuning(outside)["at the grid's edge"]) == {"yes, the highest"}
    assert "end of its grid" in " ".join(findings.sentences(outside))
    assert "end of its grid" not in " ".join(findings.sentences(inside))


def test_an_edge_is_not_denied_before_anything_was_chosen():
    assert set(tuning.tuning(collected({}))["at the grid's edge"]) == {"missing"}


# differences and sentences


@pytest.mark.parametrize(
    ("gain", "wobble", "words"),
    [
        (0.05, 0.002, "a gain"),
        (-0.05, 0.002, "a loss"),
        (0.0, 0.002, "holds zero"),
        (0.02, 0.05, "holds zero"),
        (-0.02, 0.05, "holds zero"),
    ],
)
def test_sentences_follow_the_numbers(gain, wobble, words):
    noise = {1: 0.70, 2: 0.71, 3: 0.69}
    sign = {1: 1, 2: -1, 3: 0}

    def right(arm, seed):
        return noise[seed] + (gain + sign[seed] * wobble if arm.head == "crf" else 0)

    results = collected(made(THREE, right=right), THREE)
    for effect in effects.of_crf(results, findings.STRICT):
        assert words in effects.reading(effect)
        assert effect.difference.n == 3


def test_differences_are_paired_by_seed():
    """Runs that vary much by seed, and by the same for both heads: the difference is exact."""

    def right(arm, seed):
        return 0.2 * seed + (0.05 if arm.head == "crf" else 0)

    results = collected(made(THREE, right=right), THREE)
    crf, softmax = (
        scores.main(results).loc[(CORPUS, "scratch-tiny", head), "strict F1"]
        for head in ("crf", "softmax")
    )
    (difference,) = (
        effect.difference
        for effect in effects.of_crf(results, findings.STRICT)
        if effect.within == "scratch-tiny"
    )
    assert difference.value == pytest.approx(crf.value - softmax.value)
    assert difference.half < 0.1 * crf.half


def test_a_pair_counts_only_where_both_runs_do():
    records = with_final(THREE, SCRATCH_SOFTMAX, 1, collapse)
    for run in study.runs(THREE):
        if (run.role, run.arm, run.seed) == ("final", SCRATCH_CRF, 3):
            records[key(run.configuration, PINS)] = None
    (effect,) = (
        effect
        for effect in effects.of_crf(collected(records, THREE), findings.STRICT)
        if effect.within == "scratch-tiny"
    )
    cell = effect.difference
    assert (cell.n, cell.missing, cell.collapsed) == (1, 1, ("seed 1",))
    assert "collapsed: seed 1, missing" in effects.reading(effect)


def test_two_seeds_draw_no_conclusion():
    results = collected(made(right=lambda arm, seed: 0.9 if arm.head == "crf" else 0.3))
    text = " ".join(findings.sentences(results))
    assert "too few seeds" in text
    assert "a gain" not in text
    assert "carry no conclusion" in findings.introduction(results)


def test_pretrained_is_compared_with_scratch_per_head():
    found = effects.of_pretraining(collected(made()), findings.STRICT)
    assert {effect.within for effect in found} == {"softmax", "crf"}
    assert all(effect.left.pretrained and not effect.right.pretrained for effect in found)


def test_the_best_row_is_chosen_by_development_data():
    records = made(right=lambda arm, seed: 0.6 if arm == SCRATCH_CRF else 0.5)
    for run in study.runs(PARAMETERS):
        record = records[key(run.configuration, PINS)]
        if run.role == "final" and run.arm == SCRATCH_SOFTMAX:
            record["scores"]["test"]["strict"]["f1"] = 99.0  # a lucky test score
    assert findings.best(collected(records), CORPUS) == SCRATCH_CRF


def test_synthetic_results_say_so_and_real_ones_do_not():
    assert "synthetic" in findings.introduction(collected(made()))
    assert "synthetic" in wording.caption("Scores", [CORPUS])
    assert "synthetic" in wording.axis("F1", CORPUS)
    assert wording.caption("Scores", ["ncbi_disease"]) == "Scores"
    assert wording.axis("F1", "maccrobat2020:medication") == "F1"
    assert wording.banner(["ncbi_disease"]) == ""
    mixed = wording.caption("Scores", ["ncbi_disease", CORPUS])
    assert CORPUS in mixed
    assert "ncbi_disease" not in mixed


def test_a_page_without_any_record_still_says_something():
    results = collected({})
    assert findings.best(results, CORPUS) is None
    text = " ".join(findings.sentences(results))
    assert "no run has finished" in text
    assert "8 runs missing" in text


def test_numbers_for_prose_have_the_same_names_with_and_without_records():
    with_pins = {key(each): None for each in study.plan(PARAMETERS)}
    names = set(study.numbers(with_pins, PARAMETERS))
    assert {"best_f1", "best_row", "runs", "seeds", "crf", "pretraining"} <= names
    assert str(study.numbers({}, PARAMETERS)["best_f1"]) == "missing"

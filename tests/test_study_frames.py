"""The frames of a study hold the numbers that its records give, worked out here another way."""

import numpy as np
import pytest
from made_records import PARAMETERS, PINS, TYPES, collapse, counts_of, fail, made, scores
from sklearn.metrics import f1_score

from clinlib.experiments.key import key
from clinlib.studies.cells import Cell
from clinlib.studies.transformer_crf import effects, labels, tuning
from clinlib.studies.transformer_crf import heads_and_encoders as study
from clinlib.studies.transformer_crf import scores as score_frames
from clinlib.studies.transformer_crf.results import Arm

CORPUS = "synthetic_en_letters"
ARM = Arm(CORPUS, "scratch-tiny", "crf")
PLACE = (CORPUS, "scratch-tiny", "crf")
STRICT = "scores.test.strict.f1"
THREE = PARAMETERS | {"seeds": 3}


def collected(records, parameters=PARAMETERS):
    return study.results(records, parameters, PINS)


def changed(change, parameters=PARAMETERS, arm=ARM, role="final"):
    """The results where `change(record, run)` has replaced the arm's records of one role."""
    records = made(parameters)
    for run in study.runs(parameters):
        if (run.role, run.arm) == (role, arm):
            name = key(run.configuration, PINS)
            records[name] = change(records[name], run)
    return collected(records, parameters)


def with_counts(record, spans):
    """The record with other span counts on test, and the scores that follow from them."""
    counts = record["counts"]["test"] | {"documents": len({row[0] for row in spans})}
    counts["spans"] = spans
    there = record["scores"] | {
        "test": {"strict": scores(counts, 2), "ent_type": scores(counts, 5)}
    }
    return record | {"counts": record["counts"] | {"test": counts}, "scores": there}


# scores


def test_the_columns_of_the_main_table_are_not_exchanged():
    def unlike(record, run):
        spans = [[d, 0, 6, 2, 4, 7, 1, 3] for d in range(5)]
        return with_counts(record, spans)

    row = score_frames.main(changed(unlike)).loc[PLACE]
    wanted = {
        "strict P": 6 / 8,
        "strict R": 6 / 10,
        "strict F1": 12 / 18,
        "strict F1, over documents": 12 / 18,
        "ent_type F1": 14 / 18,
    }
    for name, value in wanted.items():
        assert row[name].value == pytest.approx(100 * value), name
    assert row["learning rate"] == "0.001"


def test_each_type_has_its_own_f1():
    tp = {"ADE": 1, "Drug": 9, "Reason": 4}

    def uneven(record, run):
        spans = [
            [d, t, tp[name], 10 - tp[name], 10 - tp[name], 10, 0, 0]
            for d in range(4)
            for t, name in enumerate(TYPES)
        ]
        return with_counts(record, spans)

    frame = score_frames.by_type(changed(uneven), CORPUS)
    assert list(frame.index) == list(TYPES)
    for name, right in tp.items():
        assert frame.loc[name, ARM.label].value == pytest.approx(10 * right)
        assert frame.loc[name, ARM.label].n == 2
    assert frame.loc["Drug", "scratch-tiny + softmax"].value == pytest.approx(81.5, abs=1)


def test_documents_are_drawn_for_all_seeds_at_once():
    """Two runs, each right where the other errs: whichever documents are drawn, the mean stays."""

    def complementary(record, run):
        spans = [
            [d, 0, *((10, 0, 0) if (d + run.seed) % 2 else (0, 10, 10)), 9, 1, 1] for d in range(40)
        ]
        return with_counts(record, spans)

    together = score_frames.over_documents(changed(complementary), ARM)
    assert (together.value, together.low, together.high) == pytest.approx((50, 50, 50))

    def alike(record, run):
        spans = [[d, 0, *((10, 0, 0) if d % 2 else (0, 10, 10)), 9, 1, 1] for d in range(40)]
        return with_counts(record, spans)

    apart = score_frames.over_documents(changed(alike), ARM)
    assert apart.value == pytest.approx(50)
    # 40 draws of a document that is right or wrong: two binomial standard errors on each side
    assert apart.low == pytest.approx(50 - 2 * 7.9, abs=3)
    assert apart.high == pytest.approx(50 + 2 * 7.9, abs=3)


def test_without_a_run_the_interval_over_documents_is_missing():
    cell = score_frames.over_documents(changed(lambda record, run: None), ARM)
    assert (cell.value, cell.low, str(cell)) == (None, None, "missing (2)")


# labels


def test_label_scores_are_those_of_scikit_learn():
    results = collected(made())
    matrix = np.array(results.counted(ARM)[0]["counts"]["test"]["confusion"])
    gold, predicted = (
        np.repeat(places.ravel(), matrix.ravel()) for places in np.indices(matrix.shape)
    )
    names = results.counted(ARM)[0]["counts"]["test"]["labels"]
    wanted = dict(zip(names, f1_score(gold, predicted, average=None), strict=True))
    frame = labels.by_label(results, ARM, "BIO")
    assert list(frame.index) == names
    for name in names:
        assert frame.loc[name, "F1"].values[0] == pytest.approx(wanted[name])
        assert frame.loc[name, "gold words"] == matrix.sum(axis=1)[names.index(name)]


# effects


def test_effects_hold_each_pair_once_and_in_the_named_direction():
    def right(arm, seed):
        return 0.5 + 0.2 * (arm.head == "crf") + 0.1 * arm.pretrained

    results = collected(made(THREE, right=right), THREE)
    table = effects.frame(results, {"strict F1": STRICT})
    assert len(table) == len(set(table.index)) == 4
    pretrained = f"pretrained:{CORPUS}"
    wanted = {
        ("CRF − softmax", "scratch-tiny"): 20,
        ("CRF − softmax", pretrained): 20,
        (f"{pretrained} − scratch-tiny", "softmax"): 10,
        (f"{pretrained} − scratch-tiny", "crf"): 10,
    }
    for place, points in wanted.items():
        assert table.loc[(CORPUS, *place), "strict F1"].value == pytest.approx(points, abs=0.1)
    by_label = effects.by_label(results, CORPUS, STRICT)
    assert {label: round(cell.value) for label, cell in by_label.items()} == {
        f"{what}, {within}": points for (what, within), points in wanted.items()
    }
    assert effects.by_label(results, "another", STRICT) == {}


def test_a_head_without_its_counterpart_has_no_effect():
    only = PARAMETERS | {"heads": ["crf"], "encoders": ["scratch-tiny"]}
    results = collected(made(only), only)
    assert effects.of_crf(results, STRICT) == effects.of_pretraining(results, STRICT) == []
    assert len(effects.frame(results, {"strict F1": STRICT})) == 0


def test_a_pair_without_runs_is_said_to_be_none():
    (effect,) = (e for e in effects.of_crf(collected({}), STRICT) if e.within == "scratch-tiny")
    assert effects.reading(effect) == (
        f"CRF − softmax with scratch-tiny, on {CORPUS}: no pair of runs to compare (missing (2))."
    )


# tuning


def test_the_tuning_table_holds_each_rates_own_development_score():
    rates = {3e-4: 51.25, 1e-3: 47.5}
    table = tuning.tuning(collected(made(rates=rates)))
    for name, f1 in (("0.0003", 51.25), ("0.001", 47.5)):
        assert [cell.value for cell in table[name]] == [f1] * 4
    assert set(table["chosen"]) == {"0.0003"}
    assert set(table["at the grid's edge"]) == {"yes, the lowest"}


def test_a_rate_that_was_given_is_shown_and_is_no_edge():
    given = PARAMETERS | {"learning_rates": [1e-3]}
    results = collected(made(given), given)
    assert tuning.chosen(results, ARM) == 1e-3
    assert tuning.edge(results, ARM) == ""
    assert set(tuning.tuning(results)["at the grid's edge"]) == {"not tuned"}


def test_a_failed_run_says_nothing_of_the_rate_and_the_next_one_does():
    first = changed(lambda record, run: fail(record) if run.seed == 1 else record)
    assert tuning.chosen(first, ARM) == 1e-3
    assert tuning.chosen(changed(lambda record, run: fail(record)), ARM) is None
    assert tuning.shown(None) == "missing"


def test_curves_have_a_row_for_each_epoch_of_each_finished_run():
    def states(record, run):
        return {1: collapse, 2: fail, 3: lambda same: same}[run.seed](record)

    points = tuning.curves(changed(states, THREE))
    mine = points[(points["encoder"] == ARM.encoder) & (points["head"] == ARM.head)]
    epochs = list(range(1, PARAMETERS["epochs"][0] + 1))
    assert list(mine[mine["seed"] == 1]["state"]) == ["collapsed"] * len(epochs)
    assert list(mine[mine["seed"] == 3]["epoch"]) == epochs
    assert set(mine["seed"]) == {1, 3}
    assert len(points) == len(epochs) * (3 * 3 + 2)


def test_curves_are_read_out_as_means_of_the_first_and_the_last_epoch():
    def rising(record, run):
        curve = [{"epoch": e, "loss": 1.0, "dev_f1": 10.0 * run.seed * e} for e in (1, 2)]
        return record | {"curve": curve}

    points = tuning.curves(changed(rising))
    points = points[points["head"] == ARM.head]
    text = tuning.curves_in_words(points[points["encoder"] == ARM.encoder], CORPUS)
    assert text == (
        f"Development F1 by epoch on {CORPUS}: {ARM.label} from 15.0 after epoch 1 "
        f"to 30.0 after epoch 2."
    )
    assert tuning.curves_in_words(points[:0], CORPUS).endswith("no finished run.")


def test_costs_are_means_of_times_and_shared_sizes():
    def sized(record, run):
        sizes = {"parameters": 700 + run.seed, "trainable": 70}
        return record | {"model": sizes}

    row = tuning.costs(changed(sized)).loc[PLACE]
    assert (row["parameters"], row["trainable"]) == ("701 to 702", 70)
    assert row["processor seconds"].value == pytest.approx(13.5)
    assert row["training sentences"] == 300
    gone = tuning.costs(changed(lambda record, run: None)).loc[PLACE]
    assert gone["parameters"] == "missing"
    assert isinstance(gone["processor seconds"], Cell) and gone["processor seconds"].value is None


def test_rows_without_a_column_say_missing():
    table = tuning.by_arm({ARM: {"a": 1}, Arm(CORPUS, "minilm", "crf"): {"b": 2}})
    assert table.to_numpy().tolist() == [[1, "missing"], ["missing", 2]]


def test_made_counts_are_what_they_say():
    counts = counts_of(0.75, TYPES)
    assert scores(counts, 2)["f1"] == pytest.approx(75)

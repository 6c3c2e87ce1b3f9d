"""Label ablation: which pair is hard, what each variant scores, and what a page may say of it."""

import numpy as np
import pandas as pd
import pytest
from made_records import PARAMETERS, PINS, collapse, made
from sklearn.metrics import f1_score

from clinlib.errors import BadInput
from clinlib.studies.cells import Cell
from clinlib.studies.transformer_crf import label_ablation as study

CORPUS = "synthetic_en_letters"
GIVEN = PARAMETERS | {"pairs": ["ADE+Reason"]}
ANY = PARAMETERS | {"pairs": []}


def results(records=None, parameters=GIVEN):
    return study.results(made() if records is None else records, parameters, PINS)


def matrix(rows, names):
    return pd.DataFrame(rows, index=names, columns=names)


def test_the_most_confused_pair_is_found_by_rate_not_by_count_and_the_rarer_type_comes_first():
    counts = matrix(
        [[900, 5, 5, 5], [9, 1000, 40, 0], [9, 40, 1000, 0], [9, 0, 8, 40]],
        ["O", "Drug", "Dose", "ADE"],
    )
    # Drug and Dose: 80 of 2098; Dose and ADE: 8 of 1106
    assert study.most_confused(counts) == ("Drug", "Dose")
    # fewer words than those of Drug and Dose, and more of each hundred: 68 of 1166
    counts.loc["Dose", "ADE"] = 60
    assert study.most_confused(counts) == ("ADE", "Dose")
    assert 100 * study.confused(counts, ("ADE", "Dose")) == pytest.approx(100 * 68 / 1166)
    assert study.most_confused(matrix([[9, 1], [1, 9]], ["O", "Disease"])) is None


def test_the_pair_comes_from_development_counts_alone():
    records = made()
    for record in records.values():
        dev = np.array(record["counts"]["dev"]["confusion"])  # O, then B- and I- of three types
        dev[3, 1] += 90  # Drug read as ADE on dev
        test = np.array(record["counts"]["test"]["confusion"])
        test[3, 5] += 500  # Drug read as Reason on test
        record["counts"] = {
            "dev": record["counts"]["dev"] | {"confusion": dev.tolist()},
            "test": record["counts"]["test"] | {"confusion": test.tolist()},
        }
    found = results(records, ANY)
    pairs = study.pairs(found, ANY)
    assert set(pairs[CORPUS]) == {"ADE", "Drug"}
    rate = 100 * study.confused(study._development(found, CORPUS), pairs[CORPUS])
    assert rate > 1 and f"({rate:.2f} % of their words)" in study.introduction(found, pairs, ANY)
    assert study.pairs(results(records), GIVEN)[CORPUS] == ("ADE", "Reason")


def test_each_variant_scores_what_scikit_learn_scores():
    record = next(iter(made().values()))
    counts = study.labels.counts(record, "token")
    gold = np.repeat(list(counts.index), counts.sum(axis=1))
    predicted = np.concatenate([np.repeat(list(counts), row) for row in counts.to_numpy()])
    for variant, options in study.variants(("ADE", "Reason")).items():
        merge = options.get("merge", {})
        g, p = (np.array([merge.get(name, name) for name in side]) for side in (gold, predicted))
        kept = [name for name in np.unique(g) if name not in options.get("without", ())]
        wanted = f1_score(g, p, labels=kept, average="macro")
        found = study.labels.value("token", "macro", "f1", **options)(record)
        assert found == pytest.approx(wanted), variant


def test_a_corpus_of_one_type_has_no_pair_and_only_o_to_leave_out():
    assert list(study.variants(None)) == ["all", "without O"]


def test_the_page_names_every_variant_and_row_and_a_run_changes_against_itself():
    found = results()
    pairs = study.pairs(found, GIVEN)
    table, changes = study.ablations(found, pairs), study.changes(found, pairs)
    assert len(table) == 5 * len(found.arms)
    assert len(changes) == 4
    arm = found.arms[0]
    for variant, row in changes.loc[CORPUS].iterrows():
        by_hand = (
            table.loc[(CORPUS, variant, arm.label), "macro F1"].value
            - table.loc[(CORPUS, "all", arm.label), "macro F1"].value
        )
        assert row[arm.label].value == pytest.approx(100 * by_hand)
    assert len(study.gaps(found, pairs)) == 5
    assert study.hardest(found).shape == (len(found.arms), 3)


def test_without_runs_every_entry_is_missing_and_nothing_is_said_of_them():
    found = results(records={})
    pairs = study.pairs(found, ANY)
    assert pairs == {CORPUS: None}
    for frame in (study.ablations(found, pairs), study.changes(found, pairs)):
        cells = [cell for cell in frame.to_numpy().ravel() if isinstance(cell, Cell)]
        assert cells and all(cell.value is None for cell in cells)
    assert all("no finished run" in text for text in study.sentences(found, pairs))


def test_collapsed_runs_choose_no_pair():
    records = {name: collapse(record) for name, record in made().items()}
    assert study.pairs(results(records, ANY), ANY) == {CORPUS: None}


@pytest.mark.parametrize(
    "pairs", [["ADE"], ["ADE+ADE"], ["+Reason"], ["ADE+Reason", "ADE+Reason"], ["A+B+C"]]
)
def test_a_pair_that_does_not_read_is_an_error_before_anything_runs(pairs):
    with pytest.raises(BadInput, match="pairs"):
        study.plan(PARAMETERS | {"pairs": pairs})


def test_a_type_that_the_corpus_lacks_is_an_error_with_the_nearest_one():
    parameters = PARAMETERS | {"pairs": ["ADE+Reasons"]}
    with pytest.raises(BadInput, match="Reason"):
        study.pairs(results(made(), parameters), parameters)


def test_too_few_seeds_carry_no_conclusion():
    found = results()
    texts = study.sentences(found, study.pairs(found, GIVEN))
    narrowed = [text for text in texts if "change of the gap" in text]
    assert narrowed and all("too few seeds" in text for text in narrowed)

"""The methods of the IBD study: what differs between two is one step, and tables say so."""

import pytest
from made_records import PINS, counts_of, scores

from clinlib.errors import BadInput
from clinlib.experiments.key import key
from clinlib.experiments.spec import FineTune, Pretrain
from clinlib.report import notebooks
from clinlib.studies.ibd import few_epochs, method_tables, methods, pseudo_labels, significance
from clinlib.studies.ibd.methods import FUSED, METHODS, PLAIN, PSEUDO

CORPUS = "synthetic_nl_ibd"
TYPES = ("Diagnosis", "Perianal_disease")


def parameters(page, **changes):
    """The parameters of a page in the quick profile, some of them changed."""
    return notebooks.parameters(page, "quick") | changes


PARAMETERS = parameters(methods.NAME)


def made(run, share):
    """A complete record of a run that has a share of its labels right."""
    counts = counts_of(share, TYPES)
    strict, lenient = scores(counts, 2), scores(counts, 5)
    return {
        "key": key(run, PINS),
        "kind": run.kind,
        "status": "complete",
        "configuration": run.to_dict(),
        "scores": {name: {"strict": strict, "ent_type": lenient} for name in ("dev", "test")},
        "counts": {"test": counts},
        "slices": {"test": {"section": [6, 10], "lexicon": [9, 10]}},
        "data": {"train_sentences": 100, "silver_sentences": 40},
        "flags": [],
        "provenance": {"cpu_seconds": 12.0},
    }


def records(plan, right):
    tuned = [run for run in plan if isinstance(run, FineTune)]
    return {key(run, PINS): made(run, right(run)) for run in tuned}


@pytest.fixture(scope="module")
def seven():
    return {name: methods.method(CORPUS, name, 1, PARAMETERS) for name in METHODS}


def test_methods_differ_by_the_steps_that_they_are_named_after(seven):
    plain, fused, pseudo = seven[PLAIN], seven[FUSED], seven[PSEUDO]
    assert fused == plain.replaced(sections=PARAMETERS["sections"])
    assert pseudo == fused.replaced(
        silver=pseudo.silver, r_drop=PARAMETERS["r_drop"], epochs=PARAMETERS["silver_epochs"]
    )
    assert pseudo.silver.teacher == fused
    for name, run in seven.items():
        if name.endswith(PSEUDO):  # labelled by the tagger without them, on the same encoder
            assert run.silver.teacher == fused.replaced(encoder=run.encoder)
            assert run.replaced(encoder=plain.encoder, silver=pseudo.silver) == pseudo
    assert seven["EMLM-FT"].replaced(encoder=plain.encoder) == plain


def test_encoders_are_adapted_on_one_text_for_as_many_passes(seven):
    adapted = [seven[f"{kind}-{PSEUDO}"].encoder for kind in ("MLM", "EMLM", "EMLM-CL")]
    assert all(isinstance(encoder, Pretrain) for encoder in adapted)
    assert {encoder.silver for encoder in adapted} == {adapted[0].silver}
    assert adapted[0].silver.teacher == seven[PLAIN]
    assert {(e.epochs, e.start, e.learning_rate) for e in adapted} == {
        (adapted[0].epochs, seven[PLAIN].encoder, adapted[0].learning_rate)
    }
    mlm, emlm, contrast = adapted
    assert (mlm.masks, mlm.masking, mlm.label_tokens) == ("tokens", 0.15, False)
    assert (emlm.masks, emlm.masking, emlm.label_tokens) == ("entities", 0.7, True)
    assert contrast == emlm.replaced(contrast=1.0)
    assert seven["EMLM-FT"].encoder == emlm


def test_a_seed_has_its_own_everything():
    first, second = (methods.method(CORPUS, METHODS[-1], seed, PARAMETERS) for seed in (1, 2))
    for run, seed in ((first, 1), (second, 2)):
        assert run.seed == run.silver.seed == run.silver.teacher.seed == seed
        assert run.encoder.seed == run.encoder.silver.seed == seed
    assert first.keep_predictions and not second.keep_predictions


def test_unlabelled_text_is_what_the_tagger_did_not_learn():
    few = PARAMETERS | {"documents": 20, "silver": 30}
    made = methods.method(CORPUS, PSEUDO, 1, few).silver
    assert made.texts == (f"unlabelled:{CORPUS}",) and (made.skip, made.limit) == (0, 30)
    real = methods.method("meddocan", PSEUDO, 1, few).silver
    assert real.texts == ("corpus:meddocan",) and (real.skip, real.limit) == (20, 30)
    everything = methods.adapted(CORPUS, "MLM", 1, few | {"adapt_documents": 0}).silver
    assert everything.texts == (f"unlabelled:{CORPUS}", f"textbook:{CORPUS}")
    assert everything.limit is None


def test_a_corpus_of_short_documents_has_more_of_them():
    plain = methods.method(CORPUS, PSEUDO, 1, PARAMETERS)
    more = methods.method(CORPUS, PSEUDO, 1, PARAMETERS | {"times": [f"{CORPUS} 3", "chia 6"]})
    assert more.documents == 3 * plain.documents
    assert more.silver.limit == 3 * plain.silver.limit
    assert more.silver.teacher.documents == 3 * plain.documents
    few = PARAMETERS | {"times": ["chia 6"]}
    assert methods.method("meddocan", PSEUDO, 1, few).silver.skip == PARAMETERS["documents"]
    assert methods.method("chia", PSEUDO, 1, few).silver.skip == 6 * PARAMETERS["documents"]
    with pytest.raises(BadInput, match="did you mean 'chia'"):
        methods.method(CORPUS, PSEUDO, 1, PARAMETERS | {"times": ["chai 6"]})
    for wrong in ("chia", "chia 0", "6", "chia x"):
        with pytest.raises(BadInput, match="no corpus with a number"):
            methods.method(CORPUS, PSEUDO, 1, PARAMETERS | {"times": [wrong]})


def test_a_teacher_that_is_also_a_method_is_one_run():
    plan = methods.plan(PARAMETERS)
    keys = {key(run, PINS) for run in plan}
    teachers = {
        run.silver.teacher for run in plan if getattr(run, "silver", None) and run.kind != "x"
    }
    fused = [t for t in teachers if not isinstance(t.encoder, Pretrain) or t.encoder.texts]
    assert fused and all(key(teacher, PINS) in keys for teacher in fused)


def test_the_lowest_run_stands_beside_the_mean():
    made = records(methods.plan(PARAMETERS), lambda run: 0.5 if run.seed == 1 else 0.8)
    table = method_tables.scores(methods.Results(made, PARAMETERS, PINS))
    lowest, f1 = (table.loc[(CORPUS, PLAIN), name] for name in ("lowest run", "strict F1"))
    assert lowest == min(f1.values) < f1.value
    none = method_tables.scores(methods.Results({}, PARAMETERS, PINS))
    assert none.loc[(CORPUS, PLAIN), "lowest run"] == "–"


def test_tables_pair_by_seed_and_say_what_is_missing():
    plan = methods.plan(PARAMETERS)
    found = methods.Results(
        records(plan, lambda run: 0.7 + 0.1 * bool(run.silver)), PARAMETERS, PINS
    )
    table = method_tables.scores(found)
    assert list(table.index.get_level_values("method")) == list(METHODS)
    assert table.loc[(CORPUS, PLAIN), "less FT"] == "–"
    gain = table.loc[(CORPUS, PSEUDO), "less FT"]
    assert gain.value > 5 and gain.n == 2 and gain.low == pytest.approx(gain.value)
    steps = method_tables.steps(found, CORPUS)
    assert [round(cell.value, 6) for cell in steps.values()][0] == 0.0
    assert len(steps) == 7 and all(cell.n == 2 for cell in steps.values())
    empty = methods.Results({}, PARAMETERS, PINS)
    assert str(method_tables.scores(empty).loc[(CORPUS, PLAIN), "strict F1"]) == "missing (2)"
    assert not len(method_tables.types(empty, CORPUS)) and method_tables.sentences(empty)


def test_types_and_mechanisms_are_those_of_the_records():
    plan = methods.plan(PARAMETERS)
    found = methods.Results(records(plan, lambda run: 0.8), PARAMETERS, PINS)
    types = method_tables.types(found, CORPUS)
    assert list(types.index.get_level_values("type")) == list(TYPES)
    assert method_tables.type_means(found, CORPUS).shape == (2, len(METHODS))
    mechanisms = method_tables.mechanisms(found)
    assert mechanisms.loc[(CORPUS, "section"), FUSED].value == pytest.approx(60.0)
    assert mechanisms.loc[(CORPUS, "lexicon"), PLAIN].value == pytest.approx(90.0)


def test_the_type_that_moves_most_may_fall_and_one_that_is_never_found_does_not_move(monkeypatch):
    made_ = records(methods.plan(PARAMETERS), lambda run: 0.8)
    before = {"falls": 60.0, "rises": 50.0, "still": 40.0, "unfound": 0.0}
    after = before | {"falls": 45.0, "rises": 52.0, "still": 41.0}
    for seed in (1, 2):
        for name, kinds in ((PLAIN, before), (METHODS[-1], after)):
            made_[key(methods.method(CORPUS, name, seed, PARAMETERS), PINS)]["kinds"] = kinds
    monkeypatch.setattr(method_tables, "type_scores", lambda record: record.get("kinds", before))
    said = method_tables.sentences(methods.Results(made_, PARAMETERS, PINS))
    (line,) = (each for each in said if "moves most" in each)
    assert "falls moves most (-15.0 F1) and still least (+1.0)" in line


def test_what_a_pass_of_adaptation_hides_is_said_where_it_is_known():
    plan = methods.plan(PARAMETERS)
    made = records(plan, lambda run: 0.8)
    for run in plan:
        if isinstance(run, Pretrain):
            data = {"train_subwords": 10_000, "entity_subwords": 700}
            data = data if run.masks == "entities" else {"train_subwords": 8_000}
            made[key(run, PINS)] = {
                "kind": "pretrain",
                "status": "complete",
                "configuration": run.to_dict(),
                "data": data,
            }
    said = " ".join(method_tables.sentences(methods.Results(made, PARAMETERS, PINS)))
    assert "hides 1,200 under MLM and 490 under EMLM subwords" in said
    without = records([run for run in plan if isinstance(run, FineTune)], lambda run: 0.8)
    said = method_tables.sentences(methods.Results(without, PARAMETERS, PINS))
    assert not any("hides" in each for each in said)


def test_few_epochs_are_trainings_of_their_own():
    values = parameters(few_epochs.NAME, tuning_epochs=[4, 1])
    plan = few_epochs.plan(values)
    assert len(plan) == 4 * 2 * 2 and {run.epochs for run in plan} == {1, 4}
    for way, kind in few_epochs.WAYS.items():
        run = few_epochs.run(CORPUS, way, 4, 1, values)
        assert bool(kind) == (isinstance(run.encoder, Pretrain) and run.encoder.silver is not None)
        assert run.sections == "none" and run.silver is None
    found = few_epochs.Results(records(plan, lambda run: 0.6 + 0.05 * run.epochs), values, PINS)
    shown = few_epochs.scores(found)
    assert list(shown.columns) == ["1 epoch", "4 epochs"]
    assert (
        shown.loc[(CORPUS, PLAIN), "4 epochs"].value > shown.loc[(CORPUS, PLAIN), "1 epoch"].value
    )
    assert len(few_epochs.points(found, CORPUS)) == 16
    assert all(abs(cell.value) < 1e-9 for cell in few_epochs.gains(found, CORPUS).values())


def test_pseudo_labels_and_r_drop_are_taken_apart():
    values = parameters(pseudo_labels.NAME)
    parts = pseudo_labels.variants(CORPUS, 1, values)
    gold, two = parts[pseudo_labels.GOLD, 0.0], parts[pseudo_labels.TWO, 0.0]
    silver, both = parts[pseudo_labels.SILVER, 0.0], parts[pseudo_labels.BOTH, 0.0]
    assert two == gold.replaced(r_drop=values["r_drop"])
    assert both == silver.replaced(r_drop=values["r_drop"]) and silver.r_drop == 0
    again = parts[pseudo_labels.AGAIN, 0.0]
    assert again.silver.teacher == both
    assert key(both, PINS) == key(methods.method(CORPUS, PSEUDO, 1, values), PINS)
    for alpha in values["alphas"]:
        assert parts["alpha", alpha] == both.replaced(r_drop=alpha, two_passes=alpha == 0)
    assert 0.0 in values["alphas"] and not both.two_passes
    assert parts[pseudo_labels.TWICE, 0.0] == gold.replaced(two_passes=True)
    assert parts[pseudo_labels.BOTH_TWICE, 0.0] == silver.replaced(two_passes=True)
    for least in values["thresholds"]:
        sure = "unit" if least else "sentence"
        wanted = both.silver.replaced(threshold=least, confidence=sure)
        assert parts["threshold", least].silver == wanted
    assert gold.epochs == two.epochs == values["epochs"] != values["silver_epochs"]
    assert {run.epochs for run in parts.values() if run.silver} == {values["silver_epochs"]}
    assert both.silver.teacher.epochs == values["epochs"]
    plan = pseudo_labels.plan(values)
    right = records(plan, lambda run: 0.7 + (0.1 if run.silver else 0.0))
    found = pseudo_labels.Results(right, values, PINS)
    gains = pseudo_labels.differences(found, CORPUS)
    assert gains["pseudo labels"].value > 5 and abs(gains["R-Drop"].value) < 1e-9
    passes = records(plan, lambda run: 0.5 + 0.1 * bool(run.two_passes or run.r_drop))
    gains = pseudo_labels.differences(pseudo_labels.Results(passes, values, PINS), CORPUS)
    for also in ("", ", with pseudo labels"):
        assert gains[f"its two passes{also}"].value > 5
        assert abs(gains[f"their agreement{also}"].value) < 1e-9
    assert len(pseudo_labels.curve(found, "alpha")) == len(values["alphas"])
    assert any("highest mean F1 on development" in each for each in pseudo_labels.sentences(found))
    # what development data would pick is not said of values with other seeds
    lost = parts["alpha", values["alphas"][0]]
    del right[key(lost, PINS)]
    said = pseudo_labels.sentences(pseudo_labels.Results(right, values, PINS))
    assert not any("of the values of alpha" in each for each in said)


@pytest.mark.parametrize(
    ("changes", "page", "said"),
    [
        ({"corpora": []}, methods, "at least one corpus"),
        ({"corpora": [CORPUS, CORPUS]}, methods, "each once"),
        ({"seeds": 0}, methods, "at least 1"),
        ({"sections": "titel"}, methods, "text"),
        ({"masking": 0.0}, methods, "greater than 0"),
        ({"masking": 1.5}, methods, "less than or equal to 1"),
        ({"threshold": 1.5}, methods, "less than or equal to 1"),
        ({"tuning_epochs": [0, 1]}, few_epochs, "from 1 up"),
        ({"tuning_epochs": []}, few_epochs, "at least one number"),
        ({"alphas": [1.0, 1.0]}, pseudo_labels, "each once"),
        ({"alphas": [-1.0]}, pseudo_labels, "greater than or equal to 0"),
        ({"corpora": ["ncbi_disease"]}, methods, "'ncbi_disease' has no sections to fuse; give"),
        ({"corpora": ["ncbi_disease"]}, pseudo_labels, "Corpora with sections: .*meddocan"),
        ({"seeds": 1}, significance, "1 runs of a method have no variance"),
    ],
)
def test_parameters_that_contradict_themselves_are_refused(changes, page, said):
    with pytest.raises(BadInput, match=said):
        page.plan(parameters(page.NAME, **changes))


def test_a_corpus_without_sections_is_learnt_where_none_are_fused():
    plain = parameters(methods.NAME, corpora=["ncbi_disease"], sections="none")
    assert {run.corpus for run in methods.plan(plain) if isinstance(run, FineTune)} == {
        "ncbi_disease"
    }
    assert few_epochs.plan(parameters(few_epochs.NAME, corpora=["ncbi_disease"]))


def test_pages_of_the_study_share_their_parameters():
    """A run of one page is that of another only while the defaults agree."""
    for name in ("31_significance", few_epochs.NAME, pseudo_labels.NAME, "36_error_analysis"):
        other = parameters(name)
        assert {k: v for k, v in PARAMETERS.items() if other.get(k, v) != v} == {}

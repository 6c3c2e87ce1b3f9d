"""The CLIN-X pages: what their plans ask for, and what they say of records made by hand."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from made_records import PINS, collapse, record

from clinlib.corpora import registry
from clinlib.corpora.registry import counts
from clinlib.errors import BadInput
from clinlib.experiments import training_data
from clinlib.experiments.key import key
from clinlib.experiments.names import MODEL
from clinlib.experiments.spec import Choose, Ensemble, FineTune, Pretrain, Vectors
from clinlib.report import published
from clinlib.studies import recipes
from clinlib.studies.cells import Cell
from clinlib.studies.clinx import (
    all_tasks,
    architecture,
    context,
    encoders,
    prediction,
    training,
    transfer,
)
from clinlib.studies.clinx.kept_out import kept_out
from clinlib.studies.clinx.same_text import by_text, same_text
from clinlib.studies.comparisons import UNCORRECTED

SHARED = {
    "profile": "quick",
    "encoder": "pretrained:synthetic_en_letters",
    "learning_rate": 2e-3,
    "head_learning_rate": 5e-3,
    "seeds": 3,
    "source_seeds": 3,
    "epochs": 4,
    "batch_size": 16,
    "context": 8,
    "layout": "sentence",
    "documents": 0,
    "dev_sentences": 0,
    "max_length": 128,
    "dropout": 0.1,
    "precision": "float32",
    "vocabulary": 500,
    "pretrain_architecture": "scratch-tiny",
    "pretrain_epochs": 2,
    "pretrain_learning_rate": 1e-3,
}
ABLATION = SHARED | {"corpora": ["synthetic_en_letters"], "folds": 3}
TASKS = ["synthetic_en_letters", "synthetic_en_problems", "synthetic_en_shifted"]
TRANSFER = SHARED | {
    "tasks": TASKS,
    "sizes": [60, 100_000, 0],
    "small_epochs": 7,
    "small_updates": 0,
    "small_batch_size": 4,
}
ENCODERS = SHARED | {
    "corpora": TASKS[:2],
    "encoders": [
        "scratch-tiny",
        f"pretrained:{TASKS[0]}",
        f"pretrained:{TASKS[0]}>{TASKS[1]}",
        "bilstm",
        f"vectors:{TASKS[0]}",
    ],
    "learning_rates": [1e-3, 2e-3],
    "tuning_epochs": 1,
    "tuning_sentences": 50,
    "sentences": 0,
}


def made(config, share):
    """A complete record of a configuration with that share of its labels right."""
    name = key(config, PINS)
    if isinstance(config, Pretrain | Vectors):
        return {
            "key": name,
            "kind": config.kind,
            "status": "complete",
            "configuration": config.to_dict(),
            "curve": [{"epoch": 1, "held_out_loss": 2.5}, {"epoch": 2, "held_out_loss": 2.0}],
            "held_out": {"loss": 2.0, "before": 3.0},
            "data": {"kept_out": {"a": 3, "b": 4}, "train_subwords": 1000},
            "model": {"parameters": 10, "vocabulary": 20},
            "provenance": {},
        }
    epochs = getattr(config, "epochs", 1)
    run = SimpleNamespace(
        role="final",
        seed=getattr(config, "seed", 0),
        configuration=SimpleNamespace(epochs=epochs, to_dict=config.to_dict),
    )
    parameters = {"learning_rates": [1e-3]}
    found = record(name, run, share, parameters=parameters, rates={})
    data = {"members": 3, "units": 200, "agreed": 150, "unknown_share": 0.01}
    return found | {"kind": config.kind, "data": found["data"] | data}


def records(plan, share):
    return {key(config, PINS): made(config, share(config)) for config in plan}


def test_each_switch_changes_one_field_of_the_full_architecture():
    groups = architecture._groups("synthetic_en_letters", ABLATION)
    full = groups[architecture.FULL]
    assert [run.seed for run in full] == [1, 2, 3]
    assert (full[0].scheme, full[0].head, full[0].unit, full[0].context) == (
        "BIOES",
        "crf",
        "subword",
        8,
    )
    for name, changes in architecture.SWITCHES.items():
        for run, whole in zip(groups[name], full, strict=True):
            mine, theirs = run.to_dict(), whole.to_dict()
            changed = {f for f in mine if mine[f] != theirs[f]}
            assert len(changed) == 1 and changed <= set(changes)


FEW = {"documents": 9, "dev_sentences": 40}


@pytest.mark.parametrize(
    ("plan", "parameters", "limits"),
    [
        (architecture.plan, ABLATION, FEW),
        (
            context.plan,
            SHARED | {"corpora": TASKS[:1], "packed_batch_size": 2, "packed_lengths": [64]},
            FEW,
        ),
        (encoders.plan, ENCODERS, {"dev_sentences": 40}),
        (transfer.plan, TRANSFER, {"dev_sentences": 40}),
    ],
)
def test_every_run_of_a_page_reads_as_few_documents_as_asked(plan, parameters, limits):
    runs = [run for run in plan(parameters | limits) if isinstance(run, FineTune)]
    assert runs
    for run in runs:
        assert {field: getattr(run, field) for field in limits} == limits


def test_votes_are_over_the_seeds_and_over_the_parts():
    plan = architecture.plan(ABLATION)
    votes = [config for config in plan if isinstance(config, Ensemble)]
    assert sorted(len(vote.of) for vote in votes) == [1, 1, 1, 3, 3]
    folds = [run.fold for vote in votes for run in vote.of if run.fold]
    assert folds == [(1, 3), (2, 3), (3, 3)]
    assert not [c for c in architecture.plan(ABLATION | {"folds": 0}) if getattr(c, "fold", None)]


def test_members_of_a_vote_learn_from_the_documents_of_one_draw():
    groups = architecture._groups("synthetic_en_letters", ABLATION | FEW)
    for name in (f"{architecture.STANDARD}, vote", f"{architecture.RANDOM}, vote"):
        (vote,) = groups[name]
        assert {run.drawn_by for run in vote.of} == {1}
    assert [run.drawn_by for run in groups[architecture.FULL]] == [1, 2, 3]
    assert groups[architecture.STANDARD][0] in groups[architecture.FULL]
    whole = architecture._groups("synthetic_en_letters", ABLATION)
    assert whole[architecture.STANDARD] == whole[architecture.FULL]


def test_the_parts_of_a_vote_are_parts_of_one_set():
    corpus = registry.load("synthetic_en_letters")
    groups = architecture._groups("synthetic_en_letters", ABLATION | FEW)
    made = [training_data.divided(corpus, run) for run in groups[architecture.RANDOM]]
    dev = [document.id for splits in made for document in splits["dev"]]
    sets = [{d.id for split in ("train", "dev") for d in splits[split]} for splits in made]
    assert sorted(dev) == sorted(sets[0]) and sets[0] == sets[1] == sets[2]


def test_sources_are_chosen_by_scores_on_the_same_sentences():
    runs = transfer.runs(TRANSFER | {"dev_sentences": 40})
    chosen = runs[transfer.Place(TASKS[1], TASKS[0], 60)][2].encoder
    assert {run.drawn_by for run in chosen.of} == {1}
    assert chosen.of == tuple(runs[transfer.Place(TASKS[0], transfer.NONE, 0)].values())
    few = runs[transfer.Place(TASKS[1], transfer.NONE, 60)]
    assert [run.drawn_by for run in few.values()] == [1, 2, 3]
    with pytest.raises(BadInput, match="scored on the same sentences"):
        Choose(of=tuple(run.replaced(draw=None) for run in chosen.of), take=MODEL)


def test_a_switch_that_costs_is_called_a_loss_and_one_that_does_not_is_none():
    def share(config):
        if isinstance(config, FineTune):
            return 0.8 + 0.01 * config.seed - 0.1 * (config.head == "softmax")
        return 0.9

    found = architecture.Results(records(architecture.plan(ABLATION), share), ABLATION, PINS)
    table = architecture.ablation(found)["less full"]
    assert table.iloc[2].value == pytest.approx(-10) and table.iloc[1].value == pytest.approx(0)
    said = architecture.sentences(found)
    assert any("softmax" in text and text.endswith("a loss.") for text in said)
    assert any("BIO instead" in text and "do not tell the two apart" in text for text in said)
    rows = architecture.splits(found)["strict F1"]
    place = ("synthetic_en_letters", architecture.STANDARD)
    assert rows[(*place, architecture.MEDIAN)].value == pytest.approx(82, abs=0.5)
    assert rows[(*place, architecture.BEST)].value == pytest.approx(83, abs=0.5)
    assert rows[(*place, architecture.VOTE)].value == pytest.approx(90, abs=0.5)


def test_what_is_missing_is_missing():
    found = architecture.Results({}, ABLATION, PINS)
    assert set(architecture.ablation(found)["strict F1"].map(str)) == {"missing (3)"}
    assert architecture.picked([None], "best") is None
    *said, last = architecture.sentences(found)
    assert all("missing" in text or "no pair" in text for text in said)
    assert last == UNCORRECTED


@pytest.mark.parametrize("folds", [1, -2])
def test_one_part_is_no_division(folds):
    with pytest.raises(BadInput, match="folds"):
        architecture.plan(ABLATION | {"folds": folds})


def test_documents_that_no_run_learnt_are_counted_by_task():
    plan = transfer.plan(TRANSFER)
    whole = {task: counts(task)["train"].documents for task in TRANSFER["tasks"]}
    first = TRANSFER["tasks"][0]
    found = {}
    for run in plan:
        if run.corpus == TRANSFER["tasks"][-1]:
            continue
        learnt = whole[run.corpus] - (2 if run.corpus == first else 0)
        found[key(run, PINS)] = {"data": {"train_documents": learnt}, "status": "complete"}
    table = kept_out(transfer.Results(found, TRANSFER, PINS))
    assert list(table["kept out"]) == ["2", *["0"] * (len(whole) - 2), "missing"]
    assert list(table["documents"]) == list(whole.values())
    none = kept_out(transfer.Results({}, TRANSFER | {"tasks": []}, PINS))
    assert (list(none.columns), len(none)) == (["documents", "kept out"], 0)


def test_the_published_scores_carry_the_papers_marks():
    table = all_tasks.published_scores(published.load("clinx_all_tasks").frame)
    assert table.shape == (11, 10)
    assert table.loc["ClinicalBERT", "Cantemist"] == "77.18†"
    assert table.loc["NLNDE", "i2b2 2006"] == "–"
    moved = table.loc["CLIN-X_ES + their architecture + transfer"]
    assert (moved["i2b2 2010"], moved["Pharmaconer"]) == ("89.74***", "92.27")


def test_more_parts_than_documents_are_refused_when_planned():
    with pytest.raises(
        BadInput, match=r"folds: 999 parts of 'synthetic_en_letters', .* at most \d"
    ):
        architecture.plan(ABLATION | {"folds": 999})
    few = ABLATION | {"documents": 4, "folds": 999}
    some = 4 + counts("synthetic_en_letters")["dev"].documents
    with pytest.raises(BadInput, match=f"have {some} documents here; give at most {some}"):
        architecture.plan(few)


def test_transfer_starts_from_the_median_source_and_keeps_the_other_tasks_tests_out():
    runs = transfer.runs(TRANSFER)
    place = transfer.Place(TASKS[1], TASKS[0], 60)
    run = runs[place][2]
    assert isinstance(run.encoder, Choose)
    assert (run.encoder.take, run.encoder.rule, run.sentences, run.epochs) == (
        MODEL,
        "median",
        60,
        7,
    )
    whole = run.encoder.of[0].batch_size
    assert run.batch_size == TRANSFER["small_batch_size"] != whole == TRANSFER["batch_size"]
    assert [each.corpus for each in run.encoder.of] == [TASKS[0]] * 3
    assert {each.keep_out for each in run.encoder.of} == {(TASKS[1], TASKS[2])}
    whole = runs[transfer.Place(TASKS[0], transfer.NONE, 0)]
    assert run.encoder.of == tuple(whole.values()), "a source is a run of the table itself"
    assert {place.size for place in runs} == {60, 0}, "no corpus has 100 000 sentences"
    assert len(runs) == 3 * 3 * 2


def test_with_updates_given_fewer_sentences_are_passed_more_often():
    plan = transfer.plan(TRANSFER | {"sizes": [60, 100], "small_updates": 150})
    assert {(run.sentences, run.epochs, run.batch_size) for run in plan} == {
        (60, 10, 4),
        (100, 6, 4),
    }
    (one,) = {r.epochs for r in transfer.plan(TRANSFER | {"sizes": [60], "small_updates": 1})}
    assert one == 1
    with pytest.raises(BadInput, match="small_updates: -1"):
        transfer.plan(TRANSFER | {"small_updates": -1})


def test_with_more_seeds_sources_and_what_starts_from_them_stay():
    few, many = transfer.plan(TRANSFER), transfer.plan(TRANSFER | {"seeds": 5})
    assert len(few) < len(many) and set(few) <= set(many)
    with pytest.raises(BadInput, match="source_seeds: 0"):
        transfer.plan(TRANSFER | {"source_seeds": 0})


def test_sources_of_the_targets_own_text_are_told_apart():
    one = ["meddocan", "pharmaconer", "spaccc_temist:diseases", "spaccc_temist:symptoms"]
    for task in one:
        assert all(same_text(task, other) for other in one)
        assert not same_text(task, "cantemist") and not same_text("cantemist", task)
    assert not same_text("ncbi_disease", "bc5cdr")
    pairs = [(one[0], one[1]), (one[0], "cantemist"), (one[1], "cantemist")]
    said = list(by_text(pairs, [4.0, 1.0, 2.0], ["positive", "negative", "positive"], "all"))
    assert said == [
        "all: of 1 pair whose sources label the target's own documents, 1 positive; "
        "mean gain +4.0 F1.",
        "all: of 2 pairs whose sources have other text, 1 negative, 1 positive; mean gain +1.5 F1.",
    ]
    assert not list(by_text(pairs[1:], [1.0, 2.0], ["negative", "positive"], "all"))


def test_clinical_vectors_are_held_against_general_ones_of_their_language():
    names = ["bilstm", "static:en", "static:es", "static:en-clinical", "static:es-clinical"]
    found = encoders.Results({}, ENCODERS | {"encoders": names}, PINS)
    assert set(encoders.differences(found, TASKS[0])) == {
        *(f"{name} − bilstm" for name in names[1:]),
        "static:en-clinical − static:en",
        "static:es-clinical − static:es",
    }


def test_a_stage_that_reads_again_what_its_start_has_read_tells_nothing_of_new_text():
    names = ["general:multi-more", "adapted:multi-es"]
    parameters = ENCODERS | {"encoders": names}
    made_ = records(encoders.plan(parameters), lambda c: 0.6)
    said = encoders.sentences(encoders.Results(made_, parameters, PINS))
    about = [line.partition(":")[0] for line in said if "text of its last stage" in line]
    assert about == ["adapted"]


def test_a_run_on_few_sentences_that_finds_nothing_counts_and_is_named():
    parameters = ENCODERS | {"sentences": 60}
    made_ = records(encoders.plan(parameters), lambda c: 0.6)
    lost = encoders.runs((ENCODERS["encoders"][0], TASKS[0]), parameters)[2]
    made_[key(lost, PINS)]["flags"] = ["collapsed"]
    found = encoders.Results(made_, parameters, PINS)
    assert found.score(ENCODERS["encoders"][0], TASKS[0]).n == parameters["seeds"]
    assert any("1 run collapsed" in line for line in encoders.sentences(found))


def test_adaptation_is_held_against_as_much_reading_of_general_text():
    names = ["general:multi", "general:multi-more", "adapted:multi-es", "adapted:multi-en"]
    found = encoders.Results({}, ENCODERS | {"encoders": names}, PINS)
    assert set(encoders.differences(found, TASKS[0])) == {
        f"{name} − {other}"
        for name, other in [
            *((name, names[0]) for name in names[1:]),
            *((name, names[1]) for name in names[2:]),
        ]
    }


def test_the_control_of_adaptation_continues_the_same_encoder_for_as_many_subwords():
    control, *adapted = (
        recipes.study_encoder(name)
        for name in (recipes.CONTROL, "adapted:multi-es", "adapted:multi-en")
    )
    assert {each.start for each in (control, *adapted)} == {recipes.study_encoder("general:multi")}
    assert {each.limit * len(each.texts) * each.epochs for each in (control, *adapted)} == {
        6_000_000
    }
    assert {each.learning_rate for each in adapted} == {control.learning_rate}


def test_a_page_says_whether_its_architecture_has_context():
    assert "24 subwords of the neighbouring" in training.described(TRANSFER | {"context": 24})
    assert "without its neighbours" in training.described(TRANSFER | {"context": 0})


def test_gains_are_paired_and_their_verdict_is_corrected():
    def share(config):
        helped = isinstance(config.encoder, Choose) and config.encoder.of[0].corpus == TASKS[0]
        hurt = isinstance(config.encoder, Choose) and config.encoder.of[0].corpus == TASKS[2]
        return 0.7 + 0.01 * config.seed + 0.1 * helped - 0.1 * hurt

    found = transfer.Results(records(transfer.plan(TRANSFER), share), TRANSFER, PINS)
    gains = transfer.gains(found, 60)
    assert gains[TASKS[1], TASKS[0]].value == pytest.approx(10)
    assert gains[TASKS[1], TASKS[2]].value == pytest.approx(-10)
    table = transfer.significance(found)
    verdicts = table["verdict"]
    assert verdicts[TASKS[1], "60", TASKS[0]] == "positive"
    assert verdicts[TASKS[1], "60", TASKS[2]] == "negative"
    assert verdicts[TASKS[0], "60", TASKS[1]] == "within 0.5 F1"
    assert (table["p, corrected"] >= table["p"]).all()
    said = transfer.sentences(found)
    assert any("Most gained" in text and text.endswith(": positive.") for text in said)
    assert any("Least" in text and text.endswith(": negative.") for text in said)
    assert not any("a gain" in text or "a loss" in text for text in said)


def test_cells_that_are_still_to_come_count_in_the_correction():
    def share(config):
        helped = isinstance(config.encoder, Choose) and config.encoder.of[0].corpus == TASKS[0]
        return 0.7 + 0.01 * config.seed + 0.1 * helped

    plan = transfer.plan(TRANSFER)
    there = records([c for c in plan if c.corpus == TASKS[1] and c.sentences == 60], share)
    table = transfer.significance(transfer.Results(there, TRANSFER, PINS))
    row = table.loc[(TASKS[1], "60", TASKS[0])]
    assert len(table) == 12 and (table["p"] == "missing").sum() == 10
    assert row["p, corrected"] == pytest.approx(12 * row["p"])


def with_a_collapse(size):
    """Transfer results with a run on `size` sentences from a source collapsed; its place."""
    plan = transfer.plan(TRANSFER)
    found = records(plan, lambda config: 0.7)
    place = transfer.Place(TASKS[1], TASKS[0], size)
    name = key(transfer.runs(TRANSFER)[place][1], PINS)
    found[name] = collapse(found[name])
    return transfer.Results(found, TRANSFER, PINS), place


def test_on_all_sentences_a_pair_with_a_collapsed_run_is_left_out_of_the_gain():
    results, place = with_a_collapse(0)
    cell = results.gain(place)
    assert cell.n == 2 and cell.collapsed == ("seed 1",)
    assert not [each for each in transfer.sentences(results) if "collapsed" in each]


def test_on_few_sentences_a_collapsed_run_counts_and_is_named():
    results, place = with_a_collapse(60)
    cell = results.gain(place)
    assert cell.n == 3 and min(cell.values) < -50 and not cell.collapsed
    row = transfer.significance(results).loc[(TASKS[1], "60", TASKS[0])]
    assert row["p"] < 0.05
    (said,) = [each for each in transfer.sentences(results) if "collapsed" in each]
    assert said == (
        "60 sentences: 1 run collapsed, finding next to nothing, and counts with that score: "
        f"{TASKS[1]} from {TASKS[0]} (seed 1)."
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tasks": TASKS[:1]}, "at least two tasks"),
        ({"tasks": [TASKS[0], TASKS[0]]}, "each named once"),
        ({"sizes": [-1]}, "negative"),
        ({"seeds": 0}, "at least 1"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(change, said):
    with pytest.raises(BadInput, match=said):
        transfer.plan(TRANSFER | change)


def test_each_encoder_is_compared_with_what_it_was_continued_from():
    found = encoders.Results(
        records(encoders.plan(ENCODERS), lambda c: 0.6 + 0.01 * c.seed), ENCODERS, PINS
    )
    scratch, first, second, lstm, static = ENCODERS["encoders"]
    assert list(encoders.differences(found, TASKS[0])) == [
        f"{first} − {scratch}",
        f"{second} − {scratch}",
        f"{second} − {first}",
        f"{static} − {lstm}",
    ]
    table = encoders.texts(found)
    assert table.loc[(second, 2), "perplexity after"].value == pytest.approx(7.389, abs=1e-3)
    assert any("lowers the loss on held-out text" in text for text in encoders.sentences(found))
    assert "mean, en" in encoders.scores(found).columns


def test_texts_kept_out_are_counted_only_where_they_were_sought():
    names = ["general:multi", "adapted:multi-es", "static:es", "static:es-clinical"]
    parameters = ENCODERS | {"encoders": names}
    plan = encoders.plan(parameters)
    found = encoders.Results(records(plan, lambda c: 0.6), parameters, PINS)
    none = encoders.Results({}, parameters, PINS)
    shown = [encoders.texts(each)["texts kept out"].to_dict() for each in (found, none)]
    general = {
        ("general:multi", 1): "not searched",
        ("adapted:multi-es", 1): "not searched",
        ("static:es", 1): "not searched",
    }
    assert shown[0] == general | {("adapted:multi-es", 2): 7, ("static:es-clinical", 1): 7}
    clinical = [("adapted:multi-es", 2), ("static:es-clinical", 1)]
    assert shown[1] == general | dict.fromkeys(clinical, "missing")


def test_perplexity_is_drawn_once_for_every_pretraining_from_before_its_first_update():
    names = ["adapted:multi-es", "general:multi", "minilm", "static:es"]
    parameters = ENCODERS | {"encoders": names}
    made_ = records(encoders.plan(parameters), lambda c: 0.6)
    frame = encoders.curves(encoders.Results(made_, parameters, PINS))
    assert list(dict.fromkeys(frame["line"])) == ["general:multi", "adapted:multi-es"]
    for _, group in frame.groupby("line"):
        assert group["epoch"].tolist() == [0, 1, 2]
        assert group["perplexity"].tolist() == pytest.approx([20.086, 12.182, 7.389], abs=1e-3)
    alone = parameters | {"encoders": names[:1]}
    frame = encoders.curves(encoders.Results(made_, alone, PINS))
    assert set(frame["line"]) == {"adapted:multi-es, stage 1", "adapted:multi-es"}


def test_a_pretraining_that_is_missing_or_failed_has_no_curve():
    stages = recipes.encoder("adapted:multi-es").start, recipes.encoder("adapted:multi-es")
    parameters = ENCODERS | {"encoders": ["adapted:multi-es"]}
    made_ = {key(stages[0], PINS): made(stages[0], 0.5) | {"status": "failed"}}
    frame = encoders.curves(encoders.Results(made_, parameters, PINS))
    assert not len(frame) and list(frame.columns)[:1] == ["line"]


def test_a_grid_of_one_rate_is_not_tuned():
    one = ENCODERS | {"learning_rates": [1e-3]}
    tunings = [c for c in encoders.plan(one) if isinstance(c, FineTune) and c.seed == 0]
    assert not tunings
    more = [c for c in encoders.plan(ENCODERS) if isinstance(c, FineTune) and c.seed == 0]
    assert len(more) == 5 * 2 * 2 and {c.sentences for c in more} == {50}


CONTEXT = SHARED | {"corpora": TASKS[:1], "packed_batch_size": 2, "packed_lengths": [48, 64]}
PACKED = [context.packed(length) for length in (48, 64)]


def test_packed_windows_differ_in_layout_length_and_batch_alone():
    groups = context.runs(TASKS[0], CONTEXT)
    plain = groups[context.SENTENCE][1].to_dict()
    for name, length in zip(PACKED, (48, 64), strict=True):
        packed = groups[name][1].to_dict()
        changed = {field for field in packed if packed[field] != plain[field]}
        assert changed | {"max_length"} == {"layout", "batch_size", "max_length"}
        assert (packed["batch_size"], packed["max_length"]) == (2, length)
    assert groups[context.NONE][1].context == 0 and plain["context"] == 8


@pytest.mark.parametrize("lengths", [[], [64, 64]])
def test_lengths_of_packed_windows_are_named_each_once(lengths):
    with pytest.raises(BadInput, match="packed_lengths"):
        context.plan(CONTEXT | {"packed_lengths": lengths})


def test_updates_are_the_windows_by_the_size_of_a_batch():
    found = records(context.plan(CONTEXT), lambda config: 0.5)
    for record_ in found.values():
        record_["data"] = {"train_windows": 7, "train_subwords": 1}
    table = context.scores(context.Results(found, CONTEXT, PINS))["updates"]
    size = SHARED["batch_size"]
    assert [each.value for each in table] == [-(-7 // n) for n in (size, size, 2, 2)]


def test_too_few_seeds_are_said_in_a_sentence_and_no_speed_is_quoted_without_runs():
    said = context.sentences(context.Results({}, CONTEXT, PINS))
    assert any("there are too few seeds to say" in text for text in said)
    assert not any("processor time" in text for text in said)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.1, -0.1, 0.0], "no worse"),
        ([-1.1, -0.9, -1.0], "worse"),
        ([-2.0, 1.0, 0.5], "not settled"),
        ([0.0, 0.0], "too few seeds"),
        ([None, None], "too few seeds"),
    ],
)
def test_packed_is_no_worse_only_where_the_whole_interval_is_above_the_margin(values, said):
    assert context.verdict(Cell.of(values)) == said


def test_the_speed_is_a_ratio_of_processor_time():
    def share(config):
        return 0.7 + 0.01 * config.seed

    found = records(context.plan(CONTEXT), share)
    for record_ in found.values():
        packed = record_["configuration"]["layout"] == "packed"
        long = record_["configuration"]["max_length"] == 64
        record_["provenance"]["cpu_seconds"] = (10.0 if long else 20.0) if packed else 40.0
    results = context.Results(found, CONTEXT, PINS)
    assert [context.speed(results, TASKS[0], name).value for name in PACKED] == [2, 4]
    said = context.sentences(results)
    assert sum("packed windows are no worse" in text for text in said) == len(PACKED)


def test_every_length_is_judged_by_its_own_runs():
    def share(config):
        worse = config.layout == "packed" and config.max_length == 64
        return (0.5 if worse else 0.7) + 0.01 * config.seed

    results = context.Results(records(context.plan(CONTEXT), share), CONTEXT, PINS)
    said = [text for text in context.sentences(results) if "margin" in text]
    assert "no worse" in said[0] and PACKED[0] in said[0]
    assert "windows are worse" in said[1] and PACKED[1] in said[1]
    kept, left = (text for text in context.sentences(results) if "so that" in text)
    assert "no worse on 1 of 1 corpus, so that they are to be preferred" in kept
    assert "no worse on 0 of 1 corpus, so that a window per sentence stays" in left


def judged(gains, distances):
    names = [f"s{n}" for n in range(len(gains))]
    pairs = (dict(zip(names, values, strict=True)) for values in (gains, distances))
    return prediction.Judged("en", "t", 0, *pairs)


def test_the_nearest_model_is_predicted_and_judged_by_rank_regret_and_order():
    right = judged([5.0, 1.0, -2.0], [0.1, 0.2, 0.9])
    assert (right.predicted, right.rank, right.regret) == ("s0", 1, 0.0)
    assert right.spearman == pytest.approx(1)
    wrong = judged([5.0, 1.0, -2.0], [0.9, 0.3, 0.1])
    assert (wrong.predicted, wrong.rank, wrong.regret) == ("s2", 3, 7.0)
    assert wrong.spearman == pytest.approx(-1)
    assert judged([5.0, 1.0], [0.1, 0.2]).spearman is None
    assert judged([1.0, 1.0, 1.0], [0.1, 0.2, 0.3]).spearman is None


PREDICTION = TRANSFER | {
    "tasks_en": TASKS,
    "tasks_es": [],
    "encoder_en": SHARED["encoder"],
    "encoder_es": "",
    "vectors": 100,
}


def test_the_prediction_page_reads_the_runs_of_the_transfer_page_and_compares_medians():
    plan = prediction.plan(PREDICTION)
    runs = [c for c in plan if isinstance(c, FineTune)]
    assert runs == transfer.plan(TRANSFER)
    compared = [c for c in plan if c.kind == "similarity"]
    assert len(compared) == 6 and {c.source.take for c in compared} == {MODEL}
    found = records(plan, lambda c: 0.7 + 0.01 * getattr(c, "seed", 0))
    for config in compared:
        near = config.source.of[0].corpus == TASKS[0]
        found[key(config, PINS)]["distances"] = dict.fromkeys(
            prediction.MEASURES, 0.1 if near else 0.5
        )
    results = prediction.Results(found, PREDICTION, PINS)
    assert {each.predicted for each in results.judged() if each.target != TASKS[0]} == {TASKS[0]}
    assert len(prediction.judgements(results)) == 6
    assert "drawn at random" in prediction.sentences(results)[0]
    sizes = {task: registry.counts(task)["train"].sentences for task in TASKS}
    table = prediction.summary(results)
    for name, pick in (("fewest", min), ("most", max)):
        judged = results.judged(f"{name} training sentences")
        for each in judged:
            assert sizes[each.predicted] == pick(sizes[source] for source in each.gains)
        regret = table.loc[f"{name} training sentences", "mean regret, F1"]
        assert regret == pytest.approx(sum(each.regret for each in judged) / len(judged))
    empty = prediction.Results({}, PREDICTION, PINS)
    assert empty.judged() == [] and "yet" in prediction.sentences(empty)[0]


ALL_TASKS = {name: value for name, value in PREDICTION.items() if name not in ("sizes", "encoder")}
ALL_TASKS |= {"encoders": ["scratch-tiny"], "sentences": 0}


def test_all_tasks_hold_both_architectures_and_the_predicted_source():
    plan = all_tasks.plan(ALL_TASKS)
    assert len(plan) == len(set(plan))

    def share(config):
        if config.kind == "similarity":
            return 0.5
        helped = isinstance(config.encoder, Choose) and config.encoder.of[0].corpus == TASKS[0]
        return 0.6 + 0.01 * config.seed + 0.1 * (config.head == "crf") + 0.05 * helped

    found = records(plan, share)
    for config in (c for c in plan if c.kind == "similarity"):
        near = config.source.of[0].corpus == TASKS[0]
        measures = dict.fromkeys(prediction.MEASURES, 0.1 if near else 0.5)
        found[key(config, PINS)]["distances"] = measures
    results = all_tasks.Results(found, ALL_TASKS, PINS)
    own = SHARED["encoder"]
    table = all_tasks.scores(results)
    assert list(table.columns) == TASKS
    assert table.loc[("scratch-tiny", all_tasks.FULL), TASKS[1]].value == pytest.approx(72, abs=0.1)
    assert ("scratch-tiny", all_tasks.TRANSFER) not in table.index
    added = all_tasks.gains(results)
    gain = added.loc[(own, f"{all_tasks.FULL} − {all_tasks.PLAIN}", TASKS[1])]
    assert gain["gain"].value == pytest.approx(10) and gain["p, corrected"] < 0.05
    moved = added.loc[(own, f"{all_tasks.TRANSFER} − {all_tasks.FULL}", TASKS[1])]
    assert moved["source"] == TASKS[0] and moved["gain"].value == pytest.approx(5)
    assert any("above zero on 3 of 3 tasks" in text for text in all_tasks.sentences(results))


def test_all_tasks_from_few_sentences_share_their_runs_with_the_transfer_pages():
    plan = set(all_tasks.plan(ALL_TASKS | {"sentences": 60}))
    there = transfer.runs(TRANSFER | {"sizes": [60]})
    moved = {run for place, group in there.items() for run in group.values()}
    assert moved <= plan
    plain = [run for run in plan if run.kind == "fine_tune" and run.head == "softmax"]
    assert {(run.sentences, run.epochs) for run in plain} == {(60, TRANSFER["small_epochs"])}
    found = records(list(plan), lambda config: 0.6)
    results = all_tasks.Results(found, ALL_TASKS | {"sentences": 60}, PINS)
    assert results.size == "60 sentences"
    scores = all_tasks.scores(results)
    assert scores.loc[(SHARED["encoder"], all_tasks.BEST), TASKS[1]].n == 3


def test_a_task_with_fewer_sentences_than_asked_for_is_refused():
    with pytest.raises(BadInput, match="has .* to train on; give fewer, or 0 for all"):
        all_tasks.plan(ALL_TASKS | {"sentences": 100_000})


def test_two_seeds_are_too_few_for_a_count_of_significant_tasks():
    def said(seeds):
        parameters = ALL_TASKS | {"seeds": seeds}

        def share(config):
            return 0.6 + 0.2 * (getattr(config, "head", "") == "crf")

        found = records(all_tasks.plan(parameters), share)
        return all_tasks.sentences(all_tasks.Results(found, parameters, PINS))

    name = f"{SHARED['encoder']}, {all_tasks.FULL} − {all_tasks.PLAIN}: above zero on 3 of 3 tasks"
    assert any(text.startswith(f"{name}, on 3 with") for text in said(3))
    assert any(text.startswith(f"{name}, on 0 with") for text in said(2))


def test_all_tasks_without_records_say_so():
    results = all_tasks.Results({}, ALL_TASKS, PINS)
    *said, last = all_tasks.sentences(results)
    assert all("no pair of runs" in text for text in said) and last == UNCORRECTED
    assert set(all_tasks.gains(results)["p, corrected"]) == {"missing"}


def test_predicted_sources_of_the_targets_own_text_are_told_apart():
    near = {"pharmaconer": 0.1, "cantemist": 0.2}
    own = prediction.Judged("es", "meddocan", 250, {"pharmaconer": 2.0, "cantemist": 1.0}, near)
    other = prediction.Judged("es", "cantemist", 250, {"pharmaconer": -1.0, "meddocan": 3.0}, near)
    other = replace(other, distances={"pharmaconer": 0.1, "meddocan": 0.2})
    found = SimpleNamespace(judged=lambda measure="rotation": [own, other])
    table = prediction.judgements(found)
    assert list(table["its text"]) == ["the target's", "other"]
    assert list(table["text of the best"]) == ["the target's", "other"]
    said = [line for line in prediction.sentences(found) if line.startswith("The nearest model:")]
    assert said == [
        "The nearest model: of 1 pair whose sources label the target's own documents, 1 the best "
        "source; mean gain +2.0 F1.",
        "The nearest model: of 1 pair whose sources have other text, 1 not the best; mean gain "
        "-1.0 F1.",
    ]

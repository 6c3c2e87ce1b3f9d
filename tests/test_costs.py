"""The cost page: sums over records made by hand, each run once; what is not recorded is missing."""

import nbformat
import pytest
import toy_runs
from made_records import fail, made

from clinlib.experiments import provenance as code
from clinlib.experiments.spec import (
    ActiveLearning,
    Choose,
    Ensemble,
    FineTune,
    Pretrain,
    PseudoLabel,
    Similarity,
    Vectors,
)
from clinlib.report import cost_page, notebooks, published, tables
from clinlib.studies import costs, run_kinds
from clinlib.studies.costs import ALL, Run

PAPERS = published.load("costs").frame
TAGGER = FineTune(corpus="ncbi_disease", encoder="minilm")
MADE_UP = FineTune(corpus="synthetic_en_letters", encoder="scratch-tiny")
READER = Pretrain(texts=("text:en_medquad.txt",), start="minilm")
TEACHER = FineTune(corpus="synthetic_nl_ibd", encoder="scratch-tiny")
SILVER = PseudoLabel(teacher=TEACHER, texts=("unlabelled:synthetic_nl_ibd",))


def record(config=TAGGER, *, seconds=60.0, epochs=3, **changes) -> dict:
    """A complete record of today's code: 10 s and 1000 subwords/s in every epoch."""
    return {
        "kind": config.kind,
        "version": config.VERSION,
        "status": "complete",
        "curve": [{"epoch": n, "seconds": 10.0} for n in range(epochs)],
        "model": {"parameters": 2_000_000},
        "provenance": {
            "source": code.source(config.kind),
            "seconds": seconds,
            "cpu_seconds": seconds / 2,
            "peak_memory_mb": 700.0 + seconds,
            "subwords_per_second": 1000.0,
            "hardware": {"cpu": "a cpu", "cores": 2, "gpu": "a card"},
            "device": "cpu",
            "threads": 1,
        },
    } | changes


def run(name, found, config=TAGGER, page="10_a", study="A") -> Run:
    return Run(page, study, name, config, found)


def test_sums_are_those_of_the_records_and_each_run_counts_once():
    two = record(seconds=120.0)
    runs = [
        run("a", record()),
        run("b", two),
        run("b", two, page="11_b"),
        run("b", two, page="20_c", study="B"),
        run("c", None, page="20_c", study="B"),
    ]
    frame = costs.studies(runs)
    wanted = {"A": (2, 2, 3.0), "B": (2, 1, 2.0), ALL: (3, 2, 3.0)}
    for name, numbers in wanted.items():
        assert tuple(frame.loc[name, ["runs", "made", "wall, min"]]) == numbers
    row = frame.loc[ALL]
    assert (row["missing"], row["processor, min"]) == (1, 1.5)
    assert row["subwords, M"] == pytest.approx(2 * 3 * 10 * 1000 / 1e6)
    assert row["peak, MiB"] == 820
    assert row["hardware"] == "a cpu, 1 thread"


def test_failed_and_drifted_runs_are_counted_as_such():
    other = record(provenance=record()["provenance"] | {"source": "other"})
    runs = [run("a", fail(record() | {"schema": 1, "key": "a", "configuration": {}}))]
    runs += [run("b", other), run("c", None)]
    row = costs.studies(runs).loc["A"]
    assert tuple(row[["made", "missing", "failed", "drifted"]]) == (2, 1, 1, 1)
    assert row["wall, min"] == 2.0  # what failed took its time too


def test_what_is_not_run_or_not_recorded_is_missing_never_nothing():
    bare = {"kind": "fine_tune", "version": 1, "status": "complete", "provenance": {}}
    for found, number in ((None, 5), (bare, 4)):  # the bare one's hardware is "not recorded"
        row = costs.methods([run("a", found)]).iloc[0]
        unknown = row.drop(["runs", "made", "hardware"])
        assert unknown.isna().all(), unknown
        assert row["hardware"] == (found and "not recorded")
        shown = tables.table(costs.studies([run("a", found)]), name="a", caption="b")._repr_html_()
        assert shown.count("missing</span>") == 2 * number  # the study's row, and that of all


def test_runs_that_train_nothing_have_no_training_and_what_a_record_lacks_is_missing():
    vote, vectors = Ensemble(of=(TAGGER,)), Vectors(texts=("text:en_medquad.txt",))
    silent = record(vectors)
    del silent["provenance"]["subwords_per_second"]
    rows = costs.methods(
        [run("a", record(vote, curve=[], model={}), vote), run("b", silent, vectors)]
    )
    column = rows["subwords, M"]
    assert column.tolist() == ["–", None]
    assert rows["wall, min"].tolist() == [1.0, 1.0]


def test_a_loop_counts_the_subwords_of_every_round():
    curve = [{"seconds": 2.0, "subwords_per_second": 100.0}] * 3
    loop = record(curve=curve)
    del loop["provenance"]["subwords_per_second"]
    assert costs.subwords(loop) == 600.0
    assert costs.speed(loop) == 100.0


def test_subwords_are_those_of_the_epochs_that_were_run():
    for found in made().values():
        # 2 s and 9000 subwords/s in every epoch
        assert costs.subwords(found) == 18_000 * len(found["curve"])
        assert costs.speed(found) == 9000


def test_a_page_has_what_it_needs_and_what_it_adds():
    runs = [run("a", record()), run("a", record(), page="11_b"), run("b", record(), page="11_b")]
    frame = costs.pages(runs)
    assert frame.loc["11_b", "runs"] == 2
    assert frame.loc["11_b", "shared with an earlier page"] == 1
    assert frame["wall, min"].tolist() == [1.0, 2.0]
    assert frame["its own, min"].tolist() == [1.0, 1.0]


def test_stages_share_out_the_wall_time():
    runs = [run("a", record()), run("b", record(READER), READER), run("c", None)]
    runs.append(run("d", record(SILVER, seconds=30.0), SILVER))
    frame = costs.stages(runs)
    assert frame.loc["A"].to_dict() == {
        "pretraining": 1.0,
        "taggers": 1.0,
        "loops": 0.0,
        "the rest": 0.5,
    }
    assert "pretraining 1.0, taggers 1.0, the rest 0.5" in costs.in_words(frame)
    assert "no run is made yet" in costs.in_words(costs.stages([run("a", None)]))


def test_published_costs_stand_beside_runs_of_their_stage_on_real_text():
    runs = [run("a", record(), study="CLIN-X"), run("b", record(READER), READER, study="CLIN-X")]
    frame = costs.beside(PAPERS, runs)
    for what in ("pretraining of CLIN-X", "a tagger of 20 epochs"):
        assert frame.loc[("CLIN-X", what), costs.HERE] == (
            "1 run; a cpu, 1 thread; 60 s; 760 MiB at most; 2.00 million parameters"
        )
    row = frame.loc[("CLIN-X", "pretraining of CLIN-X")]
    assert row["published"] == "8 NVIDIA V100 of 32 GB; less than 1 day"
    assert (row["not given"], row["place"]) == ("memory, parameters", "Section 4.2")
    (loop,) = frame.loc["LASL"].to_dict("records")
    assert (loop["published"], loop[costs.HERE]) == ("not given", "not run on real text")
    assert (frame.loc["IBD", costs.HERE] == "–").all()  # what is published is of no stage


def test_what_records_beside_the_papers_lack_is_said():
    bare = {"kind": "fine_tune", "version": 1, "status": "complete", "provenance": {}}
    frame = costs.beside(PAPERS, [run("a", bare, study="CLIN-X")])
    assert frame.loc[("CLIN-X", "a tagger of 20 epochs"), costs.HERE] == (
        "1 run; not recorded; time missing; memory missing; parameters missing"
    )


@pytest.mark.parametrize(
    "config",
    [MADE_UP, Pretrain(texts=("corpus:synthetic_en_letters",)), Pretrain(silver=SILVER)],
)
def test_runs_on_synthetic_text_are_never_put_beside_published_costs(config):
    frame = costs.beside(PAPERS, [run("a", record(config), config, study="CLIN-X")])
    assert (frame.loc["CLIN-X", costs.HERE] == "not run on real text").all()


def test_the_published_parameters_are_those_of_the_papers_own_table():
    counts = published.load("transformercrf_parameters").frame.set_index("model").iloc[:, 0]
    given = PAPERS[PAPERS["parameters"] != "not given"]
    for row in given.itertuples():
        for model in row.what.split(" and "):
            assert counts[model] == int(row.parameters)


def test_every_published_stage_is_one_of_ours_or_none():
    assert set(PAPERS["stage"]) <= {*run_kinds.STAGES, "other"}
    assert set(PAPERS["study"]) == set(cost_page.STUDIES.values())


def test_sentences_say_how_much_is_made_and_where_the_time_went():
    runs = [run("a", record(seconds=7200.0)), run("b", None)]
    first, second, third = costs.sentences(runs, PAPERS)
    assert "1 of 2 runs are made" in first and "2.0 h of wall time" in first
    assert "went into the taggers of A: 100%" in second
    assert "2 give a time: CLIN-X, IBD" in third
    (none,) = costs.sentences([run("a", None)], PAPERS)
    assert "None of 1 runs is made" in none


@pytest.mark.parametrize(
    ("config", "method", "encoder"),
    [
        (TAGGER, "tagger: crf", "minilm"),
        (
            TAGGER.replaced(encoder=Choose(of=(MADE_UP,), take="model"), r_drop=1.0, recurrent=200),
            "tagger: crf, BiLSTM, transferred, R-Drop",
            "scratch-tiny",
        ),
        (
            TAGGER.replaced(silver=SILVER, sections="text", head="softmax"),
            "tagger: softmax, pseudo labels, section titles",
            "minilm",
        ),
        (READER, "masked-language modelling, continued", "minilm"),
        (Pretrain(texts=("text:en_medquad.txt",)), "masked-language modelling", "scratch-tiny"),
        (
            Pretrain(silver=SILVER, masks="entities", contrast=1.0, start=READER),
            "entity masking, with contrast, continued",
            "minilm",
        ),
        (SILVER, "pseudo labels", "scratch-tiny"),
        (Ensemble(of=(TAGGER,)), "vote", "minilm"),
        (Similarity(source=TAGGER, target=TAGGER), "similarity of models", "minilm"),
        (
            ActiveLearning(task=TAGGER, strategy="dbs", mean_teacher=True),
            "loop: dbs with a mean teacher",
            "minilm",
        ),
        (TAGGER.replaced(encoder=Vectors(texts=("text:en_medquad.txt",))), "tagger: crf", ""),
    ],
)
def test_runs_are_named_by_method_and_encoder(config, method, encoder):
    assert run_kinds.method(config) == method
    assert run_kinds.encoder(config) == (encoder or "LSTM over vectors")


STUDY = """
from clinlib.experiments.spec import FineTune, Pretrain

PARENT = Pretrain(texts=("corpus:works",))


def plan(values):
    return [FineTune(corpus="works", encoder=PARENT, seed=seed) for seed in range(2)]
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout of two pages with runs, and two about the others."""
    folder = tmp_path / "notebooks"
    (folder / "profiles").mkdir(parents=True)
    (folder / "profiles" / "test.yml").write_text("")
    cell = nbformat.v4.new_code_cell('profile: str = "test"', metadata={"tags": ["parameters"]})
    (tmp_path / "own_study.py").write_text(STUDY)
    monkeypatch.syspath_prepend(tmp_path)
    modules = {
        "10_a": "own_study",
        "11_b": "own_study",
        "90_c": "own_study",
        "91_cost": "clinlib.report.cost_page",
    }
    for name, module in modules.items():
        page = nbformat.v4.new_notebook(cells=[cell], metadata={"clinlib": {"study": module}})
        nbformat.write(page, folder / f"{name}.ipynb")
    monkeypatch.setenv("CLINLIB_ROOT", str(tmp_path))
    monkeypatch.setattr(cost_page, "Store", lambda profile: toy_runs.store(tmp_path, profile))
    return toy_runs.store(tmp_path)


def test_the_page_reads_what_all_other_pages_plan_and_counts_their_parents(checkout):
    planned = cost_page.plan({"profile": "test"})
    assert [each.seed for each in planned] == [0, 1]
    runs = cost_page.ledger("test")
    assert [(each.page, each.config.kind) for each in runs] == [
        (page, kind) for page in ("10_a", "11_b") for kind in ("pretrain", "fine_tune", "fine_tune")
    ]
    assert [each.asked for each in runs] == [False, True, True] * 2
    assert notebooks.plan("91_cost", "test") == planned  # not its own plan again


def test_the_page_is_made_again_when_a_parents_record_changes(checkout):
    parameters = {"profile": "test"}
    before = cost_page.reads(parameters)
    parent = cost_page.ledger("test")[0]
    found = record(parent.config) | {"schema": 1, "key": parent.key, "configuration": {}}
    checkout.save(found)
    assert cost_page.reads(parameters) != before
    assert cost_page.ledger("test")[0].record == found
    assert cost_page.numbers({}, parameters) == {
        "runs": 3,
        "made": 1,
        "whole_means": 0,
        "near_means": 0,
    }


def test_pages_belong_to_the_study_of_their_folder(monkeypatch):
    monkeypatch.delenv("CLINLIB_ROOT", raising=False)
    for page, name in (
        ("10_heads_and_encoders", "TransformerCRF"),
        ("22_transfer_en", "CLIN-X"),
        ("36_error_analysis", "IBD"),
        ("40_strategies", "LASL"),
    ):
        assert cost_page.study(page) == name

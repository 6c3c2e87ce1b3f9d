"""The claims page: what it reads of other pages' records, its tables, links and numbers."""

import re
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest
from made_records import PARAMETERS, PINS, collapse, made

from clinlib.experiments.key import key
from clinlib.report import book, notebooks, published, tables
from clinlib.report import claims as page
from clinlib.studies.cells import Cell
from clinlib.studies.claims import clinx, ibd, lasl, loops, table, tally, tcrf
from clinlib.studies.claims.claim import PAPERS, claims
from clinlib.studies.claims.comparison import Comparison
from clinlib.studies.claims.reading import Held
from clinlib.studies.claims.verdict import (
    HOLDS,
    NOT_RUN,
    OPEN,
    UNFINISHED,
    VERDICTS,
    reading,
    verdict,
)
from clinlib.studies.transformer_crf import effects, heads_and_encoders, labels
from clinlib.studies.transformer_crf.results import Arm

CLAIMS = {each.id: each for each in claims()}
REAL = PARAMETERS | {"seeds": 3, "corpora": ["ncbi_disease"], "pairs": []}
SHARE = {
    ("scratch-tiny", "softmax"): 0.5,
    ("scratch-tiny", "crf"): 0.6,
    ("pretrained:synthetic_en_letters", "softmax"): 0.7,
    ("pretrained:synthetic_en_letters", "crf"): 0.7,
}


def right(arm, seed):
    return SHARE[arm.encoder, arm.head] + 0.01 * seed


def results(change=None):
    records = made(REAL, right=right)
    for run in heads_and_encoders.runs(REAL):
        if change and run.role == "final":
            name = key(run.configuration, PINS)
            records[name] = change(records[name], run)
    return heads_and_encoders.results(records, REAL, PINS)


def read(name, found):
    return tcrf.READERS[name](CLAIMS[name], found, REAL)


@pytest.fixture(autouse=True)
def _checkout(monkeypatch):
    monkeypatch.delenv("CLINLIB_ROOT", raising=False)


# what is read


def test_the_crf_is_left_and_the_softmax_right():
    scratch, pretrained = read("tcrf-01", results())
    assert reading(CLAIMS["tcrf-01"], scratch) == HOLDS
    assert scratch.difference.value > 0 == pretrained.difference.value
    assert scratch.left.value > scratch.right.value


def test_a_claim_reads_the_cells_of_its_page():
    found = results()
    (shown,) = [e for e in effects.of_pretraining(found, tcrf.MACRO) if e.left.head == "crf"]
    (compared,) = read("tcrf-02", found)
    assert compared.difference == shown.difference
    assert compared.left == found.cell(shown.left, tcrf.MACRO)
    keys = {record["key"] for arm in (shown.left, shown.right) for record in found.of(arm)}
    assert {name.partition("/")[2] for name in compared.records} == keys


def test_a_missing_run_leaves_its_comparison_not_run():
    gone = Arm("ncbi_disease", "scratch-tiny", "softmax")
    found = results(lambda record, run: None if run.arm == gone else record)
    compared = read("tcrf-01", found)
    said = verdict(CLAIMS["tcrf-01"], compared)
    assert said.readings[0] == NOT_RUN and said.readings[1] != NOT_RUN
    assert "1 of 2 comparisons: ncbi_disease, scratch-tiny" in said.why


def test_the_label_ablations_are_those_of_their_page():
    found = results()
    compared = read("tcrf-13", found)
    value = labels.value("token", "macro", "f1", scale=100, without=("O",))
    arms = [arm for arm in found.arms if arm.head == "crf"]
    for arm, each in zip(arms, compared, strict=True):
        assert each.left == found.cell(arm, value)
        assert each.difference.value < 0  # of the made records, O is the best label


def test_no_pair_is_known_before_a_run_is_finished():
    assert {each.difference.missing for each in read("tcrf-07", results(lambda *_: None))} == {3}
    assert {each.difference.missing for each in read("tcrf-12", results(lambda *_: None))} == {3}


def test_confusions_are_shares_of_the_wrong_entity_words():
    first = results().of(Arm("ncbi_disease", "scratch-tiny", "crf"))[0]
    shares = [tcrf._confused(which)(first) for which in range(3)]
    assert sum(shares) == pytest.approx(100)
    # two words in every cell off the diagonal: of 6 others, 1 is O, 1 the other prefix
    assert shares == pytest.approx([100 / 6, 100 / 6, 400 / 6])


def test_runs_that_collapsed_to_o_are_read_and_others_not():
    run = made(REAL, right=right)
    records = list(run.values())[:3]
    found = {0: collapse(records[0]), 1: collapse(records[1]), 2: records[2]}
    parameters = {"corpus": "ncbi_disease"}
    (compared,) = tcrf.collapsed(CLAIMS["tcrf-11"], found, parameters)
    assert compared.n == 2 and compared.left.value > compared.right.value
    elsewhere = collapse(records[0])
    matrix = elsewhere["counts"]["test"]["confusion"]
    elsewhere["counts"]["test"]["confusion"] = [row[::-1] for row in matrix]
    assert tcrf.collapsed(CLAIMS["tcrf-11"], {0: elsewhere}, parameters) == []


def test_the_parameters_are_counted_and_not_read():
    (compared,) = read("tcrf-04", results())
    assert verdict(CLAIMS["tcrf-04"], [compared]).word == "reproduced"
    assert compared.left.value == pytest.approx(39.8, abs=0.05)
    wrong = Comparison("", (), Cell(9.7, values=(9.7,)))
    assert verdict(CLAIMS["tcrf-04"], [wrong]).word == "contradicted"


def test_errors_of_boundaries_are_what_ent_type_forgives():
    # each document: 10 gold, of which 6 strict and 8 by type, and 9 predictions
    spans = [[0, 0, 6, 3, 4, 8, 1, 2]]
    counts = {"documents": 1, "types": ["A"], "spans": spans}
    assert ibd._of_boundaries({"counts": {"test": counts}}) == pytest.approx(100 * 2 / 5)


def loop(shares, f1s):
    rows = [
        {"round": at, "sentences": share, "scores": {"test": {"strict": {"f1": f1}}}}
        for at, (share, f1) in enumerate(zip(shares, f1s, strict=True), start=1)
    ]
    base = {"status": "complete", "flags": [], "kind": "active_learning", "key": "k"}
    return base | {"data": {"pool_sentences": 100}, "curve": rows}


class Loops:
    """What the reader of page 40 needs of its results."""

    corpus = "cmedqaner"
    unit = "sentences"
    shares = (0.05, 0.1, 0.15)
    rounds = (5, 12, 15)  # labelled after each, in percent
    ceiling = {
        seed: {"status": "complete", "flags": [], "kind": "fine_tune", "key": "c"}
        | {"scores": {"test": {"strict": {"f1": 80.0}}}}
        for seed in (1, 2, 3)
    }

    def __init__(self, **loops):
        self.loops = {
            name: {seed: loop(self.rounds, f1s) for seed in (1, 2, 3)}
            for name, f1s in loops.items()
        }


def test_labels_needed_are_those_of_the_first_round_that_gets_there():
    claim = CLAIMS["lasl-04"]
    at95, at98 = lasl.needed(claim, Loops(LASL=(60.0, 76.0, 77.0)), {})
    assert at95.left.value == 12 and not at95.bound
    assert at95.difference.value == 12 - claim.stated[0]
    assert reading(claim, at95) == OPEN, "three equal rounds"
    assert at98.bound and at98.left.value == 15  # 78.4 is not reached
    assert reading(claim, at98) == OPEN


def test_who_leads_early_and_late_is_asked_at_each_budget():
    found = Loops(LPN=(50.0, 60.0, 70.0), MLP=(40.0, 50.0, 75.0))
    compared = lasl.READERS["lasl-03"](CLAIMS["lasl-03"], found, {})
    assert run(compared) == [10.0, 5.0]  # at 10 %, and at 15 %
    assert budgets_of(compared, "LPN, MLP") == ["10 %", "5 %"]
    assert budgets_of(compared, "MLP, LPN") == ["15 %", "20 %", "25 %", "30 %"]


def budgets_of(compared, pair):
    """The budgets of the comparisons of a pair, in their order."""
    return [each.label.rpartition(", ")[2] for each in compared if pair in each.label]


class Pages(Loops):
    """What the readers of pages 41 to 44 need of their results."""

    shares = (0.05, 0.1, 0.15)

    def __init__(self, predicting=(), **loops):
        super().__init__(**loops)
        self.predicting = list(predicting)
        self.models = {"BERT-CRF": self.loops, "another": self.loops}
        for runs in self.loops.values():
            for run in runs.values():
                for row in run["curve"]:
                    n = row["round"]
                    row["selection"] = {} if n == 1 else {"lambda": 0.3 * n - 0.2}
                    row["examples"] = {
                        "l_true": [2.0, 4.0],
                        "l_min": [2.0 - 1 / n, 4.0 - 1 / n],
                        "predicted": [-5.0, 15.0],
                    }


def test_losses_of_the_first_and_the_last_round_are_compared():
    nats, share = loops.approach(CLAIMS["lasl-05"], Pages(random=(1.0, 2.0, 3.0)), {})
    assert nats.left.value == 1.0 and nats.right.value == pytest.approx(1 / 3)
    assert share.left.value == pytest.approx(100 / 3) and share.right.value == pytest.approx(
        100 / 9
    )
    found = Pages(predicting=["LPN"], LPN=(1.0, 2.0, 3.0))
    (made,) = loops.scale(CLAIMS["lasl-11"], found, {})
    assert made.left.value == (7 + 11) / 2 and made.right.value == 3.0


def test_the_weight_passes_one_half_in_the_first_round_that_is_above():
    labels, rounds = loops.passing(CLAIMS["lasl-14"], Pages(DBS=(1.0, 2.0, 3.0)), {})
    assert labels.left.value == 15 and not labels.bound  # 0.4 in the second round, 0.7 in the third
    assert rounds.left.value == 3 and rounds.difference.value == 3 - 10
    assert loops.passing(CLAIMS["lasl-14"], Pages(LPN=(1.0, 2.0, 3.0)), {}) == []


def test_schedules_encoders_and_models_are_compared_at_every_budget():
    found = Pages(**{"mean": (1.0, 5.0, 9.0), "equal": (1.0, 4.0, 7.0), "mean, raw": (0.0,) * 3})
    made = loops.schedules(CLAIMS["lasl-06"], found, {})
    assert run(made) == [1.0, 2.0]
    three = {"shared": (1.0, 1.0, 1.0), "serial 2": (1.0, 3.0, 4.0), "serial 3": (1.0, 9.0, 9.0)}
    made = loops.encoders(CLAIMS["lasl-07"], Pages(**three), {})
    assert run(made) == [2.0, 3.0]
    made = loops.task_models(
        CLAIMS["lasl-08"], Pages(LASL=(1.0, 3.0, 5.0), random=(1.0, 2.0, 3.0)), {}
    )
    assert run(made) == [1.0, 2.0]
    assert {each.corpora for each in made} == {("cmedqaner",)}


def run(made):
    """The differences of the comparisons that are not missing."""
    return [each.difference.value for each in made if not each.difference.missing]


def test_what_the_paper_compares_and_loops_do_not_get_to_is_missing_and_not_left_out():
    """Loops that begin with 5 % and end at 15 % say nothing of 5 and of 20 to 30 %."""
    found = Pages(LASL=(1.0, 3.0, 5.0), random=(1.0, 2.0, 3.0))
    made = loops.task_models(CLAIMS["lasl-08"], found, {})
    absent = [each.label for each in made if each.difference.missing]
    assert [label.rpartition(", ")[2] for label in absent] == ["5 %", "20 %", "25 %", "30 %"]
    said = verdict(CLAIMS["lasl-08"], made)
    assert said.count(NOT_RUN) == len(absent) and f"not run: {len(absent)} of" in said.why
    one = Pages(**{"mean probability": (1.0, 5.0, 9.0), "equal": (1.0, 4.0, 7.0)})
    rules = [e.label for e in loops.schedules(CLAIMS["lasl-06"], one, {}) if e.difference.missing]
    assert [label.split(", ", 2)[2] for label in rules if "%" not in label] == [
        "linear",
        "root (p = 2)",
        "root (p = 5)",
    ]


def test_budgets_that_are_none_of_the_papers_have_none_beyond():
    found = Pages(LASL=(1.0, 3.0, 5.0), random=(1.0, 2.0, 3.0))
    found.shares = [0.12, 0.24, 0.36]
    made = loops.task_models(CLAIMS["lasl-08"], found, {})
    assert made and not [each for each in made if each.difference.missing]


def test_languages_are_those_of_the_cards():
    assert [clinx._language(name) for name in ("cantemist", "ncbi_disease")] == ["es", "en"]


# what is shown


def held(word_values, corpus="ncbi_disease", name="ibd-02"):
    compared = (Comparison(corpus, (corpus,), Cell.of(word_values), records=("fine_tune/abc",)),)
    said = verdict(CLAIMS[name], compared)
    return Held(CLAIMS[name], compared, said, ("30_methods",))


def test_synthetic_numbers_never_stand_beside_published_ones():
    fake = held((77.1, 77.2, 77.3), corpus="synthetic_nl_ibd")
    row = table.verdicts([fake], "ibd").iloc[0]
    assert row["published"] and row["found"] == row["seeds, or runs"] == table.NONE
    assert row["verdict"] == "synthetic: not counted"
    assert not any("77" in str(entry) for entry in row)
    shown = table.evidence([fake], "ibd").iloc[0]
    assert shown["left − right"].value == pytest.approx(77.2)
    assert "published" not in shown


def test_where_a_paper_contradicts_itself_the_row_says_so():
    doubtful = [name for name, claim in CLAIMS.items() if claim.doubt and claim.paper == "ibd"]
    rows = table.verdicts([held((2.0, 2.1), name=name) for name in ("ibd-02", *doubtful)], "ibd")
    for name in doubtful:
        said = rows.loc[name, "published"].squeeze()
        assert said == f"{CLAIMS[name].published} – The paper is at odds with itself: " + (
            CLAIMS[name].doubt
        )
    assert doubtful and "at odds" not in rows.loc["ibd-02", "published"].squeeze()


def test_few_comparisons_are_told_one_by_one_and_many_by_their_ends():
    one = held((2.0, 2.1, 2.2))
    assert table.ours(one) == "ncbi_disease: +2.1 [+1.9, +2.3] (3)"
    verdict = replace(one.verdict, readings=one.verdict.readings * 5)
    many = Held(one.claim, one.comparisons * 5, verdict, one.pages)
    assert table.ours(many).startswith("5 comparisons, from +2.1")


def test_what_is_not_run_to_the_end_is_not_told_beside_what_is():
    whole, half = held((2.0, 2.1, 2.2)), held((9.0, None, None))
    verdict = replace(whole.verdict, readings=(*whole.verdict.readings, UNFINISHED))
    both = Held(whole.claim, (*whole.comparisons, *half.comparisons), verdict, whole.pages)
    assert "9.0" not in table.ours(both) and "2.1" in table.ours(both)
    assert "9.0" in table.ours(half), "where nothing else is there"


def test_labels_of_a_curve_that_ended_first_are_no_measurement():
    one = held((2.0, 2.1, 2.2))
    (made,) = one.comparisons
    bound = replace(one, comparisons=(replace(made, bound=True),))
    assert table.ours(bound) == "ncbi_disease: +2.1 or more (3)"
    row = table.evidence([bound], "ibd").iloc[0]
    assert row["left − right"] == "2.1 or more (3)"
    tested = replace(one, comparisons=(replace(made, p=0.0321),))
    assert table.ours(tested) == "ncbi_disease: +2.1, p = 0.0321 (3)"
    unknown = replace(one, comparisons=(replace(made, unknown="never there"),))
    row = table.evidence([unknown], "ibd").iloc[0]
    assert row["left"] == row["left − right"] == "never there"
    assert table.ours(unknown) == "ncbi_disease: never there"


def test_pages_and_records_can_be_followed():
    frame = page.linked(table.verdicts([held((2.0, 2.1, 2.2))], "ibd"), "open")
    text = tables.table(frame, name="t", caption="c")._repr_html_()
    assert '<a href="30_methods.html">30_methods</a>' in text
    frame = page.linked(table.evidence([held((2.0, 2.1, 2.2))], "ibd"), "open")
    text = tables.table(frame, name="t", caption="c")._repr_html_()
    assert '<a href="../../../../results/open/fine_tune/abc.json">abc</a>' in text
    assert "abc" in tables.table(frame, name="t", caption="c").csv()


def test_in_a_hosted_book_records_are_those_of_the_repository(monkeypatch):
    before = page.reads({"profile": "open"})
    monkeypatch.setenv("CLINLIB_REPOSITORY", "https://github.com/owner/name")
    frame = page.linked(table.evidence([held((2.0, 2.1, 2.2))], "ibd"), "open")
    text = tables.table(frame, name="t", caption="c")._repr_html_()
    record = "https://github.com/owner/name/blob/main/results/open/fine_tune/abc.json"
    assert f'<a href="{record}">abc</a>' in text
    assert page.reads({"profile": "open"}) != before  # so that the page is executed again


def test_the_tally_counts_every_claim_once():
    found = [held((2.0, 2.1, 2.2)), held((None,) * 3, name="ibd-03")]
    frame = tally.tally(found)
    assert frame.loc["reproduced", "the IBD study"] == 1
    assert frame.loc["not run", "all"] == frame.loc["reproduced", "all"] == 1
    assert list(frame.loc["all"]) == [0, 0, 2, 0, 2]
    said = " ".join(tally.sentences(found))
    assert "Reproduced: ibd-02" in said and "ibd-03" in said  # the second for its doubt
    assert tally.introduction(found) == "Of 2 claims these records decide 1. The others: 1 not run."


@pytest.mark.parametrize("profile", ["quick", "open"])
def test_the_page_adds_no_run(profile):
    parameters = {"profile": profile}
    mine = set(page.plan(parameters))
    others = {
        config
        for name in notebooks.names()
        if name != page.NAME
        for config in notebooks.plan(name, profile)
    }
    assert mine and mine <= others
    assert set(book.plan(profile)) == others


def test_numbers_have_the_same_names_without_any_record():
    numbers = page.numbers({}, {"profile": "open"})
    assert (
        numbers["all_claims"]
        == len(claims())
        == sum(numbers[f"{paper}_claims"] for paper in PAPERS)
    )
    for paper in PAPERS:
        words = [word.partition(":")[0].replace(" ", "_") for word in VERDICTS]
        assert sum(numbers[f"{paper}_{word}"] for word in words) == numbers[f"{paper}_claims"]
    front = (notebooks.root() / "book" / "index.md").read_text(encoding="utf-8")
    quoted = set(re.findall(r"\{number\}`90_claims/(\w+)`", front))
    assert quoted and quoted <= set(numbers)


def test_without_records_only_arithmetic_is_decided():
    found = page.held({}, {"profile": "open"})
    assert [each.claim.id for each in found if each.verdict.word in tally.DECIDED] == ["tcrf-04"]
    assert {each.claim.id for each in found} == set(CLAIMS)
    for paper in PAPERS:
        assert len(table.verdicts(found, paper)) == len(table.tests(found, paper))


def test_in_quick_nothing_but_arithmetic_has_a_verdict():
    records = page.records({"profile": "quick"})
    found = page.held(records, {"profile": "quick"})
    assert {each.claim.id for each in found if each.verdict.word not in VERDICTS[-2:]} == {
        "tcrf-04"
    }


def test_the_page_starts_without_torch():
    code = (
        "import sys, clinlib.report.claims; assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# what is published


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("tcrf-01", "transformercrf_bio_strict"),
        ("tcrf-02", "transformercrf_bio_strict"),
        ("tcrf-03", "transformercrf_bio_strict"),
        ("tcrf-04", "transformercrf_parameters"),
        ("clinx-01", "clinx_embeddings"),
        ("clinx-02", "clinx_embeddings"),
        ("clinx-03", "clinx_embeddings"),
        ("clinx-04", "clinx_training_ablation"),
        ("clinx-05", "clinx_training_ablation"),
        ("clinx-06", "clinx_training_ablation"),
        ("clinx-14", "clinx_training_ablation"),
        *((f"ibd-{at:02d}", "ibd_methods") for at in (1, 2, 3, 4, 5, 6, 13)),
        ("ibd-08", "ibd_significance"),
        *((f"lasl-{at:02d}", "lasl_methods") for at in (2, 3, 10, 12)),
    ],
)
def test_published_figures_are_those_of_the_published_tables(name, source):
    frame = published.load(source).frame
    there = {float(x) for x in frame.select_dtypes("number").to_numpy().ravel()}
    quoted = re.findall(r"(?<![\w-])\d+(?:\.\d+)?(?![\w-])", CLAIMS[name].published)
    assert quoted and {float(each) for each in quoted} <= there


def test_links_of_a_table_are_escaped():
    frame = pd.DataFrame({"page": [(tables.Link("<a>", 'x"y'),)]})
    text = tables.table(frame, name="t", caption="c", index=False)._repr_html_()
    assert '<a href="x&quot;y">&lt;a&gt;</a>' in text

"""The error analysis: tables add up to corpus and records, and gated text stays out of passages."""

import ast
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from made_records import PINS

from clinlib.corpora.corpus import Corpus
from clinlib.corpora.document import Document, Section, Span
from clinlib.corpora.ledger import Ledger
from clinlib.errors import BadInput, ClinlibError
from clinlib.evaluation.errors import CLASSES, SPURIOUS, analyse
from clinlib.evaluation.spans import Score, tally
from clinlib.evaluation.summary import entry
from clinlib.experiments.key import key
from clinlib.experiments.spec import FineTune
from clinlib.report import notebooks, published
from clinlib.report import tables as report_tables
from clinlib.studies import passages as passages_module
from clinlib.studies.corpora import ABSENT
from clinlib.studies.ibd import error_passages as texts
from clinlib.studies.ibd import error_tables as tables
from clinlib.studies.ibd import errors as study

CORPUS = "synthetic_nl_ibd"
TYPES = ("Location", "Diagnosis")
METHODS = ("FT", "FT-FS", "EMLM")
CANARY = "kanarie"
PARAMETERS = {
    "corpora": [CORPUS],
    "seeds": 2,
    "method": "EMLM",
    "sample": 50,
    "sample_seed": 0,
    "disagreements": 5,
}


def run(corpus, method, seed):
    rate = 1e-3 * (1 + METHODS.index(method))
    return FineTune(
        corpus=corpus,
        encoder="scratch-tiny",
        learning_rate=rate,
        seed=seed,
        keep_predictions=seed == 1,
    )


def plan(parameters):
    seeds = range(1, parameters["seeds"] + 1)
    corpora = parameters["corpora"]
    return [run(corpus, method, s) for corpus in corpora for method in METHODS for s in seeds]


class Found:
    """The records by corpus, method and seed, as the methods' page has them."""

    def __init__(self, records, parameters, pins=None):
        self.records, self.pins = records, pins or PINS
        self.corpora = parameters["corpora"]
        self.seeds = [1, 2][: parameters["seeds"]]

    def by_seed(self, corpus, method):
        return {s: self.records.get(key(run(corpus, method, s), PINS)) for s in self.seeds}


def documents(n=12):
    """Notes of two sections and three sentences, four spans each, two of them conjoined."""
    found = []
    for number in range(n):
        text = f"Ileum {CANARY} en colon aangetast. Crohn sinds jaren, {number}.\nKolitis ulcerosa."
        spans = []
        for words, type, why in (
            (f"Ileum {CANARY}", "Location", "conjunction"),
            ("colon", "Location", "conjunction"),
            ("Crohn", "Diagnosis", "lexicon"),
            ("Kolitis ulcerosa", "Diagnosis", "unseen"),
        ):
            start = text.index(words)
            spans.append(Span(start, start + len(words), type, why))
        second, third = text.index("Crohn"), text.index("Kolitis")
        bounds = ((0, second - 1), (second, third - 1), (third, len(text)))
        sections = (Section(0, third, "Bevinding"), Section(third, len(text), "Besluit"))
        note = Document(f"note-{number:02}", text, tuple(spans), bounds, sections=sections)
        found.append(note)
    return tuple(found)


def predictions(document, method, rng):
    """What a method makes of a note: each span right, cut, widened, joined, renamed or missed."""
    first, second, third, fourth = document.spans
    share = {"FT": 0.9, "FT-FS": 0.6, "EMLM": 0.4}[method]
    found = []
    if rng.random() < share:
        found.append(Span(first.start, second.end, "Location"))
    else:
        found += [Span(first.start, first.end, "Location")]
        found += [Span(second.start, second.end - 2, "Location")] * (rng.random() < share)
    if rng.random() < share:
        found.append(Span(third.start, third.end, "Location"))
    if rng.random() < share:
        found += [Span(third.end + 1, third.end + 6, "Diagnosis")]
    found += [Span(fourth.start, fourth.start + 7, "Diagnosis")]
    found += [Span(fourth.start + 8, fourth.end, "Diagnosis")] * (rng.random() < share)
    return sorted(found)


def scored(notes, predicted):
    """The parts of a record that follow from predictions."""
    counts = tally([note.spans for note in notes], predicted, TYPES)
    sums = counts.array.sum(axis=(0, 1))
    strict, lenient = (Score.of(part).as_dict() for part in (sums[:3], sums[3:]))
    return {
        "scores": {"test": {"strict": strict, "ent_type": lenient}},
        "counts": {"test": entry(counts, np.zeros((1, 1), dtype=int), ["O"], "word")},
        "predictions": [[[s.start, s.end, s.type] for s in spans] for spans in predicted],
    }


def made(config, method, notes):
    rng = np.random.default_rng(METHODS.index(method))
    record = {
        "key": key(config, PINS),
        "kind": "fine_tune",
        "status": "complete",
        "flags": [],
        "configuration": config.to_dict(),
        "provenance": {},
    }
    return record | scored(notes, [predictions(note, method, rng) for note in notes])


@pytest.fixture
def notes(monkeypatch):
    """The test documents of a corpus of made notes, and methods that have their own names."""
    found = documents()
    corpus = Corpus(CORPUS, "nl", TYPES, {"test": found}, Ledger())
    monkeypatch.setattr(study, "load", lambda name: corpus)
    monkeypatch.setattr(study, "is_here", lambda name: name == CORPUS)
    stand_in = SimpleNamespace(METHODS=METHODS, plan=plan, Results=Found)
    monkeypatch.setattr(study, "methods", stand_in)
    return found


@pytest.fixture
def records(notes):
    return {
        key(run(CORPUS, method, 1), PINS): made(run(CORPUS, method, 1), method, notes)
        for method in METHODS
    }


@pytest.fixture
def results(records):
    return study.Results(records, PARAMETERS, PINS)


def change(records, method, how):
    name = key(run(CORPUS, method, 1), PINS)
    return study.Results(records | {name: how(records[name])}, PARAMETERS, PINS)


def test_the_plan_is_the_runs_that_keep_predictions(notes):
    found = study.plan(PARAMETERS)
    assert [config.seed for config in found] == [1, 1, 1]
    assert all(config.keep_predictions for config in found)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"method": "EMML"}, "unknown method 'EMML'; did you mean 'EMLM'"),
        ({"sample": -1}, "sample: -1 passages"),
        ({"disagreements": -2}, "disagreements: -2 passages"),
    ],
)
def test_parameters_that_make_no_page_are_refused_before_training(notes, changed, said):
    with pytest.raises(BadInput, match=said):
        study.plan(PARAMETERS | changed)


def test_the_page_depends_on_which_corpora_are_here(notes, monkeypatch):
    both = PARAMETERS | {"corpora": [CORPUS, "meddocan"]}
    before = study.reads(both)
    monkeypatch.setattr(study, "is_here", lambda name: True)
    assert CORPUS in before and study.reads(both) != before


def test_classes_and_correct_spans_add_up_to_gold_and_to_predictions(results, records, notes):
    for method in METHODS:
        frame = tables.balance(results, method).loc[CORPUS]
        record = records[key(run(CORPUS, method, 1), PINS)]
        gold = sum(len(note.spans) for note in notes)
        predicted = sum(map(len, record["predictions"]))
        assert frame.loc["sum", ["gold spans", "predictions"]].tolist() == [gold, predicted]
        assert frame.drop("sum").sum().tolist() == frame.loc["sum"].tolist()
        lenient = record["scores"]["test"]["ent_type"]["recall"]
        assert 100 * frame.loc["sum", "right under ent_type"] / gold == pytest.approx(lenient)


def test_the_classes_make_up_the_gap_of_the_records_scores(results, records):
    frame = tables.gap(results)
    for method in METHODS:
        row = frame.loc[CORPUS, method]
        scores = records[key(run(CORPUS, method, 1), PINS)]["scores"]["test"]
        assert row["strict F1"] == pytest.approx(scores["strict"]["f1"])
        assert row["ent_type F1"] == pytest.approx(scores["ent_type"]["f1"])
        inner = row[list(tables.SEGMENTATION)]
        errors = [e for found in results.analyses[CORPUS, method] for e in found.errors]
        boundaries = [error for error in errors if error.kind in tables.SEGMENTATION]
        assert row[tables.BOUNDARIES] == len(boundaries)
        assert row[tables.FORGIVEN] == sum(error.forgiven for error in boundaries)
        assert row["strict F1"] + inner.sum() == pytest.approx(scores["ent_type"]["f1"])
        assert row["conjunction joined"] > 0 and row["split"] > 0


def test_counts_of_classes_are_those_of_every_document(results, records, notes):
    frame, shares = tables.classes(results), tables.classes(results, share=True)
    for method in METHODS:
        kept = records[key(run(CORPUS, method, 1), PINS)]["predictions"]
        kinds = Counter(
            error.kind
            for note, spans in zip(notes, kept, strict=True)
            for error in analyse(note.spans, [Span(*span) for span in spans]).errors
        )
        column = frame[method].loc[CORPUS]
        assert {kind: column[kind] for kind in CLASSES if column[kind]} == kinds
        assert column[tables.ALL] == kinds.total()
        assert shares[method].sum() == pytest.approx(100)


def test_types_and_mechanisms_divide_the_gold_spans(results, notes):
    gold = [span for note in notes for span in note.spans]
    for frame, name in (
        (tables.by_type(results, "FT"), "type"),
        (tables.by_why(results, "FT"), "why"),
    ):
        found = frame.loc[CORPUS]
        sizes = Counter(getattr(span, name) for span in gold)
        assert found["gold spans"].to_dict() == sizes
        parts = found.drop(columns=["gold spans", SPURIOUS], errors="ignore")
        assert parts.sum(axis=1).to_dict() == sizes
    spurious = tables.by_type(results, "FT")[SPURIOUS].sum()
    assert spurious == tables.classes(results)["FT"][CORPUS, SPURIOUS] > 0
    wrong = tables.wrong_by_why(results).loc[CORPUS, "unseen"]
    assert wrong["gold spans"] == 12 and wrong["FT"] == 100.0


def test_what_is_not_there_is_named_in_every_table(records, results):
    absent = study.Results(records, PARAMETERS | {"corpora": ["meddocan"]}, PINS)
    for found, said in (
        (change(records, "EMLM", lambda record: None), "missing"),
        (change(records, "EMLM", lambda record: record | {"status": "failed"}), "failed"),
        (change(records, "EMLM", lambda record: record | {"flags": ["collapsed"]}), "collapsed"),
        (
            change(records, "EMLM", lambda r: {k: r[k] for k in r if k != "predictions"}),
            "no predictions",
        ),
        (absent, ABSENT),
    ):
        place = found.corpora[0]
        assert set(tables.classes(found)["EMLM"]) == {said}
        assert set(tables.gap(found).loc[place, "EMLM"]) == {said}
        assert (tables.balance(found, "EMLM") == said).to_numpy().all()
        assert set(texts.sample_sizes(found, 50, 0)["drawn"]) == {said}
        assert set(tables.wrong_by_why(found).get("EMLM", [said])) == {said}
        assert len(tables.by_type(found, "EMLM")) == len(tables.by_why(found, "EMLM")) == 0
        assert texts.by_class(found, place, texts.sampled(found, place, 9, 0), False) == {}
    assert texts.disagreements(absent, "meddocan", 5, 0, False) == ([], 0)
    assert texts.compared(absent, "meddocan", 0, 0, "differ").endswith("its text is not here")
    assert any("not on this machine" in said for said in tables.sentences(absent))


def test_predictions_of_other_documents_are_refused(records):
    with pytest.raises(ClinlibError, match="the record's counts"):
        change(records, "FT", lambda r: r | {"predictions": [[], *r["predictions"][1:]]})
    with pytest.raises(ClinlibError, match="or they do so in other documents"):
        change(records, "EMLM", lambda r: r | {"predictions": r["predictions"][::-1]})
    with pytest.raises(BadInput, match="predictions for 11 documents"):
        change(records, "FT", lambda r: r | {"predictions": r["predictions"][1:]})


def test_the_sample_is_of_the_method_shown_and_holds_its_errors(results):
    drawn = texts.sampled(results, CORPUS, 10, 0)
    assert len(drawn) == 10 and drawn != texts.sampled(results, CORPUS, 10, 1)
    everything = [error for found in results.analyses[CORPUS, "EMLM"] for error in found.errors]
    assert all(error in everything for _, error in drawn)
    assert len(texts.sampled(results, CORPUS, 10_000, 0)) == len(everything)
    shown = texts.by_class(results, CORPUS, drawn, False)
    assert {kind: len(each) for kind, each in shown.items()} == Counter(
        error.kind for _, error in drawn
    )
    sizes = texts.sample_sizes(results, 10, 0)
    assert sizes["drawn"].sum() == 10 and sizes["errors"].sum() == len(everything)
    assert len(texts.listed(drawn)) == 10


def test_a_passage_of_the_sample_shows_gold_the_prediction_and_where_it_is(results):
    drawn = texts.sampled(results, CORPUS, 100, 0)
    for passages in texts.by_class(results, CORPUS, drawn, False).values():
        for each in passages:
            assert [row.labels for row in each.rows] == [("gold",), ("EMLM",)]
            assert each.focus and each.title.split(", ")[1] in ("Bevinding", "Besluit")
            marked = {span for row in each.rows for span in row.spans}
            assert each.focus <= marked


def test_sentences_where_methods_differ_are_all_those_and_are_drawn_from_the_seed(results, notes):
    differing = 0
    for place, note in enumerate(notes):
        for start, end in note.sentences:
            seen = {
                tuple(
                    s
                    for s in results.predicted[CORPUS, m][place]
                    if s.start < end and start < s.end
                )
                for m in METHODS
            }
            differing += len(seen) > 1
    found, total = texts.disagreements(results, CORPUS, 5, 0, False)
    said = texts.compared(results, CORPUS, len(found), total, "differ")
    assert said == f"{CORPUS}: {len(found)} of {total} sentences differ"
    assert total == differing > 5 and len(found) == 5
    assert found == texts.disagreements(results, CORPUS, 5, 0, False)[0]
    assert found != texts.disagreements(results, CORPUS, 5, 1, False)[0]
    for each in found:
        assert {label for row in each.rows for label in row.labels} == {"gold", *METHODS}
        assert len({row.spans for row in each.rows[1:]}) > 1
        for row in each.rows[1:]:
            assert bool(row.note) == (set(row.spans) != set(each.rows[0].spans))


def test_the_share_of_segmentation_errors_has_an_interval_over_documents(results):
    share = tables.segmentation_share(results, CORPUS, "FT")
    frame = tables.classes(results, share=True)["FT"][CORPUS]
    assert share.value == pytest.approx(frame[list(tables.SEGMENTATION)].sum())
    assert share.low < share.value < share.high
    said = tables.sentences(results)
    assert len(said) == 2 and "95 % interval over test documents" in said[0]


def test_the_published_gap_is_the_difference_of_its_scores():
    frame = tables.published_gap(published.load("ibd_methods").frame)
    assert frame.loc["FT", "difference"].item() == pytest.approx(83.79 - 72.84)


def outputs(monkeypatch, records, **changes):
    """Everything that the notebook's cells show, as HTML, plain text and CSV, in one text."""
    asked = notebooks.parameters(study.NAME, "quick") | PARAMETERS | changes
    monkeypatch.setattr(notebooks, "records", lambda plan, values: records)
    monkeypatch.setattr(notebooks, "bound", lambda name, namespace: asked)
    real = study.Results
    monkeypatch.setattr(study, "Results", lambda found, values: real(found, values, PINS))
    space, shown = dict(asked), []
    csv = report_tables.Table.csv
    monkeypatch.setattr(
        report_tables.Table, "csv", lambda self: shown.append(csv(self)) or csv(self)
    )
    for cell in notebooks.read(study.NAME).cells:
        if cell.cell_type != "code" or "parameters" in cell.metadata.get("tags", ()):
            continue
        if cell.source.startswith("provenance.footer"):
            continue  # reads the store
        tree = ast.parse(cell.source)
        last = tree.body.pop()
        exec(compile(tree, "cell", "exec"), space)
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), space)
        shown += [repr(value), getattr(value, "data", "")]
        if hasattr(value, "_repr_html_"):
            shown.append(value._repr_html_())
    return "\n".join(filter(None, shown))


def test_the_notebook_shows_text_of_an_open_corpus(monkeypatch, records):
    text = outputs(monkeypatch, records)
    assert CANARY in text and "<mark" in text


@pytest.mark.parametrize(("corpus", "said"), [(CORPUS, "missing"), ("meddocan", ABSENT)])
def test_the_notebook_renders_without_any_run_or_corpus(monkeypatch, notes, corpus, said):
    assert said in outputs(monkeypatch, {}, corpora=[corpus])


def test_the_notebook_renders_with_some_runs(monkeypatch, records):
    del records[key(run(CORPUS, "FT-FS", 1), PINS)]
    text = outputs(monkeypatch, records)
    assert "missing" in text and CANARY in text


def test_text_of_a_gated_corpus_is_nowhere_unless_asked_for(monkeypatch, records):
    monkeypatch.setattr(passages_module, "is_gated", lambda corpus: True)
    monkeypatch.setattr(texts, "is_gated", lambda corpus: True)
    text = outputs(monkeypatch, records, show_text=False)
    assert CANARY not in text and "aangetast" not in text and "<mark" not in text
    assert "Location [0, " in text and "may not be passed on: passages give offsets" in text


def test_text_of_a_gated_corpus_that_is_asked_for_has_a_banner(monkeypatch, records):
    monkeypatch.setattr(passages_module, "is_gated", lambda corpus: True)
    monkeypatch.setattr(texts, "is_gated", lambda corpus: True)
    text = outputs(monkeypatch, records, show_text=True)
    assert CANARY in text and "shows text of synthetic_nl_ibd, which may not be passed on" in text


@pytest.mark.parametrize("profile", ["quick", "open", "paper"])
def test_the_page_trains_nothing_that_the_methods_page_does_not(profile):
    mine, theirs = (
        {key(config, PINS) for config in notebooks.plan(name, profile)}
        for name in (study.NAME, "30_methods")
    )
    assert mine and mine <= theirs

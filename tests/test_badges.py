"""Badges: every state of the runs behind a page is said at its top, or the book fails."""

import json

import nbformat
import pytest
import toy_runs

from clinlib.errors import ClinlibError
from clinlib.experiments import provenance as code
from clinlib.experiments.key import key
from clinlib.experiments.spec import FineTune
from clinlib.experiments.status import status
from clinlib.report import badges, book, card_pages, notebooks, provenance, stage
from clinlib.report.cells import Cell

CONFIG = FineTune(corpus="works", encoder="scratch-tiny")
NAME = key(CONFIG, toy_runs.PINS)
STATES = ("current", "missing", "failed", "collapsed", "drifted", "stale")


@pytest.fixture
def store(tmp_path):
    return toy_runs.store(tmp_path)


def made(config=CONFIG, **changes) -> dict:
    """A complete record of today's code."""
    return {
        "schema": 1,
        "kind": "fine_tune",
        "version": config.VERSION,
        "key": key(config, toy_runs.PINS),
        "status": "complete",
        "configuration": config.to_dict(),
        "flags": [],
        "provenance": {"source": code.source("fine_tune"), "finished": "2024"},
    } | changes


def in_state(wanted: str, store, config=CONFIG) -> dict | None:
    """What the store gives for a configuration whose run is in that state."""
    record = made(config)
    match wanted:
        case "missing":
            return None
        case "failed":
            record |= {"status": "failed", "error": {"type": "ValueError", "message": "no <p>"}}
        case "collapsed":
            record["flags"] = ["collapsed"]
        case "drifted":
            record["provenance"] = {"source": "another"}
        case "stale":
            store.save(record | {"version": 0, "key": f"{config.seed:016d}"})
            return None
    store.save(record)
    return record


def test_a_run_whose_option_was_revised_is_made_by_an_older_version(store):
    config = CONFIG.replaced(sections="embedding")
    assert config.version > FineTune.VERSION
    store.save(made(config, version=FineTune.VERSION, key="0" * 16))
    (row,) = status([config], "test", store)
    assert row.state == "stale"
    assert row.why.startswith(f"made by version {FineTune.VERSION} of the routine, now 2")
    # asked for or not, it says so
    (alone,) = status([], "test", store)
    assert alone.why == f"made by version {FineTune.VERSION} of the routine, now 2"


@pytest.mark.parametrize("wanted", STATES)
def test_the_state_of_a_run_is_said_with_its_reason(store, wanted):
    found = badges.of_page({NAME: in_state(wanted, store)}, store)
    assert found.counts == {wanted: 1}
    assert f"1 {wanted}" in found.line and f">1 {wanted}</span>" in found.html()
    why = {
        "failed": "ValueError: no <p>; the next sweep tries again",
        "drifted": f"made by source another, now {code.source('fine_tune')}",
        "stale": f"made by version 0 of the routine, now {FineTune.VERSION}",
    }.get(wanted, "")
    lines = found.explained()
    assert len(lines) == (wanted != "current")
    assert all(why in line and badges.STATES[wanted] in line for line in lines)


@pytest.mark.parametrize("wanted", [each for each in STATES if each != "collapsed"])
def test_the_command_status_says_the_same_as_the_page(store, wanted):
    in_state(wanted, store)
    (row,) = status([CONFIG], "test", store)
    assert (row.state, row.key) == (wanted, NAME)


def test_a_run_whose_data_changed_is_stale(store):
    store.save(made())
    pins = type(store.pins)(corpus="new {}".format, text=str, encoder=lambda name: None)
    other = type(store)("test", store.base, pins)
    name = key(CONFIG, pins)
    found = badges.of_page({name: None}, other)
    assert found.counts == {"stale": 1} and "other data" in found.explained()[0]
    (row,) = status([CONFIG], "test", other)
    assert (row.state, row.why) == (
        "stale",
        "made from other data, or from runs of an older version; the next sweep runs it again",
    )


def test_what_is_drifted_and_collapsed_counts_as_drifted(store):
    record = made(flags=["collapsed"], provenance={"source": "another"})
    assert badges.of_page({NAME: record}, store).counts == {"drifted": 1}


def test_equal_reasons_are_counted_and_others_told_apart(store):
    records = {
        "a": made(provenance={"source": "x"}),
        "b": made(provenance={"source": "y"}),
        "c": made(provenance={"source": "y"}),
    }
    (line,) = badges.of_page(records, store).explained()
    assert line.startswith("3 drifted")
    assert line.index("1: made by source x") < line.index("2: made by source y")


def page(records, store) -> nbformat.NotebookNode:
    """An executed notebook with a title and a footer, its badges brought to the top."""
    footer = provenance.footer("10_a", {"profile": "test"}, records, store=store)
    data = {"text/html": footer._repr_html_(), "text/plain": repr(footer)}
    shown = nbformat.v4.new_code_cell(
        "footer", outputs=[nbformat.v4.new_output("execute_result", data)], id="last"
    )
    title = nbformat.v4.new_markdown_cell("# Title", id="first")
    executed = nbformat.v4.new_notebook(cells=[title, shown])
    badges.on_top(executed)
    return executed


def test_the_badges_stand_below_the_title_and_can_be_read_again(store):
    records = {
        each: in_state(each, store, CONFIG.replaced(seed=n)) for n, each in enumerate(STATES)
    }
    names = [key(CONFIG.replaced(seed=n), toy_runs.PINS) for n in range(len(STATES))]
    executed = page(dict(zip(names, records.values(), strict=True)), store)
    assert [cell.id for cell in executed.cells] == ["first", badges.CELL, "last"]
    assert badges.said(executed) == dict.fromkeys(STATES, 1)
    for each in STATES:
        assert f"1 {each}" in executed.cells[1].source
    assert '<a href="#provenance">' in executed.cells[1].source


def test_runs_that_start_from_different_weights_of_one_encoder_are_said_to(store):
    def started(name, weights):
        parents = {"parents": {"encoder1": weights, "encoder2": "cc" * 32}}
        return made() | {"key": name, "provenance": made()["provenance"] | parents}

    alike = {name: started(name, "aa" * 32) for name in ("one", "two")}
    found = badges.of_page(alike | {"three": None}, store)
    assert not found.copies and "unequal" not in found.html() + " ".join(found.explained())
    found = badges.of_page(alike | {"three": started("three", "bb" * 32), "four": made()}, store)
    assert found.copies == {"encoder1": {"aa" * 32: 2, "bb" * 32: 1}}
    assert "unequal starts" in found.html()
    assert found.explained()[-1].endswith("(runs: 2 from aaaaaaaa, 1 from bbbbbbbb)")
    assert badges.badges_of(found.html()) == found.counts


def test_a_page_without_runs_says_so(store):
    executed = page({}, store)
    line = '<p class="cl-states" data-states="{}">Runs behind this page: none</p>'
    assert executed.cells[1].source == line and badges.said(executed) == {}


def test_an_executed_page_is_the_same_each_time(store):
    once, again = (json.dumps(page({NAME: None}, store)) for _ in range(2))
    assert once == again


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A checkout whose one page reads CONFIG; returns a function that builds its book.

    `shown` are the records that the page's execution met, by default those that are there.
    """
    monkeypatch.setenv("CLINLIB_ROOT", str(tmp_path))
    folder = tmp_path / "notebooks"
    (folder / "profiles").mkdir(parents=True)
    (folder / "profiles" / "test.yml").write_text("")
    (tmp_path / "data_cards").mkdir()
    (tmp_path / "book").mkdir()
    for name in ("_config.yml", "_toc.yml"):
        (tmp_path / name).write_text("title: x\n")
    cell = nbformat.v4.new_code_cell('profile: str = "test"', metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "10_a.ipynb")
    store = toy_runs.store(tmp_path)

    class Study:
        plan = staticmethod(lambda values: [CONFIG])
        numbers = staticmethod(lambda records, values: {"f1": Cell.of([80, 82])})

    def build(shown=None):
        met = {NAME: store.get(CONFIG)} if shown is None else shown

        def execute(name, profile, *, out):
            out.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(page(met, store), out)

        monkeypatch.setattr(stage, "execute", execute)
        return book.build("test")

    class Swept:
        summary = staticmethod(lambda: "swept")
        failed = blocked = ()

    monkeypatch.setattr(notebooks, "study", lambda name: Study)
    monkeypatch.setattr(badges, "Store", lambda profile: store)
    monkeypatch.setattr(stage, "Store", lambda profile: store)
    monkeypatch.setattr(card_pages, "cards", lambda root: {})
    monkeypatch.setattr(book, "sweep", lambda *_: Swept)
    monkeypatch.setattr(book, "render", lambda *_: True)
    build.store = store
    build.numbers = lambda: json.loads(
        (tmp_path / "_build" / "test" / "stage" / "numbers" / "10_a.json").read_text()
    )
    return build


@pytest.mark.parametrize("wanted", STATES)
def test_the_book_is_in_order_where_the_page_says_the_state(built, wanted):
    in_state(wanted, built.store)
    assert built().name == "index.html"


@pytest.mark.parametrize("wanted", [each for each in STATES if each != "current"])
def test_the_book_fails_where_the_page_does_not_say_the_state(built, wanted):
    in_state(wanted, built.store)
    with pytest.raises(ClinlibError, match=f"10_a: 1 runs are {wanted}, and its badges say 0"):
        built(shown={NAME: made()})


def test_the_book_fails_where_a_badge_says_what_is_not(built):
    built.store.save(made())
    with pytest.raises(ClinlibError, match="10_a: 0 runs are drifted, and its badges say 1"):
        built(shown={NAME: made(provenance={"source": "another"})})


def test_the_book_fails_where_a_page_has_lost_its_badges(built, monkeypatch):
    in_state("drifted", built.store)
    monkeypatch.setattr(badges, "on_top", lambda executed: None)
    with pytest.raises(ClinlibError, match="1 runs are drifted, and its badges say 0"):
        built()


@pytest.mark.parametrize(
    ("wanted", "text"), [("current", "81.0 ± 12.7 (2)"), ("drifted", "81.0 ± 12.7 (2) (drifted)")]
)
def test_a_number_in_prose_says_that_it_is_drifted(built, wanted, text):
    in_state(wanted, built.store)
    built()
    assert built.numbers() == {"f1": text}

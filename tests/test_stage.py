"""The stage and the book: what is written, when it is rendered again, what a failure leaves."""

import json

import nbformat
import pytest

from clinlib.corpora.card import Card
from clinlib.errors import ClinlibError
from clinlib.report import book, card_pages, notebooks, provenance, stage
from clinlib.report.paths import content_hash
from clinlib.studies.cells import Cell

HEADER = {
    "name": "letters",
    "pretty_name": "Letters",
    "language": ["en"],
    "license": "cc0-1.0",
    "licence": "CC0 | all of it",
    "licence_source": "its README",
    "where_to_get": "https://example.org",
    "gated": False,
    "synthetic": False,
    "folder": "letters",
    "reader": {"format": "brat", "path": "."},
    "document_unit": "letter",
    "splits": {"grouped": {"train": 0.8, "test": 0.2}, "seed": 13},
    "types": ["Drug", "Dose"],
    "known_problems": ["some are torn"],
    "counts": {
        "train": {
            "documents": 8,
            "sentences": 80,
            "spans": 1200,
            "types": {"Drug": 1200, "Dose": 0},
        }
    },
    "ledger": {"read: spans": 1202, "dropped: outside the text": 2},
    "body": "# Letters\n\nProse.\n\n```sh\n# not a heading\n```\n",
}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with one notebook, prose, and no card; notebooks are copied, not executed."""
    monkeypatch.setenv("CLINLIB_ROOT", str(tmp_path))
    (tmp_path / "notebooks" / "profiles").mkdir(parents=True)
    (tmp_path / "notebooks" / "profiles" / "quick.yml").write_text("")
    cell = nbformat.v4.new_code_cell('profile: str = "quick"', metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "notebooks" / "10_a.ipynb")
    (tmp_path / "data_cards").mkdir()
    (tmp_path / "book" / "_static").mkdir(parents=True)
    (tmp_path / "book" / "_static" / "x.css").write_text("p {}")
    (tmp_path / "book" / "index.md").write_text("# Title\n")
    for name in ("_config.yml", "_toc.yml"):
        (tmp_path / name).write_text("title: x\n")

    def execute(name, profile, *, out):
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(notebooks.find(name).read_bytes())

    monkeypatch.setattr(stage, "execute", execute)
    monkeypatch.setattr(card_pages, "cards", lambda root: {})
    return tmp_path


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_the_stage_holds_pages_at_their_git_paths(checkout):
    staged = checkout / "stage"
    stage.fill("quick", staged, stage.execute_all("quick", staged))
    assert files(staged) == [
        "_config.yml",
        "_static/x.css",
        "_toc.yml",
        "book/index.md",
        "generated/corpora.md",
        "generated/texts.md",
        "notebooks/10_a.ipynb",
    ]


def test_what_left_the_checkout_leaves_the_stage_and_the_rest_is_not_touched(checkout):
    staged = checkout / "stage"
    stage.fill("quick", staged, stage.execute_all("quick", staged))
    before = (staged / "_toc.yml").stat().st_mtime_ns
    (checkout / "book" / "index.md").unlink()
    (staged / "book" / "old").mkdir()
    (staged / "book" / "old" / "page.md").write_text("old")
    stage.fill("quick", staged, {})
    assert "book/index.md" not in files(staged) and not (staged / "book").exists()
    assert (staged / "_toc.yml").stat().st_mtime_ns == before


def test_a_notebook_that_fails_is_a_page_that_says_so(checkout, monkeypatch):
    def fails(name, profile, *, out):
        raise ClinlibError("cell 3: ValueError")

    monkeypatch.setattr(stage, "execute", fails)
    staged = checkout / "stage"
    errors = stage.execute_all("quick", staged)
    stage.fill("quick", staged, errors)
    assert errors == {"10_a": "cell 3: ValueError"}
    assert "cell 3: ValueError" in (staged / "notebooks" / "10_a.md").read_text()
    assert not (staged / "notebooks" / "10_a.ipynb").exists()


def test_numbers_of_a_study_become_texts(checkout, monkeypatch):
    class Study:
        plan = staticmethod(lambda values: [])
        numbers = staticmethod(lambda records, values: {"f1": Cell.of([80, 82]), "seeds": 2})

    monkeypatch.setattr(notebooks, "study", lambda name: Study)
    stage.fill("quick", checkout / "stage", {})
    text = (checkout / "stage" / "numbers" / "10_a.json").read_text()
    assert json.loads(text) == {"f1": "81.0 ± 12.7 (2)", "seeds": "2"}


@pytest.fixture
def rendering(checkout, monkeypatch):
    """Counts renderings in place of jupyter-book; .good says how the next one ends."""

    class Rendering:
        good = True
        clean: list[bool] = []

    def jupyter_book(staged, work):
        Rendering.clean.append(not work.exists())
        (work / "_build" / "html").mkdir(parents=True, exist_ok=True)
        (work / "_build" / "html" / "index.html").write_text("page")
        return Rendering.good

    Rendering.clean = []
    monkeypatch.setattr(book, "_jupyter_book", jupyter_book)
    (checkout / "stage").mkdir()
    (checkout / "stage" / "a.md").write_text("# a")
    Rendering.render = lambda: book.render(checkout / "stage", checkout / "build")
    Rendering.page = checkout / "stage" / "a.md"
    (checkout / "build").mkdir()
    return Rendering


def test_nothing_changed_renders_nothing(rendering):
    assert rendering.render() and rendering.render()
    assert rendering.clean == [True]


def test_a_changed_page_renders_on_top_of_the_last_build(rendering):
    rendering.render()
    rendering.page.write_text("# a\n\nmore")
    assert rendering.render()
    assert rendering.clean == [True, False]


def test_a_changed_title_renders_all_pages_again_since_each_lists_it(rendering):
    rendering.render()
    rendering.page.write_text("# b")
    assert rendering.render()
    assert rendering.clean == [True, True]


def test_a_changed_style_renders_all_pages_again(rendering, checkout):
    rendering.render()
    (checkout / "stage" / "_static").mkdir()
    (checkout / "stage" / "_static" / "x.css").write_text("p {}")
    assert rendering.render()
    assert rendering.clean == [True, True]


def test_after_a_failed_rendering_the_next_one_starts_clean_and_is_not_skipped(rendering):
    rendering.good = False
    assert not rendering.render()
    assert not rendering.render()
    rendering.good = True
    assert rendering.render()
    assert rendering.clean == [True, True, True]


def test_published_pages_are_replaced_as_a_whole(rendering, checkout):
    rendering.render()
    (checkout / "build" / "html" / "gone.html").write_text("an old page")
    rendering.page.write_text("# b")
    rendering.render()
    assert files(checkout / "build" / "html") == ["index.html"]


def test_a_failed_notebook_makes_the_book_fail_after_rendering(rendering, checkout, monkeypatch):
    monkeypatch.setattr(stage, "execute_all", lambda *_: {"10_a": "notebook 10_a, cell 3: bad"})
    with pytest.raises(ClinlibError, match="cell 3: bad"):
        book.build("quick")
    assert (checkout / "_build" / "quick" / "html" / "index.html").is_file()


def test_the_path_of_the_book_is_printed_last(rendering, capsys):
    index = book.build("quick")
    assert capsys.readouterr().out.splitlines()[-1] == str(index)


def test_content_and_names_make_the_hash(tmp_path):
    (tmp_path / "a").write_text("1")
    seen = [content_hash(tmp_path)]
    (tmp_path / "a").write_text("2")
    seen.append(content_hash(tmp_path))
    (tmp_path / "a").rename(tmp_path / "b")
    seen.append(content_hash(tmp_path))
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_text("x")
    assert len(set(seen)) == 3 and content_hash(tmp_path) == seen[-1]


def test_a_card_page_shows_the_header_and_the_prose():
    text = card_pages.page(Card(**HEADER))
    assert text.startswith("# Letters\n\nProse.\n") and text.count("# Letters") == 1
    assert r"| licence | CC0 \| all of it |" in text
    assert "| Drug | 1\N{NARROW NO-BREAK SPACE}200 |" in text and "| Dose | 0 |" in text
    assert "| dropped | outside the text | left out | 2 |" in text
    assert "- some are torn" in text and "train 0.8, test 0.2 (seed 13)" in text
    assert "\n# not a heading\n" in text


def test_the_overview_links_every_card():
    text = card_pages.overview([Card(**HEADER)])
    assert "[Letters](/data_cards/letters.md)" in text
    assert "/ – / – |" in text


RECORD = {
    "kind": "fine_tune",
    "key": "k",
    "status": "complete",
    "flags": [],
    "configuration": {"seed": 3},
    "provenance": {
        "commit": "0123456789abcdef",
        "dirty": True,
        "source": "other",
        "packages": {"torch": "2.13.0"},
        "hardware": {"cpu": "a cpu", "cores": 2, "gpu": None},
        "seconds": 7200.0,
    },
}


def test_the_footer_says_what_made_the_page(checkout):
    records = {"k": RECORD, "m": None, "f": RECORD | {"status": "failed"}}
    made = provenance.footer("10_a", {"profile": "quick"}, records)
    text, html = repr(made), made._repr_html_()
    for part in ("0123456789 with changes", "torch 2.13.0", "a cpu, 2 cores", "seeds: 3", "4 h 0"):
        assert part in text
    assert made.states == {"missing": 1, "failed": 1, "drifted": 1}
    assert "runs behind this page: 1 missing, 1 failed, 1 drifted" in text
    assert "clinlib execute 10_a --profile quick" in html and "1 drifted" in html

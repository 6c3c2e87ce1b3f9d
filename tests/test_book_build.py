"""Real renderings of a tiny book: warnings fail it, again and again; numbers reach their pages."""

import json
import shutil

import pytest

from clinlib.report import book
from clinlib.report.paths import LIBRARY

pytestmark = pytest.mark.slow


@pytest.fixture
def tiny(tmp_path):
    """A stage of two pages and the checkout's configuration; returns (stage, build folder)."""
    staged, folder = tmp_path / "stage", tmp_path / "build"
    (staged / "numbers").mkdir(parents=True)
    (staged / "notebooks").mkdir()
    (staged / "book").mkdir()
    folder.mkdir()
    shutil.copy(LIBRARY.parent / "_config.yml", staged)
    shutil.copy(LIBRARY.parent / "book" / "references.bib", staged / "book")
    shutil.copytree(LIBRARY.parent / "book" / "_static", staged / "_static")
    (staged / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nchapters:\n- file: notebooks/10_a\n"
    )
    (staged / "notebooks" / "10_a.md").write_text("# A notebook\n\n$$Z = \\sum_x e^x$$ (eq-z)\n")
    (staged / "numbers" / "10_a.json").write_text(json.dumps({"f1": "82.6 ± 0.4 (3)"}))
    (staged / "book" / "index.md").write_text("# Front\n\nIt is {number}`10_a/f1`.\n")
    return staged, folder


def page(folder, name):
    return (folder / "html" / f"{name}.html").read_text(encoding="utf-8")


def test_a_changed_number_reaches_the_page_that_quotes_it(tiny):
    staged, folder = tiny
    assert book.render(staged, folder)
    assert "82.6 ± 0.4 (3)" in page(folder, "book/index")
    assert "<math" in page(folder, "notebooks/10_a")
    assert "MathJax" not in page(folder, "notebooks/10_a")
    numbers = staged / "numbers" / "10_a.json"
    numbers.write_text(json.dumps({"f1": "83.0 ± 0.2 (5)"}))
    assert book.render(staged, folder)
    assert "83.0 ± 0.2 (5)" in page(folder, "book/index")


@pytest.mark.parametrize(
    "fault", ["{number}`10_a/f2`", "$\\notacommand$", "[gone](gone.md)", "{cite}`nobody2000`"]
)
def test_a_fault_fails_the_book_however_often_it_is_built(tiny, fault, capfd):
    staged, folder = tiny
    front = staged / "book" / "index.md"
    text = front.read_text()
    front.write_text(f"{text}\n{fault}\n")
    assert not book.render(staged, folder)
    assert not book.render(staged, folder)
    assert "WARNING" in capfd.readouterr().err
    front.write_text(text)
    assert book.render(staged, folder)

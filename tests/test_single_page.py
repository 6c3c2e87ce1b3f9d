"""One page by itself: its own folder, replaced as a whole, without ways to pages it has not."""

import nbformat
import pytest

from clinlib.errors import BadInput, ClinlibError
from clinlib.report import book, single_page


@pytest.fixture
def executed(tmp_path, monkeypatch):
    """An executed copy; rendering is replaced by one that shows what it was given."""

    def render(staged, folder):
        (folder / "html").mkdir()
        shown = "".join(cell.source for cell in nbformat.read(staged / "page.ipynb", 4).cells)
        (folder / "html" / "index.html").write_text(shown)
        assert "root: page" in (staged / "_toc.yml").read_text()
        return "warning" not in shown

    monkeypatch.setattr(book, "render", render)
    path = tmp_path / "10_a.ipynb"

    def write(text):
        cells = [nbformat.v4.new_markdown_cell(text)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return path

    return write


def test_a_page_lies_beside_its_notebook_and_is_replaced(executed):
    path = executed("# One")
    index = single_page.render(path)
    assert index == path.with_suffix("") / "index.html" and index.read_text() == "# One"
    (index.parent / "old.html").write_text("")
    assert single_page.render(executed("# Two"), index.parent).read_text() == "# Two"
    assert sorted(each.name for each in path.parent.iterdir()) == ["10_a", "10_a.ipynb"]
    assert [each.name for each in index.parent.iterdir()] == ["index.html"]


def test_links_to_other_pages_become_their_names(executed):
    text = "See [](/notebooks/30_methods.ipynb), [](10_heads.ipynb), [cards](/book/data_cards.md)."
    shown = single_page.render(executed(text)).read_text()
    assert shown == "See 30_methods, 10_heads, cards."


@pytest.mark.parametrize("text", ["[x](https://y.org)", "[below](#losses)", "![a](plot.svg)"])
def test_what_leads_elsewhere_stays(executed, text):
    assert single_page.render(executed(text)).read_text() == text


def test_a_folder_that_is_no_page_is_not_replaced(executed, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("kept")
    with pytest.raises(BadInput, match="mine is there and is no page"):
        single_page.render(executed("# One"), tmp_path / "mine")
    assert (tmp_path / "mine" / "notes.txt").read_text() == "kept"


def test_what_is_no_notebook_is_named(tmp_path):
    (tmp_path / "a.ipynb").write_text("[]")
    for name in ("a.ipynb", "gone.ipynb"):
        with pytest.raises(BadInput, match=f"{name}: not a notebook"):
            single_page.render(tmp_path / name)


def test_a_page_with_warnings_is_an_error_and_leaves_no_half(executed, tmp_path):
    with pytest.raises(ClinlibError, match="rendered with the warnings above"):
        single_page.render(executed("warning"))
    assert [each.name for each in tmp_path.iterdir()] == ["10_a.ipynb"]

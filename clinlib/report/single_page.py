"""A single page: one executed notebook as HTML, looking as it does in the book."""

import re
import shutil
from pathlib import Path

import nbformat

from clinlib.errors import BadInput, ClinlibError
from clinlib.report import book
from clinlib.report.paths import root

# [text](path) and [](path) to pages of the book, which a single page has no way to
_TO_OTHER_PAGES = re.compile(
    r"(?<!!)\[([^\]]*)\]\((?!#|[a-z]+:)(?:[^)]*/)?([^/)]+?)(?:\.ipynb|\.md)?\)"
)


def render(executed: Path, out: Path | None = None) -> Path:
    """Renders an executed copy of a notebook; returns the path of its page, `out`/index.html.

    The folder `out` (by default beside the copy, of its name) holds all that the page shows, so
    that it can be copied, and asks nothing of the network; it is replaced if it is there. Links to
    other pages of the book become their names.

    Raises BadInput where the file is no notebook or the folder is none of a page, ClinlibError
    where the page could not be rendered.
    """
    executed = Path(executed)
    out = Path(out) if out else executed.with_suffix("")
    if out.exists() and not (out / "index.html").is_file():
        raise BadInput(f"{out} is there and is no page; name another folder for it")
    try:
        notebook = nbformat.read(executed, as_version=4)
    except Exception as error:  # nbformat raises its own, JSON's and attribute errors
        raise BadInput(f"{executed}: not a notebook: {error}") from error
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _TO_OTHER_PAGES.sub(lambda found: found[1] or found[2], cell.source)
    work = out.with_name(f".{out.name}.making")
    shutil.rmtree(work, ignore_errors=True)
    staged = work / "stage"
    (staged / "book").mkdir(parents=True)
    try:
        for name in ("_config.yml", "book/references.bib", "book/references.md"):
            shutil.copy(root() / name, staged / name)
        shutil.copytree(root() / "book" / "_static", staged / "_static")
        nbformat.write(notebook, staged / "page.ipynb")
        (staged / "_toc.yml").write_text(
            "format: jb-book\nroot: page\nchapters:\n- file: book/references\n"
        )
        if not book.render(staged, work):
            raise ClinlibError(f"{executed}: the page was rendered with the warnings above")
        shutil.rmtree(out, ignore_errors=True)
        (work / "html").rename(out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return out / "index.html"

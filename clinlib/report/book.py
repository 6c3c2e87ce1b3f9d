"""The book: sweep what its notebooks read, execute them, stage the pages, render the HTML."""

import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from clinlib.errors import ClinlibError
from clinlib.experiments.config import Config
from clinlib.experiments.sweep import sweep
from clinlib.report import badges, notebooks, stage
from clinlib.report.paths import LIBRARY, build_folder, content_hash

RENDERERS = ("jupyter-book", "sphinx", "myst-nb", "sphinx-book-theme", "latex2mathml")


def build(profile: str = "quick", *, train: bool = True) -> Path:
    """Make the book of a profile and return the path of its first page, printed last.

    Trains only what no current record covers, executes only notebooks whose source, parameters
    or records changed, and renders only if a page changed or the last rendering failed. Failed
    runs and notebooks are shown on their pages; then, where a page does not say the states of
    its runs, and where rendering gives a warning, ClinlibError is raised at the end, so that the
    command fails. Without `train` the book is made of the records that are there, and pages mark
    what is missing.
    """
    undone = 0
    if train:
        report = sweep(plan(profile), profile)
        undone = len(report.failed) + len(report.blocked)
        print(report.summary(), flush=True)
    folder = build_folder(profile)
    staged = folder / "stage"
    errors = stage.execute_all(profile, staged)
    stage.fill(profile, staged, errors)
    unsaid = badges.unsaid(profile, staged)
    good = render(staged, folder)
    index = folder / "html" / "index.html"
    faults = [f"{undone} runs failed, listed above"] if undone else []
    faults += [*errors.values(), *unsaid]
    faults += [] if good else ["the pages were rendered with warnings or errors, shown above"]
    if faults:
        where = f"; see {index}" if index.is_file() else ""
        raise ClinlibError(f"the book is not in order: {'; '.join(faults)}{where}")
    print(index)
    return index


def plan(profile: str) -> list[Config]:
    """What all notebooks read in this profile, each configuration once, in order."""
    wanted = (each for name in notebooks.names() for each in notebooks.plan(name, profile))
    return list(dict.fromkeys(wanted))


def render(staged: Path, folder: Path) -> bool:
    """Build the HTML from the stage unless it is there already; False where there were warnings.

    The marker `rendered.json` names the stage that the HTML was made from. It is removed before
    a build and written after a good one; without it the next build starts from clean doctrees,
    since Sphinx does not repeat the warnings of pages that it has read. So does one where the
    configuration, the styles, the references or the renderers changed.
    """
    marker, work, html = folder / "rendered.json", folder / "sphinx", folder / "html"
    wanted = {"stage": content_hash(staged), "frame": _frame(staged)}
    if html.is_dir() and _marked(marker) == wanted:
        return True
    if _marked(marker).get("frame") != wanted["frame"]:
        shutil.rmtree(work, ignore_errors=True)
    marker.unlink(missing_ok=True)
    good = _jupyter_book(staged, work)
    built = work / "_build" / "html"
    if built.is_dir():
        _publish(built, html)
    if good:
        marker.write_text(json.dumps(wanted), encoding="utf-8")
    return good


def _jupyter_book(staged: Path, work: Path) -> bool:
    code = "from jupyter_book.cli.main import main; main()"
    options = ["-W", "-n", "--keep-going", "-q", "--path-output", str(work)]
    paths = (str(LIBRARY.parent), os.environ.get("PYTHONPATH"))
    done = subprocess.run(
        [sys.executable, "-c", code, "build", str(staged), *options],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in paths if path)},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0


def _publish(built: Path, html: Path) -> None:
    """Replace the published pages as a whole: a page that is gone leaves no file behind."""
    fresh = html.with_name("html.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(built, fresh)
    shutil.rmtree(html, ignore_errors=True)
    fresh.rename(html)


def _frame(staged: Path) -> str:
    """Hash of what all pages share; Sphinx does not write pages again for each of its parts."""
    parts = [staged / "_static", *sorted(staged.glob("_*.yml")), *sorted(staged.rglob("*.bib"))]
    parts += sorted((LIBRARY / "report").glob("sphinx_*"))
    titles = [f"{path.relative_to(staged)} {_title(path)}" for path in sorted(_pages(staged))]
    versions = [f"{name} {metadata.version(name)}" for name in RENDERERS]
    return "; ".join([content_hash(*(part for part in parts if part.exists())), *versions, *titles])


def _pages(staged: Path) -> list[Path]:
    return [path for path in staged.rglob("*") if path.suffix in (".md", ".ipynb")]


def _title(path: Path) -> str:
    """A page's first heading, which the contents beside every other page repeat."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return next((line for line in text.splitlines() if line.startswith("# ")), "")


def _marked(marker: Path) -> dict:
    try:
        return json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}

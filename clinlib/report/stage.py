"""The stage: the folder that jupyter-book builds from, executed notebooks at their git paths.

Files are written only where their content changed, so that Sphinx reads again only what did.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from clinlib.errors import ClinlibError
from clinlib.experiments.store import Store
from clinlib.report import badges, card_pages, hosting, notebooks
from clinlib.report.execution import execute
from clinlib.report.paths import root
from clinlib.report.sphinx_numbers import FOLDER as NUMBERS

AT_ONCE = 2
"""Notebooks executed at the same time; a kernel that only tabulates keeps one core busy."""


def execute_all(profile: str, stage: Path) -> dict[str, str]:
    """Execute every notebook into the stage; returns the errors of those that failed, by name."""

    def run(name: str) -> str | None:
        out = stage / "notebooks" / f"{name}.ipynb"
        try:
            execute(name, profile, out=out)
        except ClinlibError as error:
            out.unlink(missing_ok=True)
            return str(error)
        return None

    names = notebooks.names()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        errors = pool.map(run, names)
        return {name: error for name, error in zip(names, errors, strict=True) if error}


def fill(profile: str, stage: Path, errors: Mapping[str, str]) -> None:
    """Bring everything but the executed notebooks to the stage, and remove what is not of it.

    `errors` are those of `execute_all`: such a notebook is a page that says what went wrong.
    """
    wanted = dict(contents(profile, errors))
    executed = {f"notebooks/{name}.ipynb" for name in notebooks.names() if name not in errors}
    for path in sorted(stage.rglob("*"), reverse=True):
        name = path.relative_to(stage).as_posix()
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif name not in wanted and name not in executed:
            path.unlink()
    for name, content in wanted.items():
        path = stage / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def contents(profile: str, errors: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """The staged files that are not executed notebooks: path below the stage, and content."""
    here = root()
    yield "_config.yml", hosting.configured((here / "_config.yml").read_bytes())
    yield "_toc.yml", (here / "_toc.yml").read_bytes()
    book = here / "book"
    for path in sorted(book.rglob("*")):
        if path.is_file():
            name = path.relative_to(book).as_posix()
            yield name if name.startswith("_static/") else f"book/{name}", path.read_bytes()
    for name, text in card_pages.pages(here / "data_cards").items():
        yield name, text.encode()
    for name, error in errors.items():
        yield f"notebooks/{name}.md", failed_page(name, error).encode()
    for name in notebooks.names():
        numbers = numbers_of(name, profile)
        if numbers:
            text = json.dumps(numbers, indent=1, sort_keys=True, ensure_ascii=False)
            yield f"{NUMBERS}/{name}.json", text.encode()


def numbers_of(name: str, profile: str) -> dict[str, str]:
    """The numbers that prose may quote from a notebook: what its study's `numbers` returns.

    Where a run that the notebook reads is drifted, each of them says "(drifted)".
    Raises ClinlibError where one is not a text, a number or a Cell.
    """
    module = notebooks.study(name)
    if module is None or not hasattr(module, "numbers"):
        return {}
    values = notebooks.parameters(name, profile)
    store = Store(profile)
    records = notebooks.stored(module.plan(values), store)
    # prose has no badges: what rests on records of other source code says so itself
    drifted = " (drifted)" if "drifted" in badges.of_page(records, store).counts else ""
    return {each: f"{value}{drifted}" for each, value in module.numbers(records, values).items()}


def failed_page(name: str, error: str) -> str:
    """The page that stands in for a notebook that could not be executed."""
    return (
        f"# {name}\n\n"
        ":::{error}\nThis page could not be made: its notebook failed.\n:::\n\n"
        f"```text\n{error}\n```\n"
    )

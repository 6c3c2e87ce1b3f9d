"""The command line: execute and train notebooks, show states, check corpora, build the book."""

import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from clinlib.errors import BadInput, ClinlibError

app = typer.Typer(
    help="Low-resource clinical named entity recognition, reproducibly.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
corpora = typer.Typer(help="The corpora and their data cards.", no_args_is_help=True)
app.add_typer(corpora, name="corpora")

Profile = Annotated[str, typer.Option(help="quick, open or paper: notebooks/profiles/")]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="a parameter of the notebook"),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="only count runs and estimate the time")]
Refresh = Annotated[bool, typer.Option(help="also run again what other source code made")]
WorkerCount = Annotated[int | None, typer.Option("--workers", help="processes; default: cores")]


@app.command()
def execute(
    notebook: Annotated[str, typer.Argument(help="its name, such as 10_heads_and_encoders")],
    parameter: Parameters = None,
    profile: Profile = "quick",
    out: Annotated[Path | None, typer.Option(help="where to write the executed copy")] = None,
    dry_run: DryRun = False,
    refresh: Refresh = False,
    workers: WorkerCount = None,
) -> None:
    """Run what a notebook needs and no current record covers, then execute it."""
    from clinlib.experiments.progress import CellProgress
    from clinlib.report import execution

    overrides = _overrides(parameter)
    code = _sweep([notebook], profile, overrides, dry_run, refresh, workers)
    if not dry_run:
        progress = CellProgress(Path(notebook).stem)
        typer.echo(execution.execute(notebook, profile, overrides, out, report=progress))
    raise typer.Exit(code)


@app.command()
def train(
    notebooks: Annotated[list[str], typer.Argument(help="names of one or more notebooks")],
    parameter: Parameters = None,
    profile: Profile = "quick",
    dry_run: DryRun = False,
    refresh: Refresh = False,
    workers: WorkerCount = None,
) -> None:
    """Run what notebooks need, without Jupyter."""
    code = _sweep(notebooks, profile, _overrides(parameter), dry_run, refresh, workers)
    raise typer.Exit(code)


@app.command()
def status(
    profile: Profile = "quick",
    everything: Annotated[bool, typer.Option("--all", help="list current runs too")] = False,
) -> None:
    """List the states of all runs, and why a run would be done again."""
    from clinlib.experiments.status import STATES
    from clinlib.experiments.status import status as states
    from clinlib.report import notebooks

    configs = [each for name in notebooks.names() for each in notebooks.plan(name, profile)]
    rows = states(configs, profile)
    for row in rows:
        if everything or row.state != "current":
            why = f" ({row.why})" if row.why else ""
            typer.echo(f"{row.state:8} {row.key:16} {row.label}{why}")
    counts = Counter(row.state for row in rows)
    typer.echo(f"{profile}: " + ", ".join(f"{counts[state]} {state}" for state in STATES))


@app.command()
def book(
    profile: Profile = "quick",
    train: Annotated[bool, typer.Option(help="or make it of the records that are there")] = True,
) -> None:
    """Run what the notebooks need, execute them, and build the book; its path is printed last."""
    from clinlib.report.book import build

    build(profile, train=train)


@app.command()
def page(
    executed: Annotated[Path, typer.Argument(help="an executed notebook, as `execute` writes it")],
    out: Annotated[Path | None, typer.Option(help="folder of the page; default: beside it")] = None,
) -> None:
    """Render one executed notebook as a page for the browser."""
    from clinlib.report.single_page import render

    typer.echo(render(executed, out))


@corpora.command("list")
def list_corpora() -> None:
    """List the corpora: languages, licences, sizes, and where the data lie."""
    from clinlib.corpora.check import list_rows
    from clinlib.corpora.registry import data_root

    data_root()  # a mistyped CLINLIB_DATA is an error, not a list of missing corpora
    rows = list_rows()
    table = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


@corpora.command("check")
def check_corpora(
    names: Annotated[list[str] | None, typer.Argument(help="corpora; default: all")] = None,
) -> None:
    """Hold corpora against their data cards: checksums, fingerprints, counts, ledgers."""
    from clinlib.corpora.check import check, own_lines
    from clinlib.corpora.own import is_folder
    from clinlib.corpora.registry import card, cards

    code = 0
    for name in names or cards():
        if is_folder(name):
            typer.echo("\n".join(own_lines(name)))
            continue
        problems = check(name)
        code = code or int(bool(problems))
        sound = "read; its card is unpinned" if card(name).unpinned else "as its card says"
        typer.echo(f"{name}: {'not as its card says' if problems else sound}")
        for problem in problems:
            typer.echo(f"  {problem}")
    raise typer.Exit(code)


@corpora.command("get")
def get_corpora(
    names: Annotated[list[str], typer.Argument(help="open corpora, by the names of their cards")],
) -> None:
    """Fetch open corpora from their publishers into CLINLIB_DATA, and hold them against cards."""
    from clinlib.corpora.get import get
    from clinlib.corpora.registry import card

    for name in names:
        card(name)  # a mistyped name is an error before anything is fetched
    code = 0
    for name in names:
        try:
            typer.echo(get(name, say=lambda line: typer.echo(line, err=True)))
        except ClinlibError as error:
            typer.echo(f"{name}: {error}", err=True)
            code = 1
    raise typer.Exit(code)


def _overrides(parameters: list[str] | None) -> dict[str, str]:
    """NAME=VALUE texts as a dict; the values are parsed by the notebook's own types."""
    overrides: dict[str, str] = {}
    for each in parameters or ():
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise BadInput(f"-p {each}: a parameter is given as NAME=VALUE")
        if name in overrides:
            raise BadInput(f"-p {each}: {name} is given twice")
        overrides[name] = value
    return overrides


def _sweep(
    names: list[str],
    profile: str,
    overrides: dict[str, str],
    dry_run: bool,
    refresh: bool,
    workers: int | None,
) -> int:
    """Sweeps the plans of some notebooks, says what happened, and returns the exit code."""
    from clinlib.experiments.sweep import sweep
    from clinlib.report import notebooks

    configs = [each for name in names for each in notebooks.plan(name, profile, overrides)]
    report = sweep(configs, profile, workers=workers, dry_run=dry_run, refresh=refresh)
    typer.echo(report.summary(), err=bool(report.exit_code))
    return report.exit_code


def _terminate(*_) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Entry point: errors that the user can act on are shown without a traceback, exit code 2."""
    signal.signal(signal.SIGTERM, _terminate)  # ended like an interrupt: what is finished is kept
    try:
        app()
    except ClinlibError as error:
        _end(str(error))
    except OSError as error:
        if not (said := _of_the_system(error)):
            raise
        _end(said)


def _of_the_system(error: OSError) -> str:
    """What to say of a full disk, or of a path that cannot be read or written; "" of the rest."""
    from clinlib.experiments.store import no_space, root

    if full := no_space(error, Path(error.filename or root()), root() / ".cache"):
        return str(full)
    return f"{error.filename}: {error.strerror}" if error.filename else ""


def _end(said: str) -> None:
    """Ends with exit code 2 and one line, whatever a parser's own message holds."""
    line = " ".join(part.strip() for part in said.splitlines())
    typer.echo(f"error: {line}", err=True)
    sys.exit(2)

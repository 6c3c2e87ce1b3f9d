"""Executing notebooks: papermill made strict, with a cache of what is already executed."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import nbformat

from clinlib.corpora.registry import cards
from clinlib.errors import BadInput, ClinlibError
from clinlib.experiments.config import Config
from clinlib.experiments.key import key
from clinlib.experiments.store import Store
from clinlib.report import badges, notebooks
from clinlib.report.paths import LIBRARY, content_hash, library_hash, root

OWN_ERRORS = ("BadInput", "ClinlibError", "MissingExtra")  # whose messages leave gated text out
CELL_TIMEOUT = 600
"""Seconds that one cell may take: notebooks tabulate, the runs are made before."""
Report = Callable[[int, int], None]
"""Told when a cell of code starts: its place among them, from 1, and their number."""


def execute(
    name: str,
    profile: str,
    overrides: Mapping[str, object] | None = None,
    out: Path | None = None,
    *,
    timeout: float = CELL_TIMEOUT,
    force: bool = False,
    report: Report | None = None,
) -> Path:
    """Execute a notebook whose runs are made, and return the path of the executed copy.

    An executed copy at `out` is kept as it is if its source, parameters, the library and the
    records it reads are the same (`force` executes anyway). The output is written under a
    temporary name and renamed; below its title stand the states of its runs. `report` is told
    of every cell. Raises BadInput for wrong parameters, before anything runs, and
    ClinlibError naming cell and error where a cell fails or takes more than `timeout` seconds;
    then no file is left at `out`.
    """
    source = notebooks.find(name)
    values = notebooks.parameters(name, profile, overrides)
    module = notebooks.study(name)
    configurations = [] if module is None else list(module.plan(values))
    out = Path(out) if out else root() / "_build" / profile / "executed" / source.name
    if out.resolve() == source.resolve():
        raise BadInput(f"{out} is the notebook itself; give another place for the executed copy")
    # what else a page depends on, such as the corpora that are on this machine
    further = module.reads(values) if hasattr(module, "reads") else ""
    stamp = fingerprint(source, values, configurations, Store(profile), further)
    if not force and _stamp(out) == stamp:
        return out
    partial = out.with_name(f".{out.stem}.partial.ipynb")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    partial.unlink(missing_ok=True)
    try:
        executed = _papermill(source, partial, values, timeout, report)
        badges.on_top(executed)
        executed.metadata.setdefault("clinlib", {})["executed_from"] = stamp
        # what papermill notes of times and paths would make every execution another page
        executed.metadata.pop("papermill", None)
        for cell in executed.cells:
            cell.metadata.pop("papermill", None)
            cell.metadata.pop("execution", None)
        nbformat.write(executed, partial)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    return out


def fingerprint(
    source: Path,
    values: Mapping[str, object],
    configurations: Sequence[Config],
    store: Store,
    further: str = "",
) -> str:
    """Hash of all that an executed notebook depends on: source, parameters, library, records.

    `further` is what the study's `reads(parameters)` returns, where it has that function.
    """
    cards = root() / "data_cards"
    total = hashlib.sha256()
    total.update(source.read_bytes())
    total.update(json.dumps(values, sort_keys=True).encode())
    total.update(library_hash().encode() + content_hash(cards).encode())
    total.update(further.encode() + os.environ.get("CLINLIB_DATA", "").encode())
    for each in configurations:
        name = key(each, store.pins)
        path = store.record_path(each.kind, name)
        record = content_hash(path) if path.is_file() else "missing"
        total.update(f"{each.kind}/{name}: {record}\n".encode())
    return total.hexdigest()


def _stamp(out: Path) -> str | None:
    if not out.is_file():
        return None
    try:
        content = json.loads(out.read_text(encoding="utf-8"))
        return content["metadata"]["clinlib"]["executed_from"]
    except (ValueError, KeyError, TypeError):
        return None


def _papermill(
    source: Path,
    partial: Path,
    values: Mapping[str, object],
    timeout: float,
    report: Report | None,
) -> nbformat.NotebookNode:
    import matplotlib.font_manager  # noqa: F401  builds its cache here, not on a page
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    known = notebooks.declared(source.stem)
    changed = {each: value for each, value in values.items() if value != known[each].default}
    try:
        return papermill.execute_notebook(
            source,
            partial,
            parameters=changed,
            engine_name=_engine(source.stem, report),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            execution_timeout=timeout,
        )
    except PapermillExecutionError as error:
        cell = _position(source.stem, error.source)
        said = f": {error.evalue}"
        if error.ename not in OWN_ERRORS and _gated(values):
            said = " (its message is withheld: the page reads a gated corpus)"
        raise ClinlibError(f"notebook {source.stem}, cell {cell}: {error.ename}{said}") from None
    except CellTimeoutError as error:
        cell = _first_line(str(error).partition("cell contents:")[2])
        raise ClinlibError(
            f"notebook {source.stem}: a cell took more than {timeout:g} s; it begins: {cell}"
        ) from None
    except DeadKernelError:
        raise ClinlibError(
            f"notebook {source.stem}: its kernel died, perhaps for want of memory"
        ) from None


def _gated(values: Mapping[str, object]) -> bool:
    """Whether a parameter names a gated corpus."""
    known = cards()
    for value in values.values():
        for each in value if isinstance(value, list) else [value]:
            name = str(each).partition(":")[0]
            if name in known and known[name].gated:
                return True
    return False


def _engine(notebook: str, report: Report | None) -> str:
    """Registers papermill's usual engine with an environment of its own, and returns its name.

    Every notebook has one of its own, since two are executed at a time.
    """
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import NBClientEngine, papermill_engines

    paths = (str(LIBRARY.parent), os.environ.get("PYTHONPATH"))
    environment = os.environ | {
        notebooks.ONLY_TABULATE: "1",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
    }

    class Engine(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man, kernel_name, execution_timeout=None, **_):
            if report:
                _told(nb_man, report)
            client = PapermillNotebookClient(
                nb_man,
                kernel_name=kernel_name,
                timeout=execution_timeout,
                startup_timeout=120,
                extra_arguments=["--log-level=CRITICAL"],
            )
            return client.execute(env=environment)

    name = f"clinlib {notebook}"
    papermill_engines.register(name, Engine)
    return name


def _told(manager, report: Report) -> None:
    """Has papermill's manager of an execution tell `report` of every cell of code that starts."""
    code = [at for at, cell in enumerate(manager.nb.cells) if cell.cell_type == "code"]
    begin = manager.cell_start

    def cell_start(cell, cell_index=None, **more):
        if cell_index in code:
            report(code.index(cell_index) + 1, len(code))
        return begin(cell, cell_index, **more)

    manager.cell_start = cell_start


def _position(name: str, code: str) -> str:
    """Which cell of the stored notebook that code is, counted from 1: papermill adds its own."""
    cells = [cell.source for cell in notebooks.read(name).cells]
    return str(cells.index(code) + 1) if code in cells else "of parameters"


def _first_line(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if line.strip("-")), "?")

"""Notebooks: found by name, given strict parameters, planned without being run, bound from inside.

A notebook names its study in its metadata (`clinlib.study`); the study's `plan(parameters)` says
which configurations it reads. Running a notebook is `clinlib.report.execution`'s.
"""

import importlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

import nbformat

from clinlib.errors import BadInput, unknown
from clinlib.experiments.config import Config
from clinlib.experiments.key import key
from clinlib.experiments.store import Record, Store
from clinlib.report import parameters as parameter_cell
from clinlib.report.parameters import Parameter
from clinlib.report.paths import root

ONLY_TABULATE = "CLINLIB_ONLY_TABULATE"
"""Environment variable that keeps a notebook from training: its runs were swept before."""


def folder() -> Path:
    """The folder of the notebooks; their profiles lie under profiles/."""
    return root() / "notebooks"


def names() -> list[str]:
    """The names of all notebooks, in the order of their numbers.

    Raises BadInput where there is no folder of notebooks.
    """
    if not folder().is_dir():
        raise BadInput(
            f"{folder()} is no folder: CLINLIB_ROOT should name a checkout of the project"
        )
    return [path.stem for path in sorted(folder().glob("*.ipynb"))]


def profiles() -> list[str]:
    """The names of all profiles."""
    return list(parameter_cell.profiles(folder() / "profiles"))


def find(name: str) -> Path:
    """The file of a notebook, given by name or as a path to it; raises BadInput if unknown."""
    stem = Path(name).stem if name.endswith(".ipynb") else name
    path = folder() / f"{stem}.ipynb"
    if not path.is_file():
        raise unknown("notebook", stem, names())
    return path


def read(name: str) -> nbformat.NotebookNode:
    """The notebook as stored; raises BadInput where the file is not a notebook."""
    path = find(name)
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises its own, JSON's and attribute errors
        raise BadInput(f"{path}: not a notebook: {error}") from error


def declared(name: str) -> dict[str, Parameter]:
    """The parameters that the notebook declares, in order, with types, defaults and help.

    Raises BadInput unless exactly one code cell is tagged "parameters" and is well formed.
    """
    cells = [
        cell
        for cell in read(name).cells
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", ())
    ]
    if len(cells) != 1:
        raise BadInput(f"notebook {name}: {len(cells)} cells are tagged 'parameters', not one")
    found = parameter_cell.declared(cells[0].source, f"notebook {name}")
    if "profile" not in found or found["profile"].type != "str":
        raise BadInput(f"notebook {name}: the parameters cell lacks 'profile: str = \"quick\"'")
    return found


def parameters(
    name: str, profile: str, overrides: Mapping[str, object] | None = None
) -> dict[str, object]:
    """The values of all parameters: defaults, then the profile's, then `overrides`.

    Strings in `overrides` are read as on a command line ("5" for an int, "[a, b]" for a list).
    Raises BadInput for an unknown profile, notebook or parameter (with the nearest valid name)
    and for a value of another type.
    """
    name = find(name).stem
    known = declared(name)
    values = parameter_cell.profile_values(folder() / "profiles", profile, names())
    where = f"notebook {name} in profiles/{profile}.yml"
    result = {each.name: each.default for each in known.values()}
    result |= parameter_cell.chosen(known, values.get(name, {}), where)
    given = parameter_cell.chosen(known, overrides or {}, f"notebook {name}", parse=True)
    if given.get("profile", profile) != profile:
        raise BadInput(
            f"notebook {name}: parameter profile is '{given['profile']}' but the profile asked "
            f"for is '{profile}'; choose it once, with --profile"
        )
    return result | given | {"profile": profile}


def study(name: str) -> ModuleType | None:
    """The study's module that the notebook's metadata name, None for a page without runs."""
    module = read(name).metadata.get("clinlib", {}).get("study")
    if not module:
        return None
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and module.startswith(error.name):
            raise BadInput(f"notebook {name}: there is no study '{module}'") from None
        raise


def plan(name: str, profile: str, overrides: Mapping[str, object] | None = None) -> list[Config]:
    """The configurations whose records the notebook reads with these parameters."""
    values = parameters(name, profile, overrides)
    module = study(name)
    return [] if module is None else list(module.plan(values))


def bound(name: str, namespace: Mapping[str, object]) -> dict[str, object]:
    """The parameters of a running notebook, from its global names, types checked.

    Raises BadInput for a value of another type, such as papermill may have injected.
    """
    known = declared(name)
    values = {each: namespace[each] for each in known if each in namespace}
    missing = sorted(set(known) - set(values))
    if missing:
        raise BadInput(f"notebook {name}: run the parameters cell first; no {missing[0]} yet")
    return parameter_cell.chosen(known, values, f"notebook {name}")


def records(
    configurations: Sequence[Config], values: Mapping[str, object]
) -> dict[str, Record | None]:
    """The records of a plan by key, in the plan's order; None for a run that is missing.

    What has no current record is trained first, unless the notebook is executed by the book,
    which has done so already. `values` are the notebook's parameters (profile is read).
    """
    store = Store(str(values["profile"]))
    if not os.environ.get(ONLY_TABULATE):
        from clinlib.experiments.sweep import sweep  # the book's kernels do without

        report = sweep(configurations, store.profile)
        if report.exit_code:
            print(report.summary())
    return stored(configurations, store)


def stored(configurations: Sequence[Config], store: Store) -> dict[str, Record | None]:
    """The records of these configurations as they lie in the store, by key; trains nothing."""
    return {key(each, store.pins): store.get(each) for each in configurations}

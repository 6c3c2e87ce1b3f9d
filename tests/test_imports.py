"""Imports point one way, and pages that only tabulate do without torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import clinlib

PACKAGE = Path(clinlib.__file__).parent
LAYERS = (
    "errors",
    "corpora",
    "encoding",
    "models",
    "training",
    "adaptation",
    "selection",
    "transfer",
    "evaluation",
    "experiments",
    "studies",
    "report",
    "bench",
    "cli",
)
WITH_TORCH = ("models.", "training.", "adaptation.", "selection.", "encoding.batches", "bench.")
ROUTINES = tuple(
    f"experiments.{kind}"
    for kind in (
        "fine_tune",
        "pretrain",
        "vectors",
        "ensemble",
        "similarity",
        "pseudo_label",
        "training_data",
        "active_learning",
    )
)


def modules() -> dict[str, Path]:
    """Name below the package -> file, packages left out."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "__init__.py"
    }


def imported(path: Path, *, top: bool = False) -> set[str]:
    """The full names that a module imports; with `top`, only when it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    for node in tree.body if top else ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: write imports in full"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def layer(name: str) -> int:
    return LAYERS.index(name.split(".")[0])


@pytest.mark.parametrize("name", modules())
def test_imports_point_one_way(name):
    for other in imported(modules()[name]):
        first, *rest = other.split(".")
        if first == "clinlib" and rest and rest[0] in LAYERS:
            assert layer(rest[0]) <= layer(name), f"{name} imports {other}"


@pytest.mark.parametrize("name", modules())
def test_only_what_trains_imports_torch(name):
    roots = {each.split(".")[0] for each in imported(modules()[name], top=True)}
    if not name.startswith(WITH_TORCH) and name not in ROUTINES:
        assert not {"torch", "torchcrf", "accelerate"} & roots


def test_what_tabulates_starts_without_torch():
    light = [name for name in modules() if not name.startswith(WITH_TORCH) and name not in ROUTINES]
    assert {"cli", "experiments.sweep", "experiments.store", "report.tables"} <= set(light)
    # tokenizers may bring transformers along, so modules that encode are imported last
    light.sort(key=lambda name: name.startswith("encoding."))
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(f'clinlib.{name}')\n"
        "    heavy = {'torch'} if name.startswith('encoding.') else {'torch', 'transformers'}\n"
        "    found = heavy & set(sys.modules)\n"
        "    assert not found, f'clinlib.{name} imports {found}'\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *light], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_layers_are_all_there_is():
    there = {path.stem if path.suffix else path.name for path in PACKAGE.iterdir()}
    assert there - {"__init__", "__pycache__"} == set(LAYERS)

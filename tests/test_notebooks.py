"""Notebooks: strict parameters, execution that leaves nothing half done, thin sources."""

import ast
import importlib
import json
import types

import nbformat
import papermill
import pytest
import toy_runs

from clinlib.errors import BadInput, ClinlibError
from clinlib.report import execution, notebooks
from clinlib.report.parameters import declared, typed
from clinlib.report.paths import LIBRARY

PARAMETERS = """profile: str = "quick"  # where records lie
seeds: int = 2  # runs per configuration
rate: float = 0.1
crf: bool = True
sizes: list[int] = [1, 2]
names: list[str] = ["a"]
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with no notebook but the profile quick; returns a function that adds one."""
    monkeypatch.setenv("CLINLIB_ROOT", str(tmp_path))
    profiles = tmp_path / "notebooks" / "profiles"
    profiles.mkdir(parents=True)
    (tmp_path / "data_cards").mkdir()
    (profiles / "quick.yml").write_text("")

    def add(name, *code, parameters=PARAMETERS, metadata=None):
        book = nbformat.v4.new_notebook(metadata=metadata or {})
        first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
        book.cells = [first, *map(nbformat.v4.new_code_cell, code)]
        nbformat.write(book, tmp_path / "notebooks" / f"{name}.ipynb")
        return tmp_path / "notebooks" / f"{name}.ipynb"

    add.profile = profiles / "quick.yml"
    add.root = tmp_path
    return add


def test_defaults_then_profile_then_overrides(checkout):
    checkout("10_a")
    checkout.profile.write_text("10_a: {seeds: 3, rate: 1e-3, sizes: [5]}")
    values = notebooks.parameters("10_a", "quick", {"seeds": "5", "names": "[x, y]"})
    assert values == {
        "profile": "quick",
        "seeds": 5,
        "rate": 0.001,
        "crf": True,
        "sizes": [5],
        "names": ["x", "y"],
    }


def test_an_unknown_parameter_names_the_nearest(checkout):
    checkout("10_a")
    with pytest.raises(BadInput, match="unknown parameter of notebook 10_a 'seed'.*'seeds'"):
        notebooks.parameters("10_a", "quick", {"seed": "5"})
    checkout.profile.write_text("10_a: {seed: 3}")
    with pytest.raises(BadInput, match=r"quick.yml 'seed'; did you mean 'seeds'"):
        notebooks.parameters("10_a", "quick")


def test_unknown_names_of_notebooks_and_profiles_name_the_nearest(checkout):
    checkout("10_heads")
    with pytest.raises(BadInput, match="unknown notebook '10_head'; did you mean '10_heads'"):
        notebooks.parameters("10_head", "quick")
    with pytest.raises(BadInput, match="unknown profile 'quik'; did you mean 'quick'"):
        notebooks.parameters("10_heads", "quik")
    checkout.profile.write_text("10_haeds: {seeds: 1}")
    with pytest.raises(BadInput, match="did you mean '10_heads'"):
        notebooks.parameters("10_heads", "quick")


def test_a_profile_is_chosen_once(checkout):
    checkout("10_a")
    assert notebooks.parameters("10_a", "quick", {"profile": "quick"})["profile"] == "quick"
    with pytest.raises(BadInput, match="--profile"):
        notebooks.parameters("10_a", "quick", {"profile": "open"})


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("float", "1e-3", 1e-3),
        ("float", 1, 1.0),
        ("int", "5", 5),
        ("bool", "false", False),
        ("str", "5", "5"),
        ("list[float]", "[1, 1e-4]", [1.0, 1e-4]),
        ("list[str]", "[ncbi_disease, 'a:b']", ["ncbi_disease", "a:b"]),
    ],
)
def test_values_are_read_as_the_declared_type(kind, given, value):
    read = typed(kind, given, "here", parse=True)
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("int", "5.0"),
        ("int", "many"),
        ("int", "true"),
        ("int", 5.0),
        ("bool", 1),
        ("float", "fast"),
        ("float", ".nan"),
        ("float", float("inf")),
        ("float", True),
        ("list[int]", "5"),
        ("list[int]", "[1, a]"),
        ("list[str]", "[1]"),
        ("str", 5),
    ],
)
def test_a_value_of_another_type_is_an_error(kind, given):
    with pytest.raises(BadInput, match="here.* should be"):
        typed(kind, given, "here", parse=True)


def test_a_profile_may_not_write_numbers_as_text(checkout):
    checkout("10_a")
    checkout.profile.write_text("10_a: {seeds: '3'}")
    with pytest.raises(BadInput, match="seeds should be int"):
        notebooks.parameters("10_a", "quick")


@pytest.mark.parametrize(
    "line",
    ["seeds = 2", "seeds: int = f()", "seeds: Int = 2", "import os", "seeds: int = 'two'", "a b"],
)
def test_a_parameters_cell_holds_typed_literals_only(line):
    with pytest.raises(BadInput, match="notebook x"):
        declared(line, "notebook x")


def test_help_comes_from_the_comment():
    assert declared(PARAMETERS, "x")["seeds"].help == "runs per configuration"


def test_bound_checks_what_was_injected(checkout):
    checkout("10_a")
    given = notebooks.parameters("10_a", "quick")
    assert notebooks.bound("10_a", given | {"other": 1}) == given
    with pytest.raises(BadInput, match="seeds should be int"):
        notebooks.bound("10_a", given | {"seeds": "5"})


def test_a_notebook_by_itself_trains_what_is_missing_and_in_the_book_it_does_not(
    checkout, monkeypatch
):
    configurations = [toy_runs.tune("synthetic_en_letters", seed=seed) for seed in range(2)]
    monkeypatch.setenv("CLINLIB_DEVICE", "cpu")
    monkeypatch.setenv(notebooks.ONLY_TABULATE, "1")
    found = notebooks.records(configurations, {"profile": "quick"})
    assert list(found.values()) == [None, None] and toy_runs.runs(checkout.root) == []
    monkeypatch.delenv(notebooks.ONLY_TABULATE)
    found = notebooks.records(configurations, {"profile": "quick"})
    assert [record["configuration"]["seed"] for record in found.values()] == [0, 1]
    assert len(toy_runs.runs(checkout.root)) == 2


def test_a_notebook_by_itself_says_what_failed(checkout, monkeypatch, capsys):
    monkeypatch.setenv("CLINLIB_DEVICE", "cpu")
    monkeypatch.delenv(notebooks.ONLY_TABULATE, raising=False)
    configurations = [toy_runs.tune("ncbi_diseas")]
    with pytest.raises(BadInput, match="did you mean 'ncbi_disease'"):
        notebooks.records(configurations, {"profile": "quick"})
    assert "failed: fine_tune ncbi_diseas" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("10_a: [seeds, 3]", "should map parameters to values"),
        ("- 10_a", "should map notebooks to their parameters"),
        ("10_a: {seeds: 3", "not YAML"),
        ("10_b: {seeds: 3}", "unknown notebook in quick.yml '10_b'; did you mean '10_a'"),
    ],
)
def test_a_profile_that_does_not_read_is_named(checkout, content, said):
    checkout("10_a")
    checkout.profile.write_text(content)
    with pytest.raises(BadInput, match=said):
        notebooks.parameters("10_a", "quick")


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}']
)
def test_a_file_that_is_no_notebook_is_named(checkout, content):
    path = checkout.root / "notebooks" / "10_a.ipynb"
    path.write_text(content)
    with pytest.raises(BadInput, match="10_a"):
        notebooks.parameters("10_a", "quick")


def test_parameters_must_be_declared_once_and_with_a_profile(checkout):
    checkout("10_a", parameters="seeds: int = 2")
    with pytest.raises(BadInput, match="lacks 'profile: str"):
        notebooks.parameters("10_a", "quick")
    path = checkout("10_b")
    book = nbformat.read(path, as_version=4)
    book.cells.append(nbformat.v4.new_code_cell("a: int = 1", metadata={"tags": ["parameters"]}))
    nbformat.write(book, path)
    with pytest.raises(BadInput, match="2 cells are tagged 'parameters', not one"):
        notebooks.parameters("10_b", "quick")


def test_an_unknown_study_is_named(checkout):
    checkout("10_a", metadata={"clinlib": {"study": "clinlib.studies.nothing"}})
    with pytest.raises(BadInput, match="no study 'clinlib.studies.nothing'"):
        notebooks.plan("10_a", "quick")


def test_a_notebook_is_never_its_own_output(checkout):
    path = checkout("10_a")
    with pytest.raises(BadInput, match="is the notebook itself"):
        execution.execute("10_a", "quick", out=path)


def failing(monkeypatch, error):
    def run(*_, **__):
        raise error

    monkeypatch.setattr(execution, "_papermill", run)


def test_a_failure_leaves_no_file(checkout, monkeypatch):
    checkout("10_a")
    out = checkout.root / "out.ipynb"
    out.write_text("{}")
    stale = checkout.root / ".out.partial.ipynb"
    stale.write_text("half")
    failing(monkeypatch, ClinlibError("cell 2: ValueError"))
    with pytest.raises(ClinlibError, match="cell 2"):
        execution.execute("10_a", "quick", out=out)
    assert not out.exists() and not stale.exists()


def test_an_executed_notebook_is_kept_until_something_changes(checkout, monkeypatch):
    checkout("10_a")
    ran = []

    def run(source, partial, values, timeout, report):
        ran.append(values["seeds"])
        return nbformat.read(source, as_version=4)

    monkeypatch.setattr(execution, "_papermill", run)
    for overrides in ({}, {}, {"seeds": "4"}, {"seeds": "4"}, {}):
        out = execution.execute("10_a", "quick", overrides)
    assert ran == [2, 4, 2]
    checkout("10_a", "1 + 1")
    execution.execute("10_a", "quick")
    assert len(ran) == 4
    out.write_text("half a no")
    execution.execute("10_a", "quick")
    assert len(ran) == 5
    (checkout.root / "data_cards" / "new.md").write_text("a card")
    execution.execute("10_a", "quick")
    assert len(ran) == 6


def test_records_are_part_of_what_a_page_depends_on(checkout, tmp_path):
    from clinlib.experiments.key import Pins, key
    from clinlib.experiments.spec import FineTune
    from clinlib.experiments.store import Store

    source = checkout("10_a")
    store = Store("quick", tmp_path)
    store.__dict__["pins"] = Pins(lambda name: "corpus", lambda name: "text")
    config = FineTune(corpus="c", encoder="scratch-tiny")
    path = store.record_path("fine_tune", key(config, store.pins))
    seen = [execution.fingerprint(source, {}, [config], store)]
    path.parent.mkdir(parents=True)
    for text in ("one", "two"):
        path.write_text(text)
        seen.append(execution.fingerprint(source, {}, [config], store))
    assert len(set(seen)) == 3


def test_execution_gives_results_errors_and_timeouts(checkout):
    checkout(
        "10_a",
        "import os\nassert os.environ['CLINLIB_ONLY_TABULATE']\nseeds * 2",
        "if seeds == 3: raise ValueError('no such seed')",
        "if seeds == 4:\n    import time; time.sleep(60)",
    )
    started = []
    out = execution.execute(
        "10_a", "quick", {"seeds": "5"}, report=lambda *place: started.append(place)
    )
    executed = nbformat.read(out, as_version=4)
    # parameters, those that papermill injects, and the three cells
    assert started == [(place, 5) for place in range(1, 6)]
    assert "10" in json.dumps(executed.cells)
    assert "papermill" not in executed.metadata
    with pytest.raises(ClinlibError, match="10_a, cell 3: ValueError: no such seed"):
        execution.execute("10_a", "quick", {"seeds": "3"}, out)
    assert not out.exists()
    with pytest.raises(ClinlibError, match="more than 1 s; it begins: if seeds == 4"):
        execution.execute("10_a", "quick", {"seeds": "4"}, out, timeout=1)
    assert list(out.parent.iterdir()) == []


SHIPPED = sorted((LIBRARY.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_notebooks_are_stored_without_outputs(path):
    for cell in nbformat.read(path, as_version=4).cells:
        assert not cell.get("outputs") and not cell.get("execution_count")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_parameter_is_explained_and_read(path, monkeypatch):
    monkeypatch.delenv("CLINLIB_ROOT", raising=False)
    known = notebooks.declared(path.stem)
    assert [each.name for each in known.values() if not each.help] == []
    code = [cell.source for cell in notebooks.read(path.stem).cells if cell.cell_type == "code"]
    module = notebooks.study(path.stem)
    studies = [] if module is None else LIBRARY.glob("studies/**/*.py")
    texts = [*code, *(each.read_text(encoding="utf-8") for each in studies)]
    # the profile is read by notebooks.records
    assert set(known) - {"profile"} <= {name for text in texts for name in used(text)}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_papermill_reads_every_parameter_that_a_notebook_declares(path, monkeypatch, caplog):
    monkeypatch.delenv("CLINLIB_ROOT", raising=False)
    assert set(papermill.inspect_notebook(str(path))) == set(notebooks.declared(path.stem))
    assert caplog.messages == []  # such as of an "=" in a parameter's comment


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_a_notebook_takes_from_the_library_is_there(path):
    code = "\n".join(c.source for c in nbformat.read(path, as_version=4).cells if is_code(c))
    tree, modules = ast.parse(code), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("clinlib"):
            found = importlib.import_module(node.module)
            for each in node.names:
                if not hasattr(found, each.name):
                    importlib.import_module(f"{node.module}.{each.name}")
                modules[each.asname or each.name] = getattr(found, each.name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = modules.get(node.value.id)
            if isinstance(owner, types.ModuleType):
                assert hasattr(owner, node.attr), f"{owner.__name__} has no {node.attr}"


def is_code(cell) -> bool:
    return cell.cell_type == "code"


def used(source: str) -> set[str]:
    """Names that the code loads, and texts in it, such as the keys of parameters."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


@pytest.mark.parametrize("profile", ["quick", "open", "paper"])
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_profile_gives_valid_parameters(path, profile, monkeypatch):
    monkeypatch.delenv("CLINLIB_ROOT", raising=False)
    assert notebooks.parameters(path.stem, profile)["profile"] == profile

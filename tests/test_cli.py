"""The command line says what is wrong without a traceback, and its exit code tells."""

import errno
import io
import json
import os
import subprocess
import sys

import nbformat
import pytest
import toy_runs

from clinlib import cli
from clinlib.experiments import provenance, store
from clinlib.experiments.progress import WIDTH, CellProgress
from clinlib.report import execution

STUDY = """
import toy_runs


def plan(values):
    return [
        toy_runs.tune("synthetic_en_letters", seed=seed, learning_rate=values["rate"])
        for seed in range(values["seeds"])
    ]
"""
CELL = 'profile: str = "quick"\nseeds: int = 2  # how many\nrate: float = 0.3  # learning rate'


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project with one notebook, whose runs train nothing."""
    folder = tmp_path / "notebooks"
    (folder / "profiles").mkdir(parents=True)
    (folder / "profiles" / "quick.yml").write_text("10_toys:\n  seeds: 3\n")
    (folder / "profiles" / "open.yml").write_text("{}")
    cell = nbformat.v4.new_code_cell(CELL, metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"clinlib": {"study": "toy_study"}})
    nbformat.write(notebook, folder / "10_toys.ipynb")
    (tmp_path / "toy_study.py").write_text(STUDY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "toy_study", raising=False)
    monkeypatch.setenv("CLINLIB_ROOT", str(tmp_path))
    monkeypatch.setenv("CLINLIB_DEVICE", "cpu")
    yield tmp_path
    sys.modules.pop("toy_study", None)


def test_train_runs_a_notebooks_plan_once(root, clinlib):
    code, out, _ = clinlib("train", "10_toys")
    assert code == 0 and "3 configurations, 0 current, 3 to run" in out
    assert sorted(toy_runs.runs(root)) == [f"synthetic_en_letters {seed}" for seed in range(3)]
    code, out, _ = clinlib("train", "10_toys", "-p", "seeds=4")
    assert code == 0 and "4 configurations, 3 current, 1 to run" in out
    assert "0 to run" in clinlib("train", "10_toys")[1]


def test_a_dry_run_trains_nothing(root, clinlib):
    code, out, _ = clinlib("train", "10_toys", "--dry-run", "--profile", "open")
    assert code == 0 and "2 to run" in out and "about" in out
    code, out, _ = clinlib("execute", "10_toys", "--dry-run")
    assert code == 0 and "3 to run" in out and "3 runs, about " in out
    assert out.splitlines()[-1] == "a dry run: nothing was run"
    assert not (root / "_build").exists()
    assert toy_runs.runs(root) == []


def test_execute_trains_then_executes_with_the_parameters(root, clinlib, monkeypatch):
    calls = []
    monkeypatch.setattr(
        execution, "execute", lambda *given, report: calls.append(given) or report(2, 3) or "out"
    )
    code, out, errors = clinlib("execute", "10_toys", "-p", "seeds=1", "-p", "rate=0.2")
    assert (code, out.splitlines()[-1]) == (0, "out")
    assert calls == [("10_toys", "quick", {"seeds": "1", "rate": "0.2"}, None)]
    assert toy_runs.runs(root) == ["synthetic_en_letters 0"]
    # the estimate before the first run, then the runs, then the cells
    said = errors.splitlines()
    assert said[0].startswith("1 run, about ") and "rough model" in said[0]
    assert said[-2].startswith("run 1 of 1: fine_tune synthetic_en_letters") and "done" in said[-2]
    assert said[-1] == "10_toys: cell 2 of 3"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train", "10_toy"), "unknown notebook '10_toy'; did you mean '10_toys'"),
        (("train", "10_toys", "--profile", "quik"), "did you mean 'quick'"),
        (("train", "10_toys", "-p", "sed=3"), "did you mean 'seeds'"),
        (("train", "10_toys", "-p", "seeds=many"), "should be int"),
        (("train", "10_toys", "-p", "seeds"), "given as NAME=VALUE"),
        (("train", "10_toys", "-p", "seeds=1", "-p", "seeds=2"), "given twice"),
        (("train", "10_toys", "--workers", "0"), "not at least 1"),
        (("status", "--profile", "quik"), "did you mean 'quick'"),
        (("corpora", "check", "ncbi_diseas"), "did you mean 'ncbi_disease'"),
    ],
)
def test_wrong_input_is_named_without_a_traceback(root, clinlib, arguments, said):
    code, _, errors = clinlib(*arguments)
    assert code == 2
    assert errors.startswith("error: ") and said in errors
    assert errors.count("\n") == 1
    assert toy_runs.runs(root) == []


def test_cuda_where_there_is_none_is_named(root, clinlib, monkeypatch):
    from clinlib.experiments import device

    monkeypatch.setattr(device, "_sees_cuda", lambda: False)
    monkeypatch.setenv("CLINLIB_DEVICE", "cuda")
    code, _, errors = clinlib("train", "10_toys")
    assert code == 2 and "torch sees no GPU" in errors


def test_a_failed_run_gives_exit_code_one(root, clinlib):
    (root / "toy_study.py").write_text(STUDY.replace("synthetic_en_letters", "no_such_corpus"))
    code, _, errors = clinlib("train", "10_toys")
    assert code == 1 and "unknown corpus 'no_such_corpus'" in errors


def test_a_corpus_mistyped_once_is_named_once(root, clinlib):
    (root / "toy_study.py").write_text(STUDY.replace("synthetic_en_letters", "ncbi_diseas"))
    code, _, errors = clinlib("train", "10_toys", "--dry-run")
    assert code == 1
    (line,) = (line for line in errors.splitlines() if "failed" in line)
    assert line.startswith("failed: 3 runs, the first fine_tune ncbi_diseas scratch-tiny ")
    assert "unknown corpus 'ncbi_diseas'; did you mean 'ncbi_disease'?" in line


def test_a_folder_of_corpora_that_is_none_is_named(clinlib, monkeypatch):
    monkeypatch.setenv("CLINLIB_DATA", "/no/such/folder")
    code, out, errors = clinlib("corpora", "list")
    assert (code, out) == (2, "")
    hint = "which is no folder: mkdir -p '/no/such/folder'"
    assert errors == f"error: CLINLIB_DATA is '/no/such/folder', {hint}\n"


@pytest.mark.parametrize("command", ["status", "book"])
def test_a_root_without_notebooks_is_named(clinlib, monkeypatch, tmp_path, command):
    monkeypatch.setenv("CLINLIB_ROOT", str(tmp_path))
    code, _, errors = clinlib(command)
    assert code == 2
    assert errors.startswith(f"error: {tmp_path / 'notebooks'} is no folder: CLINLIB_ROOT")


@pytest.mark.parametrize("damage", ['{"schema": 1, "ki', '{"another": "tool\'s"}', "\xff"])
def test_a_record_that_is_none_is_set_aside_by_name_and_run_again(root, clinlib, damage):
    one = ("train", "10_toys", "-p", "seeds=1")
    clinlib(*one)
    (path,) = (root / "results" / "quick" / "fine_tune").iterdir()
    path.write_text(damage, encoding="latin-1")
    code, out, _ = clinlib(*one)
    assert code == 0
    assert f"set aside: {path}.broken-1" in out
    assert path.with_name(f"{path.name}.broken-1").read_text(encoding="latin-1") == damage
    assert len(toy_runs.runs(root)) == 2


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_ends_a_sweep_with_one_line(root, clinlib, monkeypatch):
    monkeypatch.setattr(store.os, "fsync", full_disk)
    code, _, errors = clinlib("train", "10_toys", "-p", "seeds=1")
    assert code == 2
    last = errors.splitlines()[-1]
    assert last.startswith(f"error: no disk space left to write {root / 'results' / 'quick'}")
    assert str(root / ".cache" / "artifacts") in last
    assert "Traceback" not in errors


def test_a_full_disk_ends_an_execution_with_one_line(root, clinlib, monkeypatch):
    monkeypatch.setattr(execution, "execute", full_disk)
    code, _, errors = clinlib("execute", "10_toys", "-p", "seeds=1")
    assert code == 2
    assert errors.splitlines()[-1].startswith(f"error: no disk space left to write {root}; free")
    assert "Traceback" not in errors


def test_a_place_that_cannot_be_written_is_named(root, clinlib):
    (root / "file").write_text("")
    place = root / "file" / "out.ipynb"
    code, _, errors = clinlib("execute", "10_toys", "-p", "seeds=1", "--out", str(place))
    assert code == 2
    assert errors.splitlines()[-1] == f"error: {place.parent}: {os.strerror(errno.EEXIST)}"


def test_a_profile_and_a_notebook_that_do_not_read_are_named_in_one_line(root, clinlib):
    (root / "notebooks" / "profiles" / "open.yml").write_text("10_toys: {seeds: 3\n")
    code, _, errors = clinlib("status", "--profile", "open")
    assert code == 2
    assert errors.startswith("error: open.yml: not YAML: ") and errors.count("\n") == 1
    assert "line 2, column 1" in errors
    (root / "notebooks" / "10_toys.ipynb").write_text("{'cells': [")
    code, _, errors = clinlib("train", "10_toys")
    assert code == 2
    assert "10_toys.ipynb: not a notebook" in errors and errors.count("\n") == 1


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch):
    def broken():
        raise OSError("no file, no number")

    monkeypatch.setattr(cli, "app", broken)
    with pytest.raises(OSError, match="no file, no number"):
        cli.main()


def test_status_lists_states_and_why(root, clinlib):
    clinlib("train", "10_toys", "-p", "seeds=4")
    code, out, _ = clinlib("status")
    assert code == 0
    assert out.splitlines()[-1] == "quick: 3 current, 0 missing, 0 failed, 0 drifted, 1 stale"
    assert "no plan asks for it" in out and out.count("fine_tune") == 1
    assert clinlib("status", "--all")[1].count("fine_tune") == 4
    assert "missing" in clinlib("status", "--profile", "open")[1]


def test_status_says_why_a_run_is_drifted_stale_or_failed(root, clinlib, monkeypatch):
    clinlib("train", "10_toys")
    folder = root / "results" / "quick" / "fine_tune"
    first, second, third = sorted(folder.iterdir())
    first.write_text(first.read_text().replace('"status": "complete"', '"status": "failed"'))
    older = json.loads(second.read_text()) | {"version": 0, "key": "0" * 16}
    second.unlink()
    (folder / f"{older['key']}.json").write_text(json.dumps(older))
    monkeypatch.setattr(provenance, "source", lambda kind: "other source")
    code, out, _ = clinlib("status")
    *rows, last = out.splitlines()
    assert code == 0
    assert last == "quick: 0 current, 0 missing, 1 failed, 1 drifted, 1 stale"
    said = {row.split()[1]: row for row in rows}
    assert "the next sweep tries again" in said[first.stem]
    assert "stale" in said[second.stem] and "made by version 0 of the routine" in said[second.stem]
    assert "now other source; --refresh runs it again" in said[third.stem]


class Screen(io.StringIO):
    """A terminal."""

    isatty = staticmethod(lambda: True)


@pytest.mark.parametrize(
    ("out", "written"),
    [
        (io.StringIO(), "10_a: cell 1 of 2\n10_a: cell 2 of 2\n"),
        (Screen(), f"\r{'10_a: cell 1 of 2':{WIDTH}}\r{'10_a: cell 2 of 2':{WIDTH}}\n"),
    ],
)
def test_the_cells_of_a_notebook_are_told_in_plain_text(out, written):
    show = CellProgress("10_a", out)
    show(1, 2)
    show(2, 2)
    assert out.getvalue() == written


def test_corpora_are_listed(clinlib):
    code, out, _ = clinlib("corpora", "list")
    assert code == 0
    assert "synthetic_en_letters" in out and "licence" in out.splitlines()[0]


def test_a_synthetic_corpus_is_as_its_card_says(clinlib):
    code, out, _ = clinlib("corpora", "check", "synthetic_en_letters")
    assert code == 0, out
    assert "as its card says" in out


def test_a_mistyped_command_shows_usage(clinlib):
    code, _, errors = clinlib("trian")
    assert code == 2 and "train" in errors


def test_the_command_is_installed_and_starts_fast():
    done = subprocess.run(
        [sys.executable, "-c", "from clinlib.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    for command in ("execute", "train", "status", "corpora", "book"):
        assert command in done.stdout

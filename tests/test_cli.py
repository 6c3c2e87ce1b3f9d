"""The command line says what is wrong without a traceback, and its exit code tells."""

import signal
import subprocess
import sys

import nbformat
import pytest
import toy_runs

from clinlib import cli

STUDY = """
import toy_runs


def plan(values):
    return [
        toy_runs.tune("ncbi_disease", seed=seed, learning_rate=values["rate"])
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


@pytest.fixture
def clinlib(monkeypatch, capsys):
    """Runs the command in this process: arguments -> (exit code, standard output, errors)."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["clinlib", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    yield run
    signal.signal(signal.SIGTERM, before)


def test_train_runs_a_notebooks_plan_once(root, clinlib):
    code, out, _ = clinlib("train", "10_toys")
    assert code == 0 and "3 configurations, 0 current, 3 to run" in out
    assert sorted(toy_runs.runs(root)) == [f"ncbi_disease {seed}" for seed in range(3)]
    code, out, _ = clinlib("train", "10_toys", "-p", "seeds=4")
    assert code == 0 and "4 configurations, 3 current, 1 to run" in out
    assert "0 to run" in clinlib("train", "10_toys")[1]


def test_a_dry_run_trains_nothing(root, clinlib):
    code, out, _ = clinlib("train", "10_toys", "--dry-run", "--profile", "open")
    assert code == 0 and "2 to run" in out and "about" in out
    code, out, _ = clinlib("execute", "10_toys", "--dry-run")
    assert code == 0 and "3 to run" in out
    assert toy_runs.runs(root) == []


def test_execute_trains_then_executes_with_the_parameters(root, clinlib, monkeypatch):
    from clinlib.report import execution

    calls = []
    monkeypatch.setattr(execution, "execute", lambda *given: calls.append(given) or "out.ipynb")
    code, out, _ = clinlib("execute", "10_toys", "-p", "seeds=1", "-p", "rate=0.2")
    assert (code, out.splitlines()[-1]) == (0, "out.ipynb")
    assert calls == [("10_toys", "quick", {"seeds": "1", "rate": "0.2"}, None)]
    assert toy_runs.runs(root) == ["ncbi_disease 0"]


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
    assert "Traceback" not in errors
    assert toy_runs.runs(root) == []


def test_cuda_where_there_is_none_is_named(root, clinlib, monkeypatch):
    from clinlib.experiments import device

    monkeypatch.setattr(device, "_sees_cuda", lambda: False)
    monkeypatch.setenv("CLINLIB_DEVICE", "cuda")
    code, _, errors = clinlib("train", "10_toys")
    assert code == 2 and "torch sees no GPU" in errors


def test_a_failed_run_gives_exit_code_one(root, clinlib):
    (root / "toy_study.py").write_text(STUDY.replace("ncbi_disease", "no_such_corpus"))
    code, _, errors = clinlib("train", "10_toys")
    assert code == 1 and "unknown corpus 'no_such_corpus'" in errors


def test_status_lists_states_and_why(root, clinlib):
    clinlib("train", "10_toys", "-p", "seeds=4")
    code, out, _ = clinlib("status")
    assert code == 0
    assert out.splitlines()[-1] == "quick: 3 current, 0 missing, 0 failed, 0 drifted, 1 stale"
    assert "no plan asks for it" in out and out.count("fine_tune") == 1
    assert clinlib("status", "--all")[1].count("fine_tune") == 4
    assert "missing" in clinlib("status", "--profile", "open")[1]


def test_corpora_are_listed(clinlib):
    code, out, _ = clinlib("corpora", "list")
    assert code == 0
    assert "ncbi_disease" in out and "licence" in out.splitlines()[0]


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

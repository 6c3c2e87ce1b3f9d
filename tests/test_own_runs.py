"""Runs on a user's own folder: swept, recorded apart, and shown on a page without its text."""

import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import toy_runs
from brat_folder import CANARY, write_folder

from clinlib.experiments import worker
from clinlib.experiments.context import RunContext
from clinlib.experiments.key import Pins, key
from clinlib.experiments.store import Store
from clinlib.experiments.sweep import sweep
from clinlib.experiments.worker import Job
from clinlib.report.paths import LIBRARY


@pytest.fixture
def notes(tmp_path, monkeypatch):
    monkeypatch.setenv("CLINLIB_DEVICE", "cpu")
    return write_folder(tmp_path / "notes")


def test_a_sweep_keeps_its_records_apart_and_finds_them_from_any_profile(notes, tmp_path):
    configs = [toy_runs.tune(str(notes), seed=seed, learning_rate=0.5) for seed in range(2)]
    assert len(sweep(configs, "open", store=Store("open", tmp_path), workers=1).ran) == 2
    assert not (tmp_path / "results" / "open").exists()
    assert len(list((tmp_path / "results" / "own" / "fine_tune").glob("own-*.json"))) == 2
    again = sweep(configs, "quick", store=Store("quick", tmp_path), workers=1)
    assert (len(again.current), again.to_run) == (2, 0)


def test_a_weight_that_comes_of_it_keeps_a_run_on_another_corpus_apart(notes, tmp_path):
    encoder = toy_runs.encode(f"corpus:{notes}")
    config = toy_runs.tune("synthetic_en_letters", encoder=encoder, learning_rate=0.5)
    store = Store("open", tmp_path)
    assert len(sweep([config], "open", store=store, workers=1).ran) == 2
    assert not (tmp_path / "results" / "open").exists()
    assert store.get(config)["status"] == "complete"


def test_a_folder_that_is_none_stops_its_own_runs_alone(notes, tmp_path):
    configs = [toy_runs.tune(each, learning_rate=0.5) for each in (f"{notes}s", str(notes))]
    report = sweep(configs, "open", store=Store("open", tmp_path), workers=1)
    assert report.exit_code == 1 and len(report.ran) == 1
    assert "there is no folder" in report.summary()


def test_files_that_change_during_a_sweep_make_no_record_under_the_old_key(notes, tmp_path):
    (tmp_path / ".cache").mkdir()
    config = toy_runs.tune(str(notes), learning_rate=0.5)
    job = Job(key(config), config, RunContext(cache=tmp_path / ".cache"))
    assert worker.perform(job, lambda *_: None).error is None
    shutil.copy(notes / "n01.ann", notes / "n02.ann")
    shutil.copy(notes / "n01.txt", notes / "n02.txt")
    error = worker.perform(job, lambda *_: None).error
    assert (
        error["type"] == "ClinlibError" and "have changed since it was planned" in error["message"]
    )
    other = Job(key(config, Pins(corpus=lambda name: "x")), config, job.context)
    assert worker.perform(other, lambda *_: None).error
    carded = toy_runs.tune("synthetic_en_letters", learning_rate=0.5)
    job = replace(job, config=carded, key="0" * 16)
    assert worker.perform(job, lambda *_: None).error is None


@pytest.mark.slow
def test_from_a_folder_of_notes_to_a_scored_page(notes, tmp_path, monkeypatch):
    root = tmp_path / "root"
    for name in ("notebooks", "book"):
        shutil.copytree(LIBRARY.parent / name, root / name)
    shutil.copy(LIBRARY.parent / "_config.yml", root)
    monkeypatch.setenv("CLINLIB_ROOT", str(root))
    monkeypatch.setenv("PYTHONPATH", str(LIBRARY.parent))
    monkeypatch.chdir(tmp_path)
    given = {
        "corpora": "[./notes]",
        "encoders": "[scratch-tiny]",
        "heads": "[crf]",
        "learning_rates": "[0.002]",
        "epochs": "[15]",
        "seeds": "1",
        "vocabulary": "200",
    }
    options = [part for name, value in given.items() for part in ("-p", f"{name}={value}")]
    command = [sys.executable, "-c", "from clinlib.cli import main; main()"]

    def run(*arguments):
        done = subprocess.run([*command, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1]

    executed = run("execute", "10_heads_and_encoders", "--profile", "open", *options)
    (record,) = (root / "results" / "own" / "fine_tune").iterdir()
    assert record.name.startswith("own-") and not (root / "results" / "open").exists()
    index = run("page", executed, "--out", str(tmp_path / "page"))
    text = (tmp_path / "page" / "page.html").read_text(encoding="utf-8")
    assert index == str(tmp_path / "page" / "index.html")
    assert "Span scores on the test split" in text and "./notes" in text
    for place in (root / "results", root / "_build", tmp_path / "page"):
        for path in place.rglob("*"):
            assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path

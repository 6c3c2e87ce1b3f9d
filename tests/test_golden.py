"""Golden micro-runs, and the list of sources that they vouch for."""

import json

import golden
import pytest

from clinlib.experiments import provenance

STORED = json.loads(golden.STORED.read_text())


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in golden.LONG else ())
        for name in golden.RUNS
    ],
)
def test_a_golden_micro_run_gives_the_stored_numbers(name):
    """Fails when numerics change: raise the kind's VERSION, then make vouch ARGS=--renew."""
    config, stored = golden.RUNS[name], STORED[name]
    assert stored["version"] == config.version
    assert golden.agree(golden.numbers(config), {k: stored[k] for k in ("losses", "f1")})


@pytest.mark.parametrize(
    ("kind", "version"),
    sorted({(config.kind, config.version) for config in golden.RUNS.values()}),
)
def test_the_present_source_is_vouched_for(kind, version):
    """Fails when a routine's code changed: run make vouch, and commit what it writes."""
    assert provenance.source(kind) in provenance.equal_sources(kind, version)


def test_the_long_runs_are_runs():
    assert set(golden.RUNS) >= golden.LONG


def test_other_numbers_do_not_agree():
    stored = {"losses": [1.5, 0.8], "f1": [20.0, 30.0]}
    assert golden.agree({"losses": [1.5001, 0.8], "f1": [20.4, 30.0]}, stored)
    assert not golden.agree({"losses": [1.5, 0.801], "f1": [20.0, 30.0]}, stored)
    assert not golden.agree({"losses": [1.5, 0.8], "f1": [20.0, 31.0]}, stored)
    assert not golden.agree({"losses": [1.5], "f1": [20.0, 30.0]}, stored)


@pytest.fixture
def one_run(tmp_path, monkeypatch):
    """A golden file of one run in a folder of the test's own; returns what was vouched for."""
    stored = {"crf": {"version": 1, "losses": [1.5], "f1": [20.0, 30.0]}}
    monkeypatch.setattr(golden, "STORED", tmp_path / "golden.json")
    monkeypatch.setattr(golden, "RUNS", {"crf": golden.RUNS["crf"]})
    golden.STORED.write_text(json.dumps(stored))
    kinds = []
    monkeypatch.setattr(provenance, "vouch", lambda kind, version: kinds.append(kind))
    return kinds


@pytest.mark.parametrize("renew", [False, True])
def test_numbers_that_agree_vouch_for_the_source(one_run, monkeypatch, renew):
    found = {"losses": [1.5], "f1": [20.0, 30.0]}
    monkeypatch.setattr(golden, "numbers", lambda config: found)
    assert golden.main(renew=renew) == 0
    assert one_run == ["fine_tune"]


def test_numbers_that_differ_vouch_for_nothing(one_run, monkeypatch, capsys):
    found = {"losses": [1.6], "f1": [20.0, 30.0]}
    monkeypatch.setattr(golden, "numbers", lambda config: found)
    before = golden.STORED.read_text()
    assert golden.main(renew=False) == 1
    assert one_run == [] and golden.STORED.read_text() == before
    assert "crf" in capsys.readouterr().err
    # only where they are to be stored anew do they replace the old ones
    assert golden.main(renew=True) == 0
    assert json.loads(golden.STORED.read_text())["crf"]["losses"] == [1.6]

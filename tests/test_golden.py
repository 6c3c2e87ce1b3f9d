"""Golden micro-runs, and the list of sources that they vouch for."""

import json

import golden
import pytest

from clinlib.experiments import provenance
from clinlib.experiments.spec import KINDS

STORED = json.loads(golden.STORED.read_text())


@pytest.mark.parametrize("name", golden.RUNS)
def test_a_golden_micro_run_gives_the_stored_numbers(name):
    """Fails when numerics change: raise the kind's VERSION, then make vouch ARGS=--renew."""
    config, stored = golden.RUNS[name], STORED[name]
    assert stored["version"] == type(config).VERSION
    assert golden.agree(golden.numbers(config), {k: stored[k] for k in ("losses", "f1")})


@pytest.mark.parametrize("kind", sorted({config.kind for config in golden.RUNS.values()}))
def test_the_present_source_is_vouched_for(kind):
    """Fails when a routine's code changed: run make vouch, and commit what it writes."""
    assert provenance.source(kind) in provenance.equal_sources(kind, KINDS[kind].VERSION)


def test_other_numbers_do_not_agree():
    stored = {"losses": [1.5, 0.8], "f1": [20.0, 30.0]}
    assert golden.agree({"losses": [1.501, 0.8], "f1": [21.0, 30.0]}, stored)
    assert not golden.agree({"losses": [1.5, 0.81], "f1": [20.0, 30.0]}, stored)
    assert not golden.agree({"losses": [1.5, 0.8], "f1": [20.0, 33.0]}, stored)
    assert not golden.agree({"losses": [1.5], "f1": [20.0, 30.0]}, stored)

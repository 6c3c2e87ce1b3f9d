"""Planted faults: every patch applies to the present tree and names tests that exist."""

import subprocess
from pathlib import Path

import pytest

from tests.faults.run import CHECKOUT, FAULTS, named_tests

PATCHES = sorted(FAULTS.glob("*.patch"))


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_a_fault_can_still_be_planted(patch):
    applied = subprocess.run(
        ["git", "apply", "--check", str(patch)], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert applied.returncode == 0, applied.stderr
    named = named_tests(patch)
    assert named
    for each in named:
        file, _, test = each.partition("::")
        text = Path(CHECKOUT / file).read_text(encoding="utf-8")
        assert not test or f"def {test}(" in text, f"{file} has no {test}"
    assert patch.read_text().startswith("# "), "say what the fault is"


def test_there_is_a_fault_for_each_kind_of_thing_that_makes_numbers():
    text = "\n".join(patch.read_text() for patch in PATCHES)
    for folder in ("models", "adaptation", "training", "evaluation", "experiments", "corpora"):
        assert f"a/clinlib/{folder}/" in text, folder

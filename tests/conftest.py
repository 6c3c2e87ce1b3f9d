"""Fixtures shared by the tests: the open corpora, if they are here, and the command line."""

import signal
import sys

import pytest
from gated_corpora import HERE
from hypothesis import settings

from clinlib import cli
from clinlib.corpora.registry import data_root
from clinlib.experiments.key import corpus_fingerprint

# two workers share two cores: an example that waits for one is not slow
settings.register_profile("clinlib", deadline=None)
settings.load_profile("clinlib")


@pytest.fixture(scope="session")
def corpora_dir():
    """The folder of open corpora; the test is skipped, with the reason, where there is none."""
    root = data_root()
    if root is None:
        pytest.skip("no open corpora here: set CLINLIB_DATA to their folder")
    return root


@pytest.fixture
def miniatures(monkeypatch):
    """The folder of the gated corpora's miniatures, as the data folder of this test."""
    monkeypatch.setenv("CLINLIB_DATA", str(HERE))
    corpus_fingerprint.cache_clear()
    yield HERE
    corpus_fingerprint.cache_clear()


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

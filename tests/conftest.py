"""Fixtures shared by the tests: where the open corpora are, if they are."""

import pytest
from hypothesis import settings

from clinlib.corpora.registry import data_root

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

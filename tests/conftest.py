"""Fixtures shared by tests: the open corpora, the command line, the built book, a browser."""

import functools
import http.server
import os
import signal
import sys
import threading
from pathlib import Path

import browser as chromium
import pytest
from gated_corpora import HERE
from hypothesis import settings

from clinlib import cli
from clinlib.corpora.registry import data_root
from clinlib.experiments.key import corpus_fingerprint
from clinlib.report.paths import build_folder

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


@pytest.fixture(scope="module")
def html() -> Path:
    """The built book's folder; a test is skipped where there is none."""
    folder = build_folder(os.environ.get("PROFILE", "quick")) / "html"
    if not (folder / "index.html").is_file():
        pytest.skip(f"no book at {folder}: run make book")
    return folder


@pytest.fixture(scope="module")
def pages(html) -> list[Path]:
    """All pages but the first, which only leads to another."""
    found = (path.relative_to(html).as_posix() for path in html.rglob("*.html"))
    return [html / name for name in sorted(found) if not name.startswith(("_static/", "index."))]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A Chromium; a test is skipped where there is none."""
    if chromium.program() is None:
        pytest.skip("no Chromium on PATH")
    with chromium.Browser(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture(scope="module")
def server(html):
    """The address of the built book on a server of this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=html)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()

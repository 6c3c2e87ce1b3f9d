"""The built book: every page says at its top and at its foot the states of the runs behind it."""

import json
import os
import re
from html import unescape

import pytest

from clinlib.experiments.store import Store
from clinlib.report import badges, commands, notebooks
from clinlib.report.paths import LIBRARY, build_folder

pytestmark = pytest.mark.slow

PROFILE = os.environ.get("PROFILE", "quick")
HTML = build_folder(PROFILE) / "html" / "notebooks"
NAMES = sorted(path.stem for path in (LIBRARY.parent / "notebooks").glob("*.ipynb"))
LINE = re.compile(r'<p class="cl-states" data-states="([^"]*)">')


@pytest.fixture(params=NAMES)
def page(request) -> tuple[str, str]:
    """(name, HTML) of each page."""
    path = HTML / f"{request.param}.html"
    if not path.is_file():
        pytest.skip(f"no page at {path}: run make book")
    return request.param, path.read_text(encoding="utf-8")


def test_the_badges_of_a_page_are_those_of_its_records(page):
    name, html = page
    store = Store(PROFILE)
    records = notebooks.stored(notebooks.plan(name, PROFILE), store)
    there = badges.of_page(records, store).counts
    top, foot = (json.loads(unescape(found)) for found in LINE.findall(html))
    assert top == foot == there
    assert LINE.search(html).start() < html.index('<div class="cell ')  # above what it speaks of


def test_a_page_shows_its_parameters_and_its_commands(page):
    name, html = page
    parameters = notebooks.parameters(name, PROFILE)
    for each in parameters:
        assert f'<th scope="row"><code>{each}</code></th>' in html
    shown = [unescape(line) for line in re.findall(r"<pre><code>(.*?)</code></pre>", html)]
    assert commands.execute(name, parameters) in shown
    assert commands.papermill(name, parameters) in shown

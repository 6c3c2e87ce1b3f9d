"""The built book for its readers: WCAG, phones, paper, the search, in a real browser.

Needs a book (`make book`), a Chromium, and axe-core (`make pages` installs it).
"""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

REPRESENTATIVE = [
    "book/index",
    "notebooks/00_corpora",
    "notebooks/10_heads_and_encoders",
    "notebooks/36_error_analysis",
    "notebooks/90_claims",
    "data_cards/bc5cdr",
    "book/references",
]
WIDE, PHONE, PAPER = (1400, 1000), (390, 844), (680, 960)  # paper: A4 inside its margins

# rule of axe-core -> why it does not hold here
EXCEPTIONS: dict[str, str] = {}

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# the paths that letters of a drawing are made of are left out: thousands, without a text
AXE = """axe.run({exclude: ['.cl-figure svg > *']}, {preload: false, runOnly: RULES})
  .then(found => found.violations.map(each =>
    [each.id, each.help, each.nodes.map(node => [node.target.join(' '), node.html.slice(0, 200)])]
  ))"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core; the package around it is found, not imported."""
    found = find_spec("axe_playwright_python")
    if found is None:
        pytest.skip("no axe-core: run make pages")
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def screen(browser):
    """Opens a page on a screen of a size and theme; afterwards the browser is as it was."""

    def opened(page, size=WIDE, scheme="light", media="screen"):
        browser.show(*size, scheme, media)
        browser.open(page.as_uri())
        return browser

    yield opened
    browser.send("Emulation.clearDeviceMetricsOverride")
    browser.send("Emulation.setEmulatedMedia", media="", features=[])


def violations(browser, axe):
    """What axe-core finds in all that the page holds, folded parts opened."""
    browser.run("document.querySelectorAll('details').forEach(each => { each.open = true })")
    # what opens fades in, and letters that are half there have no contrast
    browser.run("document.getAnimations().forEach(each => each.finish())")
    browser.run(f"{axe}; 0")
    return browser.run(AXE.replace("RULES", json.dumps(RULES)))


@pytest.mark.parametrize("name", REPRESENTATIVE)
@pytest.mark.parametrize(
    ("size", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light")], ids=str
)
def test_pages_hold_to_wcag_at_levels_a_and_aa(screen, html, axe, name, size, scheme):
    browser = screen(html / f"{name}.html", size, scheme)
    assert browser.run("document.documentElement.dataset.theme") == scheme
    found = violations(browser, axe)
    assert [each for each in found if each[0] not in EXCEPTIONS] == []
    assert (browser.failed, browser.errors) == ([], [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_would_find_what_is_wrong(screen, html, axe, scheme):
    browser = screen(html / "book" / "index.html", scheme=scheme)
    browser.run(
        "document.querySelector('article').insertAdjacentHTML('afterbegin',"
        '\'<img src="data:,"><p style="color:#777;background:#666">pale</p><button></button>\')'
    )
    found = {each[0] for each in violations(browser, axe)}
    assert {"image-alt", "color-contrast", "button-name"} <= found


def test_every_image_has_a_text_in_its_place(screen, pages):
    nameless = """[...document.querySelectorAll('img, svg, math')].filter(each =>
      !(each.closest('[aria-hidden=true], [role=presentation]')
        || (each.getAttribute('alt') ?? each.getAttribute('aria-label')
            ?? each.getAttribute('alttext') ?? each.querySelector('title')?.textContent
            ?? '').trim()))
      .map(each => each.outerHTML.slice(0, 99))"""
    for page in pages:
        assert screen(page).run(nameless) == [], page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_a_phone(screen, pages, scheme):
    for page in pages:
        browser = screen(page, PHONE, scheme)
        assert browser.run("document.documentElement.scrollWidth") <= PHONE[0], page


def test_on_a_phone_drawings_keep_the_size_of_their_letters_and_captions_are_seen(screen, pages):
    small = """[...document.querySelectorAll('.cl-figure svg')].filter(each => {
      const own = each.viewBox.baseVal.width * 4 / 3, now = each.getBoundingClientRect().width;
      return now && now < 0.79 * own }).length"""
    cut = """[...document.querySelectorAll('.cl-table caption')].filter(each =>
      each.getBoundingClientRect().right > innerWidth + 1).length"""
    for page in pages:
        text = page.read_text(encoding="utf-8")
        if "cl-figure" in text or "cl-table" in text:
            browser = screen(page, PHONE)
            assert (browser.run(small), browser.run(cut)) == (0, 0), page


def test_what_scrolls_sideways_takes_the_focus(screen, html):
    unreached = """[...document.querySelectorAll('.cl-scroll, .cl-drawing, div.math')]
      .filter(each => (each.scrollWidth > each.clientWidth + 1) !== (each.tabIndex === 0)).length"""
    for name in REPRESENTATIVE:
        for size in (WIDE, PHONE):
            assert screen(html / f"{name}.html", size).run(unreached) == 0, (name, size)


def test_on_paper_pages_are_light_without_sidebars_and_tables_are_whole(screen, pages):
    left = """['.bd-sidebar-primary', '.bd-sidebar-secondary', '.bd-header-article', '.bd-footer']
      .filter(each => document.querySelector(each)?.getBoundingClientRect().height)"""
    cut = """[...document.querySelectorAll('article table')]
      .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
      .map(each => each.innerText.slice(0, 80))"""
    for page in pages:
        browser = screen(page, PAPER, "dark", "print")
        assert browser.run("getComputedStyle(document.body).backgroundColor") == WHITE, page
        assert browser.run(left) == [], page
        assert browser.run(cut) == [], page


WHITE = "rgb(255, 255, 255)"


def test_after_printing_a_dark_page_is_dark_again(screen, html, browser):
    theme = "document.documentElement.dataset.theme"
    screen(html / "book" / "index.html", scheme="dark")
    assert browser.run(theme) == "dark"
    browser.show(*PAPER, "dark", "print")
    browser.wait_for(f"{theme} === 'light'")
    browser.show(*WIDE, "dark")
    browser.wait_for(f"{theme} === 'dark'")


@pytest.mark.parametrize("query", ["R-Drop", "r-drop", "BIO-level"])
def test_the_search_finds_words_with_hyphens(screen, html, browser, query):
    browser.open(f"{(html / 'search.html').as_uri()}?q={query}")
    browser.wait_for("document.querySelectorAll('#search-results li a').length > 0")
    first = browser.run("document.querySelector('#search-results li a').href")
    browser.open(first)
    assert query.lower() in browser.run("document.querySelector('article').innerText").lower()


def test_tables_of_the_book_sort_and_long_ones_have_a_filter(screen, html):
    plain = """[...document.querySelectorAll('.cl-table table')].filter(each => {
      const rows = each.tBodies[0].rows.length, box = each.closest('.cl-table');
      return rows >= 3 && !each.querySelector('.cl-sort')
        || (rows >= 12) !== !!box.querySelector('.cl-filter') }).map(each => each.innerText)"""
    tables = "document.querySelectorAll('.cl-sort').length"
    for name in REPRESENTATIVE[1:3]:
        browser = screen(html / f"{name}.html")
        assert browser.run(plain) == [] and browser.run(tables) > 0, name

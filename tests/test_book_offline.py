"""The built book in a real browser, without a network: pages, formulas, search, themes, files.

Needs a book (`make book`) and, for what is not a scan of its files, a Chromium.
"""

import re
from html.parser import HTMLParser

import pytest

pytestmark = pytest.mark.slow

HOSTS = re.compile(r"jsdelivr|unpkg|cdnjs|googleapis|gstatic|mybinder|plausible|google-analytics")
ELSEWHERE = re.compile(r"^\s*(https?:)?//", re.I)


class Loads(HTMLParser):
    """Collects the addresses that a page loads by itself; links to click are left out."""

    def __init__(self):
        super().__init__()
        self.found: list[str] = []
        self.styles: list[str] = []

    def handle_starttag(self, tag, attributes):
        given = {name: value or "" for name, value in attributes}
        if tag == "link" and given.get("rel") not in ("next", "prev", "author", "canonical"):
            self.found.append(given.get("href", ""))
        if tag != "a":
            self.found += [
                given[name] for name in ("src", "srcset", "data", "poster") if name in given
            ]
        if tag in ("use", "image"):
            self.found += [given.get("href", ""), given.get("xlink:href", "")]
        self.styles.append(given.get("style", ""))

    def handle_data(self, data):
        self.styles.append(data if "url(" in data or "@import" in data else "")


def test_no_page_loads_anything_from_elsewhere(html, pages):
    for page in [*pages, html / "index.html"]:
        loads = Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        assert [each for each in loads.found if ELSEWHERE.match(each)] == [], page
        assert [each for each in loads.styles if remote_style(each)] == [], page


def test_no_style_or_script_loads_anything_from_elsewhere(html):
    for path in html.rglob("*.css"):
        assert not remote_style(path.read_text(encoding="utf-8")), path
    for path in html.rglob("*.js"):
        assert not HOSTS.search(path.read_text(encoding="utf-8")), path


def remote_style(text: str) -> bool:
    return bool(re.search(r"(url\(\s*['\"]?|@import\s+['\"]?)\s*(https?:)?//", text, re.I))


def test_a_scan_would_find_what_it_looks_for():
    loads = Loads()
    loads.feed(
        '<script src="https://a"></script><link rel="preload" href="//b"><a href="http://c">'
    )
    assert [each for each in loads.found if ELSEWHERE.match(each)] == ["https://a", "//b"]
    assert remote_style("@import url('https://fonts')") and not remote_style("url(../a.woff2)")


def test_the_first_page_leads_to_the_front_page(browser, html):
    browser.send("Page.navigate", url=(html / "index.html").as_uri())
    browser.wait_for("location.pathname.endsWith('/book/index.html')")
    assert [each for each in browser.requests if not each.startswith(("file:", "data:"))] == []


def test_every_page_opens_without_errors_or_requests(browser, pages):
    for page in pages:
        browser.open(page.as_uri())
        assert [each for each in browser.requests if not each.startswith(("file:", "data:"))] == []
        assert (browser.failed, browser.errors) == ([], []), page


def test_over_http_every_request_goes_to_the_book(browser, pages, html, server):
    for page in pages:
        browser.open(f"{server}/{page.relative_to(html).as_posix()}")
        here = (f"{server}/", "data:")
        assert [each for each in browser.requests if not each.startswith(here)] == [], page
        assert (browser.failed, browser.errors) == ([], []), page


def test_formulas_are_drawn_as_formulas(browser, pages):
    seen = 0
    for page in pages:
        if "<math" not in page.read_text(encoding="utf-8"):
            continue
        browser.open(page.as_uri())
        sizes = browser.run(
            "[...document.querySelectorAll('math')].map(m => { const r = m.getBoundingClientRect();"
            "return r.width > 4 && r.height > 4 && !!m.querySelector('mi, mo, mn, mtext') })"
        )
        assert sizes and all(sizes), page
        seen += len(sizes)
    if not seen:
        pytest.skip("no page of this book has a formula")


def test_figures_have_alternative_text_and_a_size(browser, pages):
    for page in with_class(pages, "cl-figure"):
        browser.open(page.as_uri())
        figures = browser.run(
            "[...document.querySelectorAll('.cl-figure')].map(f => {"
            "const s = f.querySelector('svg[role=img]'), r = s && s.getBoundingClientRect();"
            "return s && s.getAttribute('aria-label').length > 9 && r.width > 50 && r.height > 50})"
        )
        assert figures and all(figures), page


@pytest.mark.parametrize("how", ["file", "http"])
def test_the_search_finds_pages(browser, html, server, how):
    base = html.as_uri() if how == "file" else server
    browser.open(f"{base}/search.html?q=collapsed")
    browser.wait_for("document.querySelectorAll('#search-results li a').length > 0")
    target = browser.run("document.querySelector('#search-results li a').href")
    browser.open(target)
    assert "collapsed" in browser.run("document.body.innerText")


CONTRAST = """(() => {
  const channels = text => text.match(/[\\d.]+/g).map(Number);
  const luminance = rgb => rgb.slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (let here = element; here; here = here.parentElement) {
      const rgb = channels(getComputedStyle(here).backgroundColor);
      if (rgb.length < 4 || rgb[3] > 0.9) return rgb;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll(
    '.cl-figure svg, .cl-figure figcaption, .cl-table td, .cl-table th, .cl-table caption, '
    + '.cl-provenance summary, article p, math, '
    + '.cl-mark, .cl-type, .cl-rows dt, .cl-rows dd, .cl-row-note')].map(element => {
    const pair = [channels(getComputedStyle(element).color), ground(element)].map(luminance);
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  });
})()"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_tables_and_figures_are_legible_in_both_themes(browser, pages, theme):
    kinds = ("cl-figure", "<math", "cl-passage")
    for page in dict.fromkeys(page for kind in kinds for page in with_class(pages, kind)):
        browser.open(page.as_uri())
        for _ in range(3):
            if browser.run("document.documentElement.dataset.theme") == theme:
                break
            browser.run("document.querySelector('.theme-switch-button').click()")
        assert browser.run("document.documentElement.dataset.theme") == theme
        browser.run("new Promise(done => setTimeout(done, 500))")  # colours fade over
        assert min(browser.run(CONTRAST)) > 4.5, page


def test_tables_and_figures_can_be_downloaded(browser, pages):
    for page in with_class(pages, "cl-download"):
        browser.open(page.as_uri())
        files = browser.run(
            "Promise.all([...document.querySelectorAll('a.cl-download')].map(async a =>"
            "[a.download, await (await fetch(a.href)).text()]))"
        )
        for name, text in files:
            assert name.endswith((".csv", ".svg")) and len(text) > 10
            assert not name.endswith(".svg") or "<svg" in text
        assert len({name for name, _ in files}) == len(files), page


def with_class(pages, text):
    return [page for page in pages if text in page.read_text(encoding="utf-8")]

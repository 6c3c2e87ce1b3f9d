"""Passages and their HTML: exact text, names of types in letters, contrast, and gated text."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import browser as chromium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinlib.corpora.document import Document, Span
from clinlib.errors import BadInput
from clinlib.report import highlight
from clinlib.report.paths import LIBRARY
from clinlib.studies import passages as module
from clinlib.studies.passages import GOLD, Passage, Row, passage

CSS = (LIBRARY.parent / "book/_static/clinlib.css").read_text(encoding="utf-8")
TYPES = ("Drug", "Dose & form")
#       0         1         2         3         4         5
#       0123456789012345678901234567890123456789012345678901234
TEXT = "Geen <b>koorts</b>. Kreeg 5 mg \"azathioprine\" & 'meer'. Klaar."
SENTENCES = ((0, 19), (20, 55), (56, 62))
DOCUMENT = Document("d1", TEXT, (Span(26, 30, TYPES[1]), Span(32, 44, "Drug")), SENTENCES)


class Parsed(HTMLParser):
    """Text by element, the attributes of marks, and whether elements close in order."""

    def __init__(self, html):
        super().__init__()
        self.open, self.marks, self.texts, self.tags = [], [], {}, []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append((tag, given))
        self.open.append((tag, given.get("class", "")))
        if tag == "mark":
            self.marks.append("")

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        inside = [tag for tag, _ in self.open]
        hidden = any("cl-unseen" in name for _, name in self.open)
        if "mark" in inside:
            self.marks[-1] += data
        if "dd" in inside and not hidden and not any("cl-type" in name for _, name in self.open):
            at = sum(tag == "dd" for tag, _ in self.tags)
            self.texts[at] = self.texts.get(at, "") + data


PREDICTED = (Span(26, 30, TYPES[1]), Span(32, 36, "Drug"))


def made(**options):
    rows = {GOLD: DOCUMENT.spans, "FT": PREDICTED}
    given = {"title": "d1, <here>", "types": TYPES, "language": "nl"} | options
    return passage(DOCUMENT, (32, 44), rows, **given)


def test_a_passage_is_the_sentence_with_its_spans():
    found = made()
    assert (found.start, found.end, found.text) == (20, 55, TEXT[20:55])
    assert [row.label for row in found.rows] == [GOLD, "FT"]


def test_text_is_escaped_and_comes_back_whole_from_every_row():
    parsed = Parsed(highlight.html(made()))
    assert parsed.texts == {1: TEXT[20:55], 2: TEXT[20:55]}
    whole = passage(DOCUMENT, (0, 62), {GOLD: ()}, title="", types=TYPES, language="nl")
    html = highlight.html(whole)
    assert "&lt;b&gt;koorts&lt;/b&gt;" in html and "<b>" not in html
    assert "d1, &lt;here&gt;" in highlight.html(made())


def test_every_mark_names_its_type_and_what_gold_lacks_says_so():
    parsed = Parsed(highlight.html(made()))
    assert parsed.marks == [
        "[5 mg: Dose & form]",
        "[azathioprine: Drug]",
        "[5 mg: Dose & form]",
        "[azat: Drug ≠, not in gold]",
    ]


def test_text_has_its_language_and_types_have_theirs():
    tags = Parsed(highlight.html(made())).tags
    assert {given.get("lang") for tag, given in tags if tag == "dd"} == {"nl"}
    types = [given for _, given in tags if given.get("class") == "cl-type"]
    assert len(types) == 4 and {given["lang"] for given in types} == {"en"}


def test_there_is_no_script_and_nothing_to_fetch():
    for tag, attributes in Parsed(highlight.passages([made()])._repr_html_()).tags:
        assert tag in ("ol", "li", "div", "p", "dl", "dt", "dd", "mark", "span", "strong")
        assert set(attributes) <= {"class", "lang", "aria-hidden"}


def test_the_spans_that_a_passage_is_for_are_strong():
    html = highlight.html(made(focus=[Span(32, 44, "Drug"), Span(32, 36, "Drug")]))
    assert re.findall("<strong>(.*?)</strong>", html) == ["azathioprine", "azat"]


def test_rows_that_mark_the_same_are_one_and_gold_stays_apart():
    rows = {GOLD: DOCUMENT.spans, "A": DOCUMENT.spans, "B": (), "C": DOCUMENT.spans, "D": ()}
    options = {"title": "", "types": TYPES, "language": "nl"}
    found = passage(DOCUMENT, (20, 55), rows, **options)
    assert [row.labels for row in found.rows] == [(GOLD,), ("A", "C"), ("B", "D")]
    html = highlight.html(found)
    assert html.count("as gold") == 1 and html.count("<mark") == 2
    noted = passage(DOCUMENT, (20, 55), rows, notes={"D": "missed"}, **options)
    assert [row.labels for row in noted.rows] == [(GOLD,), ("A", "C"), ("B",), ("D",)]
    assert "missed" in highlight.html(noted) and "D (missed): " in highlight.plain(noted)


def test_plain_text_holds_all():
    assert highlight.plain(made()).splitlines() == [
        "d1, <here>",
        "gold: Kreeg [5 mg: Dose & form] \"[azathioprine: Drug]\" & 'meer'.",
        "FT: Kreeg [5 mg: Dose & form] \"[azat: Drug]hioprine\" & 'meer'.",
    ]
    assert repr(highlight.passages([])) == "no passages"


@st.composite
def rows(draw):
    """Spans of gold and a model in a document of short words, and sentences."""
    text = draw(st.text(alphabet="ab \n<", min_size=12, max_size=60))
    sides = {}
    for side in (GOLD, "FT"):
        places = draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True))
        pairs = pairwise(sorted(places))
        sides[side] = [Span(a, b, "Drug") for a, b in list(pairs)[:: draw(st.integers(1, 2))]]
    cuts = sorted(draw(st.sets(st.integers(1, len(text) - 1), max_size=3)))
    sentences = tuple(pairwise([0, *cuts, len(text)]))
    start = draw(st.integers(0, len(text) - 1))
    around = start, draw(st.integers(start + 1, len(text)))
    return Document("d", text, tuple(sides[GOLD]), sentences), around, sides


@given(rows(), st.integers(0, 20))
def test_a_passage_holds_what_it_is_for_and_cuts_no_span(given, reach):
    document, around, sides = given
    found = passage(document, around, sides, title="", types=TYPES, language="nl", reach=reach)
    assert found.start <= around[0] and around[1] <= found.end
    assert found.text == document.text[found.start : found.end]
    for label, spans in sides.items():
        (row,) = [row for row in found.rows if label in row.labels]
        inside = [span for span in spans if span.start < found.end and found.start < span.end]
        assert list(row.spans) == inside
        assert all(found.start <= span.start and span.end <= found.end for span in inside)
    texts = Parsed(highlight.html(found)).texts
    assert texts[1] == found.text and texts.get(2, "as gold") in (found.text, "as gold")


def test_a_long_sentence_is_cut_between_words():
    text = " ".join(f"woord{number}" for number in range(100))
    place = text.index("woord50")
    document = Document("d", text, (Span(place, place + 7, "Drug"),), ((0, len(text)),))
    found = passage(
        document, (place, place + 7), {GOLD: document.spans}, title="", types=TYPES, language="nl"
    )
    words = found.text.split(" ")
    assert set(words) <= set(text.split(" ")) and 10 < len(words) < 60


def test_without_text_a_passage_gives_offsets_and_types():
    found = made(shown=False)
    assert found.text is None and "azathioprine" not in repr(found)
    for shown in (highlight.html(found), highlight.plain(found)):
        assert "Drug [32, 36)" in shown and "azat" not in shown
    assert "mark" not in {tag for tag, _ in Parsed(highlight.html(found)).tags}


def test_gated_text_is_named_whether_it_is_shown_or_not(monkeypatch):
    assert module.banner(["synthetic_nl_ibd"], True) == ""
    monkeypatch.setattr(module, "is_gated", lambda corpus: corpus == "meddocan")
    corpora = ["synthetic_nl_ibd", "meddocan"]
    assert "shows text of meddocan, which may not be passed on" in module.banner(corpora, True)
    assert "The text of meddocan may not be passed on" in module.banner(corpora, False)


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ((Span(20, 26, "Drug"), Span(25, 30, "Drug")), "spans of row FT overlap"),
        ((Span(50, 60, "Drug"),), r"FT has Drug \[50, 60\), the passage is \[20, 55\)"),
        ((Span(20, 26, "Dug"),), "unknown type Dug"),
    ],
)
def test_rows_that_do_not_fit_are_named(spans, said):
    with pytest.raises(BadInput, match=said):
        Passage("t", 20, 55, TEXT[20:55], (Row(("FT",), spans),), "nl", TYPES)


def ratio(one, other):
    """The contrast of two colours (WCAG 2.1, relative luminance)."""

    def luminance(colour):
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_of_known_pairs():
    assert ratio("#000000", "#ffffff") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("theme", "page"), [("light", "#ffffff"), ("dark", "#121212")])
def test_marks_stand_out_and_are_legible_in_both_themes(theme, page):
    prefix = r'^html\[data-theme="dark"\] ' if theme == "dark" else "^"
    (ink,) = re.findall(prefix + r"mark\.cl-mark \{\s*color: (#\w{6})", CSS, re.M)
    rule = prefix + r"\.cl-hue-(\d) \{ --cl-ground: (#\w{6}); --cl-edge: (#\w{6}); \}"
    hues = re.findall(rule, CSS, re.M)
    assert [int(number) for number, _, _ in hues] == list(range(highlight.HUES))
    assert len({ground for _, ground, _ in hues}) == highlight.HUES
    for _, ground, edge in hues:
        assert ratio(ink, ground) >= 7  # small text, enhanced
        assert min(ratio(edge, page), ratio(edge, ground)) >= 3  # graphical objects


def test_more_types_than_colours_begin_anew():
    types = tuple(f"T{number}" for number in range(highlight.HUES + 1))
    spans = (Span(0, 4, types[0]), Span(5, 8, types[-1]))
    found = passage(DOCUMENT, (0, 9), {GOLD: spans}, title="", types=types, language="nl")
    assert highlight.html(found).count("cl-hue-0") == 2


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_a_passage_fits_a_phone_and_hides_nothing_but_what_is_spoken(tmp_path, width):
    if chromium.program() is None:
        pytest.skip("no Chromium on PATH")
    long = Document("d", "x" * 400 + " eind", (Span(0, 400, TYPES[1]),), ((0, 405),))
    found = [
        made(),
        passage(long, (0, 405), {GOLD: long.spans}, title="", types=TYPES, language="nl"),
    ]
    page = tmp_path / "page.html"
    body = highlight.passages(found)._repr_html_()
    page.write_text(
        '<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><style>{CSS}</style>{body}',
        encoding="utf-8",
    )
    with chromium.Browser(tmp_path / "profile") as browser:
        browser.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        browser.open(page.as_uri())
        assert browser.run("document.documentElement.scrollWidth <= innerWidth")
        seen = browser.run(
            "[...document.querySelectorAll('.cl-type')].map(e => {"
            "const r = e.getBoundingClientRect(); return r.width > 20 && r.height > 8 })"
        )
        assert len(seen) == 5 and all(seen)
        unseen = browser.run(
            "[...document.querySelectorAll('.cl-unseen')].map(e => {"
            "const r = e.getBoundingClientRect(); return r.width <= 1 && r.height <= 1 })"
        )
        assert unseen and all(unseen)
        assert "[azathioprine: Drug]" in browser.run("document.body.textContent")
        assert browser.requests == [page.as_uri()] and browser.errors == []

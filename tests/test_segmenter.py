"""The segmenter: where sentences end, in four languages, and what no text may break."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinlib.corpora.document import Document, Span
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.segmenter import JOINED, LANGUAGES, check_sentences, segment
from clinlib.errors import BadInput


def pieces(text, language="en", **options):
    return [text[a:b] for a, b in segment(text, language, **options)]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["He fell.", "Why?", '"Pain!"', "No fever."]),
        ("en", ["Dr. Smith saw Mrs. Jones.", "See Fig. 2 and e.g. Table 1."]),
        ("en", ["Given 2.5 mg.", "Sodium was 135.2 mmol/l at 8.30 p.m. on Monday."]),
        ("en", ["Low in vitamin D.", "The dose rose."]),
        ("en", ["It was seen by Robert E. Lee.", "He left."]),
        ("en", ["Seen at no. 5 today.", "The answer was no.", "He left."]),
        ("es", ["Remitido por el Dr. Pérez.", "¿Dolor?", "¡Sí!", "Temp. 37,5 ºC.", "Alta."]),
        ("es", ["Vive en la Avda. Valdecilla.", "Tel. 942 no contesta."]),
        ("nl", ["Mevr. Jansen kreeg bijv. Paracetamol.", "Geen koorts."]),
        ("nl", ["Zij zag dhr. De Vries.", "'s Nachts pijn."]),
        ("zh", ["患者发热。", "有咳嗽吗？", "“没有！”", "体温37.5度；血压正常。"]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(language, expected):
    joiner = "" if language == "zh" else " "
    assert pieces(joiner.join(expected), language) == expected


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\u2028", "\n \t\n"])
def test_line_breaks_end_sentences_and_blanks_are_trimmed(line_end):
    assert pieces(f"  fever {line_end} and cough\t") == ["fever", "and cough"]


def test_numbers_of_items_do_not_end_sentences():
    assert pieces("Admission:\n1. Fever\n2. Cough") == ["Admission:", "1. Fever", "2. Cough"]


def test_a_lower_case_letter_goes_on():
    assert pieces("Given i.v. and then p.o. for a week.") == [
        "Given i.v. and then p.o. for a week."
    ]


def test_a_span_across_a_bound_joins_its_sentences_and_is_counted():
    text = "Pain. Fever\nand cough. Well."
    ledger = Ledger()
    spans = [Span(6, 21, "Sign"), Span(9, 15, "Other"), Span(0, 4, "Sign")]
    assert pieces(text, spans=spans, ledger=ledger) == ["Pain.", "Fever\nand cough.", "Well."]
    assert ledger.rows() == [("merged", JOINED, "Sign", 1)]


@pytest.mark.parametrize(("start", "end"), [(0, 3), (0, 2), (3, 5), (3, 6)])
def test_a_span_that_touches_a_bound_joins_nothing(start, end):
    ledger = Ledger()
    spans = [Span(start, end, "Sign")]
    assert pieces("发热。咳嗽。", "zh", spans=spans, ledger=ledger) == ["发热。", "咳嗽。"]
    assert ledger.counts() == {}


def test_words_are_never_cut_and_joining_for_them_counts_no_span():
    text = "看。好"
    ledger = Ledger()
    assert pieces(text, "zh", words=[(0, 3)], ledger=ledger) == [text]
    assert ledger.counts() == {}


def test_an_unknown_language_is_refused():
    with pytest.raises(BadInput, match="unknown language of the segmenter 'de'"):
        segment("Text.", "de")


CLINICAL = st.lists(
    st.sampled_from(
        [
            "a",
            "B",
            "7",
            ".",
            "?",
            "!",
            " ",
            "\n",
            "\r\n",
            "\u2028",
            "\x1c",
            "Dr",
            "mg",
            "。",
            "？",
            "”",
        ]
        + ["(", ")", "-", "'s ", "発", "é", "…", "e.g", "1."]
    ),
    max_size=40,
).map("".join)
TEXTS = st.one_of(CLINICAL, st.text(max_size=40))


@given(TEXTS, st.sampled_from(LANGUAGES), st.data())
def test_every_character_is_held_once_and_no_span_is_cut(text, language, data):
    bounds = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
    drawn = data.draw(st.lists(bounds, max_size=4))
    spans = [Span(a, b, "X") for a, b in drawn if a < b and text[a:b] == text[a:b].strip()]
    found = segment(text, language, spans)
    check_sentences(Document("d", text, tuple(spans), found))
    for start, end in found:
        assert text[start:end] == text[start:end].strip() != ""
    assert found == segment(text, language, spans[::-1])


@given(TEXTS, st.sampled_from(LANGUAGES))
def test_without_spans_no_sentence_crosses_a_line(text, language):
    assert not any("\n" in text[a:b] for a, b in segment(text, language))


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        (((0, 5),), "no sentence holds all of"),
        (((0, 6), (5, 11)), "out of order"),
        (((0, 4), (5, 11)), "no sentence holds all of"),
        (((0, 11), (11, 11)), "empty"),
        (((0, 99),), "outside the text"),
        (((0, 5), (5, 11)), "does not lie in one sentence"),
    ],
)
def test_sentences_that_lose_or_cut_something_are_refused(sentences, message):
    with pytest.raises(BadInput, match=message):
        check_sentences(Document("d", "Fever cough", (Span(0, 8, "Sign"),), sentences))

"""BRAT standoff: what is read, what is counted, and what is refused with file and line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinlib.corpora.document import Span
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.readers.brat import read_annotations, read_brat
from clinlib.errors import BadInput

TEXT = "Left and right arm pain.\nGiven 8 mg daily."


def folder(tmp_path, text, annotation, name="a"):
    (tmp_path / f"{name}.txt").write_bytes(text.encode())
    (tmp_path / f"{name}.ann").write_bytes(annotation.encode())
    return tmp_path


def only(tmp_path, text, annotation, **options):
    ledger = Ledger()
    (document,) = read_brat(folder(tmp_path, text, annotation), ledger=ledger, **options)
    return document, ledger


def test_spans_are_read_with_their_offsets(tmp_path):
    document, ledger = only(
        tmp_path, TEXT, "T1\tDosage 31 35\t8 mg\nT2\tSign 9 23\tright arm pain\n"
    )
    assert document.id == "a"
    assert document.spans == (Span(9, 23, "Sign"), Span(31, 35, "Dosage"))
    assert ledger.rows() == [("read", "spans", "Dosage", 1), ("read", "spans", "Sign", 1)]


def test_offsets_count_carriage_returns(tmp_path):
    text = "Fever.\r\nGiven 8 mg\r\ndaily."
    document, _ = only(tmp_path, text, "T1\tDosage 14 18\t8 mg\r\nT2\tAll 14 25\t8 mg  daily\r\n")
    assert document.text == text
    assert [text[s.start : s.end] for s in document.spans] == ["8 mg", "8 mg\r\ndaily"]


def test_offsets_count_code_points_not_bytes(tmp_path):
    document, _ = only(tmp_path, "37 ºC — 𝛼-bloqueante", "T1\tDrug 8 20\t𝛼-bloqueante\n")
    assert document.text[8:20] == "𝛼-bloqueante"


def test_rare_line_separators_inside_a_quote_do_not_end_the_line(tmp_path):
    document, _ = only(tmp_path, "one\x85two", "T1\tDrug 0 7\tone\x85two\n")
    assert document.spans == (Span(0, 7, "Drug"),)


@pytest.mark.parametrize(
    ("policy", "spans", "count"),
    [
        ("hull", (Span(0, 23, "Sign"),), "merged: discontinuous, covered by its hull"),
        ("first", (Span(0, 4, "Sign"),), "cut: discontinuous, to its first fragment"),
        ("drop", (), "dropped: discontinuous"),
    ],
)
def test_a_discontinuous_span_follows_the_policy_and_is_counted(tmp_path, policy, spans, count):
    line = "T1\tSign 0 4;15 18;19 23\tLeft arm pain\n"
    document, ledger = only(tmp_path, TEXT, line, discontinuous=policy)
    assert document.spans == spans
    assert ledger.counts() == {count: 1, "read: spans": 1}
    assert ledger.rows()[0][2] == "Sign"


def test_fragments_may_stand_in_another_order_than_the_text(tmp_path):
    document, _ = only(tmp_path, TEXT, "T1\tSign 19 23;0 4\tpain Left\n")
    assert document.spans == (Span(0, 23, "Sign"),)


def test_other_lines_are_read_over_and_counted(tmp_path):
    lines = [
        "T1\tDosage 31 35\t8 mg",
        "T2\tSign 19 23\tpain",
        "E1\tSign:T2 Cause:T1",
        "E2\tSign:T2 ",
        "R1\tMODIFY Arg1:T1 Arg2:E1\t",
        "*\tIDENTICAL T1 T2",
        "A1\tNegated T2",
        "M1\tLevel T2 high",
        "#1\tAnnotatorNotes T1\tsee page 3",
        "N1\tReference T1 UMLS:C0030193\tpain",
        "",
    ]
    document, ledger = only(tmp_path, TEXT, "\n".join(lines))
    assert len(document.spans) == 2
    assert ledger.counts() == {
        "read: attributes, not used": 2,
        "read: equivalences, not used": 1,
        "read: events, not used": 2,
        "read: normalisations, not used": 1,
        "read: notes, not used": 1,
        "read: relations, not used": 1,
        "read: spans": 2,
    }
    found = read_annotations(tmp_path / "a.ann")
    assert found.attributes == {"T2": {"Negated": "", "Level": "high"}}
    assert found.notes == {"T1": ["see page 3"]}


def test_a_quote_that_is_not_the_text_is_refused_with_file_line_and_both(tmp_path):
    with pytest.raises(BadInput, match=r"a\.ann:2: T2 quotes '9 mg', .* is '8 mg'"):
        only(tmp_path, TEXT, "T1\tSign 19 23\tpain\nT2\tDosage 31 35\t9 mg\n")


def test_a_quote_that_is_not_the_text_may_be_dropped_and_is_counted(tmp_path):
    document, ledger = only(tmp_path, TEXT, "T1\tDosage 31 35\t9 mg\n", on_mismatch="drop")
    assert document.spans == ()
    assert ledger.counts() == {"dropped: quote does not match the text": 1, "read: spans": 1}
    assert ledger.examples("dropped", "quote does not match the text") == ["a.ann:1"]


def test_offsets_outside_the_text_are_refused_whatever_the_policy(tmp_path):
    with pytest.raises(BadInput, match=r"a\.ann:1: T1 ends at 99, the text has 42 .* 'daily'"):
        only(tmp_path, TEXT, "T1\tDosage 36 99\tdaily\n", on_mismatch="drop")


@pytest.mark.parametrize(
    "line",
    [
        "T1\tDosage 31 35",
        "T1 Dosage 31 35\t8 mg",
        "T1\tDosage 31\t8 mg",
        "T1\tDosage 31,35\t8 mg",
        "T1\tDosage -1 4\t8 mg",
        "T1\tDosage 35 31\t8 mg",
        "T1\tDosage 31 31\t",
        "Tx\tDosage 31 35\t8 mg",
        "R1\tMODIFY T1 T2",
        "E1\tSign",
        "A1\tNegated",
        "#1\tAnnotatorNotes",
        "*1\tIDENTICAL T1 T2 extra:T3",
        "Z1\tanything",
        "no tab at all",
    ],
)
def test_a_malformed_line_is_refused_with_file_and_line(tmp_path, line):
    with pytest.raises(BadInput, match=r"a\.ann:2: "):
        only(tmp_path, TEXT, f"T7\tSign 19 23\tpain\n{line}\n")


def test_a_repeated_id_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"a\.ann:2: the id T1 occurs twice"):
        only(tmp_path, TEXT, "T1\tSign 19 23\tpain\nT1\tDosage 31 35\t8 mg\n")


@pytest.mark.parametrize(("gone", "missing"), [(".ann", "b.ann"), (".txt", "b.txt")])
def test_a_file_without_its_partner_is_refused(tmp_path, gone, missing):
    folder(tmp_path, TEXT, "")
    folder(tmp_path, TEXT, "", name="b")
    (tmp_path / f"b{gone}").unlink()
    with pytest.raises(BadInput, match=f"its partner {missing} is missing"):
        read_brat(tmp_path)


def test_a_missing_or_empty_folder_and_a_foreign_encoding_are_refused(tmp_path):
    with pytest.raises(BadInput, match="no such folder"):
        read_brat(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="no .txt and .ann files"):
        read_brat(tmp_path)
    folder(tmp_path, TEXT, "")
    (tmp_path / "a.txt").write_bytes("37 ºC".encode("latin-1"))
    with pytest.raises(BadInput, match=r"a\.txt: not UTF-8 at byte 3"):
        read_brat(tmp_path)


def test_documents_come_in_order_of_their_ids(tmp_path):
    for name in ("b", "a10", "a9"):
        folder(tmp_path, TEXT, "", name=name)
    assert [document.id for document in read_brat(tmp_path)] == ["a10", "a9", "b"]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_what_is_written_is_read(tmp_path_factory, data, text):
    place = tmp_path_factory.mktemp("brat")
    bounds = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text)))
    spans = [(a, b) for a, b in data.draw(st.lists(bounds, max_size=5)) if a < b]
    lines = [
        f"T{n}\tType {a} {b}\t" + text[a:b].replace("\n", " ").replace("\r", " ")
        for n, (a, b) in enumerate(spans, start=1)
    ]
    document, _ = only(place, text, "\n".join(lines))
    assert document.text == text
    assert [(s.start, s.end) for s in document.spans] == sorted(spans)

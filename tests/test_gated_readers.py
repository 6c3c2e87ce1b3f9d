"""Readers of the i2b2 and CCKS formats: what is written comes back, and faults are named."""

import re

import gated_files as files
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinlib.corpora.document import Document, Span
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.readers.ccks import TYPES, read_ccks
from clinlib.corpora.readers.i2b2_con import read_i2b2_con
from clinlib.corpora.readers.i2b2_inline import read_i2b2_inline
from clinlib.corpora.readers.i2b2_xml import read_i2b2_xml
from clinlib.errors import BadInput

KINDS = ("Drug", "Dose")
TAGS = {"Drug": ("EVENT", "type"), "Dose": ("TIMEX3", "type")}
READ_TAGS = {"EVENT": "type", "TIMEX3": "type"}
WORD = st.text(alphabet="abé<>&\"'7.漢𝄞", min_size=1, max_size=6)


@st.composite
def documents(draw, words=WORD, kinds=KINDS, blanks=(" ", "  ", "\n", "\n\n")):
    """Documents of words, some of which, alone or in a row, are spans."""
    found = []
    for number in range(draw(st.integers(1, 3))):
        text, spans = draw(st.sampled_from(["", "\n"])), []
        for _ in range(draw(st.integers(1, 6))):
            start = len(text)
            row = draw(st.lists(words, min_size=1, max_size=3))
            text += row[0]
            for word in row[1:]:
                text += draw(st.sampled_from(blanks)) + word
            if draw(st.booleans()):
                spans.append(Span(start, len(text), draw(st.sampled_from(kinds))))
            text += draw(st.sampled_from(blanks))
        found.append(Document(f"note-{number}", text, tuple(spans)))
    return found


def shown(found):
    return [(d.id, d.text, d.spans) for d in found]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A new folder at each call."""
    root, made = tmp_path_factory.mktemp("files"), iter(range(10**6))
    return lambda: root / str(next(made))


@given(written=documents())
def test_xml_with_offsets_comes_back(place, written):
    folder, ledger = place(), Ledger()
    files.write_i2b2_xml(folder, written, TAGS)
    assert shown(read_i2b2_xml(folder, tags=READ_TAGS, ledger=ledger)) == shown(written)
    assert ledger.counts().keys() <= {"read: spans"}


@given(written=documents())
def test_xml_with_marks_in_the_text_comes_back(place, written):
    path = place() / "note.xml"
    files.write_i2b2_inline(path, written)
    assert shown(read_i2b2_inline(path)) == shown(written)


@given(written=documents())
def test_concepts_by_line_and_token_come_back(place, written):
    folder = place()
    files.write_i2b2_con(folder / "txt", folder / "concept", written)
    read = read_i2b2_con(folder / "txt", folder / "concept", types=KINDS)
    assert shown(read) == shown(written)


@given(
    written=documents(kinds=tuple(TYPES.values())), encoding=st.sampled_from(["utf-8", "gb18030"])
)
def test_records_of_ccks_come_back_in_either_encoding(place, written, encoding):
    path, ledger = place() / "note.txt", Ledger()
    files.write_ccks(path, written, encoding)
    assert [(d.text, d.spans) for d in read_ccks(path, ledger=ledger)] == [
        (d.text, d.spans) for d in written
    ]
    if "repaired: file in GB 18030" in ledger.counts():
        assert encoding == "gb18030"


def test_every_byte_order_mark_is_taken_off_and_counted(tmp_path):
    path, ledger = tmp_path / "part.txt", Ledger()
    line = '{"originalText": "头痛", "entities": [{"label_type": "疾病和诊断", '
    line += '"overlap": 0, "start_pos": 0, "end_pos": 2}]}\n'
    path.write_bytes((line.encode("utf-8-sig") + line.encode()) * 2)
    found = read_ccks(path, ledger=ledger)
    assert [(d.id, d.text, d.spans) for d in found] == [
        (f"part-{n:05d}", "头痛", (Span(0, 2, "Disease"),)) for n in range(1, 5)
    ]
    assert ledger.counts()["repaired: byte order mark before a line"] == 2


def test_lines_count_from_one_tokens_from_zero_and_the_last_token_belongs(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"Admission Date :\r\nhe  took  two tablets of aspirin .\r\n")
    (tmp_path / "a.con").write_text(
        'c="two tablets" 2:2 2:3||t="Dose"\nc="aspirin" 2:5 2:5||t="Drug"\n'
    )
    (document,) = read_i2b2_con(tmp_path, tmp_path)
    assert [(document.text[s.start : s.end], s.type) for s in document.spans] == [
        ("two tablets", "Dose"),
        ("aspirin", "Drug"),
    ]


def test_a_concept_may_run_over_the_end_of_a_line(tmp_path):
    (tmp_path / "a.txt").write_text("chronic\nrenal failure .\n")
    (tmp_path / "a.con").write_text('c="chronic renal failure" 1:0 2:1||t="problem"\n')
    (document,) = read_i2b2_con(tmp_path, tmp_path)
    assert document.spans == (Span(0, 21, "problem"),)


def xml(tmp_path, tag, text="\nGiven 8 mg of R&D-7.\n"):
    body = f"<N>\n<TEXT><![CDATA[{text}]]></TEXT>\n<TAGS>\n{tag}\n</TAGS>\n</N>\n"
    (tmp_path / "7.xml").write_text(body)
    return tmp_path


def test_offsets_count_the_line_feed_behind_the_text_tag(tmp_path):
    folder = xml(tmp_path, '<EVENT id="E0" start="1" end="6" text="Given" type="Drug" />')
    (document,) = read_i2b2_xml(folder, tags=READ_TAGS)
    assert document.spans == (Span(1, 6, "Drug"),)
    assert document.text[1:6] == "Given"


@pytest.mark.parametrize(("shift", "policy"), [(1, "error"), (0, "drop"), (0, "error")])
def test_a_span_a_character_off_is_moved_dropped_or_refused_and_counted(tmp_path, shift, policy):
    tag = '<EVENT id="E0" start="0" end="5" text="Given" type="Drug" />'
    folder, ledger = xml(tmp_path, tag), Ledger()
    options = {"tags": READ_TAGS, "shift": shift, "on_mismatch": policy, "ledger": ledger}
    if not shift and policy == "error":
        with pytest.raises(BadInput, match=r"7\.xml:6: <EVENT> quotes 'Given', .* is '\\nGive'"):
            read_i2b2_xml(folder, **options)
        return
    (document,) = read_i2b2_xml(folder, **options)
    assert document.spans == ((Span(1, 6, "Drug"),) if shift else ())
    counts = ledger.counts()
    assert counts["read: spans"] == 1
    moved, dropped = (
        "repaired: moved to the text that it quotes",
        "dropped: quote does not match the text",
    )
    assert counts.get(moved if shift else dropped) == 1


def test_attributes_that_are_no_xml_are_read_as_meant_and_counted(tmp_path):
    text = '\nR&D <7 "x" &amp;\n'
    tag = '<EVENT id="E0" start="1" end="11" text="R&D <7 "x"" type="Drug" />'
    tag += '\n<TIMEX3 id="T0" start="12" end="17" text="&amp;amp;" type="Dose" />'
    ledger = Ledger()
    (document,) = read_i2b2_xml(xml(tmp_path, tag, text), tags=READ_TAGS, ledger=ledger)
    assert document.text == text
    assert document.spans == (Span(1, 11, "Drug"), Span(12, 17, "Dose"))
    assert ledger.counts()["repaired: characters in attributes that are no XML"] == 1


def test_tags_that_are_not_read_are_counted(tmp_path):
    tag = '<TLINK id="TL0" fromID="E0" toID="T0" type="BEFORE" />'
    ledger = Ledger()
    (document,) = read_i2b2_xml(xml(tmp_path, tag), tags=READ_TAGS, ledger=ledger)
    assert not document.spans
    assert ledger.counts() == {"read: other tags, not used": 1}


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ('<EVENT start="1" end="6" text="Given" type="Drag" />', r"did you mean 'Drug'\?"),
        ('<EVENT start="1" end="99" text="Given" type="Drug" />', r"offsets \[1, 99\) do not lie"),
        ('<EVENT start="6" end="6" text="Given" type="Drug" />', r"offsets \[6, 6\) do not lie"),
        ('<EVENT start="-1" end="6" text="Given" type="Drug" />', "attribute 'start' .* no number"),
        ('<EVENT start="1" end="6" text="Given" />', "<EVENT> has no attribute 'type'"),
        ('<EVENT start="1" end="6" type="Drug" />', "<EVENT> has no attribute 'text'"),
        ("<EVENT", r"not well-formed XML at column \d+"),
    ],
)
def test_a_malformed_tag_is_named_with_file_and_line(tmp_path, tag, said):
    with pytest.raises(BadInput, match=rf"7\.xml:[67]: .*{said}"):
        read_i2b2_xml(xml(tmp_path, tag), tags=READ_TAGS, types=KINDS)


INLINE = '<ROOT>\n<RECORD ID="1">\n<TEXT>\n{}\n</TEXT>\n</RECORD>\n</ROOT>\n'


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('Dr. <PHI TYPE="DOCTER">X</PHI>', 4, "unknown type 'DOCTER'; did you mean 'DOCTOR'?"),
        ("Dr. <PHI>X</PHI>", 4, "<PHI> has no attribute 'TYPE'"),
        ("Dr. <NAME>X</NAME>", 4, "no PHI within TEXT"),
        ('<PHI TYPE="DATE">1 <PHI TYPE="DATE">2</PHI></PHI>', 4, "a PHI within another"),
        ('<PHI TYPE="DATE">1 said', 5, "not well-formed XML"),
        ("a</TEXT>\n<TEXT>b", 2, "a RECORD with 2 <TEXT>, not 1"),
        ('a</TEXT></RECORD>\n<RECORD ID="1"><TEXT>', 5, "a RECORD with the ID of another"),
        ("a</TEXT></RECORD>\n<RECORD><TEXT>", 5, "a RECORD with no ID"),
    ],
)
def test_a_malformed_record_is_named_with_file_and_line(tmp_path, text, line, said):
    path = tmp_path / "deid.xml"
    path.write_text(INLINE.format(text))
    with pytest.raises(BadInput, match=rf"deid\.xml:{line}: .*{re.escape(said)}"):
        read_i2b2_inline(path, types=("DOCTOR", "DATE"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('c="aspirin" 1:1 1:1||t="Drag"', "unknown type 'Drag'; did you mean 'Drug'?"),
        ('c="aspirin" 1:1 1||t="Drug"', 'expected c="TEXT" LINE:TOKEN LINE:TOKEN||t="TYPE"'),
        ('c="aspirin" 3:0 3:0||t="Drug"', "there is no line 3; the text has 1 to 2"),
        ('c="aspirin" 0:0 0:0||t="Drug"', "there is no line 0; the text has 1 to 2"),
        ('c="aspirin" 1:1 1:4||t="Drug"', "line 1 has no token 4; it has 0 to 2"),
        ('c="aspirin" 2:0 2:0||t="Drug"', "line 2 has no token 0; it has none"),
        ('c="given aspirin" 1:1 1:0||t="Drug"', "its last token stands before its first"),
        ('c="aspirin" 1:0 1:0||t="Drug"', "it quotes 'aspirin', the text of its tokens is 'Given'"),
    ],
)
def test_a_malformed_concept_is_named_with_file_and_line(tmp_path, line, said):
    (tmp_path / "a.txt").write_text("Given aspirin .\n")
    (tmp_path / "a.con").write_text(f'c="given" 1:0 1:0||t="Drug"\n{line}\n')
    with pytest.raises(BadInput, match=rf"a\.con:2: .*{re.escape(said)}"):
        read_i2b2_con(tmp_path, tmp_path, types=KINDS)


def test_a_note_without_its_concepts_is_named(tmp_path):
    (tmp_path / "a.txt").write_text("Given aspirin .\n")
    with pytest.raises(BadInput, match=r"a\.txt: its partner a\.con is missing"):
        read_i2b2_con(tmp_path, tmp_path)


ENTITY = '{"label_type": "药物", "start_pos": 0, "end_pos": 2}'


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("{", "not a record of CCKS 2019"),
        ('{"originalText": "头痛"}', "not a record of CCKS 2019 (KeyError('entities'))"),
        ('{"originalText": 1, "entities": []}', "'originalText' is no string"),
        (f'{{"originalText": "头", "entities": [{ENTITY}]}}', "offsets [0, 2) do not lie in"),
        (
            f'{{"originalText": "头痛", "entities": [{ENTITY.replace("药物", "药品")}]}}',
            "unknown type '药品'; did you mean '药物'?",
        ),
    ],
)
def test_a_malformed_record_of_ccks_is_named_with_file_and_line(tmp_path, record, said):
    path = tmp_path / "part.txt"
    path.write_text(f'{{"originalText": "头痛", "entities": [{ENTITY}]}}\n{record}\n')
    with pytest.raises(BadInput, match=rf"part\.txt:2: .*{re.escape(said)}"):
        read_ccks(path)

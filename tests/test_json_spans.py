"""JSON corpora: nested and discontinuous arguments, mentions in another case, templates."""

import json

import pytest

from clinlib.corpora.document import Span
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.readers.json_spans import read_json
from clinlib.errors import BadInput


def argument(*fragments, **inner):
    """A PHEE argument of one mention; fragments are (start, text)."""
    starts, texts = zip(*fragments, strict=True)
    name = "T" + "".join(map(str, starts))
    return {"text": [list(texts)], "start": [list(starts)], "entity_id": [name], **inner}


TEXT = "Rash after oral aspirin for severe headache."
EVENT = {
    "event_id": "E1",
    "event_type": "Adverse_event",
    "Effect": argument((0, "Rash")),
    "Treatment": argument(
        (11, "oral aspirin"),
        Route=argument((11, "oral")),
        Drug=argument((16, "aspirin")),
        Disorder=argument((28, "severe"), (35, "headache")),
    ),
    "Subject": argument((28, "severe"), Disorder=argument((35, "headache"))),
}
RECORD = {"id": "1_2", "context": TEXT, "annotations": [{"events": [EVENT, EVENT]}]}


def phee(tmp_path, record, **options):
    path = tmp_path / "some.json"
    path.write_text(json.dumps(record) + "\n\n", encoding="utf-8")
    return read_json(path, "phee", **options)[0]


def test_inner_arguments_are_types_and_a_mention_of_two_events_is_one_span(tmp_path):
    ledger = Ledger()
    document = phee(tmp_path, RECORD, ledger=ledger)
    assert document.id == "1_2" and document.sentences == ((0, len(TEXT)),)
    assert set(document.spans) == {
        Span(0, 4, "Effect"),
        Span(11, 23, "Treatment"),
        Span(11, 15, "Route"),
        Span(16, 23, "Drug"),
        Span(28, 43, "Treatment_Disorder"),
        Span(28, 34, "Subject"),
        Span(35, 43, "Subject_Disorder"),
    }
    assert ledger.counts() == {
        "merged: discontinuous, covered by its hull": 1,
        "read: spans": 7,
    }


@pytest.mark.parametrize(("policy", "kept"), [("first", (28, 34)), ("drop", None)])
def test_a_discontinuous_mention_is_cut_or_dropped_and_counted(tmp_path, policy, kept):
    ledger = Ledger()
    document = phee(tmp_path, RECORD, discontinuous=policy, ledger=ledger)
    found = [(s.start, s.end) for s in document.spans if s.type == "Treatment_Disorder"]
    assert found == ([kept] if kept else [])
    assert sum(n for what, n in ledger.counts().items() if "discontinuous" in what) == 1


def test_a_mention_is_kept_in_another_case_moved_by_a_character_or_dropped_and_counted(tmp_path):
    mentions = [
        {"mention": "DNA", "type": "test", "offset": "2"},
        {"mention": "肺癌", "type": "disease", "offset": 0},
        {"mention": "癌", "type": "body", "offset": 2},
        {"mention": "肺癌", "type": "disease", "offset": 3},
    ]
    path = tmp_path / "train.json"
    path.write_text(json.dumps({"text": "肺癌dna", "mention_data": mentions}) + "\n")
    ledger = Ledger()
    (document,) = read_json(path, "cmedqaner", ledger=ledger)
    assert document.id == "train-00001"
    assert document.spans == (Span(0, 2, "disease"), Span(1, 2, "body"), Span(2, 5, "test"))
    assert ledger.counts() == {
        "dropped: mention is not the text at its offset": 1,
        "read: spans": 4,
        "repaired: mention differs from its text in case only": 1,
        "repaired: mention stands a character before its offset": 1,
    }


def test_texts_of_one_template_are_a_group(tmp_path):
    span = {"entity_type": "PERSON", "entity_value": "Ann", "start_position": 5}
    records = [
        {"full_text": "I am Ann", "spans": [span | {"end_position": 8}], "masked": f"{n // 2} {{}}"}
        for n in range(4)
    ]
    path = tmp_path / "all.json"
    path.write_text(json.dumps(records))
    documents = read_json(path, "presidio")
    assert [d.group for d in documents] == ["0 {}"] * 2 + ["1 {}"] * 2
    assert all(d.spans == (Span(5, 8, "PERSON"),) for d in documents)
    records[2]["spans"][0]["end_position"] = 9
    path.write_text(json.dumps(records))
    with pytest.raises(BadInput, match="record 2: offsets"):
        read_json(path, "presidio")


def test_a_quote_that_is_not_the_text_is_an_error_with_both_texts(tmp_path):
    wrong = json.loads(json.dumps(RECORD).replace('"aspirin"', '"Aspirin"'))
    with pytest.raises(BadInput, match=r"json:1: .*'aspirin', the annotation says 'Aspirin'"):
        phee(tmp_path, wrong)


@pytest.mark.parametrize(
    ("shape", "text", "said"),
    [
        ("phee", "{", r"json:1: not JSON"),
        ("phee", '{"id": "1"}', "not a record of phee"),
        ("phee", "[1]", "not a record of phee"),
        ("cmedqaner", '{"text": "a", "mention_data": [{"mention": "a"}]}', "not a record"),
        ("cmedqaner", '{"text": "a", "mention_data": 3}', "not a record"),
        ("presidio", '{"a": 1}', "no array"),
        ("presidio", "[3]", "record 0: not a record"),
        ("presidio", "[", "not JSON"),
    ],
)
def test_what_is_not_of_the_shape_is_an_error(tmp_path, shape, text, said):
    path = tmp_path / "some.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=said):
        read_json(path, shape)


def test_a_missing_file_and_other_encodings_are_errors(tmp_path):
    with pytest.raises(BadInput, match="no such file"):
        read_json(tmp_path / "none.json", "phee")
    (tmp_path / "latin.json").write_bytes("é".encode("latin-1"))
    for shape in ("phee", "presidio"):
        with pytest.raises(BadInput, match="not UTF-8"):
            read_json(tmp_path / "latin.json", shape)

"""CoNLL columns: documents, offsets, repairs, and what is refused with file and line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinlib.corpora.document import Span
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.readers.conll import read_conll
from clinlib.errors import BadInput


def read(tmp_path, content, **options):
    path = tmp_path / "part.tsv"
    path.write_bytes(content.encode())
    ledger = Ledger()
    return read_conll(path, ledger=ledger, **options), ledger


def test_each_sentence_is_a_document_without_document_marks(tmp_path):
    documents, ledger = read(tmp_path, "No\tO\nbreast\tB-D\ncancer\tI-D\n.\tO\n\n\nFlu\tB-D\n")
    assert [d.id for d in documents] == ["part-00001", "part-00002"]
    assert [d.text for d in documents] == ["No breast cancer .", "Flu"]
    assert documents[0].spans == (Span(3, 16, "D"),)
    assert documents[0].words == ((0, 2), (3, 9), (10, 16), (17, 18))
    assert documents[0].sentences == ((0, 18),)
    assert ledger.counts() == {"read: spans": 2}


def test_document_marks_join_sentences_and_no_span_crosses_them(tmp_path):
    content = "-DOCSTART-\tO\n\nFlu\tB-D\n\nCold\tI-D\nnow\tO\n\n-DOCSTART-\tO\n\nWell\tO\n\n"
    documents, ledger = read(tmp_path, content)
    assert [d.text for d in documents] == ["Flu Cold now", "Well"]
    assert documents[0].sentences == ((0, 3), (4, 12))
    assert documents[0].spans == (Span(0, 3, "D"), Span(4, 8, "D"))
    assert ledger.counts()["repaired: I- that continues no span begins one"] == 1


def test_adjacent_spans_of_one_type_stay_two(tmp_path):
    (document,), _ = read(tmp_path, "a\tB-D\nb\tB-D\nc\tI-D\n")
    assert document.spans == (Span(0, 1, "D"), Span(2, 5, "D"))


@pytest.mark.parametrize("before", ["a\tO\n", "", "a\tB-E\n"])
def test_an_illegal_inside_tag_begins_a_span_and_is_counted(tmp_path, before):
    (document,), ledger = read(tmp_path, f"{before}b\tI-D\nc\tI-D\n")
    assert document.spans[-1].type == "D"
    assert document.text[document.spans[-1].start :] == "b c"
    assert ("repaired", "I- that continues no span begins one", "D", 1) in ledger.rows()
    line = before.count("\n") + 1
    places = ledger.examples("repaired", "I- that continues no span begins one")
    assert places == [f"part.tsv:{line}"]


def test_crlf_byte_order_mark_and_a_missing_last_line_end_are_read(tmp_path):
    documents, _ = read(tmp_path, "\ufeffFlu\tB-D\r\nnow\tO\r\n\r\nWell\tO")
    assert [d.text for d in documents] == ["Flu now", "Well"]


def test_columns_are_a_parameter(tmp_path):
    (document,), _ = read(tmp_path, "1\tFlu\tNN\tB-D\n", token_column=1, tag_column=3)
    assert (document.text, document.spans) == ("Flu", (Span(0, 3, "D"),))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("b", "1 columns where 2 are expected"),
        ("b\tO\tx", "3 columns where 2 are expected"),
        ("b O", "1 columns where 2 are expected"),
        ("b\tX-D", "unknown tag 'X-D'"),
        ("b\tB", "unknown tag 'B'"),
        ("b\tB-", "unknown tag 'B-'"),
        ("b\to", "unknown tag 'o'"),
        ("b\tB-Diseas", "did you mean 'Disease'"),
        ("\tO", "the token is empty"),
    ],
)
def test_a_malformed_line_is_refused_with_file_and_line(tmp_path, line, message):
    with pytest.raises(BadInput, match=rf"part\.tsv:2: .*{message}"):
        read(tmp_path, f"a\tO\n{line}\n", types=("Disease",))


def test_a_tag_column_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"part\.tsv:1: 2 columns where 4 are expected"):
        read(tmp_path, "a\tO\n", tag_column=3)


def test_a_missing_file_and_a_foreign_encoding_are_refused(tmp_path):
    with pytest.raises(BadInput, match=r"gone\.tsv: no such file"):
        read_conll(tmp_path / "gone.tsv")
    (tmp_path / "part.tsv").write_bytes("º\tO\n".encode("latin-1"))
    with pytest.raises(BadInput, match=r"part\.tsv: not UTF-8 at byte 0"):
        read_conll(tmp_path / "part.tsv")


TAGS = st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"])
TOKENS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Z"]), min_size=1, max_size=5
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.tuples(TOKENS, TAGS), min_size=1, max_size=6), min_size=1, max_size=4))
def test_words_are_the_tokens_and_spans_begin_and_end_at_words(tmp_path_factory, sentences):
    place = tmp_path_factory.mktemp("conll")
    content = "\n\n".join("\n".join(f"{t}\t{tag}" for t, tag in s) for s in sentences)
    documents, _ = read(place, content)
    assert len(documents) == len(sentences)
    for document, sentence in zip(documents, sentences, strict=True):
        assert [document.text[a:b] for a, b in document.words] == [token for token, _ in sentence]
        inside = {n for n, (_, tag) in enumerate(sentence) if tag != "O"}
        covered = {
            n
            for n, (a, b) in enumerate(document.words)
            for s in document.spans
            if s.start <= a and b <= s.end
        }
        assert covered == inside

"""PubTator: titles and abstracts as one text, mentions at their offsets, faults named by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinlib.corpora.document import Span
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.readers.pubtator import read_pubtator
from clinlib.errors import BadInput

BLOCK = (
    "7|t|Aspirin and rash.\n7|a|Visual or auditory toxicity after aspirin.\n"
    "7\t0\t7\tAspirin\tChemical\tD1\n"
    "7\t18\t45\tVisual or auditory toxicity\tDisease\tD2|D3\tVisual toxicity|auditory toxicity\n"
    "7\tCID\tD1\tD2\n"
)


def read(tmp_path, text, **options):
    path = tmp_path / "some.txt"
    path.write_text(text, encoding="utf-8")
    return read_pubtator(path, **options)


def test_title_and_abstract_are_one_text_and_a_joint_mention_is_one_span(tmp_path):
    ledger = Ledger()
    (document,) = read(tmp_path, BLOCK, ledger=ledger)
    assert document.id == "7"
    assert document.text == "Aspirin and rash. Visual or auditory toxicity after aspirin."
    assert document.spans == (Span(0, 7, "Chemical"), Span(18, 45, "Disease"))
    assert ledger.counts() == {
        "read: joint mentions, one span each": 1,
        "read: relations, not used": 1,
        "read: spans": 2,
    }


def test_blocks_end_at_blank_lines_and_line_ends_of_either_kind_do(tmp_path):
    two = BLOCK + "\n\n" + BLOCK.replace("7|", "8|").replace("7\t0", "8\t0").split("7\t18")[0]
    documents = read(tmp_path, two.replace("\n", "\r\n"))
    assert [document.id for document in documents] == ["7", "8"]
    assert [len(document.spans) for document in documents] == [2, 1]


word = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"], exclude_characters="|"))


@given(st.lists(word.filter(str.strip), min_size=2, max_size=8), st.data())
def test_what_is_written_is_read(tmp_path_factory, words, data):
    at = data.draw(st.integers(1, len(words) - 1))
    title, abstract = " ".join(words[:at]), " ".join(words[at:])
    text = f"{title} {abstract}"
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    line = f"1\t{start}\t{end}\t{text[start:end]}\tX\t-"
    block = f"1|t|{title}\n1|a|{abstract}\n{line}\n"
    (document,) = read(tmp_path_factory.mktemp("p"), block)
    assert document.text == text and document.spans == (Span(start, end, "X"),)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("7|a|", "7|x|", r"txt:2: expected ID\|a\|abstract"),
        ("7|a|", "8|a|", "abstract of 8, title of 7"),
        ("7\t0\t7", "9\t0\t7", r"txt:3: annotation of '9' in the block of 7"),
        ("7\t0\t7", "7\t0\tx", "are not both numbers"),
        ("7\t0\t7", "7\t3\t3", r"\[3, 3\)"),
        ("7\t0\t7", "7\t0\t700", "do not lie in the text of 60 characters"),
        ("7\t0\t7", "7\t1\t8", "'spirin ', the annotation says 'Aspirin'"),
        ("Chemical\tD1", "Chemikal\tD1", "Chemical"),
        ("7\tCID\tD1\tD2", "7\tCID\tD1", "3 columns"),
    ],
)
def test_a_fault_is_named_with_its_file_and_line(tmp_path, old, new, said):
    with pytest.raises(BadInput, match=said):
        read(tmp_path, BLOCK.replace(old, new, 1), types=("Chemical", "Disease"))


def test_a_title_alone_a_missing_file_and_other_encodings_are_errors(tmp_path):
    with pytest.raises(BadInput, match="without an abstract"):
        read(tmp_path, "7|t|Aspirin\n")
    with pytest.raises(BadInput, match="no such file"):
        read_pubtator(tmp_path / "none.txt")
    (tmp_path / "latin.txt").write_bytes("7|t|é".encode("latin-1"))
    with pytest.raises(BadInput, match="not UTF-8"):
        read_pubtator(tmp_path / "latin.txt")

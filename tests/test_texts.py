"""Texts: both forms of unlabelled text, pinned; what is missing, changed or malformed."""

import hashlib
import tracemalloc

import pytest
import yaml

from clinlib.adaptation.sources import Source
from clinlib.corpora import texts
from clinlib.corpora.texts import is_here, read_texts, text_files
from clinlib.encoding.vocabulary import learn_subwords
from clinlib.errors import BadInput

FILES = {"a.txt": "one\n\ntwo \x85 three\n", "b.jsonl": '{"text": "first"}\n{"text": "second"}\n'}


@pytest.fixture
def root(tmp_path, monkeypatch):
    (tmp_path / "text").mkdir()
    (tmp_path / "data_cards").mkdir()
    monkeypatch.setenv("CLINLIB_DATA", str(tmp_path))
    pin(tmp_path, FILES)
    return tmp_path


def pin(root, files):
    listed = {}
    for name, content in files.items():
        (root / "text" / name).write_bytes(content.encode())
        digest = hashlib.sha256(content.encode()).hexdigest()
        listed[name] = {"language": "en", "what": "toy", "licence": "MIT", "sha256": digest}
    (root / "data_cards" / "texts.yml").write_text(yaml.safe_dump(listed))


def test_a_line_or_a_json_object_a_line_is_a_text(root):
    assert list(read_texts("a.txt", root)) == ["one", "", "two \x85 three"]
    assert list(read_texts("b.jsonl", root)) == ["first", "second"]
    assert text_files(root)["b.jsonl"].language == "en"


def test_an_unknown_missing_or_changed_file_is_refused(root):
    with pytest.raises(BadInput, match="unknown text 'a.text'; did you mean 'a.txt'"):
        list(read_texts("a.text", root))
    (root / "text" / "a.txt").write_text("other")
    with pytest.raises(BadInput, match="text file 'a.txt' has the checksum .*, its pin"):
        list(read_texts("a.txt", root))
    (root / "text" / "a.txt").unlink()
    assert not is_here("a.txt")
    with pytest.raises(BadInput, match="there is no text file 'a.txt'; set CLINLIB_DATA"):
        list(read_texts("a.txt", root))


@pytest.mark.parametrize(
    ("name", "content", "held"),
    [
        ("a.txt", "", "no text"),
        ("a.txt", "\n \n\t\n", "3 texts, all of them empty"),
        ("b.jsonl", '{"text": ""}\n{"text": " "}\n', "2 texts, all of them empty"),
    ],
)
def test_a_file_without_a_text_is_refused_by_name(root, monkeypatch, name, content, held):
    pin(root, {name: content})
    with pytest.raises(BadInput, match=f"text file '{name}' holds {held}"):
        list(read_texts(name, root))
    monkeypatch.setattr(texts, "repository", lambda: root)
    with pytest.raises(BadInput, match=f"text file '{name}' holds"):
        learn_subwords(Source(f"text:{name}"), 100)


def test_single_empty_texts_are_counted_anew_at_each_reading(root, monkeypatch):
    monkeypatch.setattr(texts, "repository", lambda: root)
    source = Source("text:a.txt")
    for _ in range(2):
        assert len(list(source)) == source.count == 3
        assert source.empty == 1


@pytest.mark.parametrize("line", ["{", '{"txt": "first"}', '{"text": 3}', "[1]", ""])
def test_a_line_of_json_without_a_text_is_refused(root, line):
    pin(root, {"b.jsonl": f'{{"text": "first"}}\n{line}\n{{"text": "x"}}\n'})
    with pytest.raises(BadInput, match=r"b\.jsonl:2: no JSON object with a text"):
        list(read_texts("b.jsonl", root))


def test_a_line_that_is_not_utf8_is_refused(root):
    content = "first\nz\xe9ro\n".encode("latin-1")
    listed = {"language": "en", "what": "toy", "licence": "MIT"}
    listed["sha256"] = hashlib.sha256(content).hexdigest()
    (root / "text" / "a.txt").write_bytes(content)
    (root / "data_cards" / "texts.yml").write_text(yaml.safe_dump({"a.txt": listed}))
    found = read_texts("a.txt", root)
    assert next(found) == "first"
    with pytest.raises(BadInput, match=r"a\.txt:2: not UTF-8 at byte 1"):
        next(found)


def test_a_changed_file_is_refused_before_its_first_text(root):
    (root / "text" / "a.txt").write_text(FILES["a.txt"] + "one more\n")
    with pytest.raises(BadInput, match="checksum"):
        next(read_texts("a.txt", root))


def test_a_file_is_never_held_whole(root):
    pin(root, {"a.txt": ("x" * 999 + "\n") * 8000})
    tracemalloc.start()
    assert sum(map(len, read_texts("a.txt", root))) == 8000 * 999
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20  # of 8 MB


def test_every_file_of_the_project_is_pinned():
    for file in text_files().values():
        assert len(file.sha256) == 64 and file.language and file.what and file.licence

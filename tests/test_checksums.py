"""Checksums: a changed, added or missing file of a folder is named."""

import pytest

from clinlib.corpora.checksums import codes, read_codes, strangers, written


@pytest.fixture
def folder(tmp_path):
    for n in range(40):
        path = tmp_path / "corpus" / ("a" if n % 2 else "b") / f"{n}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"text {n}")
    (tmp_path / "other.txt").write_text("not of the corpus")
    return tmp_path


def test_codes_survive_writing_and_a_whole_folder_has_no_strangers(folder):
    found = codes(folder, ["corpus/"])
    assert len(found) == 40
    (folder / "codes.txt").write_text(written(found))
    assert read_codes(folder / "codes.txt") == found
    assert max(map(len, written(found).splitlines())) <= 100
    assert strangers(folder, ["corpus/"], found) == []
    assert read_codes(folder / "none.txt") == []


def test_a_changed_and_a_moved_file_are_named(folder):
    found = codes(folder, ["corpus/"])
    (folder / "corpus" / "b" / "8.txt").write_text("text 9")
    (folder / "corpus" / "a" / "7.txt").rename(folder / "corpus" / "b" / "7.txt")
    problems = strangers(folder, ["corpus/"], found)
    assert [p.removeprefix(str(folder)) for p in problems] == [
        "/corpus/b/7.txt: changed, or no file of the release",
        "/corpus/b/8.txt: changed, or no file of the release",
    ]


def test_missing_files_are_counted(folder):
    found = codes(folder, ["corpus/"])
    (folder / "corpus" / "b" / "8.txt").unlink()
    assert strangers(folder, ["corpus/"], found) == [
        f"{folder}: 1 files of the release are missing"
    ]

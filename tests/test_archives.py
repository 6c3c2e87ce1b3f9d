"""Archives are unpacked below one folder and nowhere else."""

import io
import stat
import tarfile
import zipfile

import pytest

from clinlib.corpora import archives
from clinlib.corpora.archives import unpack
from clinlib.errors import BadInput

FILES = {
    "release/train/a.txt": b"A",
    "release/train/deep/b.txt": b"B",
    "release/README": b"R",
    "__MACOSX/release/train/._a.txt": b"?",
    "release/train/.DS_Store": b"?",
}


def zipped(place, files):
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return place


def tarred(place, files, mode="w:gz"):
    with tarfile.open(place, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return place


def files(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.mark.parametrize("make", [zipped, tarred])
def test_folders_and_files_come_to_their_places(tmp_path, make):
    archive = make(tmp_path / "archive", FILES)
    unpack(archive, {"release/train": "corpus/1", "release/README": "about.txt"}, tmp_path / "to")
    assert files(tmp_path / "to") == {
        "corpus/1/a.txt": b"A",
        "corpus/1/deep/b.txt": b"B",
        "about.txt": b"R",
    }


@pytest.mark.parametrize("make", [zipped, tarred])
@pytest.mark.parametrize(
    "name", ["../out.txt", "/etc/out.txt", "release/../../out.txt", "..\\out.txt", "C:\\out.txt"]
)
def test_a_path_that_leads_out_leaves_nothing(tmp_path, make, name):
    archive = make(tmp_path / "archive", {"release/train/a.txt": b"A", name: b"out"})
    with pytest.raises(BadInput, match="leads out of the folder; nothing is unpacked"):
        unpack(archive, {"release": "."}, tmp_path / "deep" / "to")
    assert files(tmp_path) == {"archive": archive.read_bytes()}


def test_links_are_refused_where_they_are_wanted(tmp_path):
    archive = tmp_path / "archive"
    with tarfile.open(archive, "w") as opened:
        link = tarfile.TarInfo("release/train/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        opened.addfile(link)
        inner = tarfile.TarInfo("release/test/a.txt")
        opened.addfile(inner, io.BytesIO(b""))
    with pytest.raises(BadInput, match="release/train/link is a link"):
        unpack(archive, {"release/train": "train"}, tmp_path / "to")
    unpack(archive, {"release/test": "test"}, tmp_path / "to")
    assert files(tmp_path / "to") == {"test/a.txt": b""}


def test_a_link_in_a_zip_is_refused(tmp_path):
    info = zipfile.ZipInfo("release/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "archive", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(BadInput, match="release/link is a link"):
        unpack(tmp_path / "archive", {"release": "."}, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_what_would_fill_the_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 10)
    archive = zipped(tmp_path / "archive", {"a/1": b"x" * 6, "a/2": b"x" * 6, "b/1": b"x" * 50})
    with pytest.raises(BadInput, match="unpack to 12 bytes, over 10"):
        unpack(archive, {"a": "."}, tmp_path / "to")
    unpack(archive, {"a/1": "1"}, tmp_path / "to")
    assert files(tmp_path / "to") == {"1": b"x" * 6}


def test_what_is_not_there_is_named_with_the_nearest(tmp_path):
    archive = zipped(tmp_path / "archive", FILES)
    with pytest.raises(BadInput, match="holds no 'release/trian'; the nearest is 'release/train'"):
        unpack(archive, {"release/trian": "."}, tmp_path / "to")


def test_a_name_that_stands_twice_is_refused(tmp_path):
    archive = tmp_path / "archive"
    with tarfile.open(archive, "w") as opened:
        for _ in range(2):
            opened.addfile(tarfile.TarInfo("release/a"), io.BytesIO(b""))
    with pytest.raises(BadInput, match="release/a stands in it twice"):
        unpack(archive, {"release": "."}, tmp_path / "to")


def test_no_archive_and_a_damaged_one_are_named(tmp_path):
    (tmp_path / "page.html").write_text("<html>sign in</html>")
    with pytest.raises(BadInput, match="page.html is no zip or tar archive"):
        unpack(tmp_path / "page.html", {"a": "."}, tmp_path / "to")
    archive = zipped(tmp_path / "archive", {"a/1": bytes(range(256)) * 40})
    content = bytearray(archive.read_bytes())
    content[60:80] = b"\0" * 20
    archive.write_bytes(content)
    with pytest.raises(BadInput, match="a/1 is damaged"):
        unpack(archive, {"a": "."}, tmp_path / "to")
    whole = tarred(tmp_path / "cut.tar.gz", {"a/1": bytes(range(256)) * 4000})
    whole.write_bytes(whole.read_bytes()[:-3000])
    with pytest.raises(BadInput, match="damaged"):
        unpack(whole, {"a": "."}, tmp_path / "to2")

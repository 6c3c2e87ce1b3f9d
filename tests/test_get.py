"""Open corpora are fetched, checked and put into place; what cannot be had is said."""

import hashlib
import io
import zipfile

import pytest
import yaml
from publisher import publishing

from clinlib.corpora import registry
from clinlib.corpora import transfer as transfers
from clinlib.corpora.check import checksum
from clinlib.corpora.get import get
from clinlib.corpora.registry import card, cards
from clinlib.errors import BadInput, ClinlibError

HEADER = {
    "pretty_name": "Toy",
    "language": ["en"],
    "license": "mit",
    "licence": "MIT",
    "licence_source": "made here",
    "where_to_get": "https://example.org/toy (the archive)",
    "gated": False,
    "synthetic": False,
    "document_unit": "letter",
    "types": ["Drug"],
}
TRAIN, TEST = b"aspirin\tB-Drug\n" * 5000, b"flu\tO\n"


@pytest.fixture(scope="module")
def server():
    with publishing() as publisher:
        yield publisher


@pytest.fixture
def toy(server, tmp_path, monkeypatch):
    """(publisher, root with two cards, data folder): one of files, one of an archive."""
    monkeypatch.setattr(transfers, "PAUSE", 0.0)
    monkeypatch.setenv("CLINLIB_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for split in ("train", "test"):
            archive.writestr(f"release/{split}/{split}1.txt", f"{split}: aspirin\n")
            archive.writestr(f"release/{split}/{split}1.ann", "")
    server.files = {"/train.tsv": TRAIN, "/test.tsv": TEST, "/toy.zip": packed.getvalue()}
    server.breaks, server.asked = [], []
    write(
        tmp_path,
        "files",
        reader={"format": "conll"},
        splits={"official": {"train": "train.tsv", "test": "test.tsv"}},
        files={
            name: hashlib.sha256(content).hexdigest()
            for name, content in (("train.tsv", TRAIN), ("test.tsv", TEST))
        },
        downloads=[
            {"url": f"{server.url}/{name}", "save": name} for name in ("train.tsv", "test.tsv")
        ],
    )
    for split in ("train", "test"):
        (tmp_path / "release" / split).mkdir(parents=True)
        (tmp_path / "release" / split / f"{split}1.txt").write_text(f"{split}: aspirin\n")
        (tmp_path / "release" / split / f"{split}1.ann").write_text("")
    write(
        tmp_path,
        "archive",
        reader={"format": "brat", "path": "corpus"},
        splits={"official": {"train": "train", "test": "test"}},
        files={"corpus/": checksum(tmp_path / "release")},
        downloads=[
            {
                "url": f"{server.url}/toy.zip",
                "unpack": {"release/train": "corpus/train", "release/test": "corpus/test"},
            }
        ],
    )
    return server, tmp_path, tmp_path / "data"


def write(root, name, **header):
    (root / "data_cards").mkdir(exist_ok=True)
    header = HEADER | {"folder": f"folder_{name}"} | header | {"name": name}
    (root / "data_cards" / f"{name}.md").write_text(f"---\n{yaml.safe_dump(header)}---\n# Toy\n")


def edit(root, name, **changes):
    path = root / "data_cards" / f"{name}.md"
    header = yaml.safe_load(path.read_text().split("---\n")[1])
    del header["name"]
    write(root, name, **(header | changes))


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_files_come_to_the_cards_folder_and_nothing_else_is_left(toy):
    _, root, data = toy
    said = get("files", root, str)
    assert said.startswith(f"files is in {data / 'folder_files'}; `clinlib corpora check files`")
    assert files(data) == ["folder_files/test.tsv", "folder_files/train.tsv"]
    assert (data / "folder_files" / "train.tsv").read_bytes() == TRAIN


def test_an_archive_is_unpacked_as_the_card_says(toy):
    _, root, data = toy
    get("archive", root, str)
    names = [
        f"folder_archive/corpus/{split}/{split}1.{end}"
        for split in ("test", "train")
        for end in ("ann", "txt")
    ]
    assert files(data) == names
    corpus = registry.build("archive", root, data / "folder_archive")
    assert [d.text for d in corpus.splits["train"]] == ["train: aspirin\n"]


def test_what_is_there_is_not_fetched_again(toy):
    publisher, root, data = toy
    get("files", root, str)
    publisher.asked.clear()
    assert (
        get("files", root, str) == f"files is in {data / 'folder_files'} already, as its card says"
    )
    (data / "folder_files" / "test.tsv").unlink()
    get("files", root, str)
    assert publisher.asked == [("/test.tsv", "")]


def test_after_an_interruption_the_rest_is_fetched(toy):
    publisher, root, data = toy
    publisher.breaks = [100, 200, 300]
    with pytest.raises(
        ClinlibError, match="broke off after 1 kB of 75 kB.*run again to go on. By hand"
    ):
        get("files", root, str)
    assert not (data / "folder_files").exists()
    get("files", root, str)
    assert ("/train.tsv", "bytes=600-") in publisher.asked
    assert (data / "folder_files" / "train.tsv").read_bytes() == TRAIN


@pytest.mark.parametrize(("name", "path"), [("files", "/test.tsv"), ("archive", "/toy.zip")])
def test_what_is_not_the_cards_is_not_put_into_place(toy, name, path):
    publisher, root, data = toy
    edit(root, name, files=dict.fromkeys(card(name, root).files, "0" * 64))
    with pytest.raises(ClinlibError, match=f"has the sha256 .*, the card says {'0' * 64}; it was"):
        get(name, root, str)
    assert files(data) == []
    publisher.asked.clear()
    with pytest.raises(ClinlibError):
        get(name, root, str)
    assert (path, "") in publisher.asked  # begun anew: nothing of it was kept


def test_an_archive_of_another_layout_says_what_it_lacks(toy):
    _, root, data = toy
    (download,) = card("archive", root).downloads
    moved = {"released/train": "corpus/train", "release/test": "corpus/test"}
    edit(root, "archive", downloads=[{"url": download.url, "unpack": moved}])
    with pytest.raises(
        ClinlibError, match="toy.zip: it holds no 'released/train'; the nearest is 'rele"
    ):
        get("archive", root, str)
    assert files(data) == []


def test_a_file_that_is_there_but_another_is_never_written_over(toy):
    publisher, root, data = toy
    (data / "folder_files").mkdir()
    (data / "folder_files" / "train.tsv").write_text("my own")
    with pytest.raises(
        ClinlibError, match="train.tsv is there, but is not what the card describes"
    ):
        get("files", root, str)
    assert (data / "folder_files" / "train.tsv").read_text() == "my own" and not publisher.asked


@pytest.mark.parametrize("fault", ["404", "no network"])
def test_where_it_cannot_be_had_what_to_fetch_and_where_to_put_it_is_said(toy, fault):
    publisher, root, data = toy
    if fault == "404":
        publisher.files.clear()
        url, why = publisher.url, "answers 404 Not Found"
    else:
        with publishing() as gone:
            url, why = gone.url, "no answer from"
        edit(
            root,
            "files",
            downloads=[{"url": f"{url}/{n}", "save": n} for n in ("train.tsv", "test.tsv")],
        )
    with pytest.raises(ClinlibError) as error:
        get("files", root, str)
    assert why in str(error.value)
    for name in ("train.tsv", "test.tsv"):
        assert f"{url}/{name} as {data / 'folder_files' / name}" in str(error.value)


def test_a_corpus_without_an_address_says_where_it_is_and_where_to_put_it(toy):
    publisher, root, data = toy
    edit(root, "files", downloads=[])
    place = data / "folder_files"
    with pytest.raises(ClinlibError, match=rf"by hand from https://example.org/toy .*into {place}"):
        get("files", root, str)
    assert not publisher.asked


def test_a_card_without_checksums_is_there_only_when_its_folder_holds_something(toy):
    _, root, data = toy
    edit(root, "files", downloads=[], files={})
    place = data / "folder_files"
    for prepare in (lambda: None, place.mkdir):
        prepare()
        with pytest.raises(ClinlibError, match=f"gives no address.* put it into {place}"):
            get("files", root, str)
    (place / "train.tsv").write_bytes(TRAIN)
    assert "holds no checksums to compare" in get("files", root, str)


def test_a_gated_corpus_says_where_to_ask(toy, monkeypatch):
    publisher, root, data = toy
    edit(root, "files", gated=True, downloads=[])
    said = "only to those who sign for it. Ask here: https://example.org/toy"
    with pytest.raises(ClinlibError, match=said):
        get("files", root, str)
    assert not publisher.asked and files(data) == []


def test_a_synthetic_corpus_needs_no_fetching():
    assert "made in memory" in get("synthetic_en_letters")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"downloads": [{"url": "ftp://x/y", "save": "train.tsv"}]}, "url"),
        ({"downloads": [{"url": "http://x/y"}]}, "either save"),
        ({"downloads": [{"url": "http://x/y", "save": "../train.tsv"}]}, "no path below a folder"),
        ({"downloads": [{"url": "http://x/y", "unpack": {"a": "/b"}}]}, "no path below a folder"),
        ({"downloads": [{"url": "http://x/y", "save": "other.tsv"}]}, "no checksum .* 'other.tsv'"),
        ({"downloads": [{"url": "http://x/y", "save": "train.tsv"}]}, "nothing gives 'test.tsv'"),
        ({"gated": True}, "of open corpora alone"),
    ],
)
def test_a_card_whose_downloads_cannot_be_checked_is_refused(toy, changes, message):
    edit(toy[1], "files", **changes)
    with pytest.raises(BadInput, match=f"files.md: .*{message}"):
        card("files", toy[1])


def test_every_open_corpus_names_an_address_or_says_where_it_is():
    found = cards()
    assert {"ncbi_disease", "phee", "mantra_gsc"} <= {n for n, c in found.items() if c.downloads}
    for each in found.values():
        assert each.downloads or each.generated or "http" in each.where_to_get


def test_the_command_goes_on_after_one_that_cannot_be_had(toy, clinlib, monkeypatch):
    _, root, data = toy
    monkeypatch.setattr(registry, "repository", lambda: root)
    edit(root, "archive", downloads=[])
    code, out, errors = clinlib("corpora", "get", "archive", "files")
    assert code == 1
    assert out.startswith("files is in ") and "archive: its card gives no address" in errors
    assert "train.tsv: 75 kB, complete" in errors
    code, _, errors = clinlib("corpora", "get", "files", "fils")
    assert code == 2 and "did you mean 'files'" in errors


def test_without_a_data_folder_nothing_is_fetched(toy, monkeypatch):
    publisher, root, _ = toy
    monkeypatch.delenv("CLINLIB_DATA")
    monkeypatch.setattr(registry, "repository", lambda: root / "checkout")
    with pytest.raises(BadInput, match="set CLINLIB_DATA to a folder for the corpora"):
        get("files", root, str)
    assert not publisher.asked

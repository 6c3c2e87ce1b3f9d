"""The registry: cards that are checked, and corpora that are those of their cards."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from clinlib.corpora.check import check, checksum, describe, list_rows
from clinlib.corpora.checksums import codes, written
from clinlib.corpora.document import Document, Section, Span
from clinlib.corpora.fingerprint import content_hash
from clinlib.corpora.registry import card, cards, data_root, fingerprint, load
from clinlib.corpora.segmenter import check_sentences
from clinlib.errors import BadInput

HEADER = {
    "name": "toy",
    "pretty_name": "Toy",
    "language": ["en"],
    "license": "mit",
    "licence": "MIT",
    "licence_source": "made here",
    "where_to_get": "https://example.org/toy",
    "gated": False,
    "synthetic": False,
    "folder": "toy",
    "reader": {"format": "brat", "path": "letters"},
    "document_unit": "letter",
    "files": {"letters/": ""},
    "splits": {"grouped": {"train": 0.5, "dev": 0.25, "test": 0.25}, "seed": 0},
    "types": ["Drug", "Dose", "Order"],
    "left_out": ["Page"],
    "tasks": {"drugs": {"types": ["Drug", "Dose"], "rename": {"Dose": "Dosage"}}},
}
TEXT = "Page 3\nGiven aspirin 8 mg. No fever.\n"
LINES = "T1\tDrug 13 20\taspirin\nT2\tDose 21 25\t8 mg\nT3\tOrder 7 25\tGiven aspirin 8 mg\n"
LINES += "T4\tPage 0 6\tPage 3\n"


def write_card(root, header, body="# Toy\n"):
    (root / "data_cards").mkdir(exist_ok=True)
    path = root / "data_cards" / f"{header['name']}.md"
    path.write_text(f"---\n{yaml.safe_dump(header)}---\n{body}", encoding="utf-8")


def complete(root, header):
    """The header with the values computed from the data."""
    write_card(root, header)
    computed = describe(header["name"], root)
    tasks = {name: {**task, **computed["tasks"][name]} for name, task in header["tasks"].items()}
    return {**header, **computed, "tasks": tasks}


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A root with one complete card, and its data."""
    letters = tmp_path / "data" / "toy" / "letters"
    letters.mkdir(parents=True)
    for n in range(8):
        (letters / f"l{n}.txt").write_text(TEXT, encoding="utf-8")
        (letters / f"l{n}.ann").write_text(LINES, encoding="utf-8")
    monkeypatch.setenv("CLINLIB_DATA", str(tmp_path / "data"))
    write_card(tmp_path, complete(tmp_path, HEADER))
    return tmp_path


def edit(root: Path, change):
    """Write the toy card again with its header changed in place."""
    path = root / "data_cards" / "toy.md"
    header = yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1])
    change(header)
    write_card(root, header)


def test_a_corpus_is_loaded_segmented_flat_and_split(toy):
    corpus = load("toy", toy)
    assert {split: len(part) for split, part in corpus.splits.items()} == {
        "train": 4,
        "dev": 2,
        "test": 2,
    }
    document = corpus.splits["train"][0]
    assert document.spans == (Span(7, 25, "Order"),)
    assert [TEXT[a:b] for a, b in document.sentences] == [
        "Page 3",
        "Given aspirin 8 mg.",
        "No fever.",
    ]
    assert corpus.types == ("Drug", "Dose", "Order")
    assert corpus.ledger.counts() == {
        "dropped: type left out": 8,
        "flattened: nested in a longer span": 16,
        "read: spans": 32,
    }
    assert load("toy", toy) is corpus


def test_a_task_chooses_its_types_before_overlaps_are_flattened(toy):
    corpus = load("toy:drugs", toy)
    assert corpus.types == ("Drug", "Dosage")
    document = corpus.splits["train"][0]
    assert document.spans == (Span(13, 20, "Drug"), Span(21, 25, "Dosage"))
    assert document.sentences == load("toy", toy).splits["train"][0].sentences
    assert corpus.ledger.counts()["dropped: type not in the task"] == 8


def test_a_complete_card_has_no_problems_and_its_fingerprints_need_no_data(toy, monkeypatch):
    assert check("toy", toy) == []
    monkeypatch.delenv("CLINLIB_DATA")
    assert fingerprint("toy", toy) != fingerprint("toy:drugs", toy)


def test_changed_data_are_refused_and_the_difference_is_named(toy):
    path = toy / "data" / "toy" / "letters" / "l3.ann"
    path.write_text(LINES.splitlines()[0] + "\n", encoding="utf-8")
    with pytest.raises(BadInput, match="not those that the card describes"):
        load("toy:drugs", toy)
    problems = "\n".join(check("toy", toy))
    assert "toy: sha256 of letters/" in problems
    assert "toy: fingerprint" in problems
    assert "toy:drugs: fingerprint" in problems
    assert "types Dosage" in problems
    assert "ledger, read: spans: 29, the card says 32" in problems


def test_a_card_that_miscounts_is_named(toy):
    edit(toy, lambda h: h["counts"]["train"].update(sentences=99))
    assert check("toy", toy) == ["toy: count of train sentences: 12, the card says 99"]


def test_counts_that_only_the_card_or_only_the_data_hold_are_named(toy):
    edit(toy, lambda h: h["ledger"].update({"repaired: tag": 3}))
    edit(toy, lambda h: h["ledger"].pop("dropped: type left out"))
    assert check("toy", toy) == [
        "toy: ledger, dropped: type left out: 8, the card says nothing",
        "toy: ledger, repaired: tag: nothing, the card says 3",
    ]


def test_missing_data_say_where_to_get_them(toy, monkeypatch):
    monkeypatch.setenv("CLINLIB_DATA", str(toy / "data_cards"))
    message = "Get it from https://example.org/toy; .* set CLINLIB_DATA"
    with pytest.raises(BadInput, match=message):
        load("toy", toy)
    assert len(check("toy", toy)) == 1
    assert list_rows(toy)[0]["data"] == "missing"


def test_a_missing_file_is_named(toy):
    edit(toy, lambda h: h["files"].update({"more.tsv": "00"}))
    assert check("toy", toy) == ["toy: sha256 of more.tsv: missing, the card says 00"]


def test_a_data_folder_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("CLINLIB_DATA", "/nowhere/at/all")
    with pytest.raises(BadInput, match="CLINLIB_DATA is '/nowhere/at/all'"):
        data_root()


def test_unknown_corpora_and_tasks_are_refused_with_the_nearest(toy):
    with pytest.raises(BadInput, match="unknown corpus 'toyy'; did you mean 'toy'"):
        load("toyy", toy)
    with pytest.raises(BadInput, match="unknown task of corpus 'toy' 'drug'; .* 'drugs'"):
        fingerprint("toy:drug", toy)
    with pytest.raises(BadInput, match="unknown task"):
        card("toy:", toy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda h: h.update(langauge=["en"]), "unknown key 'langauge'; did you mean 'language'"),
        (lambda h: h.update(gated="perhaps"), "gated: "),
        (lambda h: h["reader"].update(format="bratt"), "reader: "),
        (lambda h: h["reader"].update(discontinous="hull"), "discontinous"),
        (lambda h: h["splits"].update(sed=1), "splits.grouped.sed: Extra inputs"),
        (lambda h: h.update(splits={"seed": 1}), "splits: holds none of official, grouped"),
        (
            lambda h: h["splits"]["grouped"].update(dev=1.2),
            "grouped.dev: .* less than or equal to 1",
        ),
        (
            lambda h: h["splits"]["grouped"].update(dev=-0.2),
            "grouped.dev: .* greater than or equal",
        ),
        (lambda h: h["splits"]["grouped"].update(dev=0.2), "splits.grouped: .* sum to 0.95, not 1"),
        (lambda h: h["splits"]["grouped"].update(tset=0.0), "splits.grouped.grouped.tset"),
        (
            lambda h: h.update(
                splits={"official": {"train": "a", "test": "b"}, "carved": {"dev": 1.5, "seed": 1}}
            ),
            "splits.official.carved.dev: .* less than 1",
        ),
        (lambda h: h.pop("types"), "types: Field required"),
        (lambda h: h.update(generator="clinlib.some:thing"), "go together"),
        (lambda h: h.update(folder=None), "folder is null"),
        (lambda h: h.update(splits={"generated": ["train"]}), "belong to generated corpora"),
        (lambda h: h.update(reader={"format": "conll"}), "splits must name files"),
        (lambda h: h["tasks"]["drugs"].update(types=["Drg"]), "did you mean 'Drug'"),
        (lambda h: h.pop("fingerprint"), "holds no fingerprint"),
    ],
)
def test_a_card_with_a_fault_is_refused_with_file_and_key(toy, change, message):
    edit(toy, change)
    with pytest.raises(BadInput, match=f"toy.*{message}"):
        load("toy", toy)


def test_a_card_without_a_header_or_under_another_name_is_refused(tmp_path):
    write_card(tmp_path, HEADER)
    path = tmp_path / "data_cards" / "toy.md"
    path.rename(path.with_name("other.md"))
    with pytest.raises(BadInput, match="the card's name is 'toy', the file's 'other'"):
        card("other", tmp_path)
    path.write_text("# Toy\n", encoding="utf-8")
    with pytest.raises(BadInput, match="begins with a YAML header"):
        card("toy", tmp_path)
    path.write_text("---\na: [\n---\n", encoding="utf-8")
    with pytest.raises(BadInput, match="is not YAML"):
        card("toy", tmp_path)


def test_a_type_that_the_card_does_not_know_is_refused(toy):
    edit(toy, lambda h: h.update(left_out=[]))
    with pytest.raises(BadInput, match=r"'toy': document l0, \[0, 6\): unknown type 'Page'"):
        load("toy", toy)


def test_a_changed_a_missing_and_a_new_file_of_a_folder_are_named(toy):
    folder = toy / "data" / "toy" / "letters"
    (toy / "data_cards" / "checksums").mkdir()
    known = written(codes(folder.parent, ["letters/"]))
    (toy / "data_cards" / "checksums" / "toy.txt").write_text(known)
    assert check("toy", toy) == []
    (folder / "l3.ann").write_text(LINES.splitlines()[0] + "\n", encoding="utf-8")
    problems = check("toy", toy)
    assert f"{folder / 'l3.ann'}: changed, or no file of the release" in problems
    assert not any("l2.ann" in problem for problem in problems)
    (folder / "l3.ann").unlink()
    unread, missing = check("toy", toy)
    assert unread == f"{folder / 'l3.txt'}: its partner l3.ann is missing"
    assert missing == f"{folder.parent}: 1 files of the release are missing"
    with pytest.raises(BadInput, match="corpus 'toy': .*partner l3.ann is missing"):
        load("toy", toy)


def test_splits_that_share_documents_are_refused_with_the_corpus_and_the_document(
    tmp_path, monkeypatch
):
    (tmp_path / "data" / "toy").mkdir(parents=True)
    (tmp_path / "data" / "toy" / "all.tsv").write_text("aspirin\tB-Drug\n\nflu\tO\n")
    monkeypatch.setenv("CLINLIB_DATA", str(tmp_path / "data"))
    header = HEADER | {
        "reader": {"format": "conll"},
        "splits": {"official": {"train": "all.tsv", "test": "all.tsv"}},
        "files": {},
        "tasks": {},
        "fingerprint": "0" * 16,
    }
    write_card(tmp_path, header)
    message = "corpus 'toy': document id 'all-00001' occurs twice: in split 'train' and in split"
    with pytest.raises(BadInput, match=message):
        load("toy", tmp_path)


def test_splits_that_part_a_group_are_refused(tmp_path, monkeypatch):
    (tmp_path / "data" / "toy").mkdir(parents=True)
    for split in ("train", "test"):
        record = {"id": f"77_{split}", "context": "Fever.", "annotations": []}  # one abstract
        (tmp_path / "data" / "toy" / f"{split}.json").write_text(json.dumps(record))
    monkeypatch.setenv("CLINLIB_DATA", str(tmp_path / "data"))
    header = HEADER | {
        "reader": {"format": "json", "shape": "phee"},
        "splits": {"official": {"train": "train.json", "test": "test.json"}},
        "files": {},
        "tasks": {},
        "fingerprint": "0" * 16,
    }
    write_card(tmp_path, header)
    with pytest.raises(BadInput, match=r"corpus 'toy': group '77' .* lies in split 'train' and in"):
        load("toy", tmp_path)


def test_official_splits_are_read_file_by_file(tmp_path, monkeypatch):
    (tmp_path / "data" / "toy").mkdir(parents=True)
    for split in ("train", "dev", "test"):
        (tmp_path / "data" / "toy" / f"{split}.tsv").write_text(f"{split}\tB-Drug\n\nflu\tO\n")
    monkeypatch.setenv("CLINLIB_DATA", str(tmp_path / "data"))
    header = HEADER | {
        "reader": {"format": "conll"},
        "splits": {"official": {s: f"{s}.tsv" for s in ("train", "dev", "test")}},
        "files": {},
        "tasks": {},
    }
    write_card(tmp_path, complete(tmp_path, header))
    splits = load("toy", tmp_path).splits
    assert list(splits) == ["train", "dev", "test"]
    assert [d.text for d in splits["dev"]] == ["dev", "flu"]
    (tmp_path / "data" / "toy" / "dev.tsv").unlink()
    (problem,) = check("toy", tmp_path)
    assert problem.endswith("dev.tsv: no such file")


def test_the_checksum_of_a_folder_is_that_of_its_listing(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x").write_bytes(b"1")
    (tmp_path / "a").write_bytes(b"2")
    one, two = checksum(tmp_path / "b" / "x"), checksum(tmp_path / "a")
    listing = tmp_path.parent / "listing"
    listing.write_bytes(f"{two}  a\n{one}  b/x\n".encode())
    assert checksum(tmp_path) == checksum(listing)
    (tmp_path / "b" / "x").rename(tmp_path / "b" / "y")
    assert checksum(tmp_path) != checksum(listing)


DOCUMENT = Document("d", "Fever è.", (Span(0, 5, "Sign"),), ((0, 8),), ((0, 5), (6, 8)))
PINNED = "e0a54f1af3bb47c0"


def test_the_content_hash_is_pinned_and_changes_with_all_that_a_run_reads():
    first = content_hash({"train": [DOCUMENT]}, ["Sign"])
    assert first == PINNED
    others = [
        replace(DOCUMENT, id="e"),
        replace(DOCUMENT, text="Fever e."),
        replace(DOCUMENT, spans=()),
        replace(DOCUMENT, sentences=((0, 5), (6, 8))),
        replace(DOCUMENT, words=None),
        replace(DOCUMENT, group="p"),
        replace(DOCUMENT, sections=(Section(0, 8, "Findings"),)),
        replace(DOCUMENT, spans=(Span(1, 5, "Sign"),)),
        replace(DOCUMENT, spans=(Span(0, 5, "Drug"),)),
        replace(DOCUMENT, spans=(Span(0, 5, "Sign", "noise"),)),
    ]
    hashes = {content_hash({"train": [other]}, ["Sign"]) for other in others}
    hashes |= {content_hash({"test": [DOCUMENT]}, ["Sign"])}
    hashes |= {content_hash({"train": [DOCUMENT]}, ["Sign", "Drug"])}
    assert len(hashes | {first}) == 13


def test_the_synthetic_letters_load_without_data(monkeypatch, tmp_path):
    monkeypatch.setenv("CLINLIB_DATA", str(tmp_path))
    corpus = load("synthetic_en_letters")
    assert content_hash(corpus.splits, corpus.types) == fingerprint("synthetic_en_letters")
    assert corpus.splits.keys() == {"train", "dev", "test"}
    for document in (document for part in corpus.splits.values() for document in part):
        check_sentences(document)


def test_all_cards_of_the_project_are_valid_and_hold_what_they_must():
    found = cards()
    assert {"ncbi_disease", "maccrobat2020", "synthetic_en_letters"} <= found.keys()
    for name, each in found.items():
        assert each.licence and each.licence_source and each.where_to_get and each.body
        if each.unpinned:
            assert not (each.files or each.fingerprint or each.counts or each.ledger)
            continue
        assert fingerprint(name)
        alone = name == "mantra_gsc"  # 200 units, for evaluation only
        assert each.counts.keys() == ({"test"} if alone else {"train", "dev", "test"})
        for count in each.counts.values():
            assert sum(count.types.values()) == count.spans
    assert {row["corpus"] for row in list_rows()} == found.keys()


@pytest.mark.corpora
def test_ncbi_disease_is_as_published(corpora_dir):
    corpus = load("ncbi_disease")
    sizes = {s: (len(d), sum(len(x.spans) for x in d)) for s, d in corpus.splits.items()}
    assert sizes == {"train": (5424, 5134), "dev": (923, 787), "test": (940, 960)}
    assert corpus.types == ("Disease",)
    assert check("ncbi_disease") == []


@pytest.mark.corpora
def test_maccrobat_is_as_its_card_says(corpora_dir):
    assert check("maccrobat2020") == []
    corpus = load("maccrobat2020:medication")
    assert {s: len(d) for s, d in corpus.splits.items()} == {"train": 120, "dev": 30, "test": 50}
    assert corpus.ledger.counts()["read: spans"] == 25189
    assert corpus.ledger.counts()["merged: discontinuous, covered by its hull"] == 44
    for documents in corpus.splits.values():
        for document in documents:
            check_sentences(document)

"""A user's own BRAT folder is a corpus wherever a name is: read, split, keyed, kept apart."""

import os

import pytest
from brat_folder import write_folder, write_note

from clinlib.corpora.check import check
from clinlib.corpora.fingerprint import content_hash
from clinlib.corpora.label_words import label_words
from clinlib.corpora.registry import card, data_folder, fingerprint, load
from clinlib.errors import BadInput
from clinlib.experiments.key import Pins, corpus_fingerprint, key
from clinlib.experiments.spec import Choose, FineTune, Pretrain
from clinlib.experiments.store import Store


@pytest.fixture
def notes(tmp_path):
    return write_folder(tmp_path / "notes")


def ids(corpus):
    return {split: [d.id for d in documents] for split, documents in corpus.splits.items()}


def test_a_folder_is_read_with_the_types_found_in_it(notes):
    corpus = load(str(notes))
    assert corpus.types == ("Dose", "Drug") and corpus.language == "en"
    assert {split: len(part) for split, part in corpus.splits.items()} == {
        "train": 12,
        "dev": 3,
        "test": 5,
    }
    for documents in corpus.splits.values():
        for document in documents:
            assert [document.text[s.start : s.end].split()[-1] for s in document.spans][1] == "mg"
    assert corpus.ledger.counts()["read: spans"] == 40


def test_the_card_is_computed_from_the_files(notes):
    found = card(str(notes))
    corpus = load(str(notes))
    assert found.fingerprint == content_hash(corpus.splits, corpus.types)
    assert found.counts["train"].types == {"Drug": 12, "Dose": 12}
    assert found.gated and not found.synthetic and not found.generated
    assert data_folder(str(notes)) == notes
    assert check(str(notes)) == []


def test_a_path_may_be_relative_or_below_home(notes, monkeypatch):
    monkeypatch.chdir(notes.parent)
    monkeypatch.setenv("HOME", str(notes.parent))
    for name in ("./notes", "../" + notes.parent.name + "/notes", "~/notes"):
        assert fingerprint(name) == fingerprint(str(notes))


def test_the_seed_draws_the_split_and_groups_stay_together(notes):
    first = ids(load(str(notes)))
    (notes / "corpus.yml").write_text("seed: 14\n")
    second = ids(load(str(notes)))
    assert first != second and sorted(sum(first.values(), [])) == sorted(sum(second.values(), []))
    (notes / "corpus.yml").write_text("group: '^n(.)'\n")  # n0*, n1*: two groups for three splits
    with pytest.raises(BadInput, match="would be empty: 20 documents in 2 groups"):
        load(str(notes))
    (notes / "corpus.yml").write_text("group: '(.)$'\nshares: {train: 0.4, dev: 0.3, test: 0.3}\n")
    parts = ids(load(str(notes))).values()
    groups = [{name[-1] for name in part} for part in parts]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 10


def test_subfolders_are_the_splits(tmp_path):
    for place, split in enumerate(("train", "dev", "test")):
        for n in range(3):
            write_note(tmp_path / "mine" / split, f"n{place}{n}", "aspirin", 5)
    assert ids(load(str(tmp_path / "mine"))) == {
        "train": ["n00", "n01", "n02"],
        "dev": ["n10", "n11", "n12"],
        "test": ["n20", "n21", "n22"],
    }


def test_without_a_dev_folder_one_is_drawn_from_train(tmp_path):
    for split, size in (("train", 8), ("test", 2)):
        for n in range(size):
            write_note(tmp_path / "mine" / split, f"{split}{n}", "aspirin", 5)
    sizes = {split: len(part) for split, part in ids(load(str(tmp_path / "mine"))).items()}
    assert sizes == {"train": 7, "dev": 1, "test": 2}


def test_options_of_the_folder_are_heeded(notes):
    (notes / "corpus.yml").write_text("language: nl\ngated: false\nleft_out: [Dose]\n")
    corpus = load(str(notes))
    assert corpus.language == "nl" and corpus.types == ("Drug",)
    assert corpus.ledger.counts()["dropped: type left out"] == 20
    assert not card(str(notes)).gated


def test_words_for_types_may_stand_in_the_folders_options(notes):
    with pytest.raises(BadInput, match="no label word for Dose .* to `words` of .*corpus.yml"):
        label_words(str(notes))
    (notes / "corpus.yml").write_text("words: {Dose: [dose, amount]}")
    assert label_words(str(notes)) == {"Dose": ("dose", "amount"), "Drug": ("drug", "medication")}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("langauge: nl", "unknown option 'langauge'; did you mean 'language'"),
        ("language: fr", "unknown language 'fr'"),
        ("left_out: [Drugs]", "left_out: unknown type 'Drugs'; did you mean 'Drug'"),
        ("left_out: [Drug, Dose]", "annotate no entity"),
        ("shares: {train: 0.5, dev: 0.1, test: 0.1}", "shares: .* which sum to 1"),
        ("shares: {train: 0.6, test: 0.4}", "shares: give those of train, dev and test"),
        ("group: 'n'", "group: .* no group in parentheses"),
        ("seed: [", "not YAML"),
        ("- seed", "map options to values"),
    ],
)
def test_an_option_that_is_none_is_named(notes, options, said):
    (notes / "corpus.yml").write_text(options)
    with pytest.raises(BadInput, match=said):
        load(str(notes))


def test_a_path_that_is_no_folder_is_named_with_the_nearest(notes):
    with pytest.raises(BadInput, match=f"no folder '{notes}s'.* did you mean '{notes}'"):
        load(f"{notes}s")
    with pytest.raises(BadInput, match="n00.ann' is a file; name the folder"):
        load(str(notes / "n00.ann"))
    with pytest.raises(BadInput, match="has no colon"):
        load(f"{notes}:drugs")


def test_a_bare_name_of_a_folder_here_says_how_to_write_it(notes, monkeypatch):
    monkeypatch.chdir(notes.parent)
    with pytest.raises(BadInput, match="no data card is called 'notes'; .* write './notes'"):
        load("notes")


def test_a_folder_without_annotations_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("No fever.")
    with pytest.raises(BadInput, match="holds no .ann file, and no subfolders"):
        load(str(tmp_path))
    (tmp_path / "a.ann").write_text("")
    with pytest.raises(BadInput, match="holds 1 documents for 3 splits"):
        load(str(tmp_path))
    for name in "bc":
        (tmp_path / f"{name}.txt").write_text("No fever.")
        (tmp_path / f"{name}.ann").write_text("")
    with pytest.raises(BadInput, match="annotate no entity"):
        load(str(tmp_path))


def test_fewer_documents_than_splits_are_refused(tmp_path):
    with pytest.raises(BadInput, match=r"holds 2 documents for 3 splits \(train, dev, test\)"):
        load(str(write_folder(tmp_path / "two", 2)))
    with pytest.raises(BadInput, match="split 'dev' .* would be empty: 3 documents in 3 groups"):
        load(str(write_folder(tmp_path / "three", 3)))
    assert len(load(str(write_folder(tmp_path / "four", 4))).splits["dev"]) == 1


def test_documents_that_would_not_be_read_are_named(notes, tmp_path):
    write_note(notes / "old", "n99", "aspirin", 5)
    with pytest.raises(BadInput, match=r"also holds old/n99.ann, which would not be read"):
        load(str(notes))
    write_note(tmp_path / "half" / "train", "n00", "aspirin", 5)
    with pytest.raises(BadInput, match="has the subfolder train, but none called test"):
        load(str(tmp_path / "half"))


def test_a_malformed_annotation_is_named_with_file_and_line(notes):
    (notes / "n03.ann").write_text("T1\tDrug 0 7\tsomething\n")
    with pytest.raises(BadInput, match=r"n03.ann:1: T1 quotes"):
        load(str(notes))


def tuned(name, **fields):
    return FineTune(corpus=str(name), encoder="scratch-tiny", **fields)


def fresh(config):
    """The key with fingerprints as the files are now, whatever was read before."""
    return key(config, Pins(corpus=fingerprint))


def test_the_files_are_part_of_the_key_and_their_place_is_not(notes, monkeypatch):
    before = fresh(tuned(notes))
    monkeypatch.chdir(notes.parent)
    assert fresh(tuned("./notes")) == before
    os.utime(notes / "n00.txt", (1, 1))
    assert fresh(tuned(notes)) == before
    text = (notes / "n00.ann").read_text()
    (notes / "n00.ann").write_text(text.replace("Drug", "Drog"))
    assert fresh(tuned(notes)) != before
    (notes / "n00.ann").write_text(text)
    (notes / "corpus.yml").write_text("seed: 14")
    assert fresh(tuned(notes)) != before
    (notes / "corpus.yml").unlink()
    notes.rename(notes.parent / "moved")
    assert fresh(tuned(notes.parent / "moved")) == before


def test_all_that_reads_such_a_folder_has_a_key_of_its_own_form(notes):
    plain, named = tuned("ncbi_disease"), str(notes)
    encoder = Pretrain(texts=(f"corpus:{named}",))
    candidates = tuple(tuned(notes, learning_rate=rate) for rate in (1e-3, 1e-4))
    rate = Choose(of=candidates, take="learning_rate")
    theirs = [
        tuned(notes),
        encoder,
        plain.replaced(encoder=encoder),
        plain.replaced(encoder=Pretrain(texts=("corpus:ncbi_disease",), start=encoder)),
        plain.replaced(keep_out=(named,)),
        plain.replaced(learning_rate=rate),
        plain.replaced(encoder=plain.replaced(encoder=tuned(notes))),
    ]
    keys = [key(each) for each in theirs]
    assert all(each.startswith("own-") and len(each) == 16 for each in keys)
    assert len(set(keys)) == len(keys)
    assert not key(plain).startswith("own-")
    assert not key(plain.replaced(sentence_type="a/b")).startswith("own-")


@pytest.mark.parametrize("profile", ["open", "quick"])
def test_its_records_never_lie_among_those_of_a_profile(notes, tmp_path, profile):
    store = Store(profile, tmp_path)
    path = store.record_path("fine_tune", key(tuned(notes)))
    assert path.is_relative_to(tmp_path / "results" / "own")
    assert store.record_path("fine_tune", "0" * 16).is_relative_to(store.results)


def test_the_place_of_such_records_is_in_no_commit():
    import subprocess

    from clinlib.corpora.registry import repository

    if not (repository() / ".git").exists():
        pytest.skip("no checkout")
    asked = ["git", "check-ignore", "-q", "results/own/fine_tune/own-123456789abc.json"]
    assert subprocess.run(asked, cwd=repository()).returncode == 0


def test_a_process_reads_a_folder_once_for_its_keys(notes):
    assert corpus_fingerprint(str(notes)) == fingerprint(str(notes))

"""Every corpus counted twice: from its files by a few lines here, and by its loader's ledger."""

import json
from collections import Counter
from itertools import pairwise

import pytest

from clinlib.corpora.registry import card, data_folder, load

pytestmark = pytest.mark.corpora


# corpus, file or folder, documents, entities: as the publishers' releases are described
BRAT = [
    ("meddocan", "corpus/train/brat", 500, 11333),
    ("meddocan", "corpus/dev/brat", 250, 5801),
    ("meddocan", "corpus/test/brat", 250, 5661),
    ("pharmaconer", "train/subtrack1", 500, 3822),
    ("pharmaconer", "dev/subtrack1", 250, 1926),
    ("cantemist", "train", 501, 6396),
    ("cantemist", "dev1", 250, 3341),
    ("cantemist", "dev2", 250, 2660),
    ("cantemist", "test", 300, 3635),
    ("spaccc_temist", "train", 750, 28222),
    ("spaccc_temist", "test", 250, 9321),
    ("maccrobat2020", "MACCROBAT2020", 200, 25189),
    ("chia", "chia_without_scope", 2000, 44616),
    ("mantra_gsc", "Dutch/EMEA_ec22-cui-best_man", 100, 434),
    ("mantra_gsc", "Dutch/Medline_EN_NL_ec22-cui-best_man", 100, 243),
]
# corpus -> annotations on several stretches, and those that overlap their neighbour by position
OVERLAPS = [
    ("meddocan", 0, 0),
    ("pharmaconer", 0, 0),
    ("cantemist", 0, 246),
    ("spaccc_temist", 0, 3409 + 1104),
    ("maccrobat2020", 44, 359),
    ("chia", 1796, 4532),
]
COMBINATIONS = 657  # words of PHEE that make drugs a combination, such as "and"
PHEE = {
    "Drug": 6028,
    "Effect": 4630,
    "Treatment_Disorder": 1688,
    "Age": 690,
    "Route": 609,
    "Gender": 562,
    "Dosage": 460,
    "Time_elapsed": 312,
    "Duration": 153,
    "Freq": 114,
}
CHIA = {
    "Condition": 12039,
    "Value": 4002,
    "Drug": 3801,
    "Procedure": 3595,
    "Temporal": 3580,
    "Measurement": 3305,
}


def lines(path):
    """The file's lines, cut at line feeds alone."""
    return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").split("\n")


def records(path):
    return [json.loads(line) for line in lines(path) if line]


def marked(folder):
    """(file, type, [start, end, ...]) of every line of BRAT that marks a stretch of text."""
    for path in sorted(folder.rglob("*.ann")):
        for line in lines(path):
            if line.startswith("T"):
                kind, *offsets = line.split("\t")[1].replace(";", " ").split()
                yield path.name, kind, list(map(int, offsets))


def read_by_type(name):
    """What the loader's ledger counts as read, by type."""
    rows = load(name).ledger.rows()
    return Counter({kind: n for event, what, kind, n in rows if (event, what) == ("read", "spans")})


def kept(documents):
    """How many spans the documents hold."""
    return sum(len(document.spans) for document in documents)


@pytest.mark.parametrize(("name", "part", "documents", "entities"), BRAT)
def test_a_folder_of_brat_holds_what_its_release_says(corpora_dir, name, part, documents, entities):
    folder = data_folder(name) / part
    assert len(list(folder.glob("*.txt"))) == documents
    assert sum(1 for _ in marked(folder)) == entities


@pytest.mark.parametrize(("name", "discontinuous", "neighbours"), OVERLAPS)
def test_brat_is_read_as_its_lines_count(corpora_dir, name, discontinuous, neighbours):
    found = list(marked(data_folder(name)))
    assert read_by_type(name) == Counter(kind for _, kind, _ in found)
    assert sum(len(offsets) > 2 for *_, offsets in found) == discontinuous
    hulls = sorted((file, offsets[0], offsets[-1]) for file, _, offsets in found)
    overlapping = sum(a[0] == b[0] and b[1] < a[2] for a, b in pairwise(hulls))
    assert overlapping == neighbours


def test_published_splits_without_overlaps_are_loaded_whole(corpora_dir):
    meddocan = load("meddocan:official").splits
    assert {split: kept(part) for split, part in meddocan.items()} == {
        "train": 11333,
        "dev": 5801,
        "test": 5661,
    }
    pharmaconer = load("pharmaconer:official").splits
    assert kept(pharmaconer["train"]) + kept(pharmaconer["dev"]) == 3822
    assert kept(pharmaconer["test"]) == 1926


def test_the_shared_split_has_the_documents_of_the_published_ones(corpora_dir):
    for name, sizes, entities in [
        ("meddocan", (600, 150, 250), 11333 + 5801 + 5661),
        ("pharmaconer", (457, 116, 177), 3822 + 1926),
        ("spaccc_temist", (600, 150, 250), 28222 + 9321),
    ]:
        corpus = load(name)
        assert tuple(map(len, corpus.splits.values())) == sizes
        assert corpus.ledger.counts()["read: spans"] == entities


def test_five_spans_of_pharmaconer_are_moved_and_all_quote_their_text(corpora_dir):
    shifted = []
    for path in sorted(data_folder("pharmaconer").rglob("*.ann")):
        text = path.with_suffix(".txt").read_bytes().decode("utf-8")
        for line in filter(None, lines(path)):
            name, place, quote = line.split("\t")[:3]
            start, end = place.split()[-2:]
            if name.startswith("T") and text[int(start) : int(end)] != quote:
                shifted.append((path.stem, name))
    assert {stem for stem, _ in shifted} == {"S0211-69952015000200015-1"}
    assert {name for _, name in shifted} == {"T5", "T7", "T9", "T10", "T11"}
    counts = load("pharmaconer").ledger.counts()
    assert counts["repaired: moved to the text that it quotes"] == len(shifted)


def test_chia_has_its_types_and_line_ends(corpora_dir):
    folder = data_folder("chia")
    assert sum(b"\r\n" in path.read_bytes() for path in folder.rglob("*.txt")) == 1603
    types = Counter(kind for _, kind, _ in marked(folder))
    assert {kind: types[kind] for kind in CHIA} == CHIA
    left_out = sum(n for kind, n in types.items() if kind in card("chia").left_out)
    counts = load("chia").ledger.counts()
    assert set(types) == {*card("chia").types, *card("chia").left_out}
    assert counts["dropped: type left out"] == left_out
    # one of the three whose quote does not match is discontinuous
    assert counts["dropped: quote does not match the text"] == 3
    assert counts["merged: discontinuous, covered by its hull"] == 1796 - 1


def test_mantra_has_a_group_in_the_note_of_every_span(corpora_dir):
    notes = Counter()
    for path in data_folder("mantra_gsc").rglob("*.ann"):
        for line in lines(path):
            if line.startswith("#"):
                quoted = line.rstrip().removesuffix('"').rpartition('"')[2]
                notes[quoted.split("|")[0]] += 1  # two spans have two groups
    assert notes.total() == 677
    assert read_by_type("mantra_gsc") == notes


def mentions_below(node, name):
    """(type, id, number of stretches) of the mentions below a node of PHEE's events."""
    for starts, entity in zip(node.get("start", ()), node.get("entity_id", ()), strict=True):
        yield name, entity, len(starts)
    for inner, below in node.items():
        if isinstance(below, dict):
            yield from mentions_below(below, f"{name}_{inner}" if inner == "Disorder" else inner)
    for combination in node.get("Combination", ()):  # its drugs are arguments elsewhere
        yield from mentions_below(combination.get("Trigger", {}), "Combination")


def test_phee_has_its_leaf_types_and_discontinuous_mentions(corpora_dir):
    total, discontinuous, documents = Counter(), [], []
    for file in ("train.json", "dev.json", "test.json"):
        found = {
            (record["id"], *mention)
            for record in records(data_folder("phee") / file)
            for annotation in record["annotations"]
            for event in annotation["events"]
            for argument, node in event.items()
            if isinstance(node, dict)
            for mention in mentions_below(node, argument)
        }
        documents.append(len(records(data_folder("phee") / file)))
        discontinuous.append(Counter(kind for _, kind, _, stretches in found if stretches > 1))
        total.update(kind for _, kind, _, _ in found)
    assert documents == [2898, 961, 968]
    assert {kind: total[kind] for kind in PHEE} == PHEE
    assert set(PHEE) == set(load("phee").types)
    assert [each.total() for each in discontinuous] == [380, 123, 117]
    # words that make drugs a combination are no mention, one of them discontinuous
    assert total.pop("Combination") == COMBINATIONS
    assert [each.pop("Combination", 0) for each in discontinuous] == [0, 1, 0]
    assert read_by_type("phee") == total
    merged = load("phee").ledger.counts()["merged: discontinuous, covered by its hull"]
    assert merged == sum(each.total() for each in discontinuous)


@pytest.mark.parametrize(
    ("split", "file", "entities"),
    [("train", "Training", 9385), ("dev", "Development", 9591), ("test", "Test", 9809)],
)
def test_bc5cdr_has_the_published_sizes(corpora_dir, split, file, entities):
    path = data_folder("bc5cdr") / f"CDR_{file}Set.PubTator.txt"
    columns = [line.split("\t") for line in lines(path)]
    assert sum(len(row) > 5 for row in columns) == entities  # a relation has four columns
    documents = load("bc5cdr").splits[split]
    assert (len(documents), kept(documents)) == (500, entities)


@pytest.mark.parametrize(
    ("split", "documents", "entities", "strange"),
    [("train", 1673, 12625, 82), ("dev", 175, 1035, 4), ("test", 215, 1350, 4)],
)
def test_cmedqaner_holds_its_mentions(corpora_dir, split, documents, entities, strange):
    found = records(data_folder("cmedqaner") / f"{split}.json")
    mentions = [(each["text"], mention) for each in found for mention in each["mention_data"]]
    off = [
        mention["mention"]
        for text, mention in mentions
        if not text[int(mention["offset"]) :].startswith(mention["mention"])
    ]
    assert (len(found), len(mentions), len(off)) == (documents, entities, strange)
    assert len(load("cmedqaner").splits[split]) == documents


def test_the_pooled_split_of_cmedqaner_holds_every_text_once(corpora_dir):
    published, pooled = load("cmedqaner").splits, load("cmedqaner:pooled").splits
    texts = [
        sorted(document.text for split in splits.values() for document in split)
        for splits in (published, pooled)
    ]
    assert texts[0] == texts[1] and len(texts[0]) == 2063
    assert [len(pooled[name]) for name in ("train", "dev", "test")] == [1444, 206, 413]
    twice = {document.text for document in pooled["train"]} & {d.text for d in pooled["test"]}
    assert not twice


def test_the_mentions_of_cmedqaner_that_do_not_match_are_kept(corpora_dir):
    counts = load("cmedqaner").ledger.counts()
    assert counts["read: spans"] == 12625 + 1035 + 1350
    repaired = [n for what, n in counts.items() if what.startswith("repaired")]
    assert sorted(repaired) == [15, 75] and sum(repaired) == 82 + 4 + 4
    assert not any(what.startswith("dropped") for what in counts)


def test_europeana_reads_its_begin_tags_and_its_illegal_ones(corpora_dir):
    tags = [line.split(" ")[1].strip() for line in lines(europeana()) if line.strip()]
    begin = sum(tag.startswith("B-") for tag in tags)
    illegal = sum(
        tag.startswith("I-") and before[2:] != tag[2:] for before, tag in pairwise(["O", *tags])
    )
    assert (len(tags), begin, illegal) == (182482, 7010, 92)
    corpus = load("europeana_nl")
    counts = corpus.ledger.counts()
    assert counts["read: spans"] == begin + illegal
    assert counts["repaired: I- that continues no span begins one"] == illegal
    assert sum(len(d.words) for part in corpus.splits.values() for d in part) == len(tags)


def europeana():
    return data_folder("europeana_nl") / "enp_NL.kb.bio"


def test_presidio_is_the_file_at_hand_and_its_card_says_which_it_is_not(corpora_dir):
    found = json.loads((data_folder("presidio_synth") / "synth_dataset_v2.json").read_text())
    spans = Counter(span["entity_type"] for each in found for span in each["spans"])
    assert (len(found), spans.total()) == (1500, 2863)
    assert read_by_type("presidio_synth") == spans
    # another file of the same repository has 609 texts and 1192 spans more
    problem = next(each for each in card("presidio_synth").known_problems if "2109" in each)
    for number in ("1500", "2863", "2109", "4055"):
        assert number in problem


def test_ncbi_disease_has_the_published_sizes(corpora_dir):
    for split, file, sentences, entities in [
        ("train", "train.tsv", 5424, 5134),
        ("dev", "devel.tsv", 923, 787),
        ("test", "test.tsv", 940, 960),
    ]:
        rows = lines(data_folder("ncbi_disease") / file)
        begun = sum(bool(a) and not b for a, b in pairwise([*rows, ""]))
        assert (begun, sum("\tB-" in row for row in rows)) == (sentences, entities)
        documents = load("ncbi_disease").splits[split]
        assert (sum(len(d.sentences) for d in documents), kept(documents)) == (sentences, entities)

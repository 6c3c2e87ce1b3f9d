"""The open corpora themselves: sizes as published, what was changed on the way, and no span cut."""

from collections import Counter
from itertools import pairwise

import pytest

from clinlib.corpora.check import check
from clinlib.corpora.readers.brat import read_annotations
from clinlib.corpora.registry import card, data_folder, load
from clinlib.corpora.samplers import sentence_index, types_in

pytestmark = pytest.mark.corpora

NAMES = ["ncbi_disease", "maccrobat2020", "maccrobat2020:medication"]


@pytest.fixture(params=NAMES)
def corpus(request, corpora_dir):
    return load(request.param)


@pytest.mark.parametrize("name", ["ncbi_disease", "maccrobat2020"])
def test_data_agree_with_their_card(corpora_dir, name):
    assert check(name) == []


def test_ncbi_disease_has_the_published_sizes(corpora_dir):
    splits = load("ncbi_disease").splits
    assert {split: sum(len(d.sentences) for d in part) for split, part in splits.items()} == {
        "train": 5424,
        "dev": 923,
        "test": 940,
    }
    assert {split: sum(len(d.spans) for d in part) for split, part in splits.items()} == {
        "train": 5134,
        "dev": 787,
        "test": 960,
    }


def test_ncbi_disease_holds_the_tokens_and_begin_tags_of_its_files(corpora_dir):
    folder = data_folder("ncbi_disease")
    for split, file in card("ncbi_disease").splits.official.items():
        lines = (folder / file).read_text(encoding="utf-8").split("\n")
        rows = [line.split("\t") for line in lines if line.strip()]
        documents = load("ncbi_disease").splits[split]
        assert [d.text[a:b] for d in documents for a, b in d.words] == [row[0] for row in rows]
        begins = [n for n, row in enumerate(rows) if row[1].startswith("B-")]
        words = [(d.id, a) for d in documents for a, _ in d.words]
        assert [(d.id, s.start) for d in documents for s in d.spans] == [words[n] for n in begins]


def test_maccrobat_is_counted_as_its_annotation_files_count_it(corpora_dir):
    lines = Counter()
    discontinuous = 0
    for path in (data_folder("maccrobat2020") / "MACCROBAT2020").glob("*.ann"):
        lines.update(line[0] for line in path.read_text(encoding="utf-8").split("\n") if line)
        bounds = read_annotations(path).textbounds.values()
        discontinuous += sum(len(bound.fragments) > 1 for bound in bounds)
    assert (lines["T"], discontinuous) == (25189, 44)
    counts = load("maccrobat2020").ledger.counts()
    assert counts["read: spans"] == lines["T"]
    assert counts["merged: discontinuous, covered by its hull"] == discontinuous
    assert counts["read: events, not used"] == lines["E"]
    assert counts["read: relations, not used"] == lines["R"]
    assert counts["read: attributes, not used"] == lines["A"] + lines["M"]
    assert counts["read: equivalences, not used"] == lines["*"]
    assert counts["read: notes, not used"] == lines["#"]


def test_spans_read_are_spans_kept_or_counted_as_lost(corpus):
    counts = corpus.ledger.counts()
    lost = sum(n for key, n in counts.items() if key.startswith(("dropped", "flattened")))
    lost += counts.get("merged: exact duplicate", 0)
    kept = sum(len(d.spans) for part in corpus.splits.values() for d in part)
    assert kept + lost == counts["read: spans"]


def test_each_span_lies_uncut_in_one_sentence_and_overlaps_no_other(corpus):
    for documents in corpus.splits.values():
        for document in documents:
            sentences = [document.text[a:b] for a, b in document.sentences]
            for span in document.spans:
                text = document.text[span.start : span.end]
                assert text == text.strip() != ""
                holding = [n for n, (a, b) in enumerate(document.sentences) if a <= span.start < b]
                assert len(holding) == 1, (document.id, span)
                assert text in sentences[holding[0]], (document.id, span)
                assert span.end <= document.sentences[holding[0]][1], (document.id, span)
            assert not any(a.overlaps(b) for a, b in pairwise(document.spans))
        held = Counter()
        for at, sentence in sentence_index(documents):
            held.update(types_in(documents[at], sentence))
        assert held == Counter(s.type for document in documents for s in document.spans)


def test_the_task_has_the_sentences_and_documents_of_its_corpus(corpora_dir):
    whole, task = load("maccrobat2020"), load("maccrobat2020:medication")
    for split, documents in whole.splits.items():
        for one, other in zip(documents, task.splits[split], strict=True):
            assert (one.id, one.text, one.sentences) == (other.id, other.text, other.sentences)

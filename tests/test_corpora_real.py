"""The open corpora themselves: no span cut or lost unseen, no document in two splits."""

from collections import Counter
from itertools import pairwise

import pytest

from clinlib.corpora.check import check
from clinlib.corpora.readers.brat import read_annotations
from clinlib.corpora.registry import card, cards, data_folder, load
from clinlib.corpora.samplers import sentence_index, types_in

pytestmark = pytest.mark.corpora

NAMES = [name for name, each in cards().items() if not (each.generated or each.unpinned)]
LOADED = [f"{n}{task}" for n in NAMES for task in ("", *(f":{t}" for t in card(n).tasks))]


@pytest.fixture(scope="module", params=LOADED)
def corpus(request, corpora_dir):
    """Every corpus and every task: all tests of one run before the next is loaded."""
    return load(request.param)


@pytest.mark.parametrize("name", NAMES)
def test_data_agree_with_their_card(corpora_dir, name):
    assert check(name) == []


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
    kept = sum(len(document.spans) for part in corpus.splits.values() for document in part)
    assert kept + lost == counts["read: spans"]
    # what is merged otherwise stays one span
    assert {key for key in counts if key.startswith("merged")} <= {
        "merged: exact duplicate",
        "merged: discontinuous, covered by its hull",
        "merged: sentences joined, a span lies across them",
    }


def assert_sound(document):
    """Each span stands uncut and trimmed in one sentence and overlaps no other."""
    for span in document.spans:
        text = document.text[span.start : span.end]
        assert text == text.strip() != "", (document.id, span)
        holding = [(a, b) for a, b in document.sentences if a <= span.start < b]
        assert len(holding) == 1 and span.end <= holding[0][1], (document.id, span)
    assert not any(a.overlaps(b) for a, b in pairwise(document.spans))


def test_each_span_lies_uncut_in_one_sentence_and_overlaps_no_other(corpus):
    for documents in corpus.splits.values():
        held = Counter()
        for document in documents:
            assert_sound(document)
        for at, sentence in sentence_index(documents):
            held.update(types_in(documents[at], sentence))
        assert held == Counter(s.type for document in documents for s in document.spans)


def test_no_document_and_no_group_stands_in_two_splits(corpus):
    splits = corpus.splits
    for what in (lambda d: d.id, lambda d: d.group or d.id):
        parts = [{what(document) for document in part} for part in splits.values()]
        assert len(set().union(*parts)) == sum(map(len, parts))


def test_a_task_has_the_sentences_of_its_corpus(corpus):
    whole = {d.id: d for part in load(corpus.name.partition(":")[0]).splits.values() for d in part}
    task = [d for part in corpus.splits.values() for d in part]
    assert {d.id for d in task} == set(whole)
    for document in task:
        other = whole[document.id]
        assert (document.text, document.sentences) == (other.text, other.sentences)

"""Pseudo labels: sure sentences are kept with their spans, others are neither labels nor gold."""

import golden
import numpy as np
import pytest

from clinlib.corpora.samplers import some_documents
from clinlib.corpora.words import split_words
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.errors import BadInput
from clinlib.experiments import fine_tune, pseudo_label, training_data
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import Choose, PseudoLabel
from clinlib.models import saved
from clinlib.models.prediction import labels_with_confidence, predicted_labels
from clinlib.selection import pseudo_labels

TEACHER = golden.PLAIN.replaced(epochs=4, learning_rate=4e-3, documents=5)
SILVER = PseudoLabel(teacher=TEACHER, texts=("corpus:micro",), skip=5, threshold=0.5)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teacher")
    with golden.on_micro(golden.micro()) as corpus:
        fine_tune.run(TEACHER, RunContext(artifact=folder))
        yield corpus, folder


@pytest.fixture
def labelled(teacher, tmp_path, monkeypatch):
    """Runs a PseudoLabel into a folder: its record and what it wrote."""
    monkeypatch.setattr(RunContext, "parent", lambda self, config: teacher[1])

    def run(config=SILVER):
        record = pseudo_label.run(config, RunContext(artifact=tmp_path))
        return record, pseudo_labels.read(tmp_path)

    return run


@pytest.fixture
def windows(teacher):
    corpus, folder = teacher
    tagger, tokenizer = saved.load(folder)
    scheme = TagScheme("BIO", corpus.types)
    return tagger, tokenizer, scheme, encode(corpus.splits["train"], tokenizer, scheme).windows


def test_confidence_is_the_probability_of_the_decoded_labels(windows):
    tagger, tokenizer, scheme, made = windows
    labels, logs = labels_with_confidence(tagger, made, tokenizer.pad_token_id)
    plain = predicted_labels(tagger, made, tokenizer.pad_token_id)
    assert all((a == b).all() for a, b in zip(labels, plain, strict=True))
    assert ((logs <= 1e-6) & (logs > -np.inf)).all()
    alone, log = labels_with_confidence(tagger, made[3:4], tokenizer.pad_token_id)
    assert log[0] == pytest.approx(logs[3], abs=1e-4)


def test_what_is_kept_is_sure_and_its_spans_are_the_teachers(labelled, teacher, windows):
    record, silver = labelled()
    tagger, tokenizer, scheme, _ = windows
    corpus, _ = teacher
    documents = corpus.splits["train"][5:]
    assert [d.id for d in silver.documents] == [d.id for d in documents]
    assert [d.text for d in silver.documents] == [d.text for d in documents]
    made = encode(documents, tokenizer, scheme).windows
    _, logs = labels_with_confidence(tagger, made, tokenizer.pad_token_id)
    sure = {
        (w.document, w.sentence) for w, log in zip(made, logs, strict=True) if log >= np.log(0.5)
    }
    assert set(silver.sentences) == sure and 0 < len(sure) < len(made)
    assert record["data"]["kept"] == len(sure) and record["data"]["sentences"] == len(made)
    for number, document in enumerate(silver.documents):
        inside = [document.sentences[s] for d, s in silver.sentences if d == number]
        for span in document.spans:
            assert any(start <= span.start < end for start, end in inside)


def test_a_higher_threshold_keeps_fewer_and_none_is_an_error_with_the_surest(labelled):
    few = labelled(SILVER.replaced(threshold=0.6))[0]["data"]["kept"]
    many = labelled(SILVER.replaced(threshold=0.1))[0]["data"]["kept"]
    assert few < many
    with pytest.raises(
        BadInput, match=r"threshold 1.0 keeps none of \d+ sentences; the surest has 0"
    ):
        labelled(SILVER.replaced(threshold=1.0))


def test_by_unit_a_sentence_is_not_less_sure_for_being_long(labelled, teacher, windows):
    tagger, tokenizer, scheme, _ = windows
    made = encode(teacher[0].splits["train"][5:], tokenizer, scheme).windows
    labels, logs = labels_with_confidence(tagger, made, tokenizer.pad_token_id)
    each = [np.exp(log / len(found)) for found, log in zip(labels, logs, strict=True)]
    least = float(np.median(each))
    record, silver = labelled(SILVER.replaced(threshold=least, confidence="unit"))
    sure = {(w.document, w.sentence) for w, p in zip(made, each, strict=True) if p >= least}
    # the median itself may fall to either side by rounding
    assert len(set(silver.sentences) ^ sure) <= 1 and 0 < len(sure) < len(made)
    assert record["data"]["confidence"]["50"] == pytest.approx(least, abs=1e-4)
    assert (
        labelled(SILVER.replaced(threshold=0.0, confidence="unit"))[1]
        == labelled(SILVER.replaced(threshold=0.0))[1]
    )


def test_the_labels_of_a_corpus_are_not_read(labelled, monkeypatch):
    _, silver = labelled()
    corpus = golden.micro()
    corpus.splits["train"] = tuple(d.with_spans(()) for d in corpus.splits["train"])
    with golden.on_micro(corpus):
        assert labelled()[1] == silver


def test_gold_and_silver_are_learnt_together(labelled, teacher, monkeypatch):
    _, silver = labelled()
    monkeypatch.setattr(pseudo_labels, "read", lambda folder: silver)
    config = TEACHER.replaced(silver=SILVER, epochs=1)
    record = fine_tune.run(config, RunContext())
    gold = sum(len(d.sentences) for d in teacher[0].splits["train"][:5])
    words = sum(len(split_words(d.text)) for d in teacher[0].splits["train"][:5])
    assert record["data"]["train_words"] == words  # what no person labelled is no cost in labels
    assert record["data"]["silver_sentences"] == len(silver.sentences)
    assert record["data"]["train_sentences"] == gold + len(silver.sentences)
    assert record["data"]["train_documents"] == 5


def test_a_gold_sentence_is_not_learnt_with_pseudo_labels_as_well(labelled, teacher, monkeypatch):
    _, silver = labelled()
    monkeypatch.setattr(pseudo_labels, "read", lambda folder: silver)
    gold = teacher[0].splits["train"]  # the documents of the silver ones among them
    config = TEACHER.replaced(silver=SILVER, documents=None, sentences=None)
    learnt = training_data.learnt(gold, config, RunContext())
    assert learnt.silver == 0 and learnt.repeated == len(silver.sentences)
    assert learnt.sentences == training_data.training_sentences(gold, config)


@pytest.mark.parametrize("seed", [0, 3])
def test_what_gold_takes_silver_skips(teacher, seed):
    documents = teacher[0].splits["train"]
    gold = some_documents(documents, seed, limit=3)
    rest = some_documents(documents, seed, skip=3)
    assert sorted(d.id for d in (*gold, *rest)) == sorted(d.id for d in documents)
    assert (seed == 0) == (gold == documents[:3])
    with pytest.raises(BadInput, match="there are 8"):
        some_documents(documents, seed, skip=3, limit=6)
    with pytest.raises(BadInput, match="there are 8"):
        some_documents(documents, seed, skip=8)


def test_a_teacher_without_probabilities_of_labels_is_refused():
    pointer = TEACHER.replaced(head="global_pointer")
    for teacher in (pointer, Choose(of=(TEACHER, pointer), take="model")):
        with pytest.raises(BadInput, match="global_pointer gives no probability"):
            PseudoLabel(teacher=teacher, texts=("corpus:micro",))


def test_packed_teachers_and_chosen_rates_are_refused():
    with pytest.raises(BadInput, match="packed windows give no probability"):
        PseudoLabel(teacher=TEACHER.replaced(layout="packed"), texts=("corpus:micro",))
    with pytest.raises(BadInput, match="takes seed, not model"):
        PseudoLabel(teacher=Choose(of=(TEACHER,), take="seed"), texts=("corpus:micro",))

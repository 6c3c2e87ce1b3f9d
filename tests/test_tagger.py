"""Tagger: shapes, what padding may not change, and that it learns what it is shown."""

import pytest
import torch

from clinlib.corpora.document import Document, Span
from clinlib.encoding.batches import batches
from clinlib.encoding.decoding import spans_of
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.errors import BadInput
from clinlib.models import encoders
from clinlib.models.tagger import Tagger
from clinlib.training.loop import fit
from clinlib.training.objectives import Supervised
from clinlib.training.schedule import Schedule

DRUGS = ("aspirin", "ibuprofen", "codeine", "morphine")
SCHEME = TagScheme("BIO", ("Drug",))


def _documents():
    made = []
    for number, drug in enumerate(DRUGS * 4):
        text = f"She took {drug} with water{' every day' * (number % 3)}."
        start = text.index(drug)
        span = Span(start, start + len(drug), "Drug")
        made.append(Document(str(number), text, (span,), sentences=((0, len(text)),)))
    return made


KINDS = [("softmax", 0), ("crf", 0), ("global_pointer", 0), ("crf", 20), ("global_pointer", 20)]


@pytest.fixture(scope="module", params=KINDS)
def parts(request):
    documents = _documents()
    encoder = encoders.load("scratch-tiny", seed=0, texts=[d.text for d in documents])
    windows = encode(documents, encoder.tokenizer, SCHEME).windows
    head, recurrent = request.param
    tagger = Tagger(encoder, head, SCHEME.labels, recurrent=recurrent, seed=0)
    return documents, windows, tagger, encoder.tokenizer.pad_token_id


def test_emissions_have_one_row_a_unit_or_a_span_in_float32(parts):
    _, windows, tagger, pad = parts
    batch = batches(windows, size=5, pad_id=pad)[0]
    emissions = tagger(batch)
    rows, units = batch.mask.shape
    if tagger.head_name == "global_pointer":
        assert emissions.shape == (rows, units**2, len(SCHEME.types))
    else:
        assert emissions.shape == (rows, units, len(SCHEME.labels))
    assert tagger.head.places(batch.mask).shape == emissions.shape[:2]
    assert tagger.hidden(batch).shape == (rows, units, tagger.hidden_size)
    assert emissions.dtype == torch.float32


def test_a_window_is_labelled_alike_alone_and_beside_longer_ones(parts):
    _, windows, tagger, pad = parts
    alone = tagger.predict(batches(windows, size=1, pad_id=pad), len(windows))
    together = tagger.predict(batches(windows, size=16, pad_id=pad), len(windows))
    assert all((a == b).all() for a, b in zip(alone, together, strict=True))


def test_predicting_leaves_the_training_mode_as_it_was(parts):
    _, windows, tagger, pad = parts
    for mode in (True, False):
        tagger.train(mode)
        tagger.predict(batches(windows, size=4, pad_id=pad), len(windows))
        assert tagger.training is mode


def test_it_learns_a_corpus_of_four_drugs_and_compacting_changes_no_prediction(parts):
    documents, windows, tagger, pad = parts
    tagger.compact(encoders.seen_ids(windows))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        fit(
            tagger,
            Supervised(),
            lambda epoch: batches(windows, size=4, pad_id=pad, seed=epoch),
            Schedule(learning_rate=2e-3, head_learning_rate=5e-3, epochs=12),
        )
    ids = tagger.predict(batches(windows, size=8, pad_id=pad), len(windows))
    found = spans_of(windows, ids, documents, SCHEME)
    assert [tuple(spans) for spans in found] == [d.spans for d in documents]
    tagger.expand()
    after = tagger.predict(batches(windows, size=8, pad_id=pad), len(windows))
    assert all((a == b).all() for a, b in zip(ids, after, strict=True))


def test_every_trainable_parameter_gets_a_gradient(parts):
    _, windows, tagger, pad = parts
    tagger.train()
    tagger.zero_grad()
    tagger.loss(batches(windows, size=16, pad_id=pad)[0]).backward()
    idle = [name for name, p in tagger.named_parameters() if p.grad is None]
    assert idle == []


def test_hidden_states_of_a_bilstm_do_not_depend_on_what_stands_beside_them(parts):
    _, windows, tagger, pad = parts
    tagger.eval()
    both = batches(windows, size=16, pad_id=pad)[0]
    hidden = tagger.hidden(both)
    for row, index in enumerate(both.windows):
        alone = tagger.hidden(batches(windows[index : index + 1], size=1, pad_id=pad)[0])
        assert torch.allclose(hidden[row, : alone.shape[1]], alone[0], atol=1e-5)


def test_a_bilstm_of_odd_size_is_refused():
    encoder = encoders.load("scratch-tiny", seed=0, texts=[d.text for d in _documents()])
    with pytest.raises(BadInput, match="size 21"):
        Tagger(encoder, "crf", SCHEME.labels, recurrent=21)


def test_counts_of_parameters_include_the_rows_that_are_not_trained():
    encoder = encoders.load("scratch-tiny", seed=0, texts=[d.text for d in _documents()])
    tagger = Tagger(encoder, "crf", SCHEME.labels)
    before = tagger.parameter_counts()
    tagger.compact(torch.tensor([1, 2, 3]))
    after = tagger.parameter_counts()
    assert before["parameters"] == after["parameters"] == before["trainable"]
    assert after["trainable"] < before["trainable"]


def test_bf16_changes_emissions_only_by_rounding():
    encoder = encoders.load("scratch-tiny", seed=0, texts=[d.text for d in _documents()])
    batch = batches(encode(_documents(), encoder.tokenizer, SCHEME).windows, size=4, pad_id=0)[0]
    tagger = Tagger(encoder, "crf", SCHEME.labels).eval()
    exact = tagger(batch)
    tagger.precision = "bf16"
    rounded = tagger(batch)
    assert rounded.dtype == torch.float32
    assert torch.allclose(exact, rounded, atol=0.05) and not torch.equal(exact, rounded)

"""Packed windows: each subword predicted once, with all its context, in as few windows as fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_windows import SCHEME, TOKENIZERS, checked, documents, lost, own, tokenizer

from clinlib.corpora.document import Document, Span
from clinlib.encoding.decoding import spans_of
from clinlib.encoding.windows import encode
from clinlib.errors import BadInput

shapes = st.sampled_from([(64, 0), (64, 3), (64, 20), (24, 5), (12, 4)])


def packed(corpus, shape, name="minilm", **kwargs):
    length, context = shape
    options = {"layout": "packed", "max_length": length, "context": context}
    return encode(corpus, tokenizer(name), SCHEME, **options, **kwargs)


def whole(document, name="minilm"):
    return tokenizer(name)(document.text, add_special_tokens=False, split_special_tokens=True)[
        "input_ids"
    ]


@pytest.mark.parametrize("name", TOKENIZERS)
@checked
@given(st.lists(documents(), min_size=1, max_size=3), shapes)
def test_each_subword_is_own_in_exactly_one_window(name, corpus, shape):
    windows = packed(corpus, shape, name).windows
    for index, document in enumerate(corpus):
        mine = [window for window in windows if window.document == index]
        assert [id for window in mine for id in own(window)] == whole(document, name)


@checked
@given(documents(), shapes)
def test_context_is_never_cut_short_but_by_the_document(document, shape):
    length, context = shape
    ids, at = whole(document), 0
    for window in packed([document], shape).windows:
        mine = np.flatnonzero(window.unit >= 0)
        left, right = int(mine[0]) - 1, len(window.ids) - int(mine[-1]) - 2
        after = len(ids) - at - len(mine)
        assert (left, right) == (min(context, at), min(context, after))
        assert window.ids[1:-1].tolist() == ids[at - left : at + len(mine) + right]
        assert len(window.ids) <= length
        at += len(mine)


@checked
@given(documents(), shapes)
def test_each_span_comes_back_or_is_counted_once(document, shape):
    encoded = packed([document], shape)
    found = spans_of(encoded.windows, [w.labels for w in encoded.windows], [document], SCHEME)[0]
    assert len(set(document.spans) - set(found)) == lost(encoded.ledger)


@checked
@given(documents(), st.integers(0, 20))
def test_labels_are_those_of_the_sentences_one_by_one(document, context):
    long = {"max_length": 500}
    alone = encode([document], tokenizer("minilm"), SCHEME, **long)
    together = packed([document], (500, context))
    for encoded in (alone, together):
        assert all(len(window.labels) == len(window.first) for window in encoded.windows)
    labels = [np.concatenate([w.labels for w in e.windows] or [[]]) for e in (alone, together)]
    assert labels[0].tolist() == labels[1].tolist()
    assert alone.ledger.counts() == together.ledger.counts()


def letter(sentences):
    """A document of `sentences` sentences of eight subwords each, a span in every other."""
    line = "the patient has a low grade fever. "
    edges = tuple((i * len(line), (i + 1) * len(line)) for i in range(sentences))
    spans = tuple(Span(start, start + 3, "X") for start, _ in edges[::2])
    return Document("d", line * sentences, spans, edges)


def test_windows_take_as_many_sentences_as_fit():
    document = letter(12)
    size = len(whole(document)) // 12
    windows = packed([document], (2 + 5 * size, size)).windows
    # the first and the last need no context at the document's end
    assert [(w.sentence, w.last) for w in windows] == [(0, 3), (4, 6), (7, 9), (10, 11)]
    assert len(packed([document], (500, 100)).windows) == 1


def test_sentences_that_were_not_chosen_are_context_and_carry_no_label():
    document = letter(5)
    chosen = [(0, 0), (0, 1), (0, 3), (0, 4)]
    windows = packed([document], (300, 100), sentences=chosen).windows
    assert [(w.sentence, w.last) for w in windows] == [(0, 1), (3, 4)]
    assert all(len(w.ids) == len(whole(document)) + 2 for w in windows)
    assert sum(len(w.labels) for w in windows) == len(whole(document)) * 4 // 5


def test_what_cannot_be_packed_is_refused():
    with pytest.raises(BadInput, match="once"):
        packed([letter(2)], (64, 0), sentences=[(0, 0), (0, 0)])
    with pytest.raises(BadInput, match="raise max_length or lower context"):
        packed([letter(2)], (64, 31))
    with pytest.raises(BadInput, match="packed"):
        encode([letter(2)], tokenizer("minilm"), SCHEME, layout="pakced")

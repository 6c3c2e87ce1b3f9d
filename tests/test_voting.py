"""Voting: the majority of label sequences, and spans that the scheme can write."""

import re
from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinlib.encoding.tags import TagScheme
from clinlib.errors import BadInput
from clinlib.transfer.voting import repair, vote

SCHEMES = [TagScheme(name, ("Drug", "ADE")) for name in ("BIO", "BIOES")]


def sequences(scheme, length=5):
    ids = st.integers(0, len(scheme.labels) - 1)
    return st.lists(st.lists(ids, min_size=length, max_size=length), min_size=1, max_size=5)


def by_hand(rows, scheme):
    """The vote of each unit, one at a time."""
    voted = []
    for column in zip(*rows, strict=True):
        if 2 * column.count(0) >= len(column):
            voted.append(0)
        else:  # Counter keeps the order in which it met labels, so that ties go to the first
            voted.append(Counter(label for label in column if label).most_common(1)[0][0])
    return repair(voted, scheme).tolist()


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
@given(data=st.data())
def test_each_unit_is_voted_on_alone_and_then_repaired(scheme, data):
    rows = data.draw(sequences(scheme))
    assert vote(rows, scheme).tolist() == by_hand(rows, scheme)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_every_label_sequence_is_repaired_to_a_legal_one_and_a_legal_one_stays(scheme):
    for labels in product(range(len(scheme.labels)), repeat=4):
        repaired = repair(labels, scheme)
        assert scheme.illegal(repaired) == 0
        assert ((repaired == 0) == (np.array(labels) == 0)).all()
        if scheme.illegal(labels) == 0:
            assert repaired.tolist() == list(labels)


def read_as_words(labels, scheme):
    """The repaired names of labels: each span is a word over the letters of its labels."""
    names = [scheme.labels[label] for label in labels]
    written = []
    for word in re.finditer("O|S|E|[BI]I*E?", "".join(name[0] for name in names)):
        types = [name[2:] for name in names[word.start() : word.end()]]
        kind = sorted(types, key=lambda each: (-types.count(each), types.index(each)))[0]
        if word.group() == "O":
            letters = "O"
        elif scheme.name == "BIO":
            letters = "B" + "I" * (len(types) - 1)
        else:
            letters = "S" if len(types) == 1 else "B" + "I" * (len(types) - 2) + "E"
        written += [letter if letter == "O" else f"{letter}-{kind}" for letter in letters]
    return written


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_spans_are_the_words_that_their_labels_letters_make(scheme):
    for labels in product(range(len(scheme.labels)), repeat=4):
        repaired = [scheme.labels[label] for label in repair(labels, scheme)]
        assert repaired == read_as_words(labels, scheme), labels


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
@given(data=st.data())
def test_members_that_agree_on_spans_are_followed(scheme, data):
    (row,) = data.draw(sequences(scheme).filter(lambda rows: len(rows) == 1))
    legal = repair(row, scheme).tolist()
    assert vote([legal] * 3, scheme).tolist() == legal


def test_half_of_the_votes_for_o_is_enough_and_ties_go_to_the_first():
    scheme = SCHEMES[0]
    drug, other = scheme.labels.index("B-Drug"), scheme.labels.index("B-ADE")
    assert vote([[0], [drug]], scheme).tolist() == [0]
    assert vote([[0], [drug], [other]], scheme).tolist() == [drug]
    assert vote([[0], [other], [drug]], scheme).tolist() == [other]
    assert vote([[0], [other], [drug], [drug]], scheme).tolist() == [drug]


def test_a_span_has_the_type_of_most_of_its_units_and_begins_with_b():
    scheme = SCHEMES[0]
    index = {label: at for at, label in enumerate(scheme.labels)}

    def names(*labels):
        found = repair([index[label] for label in labels], scheme)
        return [scheme.labels[label] for label in found]

    assert names("I-ADE", "I-Drug", "I-Drug") == ["B-Drug", "I-Drug", "I-Drug"]
    assert names("B-ADE", "I-Drug", "O") == ["B-ADE", "I-ADE", "O"]
    assert names("B-Drug", "B-ADE") == ["B-Drug", "B-ADE"]


def test_sequences_of_several_lengths_and_none_are_refused():
    with pytest.raises(BadInput, match=r"not of \[1, 2\]"):
        vote([[0], [0, 0]], SCHEMES[0])
    with pytest.raises(BadInput, match="not of none"):
        vote([], SCHEMES[0])

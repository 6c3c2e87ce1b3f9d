"""Voting: several label sequences of the same units to one, with its spans repaired."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from clinlib.encoding.tags import TagScheme
from clinlib.errors import BadInput


def vote(sequences: Sequence[Sequence[int]], scheme: TagScheme) -> np.ndarray:
    """Label ids (U,) of the majority of M sequences (U,), repaired to what the scheme can write.

    A unit is O if at least half of the sequences say O; else it has the most frequent of the
    other labels, ties going to the earliest sequence's (CLIN-X, section 3.4; the rule for ties
    and the order are ours).

    Raises BadInput for no sequences or for sequences of several lengths.
    """
    lengths = sorted({len(sequence) for sequence in sequences})
    if len(lengths) != 1:
        raise BadInput(f"votes need sequences of one length, not of {lengths or 'none'}")
    votes = np.asarray(sequences, dtype=np.int64)  # (M, U)
    counts = (votes[:, :, None] == np.arange(len(scheme.labels))).sum(0)  # (U, K)
    outside = 2 * counts[:, 0] >= len(votes)
    counts[:, 0] = 0
    most = counts.max(axis=1, initial=0)  # (U,)
    # the first sequence whose label has the most votes decides, so that no label is preferred
    winning = (votes > 0) & (most == np.take_along_axis(counts, votes.T, axis=1).T)  # (M, U)
    first = winning.argmax(axis=0)
    labels = np.where(outside, 0, votes[first, np.arange(votes.shape[1])])
    return repair(labels, scheme)


def repair(labels: Sequence[int], scheme: TagScheme) -> np.ndarray:
    """Label ids (U,) with each span begun by B (or S), ended as the scheme ends it, of one type.

    A span begins behind O, at B or S, and behind E or S; it has the type that most of its units
    have, ties going to the type that comes first in it.
    """
    names = [scheme.labels[label] for label in labels]
    bounds = [
        at
        for at, name in enumerate(names)
        if name == "O" or at == 0 or names[at - 1][0] in "OES" or name[0] in "BS"
    ]
    spans = []
    for first, last in pairwise([*bounds, len(names)]):
        if names[first] != "O":
            types = [name[2:] for name in names[first:last]]
            spans.append((first, last, max(dict.fromkeys(types), key=types.count)))
    return scheme.encode(spans, len(names))

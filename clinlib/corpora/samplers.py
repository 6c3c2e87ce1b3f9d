"""Samplers: which sentences a run trains on, as (document, sentence) index pairs.

A sentence list names sentences by the index of their document among the documents given and the
index within it. Samplers return new lists in the order of the old one, except where a seed
permutes documents.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from clinlib.corpora.document import Document
from clinlib.corpora.splits import group_of, grouped_split, shuffled
from clinlib.errors import BadInput

Index = list[tuple[int, int]]
FOLD_SEED = 0  # of the division into parts, the same for every run


def fold(
    documents: Sequence[Document], k: int, n: int
) -> tuple[tuple[Document, ...], tuple[Document, ...]]:
    """The documents of all parts of n but the k-th (from 1), and those of the k-th.

    The parts are drawn once for all k; documents of one group stay in one part.
    Raises BadInput where there are more parts than groups of documents.
    """
    groups = len({group_of(document) for document in documents})
    if n > groups:
        raise BadInput(
            f"fold {k} of {n}: parts would be empty, as the {len(documents)} documents of train "
            f"and dev are of {groups} groups that stay together; give at most {groups} parts"
        )
    parts = grouped_split(documents, {str(part): 1 / n for part in range(1, n + 1)}, FOLD_SEED)
    selects = {document.id for document in parts[str(k)]}
    kept = tuple(document for document in documents if document.id not in selects)
    return kept, tuple(document for document in documents if document.id in selects)


def sentence_index(documents: Sequence[Document]) -> Index:
    """All sentences in corpus order."""
    return [(d, s) for d, document in enumerate(documents) for s in range(len(document.sentences))]


def types_in(document: Document, sentence: int) -> Counter[str]:
    """Number of spans per type in one sentence of the document."""
    start, end = document.sentences[sentence]
    return Counter(span.type for span in document.spans if start <= span.start < end)


def has_entity(document: Document, sentence: int) -> bool:
    """Whether a span lies in the sentence."""
    return bool(types_in(document, sentence))


def first_sentences(documents: Sequence[Document], n: int, seed: int = 0) -> Index:
    """The first n sentences: of the corpus order for seed 0, of permuted documents for others.

    The order of seed s is the same for every n, so smaller samples are part of larger ones.
    Raises BadInput unless 1 <= n <= number of sentences.
    """
    index = sentence_index(documents)
    if not 1 <= n <= len(index):
        raise BadInput(f"{n} sentences asked for; the documents hold {len(index)}")
    if seed != 0:
        order = shuffled((document.id for document in documents), seed)
        rank = {name: at for at, name in enumerate(order)}
        index.sort(key=lambda pair: (rank[documents[pair[0]].id], pair[1]))
    return index[:n]


def some_documents(
    documents: Sequence[Document], seed: int, *, skip: int = 0, limit: int | None = None
) -> tuple[Document, ...]:
    """`limit` documents behind the first `skip`: of the corpus order for seed 0, else permuted.

    The order is that of `first_sentences`. Raises BadInput where fewer are left.
    """
    ordered = list(documents)
    if seed != 0:
        rank = {name: at for at, name in enumerate(shuffled((d.id for d in documents), seed))}
        ordered.sort(key=lambda document: rank[document.id])
    found = ordered[skip:] if limit is None else ordered[skip : skip + limit]
    if not found or (limit is not None and len(found) < limit):
        raise BadInput(
            f"{limit or 'some'} documents behind the first {skip} asked for; there are "
            f"{len(documents)}"
        )
    return tuple(found)


def holding(documents: Sequence[Document], seed: int, sentences: int) -> tuple[Document, ...]:
    """The first documents that together hold at least that many sentences; all where all do not.

    The order is that of `some_documents`.
    """
    ordered = some_documents(documents, seed) if documents else ()
    total = np.cumsum([len(document.sentences) for document in ordered])
    return ordered[: int(np.searchsorted(total, sentences)) + 1]


def down_sample(
    index: Index, documents: Sequence[Document], empty_share: float, seed: int
) -> Index:
    """The index with all sentences that hold an entity and random ones that hold none.

    As many of these stay as make up at most `empty_share` of the result. Raises BadInput for a
    share outside [0, 1] and where nothing would stay.
    """
    if not 0 <= empty_share <= 1:
        raise BadInput(f"share of sentences without an entity is {empty_share}, outside [0, 1]")
    empty = [at for at, (d, s) in enumerate(index) if not has_entity(documents[d], s)]
    if empty_share == 1:
        return list(index)
    share = Fraction(str(empty_share))  # exact: 0.2 of 15 is 3, which floats may miss
    keep = min(len(empty), int(share * (len(index) - len(empty)) / (1 - share)))
    if len(empty) == len(index):
        raise BadInput(f"none of the {len(index)} sentences holds an entity: nothing would stay")
    generator = np.random.default_rng(seed)
    kept = set(generator.choice(empty, size=keep, replace=False).tolist()) if keep else set()
    dropped = set(empty) - kept
    return [pair for at, pair in enumerate(index) if at not in dropped]


def up_sample(index: Index, documents: Sequence[Document], strength: float, seed: int) -> Index:
    """The index with sentences that hold rare types repeated, repeats next to each other.

    Repeat factors after Gupta, Dollár and Girshick (2019), LVIS, section 4: f_c is the number of
    sentences that hold type c, t the largest f_c, r_c = (t / f_c) ** strength, and a sentence's
    factor the largest r_c of its types, 1 without any. A factor's fraction is drawn: 2.3 gives
    three copies in 3 cases of 10, else two. Their t is a threshold; the commonest type takes its
    place, so that nothing need be tuned, and their square root is strength 0.5. Strength 0
    returns the index as it is; the result holds every sentence of it. Raises BadInput for a
    strength that is negative or not finite.
    """
    if not 0 <= strength < float("inf"):
        raise BadInput(f"strength of up-sampling is {strength}; it must be finite and at least 0")
    types = [set(types_in(documents[d], s)) for d, s in index]
    frequency = Counter(kind for held in types for kind in held)
    if strength == 0 or not frequency:
        return list(index)
    commonest = max(frequency.values())
    factor = {kind: (commonest / f) ** strength for kind, f in frequency.items()}
    draws = np.random.default_rng(seed).random(len(index))
    repeated: Index = []
    for pair, held, draw in zip(index, types, draws, strict=True):
        wanted = max((factor[kind] for kind in held), default=1.0)
        copies = int(wanted) + (draw < wanted - int(wanted))
        repeated.extend([pair] * copies)
    return repeated

"""Vectors: one for each subword, learnt by word2vec from the subwords around it."""

import logging
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
from gensim.models import Word2Vec
from transformers import PreTrainedTokenizerFast

from clinlib.errors import BadInput

AT_ONCE = 1000  # texts per call of the tokenizer


def learn_vectors(
    texts: Iterable[str],
    tokenizer: PreTrainedTokenizerFast,
    *,
    size: int,
    window: int,
    epochs: int,
    seed: int,
) -> tuple[np.ndarray, int]:
    """(V, size) float32 vectors by skip-gram with negative sampling, and how many were learnt.

    A subword that does not occur keeps a small random vector. `texts` is read `epochs` + 1 times.
    One thread and a seed fix the result. Raises BadInput for texts without a subword.
    """
    logging.getLogger("gensim").setLevel(logging.ERROR)
    model = Word2Vec(
        vector_size=size, window=window, min_count=1, sg=1, workers=1, seed=seed, epochs=epochs
    )
    rows = _Subwords(texts, tokenizer)
    model.build_vocab(rows)
    if not len(model.wv):
        raise BadInput("vectors need text to learn from, and there is none")
    model.train(rows, total_examples=model.corpus_count, epochs=epochs)
    drawn = np.random.default_rng(seed).normal(0, 0.1, (len(tokenizer), size))
    vectors = drawn.astype(np.float32)
    places = tokenizer.convert_tokens_to_ids(model.wv.index_to_key)
    vectors[places] = model.wv.vectors
    return vectors, len(places)


class _Subwords:
    """Each text's subwords as strings, as often as asked for."""

    def __init__(self, texts: Iterable[str], tokenizer: PreTrainedTokenizerFast):
        self.texts, self.tokenizer = texts, tokenizer

    def __iter__(self) -> Iterator[list[str]]:
        texts = iter(self.texts)
        while some := list(islice(texts, AT_ONCE)):
            rows = self.tokenizer(some, add_special_tokens=False, verbose=False)["input_ids"]
            yield from map(self.tokenizer.convert_ids_to_tokens, rows)

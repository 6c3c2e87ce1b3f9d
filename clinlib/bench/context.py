"""One epoch of MiniLM with context on both sides of every sentence, beside flair's.

flair encodes each sentence together with its neighbours; packed windows hold many sentences and
their context once. Both read the same documents and make about as many updates.
"""

from functools import partial

import torch

from clinlib.bench.pairs import interleaved, save
from clinlib.bench.training import FLAIR, Flair, our_epoch
from clinlib.corpora import registry
from clinlib.corpora.words import words
from clinlib.encoding.tags import TagScheme

CORPUS, DOCUMENTS = "bc5cdr", 12
CONTEXT, LENGTH, WINDOWS = 100, 510, 2  # subwords on each side, of a window; windows a batch
TARGET = 8.0


def run(pairs: int, threads: int, documents: int = DOCUMENTS) -> None:
    """Measures and writes results/bench/context_flair.json, in words per second."""
    torch.set_num_threads(threads)
    corpus = registry.load(CORPUS)
    read = corpus.splits["train"][:documents]
    count = sum(len(words(document)) for document in read)
    scheme = TagScheme("BIO", corpus.types)
    windowing = {"layout": "packed", "context": CONTEXT, "max_length": LENGTH}
    ours = partial(our_epoch, read, "float32", scheme, WINDOWS, **windowing)
    flair = Flair(read, FLAIR, threads, context=True)
    seconds = interleaved(ours, flair, pairs)
    flair.close()
    save(
        "context_flair",
        [[count / mine, count / theirs] for mine, theirs in seconds],
        unit="words/s",
        baseline="flair's SequenceTagger with CRF and context (float32)",
        target=TARGET,
        threads=threads,
        sentences=sum(len(document.sentences) for document in read),
        words=count,
        corpus=CORPUS,
    )

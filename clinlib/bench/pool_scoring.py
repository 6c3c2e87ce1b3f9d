"""Scoring a pool by minimum loss and by least confidence, beside plainly predicting its labels.

The same tagger reads the same sentences in the same batches; predicting decodes them.
"""

from functools import partial

import torch

from clinlib.bench.pairs import interleaved, save
from clinlib.corpora import registry
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.models import encoders
from clinlib.models.prediction import predicted_labels
from clinlib.models.tagger import Tagger
from clinlib.selection.acquisition import LeastConfidence, MinimumLoss
from clinlib.selection.pool_scores import collect

CORPUS, ENCODER, SENTENCES = "synthetic_zh_emr", "scratch-mini", 2000
TARGET = 0.8
STRATEGIES = {"mlp": MinimumLoss(), "least_confidence": LeastConfidence()}


def run(pairs: int, threads: int, sentences: int = SENTENCES) -> None:
    """Measures and writes results/bench/pool_scoring_*.json, in sentences per second."""
    torch.set_num_threads(threads)
    corpus = registry.load(CORPUS)
    documents = corpus.splits["train"]
    scheme = TagScheme("BIO", corpus.types)
    encoder = encoders.load(ENCODER, seed=0, texts=[document.text for document in documents])
    tagger = Tagger(encoder, "crf", scheme.labels)
    windows = encode(documents, encoder.tokenizer, scheme, labelled=False).windows[:sentences]
    pool = [(window,) for window in windows]
    pad = encoder.tokenizer.pad_token_id
    for name, strategy in STRATEGIES.items():
        seconds = interleaved(
            partial(collect, tagger, pool, strategy.needs, pad),
            partial(predicted_labels, tagger, windows, pad),
            pairs,
        )
        save(
            f"pool_scoring_{name}",
            [[len(pool) / ours, len(pool) / theirs] for ours, theirs in seconds],
            unit="sentences/s",
            baseline=f"predicting the labels of the same pool ({ENCODER}, CRF, float32)",
            target=TARGET,
            threads=threads,
            sentences=len(pool),
            corpus=CORPUS,
        )

"""The Vectors routine: texts in, the folder of an LSTM encoder with trained vectors out."""

from typing import Any

import numpy as np
import torch

from clinlib.adaptation.sources import Source, Together
from clinlib.adaptation.vectors import learn_vectors
from clinlib.encoding.vocabulary import learn_subwords
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import Vectors
from clinlib.models import encoders


def run(config: Vectors, context: RunContext) -> dict[str, Any]:
    """Learns vectors of subwords and writes an encoder that begins with them.

    The LSTM above them is drawn from the seed: it is trained with the tagger.
    Raises BadInput for texts that are missing or empty.
    """
    sources = [Source(name, config.keep_out) for name in config.texts]
    texts = Together(sources, config.limit)
    tokenizer = learn_subwords(texts, config.vocabulary)
    context.report(0.1, f"{len(tokenizer)} subwords")
    vectors, learnt = learn_vectors(
        texts,
        tokenizer,
        size=config.size,
        window=config.window,
        epochs=config.epochs,
        seed=config.seed,
    )
    encoder = encoders.from_scratch("bilstm", tokenizer, seed=config.seed, vectors=config.size)
    with torch.no_grad():
        encoder.model.embeddings.weight.copy_(torch.from_numpy(vectors))
    encoder.save(context.artifact)
    return {
        "curve": [],
        "vectors": {"norm": round(float(np.linalg.norm(vectors, axis=1).mean()), 6)},
        "data": {
            "texts": sum(source.count for source in sources),
            "empty": {source.name: source.empty for source in sources},
            "kept_out": {source.name: source.left_out for source in sources},
            "learnt": learnt,
        },
        "model": {
            "parameters": sum(p.numel() for p in encoder.model.parameters()),
            "vocabulary": len(tokenizer),
        },
    }

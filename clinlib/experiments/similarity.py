"""The Similarity routine: two trained taggers in, the distances of their states out."""

from typing import Any

import numpy as np

from clinlib.corpora import registry
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.errors import BadInput
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import Similarity, runs_of
from clinlib.models import saved
from clinlib.models.prediction import states
from clinlib.transfer.similarity import distances


def run(config: Similarity, context: RunContext) -> dict[str, Any]:
    """Both taggers read the target's training text; returns the record's variable part.

    Windows are drawn by the seed until there are as many units as asked for.
    Raises BadInput for taggers whose vocabularies differ.
    """
    target = runs_of(config.target)[0]
    corpus = registry.load(target.corpus)
    found, windows, vocabulary = [], None, None
    for side in (config.target, config.source):
        tagger, tokenizer = saved.load(context.parent(side))
        if windows is None:
            vocabulary = tokenizer.get_vocab()
            scheme = TagScheme(target.scheme, corpus.types)
            made = encode(corpus.splits["train"], tokenizer, scheme, **target.windowing).windows
            windows = _drawn(made, config.vectors, config.seed)
        elif tokenizer.get_vocab() != vocabulary:
            raise BadInput("source and target have different vocabularies")
        tagger.to(context.device)
        found.append(states(tagger, windows, tokenizer.pad_token_id)[: config.vectors])
        context.report(len(found) / 2, "states read")
    return {
        "distances": distances(found[1], found[0]),
        "data": {"vectors": len(found[0]), "size": found[0].shape[1], "windows": len(windows)},
    }


def _drawn(windows: list, vectors: int, seed: int) -> list:
    """Some of the windows, which hold at least so many units if all do."""
    order = np.random.default_rng(seed).permutation(len(windows))
    units = np.cumsum([len(windows[at].first) for at in order])
    return [windows[at] for at in order[: np.searchsorted(units, vectors) + 1]]

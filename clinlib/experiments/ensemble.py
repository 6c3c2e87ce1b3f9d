"""The Ensemble routine: trained taggers in, the scores of their majority vote out."""

from functools import partial
from typing import Any

import numpy as np

from clinlib.corpora import registry
from clinlib.encoding.decoding import spans_of
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.errors import BadInput
from clinlib.evaluation.flags import run_flags
from clinlib.evaluation.split_scores import evaluate
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import Ensemble
from clinlib.models import saved
from clinlib.models.prediction import predicted_labels
from clinlib.transfer.voting import vote


def run(config: Ensemble, context: RunContext) -> dict[str, Any]:
    """Lets the members vote on the corpus's test split; returns the record's variable part.

    Raises BadInput for members that cut the text into other subwords.
    """
    first = config.of[0]
    corpus = registry.load(first.corpus)
    scheme = TagScheme(first.scheme, corpus.types)
    documents = corpus.splits["test"]
    votes, windows, vocabulary = [], None, None
    # what is predicted is cut without a look at its gold spans
    cut = partial(encode, **first.windowing, labelled=False)
    for number, member in enumerate(config.of):
        tagger, tokenizer = saved.load(context.parent(member), member.precision)
        if windows is None:
            vocabulary = tokenizer.get_vocab()
            windows = cut(documents, tokenizer, scheme).windows
        elif tokenizer.get_vocab() != vocabulary:
            raise BadInput(
                f"of: member {number + 1} ({member.label()}) has another vocabulary than the "
                "first, so that their subwords cannot vote"
            )
        if tagger.sections:  # members know other headings; their units are the same all the same
            windows = cut(documents, tokenizer, scheme, sections=tagger.sections).windows
        tagger.to(context.device)
        votes.append(predicted_labels(tagger, windows, tokenizer.pad_token_id))
        context.report((number + 1) / len(config.of), f"member {number + 1}")
    rows = [np.stack(each) for each in zip(*votes, strict=True)]  # (M, U) of each window
    labels = [vote(each, scheme) for each in rows]
    scored = evaluate(documents, spans_of(windows, labels, documents, scheme), corpus.types)
    agreed = sum(int((each == each[0]).all(axis=0).sum()) for each in rows)
    return {
        "scores": {"test": scored["scores"]},
        "counts": {"test": scored["counts"]},
        "flags": run_flags(scored["counts"], []),
        "data": {"members": len(config.of), "units": sum(map(len, labels)), "agreed": agreed},
    }

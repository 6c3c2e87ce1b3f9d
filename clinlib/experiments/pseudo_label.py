"""The PseudoLabel routine: a trained tagger and unlabelled text in, labelled documents out."""

from dataclasses import replace
from typing import Any

import numpy as np

from clinlib.adaptation.sources import Source
from clinlib.corpora import registry
from clinlib.corpora.document import Document
from clinlib.corpora.samplers import some_documents
from clinlib.corpora.segmenter import segment
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import PseudoLabel, runs_of
from clinlib.models import saved
from clinlib.selection.pseudo_labels import pseudo_label, write

SHARES = (5, 25, 50, 75, 95)  # percentiles of confidence in the record


def run(config: PseudoLabel, context: RunContext) -> dict[str, Any]:
    """Labels the texts into `context.artifact`; returns the record's variable part.

    Raises BadInput where fewer texts are left than asked for, and where the threshold keeps none.
    """
    teacher = runs_of(config.teacher)[0]
    corpus = registry.load(teacher.corpus)
    tagger, tokenizer = saved.load(context.parent(config.teacher), teacher.precision)
    tagger.to(context.device)
    sources = [Source(name, config.keep_out) for name in config.texts]
    documents = unlabelled(sources, corpus.language)
    documents = some_documents(documents, config.seed, skip=config.skip, limit=config.limit)
    scheme = TagScheme(teacher.scheme, corpus.types)
    windows = encode(
        documents, tokenizer, scheme, **teacher.windowing, sections=tagger.sections
    ).windows
    silver, confidence = pseudo_label(
        tagger,
        windows,
        documents,
        scheme,
        tokenizer.pad_token_id,
        config.threshold,
        by_unit=config.confidence == "unit",
    )
    write(silver, context.artifact)
    return {
        "data": {
            "documents": len(silver.documents),
            "empty": {source.name: source.empty for source in sources},
            "kept_out": {source.name: source.left_out for source in sources},
            "sentences": len(confidence),
            "kept": len(silver.sentences),
            "spans": sum(len(document.spans) for document in silver.documents),
            "confidence": {
                str(share): round(float(np.percentile(confidence, share)), 6) for share in SHARES
            },
        },
    }


def unlabelled(sources: list[Source], language: str) -> list[Document]:
    """The texts of all sources as documents with sentences and without labels."""
    found = []
    for source in sources:
        for known in source.documents():
            if not known.sentences:
                known = replace(known, sentences=segment(known.text, language, ()))
            if known.text.strip():
                found.append(known)
    return found

"""Training data of a tagger: which documents and sentences it learns from, gold and silver."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from clinlib.corpora import registry
from clinlib.corpora.corpus import Corpus
from clinlib.corpora.document import Document
from clinlib.corpora.overlap import keep_out
from clinlib.corpora.samplers import (
    Index,
    down_sample,
    first_sentences,
    fold,
    holding,
    sentence_index,
    some_documents,
    up_sample,
)
from clinlib.corpora.words import words
from clinlib.encoding.sections import Sections, learn_titles
from clinlib.encoding.windows import Window
from clinlib.errors import BadInput
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import FineTune
from clinlib.selection import pseudo_labels


@dataclass(frozen=True)
class Learnt:
    """Documents, their sentences to learn in order, how many of these are pseudo-labelled, and how
    many more would be, were they not among the gold ones."""

    documents: tuple[Document, ...]
    sentences: Index
    silver: int = 0
    repeated: int = 0

    @property
    def gold(self) -> Index:
        """The sentences with gold labels, those of pseudo-labelled documents being last."""
        return self.sentences[: len(self.sentences) - self.silver]


def learnt(gold: Sequence[Document], config: FineTune, context: RunContext) -> Learnt:
    """The gold documents with their chosen sentences, and the silver ones behind them.

    A sentence that is learnt with its gold labels is not learnt with pseudo labels as well.
    """
    sentences = training_sentences(gold, config)
    if not config.silver:
        return Learnt(tuple(gold), sentences)
    made = pseudo_labels.read(context.parent(config.silver))
    known = {(gold[document].id, sentence) for document, sentence in sentences}
    silver = [
        (len(gold) + document, sentence)
        for document, sentence in made.sentences
        if (made.documents[document].id, sentence) not in known
    ]
    repeated = len(made.sentences) - len(silver)
    return Learnt((*gold, *made.documents), sentences + silver, len(silver), repeated)


def words_in(documents: Sequence[Document], sentences: Iterable[tuple[int, int]]) -> int:
    """How many words the (document, sentence) pairs hold, each sentence once."""
    by_document: dict[int, list[tuple[int, int]]] = {}
    for document, sentence in set(sentences):
        by_document.setdefault(document, []).append(documents[document].sentences[sentence])
    return sum(
        start <= first < end
        for document, places in by_document.items()
        for first, _ in words(documents[document])
        for start, end in places
    )


def fused_sections(learnt: Learnt, config: FineTune) -> Sections | None:
    """What the tagger fuses: the titles over the sentences that it learns from; None for nothing.

    Raises BadInput, naming the corpora that have sections, where these sentences have none.
    """
    if config.sections == "none":
        return None
    titles = learn_titles(learnt.documents, learnt.sentences)
    if not titles:
        raise BadInput(
            f"sections: no training sentence of '{config.corpus}' stands under a heading. Corpora "
            f"with sections: {', '.join(registry.with_headings())}"
        )
    return Sections(config.sections, titles, config.section_size)


def unknown_share(windows: Sequence[Window], unknown_id: int | None) -> float:
    """Share of the windows' own subwords that the tokenizer does not know."""
    own = np.concatenate([window.ids[window.unit >= 0] for window in windows])
    return float((own == unknown_id).mean()) if len(own) and unknown_id is not None else 0.0


def divided(corpus: Corpus, config: FineTune) -> dict[str, tuple[Document, ...]]:
    """The documents of each split: the corpus's own, or with another division of train and dev.

    Raises BadInput where nothing would be left to train on.
    """
    splits = dict(corpus.splits)
    if config.keep_out:
        out = keep_out(config.corpus, config.keep_out)
        if len(out) == len(splits["train"]):
            raise BadInput(
                f"keep_out: all {len(out)} training documents of '{config.corpus}' share passages "
                f"with test documents of {', '.join(config.keep_out)}: nothing is left to train on"
            )
        kept = (d for place, d in enumerate(splits["train"]) if place not in out)
        splits["train"] = tuple(kept)
    if config.documents:
        splits["train"] = some_documents(splits["train"], config.drawn_by, limit=config.documents)
    if config.dev_sentences:
        splits["dev"] = holding(splits["dev"], config.drawn_by, config.dev_sentences)
    if config.train_on == "train+dev" or config.fold:
        splits["train"] = (*splits["train"], *splits["dev"])
    if config.fold:
        splits["train"], splits["dev"] = fold(splits["train"], *config.fold)
    return splits


def training_sentences(documents: Sequence[Document], config: FineTune) -> list[tuple[int, int]]:
    """(document, sentence) pairs to train on: the first n, then down-, then up-sampled."""
    index = sentence_index(documents)
    if config.sentences is not None:
        index = first_sentences(documents, config.sentences, config.drawn_by)
    if config.empty_share is not None:
        index = down_sample(index, documents, config.empty_share, config.drawn_by)
    if config.up_sample:
        index = up_sample(index, documents, config.up_sample, config.drawn_by)
    return index

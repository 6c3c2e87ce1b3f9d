"""Corpus: a card's data read, segmented, flattened and split, ready for encoding."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from clinlib.corpora.card import SPLITS, AsGenerated, Card, Grouped, Official, Shared, Task
from clinlib.corpora.collection import divide, read_collection, tie
from clinlib.corpora.document import Document
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.reading import read_part
from clinlib.corpora.sections import with_sections
from clinlib.corpora.segmenter import check_sentences, segment
from clinlib.corpora.spans import (
    flatten,
    merge_duplicates,
    rename_types,
    select_types,
    trim_blanks,
)
from clinlib.corpora.splits import carve, check_disjoint, grouped_split
from clinlib.errors import BadInput, ClinlibError, text_withheld, told

Splits = dict[str, tuple[Document, ...]]


@dataclass(frozen=True)
class Corpus:
    """A corpus, or a task on one, ready for encoding.

    `splits` are keyed train, dev and test. Documents are segmented; their spans are contiguous,
    flat and of `types`, whose order fixes the label ids. `ledger` counts what was lost or changed.
    """

    name: str
    language: str
    types: tuple[str, ...]
    splits: Splits
    ledger: Ledger


def assemble(card: Card, name: str, folder: Path | None, cards: Path) -> Corpus:
    """The corpus or task `name` of a card as the data in `folder` give it; None for a generator.

    `cards`: the folder of the data cards, whose shared splits it may name. Raises BadInput where
    the data do not read. Of a gated corpus no error holds text, not even one that nobody foresaw,
    of which the type alone is told.
    """
    with text_withheld(card.gated):
        try:
            return _built(card, name, folder, cards)
        except ClinlibError:
            raise
        except Exception as error:
            if not card.gated:
                raise
            raise BadInput(f"{told(error)} while the files in {folder} were read") from None


def _built(card: Card, name: str, folder: Path | None, cards: Path) -> Corpus:
    task = task_of(card, name)
    ledger = Ledger()
    splits = {
        split: tuple(_prepared(document, card, task, ledger) for document in documents)
        for split, documents in _read(card, task, folder, cards, ledger).items()
    }
    check_disjoint(splits)
    types = card.types
    if task:
        types = tuple(dict.fromkeys(task.rename.get(kind, kind) for kind in task.types))
    return Corpus(name, card.languages[0], types, splits, ledger)


def _prepared(document: Document, card: Card, task: Task | None, ledger: Ledger) -> Document:
    """The document segmented, with the wanted types, without blanks at edges and overlaps."""
    document = trim_blanks(document, ledger)
    document = select_types(document, card.types, ledger, left_out=card.left_out)
    if card.sections:
        headings = card.sections
        document = with_sections(document, headings.lines, headings.labels, headings.endings)
    if not document.sentences:
        # bounds respect the spans of all the card's types: every task has the same sentences
        sentences = segment(
            document.text,
            card.languages[0],
            document.spans,
            document.words,
            ledger=ledger,
            where=document.id,
        )
        document = replace(document, sentences=sentences)
    check_sentences(document)
    if task:
        document = select_types(document, task.types, ledger, reason="type not in the task")
        document = rename_types(document, task.rename)
    return flatten(merge_duplicates(document, ledger), ledger)


def _read(
    card: Card, task: Task | None, folder: Path | None, cards: Path, ledger: Ledger
) -> Mapping[str, tuple[Document, ...]]:
    """Documents by split, as the reader or the generator gives them."""
    splits = (task and task.splits) or card.splits
    if isinstance(splits, AsGenerated):
        return _generated(card, ledger)
    assert folder is not None

    def read(parts: str | Iterable[str]) -> tuple[Document, ...]:
        parts = [parts] if isinstance(parts, str) else parts
        return tuple(
            document for part in parts for document in read_part(card, folder, part, ledger)
        )

    match splits:
        case Grouped(grouped=shares, seed=seed, parts=parts, tied=tied):
            documents = tie(read(parts)) if tied else read(parts)
            return grouped_split(documents, shares, seed)
        case Shared(shared=file, parts=parts):
            collection = read_collection(cards / file)
            return divide(collection, read(parts))
        case Official(official=official, carved=carved):
            found = {split: read(official[split]) for split in SPLITS if split in official}
            return carve(found, carved.dev, carved.seed) if carved else found


def _generated(card: Card, ledger: Ledger) -> Mapping[str, tuple[Document, ...]]:
    assert card.generator is not None
    module, _, function = card.generator.partition(":")
    splits = getattr(import_module(module), function)()
    for documents in splits.values():
        for document in documents:
            for span in document.spans:
                ledger.note("read", "spans", document.id, span.type)
    return splits


def task_of(card: Card, name: str) -> Task | None:
    """The task in "corpus:task" as the card has it; None where the name has none."""
    task = name.partition(":")[2]
    return card.tasks[task] if task else None

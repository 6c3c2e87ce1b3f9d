"""Registry: corpora by name, from their data cards to segmented, flat documents in splits.

Names are "corpus" or "corpus:task". A card and its fingerprint are read without the data; load()
reads the data and refuses them where they are not the card's. A card that is unpinned holds no
fingerprint: there it is that of the user's own data. The path of a BRAT folder of the user's own
is a name too: its card is made from its files (clinlib.corpora.own).
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from clinlib.corpora import own
from clinlib.corpora.card import (
    SPLITS,
    AsGenerated,
    Card,
    Count,
    Grouped,
    Official,
    Shared,
    Task,
    read_card,
)
from clinlib.corpora.collection import divide, read_collection, tie
from clinlib.corpora.counts import count_corpus
from clinlib.corpora.document import Document
from clinlib.corpora.fingerprint import content_hash
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
from clinlib.errors import BadInput, ClinlibError, text_withheld, told, unknown

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


def repository() -> Path:
    """The root of the checkout, which holds data_cards/."""
    return Path(__file__).resolve().parents[2]


def data_root() -> Path | None:
    """The folder of corpora: CLINLIB_DATA, else ../shared/corpora beside the checkout, else None.

    Raises BadInput where CLINLIB_DATA names no folder.
    """
    given = os.environ.get("CLINLIB_DATA")
    if given:
        folder = Path(given).expanduser()
        if not folder.is_dir():
            raise BadInput(f"CLINLIB_DATA is '{given}', which is no folder")
        return folder
    beside = repository().parent / "shared" / "corpora"
    return beside if beside.is_dir() else None


def cards(root: Path | None = None) -> dict[str, Card]:
    """All cards by name, from data_cards/ below `root`, by default the checkout."""
    return {name: _card_of(name, root) for name in _names(root)}


def card(name: str, root: Path | None = None) -> Card:
    """The card of "corpus" or "corpus:task". Raises BadInput, with the nearest name, for others."""
    if own.is_folder(name):
        return _own(name, own.stamp(name))[0]
    corpus, _, task = name.partition(":")
    names = _names(root)
    if corpus not in names and Path(corpus).is_dir():
        raise BadInput(f"no data card is called '{name}'; for the folder here write './{corpus}'")
    if corpus not in names:
        raise unknown("corpus", corpus, names)
    found = _card_of(corpus, root)
    if ":" in name and task not in found.tasks:
        raise unknown(f"task of corpus '{corpus}'", task, found.tasks)
    return found


def _card_of(name: str, root: Path | None) -> Card:
    path = _folder(root) / f"{name}.md"
    return _card_at(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _card_at(path: Path, modified: int) -> Card:
    return read_card(path)


def fingerprint(name: str, root: Path | None = None) -> str:
    """16 hex digits of the content of "corpus" or "corpus:task", from the card: needs no data.

    Where the card is unpinned, they are computed from the data; raises BadInput, saying where to
    get them, if they are not here.
    """
    found = card(name, root)
    if found.unpinned:
        return _computed(name, root, data_folder(name, root))
    value = (_task(found, name) or found).fingerprint
    if not value:
        raise BadInput(f"the data card of '{name}' holds no fingerprint")
    return value


def load(name: str, root: Path | None = None) -> Corpus:
    """The corpus or task, read, segmented, flattened and split; kept for the next call.

    Raises BadInput for an unknown name, missing data (saying where to get them), data that do not
    read, and data whose fingerprint is not the card's.
    """
    if own.is_folder(name):
        return _own(name, own.stamp(name))[1]
    found = card(name, root)
    folder = None if found.generated else data_folder(name, root)
    expected = None if found.unpinned else fingerprint(name, root)
    return _loaded(name, root, folder, expected)


def with_headings(root: Path | None = None) -> list[str]:
    """Names of the corpora whose documents have sections: by their cards, or as generated."""
    return [
        name
        for name, found in cards(root).items()
        if found.sections
        or (found.generated and any(d.sections for d in load(name, root).splits["train"]))
    ]


def data_folder(name: str, root: Path | None = None) -> Path:
    """Where the corpus's files lie. Raises BadInput, saying where to get them, if they do not."""
    if own.is_folder(name):
        return own.folder(name)
    found = card(name, root)
    data = data_root()
    folder = data / found.folder if data else None
    if folder is None or not folder.is_dir():
        missing = f"there is no folder '{folder}'" if folder else "no data folder is known"
        raise BadInput(
            f"corpus '{found.name}': {missing}. Get it from {found.where_to_get}; put it into "
            f"'{found.folder}' of a data folder and set CLINLIB_DATA to that data folder"
        )
    return folder


@lru_cache(maxsize=24)
def _computed(name: str, root: Path | None, folder: Path) -> str:
    corpus = _loaded(name, root, folder, None)
    return content_hash(corpus.splits, corpus.types)


@lru_cache(maxsize=24)
def _loaded(name: str, root: Path | None, folder: Path | None, expected: str | None) -> Corpus:
    try:
        corpus = build(name, root, folder)
    except BadInput as error:
        raise BadInput(f"corpus '{name}': {error}") from error
    if expected is None:
        return corpus
    found = content_hash(corpus.splits, corpus.types)
    if found != expected:
        raise BadInput(
            f"corpus '{name}' has the fingerprint {found}, its data card {expected}: "
            f"the data{f' in {folder}' if folder else ''} are not those that the card describes. "
            f"`clinlib corpora check {name}` names the differences"
        )
    return corpus


def build(name: str, root: Path | None = None, folder: Path | None = None) -> Corpus:
    """The corpus as the data in `folder` give it, whatever fingerprint the card holds.

    Raises BadInput where they do not read. Of a gated corpus no error holds text, not even one
    that nobody foresaw, of which the type alone is told.
    """
    return _guarded(card(name, root), name, root, folder)


@lru_cache(maxsize=8)
def _own(name: str, stamp: str) -> tuple[Card, Corpus]:
    """A folder of the user's own: its card, with fingerprint and counts, and the corpus."""
    header = own.header(name)
    try:
        corpus = _guarded(header, name, None, own.folder(name))
    except BadInput as error:
        raise BadInput(f"corpus '{name}': {error}") from error
    counted = count_corpus(corpus.splits, corpus.types, corpus.ledger)
    return header.model_copy(update=dict(counted)), corpus


def _guarded(found: Card, name: str, root: Path | None, folder: Path | None) -> Corpus:
    with text_withheld(found.gated):
        try:
            return _built(found, name, root, folder)
        except ClinlibError:
            raise
        except Exception as error:
            if not found.gated:
                raise
            raise BadInput(f"{told(error)} while the files in {folder} were read") from None


def counts(name: str, root: Path | None = None) -> dict[str, Count]:
    """Split -> sizes of "corpus" or "corpus:task": from its card or, unpinned, from the data.

    Raises BadInput where the card is unpinned and the data are not here, saying where to get them.
    """
    found = card(name, root)
    if found.unpinned:
        corpus = load(name, root)
        return count_corpus(corpus.splits, corpus.types, corpus.ledger).counts
    return dict((_task(found, name) or found).counts)


def _built(found: Card, name: str, root: Path | None, folder: Path | None) -> Corpus:
    task = _task(found, name)
    ledger = Ledger()
    splits = {
        split: tuple(_prepared(document, found, task, ledger) for document in documents)
        for split, documents in _read(found, task, folder, root, ledger).items()
    }
    check_disjoint(splits)
    types = found.types
    if task:
        types = tuple(dict.fromkeys(task.rename.get(kind, kind) for kind in task.types))
    return Corpus(name, found.languages[0], types, splits, ledger)


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
    card: Card, task: Task | None, folder: Path | None, root: Path | None, ledger: Ledger
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
            collection = read_collection((root or repository()) / "data_cards" / file)
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


def _task(card: Card, name: str) -> Task | None:
    task = name.partition(":")[2]
    return card.tasks[task] if task else None


def _folder(root: Path | None) -> Path:
    return (root or repository()) / "data_cards"


def _names(root: Path | None) -> list[str]:
    """The names of all cards; by listdir, since every key of a run asks and a glob is slow."""
    folder = _folder(root)
    files = os.listdir(folder) if folder.is_dir() else []
    names = sorted(each.removesuffix(".md") for each in files if each.endswith(".md"))
    found = [each for each in names if each.lower() != "readme"]
    if not found:
        raise BadInput(f"{folder}: no data cards")
    return found

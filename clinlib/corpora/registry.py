"""Registry: corpora by name, from their data cards to segmented, flat documents in splits.

Names are "corpus" or "corpus:task". A card and its fingerprint are read without the data; load()
reads the data and refuses them where they are not the card's. A card that is unpinned holds no
fingerprint: there it is that of the user's own data. The path of a BRAT folder of the user's own
is a name too: its card is made from its files (clinlib.corpora.own).
"""

import os
from functools import lru_cache
from pathlib import Path

from clinlib.corpora import own
from clinlib.corpora.card import Card, Count, read_card
from clinlib.corpora.corpus import Corpus, assemble, task_of
from clinlib.corpora.counts import count_corpus
from clinlib.corpora.fingerprint import content_hash
from clinlib.errors import BadInput, unknown


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
            raise BadInput(f"CLINLIB_DATA is '{given}', which is no folder: mkdir -p '{given}'")
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
    value = (task_of(found, name) or found).fingerprint
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
    """Names of the corpora whose documents have sections."""
    return [name for name in cards(root) if has_headings(name, root)]


def has_headings(name: str, root: Path | None = None) -> bool:
    """Whether documents of "corpus" or "corpus:task" have sections: by the card, or as generated.

    Raises BadInput for an unknown name.
    """
    found = card(name, root)
    if not found.generated:
        return found.sections is not None
    return any(document.sections for document in load(name, root).splits["train"])


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
    return assemble(card(name, root), name, folder, _folder(root))


@lru_cache(maxsize=8)
def _own(name: str, stamp: str) -> tuple[Card, Corpus]:
    """A folder of the user's own: its card, with fingerprint and counts, and the corpus."""
    header = own.header(name)
    try:
        corpus = assemble(header, name, own.folder(name), _folder(None))
    except BadInput as error:
        raise BadInput(f"corpus '{name}': {error}") from error
    counted = count_corpus(corpus.splits, corpus.types, corpus.ledger)
    return header.model_copy(update=dict(counted)), corpus


def counts(name: str, root: Path | None = None) -> dict[str, Count]:
    """Split -> sizes of "corpus" or "corpus:task": from its card or, unpinned, from the data.

    Raises BadInput where the card is unpinned and the data are not here, saying where to get them.
    """
    found = card(name, root)
    if found.unpinned:
        corpus = load(name, root)
        return count_corpus(corpus.splits, corpus.types, corpus.ledger).counts
    return dict((task_of(found, name) or found).counts)


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

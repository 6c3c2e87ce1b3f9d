"""Made texts: unlabelled documents that a generator makes beside its corpus, as its card says.

Sources are "unlabelled:CORPUS" and "textbook:CORPUS"; the card holds how many there are and the
hash of their content, so that a key can pin them without making them.
"""

from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import get_args

from clinlib.corpora.card import MadeTexts, TextForm
from clinlib.corpora.document import Document
from clinlib.corpora.fingerprint import content_hash
from clinlib.corpora.registry import card, cards
from clinlib.errors import BadInput, unknown

FORMS = get_args(TextForm)


def is_made(source: str) -> bool:
    """Whether a source's form is one of those that generators make."""
    return source.partition(":")[0] in FORMS


def made_fingerprint(source: str, root: Path | None = None) -> str:
    """16 hex digits of the source's content, from the card. Raises BadInput for unknown ones."""
    return _listed(source, root).fingerprint


def made_documents(source: str, root: Path | None = None) -> tuple[Document, ...]:
    """The documents of a source, without spans and sentences; kept for the next call.

    Raises BadInput for an unknown source, and for documents that are not those of the card.
    """
    return _made(source, root, made_fingerprint(source, root))


@lru_cache(maxsize=4)
def _made(source: str, root: Path | None, expected: str) -> tuple[Document, ...]:
    documents = make(_listed(source, root), source)
    found = texts_hash(documents)
    if found != expected:
        raise BadInput(
            f"{source} has the fingerprint {found}, its data card {expected}: the generator "
            "makes other texts than the card describes"
        )
    return documents


def make(listed: MadeTexts, source: str) -> tuple[Document, ...]:
    """What the generator makes, whatever fingerprint the card holds; plain texts as documents."""
    module, _, function = listed.maker.partition(":")
    made = getattr(import_module(module), function)(listed.number)
    return tuple(
        each if isinstance(each, Document) else Document(f"{source}:{number + 1}", each)
        for number, each in enumerate(made)
    )


def texts_hash(documents: tuple[Document, ...]) -> str:
    """16 hex digits over documents that have neither split nor types."""
    return content_hash({"": documents}, ())


def _listed(source: str, root: Path | None) -> MadeTexts:
    """What the card says of the source."""
    form, _, corpus = source.partition(":")
    if form not in FORMS:
        raise unknown("form of made text", form, FORMS)
    texts = card(corpus, root).texts
    if form not in texts:
        others = [f"{each}:{name}" for name, one in cards(root).items() for each in one.texts]
        valid = ", ".join(sorted(others)) or "none"
        raise BadInput(f"the data card of '{corpus}' names no text '{form}'. Valid: {valid}")
    return texts[form]

"""Label words: what the types of a corpus mean, in words of its language."""

from functools import lru_cache
from pathlib import Path

import yaml

from clinlib.corpora import own
from clinlib.corpora.registry import card, repository
from clinlib.errors import BadInput

FILE = "label_words.yml"  # of data_cards/


def label_words(corpus: str, root: Path | None = None) -> dict[str, tuple[str, ...]]:
    """Type -> words, for the types of "corpus" or "corpus:task" in their order.

    A folder of the user's own may add words of its own, in its options.

    Raises BadInput, naming them, for types that have no word in the corpus's language.
    """
    found = card(corpus, root)
    task = found.tasks.get(corpus.partition(":")[2])
    names = found.types if task is None else [task.rename.get(t, t) for t in task.types]
    path = (root or repository()) / "data_cards" / FILE
    language = found.languages[0]
    known = _read(path.read_text(encoding="utf-8")).get(language) or {}
    place = f"data_cards/{FILE}"
    if own.is_folder(corpus):
        known, place = known | own.words(corpus), f"`words` of {own.folder(corpus) / own.OPTIONS}"
    without = [name for name in dict.fromkeys(names) if not known.get(name)]
    if without:
        raise BadInput(
            f"no label word for {', '.join(without)} of corpus '{corpus}': add words of the "
            f"language '{language}' to {place}"
        )
    return {name: tuple(known[name]) for name in names}


@lru_cache(maxsize=4)
def _read(text: str) -> dict[str, dict[str, list[str]]]:
    """The file's content; every key of an entity-masking encoder asks for it."""
    return yaml.safe_load(text) or {}

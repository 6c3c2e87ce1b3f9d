"""Label words: what the types of a corpus mean, in words of its language."""

from functools import lru_cache
from pathlib import Path

import yaml

from clinlib.corpora.registry import card, repository
from clinlib.errors import BadInput

FILE = "label_words.yml"  # of data_cards/


def label_words(corpus: str, root: Path | None = None) -> dict[str, tuple[str, ...]]:
    """Type -> words, for the types of "corpus" or "corpus:task" in their order.

    Raises BadInput, naming them, for types that have no word in the corpus's language.
    """
    found = card(corpus, root)
    task = found.tasks.get(corpus.partition(":")[2])
    names = found.types if task is None else [task.rename.get(t, t) for t in task.types]
    path = (root or repository()) / "data_cards" / FILE
    language = found.languages[0]
    known = _parsed(path.read_text(encoding="utf-8")).get(language) or {}
    without = [name for name in dict.fromkeys(names) if not known.get(name)]
    if without:
        raise BadInput(
            f"no label word for {', '.join(without)} of corpus '{corpus}': add words of the "
            f"language '{language}' to data_cards/{FILE}"
        )
    return {name: tuple(known[name]) for name in names}


@lru_cache(maxsize=4)
def _parsed(text: str) -> dict[str, dict[str, list[str]]]:
    """Language -> type -> words of a file's text, which every key of a plan asks for."""
    return yaml.safe_load(text) or {}

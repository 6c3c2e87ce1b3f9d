"""Words: the pinned rule by which a text falls into words where its corpus gives none."""

from functools import lru_cache

import regex

from clinlib.corpora.document import Document


@lru_cache(maxsize=1)
def _pattern() -> regex.Pattern:
    ideograph = r"\p{Han}\p{M}*"
    run = r"(?:(?!\p{Han})[\p{L}\p{N}])(?:(?!\p{Han})[\p{L}\p{N}\p{M}])*"
    # str.isspace also counts the separators U+001C to U+001F as blank, the pattern's \s does not
    other = r"[^\s\x1c-\x1f](?:(?!\p{Han})\p{M})*"
    return regex.compile(f"{ideograph}|{run}|{other}")


def split_words(text: str) -> tuple[tuple[int, int], ...]:
    """(start, end) of each word: runs of letters and digits, ideographs and other marks singly.

    Combining marks stay with the character before them. Every character that is not blank lies in
    exactly one word.

    >>> text = "IL-2 0.5mg 感冒"
    >>> [text[a:b] for a, b in split_words(text)]
    ['IL', '-', '2', '0', '.', '5mg', '感', '冒']
    """
    return tuple(match.span() for match in _pattern().finditer(text))


def words(document: Document) -> tuple[tuple[int, int], ...]:
    """(start, end) of the document's words: the corpus's own where it has them."""
    return split_words(document.text) if document.words is None else document.words

"""Wording that pages share: what is synthetic says so, cells are read out, sentences are listed."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import pandas as pd

from clinlib.corpora.registry import card
from clinlib.studies.cells import Cell

LEAST_P = 1e-12  # the studentized range is not more exact
LEGEND = (
    "Mean over seeds with the half-width of Student's 95 % interval and, in brackets, the number "
    "of runs. Collapsed runs are named and stand in no mean. † The best development score of a "
    "run is its last: longer training might add to it."
)
"""What to read into the entries of a table."""


@lru_cache
def is_synthetic(corpus: str) -> bool:
    """Whether the text of a corpus is made up, as its card says; a task is what its corpus is."""
    return card(corpus).synthetic


def caption(text: str, corpora: Iterable[str]) -> str:
    """A caption that names what is synthetic among the corpora that it shows."""
    corpora = list(corpora)
    made = [name for name in corpora if is_synthetic(name)]
    if not made:
        return text
    if len(made) == len(corpora):
        return f"{text} (synthetic text)"
    return f"{text} ({', '.join(made)}: synthetic text)"


def axis(text: str, corpus: str) -> str:
    """The label of an axis that shows results of one corpus."""
    return f"{text} (synthetic text)" if is_synthetic(corpus) else text


def banner(corpora: Iterable[str]) -> str:
    """A paragraph for the top of a page that shows synthetic corpora; empty where there is none."""
    made = [name for name in corpora if is_synthetic(name)]
    if not made:
        return ""
    return (
        f"**Synthetic text: {', '.join(made)}.** Its results show that a mechanism acts; they say "
        f"nothing of clinical text and are not held against published numbers."
    )


def spoken(text: str, cells: Mapping[str, Cell]) -> str:
    """A figure of cells in one sentence, for those who do not see it."""
    return f"{text}: {'; '.join(f'{label} {cell}' for label, cell in cells.items())}."


def ends(frame: pd.DataFrame, x: str, y: str, line: str, digits: int = 1) -> str:
    """Where the lines of a figure begin and end, for those who do not see it: "LC 9.1 to 54.0".

    The mean `y` of each group of the column `line` at its first and last `x`; "no line" for none.
    """
    found = []
    for name, group in frame.dropna(subset=[y]).groupby(line, sort=False):
        means = group.groupby(x)[y].mean()
        shown = " to ".join(f"{means.iloc[at]:z.{digits}f}" for at in (0, -1))
        found.append(f"{name} {shown}")
    return "; ".join(found) or "no line"


def p_value(p: float | None) -> str | None:
    """p as text, small ones by their power of ten down to rounding; None stays None."""
    if p is None:
        return None
    if p < LEAST_P:
        return f"< {LEAST_P:.0e}"
    return f"{p:.4f}" if p >= 1e-4 else f"{p:.1e}"


def p_in_words(p: float) -> str:
    """p with its sign of relation: "p = 0.0202", "p < 1e-12"."""
    text = p_value(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def listed(sentences: Iterable[str]) -> str:
    """Sentences as a Markdown list."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def slug(name: str) -> str:
    """The name of a corpus as part of an anchor or a file name."""
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in name)


def plural(n: int, word: str, many: str = "") -> str:
    """A number with its noun, whose plural is `many` where an s does not make it.

    >>> plural(1, "run"), plural(2, "run"), plural(2, "corpus", "corpora")
    ('1 run', '2 runs', '2 corpora')
    """
    return f"{n} {word}" if n == 1 else f"{n} {many or word + 's'}"

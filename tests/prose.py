"""Snippets of prose pages: fenced blocks that a line "% snippet: NAME" announces."""

import re

from clinlib.report.paths import LIBRARY

_SNIPPET = re.compile(r"^% snippet: ([^\n]+)\n(`{3,})(\w+)\n(.*?)^\2$", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^`{3,}(python|sh|yaml)$", re.MULTILINE)


def snippets(page: str) -> dict[str, str]:
    """Name -> text of the snippets of book/PAGE.md, in order; each name stands once."""
    text = (LIBRARY.parent / "book" / f"{page}.md").read_text(encoding="utf-8")
    found = _SNIPPET.findall(text)
    assert len({name for name, *_ in found}) == len(found)
    return {name: body for name, _, _, body in found}


def unnamed(page: str) -> int:
    """How many blocks of Python, shell or YAML no such line announces."""
    text = (LIBRARY.parent / "book" / f"{page}.md").read_text(encoding="utf-8")
    return len(_FENCE.findall(text)) - len(_SNIPPET.findall(text))

"""Snippets of prose pages: fenced blocks that a line "% snippet: NAME" announces."""

import re

from clinlib.report.paths import LIBRARY

_SNIPPET = re.compile(
    r"^( *)% snippet: ([^\n]+)\n\1(`{3,})(\w+)\n(.*?)^\1\3$", re.MULTILINE | re.DOTALL
)
_FENCE = re.compile(r"^ *`{3,}(python|sh|yaml)$", re.MULTILINE)


def snippets(page: str) -> dict[str, str]:
    """Name -> text of the snippets of book/PAGE.md, in order; each name stands once."""
    text = (LIBRARY.parent / "book" / f"{page}.md").read_text(encoding="utf-8")
    found = _SNIPPET.findall(text)
    assert len({name for _, name, *_ in found}) == len(found)
    return {name: _without(margin, body) for margin, name, _, _, body in found}


def _without(margin: str, body: str) -> str:
    """A block without the indent of the list that it stands in; its own stays."""
    lines = body.splitlines()
    return "".join(f"{line[len(margin) :] if line.strip() else ''}\n" for line in lines)


def unnamed(page: str) -> int:
    """How many blocks of Python, shell or YAML no such line announces."""
    text = (LIBRARY.parent / "book" / f"{page}.md").read_text(encoding="utf-8")
    return len(_FENCE.findall(text)) - len(_SNIPPET.findall(text))

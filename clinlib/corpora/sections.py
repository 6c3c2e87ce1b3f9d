"""Sections: titled stretches of a document, found by the headings or names that a data card lists.

It knows no corpus and guesses no heading: what is not listed is text of the section it stands in.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import pairwise
from types import MappingProxyType

from clinlib.corpora.document import Document, Section

LONGEST = 60  # characters of a heading
_LINE = re.compile(r"[^\r\n]+")
_MARKS = "\ufeff \t»*-–•·"  # before a heading: byte order mark, blanks, bullets


def with_sections(
    document: Document,
    lines: tuple[str, ...],
    labels: tuple[str, ...] = (),
    endings: Mapping[str, str] = MappingProxyType({}),
) -> Document:
    """The document with its sections, each from its heading's line to the next heading's.

    A heading of `lines` fills a line, a full stop or colon behind it aside ("Evolución:"); one of
    `labels` begins a line and a colon follows it ("Nombre: Ana."). Case and accents do not count;
    a section's title is spelled as the list spells it. Text before the first heading has none.
    A document whose id ends as one of `endings` says is one section of that title.
    """
    for ending, title in endings.items():
        if document.id.endswith(ending):
            return replace(document, sections=(Section(0, len(document.text), title),))
    found = []
    for line in _LINE.finditer(document.text):
        title = _title(line.group(), lines, labels)
        if title:
            found.append((line.start(), title))
    found.append((len(document.text), ""))
    sections = (Section(start, end, title) for (start, title), (end, _) in pairwise(found))
    return replace(document, sections=tuple(sections))


def _title(line: str, lines: tuple[str, ...], labels: tuple[str, ...]) -> str | None:
    bare = line.strip(_MARKS)
    label, colon, _ = bare.partition(":")
    whole = bare.rstrip(" .:")
    if len(whole) <= LONGEST and (title := _titles(lines).get(_plain(whole))):
        return title
    return _titles(labels).get(_plain(label)) if colon and len(label) <= LONGEST else None


@cache
def _titles(listed: tuple[str, ...]) -> dict[str, str]:
    return {_plain(title): title for title in listed}


def _plain(text: str) -> str:
    """In lower case, without accents, with single blanks."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())

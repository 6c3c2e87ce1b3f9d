"""XML: the marks of a file in order, each with its line, for the readers of the i2b2 formats.

Line ends are what XML says they are: one line feed, whatever the file has.
"""

from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from clinlib.errors import BadInput


@dataclass(frozen=True, slots=True)
class Mark:
    """A tag that opens or closes, or a run of characters; `line` counts from 1."""

    kind: str  # open, close or characters
    name: str  # of the tag; of characters their text
    line: int
    attributes: dict[str, str] = field(default_factory=dict)

    def is_open(self, name: str) -> bool:
        """Whether the tag of that name opens here."""
        return self.kind == "open" and self.name == name


def marks(text: str, path: Path) -> list[Mark]:
    """The marks of an XML text, that of the file `path`.

    Raises BadInput, with file, line and column, where it is not well formed.
    """
    found: list[Mark] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def note(kind: str, name: str, attributes: dict[str, str] | None = None) -> None:
        found.append(Mark(kind, name, parser.CurrentLineNumber, attributes or {}))

    parser.StartElementHandler = lambda name, attributes: note("open", name, attributes)
    parser.EndElementHandler = lambda name: note("close", name)
    parser.CharacterDataHandler = lambda data: note("characters", data)
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise BadInput(
            f"{path}:{error.lineno}: not well-formed XML at column {error.offset + 1} "
            f"({expat.errors.messages[error.code]})"
        ) from None
    return found


def read_text(path: Path) -> str:
    """The file's text without a byte order mark.

    Raises BadInput for a file that is missing or not UTF-8.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 at byte {error.start}") from None


def offset(mark: Mark, name: str, path: Path) -> int:
    """The number in an attribute; raises BadInput where it is missing or no whole number."""
    value = mark.attributes.get(name, "")
    if not (value.isascii() and value.isdecimal()):
        raise BadInput(f"{path}:{mark.line}: attribute '{name}' of <{mark.name}> is no number")
    return int(value)

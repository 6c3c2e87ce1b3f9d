"""Texts: files of unlabelled text, pinned by checksum in data_cards/texts.yml."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from clinlib.corpora.registry import data_root, repository
from clinlib.errors import BadInput, unknown

FOLDER = "text"  # of the data folder


@dataclass(frozen=True)
class TextFile:
    """A file of texts: its name, language, what it holds, its licence, and its sha256."""

    name: str
    language: str
    what: str
    licence: str
    sha256: str


def text_files(root: Path | None = None) -> dict[str, TextFile]:
    """The known files by name, whether they are here or not."""
    path = (root or repository()) / "data_cards" / "texts.yml"
    listed = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: TextFile(name, **fields) for name, fields in listed.items()}


def is_here(name: str) -> bool:
    """Whether the data folder holds the file."""
    data = data_root()
    return data is not None and (data / FOLDER / name).is_file()


def read_texts(name: str, root: Path | None = None) -> Iterator[str]:
    """The texts of a file in its order: one a line, or the "text" of one JSON object a line.

    The file is read twice, for its checksum and for its lines, and never held whole. Raises
    BadInput, before the first text, for a file that is unknown, missing or changed; for a line that
    is not UTF-8 or, in a file of JSON, no object with a text; and at the end of a file whose texts
    are all empty. Single empty texts are texts: what numbers texts counts them too.
    """
    files = text_files(root)
    if name not in files:
        raise unknown("text", name, files)
    data = data_root()
    if data is None or not is_here(name):
        raise BadInput(f"there is no text file '{name}'; set CLINLIB_DATA to a folder with text/")
    path = data / FOLDER / name
    with path.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != files[name].sha256:
        raise BadInput(f"text file '{name}' has the checksum {found}, its pin {files[name].sha256}")
    number, filled = 0, False
    with path.open("rb") as lines:  # in bytes only line feeds end a line
        for number, line in enumerate(lines, start=1):
            text = _text(line.removesuffix(b"\n"), name, number)
            filled = filled or bool(text.strip())
            yield text
    if not filled:
        held = f"{number} texts, all of them empty" if number else "no text"
        raise BadInput(f"text file '{name}' holds {held}: give it text or leave it out")


def _text(line: bytes, name: str, number: int) -> str:
    """The text that one line of the file holds."""
    try:
        plain = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{name}:{number}: not UTF-8 at byte {error.start}") from None
    if not name.endswith(".jsonl"):
        return plain
    try:
        text = json.loads(plain)["text"]
        if not isinstance(text, str):
            raise TypeError("its text is no string")
        return text
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{name}:{number}: no JSON object with a text ({error})") from None

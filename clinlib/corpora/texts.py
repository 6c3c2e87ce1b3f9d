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

    Raises BadInput for a file that is unknown, missing or changed, and for a line of JSON that is
    no object with a text.
    """
    files = text_files(root)
    if name not in files:
        raise unknown("text", name, files)
    data = data_root()
    if data is None or not is_here(name):
        raise BadInput(f"there is no text file '{name}'; set CLINLIB_DATA to a folder with text/")
    content = (data / FOLDER / name).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != files[name].sha256:
        raise BadInput(f"text file '{name}' has the checksum {found}, its pin {files[name].sha256}")
    lines = content.decode("utf-8").removesuffix("\n").split("\n")
    if not name.endswith(".jsonl"):
        yield from lines
        return
    for number, line in enumerate(lines, start=1):
        try:
            yield json.loads(line)["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{name}:{number}: no JSON object with a text ({error})") from None

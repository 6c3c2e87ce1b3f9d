"""CCKS 2019: reader of the Chinese records of subtask 1, one JSON object a line.

Copies differ in their bytes: with a byte order mark or several (parts that were joined), in UTF-8
or in GB 18030. The text is the same.
"""

import json
from pathlib import Path
from typing import Any

from clinlib.corpora.document import Document, Span
from clinlib.corpora.ledger import Ledger
from clinlib.errors import BadInput, told, unknown

# as the files name the types -> as the study does
TYPES = {
    "疾病和诊断": "Disease",  # disease and diagnosis
    "影像检查": "Imaging",
    "实验室检验": "Laboratory",
    "手术": "Operation",
    "药物": "Drug",
    "解剖部位": "Anatomy",
}
MARK = "\ufeff"


def read_ccks(path: Path, *, ledger: Ledger | None = None) -> list[Document]:
    """Documents of one file in its order, ids "<stem>-<line>"; spans may overlap.

    `start_pos` and `end_pos` count the characters of `originalText`, the latter behind the span;
    there is no quote to hold them against. A byte order mark before a line, and a file that is
    GB 18030 and not UTF-8, are counted as repaired.

    Raises BadInput, with file and line, for what is no such JSON, a type that the corpus has not,
    and offsets outside the text.
    """
    ledger = Ledger() if ledger is None else ledger
    documents = []
    for number, line in enumerate(_text(path, ledger).split("\n"), start=1):
        where = f"{path}:{number}"
        if line.startswith(MARK):
            line = line.removeprefix(MARK)
            ledger.note("repaired", "byte order mark before a line", f"{path.name}:{number}")
        if not line.strip():
            continue
        try:
            record = json.loads(line, strict=False)  # tabs stand in strings as they are
            documents.append(_document(record, f"{path.stem}-{number:05d}", where, ledger))
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, BadInput):
                raise
            raise BadInput(f"{where}: not a record of CCKS 2019 ({told(error)})") from None
    return documents


def _document(record: Any, name: str, where: str, ledger: Ledger) -> Document:
    text, spans = record["originalText"], []
    if not isinstance(text, str):
        raise TypeError("'originalText' is no string")
    for entity in record["entities"]:
        kind, start, end = (entity[key] for key in ("label_type", "start_pos", "end_pos"))
        if kind not in TYPES:
            raise BadInput(f"{where}: {unknown('type', kind, TYPES, read=True)}")
        if type(start) is not int or type(end) is not int:
            raise TypeError("offsets are no whole numbers")
        if not 0 <= start < end <= len(text):
            raise BadInput(
                f"{where}: offsets [{start}, {end}) do not lie in the text of {len(text)} "
                "characters"
            )
        ledger.note("read", "spans", name, TYPES[kind])
        spans.append(Span(start, end, TYPES[kind]))
    return Document(name, text, tuple(sorted(spans)))


def _text(path: Path, ledger: Ledger) -> str:
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            raise BadInput(f"{path}: neither UTF-8 (byte {error.start}) nor GB 18030") from None
    ledger.note("repaired", "file in GB 18030", path.name)
    return text

"""Writers of the formats of gated corpora, for tests: documents in, files out."""

import json
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from clinlib.corpora.document import Document
from clinlib.corpora.readers.ccks import TYPES

CANARY = "zqcanary"
CANARY_ZH = "金丝雀"


def write_i2b2_xml(
    folder: Path, documents: Sequence[Document], tags: dict[str, tuple[str, str]]
) -> None:
    """One XML file a document; `tags`: type -> (tag, attribute that holds the type)."""
    folder.mkdir(parents=True, exist_ok=True)
    for document in documents:
        lines = ['<?xml version="1.0" encoding="UTF-8" ?>', "<Notes>"]
        lines += [f"<TEXT><![CDATA[{document.text}]]></TEXT>", "<TAGS>"]
        for number, span in enumerate(document.spans):
            tag, attribute = tags[span.type]
            quote = quoteattr(document.text[span.start : span.end]).replace("\n", "&#10;")
            lines.append(
                f'<{tag} id="P{number}" start="{span.start}" end="{span.end}" text={quote} '
                f'{attribute}="{span.type}" comment="" />'
            )
        lines += ["</TAGS>", "</Notes>", ""]
        (folder / f"{document.id}.xml").write_text("\n".join(lines), encoding="utf-8")


def write_i2b2_inline(path: Path, documents: Sequence[Document]) -> None:
    """One XML file of all documents, whose ids end in "-ID"."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<ROOT>\n']
    for document in documents:
        at, text = 0, []
        for span in document.spans:
            text.append(escape(document.text[at : span.start]))
            mention = escape(document.text[span.start : span.end])
            text.append(f'<PHI TYPE="{span.type}">{mention}</PHI>')
            at = span.end
        text.append(escape(document.text[at:]))
        name = document.id.rpartition("-")[2]
        parts.append(f'<RECORD ID="{name}">\n<TEXT>{"".join(text)}</TEXT>\n</RECORD>\n')
    path.write_text("".join([*parts, "</ROOT>\n"]), encoding="utf-8")


def write_i2b2_con(texts: Path, concepts: Path, documents: Sequence[Document]) -> None:
    """A .txt and a .con file a document; spans must begin and end where tokens do."""
    for folder in (texts, concepts):
        folder.mkdir(parents=True, exist_ok=True)
    for document in documents:
        rows = [
            f'c="{" ".join(document.text[s.start : s.end].lower().split())}" '
            f'{_place(document.text, s.start)} {_place(document.text, s.end - 1)}||t="{s.type}"\n'
            for s in document.spans
        ]
        (texts / f"{document.id}.txt").write_text(document.text, encoding="utf-8", newline="")
        (concepts / f"{document.id}.con").write_text("".join(rows), encoding="utf-8")


def _place(text: str, at: int) -> str:
    """LINE:TOKEN of a character: lines from 1, tokens of the line from 0."""
    line = text.count("\n", 0, at)
    before = text[text.rfind("\n", 0, at) + 1 : at + 1]
    return f"{line + 1}:{len(before.split(' ')) - 1 - before.split(' ').count('')}"


def write_brat(folder: Path, documents: Sequence[Document]) -> None:
    """A .txt and an .ann file a document."""
    folder.mkdir(parents=True, exist_ok=True)
    for document in documents:
        rows = [
            f"T{n}\t{s.type} {s.start} {s.end}\t{document.text[s.start : s.end]}\n"
            for n, s in enumerate(document.spans, start=1)
        ]
        (folder / f"{document.id}.txt").write_text(document.text, encoding="utf-8")
        (folder / f"{document.id}.ann").write_text("".join(rows), encoding="utf-8")


def write_ccks(path: Path, documents: Sequence[Document], encoding: str = "utf-8-sig") -> None:
    """One JSON object a line."""
    names = {english: chinese for chinese, english in TYPES.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for document in documents:
        entities = [
            {"label_type": names[s.type], "overlap": 0, "start_pos": s.start, "end_pos": s.end}
            for s in document.spans
        ]
        record = {"originalText": document.text, "entities": entities}
        lines.append(json.dumps(record, ensure_ascii=False) + "\n")
    path.write_text("".join(lines), encoding=encoding)

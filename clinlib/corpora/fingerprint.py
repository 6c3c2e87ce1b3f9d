"""Fingerprint: one short hash of all that a run reads from a corpus."""

import hashlib
import json
from collections.abc import Iterable, Mapping

from clinlib.corpora.document import Document


def content_hash(splits: Mapping[str, Iterable[Document]], types: Iterable[str]) -> str:
    """16 hex digits over types and, per split in order of name, its documents in their order.

    A document enters with id, group, text, spans, sentences, words and sections. JSON in ASCII
    makes the hash the same on every platform.
    """
    digest = hashlib.sha256()
    digest.update(_line(list(types)))
    for split in sorted(splits):
        digest.update(_line(split))
        for document in splits[split]:
            digest.update(
                _line(
                    [
                        document.id,
                        document.group,
                        document.text,
                        [[int(s.start), int(s.end), s.type, s.why] for s in document.spans],
                        document.sentences,
                        document.words,
                        [[s.start, s.end, s.title] for s in document.sections],
                    ]
                )
            )
    return digest.hexdigest()[:16]


def _line(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n").encode("ascii")

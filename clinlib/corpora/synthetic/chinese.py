"""Synthetic Chinese medical records: a pool for active learning, dev and test, and plain text.

Six types, as in the CCKS 2019 records. Everything in them is invented.
"""

import numpy as np

from clinlib.corpora.document import Document, Section, Span
from clinlib.corpora.synthetic import annotators
from clinlib.corpora.synthetic.chinese_mechanisms import Mechanisms
from clinlib.corpora.synthetic.chinese_pool import Record, independent, pool
from clinlib.corpora.synthetic.chinese_templates import TYPES
from clinlib.corpora.synthetic.chinese_writer import Writer
from clinlib.corpora.synthetic.phrases import Sentence
from clinlib.errors import BadInput

__all__ = ["GENERATOR_VERSION", "TYPES", "Mechanisms", "generate", "unlabelled"]

GENERATOR_VERSION = 1

DUPLICATES = 0.75
_MOST_DUPLICATES = 0.9
_FEWEST = 20  # records of which an eighth can still be originals of two sorts
# which part of half B a split's entries are drawn from, half of the time
_OTHER = {"train": None, "dev": "dev", "test": "b", "unlabelled": "B"}
_SPLITS = tuple(_OTHER)


def generate(
    records: int = 160,
    seed: int = 0,
    mechanisms: Mechanisms = Mechanisms(),  # noqa: B008  (frozen)
    duplicates: float = DUPLICATES,
) -> dict[str, tuple[Document, ...]]:
    """The splits "train" (the pool, `records` of them), "dev" (a quarter) and "test" (half).

    `duplicates` is the share of the pool's records that are copies of another with a few words
    changed; an original and its copies are a group. Dev and test hold no copies, and follow the
    guideline; only training has label noise. Documents have no sentences yet.

    Raises BadInput for fewer than 20 records and a share outside 0 to 0.9.
    """
    if records < _FEWEST:
        raise BadInput(f"records is {records}; a pool needs at least {_FEWEST}")
    if not 0 <= duplicates <= _MOST_DUPLICATES:
        raise BadInput(f"duplicates is {duplicates}; a pool can have 0 to {_MOST_DUPLICATES}")
    return {
        "train": _train(records, seed, mechanisms, duplicates),
        "dev": _independent("dev", records // 4, seed, mechanisms),
        "test": _independent("test", records // 2, seed, mechanisms),
    }


def unlabelled(documents: int, seed: int = 0) -> tuple[str, ...]:
    """Plain records for pretraining, with entries of both halves of the lexicons; no copies.

    No record of any split is among them, whatever the seeds.
    """
    return tuple(d.text for d in _independent("unlabelled", documents, seed, Mechanisms()))


def _train(size: int, seed: int, mechanisms: Mechanisms, duplicates: float) -> tuple[Document, ...]:
    number = _SPLITS.index("train")
    writer = Writer(np.random.default_rng([seed, number]), mechanisms, None)
    noise = np.random.default_rng([seed, len(_SPLITS)])
    made = []
    for i, member in enumerate(pool(writer, size, duplicates)):
        sentences = [draft.sentence() for draft in member.record]
        if mechanisms.noise:
            sentences = [annotators.mislabel(noise, s, TYPES) for s in sentences]
        group = f"train-original-{member.original:03d}"
        made.append(_document(f"train-{i:03d}", group, member.record, sentences))
    return tuple(made)


def _independent(split: str, size: int, seed: int, mechanisms: Mechanisms) -> tuple[Document, ...]:
    number = _SPLITS.index(split)
    other = _OTHER[split] if mechanisms.halves else None
    made = []
    for i in range(size):
        writer = Writer(np.random.default_rng([seed, number, i]), mechanisms, other)
        record = independent(writer)
        name = f"{split}-{i:03d}"
        made.append(_document(name, name, record, [draft.sentence() for draft in record]))
    return tuple(made)


def _document(id_: str, group: str, record: Record, sentences: list[Sentence]) -> Document:
    """A line for each section, its sentences one after another without blanks."""
    text, spans, starts = "", [], {}
    for draft, sentence in zip(record, sentences, strict=True):
        if draft.title not in starts:
            text += "\n" if text else ""
            starts[draft.title] = len(text)
            text += f"{draft.title}："
        at = len(text)
        text += sentence.text
        spans += [Span(at + m.start, at + m.end, m.type, m.why) for m in sentence.marks]
    ends = [*list(starts.values())[1:], len(text)]
    sections = tuple(
        Section(start, end, title) for (title, start), end in zip(starts.items(), ends, strict=True)
    )
    return Document(id_, text, tuple(sorted(spans)), sections=sections, group=group)

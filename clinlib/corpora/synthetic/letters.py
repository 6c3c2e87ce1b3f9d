"""Synthetic English medication letters: documents of a train, dev and test split, and plain text.

Nine types, as in the n2c2 2018 medication letters. Everything in them is invented.
"""

import numpy as np

from clinlib.corpora.document import Document
from clinlib.corpora.synthetic import annotators, layout
from clinlib.corpora.synthetic.mechanisms import Mechanisms
from clinlib.corpora.synthetic.phrases import Sentence
from clinlib.corpora.synthetic.templates import TYPES
from clinlib.corpora.synthetic.writer import Writer
from clinlib.errors import BadInput

__all__ = ["GENERATOR_VERSION", "TYPES", "Mechanisms", "generate", "unlabelled"]

GENERATOR_VERSION = 1

EMPTY_SHARE = 0.35
# a letter cannot do with fewer sentences without entities: headings, cues, other sections
_LEAST_EMPTY, _MOST_EMPTY = 0.32, 0.95

# which part of half B a split's entries are drawn from, half of the time
_OTHER = {"train": None, "dev": "dev", "test": "b", "unlabelled": "B"}
_SPLITS = tuple(_OTHER)
_ORDER = (
    "History of present illness",
    "Past medical history",
    "Family history",
    "Laboratory data",
    "Hospital course",
    "Discharge medications",
    "Follow up",
)
_STORY = ("History of present illness", "Hospital course")
# headings on a line of their own, which the segmenter takes for a sentence
_OWN_LINE = {"Past medical history", "Family history", "Laboratory data", "Discharge medications"}
_ONE_A_LINE = {"Laboratory data", "Discharge medications"}
_TASTES = annotators.Tastes(
    types=TYPES,
    leading=("as", "by", "for"),
    wide=("Route", "Form", "Duration"),
    narrow=("Reason", "ADE", "Route"),
)


def generate(
    documents: int = 44,
    seed: int = 0,
    mechanisms: Mechanisms = Mechanisms(),  # noqa: B008  (frozen)
    empty_share: float = EMPTY_SHARE,
) -> dict[str, tuple[Document, ...]]:
    """The letters of the splits "train" (`documents` of them), "dev" (a quarter), "test" (half).

    `empty_share` is the share of sentences without entities, headings on a line of their own
    counted as sentences: 0.35 by default, which is enough for down-sampling to 20 % to remove
    half of them; 0.75 is what the letters of the paper have (a letter is then 2.6 times as long).
    Dev and test follow the guideline; only training has the annotators' departures from it.
    Documents have no sentences yet; a letter is the same whatever the number of letters.

    Raises BadInput for fewer than four documents and a share outside 0.32 to 0.95.
    """
    if documents < 4:
        raise BadInput(f"documents is {documents}; a corpus of letters needs at least 4")
    if not _LEAST_EMPTY <= empty_share <= _MOST_EMPTY:
        raise BadInput(
            f"empty_share is {empty_share}; letters can have {_LEAST_EMPTY} to {_MOST_EMPTY}"
        )
    sizes = {"train": documents, "dev": documents // 4, "test": documents // 2}
    return {
        split: _split(split, size, seed, mechanisms, empty_share) for split, size in sizes.items()
    }


def unlabelled(documents: int, seed: int = 0) -> tuple[str, ...]:
    """Plain letters for pretraining, with entries of both halves of the lexicons.

    No letter of any split is among them, whatever the seeds.
    """
    return tuple(d.text for d in _split("unlabelled", documents, seed, Mechanisms(), EMPTY_SHARE))


def _split(
    split: str, size: int, seed: int, mechanisms: Mechanisms, empty_share: float
) -> tuple[Document, ...]:
    number = _SPLITS.index(split)
    other = _OTHER[split] if mechanisms.halves else None
    noise = np.random.default_rng([seed, number])
    made = []
    for i in range(size):
        writer = Writer(np.random.default_rng([seed, number, i]), mechanisms, other)
        letter = _letter(writer, empty_share)
        if split == "train":
            letter = annotators.annotated(letter, noise, _TASTES, mechanisms)
        made.append(layout.document(f"{split}-{i:03d}", letter, _OWN_LINE, _ONE_A_LINE))
    return tuple(made)


def _letter(writer: Writer, empty_share: float) -> dict[str, list[Sentence]]:
    """A letter: blocks of sentences dealt to sections, then sentences without entities."""
    rng = writer.rng
    blocks: dict[str, list[list[Sentence]]] = {title: [] for title in _ORDER}

    def tell(block: list[Sentence]) -> None:
        blocks[_STORY[rng.integers(2)]].append(block)

    for title, least, most in (
        ("Past medical history", 1, 2),
        ("Family history", 1, 3),
        ("Laboratory data", 1, 3),
    ):
        if rng.random() < 0.7:
            for _ in range(rng.integers(least, most + 1)):
                blocks[title].append([writer.section(title)])
    for _ in range(rng.integers(2, 5)):
        tell(writer.neighbour())
    for type_ in ("Dosage", "Form"):
        for _ in range(rng.integers(1, 4)):
            tell([writer.boundary(type_)])
    for _ in range(rng.integers(3, 6)):
        tell([writer.narrative()])
    for type_ in ("ADE", "Duration"):
        if rng.random() < (0.25 if writer.mechanisms.imbalance else 1.0):
            tell([writer.rare(type_)])
    medications = blocks["Discharge medications"]
    for _ in range(rng.integers(1, 3)):
        medications.append([writer.section("Discharge medications")])
    for _ in range(rng.integers(4, 8)):
        medications.append([writer.line()])
    _pad(writer, blocks, empty_share)
    letter = {}
    for title in _ORDER:
        if blocks[title]:
            order = rng.permutation(len(blocks[title]))
            letter[title] = [s for i in order for s in blocks[title][i]]
    return letter


def _pad(writer: Writer, blocks: dict[str, list[list[Sentence]]], empty_share: float) -> None:
    """Add sentences without entities until they are about `empty_share` of the letter's."""
    sentences = [s for section in blocks.values() for block in section for s in block]
    headings = sum(1 for title in _OWN_LINE if blocks[title])
    for _ in range(layout.missing(sentences, headings, empty_share, writer.rng)):
        title = (*_STORY, "Follow up")[writer.rng.integers(3)]
        first = title == "Follow up" and not blocks[title]
        blocks[title].append([writer.follow_up() if first else writer.filler()])

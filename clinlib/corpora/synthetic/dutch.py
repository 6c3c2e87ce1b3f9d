"""Synthetic Dutch IBD notes: documents of a train, dev and test split, plain notes and a textbook.

Nine types, as in the study of notes on inflammatory bowel disease. All of it is invented.
"""

from collections.abc import Iterator

import numpy as np

from clinlib.corpora.document import Document
from clinlib.corpora.synthetic import annotators, layout
from clinlib.corpora.synthetic.dutch_mechanisms import DutchMechanisms
from clinlib.corpora.synthetic.dutch_templates import HEADINGS, OFTEN, TYPES
from clinlib.corpora.synthetic.dutch_textbook import SENTENCES
from clinlib.corpora.synthetic.dutch_writer import DutchWriter
from clinlib.corpora.synthetic.phrases import Sentence
from clinlib.errors import BadInput

__all__ = [
    "TYPES",
    "DutchMechanisms",
    "generate",
    "textbook",
    "unlabelled",
    "unlabelled_documents",
]

EMPTY_SHARE = 0.45
MOST_NOTES = 4  # of one patient

# which part of half B a split's entries are drawn from, half of the time
_OTHER = {"train": None, "dev": "dev", "test": "b", "unlabelled": "B", "textbook": "B"}
_SPLITS = tuple(_OTHER)
_STORY = "Anamnese"  # the one heading that does not stand on a line of its own
_FILLED = ("Anamnese", "Klinisch onderzoek", "Beleid")
_ONE_A_LINE = ("Voorgeschiedenis", "Laboratorium")
# in how many notes doctors use the second name of a section, and outside training the third
_SECOND_NAME, _UNSEEN_NAME = 0.25, 0.1
# (section, least and most sentences that are worded alike in another section)
_ALIKE = (
    ("Voorgeschiedenis", 1, 2),
    ("Familieanamnese", 1, 3),
    ("Endoscopie", 0, 1),
    ("Conclusie", 0, 1),
    ("Beleid", 0, 1),
)
# sentences with a span of many words in a note, by type
_LONG = {"Disease_extent": 0.7, "Previous_surgery": 0.3}
_TASTES = annotators.Tastes(
    types=TYPES,
    leading=("in", "sinds", "met", "van"),
    wide=("Diagnosis_date", "Disease_extent", "Diagnosis"),
    narrow=("Diagnosis", "Disease_location", "Perianal_disease", "Previous_surgery"),
    joined=("Disease_location",),
    conjunction="en",
)


def generate(
    patients: int = 24,
    seed: int = 0,
    mechanisms: DutchMechanisms = DutchMechanisms(),  # noqa: B008  (frozen)
) -> dict[str, tuple[Document, ...]]:
    """The notes of `patients` patients as "train", of a quarter as many as "dev", half as "test".

    A patient has one to four notes, all in one split; `group` names the patient. About 45 % of
    the sentences hold no entity, headings on a line of their own counted as sentences. Dev and
    test follow the guideline; only training has the annotators' departures from it. Documents
    have no sentences yet; a patient's notes are the same whatever the number of patients.

    Raises BadInput for fewer than four patients.
    """
    if patients < 4:
        raise BadInput(f"patients is {patients}; a corpus of notes needs at least 4")
    sizes = {"train": patients, "dev": patients // 4, "test": patients // 2}
    return {split: _split(split, size, seed, mechanisms) for split, size in sizes.items()}


def unlabelled(notes: int, seed: int = 0) -> tuple[str, ...]:
    """Plain notes for pretraining, with entries of both halves of the lexicons.

    No note of any split is among them, whatever the seeds. Raises BadInput for fewer than one.
    """
    return tuple(document.text for document in unlabelled_documents(notes, seed))


def unlabelled_documents(notes: int, seed: int = 0) -> tuple[Document, ...]:
    """The notes of `unlabelled` with their sections and patients, without spans."""
    _at_least_one("notes", notes)
    made: list[Document] = []
    for patient in _patients("unlabelled", seed, DutchMechanisms()):
        made += [document.with_spans(()) for document in patient]
        if len(made) >= notes:
            break
    return tuple(made[:notes])


def textbook(sentences: int, seed: int = 0) -> tuple[str, ...]:
    """Plain sentences of a textbook, with entries of both halves of the lexicons.

    Raises BadInput for fewer than one.
    """
    _at_least_one("sentences", sentences)
    rng = np.random.default_rng([seed, _SPLITS.index("textbook")])
    writer = DutchWriter(rng, DutchMechanisms(patients=False), _OTHER["textbook"])
    return tuple(writer.fill(writer.one(SENTENCES)).text for _ in range(sentences))


def _at_least_one(name: str, number: int) -> None:
    if number < 1:
        raise BadInput(f"{name} is {number}; at least 1 is needed")


def _split(
    split: str, patients: int, seed: int, mechanisms: DutchMechanisms
) -> tuple[Document, ...]:
    notes = _patients(split, seed, mechanisms)
    return tuple(document for _ in range(patients) for document in next(notes))


def _patients(split: str, seed: int, mechanisms: DutchMechanisms) -> Iterator[list[Document]]:
    """The notes of one patient after another, without end."""
    number = _SPLITS.index(split)
    other = _OTHER[split] if mechanisms.halves else None
    i = 0
    while True:
        writer = DutchWriter(np.random.default_rng([seed, number, i]), mechanisms, other)
        noise = np.random.default_rng([seed, number, i, 1])
        notes = []
        for j in range(writer.rng.integers(1, MOST_NOTES + 1)):
            sections = _note(writer)
            if split == "train":
                sections = annotators.annotated(sections, noise, _TASTES, mechanisms)
            names = _names(writer, split)
            notes.append(
                layout.document(
                    f"{split}-{i:03d}-{j + 1}",
                    {names[title]: sentences for title, sentences in sections.items()},
                    own_line={name for title, name in names.items() if title != _STORY},
                    one_a_line={names[title] for title in _ONE_A_LINE},
                    group=f"{split}-{i:03d}",
                )
            )
        yield notes
        i += 1


def _names(writer: DutchWriter, split: str) -> dict[str, str]:
    """Section -> the heading it has in this note."""
    names = {}
    for title, (first, second, unseen) in HEADINGS.items():
        drawn = writer.rng.random()
        names[title] = first
        if writer.mechanisms.headings:
            if split != "train" and drawn < _UNSEEN_NAME:
                names[title] = unseen
            elif drawn > 1 - _SECOND_NAME:
                names[title] = second
    return names


def _note(writer: DutchWriter) -> dict[str, list[Sentence]]:
    """A note: blocks of sentences dealt to sections, then sentences without entities."""
    rng = writer.rng
    blocks: dict[str, list[list[Sentence]]] = {title: [] for title in HEADINGS}

    def times(mean: float) -> range:
        return range(int(mean + rng.random()))

    def tell(told: tuple[str, Sentence]) -> None:
        blocks[told[0]].append([told[1]])

    for title, least, most in _ALIKE:
        for _ in range(rng.integers(least, most + 1)):
            blocks[title].append([writer.section(title)])
    blocks["Conclusie"].append([writer.abbreviation("Conclusie")])
    if rng.random() < 0.7:
        for _ in range(rng.integers(1, 3)):
            blocks["Laboratorium"].append([writer.abbreviation("Laboratorium")])
        blocks["Laboratorium"].append([writer.laboratory()])
    for _ in times(1.2):
        blocks[_STORY].append(writer.neighbour())
    for type_, mean in _LONG.items():
        for _ in times(mean):
            tell(writer.boundary(type_))
    for _ in times(0.5):
        tell(writer.conjunction())
    for type_, means in OFTEN.items():
        for _ in times(means[0 if writer.mechanisms.imbalance else 1]):
            tell(writer.telling(type_))
    own_line = sum(1 for title in HEADINGS if blocks[title] and title != _STORY)
    sentences = [s for section in blocks.values() for block in section for s in block]
    for _ in range(layout.missing(sentences, own_line, EMPTY_SHARE, rng)):
        title = writer.one(_FILLED)
        first = title == "Beleid" and not blocks[title]
        blocks[title].append([writer.follow_up() if first else writer.filler()])
    note = {}
    for title in HEADINGS:
        if blocks[title]:
            order = rng.permutation(len(blocks[title]))
            note[title] = [s for i in order for s in blocks[title][i]]
    return note

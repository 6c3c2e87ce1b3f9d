"""DutchMechanisms: the switches of the synthetic Dutch notes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DutchMechanisms:
    """What makes the notes hard, each with a switch; all on by default.

    `section`: the section decides whether a disease, a location or a behaviour is the patient's or
    a relative's, and whether an operation was done or is planned. Off: the sentence says it.
    `abbreviation`: the section decides whether two capitals (CD, CU, UC ...) are a Diagnosis
    (conclusion) or a laboratory value. Off: the sentence says it.
    `neighbour`: the sentence before decides whether a date is that of the diagnosis. Off: the
    sentence itself says it.
    `conjunction`: "ileum en caecum" is two locations, "terminale en distale ileum" is one. Off:
    one common word in their place.
    `boundary`: extents and operations of many words are one span each ("xitis tot 40 cm van het
    xcolon"), of words half unseen in test. Off: one common word in their place.
    `patients`: half of a patient's entries come back in all notes of that patient. Off: every
    mention is drawn anew.
    `headings`: doctors name a section differently; one heading in ten of dev and test is spelled
    as none in training. Off: one heading a section.
    `halves`: dev and test draw half their entries from half B of the lexicons. Off: all from A.
    `homographs`: a third of the entries come from the lexicon of a twin (locations and extents,
    behaviour and peri-anal disease; people are called as drugs are). Off: each type has its own.
    `noise`: 4 % of the training spans are dropped or given another type.
    `jitter`: 4 % of the training spans have an edge moved by a word.
    `styles`: an annotator with other habits labelled two training notes in five.
    `imbalance`: types are as unequal as the paper describes. Off: they are closer to equal.
    """

    section: bool = True
    abbreviation: bool = True
    neighbour: bool = True
    conjunction: bool = True
    boundary: bool = True
    patients: bool = True
    headings: bool = True
    halves: bool = True
    homographs: bool = True
    noise: bool = True
    jitter: bool = True
    styles: bool = True
    imbalance: bool = True

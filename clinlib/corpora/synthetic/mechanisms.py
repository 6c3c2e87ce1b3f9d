"""Mechanisms: the switches of a synthetic corpus."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mechanisms:
    """What makes the corpus hard, each with a switch; all on by default.

    `section`: the section decides whether a condition is a Reason (past medical history) or nothing
    (family history), and whether two capitals are a Drug (discharge medications) or a laboratory
    value. Off: the sentence itself says it.
    `neighbour`: a cue in the previous sentence decides Reason or ADE for the same words. Off: the
    cue stands in the sentence itself.
    `boundary`: doses of five words and conjoined forms are one span each ("3 kelful and 2 brolet"),
    made of words that are half unseen in test, so that labels must agree over many subwords. Off:
    a single common word stands in their place.
    `halves`: dev and test draw half their entries from half B of the lexicons. Off: all from A.
    `homographs`: a third of the entries come from the lexicon of a twin (Reason and ADE, Form and
    Route, Strength and Dosage, Frequency and Duration; drugs and laboratory tests, people called
    as drugs are), so that a word alone does not tell its type. Off: each type has its own words.
    `noise`: 4 % of the training spans are dropped or given another type.
    `jitter`: 4 % of the training spans have an edge moved by a word.
    `styles`: an annotator with other habits labelled two training documents in five.
    `imbalance`: types are as unequal as in real letters. Off: they are closer to equal.
    """

    section: bool = True
    neighbour: bool = True
    boundary: bool = True
    halves: bool = True
    homographs: bool = True
    noise: bool = True
    jitter: bool = True
    styles: bool = True
    imbalance: bool = True

"""Mechanisms: the switches of the synthetic Chinese records."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mechanisms:
    """What makes the records hard and their pool redundant, each with a switch; all on by default.

    `section`: the section decides whether a condition is a Disease (past history) or nothing
    (family history), and whether two capitals are a Laboratory test or an Imaging examination.
    Off: the sentence itself says it.
    `boundary`: two body parts joined by a conjunction are one span, of words that are half unseen
    in test. Off: one common word in their place.
    `halves`: dev and test draw half their entries from half B of the lexicons. Off: all from A.
    `homographs`: a third of the body parts are called as diseases are, and the other way round, so
    that a word alone does not tell its type. Off: each type has its own words.
    `noise`: 4 % of the training spans are dropped or given another type.
    `imbalance`: Operation and Imaging are rare. Off: six times as many sentences tell of them.
    `clusters`: in training, the sentences of the rare types stand in one record in twelve, none of
    which is copied. Off: they are spread over all records, as in dev and test.

    How much of the training split are near-duplicates is a number, an argument of `generate`.
    """

    section: bool = True
    boundary: bool = True
    halves: bool = True
    homographs: bool = True
    noise: bool = True
    imbalance: bool = True
    clusters: bool = True

"""Writer: drafts of Chinese sentences, labelled as the guideline has them, and their variants.

It knows mechanisms and lexicons; it knows nothing of records, splits or annotators.
"""

from dataclasses import dataclass, replace

import numpy as np

from clinlib.corpora.synthetic import chinese_templates as templates
from clinlib.corpora.synthetic.chinese_lexicon import NAMES, lexicon
from clinlib.corpora.synthetic.phrases import Filling, Sentence, fill
from clinlib.corpora.synthetic.slots import SlotFiller

TWINS = {"disease": "anatomy", "anatomy": "disease"}
# slots that no variant draws again: they say of another slot what the section would
_FIXED = ("whose", "means")


@dataclass(frozen=True)
class Draft:
    """A sentence that can be varied: its section, wording with slots, and what fills each slot."""

    title: str
    wording: str
    slots: tuple[str, ...]
    fillings: tuple[Filling, ...]

    def sentence(self) -> Sentence:
        """The text and its marks."""
        left = iter(self.fillings)
        # no choice is left in the wording, so that nothing is drawn
        return fill(self.wording, np.random.default_rng(0), lambda _: next(left))


class Writer(SlotFiller):
    """Fills the Chinese templates with entries of half A, and for half of them of `other`."""

    lexicon = staticmethod(lexicon)
    names = NAMES
    types = {t.lower(): t for t in templates.TYPES}
    twins = TWINS

    def common(self, title: str) -> Draft:
        """A sentence of a section that any record may have."""
        return self._draft(title, self.one(templates.COMMON[title]))

    def filler(self) -> Draft:
        """A sentence without entities, in one of the sections that tell a story."""
        return self._draft(self.one(templates.TELLING), self.one(templates.FILLERS))

    def rare(self, type_: str) -> Draft:
        """A sentence with an entity of a rare type: "Imaging" or "Operation"."""
        title, wordings = templates.RARELY[type_]
        return self._draft(title, self.one(wordings))

    def variant(self, draft: Draft, share: float) -> Draft:
        """The draft with about `share` of its words drawn again."""
        fillings = tuple(
            self._filling(slot, draft.title)
            if slot not in _FIXED and self.rng.random() < share
            else filling
            for slot, filling in zip(draft.slots, draft.fillings, strict=True)
        )
        return replace(draft, fillings=fillings)

    def _draft(self, title: str, template: str) -> Draft:
        slots: list[str] = []

        def keep(slot: str) -> Filling:
            slots.append(slot)
            return Filling(f"{{{slot}}}")

        wording = fill(template, self.rng, keep).text
        fillings = tuple(self._filling(slot, title) for slot in slots)
        return Draft(title, wording, tuple(slots), fillings)

    def _filling(self, slot: str, title: str) -> Filling:
        """What stands in a slot of a sentence under that title. KeyError for an unknown slot."""
        on = self.mechanisms.section
        if slot == "condition":
            entry, _ = self.entry("disease")
            return Filling(entry) if title == templates.FAMILY else _by_section(entry, "Disease")
        if slot == "code":
            entry, _ = self.entry("code")
            return _by_section(entry, "Imaging" if title == templates.PICTURES else "Laboratory")
        if slot == "whose":
            return Filling("" if on else templates.WHOSE[title])
        if slot == "means":
            return Filling("" if on else templates.MEANS[title])
        if slot == "regions":
            several, one = templates.REGIONS
            pattern = several if self.mechanisms.boundary else one
            return Filling(fill(pattern, self.rng, self.slot).text, "Anatomy", "boundary")
        if slot == "n":
            return Filling(str(self.rng.integers(2, 60)))
        if slot == "year":
            return Filling(str(self.rng.integers(1970, 2020)))
        if slot == "name":
            return Filling(self.one(templates.SURNAMES) + self.one(templates.RANKS))
        return self.slot(slot)


def _by_section(entry: str, type_: str) -> Filling:
    return Filling(entry, type_, "section")

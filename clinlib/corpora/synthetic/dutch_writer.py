"""DutchWriter: draws the sentences of one patient's notes, labelled as the guideline has them.

It knows mechanisms and lexicons; it knows nothing of documents, splits or annotators.
"""

import numpy as np

from clinlib.corpora.synthetic import dutch_templates as templates
from clinlib.corpora.synthetic.dutch_lexicon import NAMES, dutch_lexicon, dutch_word, dutch_words
from clinlib.corpora.synthetic.dutch_mechanisms import DutchMechanisms
from clinlib.corpora.synthetic.phrases import Filling, Sentence, fill
from clinlib.corpora.synthetic.slots import HOMOGRAPHS, SlotFiller

# whose words a lexicon's slots also take
DUTCH_TWINS = {
    "location": "extent",
    "extent": "location",
    "behaviour": "perianal",
    "perianal": "behaviour",
}
TYPE_OF = {
    "diagnosis": "Diagnosis",
    "date": "Diagnosis_date",
    "weight": "Body_weight",
    "length": "Length",
    "surgery": "Previous_surgery",
    "location": "Disease_location",
    "behaviour": "Disease_behaviour",
    "extent": "Disease_extent",
    "perianal": "Perianal_disease",
}
# what stays as it is from note to note; a weight does not
FACTS = (*(name for name in TYPE_OF if name != "weight"), "abbreviation")
FACT_SHARE = 0.5

_CONJOINED = ("Disease_location", "conjunction")  # type and mechanism
_NAME_ENDINGS = ("", "", "mans", "beek", "gem", "stra")


class DutchWriter(SlotFiller):
    """Fills the Dutch templates; half of the mentions are of the patient's own facts."""

    lexicon = staticmethod(dutch_lexicon)
    names = NAMES
    types = TYPE_OF
    twins = DUTCH_TWINS

    def __init__(self, rng: np.random.Generator, mechanisms: DutchMechanisms, other: str | None):
        super().__init__(rng, mechanisms, other)
        self.facts: dict[str, tuple[str, str]] = {}
        if mechanisms.patients:
            self.facts = {name: super(DutchWriter, self).entry(name) for name in FACTS}

    def filler(self) -> Sentence:
        """A sentence without entities."""
        return self.fill(self._tailed(self.one(templates.FILLERS)))

    def laboratory(self) -> Sentence:
        """A line of laboratory values, without entities."""
        return self.fill(self.one(templates.LABORATORY))

    def follow_up(self) -> Sentence:
        """A sentence without entities that begins the last section."""
        return self.fill(templates.FOLLOW_UP)

    def telling(self, type_: str) -> tuple[str, Sentence]:
        """A section, and a sentence of it whose wording tells its entity of that type."""
        title, template = self.one(templates.TELLING[type_])
        return title, self.fill(self._tailed(template))

    def boundary(self, type_: str) -> tuple[str, Sentence]:
        """A section, and a sentence with an extent or operation of many words."""
        several, one = templates.EXPRESSIONS[type_]
        expression = self._expression(several) if self.mechanisms.boundary else one
        title, template = self.one(templates.BOUNDARY[type_])
        filling = Filling(expression, type_, "boundary")
        return title, self.fill(template, expression=filling)

    def conjunction(self) -> tuple[str, Sentence]:
        """A section, and a sentence with two conjoined locations, or one of two adjectives."""
        title, template = self.one(templates.CONJUNCTION)
        pattern = templates.ONE_LOCATION
        if self.mechanisms.conjunction:
            pattern = self.one(templates.CONJOINED)
        if pattern == templates.CONJOINED[0]:
            left = right = self.entry("location")[0]
            while right == left:
                right = self.entry("location")[0]
            template = template.replace("{expression}", pattern)
            both = {"left": Filling(left, *_CONJOINED), "right": Filling(right, *_CONJOINED)}
            return title, self.fill(template, **both)
        filling = Filling(self._expression(pattern), *_CONJOINED)
        return title, self.fill(template, expression=filling)

    def section(self, title: str) -> Sentence:
        """A sentence that is worded alike in two sections and holds an entity in one of them."""
        rows = [row for row in templates.SECTION if title in row[:2]]
        return self._decided(self.one(rows), title, "section", self.mechanisms.section)

    def abbreviation(self, title: str) -> Sentence:
        """Two capitals: a Diagnosis in the conclusion, a value in the laboratory section."""
        switched = self.mechanisms.abbreviation
        return self._decided(templates.ABBREVIATION, title, "abbreviation", switched)

    def neighbour(self) -> list[Sentence]:
        """Two sentences; the first decides whether the date of the second is the diagnosis's."""
        kind = self.one(tuple(templates.CUES))
        entry, _ = self.entry("date")
        target = Filling(entry, TYPE_OF["date"], "neighbour") if kind == "date" else Filling(entry)
        if self.mechanisms.neighbour:
            before, cue = self.fill(templates.CUES[kind]), ""
        else:
            before, cue = self.filler(), templates.NEIGHBOUR_INSIDE[kind]
        return [before, self.fill(self.one(templates.NEIGHBOUR), target=target, cue=Filling(cue))]

    def entry(self, name: str) -> tuple[str, str]:
        """As for any writer; a fact of the patient comes back in half of its mentions."""
        if name in self.facts and self.rng.random() < FACT_SHARE:
            return self.facts[name]
        return super().entry(name)

    def slot(self, slot: str) -> Filling:
        """As for any writer; {n} is a number, {name} a person or place."""
        if slot == "n":
            return Filling(str(self.rng.integers(2, 60)))
        if slot == "name":
            return Filling(self._name())
        return super().slot(slot)

    def _decided(self, row: tuple, title: str, why: str, switched: bool) -> Sentence:
        positive, _, type_, name, template, cues = row
        entry, _ = self.entry(name)
        entity = title == positive
        target = Filling(entry, type_, why) if entity else Filling(entry)
        cue = "" if switched else cues[0 if entity else 1]
        return self.fill(template, target=target, cue=Filling(cue))

    def _expression(self, pattern: str) -> str:
        text = fill(pattern, self.rng, self.slot).text
        return text[0].lower() + text[1:]

    def _tailed(self, template: str) -> str:
        """The template, half of the time with a clause without entities at its end."""
        if self.rng.random() < 0.5:
            return template
        return template.removesuffix(".") + self.one(templates.TAILS)

    def _name(self) -> str:
        """A person or place: most often a word of its own, else one that is called as a drug is."""
        if self.mechanisms.homographs and self.rng.random() < HOMOGRAPHS:
            return self.entry("medication")[0].split()[0].capitalize()
        while True:  # an entry of a lexicon would tell of half B
            name = dutch_word(self.rng, int(self.rng.integers(1, 4))) + self.one(_NAME_ENDINGS)
            if name not in dutch_words():
                return name.capitalize()

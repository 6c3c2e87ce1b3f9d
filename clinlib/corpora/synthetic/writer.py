"""Writer: draws the sentences of one letter, labelled as the guideline has them.

It knows mechanisms and lexicons; it knows nothing of documents, splits or annotators.
"""

from clinlib.corpora.synthetic import templates
from clinlib.corpora.synthetic.lexicon import NAMES, known_words, lexicon, word
from clinlib.corpora.synthetic.phrases import Filling, Sentence, fill
from clinlib.corpora.synthetic.slots import HOMOGRAPHS, SlotFiller

# whose words a lexicon's slots also take; people and places are called as drugs are
TWINS = {
    "reason": "ade",
    "ade": "reason",
    "form": "route",
    "route": "form",
    "strength": "dosage",
    "dosage": "strength",
    "frequency": "duration",
    "duration": "frequency",
    "drug": "analyte",
    "analyte": "drug",
}

_NAME_ENDINGS = ("", "", "son", "ley", "ford", "ham")


class Writer(SlotFiller):
    """Fills the English templates with entries of half A, and for half of them of `other`."""

    lexicon = staticmethod(lexicon)
    names = NAMES
    types = {t.lower(): t for t in templates.TYPES}
    twins = TWINS

    def filler(self) -> Sentence:
        """A sentence without entities, of any section."""
        return self.fill(self._tailed(self.one(templates.FILLERS)))

    def follow_up(self) -> Sentence:
        """A sentence without entities that begins the last section."""
        return self.fill(templates.FOLLOW_UP)

    def narrative(self) -> Sentence:
        """A sentence whose wording tells its entities."""
        return self.fill(self._tailed(self.one(templates.NARRATIVE)))

    def rare(self, type_: str) -> Sentence:
        """A sentence with an entity of a rare type: "ADE" or "Duration"."""
        return self.fill(self._tailed(self.one(templates.RARE[type_])))

    def line(self) -> Sentence:
        """A line of a medication list: a drug and a random choice of its attributes."""
        share = 0 if self.mechanisms.imbalance else 1
        pieces = [piece[2] for piece in templates.LINE if self.rng.random() < piece[share]]
        return self.fill(self._tailed("{drug}" + "".join(pieces) + "."))

    def boundary(self, type_: str) -> Sentence:
        """A sentence with a multi-token dose ("Dosage") or conjoined forms ("Form")."""
        several, one = templates.EXPRESSIONS[type_]
        pattern = several if self.mechanisms.boundary else one
        expression = fill(pattern, self.rng, self.slot).text
        expression = expression[0].lower() + expression[1:]
        return self.fill(
            self.one(templates.BOUNDARY[type_]), expression=Filling(expression, type_, "boundary")
        )

    def section(self, title: str) -> Sentence:
        """A sentence that is worded alike in two sections and holds an entity in one of them."""
        for positive, negative, type_, name, template, cues in templates.SECTION:
            if title in (positive, negative):
                entry, _ = self.entry(name)
                entity = title == positive
                target = Filling(entry, type_, "section") if entity else Filling(entry)
                cue = "" if self.mechanisms.section else cues[0 if entity else 1]
                return self.fill(template, target=target, cue=Filling(cue))
        raise KeyError(title)

    def neighbour(self) -> list[Sentence]:
        """Two sentences; the first decides whether the finding of the second is Reason or ADE."""
        type_ = self.one(("Reason", "ADE"))
        target = Filling(self.entry("finding")[0], type_, "neighbour")
        if self.mechanisms.neighbour:
            before, cue = self.fill(self.one(templates.CUES[type_])), ""
        else:
            before, cue = self.filler(), templates.NEIGHBOUR_INSIDE[type_]
        sentence = self.fill(self.one(templates.NEIGHBOUR), target=target, cue=Filling(cue))
        return [before, sentence]

    def _tailed(self, template: str) -> str:
        """The template, two times in three with a clause without entities at its end."""
        if self.rng.random() < 1 / 3:
            return template
        return template.removesuffix(".") + self.one(templates.TAILS)

    def slot(self, slot: str) -> Filling:
        """As for any writer; {n} is a number, {year} a year, {name} a person or place."""
        if slot == "n":
            return Filling(str(self.rng.integers(2, 60)))
        if slot == "year":
            return Filling(str(self.rng.integers(1970, 2020)))
        if slot == "name":
            return Filling(self._name())
        return super().slot(slot)

    def _name(self) -> str:
        """A person or place: most often a word of its own, else one that is called as a drug is."""
        if self.mechanisms.homographs and self.rng.random() < HOMOGRAPHS:
            return self.entry("drug")[0].split()[0].capitalize()
        while True:  # an entry of a lexicon would tell of half B
            name = word(self.rng, int(self.rng.integers(1, 4))) + self.one(_NAME_ENDINGS)
            if name not in known_words():
                return name.capitalize()

"""SlotFiller: fills the slots of templates with entries of the lexicons.

It knows no language; a writer of one names its lexicons and adds what its slots may also hold.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from clinlib.corpora.synthetic.entries import Lexicon
from clinlib.corpora.synthetic.phrases import Filling, Sentence, fill

HOMOGRAPHS = 0.35


class SlotFiller:
    """Draws entries of half A, and for half the draws of `other`, if any.

    `other` is a part of the lexicons: "dev", "b" or "B"; None draws from half A alone. With
    `mechanisms.homographs`, an entry of a lexicon in `twins` comes from its twin now and then.
    """

    lexicon: Callable[[str], Lexicon]
    names: tuple[str, ...]
    types: dict[str, str]  # lexicon -> the type of its entries
    twins: dict[str, str]

    def __init__(self, rng: np.random.Generator, mechanisms: Any, other: str | None):
        self.rng = rng
        self.mechanisms = mechanisms  # of the corpus; here its `homographs` alone is read
        self.other = other

    def one(self, options):
        """One of the options, each as likely as another."""
        return options[self.rng.integers(len(options))]

    def entry(self, name: str) -> tuple[str, str]:
        """An entry of a lexicon and the mechanism it stands for.

        "unseen" is an entry of half B, "homograph" one of the twin lexicon, else "lexicon".
        """
        why = "lexicon"
        if self.mechanisms.homographs and name in self.twins and self.rng.random() < HOMOGRAPHS:
            name, why = self.twins[name], "homograph"
        if self.other is not None and self.rng.random() < 0.5:
            return self.lexicon(name).draw(self.rng, self.other), "unseen"
        return self.lexicon(name).draw(self.rng, "a"), why

    def slot(self, slot: str) -> Filling:
        """What stands in a slot; one that ends in "!" is no entity. KeyError for an unknown one."""
        name = slot.rstrip("!")
        if name not in self.names:
            raise KeyError(slot)
        entry, why = self.entry(name)
        return Filling(entry) if slot.endswith("!") else Filling(entry, self.types[name], why)

    def fill(self, template: str, **given: Filling) -> Sentence:
        """The sentence of a template; `given` says what stands in some of its slots."""
        return fill(template, self.rng, lambda slot: given.get(slot) or self.slot(slot))

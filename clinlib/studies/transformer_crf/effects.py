"""What a CRF and what pretraining change: differences paired by seed, with their intervals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from clinlib.studies.cells import Cell, Record
from clinlib.studies.comparisons import paired, reading_of
from clinlib.studies.transformer_crf.results import Arm, Results

Value = str | Callable[[Record], float | None]


@dataclass(frozen=True)
class Effect:
    """The difference left minus right between two arms that differ in one thing, `what`."""

    what: str
    left: Arm
    right: Arm
    difference: Cell

    @property
    def within(self) -> str:
        """What the two arms have in common besides the corpus: the encoder, or the head."""
        return self.left.encoder if self.left.encoder == self.right.encoder else self.left.head


def of_crf(results: Results, value: Value) -> list[Effect]:
    """CRF minus softmax, per corpus and encoder."""
    return [
        _effect(results, "CRF − softmax", arm, Arm(arm.corpus, arm.encoder, "softmax"), value)
        for arm in results.arms
        if arm.head == "crf" and Arm(arm.corpus, arm.encoder, "softmax") in results.final
    ]


def of_pretraining(results: Results, value: Value) -> list[Effect]:
    """Pretrained minus from scratch, per corpus and head, for every such pair of encoders."""
    return [
        _effect(results, f"{left.encoder} − {right.encoder}", left, right, value)
        for left in results.arms
        for right in results.arms
        if (left.corpus, left.head) == (right.corpus, right.head)
        and left.pretrained
        and not right.pretrained
    ]


def frame(results: Results, values: Mapping[str, Value]) -> pd.DataFrame:
    """Effects as rows (corpus, difference, with), one column of cells per named value."""
    rows: dict[tuple[str, str, str], dict[str, Cell]] = {}
    for name, value in values.items():
        for effect in of_crf(results, value) + of_pretraining(results, value):
            place = (effect.left.corpus, effect.what, effect.within)
            rows.setdefault(place, {})[name] = effect.difference
    index = pd.MultiIndex.from_tuples(list(rows), names=["corpus", "difference", "with"])
    return pd.DataFrame(list(rows.values()), index=index, columns=list(values), dtype=object)


def reading(effect: Effect) -> str:
    """What the interval of a difference says, as a sentence; it says so where it says nothing."""
    return reading_of(
        f"{effect.what} with {effect.within}, on {effect.left.corpus}", effect.difference, "F1"
    )


def by_label(results: Results, corpus: str, value: Value) -> dict[str, Cell]:
    """The differences on one corpus, by what differs and what the two arms share."""
    found = of_crf(results, value) + of_pretraining(results, value)
    return {
        f"{effect.what}, {effect.within}": effect.difference
        for effect in found
        if effect.left.corpus == corpus
    }


def _effect(results: Results, what: str, left: Arm, right: Arm, value: Value) -> Effect:
    return Effect(what, left, right, paired(results.final[left], results.final[right], value))

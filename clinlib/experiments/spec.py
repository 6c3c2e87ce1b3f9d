"""The kinds of configuration: they say what a run is, no more."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from clinlib.errors import BadInput, unknown
from clinlib.experiments.active_learning_runs import ActiveLearning
from clinlib.experiments.config import Config
from clinlib.experiments.encoder_runs import Pretrain, Vectors
from clinlib.experiments.names import (
    LEARN_VOCABULARY,
    MODEL,
    RECURRENT,
    SCRATCH,
    Seed,
    no_repeats,
)
from clinlib.experiments.tagger_runs import Choose, FineTune, PseudoLabel, runs_of


class Ensemble(Config):
    """Taggers of one corpus that vote, scored on its test split.

    Each unit's label is voted on (clinlib.transfer.voting), so that all members must cut and tag
    the text alike; they may differ in folds, seeds, heads and rates. A vote of one is that
    tagger's labels, repaired.
    """

    kind: ClassVar[str] = "ensemble"
    VERSION: ClassVar[int] = 1
    routine: ClassVar[str] = "clinlib.experiments.ensemble:run"
    starts_from: ClassVar[tuple[str, ...]] = ("of",)

    of: Annotated[tuple[FineTune, ...], Field(min_length=1)]
    keep_predictions: bool = False

    @model_validator(mode="after")
    def _alike(self) -> Self:
        no_repeats("of", self.of)
        for name in ("corpus", "scheme", "unit", "context", "layout", "max_length", "sections"):
            found = {getattr(each, name): None for each in self.of}
            if len(found) > 1:
                raise BadInput(f"of: members differ in {name} ({', '.join(map(str, found))})")
        return self


class Similarity(Config):
    """How near two taggers of one parent encoder lie, by their states on the target's text.

    `vectors`: the most states of units that are compared. Distances: clinlib.transfer.similarity.
    """

    kind: ClassVar[str] = "similarity"
    VERSION: ClassVar[int] = 2
    routine: ClassVar[str] = "clinlib.experiments.similarity:run"
    starts_from: ClassVar[tuple[str, ...]] = ("source", "target")

    source: "FineTune | Choose"
    target: "FineTune | Choose"
    vectors: Annotated[int, Field(ge=2)] = 30_000
    seed: Seed = 0

    @model_validator(mode="after")
    def _one_parent(self) -> Self:
        for name, side in (("source", self.source), ("target", self.target)):
            if isinstance(side, Choose) and side.take != MODEL:
                raise BadInput(f"{name}: the Choose takes {side.take}, not {MODEL}")
        runs = [each for side in (self.source, self.target) for each in runs_of(side)]
        if any(each.recurrent for each in runs):
            raise BadInput(
                "recurrent: the states of a BiLSTM that each tagger has of its own lie "
                "in spaces that no rotation relates"
            )
        if any(each.sections != "none" for each in runs):
            raise BadInput(
                "sections: a source's headings are not the target's; compare taggers without"
            )
        encoders = [each.encoder for each in runs]
        if any(each != encoders[0] for each in encoders):
            raise BadInput(
                "source and target do not share a parent encoder: their states lie in spaces that "
                "no rotation relates"
            )
        if encoders[0] in (*SCRATCH, RECURRENT):
            learnt = encoders[0] in LEARN_VOCABULARY
            begun = {(e.seed, *((e.corpus, e.vocabulary) if learnt else ())): e for e in runs}
            if len(begun) > 1:
                said = " and ".join(f"{e.corpus} (seed {e.seed})" for e in begun.values())
                raise BadInput(
                    f"encoder: '{encoders[0]}' begins as another one on {said}: they share no "
                    "parent encoder; take a pretrained one"
                )
        return self


KINDS: dict[str, type[Config]] = {
    each.kind: each
    for each in (
        Pretrain,
        Vectors,
        FineTune,
        Choose,
        Ensemble,
        Similarity,
        PseudoLabel,
        ActiveLearning,
    )
}
Similarity.model_rebuild()


def from_dict(data: Mapping[str, Any]) -> Config:
    """The configuration that `Config.to_dict` (or a JSON file) describes.

    Raises BadInput for an unknown kind or field, or a value of another type.
    """
    if "kind" not in data:
        raise BadInput(f"a configuration names its kind, one of {', '.join(sorted(KINDS))}")
    if data["kind"] not in KINDS:
        raise unknown("kind of configuration", data["kind"], KINDS)
    return KINDS[data["kind"]](**{k: _nested(v) for k, v in data.items() if k != "kind"})


def _nested(value: Any) -> Any:
    if isinstance(value, Mapping):
        return from_dict(value)
    if isinstance(value, list | tuple):
        return tuple(_nested(each) for each in value)
    return value

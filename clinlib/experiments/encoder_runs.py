"""Pretrain and Vectors: the runs that make an encoder from unlabelled text."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from clinlib.corpora.label_words import label_words
from clinlib.errors import BadInput, unknown
from clinlib.experiments.config import Config
from clinlib.experiments.names import (
    ENCODERS,
    POSITIONS,
    RECURRENT,
    SCRATCH,
    Count,
    Precision,
    Rate,
    Seed,
    Share,
    Weight,
    check_encoder,
    check_texts,
    no_repeats,
)

if TYPE_CHECKING:
    from clinlib.experiments.tagger_runs import PseudoLabel


class Pretrain(Config):
    """An encoder pretrained on unlabelled text by masked-language modelling.

    `texts`: "corpus:NAME" is the text of the corpus's training split, "text:FILE" a file of the
    data folder's text/, "unlabelled:CORPUS" and "textbook:CORPUS" what the generator of a synthetic
    corpus makes beside it. `limit`: the most subwords that each of them gives, None for all.
    `keep_out`: corpora of whose test documents nothing may be read: texts that share passages
    with them are left out. `start` is the encoder to continue from, None for random weights of
    `architecture` with a `vocabulary` learnt from the texts; where there is a start, both are its.

    `silver` takes the place of texts: documents in which a tagger has found entities. With it
    `masks` may be those of entities alone (entity masking, Francis et al. 2024), `label_tokens`
    may stand around them, `scored` says of which positions the loss is, and `contrast` is the
    weight of the contrastive term with its `temperature`.
    """

    kind: ClassVar[str] = "pretrain"
    VERSION: ClassVar[int] = 1
    routine: ClassVar[str] = "clinlib.experiments.pretrain:run"
    makes_artifact: ClassVar[bool] = True
    starts_from: ClassVar[tuple[str, ...]] = ("start", "silver")

    architecture: str = "scratch-tiny"
    texts: tuple[str, ...] = ()
    silver: "PseudoLabel | None" = None
    limit: Count | None = None
    keep_out: tuple[str, ...] = ()
    vocabulary: Count = 4000
    start: "str | Pretrain | None" = None
    learning_rate: Rate = 1e-3
    epochs: Count = 10
    batch_subwords: Count = 4096
    length: Annotated[int, Field(ge=3)] = 128  # per training sequence, special tokens included
    masking: Annotated[float, Field(gt=0, le=1)] = 0.15
    masks: Literal["tokens", "entities"] = "tokens"
    label_tokens: bool = False
    scored: Literal["masked", "all"] = "masked"
    contrast: Weight = 0.0
    temperature: Rate = 0.01
    warmup: Share = 0.1  # share of the updates
    weight_decay: Weight = 0.01
    precision: Precision = "float32"
    seed: Seed = 0

    @field_validator("architecture")
    @classmethod
    def _known_architecture(cls, name: str) -> str:
        if name not in SCRATCH:
            raise unknown("architecture", name, SCRATCH)
        return name

    @field_validator("start", mode="before")
    @classmethod
    def _reads_masks(cls, start: object) -> object:
        if start == RECURRENT or isinstance(start, Vectors):
            raise BadInput(
                "an LSTM, with vectors or without, is not pretrained by masks; start from none or "
                f"one of {', '.join(name for name in ENCODERS if name != RECURRENT)}"
            )
        return start

    @field_validator("start")
    @classmethod
    def _known_start(cls, start: "str | Pretrain | None") -> "str | Pretrain | None":
        return check_encoder(start) if isinstance(start, str) else start

    @field_validator("keep_out")
    @classmethod
    def _named_once(cls, corpora: tuple[str, ...]) -> tuple[str, ...]:
        no_repeats("keep_out", corpora)
        return corpora

    @field_validator("texts")
    @classmethod
    def _known_texts(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        return check_texts(texts)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if bool(self.texts) == (self.silver is not None):
            raise BadInput("give exactly one of texts and silver")
        if self.silver is not None and (self.limit or self.keep_out):
            raise BadInput("limit and keep_out are those of the pseudo labels, not of their reader")
        if self.masks == "entities":
            if self.silver is None:
                raise BadInput("masks: entities are known in silver documents alone; give silver")
            if self.label_tokens:
                label_words(self.silver.corpus)  # before any training, not after the tagger's
        elif self.label_tokens or self.contrast or self.scored == "all":
            raise BadInput("label_tokens, contrast and scored are for masks 'entities'")
        self._check_start()
        return self

    def _check_start(self) -> None:
        """Raises BadInput for what the encoder that this begins with is not, or cannot read."""
        first = self
        while isinstance(first.start, Pretrain):
            first = first.start
        if not str(first.start).startswith("hub:") and self.length > POSITIONS:
            raise BadInput(
                f"length: sequences of {self.length} subwords, but the encoder has {POSITIONS} "
                f"positions; take {POSITIONS} or fewer"
            )
        if self.start is None:
            return
        for field in ("architecture", "vocabulary"):
            given, unsaid = getattr(self, field), type(self).model_fields[field].default
            # a chain of pretrainings may say again what its first one says
            if given not in (unsaid, getattr(first, field) if first.start is None else unsaid):
                raise BadInput(
                    f"{field}: {given} is given, but the encoder that this starts from has its "
                    f"own; leave {field} out, or start from none"
                )

    @property
    def positions(self) -> int | None:
        """How many positions of a window were trained; None where `start` names an encoder."""
        if isinstance(self.start, Pretrain):
            before = self.start.positions
            return None if before is None else max(before, self.length)
        return self.length if self.start is None or self.start in SCRATCH else None


class Vectors(Config):
    """An LSTM encoder that begins with vectors of subwords, learnt by word2vec.

    `texts` and `keep_out` as in Pretrain; `limit`: the most characters that each text gives.
    """

    kind: ClassVar[str] = "vectors"
    VERSION: ClassVar[int] = 1
    routine: ClassVar[str] = "clinlib.experiments.vectors:run"
    makes_artifact: ClassVar[bool] = True

    texts: Annotated[tuple[str, ...], Field(min_length=1)]
    limit: Count | None = None
    keep_out: tuple[str, ...] = ()
    vocabulary: Count = 4000
    size: Count = 100
    window: Count = 5  # subwords on each side
    epochs: Count = 5
    seed: Seed = 0

    @field_validator("texts")
    @classmethod
    def _known_texts(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        return check_texts(texts)

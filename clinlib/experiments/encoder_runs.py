"""Pretrain and Vectors: the runs that make an encoder from unlabelled text."""

from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from clinlib.errors import unknown
from clinlib.experiments.config import Config
from clinlib.experiments.names import (
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


class Pretrain(Config):
    """An encoder pretrained on unlabelled text by masked-language modelling.

    `texts`: "corpus:NAME" is the text of the corpus's training split, "text:FILE" a file of the
    data folder's text/, "unlabelled:CORPUS" and "textbook:CORPUS" what the generator of a synthetic
    corpus makes beside it. `limit`: the most subwords that each of them gives, None for all.
    `keep_out`: corpora of whose test documents nothing may be read: texts that share passages
    with them are left out. `start` is the encoder to continue from, None for random weights.
    """

    kind: ClassVar[str] = "pretrain"
    VERSION: ClassVar[int] = 1
    routine: ClassVar[str] = "clinlib.experiments.pretrain:run"
    makes_artifact: ClassVar[bool] = True
    starts_from: ClassVar[tuple[str, ...]] = ("start",)

    architecture: str = "scratch-tiny"
    texts: Annotated[tuple[str, ...], Field(min_length=1)]
    limit: Count | None = None
    keep_out: tuple[str, ...] = ()
    vocabulary: Count = 4000
    start: "str | Pretrain | None" = None
    learning_rate: Rate = 1e-3
    epochs: Count = 10
    batch_subwords: Count = 4096
    length: Count = 128  # subwords per training sequence
    masking: Annotated[float, Field(gt=0, le=1)] = 0.15
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

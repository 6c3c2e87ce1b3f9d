"""Names and types of what configurations hold: encoders, scores, texts, counts and rates."""

import re
from typing import Annotated, Literal

from pydantic import Field

from clinlib.errors import BadInput, unknown

SCRATCH = ("scratch-tiny", "scratch-mini", "scratch-small")
RECURRENT = "bilstm"
POINTER = "global_pointer"  # the head that scores spans, not labels
ENCODERS = (*SCRATCH, RECURRENT, "minilm", "hub:NAME")
POSITIONS = 512  # of every encoder of these, but for those of the hub
SCORES = tuple(
    f"dev.{scheme}.{score}"
    for scheme in ("strict", "ent_type")
    for score in ("precision", "recall", "f1")
)

Name = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]
Rate = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
OpenShare = Annotated[float, Field(ge=0, lt=1)]
Precision = Literal["float32", "bf16"]

# the encoders that read `vocabulary`
LEARN_VOCABULARY = ("scratch-tiny", "scratch-mini", RECURRENT)
MODEL = "model"  # what a Choose takes that picks a whole run, for its weights


def check_encoder(name: str) -> str:
    """The encoder name itself; raises BadInput with the nearest name if there is no such encoder.

    "hub:NAME" may carry a revision: "hub:NAME@REVISION".
    """
    if name not in ENCODERS[:-1] and not re.fullmatch(r"hub:[^\s@]+(@\S+)?", name):
        raise unknown("encoder", name, ENCODERS)
    return name


def check_texts(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The text sources themselves; raises BadInput for one that is none, or stands twice."""
    for text in texts:
        if not re.fullmatch(r"(corpus|text|unlabelled|textbook):\S+", text):
            raise BadInput(
                f"text source '{text}' is none of corpus:NAME, text:FILE, unlabelled:CORPUS and "
                "textbook:CORPUS"
            )
    no_repeats("texts", texts)
    return texts


def no_repeats(field: str, values: tuple) -> None:
    """Raises BadInput, naming the field, where a value stands twice."""
    if len(set(values)) < len(values):
        raise BadInput(f"{field}: the same value stands twice")

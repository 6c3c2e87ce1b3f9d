"""Recipes: the names that notebooks use for encoders, expanded to configurations."""

from collections.abc import Mapping

from clinlib.errors import BadInput
from clinlib.experiments.spec import Pretrain

PRETRAINED = "pretrained:"


def encoder(name: str, pretraining: Mapping[str, object] | None = None) -> str | Pretrain:
    """The encoder called `name`: itself, or for "pretrained:CORPUS" the Pretrain that makes it.

    "pretrained:A+B" reads the training text of both corpora. `pretraining` holds other fields of
    that Pretrain (architecture, epochs ...); all notebooks that give the same share one encoder.

    >>> encoder("minilm")
    'minilm'
    >>> encoder("pretrained:synthetic_en_letters").texts
    ('corpus:synthetic_en_letters',)
    """
    if not name.startswith(PRETRAINED):
        return name
    corpora = [corpus for corpus in name.removeprefix(PRETRAINED).split("+") if corpus]
    if not corpora:
        raise BadInput(f"encoder {name!r} names no corpus; write pretrained:CORPUS")
    texts = tuple(f"corpus:{corpus}" for corpus in corpora)
    return Pretrain(texts=texts, **(pretraining or {}))

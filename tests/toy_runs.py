"""Configurations of the usual kinds whose routines train nothing, for tests of the sweep.

What a run does follows from the name of its corpus: "fails", "dies", "nan", "waits". A file
"broken" beside the results makes every Pretrain fail.
"""

import os
import time
from pathlib import Path
from typing import ClassVar

from clinlib.experiments.key import Pins
from clinlib.experiments.spec import FineTune, Pretrain
from clinlib.experiments.store import Store

PINS = Pins(corpus="fingerprint of {}".format, text=str, encoder=lambda name: None)


class Tune(FineTune):
    """A FineTune that scores its learning rate."""

    routine: ClassVar[str] = "toy_runs:fine_tune"


class Encode(Pretrain):
    """A Pretrain that writes a few bytes as weights."""

    routine: ClassVar[str] = "toy_runs:pretrain"


def tune(corpus="works", encoder="scratch-tiny", **fields) -> Tune:
    return Tune(corpus=corpus, encoder=encoder, **fields)


def encode(text="corpus:works", **fields) -> Encode:
    return Encode(texts=(text,), **fields)


def store(base: Path, profile="test") -> Store:
    return Store(profile, Path(base), PINS)


def runs(base: Path) -> list[str]:
    """What was run, in the order of the starts: corpus or texts, and seed."""
    path = Path(base) / "runs.txt"
    return path.read_text().splitlines() if path.exists() else []


def fine_tune(config: Tune, context) -> dict:
    _note(context, f"{config.corpus} {config.seed}")
    if config.corpus == "fails":
        raise RuntimeError("this one always fails")
    if config.corpus == "dies":
        os._exit(7)
    time.sleep(1.2 if config.corpus == "waits" else 0.01)
    if not isinstance(config.encoder, str):
        assert (context.parents[_only(context.parents)] / "model.safetensors").exists()
    if context.artifact is not None:
        (context.artifact / "model.safetensors").write_bytes(b"tagger %d" % config.seed)
    rate = context.chosen(config.learning_rate)
    context.report(0.5, f"dev F1 {rate:.3f}")
    f1 = float("nan") if config.corpus == "nan" else 100 * rate
    return {
        "scores": {"dev": {"strict": {"f1": f1}}},
        "curve": [{"epoch": 1, "loss": 0.1, "dev_f1": f1, "seconds": 0.1}],
        "data": {"train_sentences": 10},
        "provenance": {"subwords_per_second": 12.5},
    }


def pretrain(config: Encode, context) -> dict:
    _note(context, f"{config.texts[0]} {config.seed}")
    (context.artifact / "model.safetensors").write_bytes(b"weights %d" % config.seed)
    if config.texts[0] == "corpus:fails" or (context.cache.parent / "broken").exists():
        raise RuntimeError("this one always fails")
    return {"scores": {}, "curve": [{"epoch": 1, "loss": 0.1, "seconds": 0.1}]}


def _note(context, line: str) -> None:
    with (context.cache.parent / "runs.txt").open("a") as file:
        file.write(line + "\n")


def _only(mapping):
    (key,) = mapping
    return key

"""Estimates: about how long runs will take, from earlier records or from a rough model."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from clinlib.errors import ClinlibError
from clinlib.experiments.config import Config
from clinlib.experiments.names import POINTER, RECURRENT
from clinlib.experiments.spec import ActiveLearning, Ensemble, FineTune, Pretrain

SUBWORDS = 35  # of a sentence
# Rough model: sentences trained on per second, in one thread
SPEED = {
    "scratch-tiny": 500.0,
    "scratch-mini": 200.0,
    "scratch-small": 45.0,
    "minilm": 45.0,
    RECURRENT: 300.0,
}
HUB_SPEED = 8.0
EXTRA = {"recurrent": 1e-3, POINTER: 1e-3}  # seconds that each adds to a sentence trained on
GPU_FACTOR = 15.0
SCORING = 1 / 3  # of the work of training on a sentence: forward only
SIZES = {"train": 5000, "dev": 900, "test": 900}  # of a corpus whose card has no counts
TEXT = 20_000  # sentences of an unlabelled text
NOTES = 6  # unlabelled notes that a generator makes for one of its training split
OTHER = 8.0  # seconds of a run of another kind
PREDICTING = 1.5  # a loop's work with a loss predictor, as a multiple
TEACHING = 2.5  # with a mean teacher, which doubles the batches


@dataclass
class Speeds:
    """Seconds per unit of work (one sentence trained on) of finished runs.

    Fine-tuning is keyed by (corpus or None for any, model, device), pretraining, in seconds
    per epoch, by (architecture, texts, device).
    """

    tuning: dict[tuple[str | None, str, str], list[float]] = field(default_factory=dict)
    pretraining: dict[tuple[str, tuple[str, ...], str], list[float]] = field(default_factory=dict)

    def learn(self, record: Mapping[str, Any]) -> None:
        """Takes the speed of one complete record; records that lack a field teach nothing."""
        config, made = record["configuration"], record["provenance"]
        epochs, device = len(record.get("curve") or ()), made.get("device", "cpu")
        # by the clock a run takes longer, the more there is that shares its processor
        seconds = (device == "cpu" and made.get("cpu_seconds")) or made.get("seconds")
        if record["status"] != "complete" or not epochs or not seconds:
            return
        if record["kind"] == "pretrain":
            texts = tuple(config.get("texts", ()))
            place = (_encoder(config), texts, device)
            self.pretraining.setdefault(place, []).append(seconds / epochs)
        trained = (record.get("data") or {}).get("train_sentences")
        if record["kind"] == "fine_tune" and trained:
            done = work(config["corpus"], epochs, trained)
            for corpus in (config["corpus"], None):
                place = (corpus, _model(config), device)
                self.tuning.setdefault(place, []).append(seconds / done)


def learned(results: Path, profile: str) -> Speeds:
    """The speeds in the profile's records, or where it has none, in those of all profiles."""
    for folders in ([results / profile], sorted(results.glob("*"))):
        speeds = Speeds()
        for record in _records(folders):
            speeds.learn(record)
        if speeds.tuning or speeds.pretraining:
            return speeds
    return Speeds()


def _records(folders: Iterable[Path]) -> Iterable[dict[str, Any]]:
    for folder in folders:
        for path in folder.glob("*/*.json"):
            try:
                record = json.loads(path.read_text(encoding="utf-8"))
                if {"kind", "status", "configuration", "provenance"} <= record.keys():
                    yield record
            except (OSError, ValueError, AttributeError):
                continue  # the store reports broken files; an estimate can do without them


def seconds(config: Config, speeds: Speeds, device: str = "cpu") -> tuple[float, bool]:
    """(estimated seconds of one run in one worker, whether earlier records back it)."""
    if isinstance(config, Pretrain):
        return _pretraining(config, speeds, device)
    if isinstance(config, Ensemble):
        one = config.of[0]
        units = SCORING * sizes(one.corpus)["test"] * len(config.of)
        return units / _speed(_model(one.to_dict()), device), False
    if isinstance(config, ActiveLearning):
        return _looping(config, speeds, device)
    if not isinstance(config, FineTune):
        return OTHER, False
    trained = min(config.sentences or math.inf, sizes(config.corpus)["train"])
    units = work(config.corpus, config.epochs, trained)
    pace, known = _pace(config, speeds, device)
    return units * pace, known


def _pace(task: FineTune, speeds: Speeds, device: str) -> tuple[float, bool]:
    """(seconds per unit of work of a tagger, whether records say so)."""
    model = _model(task.to_dict())
    for corpus in (task.corpus, None):
        if measured := speeds.tuning.get((corpus, model, device)):
            return median(measured), True
    return 1 / _speed(model, device), False


def _looping(config: ActiveLearning, speeds: Speeds, device: str) -> tuple[float, bool]:
    """An active-learning loop: each round learns what is labelled, reads the rest and is scored."""
    pace, known = _pace(config.task, speeds, device)
    size = sizes(config.task.corpus)
    pool = min(config.task.sentences or math.inf, size["train"])
    learnt = config.task.epochs * sum(config.shares) * pool
    learnt *= (PREDICTING if config.predicts else 1) * (TEACHING if config.mean_teacher else 1)
    read = sum(1 - share for share in config.shares) * pool if config.strategy != "random" else 0
    scored = config.rounds * (size["dev"] + size["test"])
    return pace * (learnt + SCORING * (read + scored)), known


def work(corpus: str, epochs: int, trained: float) -> float:
    """Sentences trained on, those of dev (after every epoch) and test counted as what they cost."""
    size = sizes(corpus)
    scored = (epochs + 1) * size["dev"] + size["test"]
    return epochs * trained + SCORING * scored


@cache
def sizes(corpus: str) -> dict[str, int]:
    """Sentences of each split, from the corpus's card where it has counts."""
    from clinlib.corpora.registry import card

    try:
        found = card(corpus)
    except ClinlibError:
        return SIZES
    task = found.tasks.get(corpus.partition(":")[2], found)
    return SIZES | {split: count.sentences for split, count in task.counts.items()}


def _pretraining(config: Pretrain, speeds: Speeds, device: str) -> tuple[float, bool]:
    measured = speeds.pretraining.get((_encoder(config), config.texts, device))
    if measured:
        return config.epochs * median(measured), True
    names = [text.split(":", 1) for text in config.texts]
    most = (config.limit or math.inf) / SUBWORDS
    sentences = sum(min(most, _sentences(form, name)) for form, name in names)
    return config.epochs * sentences / _speed(_encoder(config), device), False


def _sentences(form: str, name: str) -> int:
    """About how many sentences the text source "form:name" has."""
    if form == "text":
        return TEXT
    return sizes(name)["train"] * (NOTES if form == "unlabelled" else 1)


def _encoder(encoder: Any) -> str:
    """The architecture of what a run starts from: a name, a configuration or a record's dict."""
    if isinstance(encoder, Config):
        encoder = encoder.to_dict()
    while isinstance(encoder, Mapping):
        match encoder["kind"]:
            case "choose":
                encoder = encoder["of"][0]
            case "fine_tune":
                encoder = encoder["encoder"]
            case "vectors":
                encoder = RECURRENT
            case _:
                encoder = encoder["start"] or encoder["architecture"]
    return encoder


def _model(config: Mapping[str, Any]) -> str:
    """The architecture of a FineTune, given as a record has it: "encoder + recurrent + head"."""
    parts = [_encoder(config["encoder"])]
    parts += ["recurrent"] if config.get("recurrent") else []
    parts += [POINTER] if config.get("head") == POINTER else []
    return " + ".join(parts)


def _speed(model: str, device: str) -> float:
    encoder, *more = model.split(" + ")
    each = 1 / SPEED.get(encoder, HUB_SPEED) + sum(EXTRA[part] for part in more)
    return (GPU_FACTOR if device == "cuda" else 1.0) / each


def duration(seconds: float) -> str:
    """A duration for people, to the precision that an estimate bears.

    >>> duration(42), duration(200), duration(8000), duration(47000)
    ('42 s', '3 min', '2.2 h', '13 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 36000 else f"{seconds / 3600:.0f} h"

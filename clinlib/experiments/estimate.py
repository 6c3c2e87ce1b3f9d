"""Estimates: about how long runs will take, from earlier records or from a rough model."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from clinlib.experiments.config import Config
from clinlib.experiments.spec import FineTune, Pretrain

# Rough model: sentences of 35 subwords per second on one thread, forward and backward
SPEED = {"scratch-tiny": 500.0, "scratch-mini": 200.0, "scratch-small": 45.0, "minilm": 45.0}
HUB_SPEED = 8.0
GPU_FACTOR = 15.0
SENTENCES = {"synthetic": 600, "real": 5000}
START = 8.0  # seconds to start a worker and import torch


@dataclass
class Speeds:
    """Seconds per epoch and sentence of finished runs, and sentences of whole corpora.

    Keyed by (corpus or None, encoder, device); None stands for any corpus.
    """

    seconds: dict[tuple[str | None, str, str], list[float]] = field(default_factory=dict)
    pretraining: dict[tuple[str, tuple[str, ...], str], list[float]] = field(default_factory=dict)
    sentences: dict[str, int] = field(default_factory=dict)

    def learn(self, record: Mapping[str, Any]) -> None:
        """Takes the speed of one complete record; records that lack a field teach nothing."""
        config, made = record["configuration"], record["provenance"]
        epochs, seconds = len(record.get("curve") or ()), made.get("seconds")
        device = made.get("device", "cpu")
        if record["status"] != "complete" or not epochs or not seconds:
            return
        if record["kind"] == "pretrain":
            texts = tuple(config.get("texts", ()))
            place = (config.get("architecture", ""), texts, device)
            self.pretraining.setdefault(place, []).append(seconds / epochs)
        trained = (record.get("data") or {}).get("train_sentences")
        if record["kind"] == "fine_tune" and trained:
            if config.get("sentences") is None and config.get("empty_share") is None:
                self.sentences[config["corpus"]] = trained
            encoder = _encoder(config["encoder"])
            for corpus in (config["corpus"], None):
                place = (corpus, encoder, device)
                self.seconds.setdefault(place, []).append(seconds / epochs / trained)


def learned(results: Path, profile: str) -> Speeds:
    """The speeds in the profile's records, or where it has none, in those of all profiles."""
    for folders in ([results / profile], sorted(results.glob("*"))):
        speeds = Speeds()
        for record in _records(folders):
            speeds.learn(record)
        if speeds.seconds or speeds.pretraining:
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
    if not isinstance(config, FineTune):
        return START, False
    sentences = config.sentences or speeds.sentences.get(config.corpus) or _guess(config.corpus)
    encoder = _encoder(config.encoder)
    for corpus in (config.corpus, None):
        if measured := speeds.seconds.get((corpus, encoder, device)):
            return config.epochs * sentences * median(measured), True
    # scoring the dev split after every epoch adds about a quarter
    return 1.25 * config.epochs * sentences / _speed(encoder, device), False


def _pretraining(config: Pretrain, speeds: Speeds, device: str) -> tuple[float, bool]:
    measured = speeds.pretraining.get((config.architecture, config.texts, device))
    if measured:
        return config.epochs * median(measured), True
    names = [text.split(":", 1) for text in config.texts]
    sentences = sum(
        20_000 if form == "text" else speeds.sentences.get(name) or _guess(name)
        for form, name in names
    )
    return config.epochs * sentences / _speed(config.architecture, device), False


def _encoder(encoder: Any) -> str:
    """The architecture, whether a name, a Pretrain or a Pretrain's dict."""
    if isinstance(encoder, Pretrain):
        return encoder.architecture
    return encoder["architecture"] if isinstance(encoder, Mapping) else encoder


def _speed(encoder: str, device: str) -> float:
    return SPEED.get(encoder, HUB_SPEED) * (GPU_FACTOR if device == "cuda" else 1.0)


def _guess(corpus: str) -> int:
    return SENTENCES["synthetic" if corpus.startswith("synthetic") else "real"]


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

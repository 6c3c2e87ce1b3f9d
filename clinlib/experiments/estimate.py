"""Estimates: about how long runs will take, from earlier records or from a rough model."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from clinlib.errors import ClinlibError
from clinlib.experiments.config import Config
from clinlib.experiments.names import POINTER, RECURRENT
from clinlib.experiments.spec import ActiveLearning, Ensemble, FineTune, Pretrain, from_dict

SUBWORDS = 35  # of a sentence
PACKED = 200  # own subwords of a packed window, about
# Rough model: sentences trained on per second, in one thread of a processor without AVX-512
SPEED = {
    "scratch-tiny": 500.0,
    "scratch-mini": 50.0,
    "scratch-small": 15.0,
    "minilm": 15.0,
    RECURRENT: 300.0,
}
HUB_SPEED = 8.0
EXTRA = {"recurrent": 1e-3, POINTER: 1e-3}  # seconds that each adds to a sentence trained on
GPU_FACTOR = 15.0
SCORING = 1 / 3  # of the work of training on a sentence: forward only
TEXT = 20_000  # sentences of an unlabelled text
NOTES = 6  # unlabelled notes that a generator makes for one of its training split
OTHER = 8.0  # seconds of a run of another kind
PREDICTING = 1.5  # a loop's work with a loss predictor, as a multiple
TEACHING = 2.5  # with a mean teacher, which doubles the batches


@dataclass(frozen=True)
class Size:
    """How large a split is."""

    documents: int
    sentences: int


# of a corpus whose card has no counts
SIZES = {"train": Size(300, 5000), "dev": Size(60, 900), "test": Size(60, 900)}


@dataclass
class Speeds:
    """Seconds per unit of work (one sentence trained on) of finished runs.

    Fine-tuning is keyed by (corpus or None for any, model, windows or None for any, device),
    since what context costs hangs on the processor; loops by (corpus or None, what picks with what
    model, device), since some strategies prefer long sentences; pretraining, in seconds per epoch,
    by (architecture, texts, device).
    """

    tuning: dict[tuple[str | None, str, str | None, str], list[float]] = field(default_factory=dict)
    looping: dict[tuple[str | None, str, str], list[float]] = field(default_factory=dict)
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
            done = work(config, epochs, trained)
            for place in _places(config, device):
                self.tuning.setdefault(place, []).append(seconds / done)
        if record["kind"] == "active_learning":
            loop = _loop(config)
            if loop is not None:
                for corpus in (loop.task.corpus, None):
                    place = (corpus, _picking(loop), device)
                    self.looping.setdefault(place, []).append(seconds / loop_work(loop))


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
        units = SCORING * sizes(one.corpus)["test"].sentences * len(config.of)
        pace, known = _pace(one, speeds, device)
        return units * _with_context(one.to_dict()) * pace, known
    if isinstance(config, ActiveLearning):
        return _looping(config, speeds, device)
    if not isinstance(config, FineTune):
        return OTHER, False
    units = work(config.to_dict(), config.epochs)
    pace, known = _pace(config, speeds, device)
    return units * pace, known


def _pace(task: FineTune, speeds: Speeds, device: str) -> tuple[float, bool]:
    """(seconds per unit of work of a tagger, whether records say so)."""
    for place in _places(task.to_dict(), device):
        if measured := speeds.tuning.get(place):
            return median(measured), True
    return 1 / _speed(_model(task.to_dict()), device), False


def _places(
    config: Mapping[str, Any], device: str
) -> Iterable[tuple[str | None, str, str | None, str]]:
    """The keys of a FineTune's speed, the closest first: windows matter more than the corpus."""
    layout = config.get("layout", "sentence")
    windows = f"{layout} in context" if config.get("context") else layout
    for each, corpus in product((windows, None), (config["corpus"], None)):
        yield corpus, _model(config), each, device


def _looping(config: ActiveLearning, speeds: Speeds, device: str) -> tuple[float, bool]:
    for corpus in (config.task.corpus, None):
        if measured := speeds.looping.get((corpus, _picking(config), device)):
            return loop_work(config) * median(measured), True
    pace, known = _pace(config.task, speeds, device)
    more = (PREDICTING if config.predicts else 1) * (TEACHING if config.mean_teacher else 1)
    return pace * more * loop_work(config), known


def loop_work(config: ActiveLearning) -> float:
    """Sentences that a loop trains on, each round's all that are labelled; the pool that it reads,
    where its strategy does, and the dev and test that it scores counted as what they cost."""
    size = _parts(config.task.to_dict())
    pool = min(config.task.sentences or math.inf, size["train"])
    learnt = config.task.epochs * sum(config.shares) * pool
    read = sum(1 - share for share in config.shares) * pool if config.strategy != "random" else 0
    return learnt + SCORING * (read + config.rounds * (size["dev"] + size["test"]))


def _picking(config: ActiveLearning) -> str:
    """What a loop's speed depends on besides the corpus: strategy, teacher, predictor, model."""
    parts = [config.strategy, "teacher" if config.mean_teacher else "", config.predictor]
    return " ".join([*parts, _model(config.task.to_dict())])


def _loop(config: Mapping[str, Any]) -> ActiveLearning | None:
    """A record's loop; None where it is of a form that is no more."""
    try:
        return from_dict(config)
    except (ClinlibError, ValueError):
        return None


def work(config: Mapping[str, Any], epochs: int, trained: float = math.inf) -> float:
    """Sentences that a FineTune (as a record has it) trains on, those of dev (after every epoch)
    and test counted as what they cost, and context as further sentences.

    `trained`: how many it learnt from, where that is known: pseudo labels may be left out.
    """
    size = _parts(config)
    learnt = min(trained, min(config.get("sentences") or math.inf, size["train"]) + _silver(config))
    passes = epochs * (2 if config.get("r_drop") or config.get("two_passes") else 1)
    scored = (epochs + 1) * size["dev"] + size["test"]
    return (passes * learnt + SCORING * scored) * _with_context(config)


def _silver(config: Mapping[str, Any]) -> float:
    """About how many sentences with pseudo labels a FineTune learns."""
    silver = config.get("silver")
    if not silver:
        return 0
    train = sizes(config["corpus"])["train"]
    most = (silver["limit"] or math.inf) * train.sentences / max(1, train.documents)
    return min(most, sum(_sentences(*text.split(":", 1)) for text in silver["texts"]))


def _with_context(config: Mapping[str, Any]) -> float:
    """How many times its own sentences a FineTune reads, about, for the context around them."""
    own = SUBWORDS if config.get("layout", "sentence") == "sentence" else PACKED
    return 1 + 2 * config.get("context", 0) / own


def _parts(config: Mapping[str, Any]) -> dict[str, float]:
    """Sentences of each split that a FineTune reads."""
    found = sizes(config["corpus"])
    train, dev = found["train"], found["dev"].sentences
    part = (config.get("documents") or math.inf) / max(1, train.documents)
    return {
        "train": train.sentences * min(1.0, part),
        "dev": min(dev, config.get("dev_sentences") or math.inf),
        "test": found["test"].sentences,
    }


@cache
def sizes(corpus: str) -> dict[str, Size]:
    """Documents and sentences of each split, from the corpus's card where it has counts."""
    from clinlib.corpora.registry import card

    try:
        found = card(corpus)
    except ClinlibError:
        return SIZES
    task = found.tasks.get(corpus.partition(":")[2], found)
    counted = task.counts.items()
    return SIZES | {split: Size(count.documents, count.sentences) for split, count in counted}


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
    return sizes(name)["train"].sentences * (NOTES if form == "unlabelled" else 1)


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

"""Golden micro-runs: what a routine computes on a few letters, held against stored numbers.

`make vouch` runs them; where all agree with golden.json, the present source of each routine joins
clinlib/experiments/equal_sources.json, and records that an earlier one made stay current. Where
they disagree the numerics changed: raise the kind's VERSION, or where one option alone changed its
REVISED, then `make vouch ARGS=--renew`.
"""

import argparse
import importlib
import json
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

from clinlib.corpora.corpus import Corpus
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.segmenter import segment
from clinlib.corpora.synthetic.letters import TYPES, Mechanisms, generate
from clinlib.experiments import fine_tune, provenance
from clinlib.experiments.config import Config
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import (
    ActiveLearning,
    Ensemble,
    FineTune,
    Pretrain,
    PseudoLabel,
    Similarity,
    Vectors,
)

STORED = Path(__file__).with_name("golden.json")
PLAIN = FineTune(
    corpus="micro",
    encoder="scratch-tiny",
    vocabulary=300,
    learning_rate=2e-3,
    epochs=2,
    batch_size=8,
)
TRAINED = PLAIN.replaced(epochs=4, learning_rate=4e-3)
MASKING = Pretrain(texts=("corpus:micro",), vocabulary=300, epochs=2, length=32)
VECTORS = Vectors(texts=("corpus:micro",), vocabulary=300, size=20, epochs=2)
SILVER = PseudoLabel(
    teacher=TRAINED.replaced(documents=4), texts=("corpus:micro",), skip=4, threshold=0.2
)
ENTITIES = Pretrain(  # by the name of the corpus whose types the letters have
    silver=SILVER.replaced(
        teacher=TRAINED.replaced(epochs=8, corpus="synthetic_en_letters"), skip=0
    ),
    masks="entities",
    masking=0.7,
    vocabulary=300,
    epochs=2,
    length=24,
)
LOOP = ActiveLearning(
    task=PLAIN.replaced(documents=4, epochs=2, learning_rate=4e-3),
    initial=0.3,
    per_round=0.2,
    rounds=3,
    predictor_size=16,
)
# together they pass through every field that a record's numbers can hang on
RUNS = {
    "crf": PLAIN.replaced(epochs=3, learning_rate=4e-3),
    "softmax": PLAIN.replaced(head="softmax", epochs=4, learning_rate=4e-3),
    "weighted labels": PLAIN.replaced(head="softmax", class_weights="balanced"),
    "words in context": PLAIN.replaced(
        unit="word", scheme="BIOES", context=12, max_length=64, label_smoothing=0.1, seed=1
    ),
    "packed sentences": PLAIN.replaced(
        layout="packed", context=8, max_length=64, batch_size=4, scheme="BIOES", seed=3
    ),
    "sampled sentences": PLAIN.replaced(
        head="softmax",
        sentences=90,
        epochs=4,
        learning_rate=4e-3,
        empty_share=0.3,
        up_sample=0.5,
        batch_size=None,
        batch_subwords=512,
        train_on="train+dev",
        seed=2,
    ),
    "packaged weights": PLAIN.replaced(
        encoder="minilm", vocabulary=4000, learning_rate=1e-3, sentences=100
    ),
    "spans over a bilstm": TRAINED.replaced(head="global_pointer", recurrent=32),
    "two passes": PLAIN.replaced(r_drop=1.0, epochs=3, learning_rate=4e-3),
    "sentences of another draw": PLAIN.replaced(sentences=60, up_sample=0.5, draw=3, seed=1),
    "part of several": PLAIN.replaced(fold=(1, 4)),
    "sections as text": PLAIN.replaced(sections="text", epochs=3, learning_rate=4e-3),
    "sections embedded": PLAIN.replaced(sections="embedding", epochs=3, learning_rate=4e-3),
    "sections at the classifier": PLAIN.replaced(
        sections="classifier", epochs=3, learning_rate=4e-3
    ),
    "sentences besides": PLAIN.replaced(
        sentence_type="Drug", r_drop=1.0, epochs=3, learning_rate=4e-3
    ),
    "encoder of another run": PLAIN.replaced(encoder=PLAIN, seed=4),
    "silver": SILVER,
    "gold and silver": PLAIN.replaced(documents=4, silver=SILVER, epochs=3, learning_rate=4e-3),
    "masked language model": MASKING,
    "masked entities": ENTITIES,
    "entities, labels and contrast": ENTITIES.replaced(label_tokens=True, contrast=1.0),
    "vectors": VECTORS,
    "tagger on vectors": PLAIN.replaced(encoder=VECTORS, learning_rate=4e-3),
    "vote": Ensemble(of=tuple(TRAINED.replaced(seed=seed) for seed in (1, 2, 3))),
    "similarity": Similarity(source=PLAIN, target=TRAINED, vectors=500),
    "least confidence": LOOP.replaced(strategy="least_confidence"),
    "output discrepancy": LOOP.replaced(strategy="tod", restart=True, unit_of_size="tokens"),
    "learning loss": LOOP.replaced(strategy="learning_loss", detached=False, margin=0.5),
    "bounds as logarithms": LOOP.replaced(strategy="lpn", bounds_scale="log", seed=2),
    "core set": LOOP.replaced(strategy="core_set", candidates=3.0, seed=1),
    "balance and mean teacher": LOOP.replaced(
        strategy="dbs",
        balance_scale="rank",
        balance_weight="root",
        mean_teacher=True,
        reduction="unit",
        consistency_weight=0.5,
    ),
}

# those that take more than some five seconds
LONG = {
    "packaged weights",
    "spans over a bilstm",
    "two passes",
    "sentences besides",
    "masked entities",
    "entities, labels and contrast",
    "vote",
    "similarity",
    "bounds as logarithms",
    "balance and mean teacher",
}


def micro() -> Corpus:
    """A few letters that no later change of the corpus's defaults can alter."""
    mechanisms = Mechanisms(noise=False, jitter=False, styles=False)
    made = generate(documents=8, seed=5, mechanisms=mechanisms)
    splits = {
        split: tuple(replace(d, sentences=segment(d.text, "en", d.spans)) for d in documents)
        for split, documents in made.items()
    }
    return Corpus("micro", "en", TYPES, splits, Ledger())


@contextmanager
def on_micro(corpus: Corpus):
    """Every corpus that a routine loads is `corpus`; one thread, so that a seed fixes a run.

    In float64: float32's rounding, which grows from step to step and differs with the processor
    and the order of a sum, would hide a change of numerics, or show one where there is none.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    try:
        with (
            patch.object(fine_tune.registry, "load", lambda name: corpus),
            patch.object(torch.Tensor, "float", torch.Tensor.double),
            patch.object(torch.nn.Module, "float", torch.nn.Module.double),
        ):
            yield corpus
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_num_threads(threads)


def numbers(config: Config) -> dict[str, list[float]]:
    """Losses by epoch, the held-out loss or distances; and strict F1 on the splits scored."""
    with on_micro(micro()), tempfile.TemporaryDirectory() as folder:
        record = made(config, Path(folder))
    losses = [row["loss"] for row in record.get("curve", ())]
    losses += [record["held_out"]["loss"]] if "held_out" in record else []
    losses += record.get("distances", {}).values()
    losses += record.get("vectors", {}).values()
    losses += record["data"].get("confidence", {}).values()
    scores = record.get("scores", {})
    f1 = [scores[split]["strict"]["f1"] for split in ("dev", "test") if split in scores]
    return {"losses": losses, "f1": [round(each, 2) for each in f1]}


def made(config: Config, folder: Path) -> dict[str, Any]:
    """The record of a run whose weights, and those of the runs it starts from, lie below folder."""
    held = [getattr(config, name) for name in config.starts_from]
    parents = [each for value in held for each in (value if isinstance(value, tuple) else (value,))]
    parents = [each for each in parents if isinstance(each, Config)]
    places = {parent: folder / f"parent{number}" for number, parent in enumerate(parents)}
    for parent, place in places.items():
        made(parent, place)
    module, function = config.routine.split(":")
    routine = getattr(importlib.import_module(module), function)
    folder.mkdir(parents=True, exist_ok=True)
    with patch.object(RunContext, "parent", lambda self, parent: places[parent]):
        return routine(config, RunContext(artifact=folder))


def agree(found: dict[str, list[float]], stored: dict[str, list[float]]) -> bool:
    """Whether two runs are one but for rounding: records hold six decimals, gensim is float32."""
    return all(
        len(found[name]) == len(stored[name])
        and np.allclose(found[name], stored[name], rtol=relative, atol=absolute)
        for name, relative, absolute in (("losses", 1e-4, 2e-6), ("f1", 0.0, 0.5))
    )


def main(renew: bool) -> int:
    """Holds the runs against the stored numbers (or stores them), then vouches for the source."""
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    wrong = []
    for name, config in RUNS.items():
        found = numbers(config)
        known, new = stored.get(name), {"version": config.version, **found}
        same = known is not None and agree(found, known)
        if known is None or (renew and not (same and known["version"] == new["version"])):
            stored[name] = new
        elif not same:
            wrong.append(f"{name}: {found}, stored {stored[name]}")
    if wrong:
        print("\n".join(wrong), "nothing was vouched for", sep="\n", file=sys.stderr)
        return 1
    STORED.write_text(json.dumps(stored, indent=1) + "\n")
    for kind, version in sorted({(config.kind, config.version) for config in RUNS.values()}):
        provenance.vouch(kind, version)
        print(f"{kind} {version}: source {provenance.source(kind)} is vouched for")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--renew", action="store_true", help="store what differs, after a VERSION")
    sys.exit(main(parser.parse_args().renew))

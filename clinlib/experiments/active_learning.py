"""The ActiveLearning routine: a pool and a strategy in, the scores of every round out."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from clinlib.corpora import registry
from clinlib.encoding.batches import Batch, batches
from clinlib.encoding.decoding import spans_of
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import Window, encode
from clinlib.evaluation.flags import NO_ENTITY, run_flags
from clinlib.evaluation.split_scores import evaluate
from clinlib.experiments import fine_tune, training_data
from clinlib.experiments.active_learning_runs import ActiveLearning
from clinlib.experiments.context import RunContext
from clinlib.models import encoders, saved
from clinlib.models.prediction import predicted_labels
from clinlib.models.tagger import Tagger
from clinlib.selection.acquisition import (
    Acquisition,
    LeastConfidence,
    MinimumLoss,
    OutputDiscrepancy,
    PlainLeastConfidence,
    PredictedLoss,
    Random,
    UncertainCoreSet,
)
from clinlib.selection.balance import DynamicBalance
from clinlib.selection.joint_training import Consistency, Ranking
from clinlib.selection.journal import Journal
from clinlib.selection.learner import Learner
from clinlib.selection.loss_prediction import LossPredictor
from clinlib.selection.pool import Pool
from clinlib.selection.rounds import DROPOUT, ORDER, Rounds
from clinlib.selection.sentences import Sentences, pool_sentences
from clinlib.training import precision
from clinlib.training.mean_teacher import MeanTeacher

WITH_BOUNDS = ("lpn", "dbs")  # predictors that read L_min and L_max
PLAIN = {
    "random": Random,
    "least_confidence": LeastConfidence,
    "plain_least_confidence": PlainLeastConfidence,
    "tod": OutputDiscrepancy,
    "learning_loss": PredictedLoss,
    "mlp": MinimumLoss,
    "lpn": PredictedLoss,
}


def run(config: ActiveLearning, context: RunContext) -> dict[str, Any]:
    """Runs the loop; returns the record's variable part, in which `curve` has a row a round.

    A round trains for the task's epochs and keeps the last epoch's weights, as no dev labels are
    assumed: dev and test scores of a round are measured and select nothing. A loop that was
    interrupted goes on after its last round, from `context.journal`.

    Raises BadInput for a pool too small for a round, ClinlibError for a loss that diverges.
    """
    task = config.loop_task
    precision.check(task.precision, context.device)
    corpus = registry.load(task.corpus)
    splits = training_data.divided(corpus, task)
    scheme = TagScheme(task.scheme, corpus.types)
    encoder = fine_tune.load_encoder(task, context)
    windows_of = partial(encode, tokenizer=encoder.tokenizer, scheme=scheme, **task.windowing)
    index = training_data.training_sentences(splits["train"], task)
    sentences = pool_sentences(splits["train"], index, windows_of)
    everything = sentences.unlabelled(range(len(sentences)))
    unknown = fine_tune.known_enough(everything, encoder, task.corpus)
    tagger = fine_tune.new_tagger(task, encoder, scheme)
    # both readings: a long sentence may be cut elsewhere where its spans are known
    gold = sentences.labelled(range(len(sentences)))
    tagger.compact(encoders.seen_ids([*everything, *gold]))
    tagger.to(context.device)
    rounds = Rounds(
        Pool(sentences.tokens, config.unit_of_size, config.shares),
        sentences,
        acquisition(config),
        learner(config, tagger, context.device),
        rounds_to_all=config.rounds_to_all,
        pad_id=encoder.tokenizer.pad_token_id,
        seed=config.seed,
    )
    readable = {n: windows_of(splits[n], labelled=False).windows for n in ("dev", "test")}

    def score(split: str) -> dict[str, Any]:
        labels = predicted_labels(tagger, readable[split], rounds.pad_id)
        spans = spans_of(readable[split], labels, splits[split], scheme)
        return evaluate(splits[split], spans, corpus.types)

    curve = _loop(config, context, rounds, score)
    last = curve[-1]
    counts = {"dev": last["counts"].pop("dev"), **last["counts"]}
    started = [sentences.spans[place] for place in curve[0]["picked"]]
    flags = run_flags(counts["test"], [])
    if not sum(started, Counter()):
        flags.append(NO_ENTITY)
    record = {
        "scores": last["scores"],
        "counts": counts,
        "curve": curve,
        "flags": flags,
        "data": {
            "pool_sentences": len(sentences),
            "pool_tokens": sum(sentences.tokens),
            "pool_spans": dict(sum(sentences.spans, Counter())),
            "blank_sentences": sentences.blank,
            "train_documents": len(splits["train"]),
            "unknown_share": round(unknown, 6),
        },
        "model": tagger.parameter_counts(),
    }
    if context.artifact is not None:
        saved.save(tagger, encoder.tokenizer, context.artifact)
    return record


def _loop(
    config: ActiveLearning, context: RunContext, rounds: Rounds, score
) -> list[dict[str, Any]]:
    """The rows of all rounds, those of the journal among them; the last has dev counts too."""
    fresh = rounds.learner.state() if config.restart else None
    journal = None
    if context.journal is not None:
        journal = Journal(context.journal / "round", _identity(config, rounds.sentences))
    curve = journal.restore(rounds) if journal else []
    for number in range(len(curve) + 1, config.rounds + 1):
        picked, selection = (rounds.begin(), {}) if number == 1 else rounds.pick(number)
        if fresh and number > 1:
            rounds.learner.load(fresh)
        row = _cost(number, picked, rounds) | {"selection": selection}
        row |= _trained(config, context, rounds, number)
        scored = {split: score(split) for split in ("dev", "test")}
        row["scores"] = {split: each["scores"] for split, each in scored.items()}
        # what an interval over test documents needs; dev counts of every round would double it
        kept = ("dev", "test") if number == config.rounds else ("test",)
        row["counts"] = {split: scored[split]["counts"] for split in kept}
        row["examples"] = rounds.examples(number, config.examples) if config.examples else {}
        curve.append(row)
        if journal and number < config.rounds:
            journal.save(rounds, curve)
            context.saved()
        dev = row["scores"]["dev"]["strict"]["f1"]
        context.report(number / config.rounds, f"round {number}/{config.rounds}, dev F1 {dev:.2f}")
    return curve


def _cost(number: int, picked: Sequence[int], rounds: Rounds) -> dict[str, Any]:
    """What a round annotated: places of the pool in order, and sentences, tokens and spans."""
    pool, sentences = rounds.pool, rounds.sentences
    return {
        "round": number,
        "sentences": len(pool.labelled),
        "tokens": int(pool.tokens[pool.labelled].sum()),
        "picked": list(picked),
        "picked_tokens": int(pool.tokens[list(picked)].sum()),
        "picked_spans": dict(sum((sentences.spans[place] for place in picked), Counter())),
    }


def _trained(
    config: ActiveLearning, context: RunContext, rounds: Rounds, number: int
) -> dict[str, Any]:
    """Trains one round; returns its losses (nats per unit, by epoch, all terms) and seconds."""
    task = config.loop_task

    def batches_of(windows: Sequence[Window], epoch: int, mixed: bool) -> list[Batch]:
        return batches(
            windows,
            budget=task.batch_subwords,
            size=task.batch_size,
            pad_id=rounds.pad_id,
            seed=fine_tune.epoch_seed(rounds.draw(number, ORDER), epoch),
            mixed=mixed,
        )

    def report(fraction: float, text: str) -> None:
        context.report((number - 1 + fraction) / config.rounds, f"round {number}, {text}")

    trained = rounds.learner.learn(
        rounds.sentences.labelled(rounds.pool.labelled),
        rounds.sentences.unlabelled(rounds.pool.unlabelled),
        fine_tune.schedule(task, context),
        batches_of,
        rounds.draw(number, DROPOUT),
        report,
    )
    return {
        "loss": trained.curve[-1]["loss"],
        "losses": [row["loss"] for row in trained.curve],
        "seconds": round(sum(row["seconds"] for row in trained.curve), 3),
        "subwords_per_second": trained.subwords_per_second,
    }


def acquisition(config: ActiveLearning) -> Acquisition:
    """What the configured strategy picks by."""
    if config.strategy == "dbs":
        return DynamicBalance(config.balance_weight, config.balance_scale, config.root_power)
    if config.strategy == "core_set":
        return UncertainCoreSet(config.candidates)
    return PLAIN[config.strategy]()


def learner(config: ActiveLearning, tagger: Tagger, device: str) -> Learner:
    """The tagger with the loss predictor and the mean teacher that the configuration asks for.

    Neither draws from the generator that the tagger's training draws from.
    """
    ranking = agreement = None
    if config.predicts:
        shape = config.predictor
        if shape == "by_strategy":
            shape = "shared" if config.strategy == "learning_loss" else "serial"
        predictor = LossPredictor(
            shape,
            config.predictor_layers,
            config.strategy in WITH_BOUNDS,
            tagger=tagger,
            scale=config.bounds_scale,
            size=config.predictor_size,
            detached=config.detached,
            seed=config.seed,
        ).to(device)
        ranking = Ranking(
            predictor,
            config.margin,
            config.predictor_learning_rate,
            config.predictor_momentum,
            config.predictor_weight_decay,
        )
    if config.mean_teacher:
        teacher = MeanTeacher(tagger, config.decay, config.warm_up)
        agreement = Consistency(teacher, config.consistency_weight, config.reduction)
    return Learner(tagger, ranking, agreement)


def _identity(config: ActiveLearning, sentences: Sentences) -> str:
    """What a journal belongs to: the settings and the very sentences."""
    settings = json.dumps(config.to_dict(), sort_keys=True)
    ids = np.concatenate([window.ids for each in sentences.gold for window in each])
    return hashlib.sha256(settings.encode() + ids.tobytes()).hexdigest()[:16]

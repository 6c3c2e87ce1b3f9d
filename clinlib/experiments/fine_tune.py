"""The FineTune routine: a corpus and an encoder in, a trained tagger's scores and counts out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from clinlib.corpora import registry
from clinlib.corpora.document import Document, Span
from clinlib.corpora.samplers import sentence_index
from clinlib.encoding.batches import Batch, batches
from clinlib.encoding.decoding import spans_of
from clinlib.encoding.sections import Sections, heading_counts
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import Encoded, Window, encode
from clinlib.errors import BadInput, unknown
from clinlib.evaluation.flags import run_flags
from clinlib.evaluation.sentences import sentence_scores
from clinlib.evaluation.slices import recall_by_why
from clinlib.evaluation.split_scores import dev_f1, evaluate
from clinlib.experiments import training_data
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import FineTune
from clinlib.models import encoders, saved
from clinlib.models.heads import balanced_weights
from clinlib.models.prediction import predicted_labels, sentences_found
from clinlib.models.tagger import Tagger
from clinlib.training import precision
from clinlib.training.loop import fit
from clinlib.training.multi_task import MultiTask
from clinlib.training.objectives import Objective, RDrop, Supervised
from clinlib.training.schedule import Schedule

MOST_UNKNOWN = 0.2  # share of unknown subwords with which a tagger can only guess


def run(config: FineTune, context: RunContext) -> dict[str, Any]:
    """Trains and scores one tagger; returns the record's variable part.

    Dev selects the epoch (unless dev is trained on); test is looked at once, at the end.
    Raises BadInput for a corpus without documents to train on, ClinlibError for a loss that
    diverges.
    """
    precision.check(config.precision, context.device)
    corpus = registry.load(config.corpus)
    splits = training_data.divided(corpus, config)
    scheme = TagScheme(config.scheme, corpus.types)
    encoder = load_encoder(config, context)

    learnt = training_data.learnt(splits["train"], config, context)
    sections = training_data.fused_sections(learnt, config)
    if config.sentence_type and config.sentence_type not in corpus.types:
        raise unknown(f"type of '{config.corpus}'", config.sentence_type, corpus.types)

    def windows_of(documents: Sequence[Document], **options) -> Encoded:
        options |= {**config.windowing, "sections": sections}
        return encode(documents, encoder.tokenizer, scheme, **options)

    train = windows_of(learnt.documents, sentences=learnt.sentences, labelled=True)
    unknown_share = known_enough(train.windows, encoder, config.corpus)
    weights = label_weights(config, train.windows, len(scheme.labels))
    tagger = new_tagger(config, encoder, scheme, weights, sections)
    tagger.compact(encoders.seen_ids(train.windows))
    tagger.to(context.device)
    pad = encoder.tokenizer.pad_token_id

    def batches_of(epoch: int) -> list[Batch]:
        return batches(
            train.windows,
            budget=config.batch_subwords,
            size=config.batch_size,
            pad_id=pad,
            seed=epoch_seed(config.seed, epoch),
        )

    # what is predicted is cut without a look at its gold spans
    readable = {n: windows_of(splits[n], labelled=False).windows for n in ("dev", "test")}

    def predict(split: str) -> list[list[Span]]:
        labels = predicted_labels(tagger, readable[split], pad)
        return spans_of(readable[split], labels, splits[split], scheme)

    found: list[list[list[Span]]] = []  # dev predictions after each epoch

    def dev_score() -> float:
        found.append(predict("dev"))
        return dev_f1(splits["dev"], found[-1], corpus.types)

    evaluates = config.train_on == "train"
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        trained = fit(
            tagger,
            objective(config),
            batches_of,
            schedule(config, context),
            evaluate=dev_score if evaluates else None,
            report=context.report,
        )
    best_dev = found[trained.best_epoch - 1] if found else predict("dev")
    predicted = {"dev": best_dev, "test": predict("test")}
    scored = {
        split: evaluate(splits[split], spans, corpus.types) for split, spans in predicted.items()
    }
    record = {
        "scores": {split: each["scores"] for split, each in scored.items()},
        "counts": {split: each["counts"] for split, each in scored.items()},
        "curve": trained.curve,
        "stop_reason": trained.stop_reason,
        "best_epoch": trained.best_epoch,
        "flags": run_flags(scored["test"]["counts"], trained.curve if evaluates else []),
        "data": {
            "train_sentences": len(
                {(w.document, s) for w in train.windows for s in range(w.sentence, w.last + 1)}
            ),
            "unknown_share": round(unknown_share, 6),
            "train_documents": len(splits["train"]),
            # what people labelled: to learn from, and to select by
            "train_words": training_data.words_in(splits["train"], learnt.gold),
            "dev_words": training_data.words_in(splits["dev"], sentence_index(splits["dev"])),
            "silver_sentences": learnt.silver,
            "silver_repeats": learnt.repeated,
            "train_windows": len(train.windows),
            "train_subwords": int(sum(len(w.ids) for w in train.windows)),
            "ledger": train.ledger.counts(),
        },
        "model": tagger.parameter_counts(),
        "provenance": {"subwords_per_second": trained.subwords_per_second},
    }
    if slices := recall_by_why(splits["test"], predicted["test"]):
        record["slices"] = {"test": slices}
    if sections:
        record["data"]["sections"] = {"titles": len(sections.titles)} | {
            split: heading_counts(splits[split], sections.titles) for split in ("dev", "test")
        }
    if config.sentence_type:
        record["sentences"] = {
            split: sentence_scores(
                splits[split], sentences_found(tagger, windows, pad), config.sentence_type
            )
            for split, windows in readable.items()
        }
    if config.keep_predictions:
        record["predictions"] = compressed(predicted["test"])
    if context.artifact is not None:
        saved.save(tagger, encoder.tokenizer, context.artifact)
    return record


def objective(config: FineTune) -> Objective:
    """What a training step minimises."""
    if config.sentence_type:
        return MultiTask(config.r_drop)
    return RDrop(config.r_drop) if config.r_drop or config.two_passes else Supervised()


def load_encoder(config: FineTune, context: RunContext) -> encoders.Encoder:
    """The encoder that the configuration names, or the one that another run made or trained."""
    name = config.encoder if isinstance(config.encoder, str) else context.parent(config.encoder)
    texts = [document.text for document in registry.load(config.corpus).splits["train"]]
    return encoders.load(
        name,
        seed=config.seed,
        dropout=config.dropout,
        texts=texts,
        vocabulary=config.vocabulary,
    )


def known_enough(windows: Sequence[Window], encoder: encoders.Encoder, corpus: str) -> float:
    """The share of unknown subwords; raises BadInput where a tagger could only guess."""
    share = training_data.unknown_share(windows, encoder.tokenizer.unk_token_id)
    if share > MOST_UNKNOWN:
        raise BadInput(
            f"{share:.0%} of the subwords of '{corpus}' are unknown to the tokenizer of the "
            "encoder; choose one that was made for this language"
        )
    return share


def new_tagger(
    config: FineTune,
    encoder: encoders.Encoder,
    scheme: TagScheme,
    weights: torch.Tensor | None = None,
    sections: Sections | None = None,
) -> Tagger:
    """The tagger that the configuration describes, untrained; `weights` (K,) are its labels'."""
    return Tagger(
        encoder,
        config.head,
        scheme.labels,
        recurrent=config.recurrent,
        dropout=config.dropout,
        label_smoothing=config.label_smoothing,
        precision=config.precision,
        weights=weights,
        sections=sections,
        sentence_type=config.sentence_type,
        seed=config.seed,
    )


def schedule(config: FineTune, context: RunContext) -> Schedule:
    """How long and how fast the configuration trains."""
    return Schedule(
        learning_rate=context.chosen(config.learning_rate),
        head_learning_rate=config.head_learning_rate,
        epochs=config.epochs,
        weight_decay=config.weight_decay,
        warmup=config.warmup,
        clip=config.clip,
        patience=config.patience,
    )


def label_weights(config: FineTune, windows: Sequence[Window], labels: int) -> torch.Tensor | None:
    """The weight (K,) of every label in the loss; None where all weigh the same."""
    if config.class_weights == "none":
        return None
    ids = np.concatenate([window.labels for window in windows])
    return balanced_weights(torch.from_numpy(ids), labels)


def epoch_seed(seed: int, epoch: int) -> int:
    """A seed for the order of one epoch's batches, different for every pair."""
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])


def compressed(predicted: Sequence[Sequence[Span]]) -> list[list[list[Any]]]:
    """Predictions as a record holds them: per document, [start, end, type] of each span."""
    return [[[span.start, span.end, span.type] for span in spans] for spans in predicted]

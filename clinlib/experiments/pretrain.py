"""The Pretrain routine: texts in, the folder of an encoder and its loss curve out."""

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from clinlib.adaptation.contrast import EntityContrast
from clinlib.adaptation.entity_masking import EntityEpoch, LabelledLanguageModel, label_vectors
from clinlib.adaptation.entity_rows import EntityRows, pack_entities
from clinlib.adaptation.mlm import IGNORED, MaskedEpoch, MaskedLanguageModel
from clinlib.adaptation.sequences import Rows, packed
from clinlib.adaptation.sources import Labelled, Source
from clinlib.corpora import registry
from clinlib.corpora.label_words import label_words
from clinlib.encoding.vocabulary import learn_subwords
from clinlib.errors import BadInput
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import Pretrain
from clinlib.models import encoders
from clinlib.selection import pseudo_labels
from clinlib.training import precision
from clinlib.training.checkpoint import Checkpoint
from clinlib.training.loop import fit
from clinlib.training.objectives import Objective, Supervised
from clinlib.training.schedule import Schedule

Epoch = MaskedEpoch | EntityEpoch

HELD_OUT = 20  # one sequence in so many is kept out of training and gives the perplexity


def run(config: Pretrain, context: RunContext) -> dict[str, Any]:
    """Pretrains an encoder by masked-language modelling into `context.artifact`.

    The last weights are kept, not the best: nothing is selected on the held-out text. A run that
    was interrupted goes on from `context.journal`: after its last epoch, or within one from some
    ten minutes before.

    Raises BadInput for texts that are missing or too short or hold no entity where entities are
    masked, for an encoder that knows no mask or fewer positions than `length`, and for a journal
    of another run.
    """
    precision.check(config.precision, context.device)
    sources: list[Source | Labelled]
    if config.silver is None:
        sources = [Source(name, config.keep_out) for name in config.texts]
    else:
        sources = [Labelled(pseudo_labels.read(context.parent(config.silver)).documents)]
    encoder = starting_encoder(config, context, sources)
    _check(config, encoder)
    with _folder(context.journal) as folder:
        rows = _rows(config, sources, encoder, folder / "sequences")
        order = np.random.default_rng([config.seed, 0]).permutation(len(rows))
        held_out, kept = map(rows.some, np.split(order, [max(1, len(order) // HELD_OUT)]))
        if not len(kept):
            raise BadInput(f"{len(rows)} sequence of {config.length} subwords is too little text")
        return _trained(config, context, encoder, kept, held_out, sources)


def starting_encoder(
    config: Pretrain, context: RunContext, sources: Sequence[Iterable[str]]
) -> encoders.Encoder:
    """The encoder to continue from, or one from scratch with a vocabulary of these texts."""
    everything = (text for source in sources for text in source)
    if isinstance(config.start, Pretrain):
        return encoders.load(context.parent(config.start), seed=config.seed)
    if config.start is not None:
        return encoders.load(config.start, seed=config.seed, texts=everything)
    tokenizer = learn_subwords(everything, config.vocabulary)
    return encoders.from_scratch(config.architecture, tokenizer, seed=config.seed)


def _check(config: Pretrain, encoder: encoders.Encoder) -> None:
    """Raises BadInput for a start, such as one of a hub, that cannot be pretrained so."""
    tokenizer = encoder.tokenizer
    for token in ("mask_token", "cls_token", "sep_token"):
        if getattr(tokenizer, token) is None:
            raise BadInput(
                f"start: the tokenizer of {config.start} has no {token}, which masked-language "
                "modelling needs; take an encoder like BERT"
            )
    # RoBERTa's own number counts two positions that no subword stands at; its tokenizer's does not
    most = tokenizer.model_max_length
    positions = min(getattr(encoder.model.config, "max_position_embeddings", most), most)
    if config.length > positions:
        raise BadInput(
            f"length: sequences of {config.length} subwords, but {config.start} has {positions} "
            f"positions; take {positions} or fewer"
        )


def _rows(
    config: Pretrain, sources: Sequence[Source], encoder: encoders.Encoder, folder: Path
) -> Rows | EntityRows:
    """The sequences of all sources; with their entities where those are masked."""
    if config.masks == "tokens":
        return packed(sources, encoder.tokenizer, config.length, folder, config.limit)
    return pack_entities(
        [document for source in sources for document in source.documents()],
        encoder.tokenizer,
        registry.load(config.silver.corpus).types,
        config.length,
        label_tokens=config.label_tokens,
    )


def _model(
    config: Pretrain, context: RunContext, encoder: encoders.Encoder
) -> tuple[MaskedLanguageModel, Objective]:
    """The language model and what it is trained for, on the run's device."""
    options = {"precision": config.precision, "seed": config.seed}
    if config.label_tokens:
        vectors = label_vectors(encoder, label_words(config.silver.corpus))
        model = LabelledLanguageModel(encoder, vectors, **options)
    else:
        model = MaskedLanguageModel(encoder, **options)
    if isinstance(config.start, Pretrain):
        model.load_head(context.parent(config.start))
    model.to(context.device)
    if config.contrast:
        return model, EntityContrast(model.encoder, config.contrast, config.temperature)
    return model, Supervised()


def _trained(
    config: Pretrain,
    context: RunContext,
    encoder: encoders.Encoder,
    kept: Rows | EntityRows,
    held_out: Rows | EntityRows,
    sources: Sequence[Source],
) -> dict[str, Any]:
    """Trains and writes the encoder; returns the record's variable part."""
    model, objective = _model(config, context, encoder)

    def batches_of(epoch: int, of: Rows | EntityRows = kept) -> Epoch:
        settings = encoder.tokenizer, config.batch_subwords, config.masking, (config.seed, epoch)
        if isinstance(of, EntityRows):
            return EntityEpoch(of, *settings, config.scored)
        return MaskedEpoch(of, *settings)

    def held_out_loss() -> float:
        # epoch 0 is no training epoch, so these masks are the held-out text's own
        return mean_loss(model, batches_of(0, held_out), context.device)

    before = held_out_loss()
    checkpoint = None
    if context.journal is not None:
        identity = _identity(config, kept)
        checkpoint = Checkpoint(context.journal / "checkpoint", identity, context.saved)
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        trained = fit(
            model,
            objective,
            batches_of,
            Schedule(
                learning_rate=config.learning_rate,
                epochs=config.epochs,
                weight_decay=config.weight_decay,
                warmup=config.warmup,
            ),
            measure=lambda: {"held_out_loss": round(held_out_loss(), 6)},
            checkpoint=checkpoint,
            report=context.report,
        )
    encoder.model.to("cpu")
    encoder.save(context.artifact)
    model.save_head(context.artifact)
    loss = trained.curve[-1]["held_out_loss"]
    return {
        "curve": trained.curve,
        "stop_reason": trained.stop_reason,
        "held_out": {
            "loss": loss,
            "perplexity": round(float(np.exp(loss)), 3),
            "before": round(before, 6),
        },
        "data": {
            "texts": sum(source.count for source in sources),
            "empty": {source.name: source.empty for source in sources},
            "kept_out": {source.name: source.left_out for source in sources},
            "train_sequences": len(kept),
            "held_out_sequences": len(held_out),
            "train_subwords": len(kept) * config.length,
        }
        | ({"entity_subwords": int(kept.entity.sum())} if isinstance(kept, EntityRows) else {}),
        "model": {
            "parameters": sum(p.numel() for p in encoder.model.parameters()),
            "vocabulary": len(encoder.tokenizer),
        },
        "provenance": {"subwords_per_second": trained.subwords_per_second},
    }


@torch.no_grad()
def mean_loss(model: MaskedLanguageModel, batches: Epoch, device: str) -> float:
    """Mean over the masked tokens of all batches of their cross entropy, in nats, dropout off.

    Raises BadInput where no token is masked.
    """
    model.eval()
    total, asked = 0.0, 0
    for batch in batches:
        count = int((batch.targets != IGNORED).sum())
        total += float(model.loss(batch.to(device))) * count
        asked += count
    if not asked:
        raise BadInput("the held-out sequences have no token to mask: give more text")
    return total / asked


def _identity(config: Pretrain, kept: Rows | EntityRows) -> str:
    """What a checkpoint belongs to: the settings and the very sequences."""
    settings = json.dumps(config.to_dict(), sort_keys=True)
    return hashlib.sha256(f"{settings} {kept.hash()}".encode()).hexdigest()[:16]


@contextmanager
def _folder(journal: Path | None) -> Iterator[Path]:
    """The journal, or a folder for the time of the run; what is packed there is packed anew."""
    if journal is None:
        with tempfile.TemporaryDirectory() as made:
            yield Path(made)
        return
    with tempfile.TemporaryDirectory(dir=_made(journal)) as made:
        yield Path(made)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder

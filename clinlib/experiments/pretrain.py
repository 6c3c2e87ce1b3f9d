"""The Pretrain routine: texts in, the folder of an encoder and its loss curve out."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from clinlib.adaptation.mlm import MaskedLanguageModel, masked_batches, pack
from clinlib.corpora import registry
from clinlib.encoding.vocabulary import learn_subwords
from clinlib.errors import BadInput
from clinlib.experiments.context import RunContext
from clinlib.experiments.key import text_checksum
from clinlib.experiments.spec import Pretrain
from clinlib.models import encoders
from clinlib.training import precision
from clinlib.training.loop import fit
from clinlib.training.objectives import Supervised
from clinlib.training.schedule import Schedule

HELD_OUT = 20  # one sequence in so many is kept out of training and gives the perplexity


def run(config: Pretrain, context: RunContext) -> dict[str, Any]:
    """Pretrains an encoder by masked-language modelling into `context.artifact`.

    The last weights are kept, not the best: nothing is selected on the held-out text.
    Raises BadInput for texts that are missing or too short.
    """
    precision.check(config.precision, context.device)
    texts = [text for source in config.texts for text in read_texts(source)]
    encoder = starting_encoder(config, context, texts)
    sequences = pack(texts, encoder.tokenizer, config.length)  # (N, length)
    order = np.random.default_rng([config.seed, 0]).permutation(len(sequences))
    held_out, kept = np.split(sequences[order], [max(1, len(order) // HELD_OUT)])
    if not len(kept):
        raise BadInput(f"{len(sequences)} sequence of {config.length} subwords is too little text")
    model = MaskedLanguageModel(encoder, precision=config.precision, seed=config.seed)
    model.to(context.device)

    def batches_of(epoch: int, of: np.ndarray = kept) -> list:
        return masked_batches(
            of,
            encoder.tokenizer,
            batch_subwords=config.batch_subwords,
            rate=config.masking,
            seed=(config.seed, epoch),
        )

    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        trained = fit(
            model,
            Supervised(),
            batches_of,
            Schedule(
                learning_rate=config.learning_rate,
                epochs=config.epochs,
                weight_decay=config.weight_decay,
                warmup=config.warmup,
            ),
            report=context.report,
        )
    # epoch 0 is no training epoch, so these masks are the held-out text's own
    loss = held_out_loss(model, batches_of(0, held_out), context.device)
    encoder.model.to("cpu")
    encoder.save(context.artifact)
    return {
        "curve": trained.curve,
        "stop_reason": trained.stop_reason,
        "held_out": {"loss": round(loss, 6), "perplexity": round(float(np.exp(loss)), 3)},
        "data": {
            "texts": len(texts),
            "train_sequences": len(kept),
            "held_out_sequences": len(held_out),
            "train_subwords": int(kept.size),
        },
        "model": {
            "parameters": sum(p.numel() for p in encoder.model.parameters()),
            "vocabulary": len(encoder.tokenizer),
        },
        "provenance": {"subwords_per_second": trained.subwords_per_second},
    }


@torch.no_grad()
def held_out_loss(model: MaskedLanguageModel, batches: list, device: str) -> float:
    """Mean over the batches of the cross entropy of masked tokens, in nats, dropout off."""
    model.eval()
    return float(np.mean([float(model.loss(batch.to(device))) for batch in batches]))


def starting_encoder(config: Pretrain, context: RunContext, texts: list[str]) -> encoders.Encoder:
    """The encoder to continue from, or one from scratch with a vocabulary of these texts."""
    if isinstance(config.start, Pretrain):
        return encoders.load(context.parent(config.start), seed=config.seed)
    if config.start is not None:
        return encoders.load(config.start, seed=config.seed, texts=texts)
    tokenizer = learn_subwords(texts, config.vocabulary)
    return encoders.from_scratch(config.architecture, tokenizer, seed=config.seed)


def read_texts(source: str) -> Iterator[str]:
    """The texts of "corpus:NAME" (its training split) or "text:FILE" (one a line, or JSON lines).

    Raises BadInput for a file that is missing or changed, and for a line of JSON without "text".
    """
    kind, _, name = source.partition(":")
    if kind == "corpus":
        yield from (document.text for document in registry.load(name).splits["train"])
        return
    root = registry.data_root()
    path = root / "text" / name if root else None
    if path is None or not path.is_file():
        raise BadInput(f"there is no text file '{name}'; set CLINLIB_DATA to a folder with text/")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != text_checksum(name):
        raise BadInput(
            f"text file '{name}' has the checksum {found}, its pin {text_checksum(name)}"
        )
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if path.suffix != ".jsonl":
                yield line.rstrip("\n")
                continue
            try:
                yield json.loads(line)["text"]
            except (ValueError, KeyError) as error:
                raise BadInput(f"{name}:{number}: no JSON object with a text ({error})") from None

"""One epoch of MiniLM on NCBI-disease, beside Hugging Face's Trainer and flair's tagger.

All read the same sentences in batches of 16, so all make the same number of updates, in bf16
where the processor has it and in float32 where it would only be emulated.
"""

import importlib.util
import json
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import torch

from clinlib.bench import flair_epoch
from clinlib.bench.pairs import interleaved, save
from clinlib.corpora import registry
from clinlib.corpora.document import Document
from clinlib.corpora.words import words
from clinlib.encoding.batches import batches
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.errors import ClinlibError, MissingExtra
from clinlib.models import encoders
from clinlib.models.tagger import Tagger
from clinlib.training.loop import fit
from clinlib.training.objectives import Supervised
from clinlib.training.precision import native_bf16
from clinlib.training.schedule import Schedule

SENTENCES, BATCH, RATE = 1000, 16, 3e-4
SCHEME = TagScheme("BIO", ("Disease",))


FLAIR = ".venv-flair/bin/python"


def run(pairs: int, threads: int, sentences: int = SENTENCES) -> None:
    """Measures each baseline in turn with ours; writes results/bench/training_*.json."""
    torch.set_num_threads(threads)
    documents = registry.load("ncbi_disease").splits["train"][:sentences]
    count = sum(len(words(document)) for document in documents)
    precision = "bf16" if native_bf16() else "float32"
    flair = Flair(documents, FLAIR, threads)
    baselines = {
        "training_trainer": (
            partial(trainer_epoch, documents, precision, tuned=False),
            f"Trainer as it comes ({precision}, softmax, dynamic padding)",
            1.5,
        ),
        "training_trainer_tuned": (
            partial(trainer_epoch, documents, precision, tuned=True),
            f"Trainer tuned ({precision}, softmax, grouped by length, fused AdamW)",
            1.0,
        ),
        "training_flair": (flair, "flair's SequenceTagger with CRF (float32)", 2.5),
    }
    for name, (theirs, baseline, target) in baselines.items():
        seconds = interleaved(partial(our_epoch, documents, precision), theirs, pairs)
        save(
            name,
            [[count / ours, count / other] for ours, other in seconds],
            unit="words/s",
            baseline=baseline,
            target=target,
            threads=threads,
            sentences=len(documents),
            words=count,
            precision=precision,
        )
    flair.close()


def our_epoch(
    documents: tuple[Document, ...],
    precision: str,
    scheme: TagScheme = SCHEME,
    batch: int = BATCH,
    **windowing,
) -> None:
    """MiniLM with a CRF: encoding, batching and an epoch of training, loading left out of none.

    `batch`: windows; `windowing`: what encode is told of them.
    """
    encoder = encoders.load("minilm", seed=0)
    windows = encode(documents, encoder.tokenizer, scheme, **windowing).windows
    tagger = Tagger(encoder, "crf", scheme.labels, precision=precision)
    tagger.compact(encoders.seen_ids(windows))
    made = batches(windows, size=batch, pad_id=encoder.tokenizer.pad_token_id, seed=0)
    fit(tagger, Supervised(), lambda epoch: made, Schedule(learning_rate=RATE, epochs=1))


def trainer_epoch(documents: tuple[Document, ...], precision: str, *, tuned: bool) -> None:
    """The same with Hugging Face's Trainer and a softmax head."""
    _needs("accelerate")
    from datasets import Dataset
    from transformers import (
        AutoModelForTokenClassification,
        AutoTokenizer,
        DataCollatorForTokenClassification,
        Trainer,
        TrainingArguments,
    )

    tokenizer = AutoTokenizer.from_pretrained(encoders.minilm_folder())
    windows = encode(documents, tokenizer, SCHEME).windows
    rows = {
        "input_ids": [window.ids.tolist() for window in windows],
        "labels": [[-100, *window.labels.tolist(), -100] for window in windows],
    }
    model = AutoModelForTokenClassification.from_pretrained(
        encoders.minilm_folder(), num_labels=len(SCHEME.labels)
    )
    grouping = {"train_sampling_strategy": "group_by_length"} if tuned else {}
    with tempfile.TemporaryDirectory() as folder:
        options = TrainingArguments(
            folder,
            per_device_train_batch_size=BATCH,
            num_train_epochs=1,
            learning_rate=RATE,
            bf16=precision == "bf16",
            optim="adamw_torch_fused" if tuned else "adamw_torch",
            use_cpu=True,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            logging_strategy="no",
            **grouping,
        )
        Trainer(
            model,
            options,
            train_dataset=Dataset.from_dict(rows),
            data_collator=DataCollatorForTokenClassification(tokenizer),
        ).train()


class Flair:
    """flair's tagger in an environment of its own, whose transformers is older than ours."""

    def __init__(
        self, documents: tuple[Document, ...], python: str, threads: int, context: bool = False
    ):
        if not Path(python).exists():
            raise MissingExtra(f"flair's bench needs an environment at {python}: `make bench`")
        self.process = subprocess.Popen(
            [python, flair_epoch.__file__, str(encoders.minilm_folder()), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        sentences = [sentences_of(document) for document in documents]
        self._say({"documents": sentences, "context": context, "batch": BATCH, "rate": RATE})

    def __call__(self) -> None:
        """One epoch, in the other process."""
        self._say({"run": True})

    def close(self) -> None:
        """Ends the other process."""
        self.process.stdin.close()
        self.process.wait()

    def _say(self, message: dict) -> None:
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        if self.process.stdout.readline().strip() != flair_epoch.DONE:
            raise ClinlibError("flair's process ended early; its error is above")


def sentences_of(document: Document) -> list[dict]:
    """The sentences as flair's process reads them: tokens, and [first, last, type] of their spans,
    widened to whole tokens."""
    made = []
    for first, last in document.sentences:
        here = [(start, end) for start, end in words(document) if first <= start and end <= last]
        spans = []
        for span in document.spans:
            inside = [i for i, (a, b) in enumerate(here) if a < span.end and span.start < b]
            if inside:
                spans.append([inside[0], inside[-1] + 1, span.type])
        if here:
            made.append({"tokens": [document.text[a:b] for a, b in here], "spans": spans})
    return made


def _needs(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise MissingExtra(f"this bench needs {package}: `make bench` installs it")

"""One epoch of MiniLM on NCBI-disease, beside Hugging Face's Trainer and flair's tagger.

All read the same sentences in batches of 16, so all make the same number of updates, in bf16
where the processor has it and in float32 where it would only be emulated.
"""

import importlib.util
import tempfile
from collections.abc import Callable
from functools import partial

import torch

from clinlib.bench.pairs import interleaved, save
from clinlib.corpora import registry
from clinlib.corpora.document import Document
from clinlib.encoding.batches import batches
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.errors import MissingExtra
from clinlib.models import encoders
from clinlib.models.tagger import Tagger
from clinlib.training.loop import fit
from clinlib.training.objectives import Supervised
from clinlib.training.precision import native_bf16
from clinlib.training.schedule import Schedule

SENTENCES, BATCH, RATE = 1000, 16, 3e-4
SCHEME = TagScheme("BIO", ("Disease",))


def run(pairs: int, threads: int, sentences: int = SENTENCES) -> None:
    """Measures each baseline in turn with ours; writes results/bench/training_*.json."""
    torch.set_num_threads(threads)
    documents = registry.load("ncbi_disease").splits["train"][:sentences]
    words = sum(len(document.words) for document in documents)
    precision = "bf16" if native_bf16() else "float32"
    ours = partial(our_epoch, documents, precision)
    baselines: dict[str, tuple[Callable[[], None], str, float]] = {
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
        "training_flair": (
            partial(flair_epoch, documents),
            "flair's SequenceTagger with CRF (float32)",
            2.5,
        ),
    }
    for name, (theirs, baseline, target) in baselines.items():
        seconds = interleaved(ours, theirs, pairs)
        save(
            name,
            [[words / ours_s, words / theirs_s] for ours_s, theirs_s in seconds],
            unit="words/s",
            baseline=baseline,
            target=target,
            threads=threads,
            sentences=len(documents),
            words=words,
            precision=precision,
        )


def our_epoch(documents: tuple[Document, ...], precision: str) -> None:
    """MiniLM with a CRF: encoding, batching and an epoch of training, loading left out of none."""
    encoder = encoders.load("minilm", seed=0)
    windows = encode(documents, encoder.tokenizer, SCHEME).windows
    tagger = Tagger(encoder, "crf", SCHEME.labels, precision=precision)
    tagger.compact(encoders.seen_ids(windows))
    made = batches(windows, size=BATCH, pad_id=encoder.tokenizer.pad_token_id, seed=0)
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


def flair_epoch(documents: tuple[Document, ...]) -> None:
    """The same with flair: MiniLM's word embeddings from its first subwords, and a CRF."""
    _needs("flair")
    import flair
    from flair.data import Corpus, Sentence
    from flair.datasets import FlairDatapointDataset
    from flair.embeddings import TransformerWordEmbeddings
    from flair.models import SequenceTagger
    from flair.trainers import ModelTrainer

    flair.device = torch.device("cpu")
    sentences = []
    for document in documents:
        tokens = [document.text[start:end] for start, end in document.words]
        sentence = Sentence(tokens)
        place = {start: index for index, (start, _) in enumerate(document.words)}
        for span in document.spans:
            last = max(i for i, (_, end) in enumerate(document.words) if end <= span.end)
            sentence[place[span.start] : last + 1].add_label("ner", span.type)
        sentences.append(sentence)
    corpus = Corpus(
        FlairDatapointDataset(sentences),
        FlairDatapointDataset(sentences[:1]),
        FlairDatapointDataset(sentences[:1]),
        sample_missing_splits=False,
    )
    tagger = SequenceTagger(
        hidden_size=256,
        embeddings=TransformerWordEmbeddings(
            str(encoders.minilm_folder()), fine_tune=True, layers="-1", use_context=False
        ),
        tag_dictionary=corpus.make_label_dictionary("ner", add_unk=False),
        tag_type="ner",
        use_crf=True,
        use_rnn=False,
        reproject_embeddings=False,
    )
    with tempfile.TemporaryDirectory() as folder:
        ModelTrainer(tagger, corpus).fine_tune(
            folder,
            learning_rate=RATE,
            mini_batch_size=BATCH,
            max_epochs=1,
            monitor_test=False,
            save_final_model=False,
            embeddings_storage_mode="none",
        )


def _needs(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise MissingExtra(f"this bench needs {package}: pip install -r requirements-bench.txt")

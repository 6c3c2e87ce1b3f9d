"""An epoch of flair's tagger on sentences from standard input; runs where clinlib is not installed.

Arguments: the folder of the encoder, the number of threads. Lines in: {"documents", "context",
"batch", "rate"} once, documents being lists of sentences, then {"run"} per epoch; after each it
says DONE. With context, flair reads 64 tokens on each side of a sentence, in half of its steps, as
it does by default.
"""

import json
import sys
import tempfile

DONE = "done"


def epoch(settings: dict, encoder: str) -> None:
    """MiniLM's word embeddings from their first subwords, fine-tuned under a CRF, one epoch."""
    from flair.data import Corpus, Sentence
    from flair.datasets import FlairDatapointDataset
    from flair.embeddings import TransformerWordEmbeddings
    from flair.models import SequenceTagger
    from flair.trainers import ModelTrainer

    sentences = []
    for document in settings["documents"]:
        neighbours = []
        for each in document:
            sentence = Sentence(each["tokens"])
            for first, last, kind in each["spans"]:
                sentence[first:last].add_label("ner", kind)
            neighbours.append(sentence)
        Sentence.set_context_for_sentences(neighbours)
        sentences += neighbours
    parts = [FlairDatapointDataset(some) for some in (sentences, sentences[:1], sentences[:1])]
    corpus = Corpus(*parts, sample_missing_splits=False)
    tagger = SequenceTagger(
        hidden_size=256,
        embeddings=TransformerWordEmbeddings(
            encoder, fine_tune=True, layers="-1", use_context=settings["context"]
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
            learning_rate=settings["rate"],
            mini_batch_size=settings["batch"],
            max_epochs=1,
            monitor_test=False,
            save_final_model=False,
            embeddings_storage_mode="none",
        )


def main() -> None:
    """Serves epochs until its input ends."""
    encoder, threads = sys.argv[1], int(sys.argv[2])
    answers, sys.stdout = sys.stdout, sys.stderr  # flair's log goes to standard output
    import flair
    import torch

    torch.set_num_threads(threads)
    flair.device = torch.device("cpu")
    settings: dict = {}
    for line in sys.stdin:
        message = json.loads(line)
        if "run" in message:
            epoch(settings, encoder)
        else:
            settings = message
        print(DONE, file=answers, flush=True)


if __name__ == "__main__":
    main()

"""Multi-task: tags and a property of the sentence, against the losses of torch and by gradients."""

import golden
import numpy as np
import pytest
import torch

from clinlib.corpora.document import Document, Span
from clinlib.encoding.batches import batches
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.errors import BadInput
from clinlib.evaluation.sentences import sentence_scores
from clinlib.experiments import fine_tune
from clinlib.experiments.context import RunContext
from clinlib.models import encoders, saved
from clinlib.models.prediction import sentences_found
from clinlib.models.tagger import Tagger
from clinlib.training.loop import fit
from clinlib.training.multi_task import MultiTask
from clinlib.training.objectives import RDrop, Supervised
from clinlib.training.schedule import Schedule

SCHEME = TagScheme("BIO", ("Drug", "Drug-dose"))
TEXTS = ("She took aspirin.", "No fever today.", "Given aspirin 5 mg.", "Seen by the nurse.")


def documents():
    made = []
    for number, text in enumerate(TEXTS * 3):
        spans = []
        if "aspirin" in text:
            spans.append(Span(text.index("aspirin"), text.index("aspirin") + 7, "Drug"))
        if "5 mg" in text:
            spans.append(Span(text.index("5 mg"), text.index("5 mg") + 4, "Drug-dose"))
        made.append(Document(str(number), text, tuple(spans), ((0, len(text)),)))
    return made


DOCUMENTS = documents()


def parts(head="crf", dropout=0.1, type_="Drug"):
    """A tagger with a sentence head, and its windows."""
    encoder = encoders.load("scratch-tiny", seed=0, texts=TEXTS * 3, vocabulary=80, dropout=dropout)
    windows = encode(DOCUMENTS, encoder.tokenizer, SCHEME).windows
    tagger = Tagger(encoder, head, SCHEME.labels, dropout=dropout, sentence_type=type_, seed=0)
    return tagger, windows


def test_gold_is_whether_the_window_holds_a_unit_of_that_very_type():
    for type_ in SCHEME.types:
        tagger, windows = parts(type_=type_)
        for batch in batches(windows, size=5, pad_id=0):
            wanted = [
                any(span.type == type_ for span in DOCUMENTS[windows[row].document].spans)
                for row in batch.windows
            ]
            assert tagger.sentence_head.gold(batch).tolist() == wanted


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_the_loss_is_that_of_the_tags_and_the_binary_cross_entropy(head):
    tagger, windows = parts(head, dropout=0.0)
    [batch] = batches(windows, size=12, pad_id=0)
    _, logits = tagger.with_sentences(batch)
    p = torch.sigmoid(logits.detach().double())
    gold = [
        any(s.type == "Drug" for s in DOCUMENTS[windows[i].document].spans) for i in batch.windows
    ]
    entropy = [float(-(p[i] if yes else 1 - p[i]).log()) for i, yes in enumerate(gold)]
    found = float(MultiTask()(tagger, batch).detach())
    assert found == pytest.approx(float(tagger.loss(batch).detach()) + np.mean(entropy), abs=1e-5)


@pytest.mark.parametrize("alpha", [0.0, 0.7])
def test_two_passes_add_r_drop_of_the_tags_alone(alpha):
    tagger, windows = parts(dropout=0.3)
    [batch] = batches(windows, size=12, pad_id=0)
    tagger.train()
    torch.manual_seed(0)
    both = float(MultiTask(alpha)(tagger, batch).detach())
    torch.manual_seed(0)  # the same dropout again, by hand
    passes = [tagger.with_sentences(batch) for _ in range(2 if alpha else 1)]
    sentence = np.mean(
        [float(tagger.sentence_head.loss(each, batch).detach()) for _, each in passes]
    )

    class Given(torch.nn.Module):
        head = tagger.head

        def forward(self, batch):
            return rows.pop(0)

        def loss(self, batch):
            return self.head.loss(self(batch), batch.labels, batch.mask)

    rows = [emissions for emissions, _ in passes]
    tags = float((RDrop(alpha) if alpha else Supervised())(Given(), batch).detach())
    assert both == pytest.approx(tags + sentence, abs=1e-5)


def test_head_and_encoder_learn_from_the_sentence_loss_and_the_tags_head_does_not():
    tagger, windows = parts()
    [batch] = batches(windows, size=12, pad_id=0)
    _, logits = tagger.with_sentences(batch)
    tagger.sentence_head.loss(logits, batch).backward()
    learning = {n for n, p in tagger.named_parameters() if p.grad is not None and p.grad.any()}
    assert {"sentence_head.linear.weight", "sentence_head.linear.bias"} <= learning
    layers = {n for n, _ in tagger.named_parameters() if n.startswith("encoder.encoder.layer")}
    # a key's bias moves all scores of a row alike, and the softmax over them not at all
    assert {n for n in layers if not n.endswith("key.bias")} <= learning
    assert not any(n.startswith("head.") for n in learning)
    tagger.zero_grad()
    MultiTask()(tagger, batch).backward()
    assert [n for n, p in tagger.named_parameters() if p.grad is None] == []


def test_it_learns_both_tasks():
    tagger, windows = parts()
    torch.manual_seed(0)
    fit(
        tagger,
        MultiTask(),
        lambda epoch: batches(windows, size=4, pad_id=0, seed=epoch),
        Schedule(learning_rate=2e-3, head_learning_rate=5e-3, epochs=12),
    )
    found = sentences_found(tagger, windows, 0)
    assert sentence_scores(DOCUMENTS, found, "Drug")["f1"] == 100
    labels = tagger.predict(batches(windows, size=4, pad_id=0), len(windows))
    assert all((ids == w.labels).all() for ids, w in zip(labels, windows, strict=True))


def test_one_of_several_windows_of_a_sentence_is_enough():
    text = "He rested well. " * 12 + "Given aspirin."
    long = Document(
        "long", text, (Span(text.index("aspirin"), len(text) - 1, "Drug"),), ((0, len(text)),)
    )
    tagger, _ = parts()
    tokenizer = encoders.load("scratch-tiny", seed=0, texts=TEXTS * 3, vocabulary=80).tokenizer
    windows = encode([long], tokenizer, SCHEME, max_length=32).windows
    assert len(windows) > 2
    last = int(windows[-1].ids[1])

    def only_last(states):
        return torch.tensor([1.0 if row == last else -1.0 for row in seen.pop(0)])

    seen, forward = [], tagger.with_sentences

    def spied(batch):
        seen.append(batch.ids[:, 1].tolist())
        return forward(batch)

    tagger.with_sentences, tagger.sentence_head.forward = spied, only_last
    assert sentences_found(tagger, windows, 0) == {(0, 0)}


def test_scores_count_sentences_and_an_empty_side_is_zero():
    gold = {(d, 0) for d, document in enumerate(DOCUMENTS) if document.spans}
    some = set(sorted(gold)[:2]) | {(1, 0)}
    scores = sentence_scores(DOCUMENTS, some, "Drug")
    assert (scores["right"], scores["found"], scores["gold"]) == (2, 3, 6)
    assert scores["precision"] == pytest.approx(200 / 3)
    assert scores["recall"] == pytest.approx(100 / 3)
    assert scores["f1"] == pytest.approx(400 / 9)
    assert sentence_scores(DOCUMENTS, set(), "Drug")["f1"] == 0
    assert sentence_scores(DOCUMENTS, set(), "none")["recall"] == 0


# The routine


@pytest.fixture
def micro():
    with golden.on_micro(golden.micro()) as corpus:
        yield corpus


def test_the_record_holds_the_scores_of_the_saved_sentence_head(micro, tmp_path):
    config = golden.PLAIN.replaced(epochs=3, sentence_type="Drug", r_drop=0.5)
    record = fine_tune.run(config, RunContext(artifact=tmp_path))
    tagger, tokenizer = saved.load(tmp_path)
    assert tagger.sentence_type == "Drug"
    scheme = TagScheme("BIO", micro.types)
    for split in ("dev", "test"):
        windows = encode(micro.splits[split], tokenizer, scheme, **config.windowing).windows
        found = sentences_found(tagger, windows, tokenizer.pad_token_id)
        assert record["sentences"][split] == sentence_scores(micro.splits[split], found, "Drug")
    assert record["sentences"]["test"]["f1"] > 50


def test_without_a_sentence_type_nothing_is_added(micro):
    record = fine_tune.run(golden.PLAIN.replaced(epochs=1), RunContext())
    assert "sentences" not in record
    tagger, _ = parts()
    plain = Tagger(
        encoders.load("scratch-tiny", seed=0, texts=TEXTS * 3, vocabulary=80),
        "crf",
        SCHEME.labels,
        seed=0,
    )
    more = {n for n, _ in tagger.named_parameters()} - {n for n, _ in plain.named_parameters()}
    assert more == {"sentence_head.linear.weight", "sentence_head.linear.bias"}
    assert torch.equal(tagger.head.linear.weight, plain.head.linear.weight)


def test_an_unknown_type_and_packed_windows_are_refused(micro):
    with pytest.raises(BadInput, match="unknown type of 'micro' 'Drugs'; did you mean 'Drug'"):
        fine_tune.run(golden.PLAIN.replaced(sentence_type="Drugs"), RunContext())
    with pytest.raises(BadInput, match="sentence_type: packed windows hold several sentences"):
        golden.PLAIN.replaced(sentence_type="Drug", layout="packed")

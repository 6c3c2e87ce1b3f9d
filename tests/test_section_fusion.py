"""Section fusion: it begins as if it were not there, learns, is saved, and serves every routine."""

import golden
import numpy as np
import pytest
import torch

from clinlib.adaptation.sources import Source
from clinlib.corpora.document import Document, Section, Span
from clinlib.corpora.samplers import sentence_index
from clinlib.encoding.batches import batches
from clinlib.encoding.decoding import spans_of
from clinlib.encoding.sections import Sections, heading_counts, learn_titles
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.errors import BadInput
from clinlib.evaluation.split_scores import evaluate
from clinlib.experiments import ensemble, fine_tune, pseudo_label, training_data
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import Ensemble, PseudoLabel, Similarity
from clinlib.models import encoders, saved
from clinlib.models.prediction import labels_with_confidence, predicted_labels
from clinlib.models.section_fusion import SectionInput
from clinlib.models.tagger import Tagger
from clinlib.selection import pseudo_labels
from clinlib.training.loop import fit
from clinlib.training.objectives import Supervised
from clinlib.training.schedule import Schedule, optimizer

SCHEME = TagScheme("BIO", ("Diagnosis",))
LEVELS = ("text", "embedding", "classifier")
BESIDE = {"embedding": "section_embedding", "classifier": "section_bias"}
PLAIN = golden.PLAIN.replaced(epochs=2, learning_rate=4e-3)
SURE = 1e-3  # two epochs make no tagger sure


def notes():
    """Notes in which "CD is N." is a Diagnosis under Plan and none under Lab."""
    made = []
    for number in range(12):
        sentence = f"CD is {number}."
        text = f"{sentence} {sentence}"
        bounds = (0, len(sentence)), (len(sentence) + 1, len(text))
        order = ("Plan", "Lab") if number % 2 else ("Lab", "Plan")
        sections = tuple(Section(a, b, t) for (a, b), t in zip(bounds, order, strict=True))
        start = bounds[order.index("Plan")][0]
        spans = (Span(start, start + 2, "Diagnosis"),)
        made.append(Document(str(number), text, spans, bounds, None, sections))
    return made


NOTES = notes()
TITLES = learn_titles(NOTES, sentence_index(NOTES))


def tagger_of(level, head="crf", architecture="scratch-tiny"):
    """A tagger of the notes and their windows; the same encoder and head whatever the level."""
    encoder = encoders.load(architecture, seed=0, texts=[d.text for d in NOTES] * 3, vocabulary=60)
    sections = Sections(level, TITLES, 5) if level else None
    windows = encode(NOTES, encoder.tokenizer, SCHEME, sections=sections, context=3).windows
    tagger = Tagger(encoder, head, SCHEME.labels, sections=sections, seed=0)
    return tagger, windows, encoder.tokenizer.pad_token_id


@pytest.mark.parametrize("architecture", ["scratch-tiny", "bilstm"])
@pytest.mark.parametrize("level", BESIDE)
def test_at_the_start_a_tagger_says_what_it_says_without_sections(level, architecture):
    fused, windows, pad = tagger_of(level, architecture=architecture)
    plain, others, _ = tagger_of(None, architecture=architecture)
    for batch, other in zip(
        batches(windows, size=5, pad_id=pad), batches(others, size=5, pad_id=pad), strict=True
    ):
        assert torch.allclose(fused.eval()(batch), plain.eval()(other), atol=1e-5)
    assert {w.section for w in windows} == {1, 2}


def test_the_fused_input_is_that_of_the_equation_position_by_position():
    sections = Sections("embedding", TITLES, 3)
    torch.manual_seed(0)
    fusion = SectionInput(sections, 4).double()
    for parameter in fusion.parameters():
        torch.nn.init.normal_(parameter)
    _, windows, pad = tagger_of("embedding")
    batch = batches(windows, size=5, pad_id=pad)[0]
    batch.section[0] = 0
    embedded = torch.randn(*batch.ids.shape, 4)
    found = fusion(embedded, batch)
    weight, bias, rows = fusion.projection.weight, fusion.projection.bias, fusion.embedding.weight
    for b in range(batch.ids.shape[0]):
        for at in range(batch.ids.shape[1]):
            own = int(batch.unit[b, at]) >= 0
            v = rows[int(batch.section[b])] if own else rows[0]
            wanted = weight @ torch.cat([embedded[b, at].double(), v]) + bias
            assert torch.allclose(found[b, at].double(), wanted, atol=1e-6)


def test_the_first_update_moves_the_input_by_little_beside_a_tokens_embedding():
    size, rate, token = 256, 1e-3, 0.035  # an encoder's, its learning rate, an entry's deviation
    fusion = SectionInput(Sections("embedding", TITLES, 32), size)
    _, windows, pad = tagger_of("embedding")
    batch = batches(windows, size=5, pad_id=pad)[0]
    nothing = torch.zeros(*batch.ids.shape, size)
    updates = torch.optim.AdamW(fusion.parameters(), lr=rate)
    fusion(nothing, batch).sum().backward()
    updates.step()
    moved = fusion(nothing, batch)[batch.unit >= 0].detach()
    assert 0 < moved.abs().mean() < token / 10


@pytest.mark.parametrize("level", BESIDE)
def test_sections_learn_and_the_unknown_one_stays_zero(level):
    tagger, windows, pad = tagger_of(level)
    before = {name: p.detach().clone() for name, p in tagger.named_parameters()}
    torch.manual_seed(0)
    fit(
        tagger,
        Supervised(),
        lambda epoch: batches(windows, size=6, pad_id=pad, seed=epoch),
        Schedule(learning_rate=2e-3, head_learning_rate=5e-3, epochs=2),
    )
    part = BESIDE[level]
    names = [name for name in before if name.startswith(part)]
    assert len(names) == (3 if level == "embedding" else 1)
    after = dict(tagger.named_parameters())
    assert all(not torch.equal(after[name], before[name]) for name in names)
    rows = after[f"{part}.embedding.weight"]
    assert not rows[0].any() and (rows[1:] != before[f"{part}.embedding.weight"][1:]).any(1).all()


def test_what_makes_the_encoders_input_learns_at_its_rate_and_is_not_decayed():
    tagger, _, _ = tagger_of("embedding")
    schedule = Schedule(learning_rate=1e-5, head_learning_rate=5e-3, epochs=1, weight_decay=0.1)
    mine = {id(p) for p in tagger.section_embedding.parameters()}
    groups = [
        g for g in optimizer(tagger, schedule).param_groups for p in g["params"] if id(p) in mine
    ]
    assert len(groups) == 3
    assert all(g["lr"] == 1e-5 and g["weight_decay"] == 0 for g in groups)
    bias, _, _ = tagger_of("classifier")
    mine = {id(p) for p in bias.section_bias.parameters()}
    groups = [
        g for g in optimizer(bias, schedule).param_groups for p in g["params"] if id(p) in mine
    ]
    assert [(g["lr"], g["weight_decay"]) for g in groups] == [(5e-3, 0)]


@pytest.mark.parametrize("head", ["crf", "softmax"])
@pytest.mark.parametrize("level", [None, *LEVELS])
def test_equal_sentences_are_told_apart_by_their_sections_alone(level, head):
    tagger, windows, pad = tagger_of(level, head)
    if level is None:  # context tells them apart too: take it away
        windows = encode(NOTES, encoders_tokenizer(), SCHEME).windows
    torch.manual_seed(0)
    fit(
        tagger,
        Supervised(),
        lambda epoch: batches(windows, size=6, pad_id=pad, seed=epoch),
        Schedule(learning_rate=2e-3, head_learning_rate=2e-2, epochs=15),
    )
    found = spans_of(windows, predicted_labels(tagger, windows, pad), NOTES, SCHEME)
    right = [tuple(spans) for spans in found] == [d.spans for d in NOTES]
    assert right is (level is not None)


def encoders_tokenizer():
    texts = [d.text for d in NOTES] * 3
    return encoders.load("scratch-tiny", seed=0, texts=texts, vocabulary=60).tokenizer


# The routines


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A tagger of the micro corpus for each level: its configuration, record and folder."""
    found = {}
    with golden.on_micro(golden.micro()) as corpus:
        for level in LEVELS:
            config = PLAIN.replaced(sections=level, section_size=6)
            folder = tmp_path_factory.mktemp(level)
            found[level] = config, fine_tune.run(config, RunContext(artifact=folder)), folder
    return corpus, found


@pytest.mark.parametrize("level", LEVELS)
def test_a_saved_tagger_brings_its_sections_and_has_the_scores_of_its_record(trained, level):
    corpus, found = trained
    config, record, folder = found[level]
    tagger, tokenizer = saved.load(folder)
    documents = corpus.splits["train"]
    titles = learn_titles(documents, sentence_index(documents))
    assert tagger.sections == Sections(level, titles, 6) and len(titles) > 3
    scheme = TagScheme(config.scheme, corpus.types)
    tested = corpus.splits["test"]
    windows = encode(tested, tokenizer, scheme, **config.windowing, sections=tagger.sections)
    labels = predicted_labels(tagger, windows.windows, tokenizer.pad_token_id)
    scored = evaluate(tested, spans_of(windows.windows, labels, tested, scheme), corpus.types)
    assert scored["scores"] == record["scores"]["test"]
    if level in BESIDE:
        rows = getattr(tagger, BESIDE[level]).embedding.weight
        assert rows[1:].any() and not rows[0].any()


def test_the_record_counts_unseen_headings(trained):
    corpus, found = trained
    _, record, _ = found["classifier"]
    documents = corpus.splits["train"]
    titles = learn_titles(documents, sentence_index(documents))
    assert record["data"]["sections"] == {
        "titles": len(titles),
        "dev": heading_counts(corpus.splits["dev"], titles),
        "test": heading_counts(corpus.splits["test"], titles),
    }
    few = PLAIN.replaced(sections="classifier", sentences=10, epochs=1)
    with golden.on_micro(corpus):
        counts = fine_tune.run(few, RunContext())["data"]["sections"]
        assert "sections" not in fine_tune.run(PLAIN.replaced(epochs=1), RunContext())["data"]
    assert 0 < counts["titles"] < len(titles)
    assert counts["test"]["unseen"] > record["data"]["sections"]["test"]["unseen"]


def test_a_corpus_without_sections_is_refused_and_those_with_are_named():
    bare = golden.micro()
    bare.splits["train"] = tuple(
        Document(d.id, d.text, d.spans, d.sentences) for d in bare.splits["train"]
    )
    learnt = training_data.learnt(bare.splits["train"], PLAIN, RunContext())
    message = "no training sentence of 'micro' stands under a heading. .*chia.*synthetic_nl_ibd"
    with pytest.raises(BadInput, match=message):
        training_data.fused_sections(learnt, PLAIN.replaced(sections="text"))
    assert training_data.fused_sections(learnt, PLAIN) is None


@pytest.mark.parametrize("level", LEVELS)
def test_a_teacher_reads_the_sections_of_what_it_labels(trained, level, tmp_path, monkeypatch):
    corpus, found = trained
    config, _, folder = found[level]
    monkeypatch.setattr(RunContext, "parent", lambda self, parent: folder)
    with golden.on_micro(corpus):
        silver = PseudoLabel(teacher=config, texts=("corpus:micro",), threshold=SURE)
        pseudo_label.run(silver, RunContext(artifact=tmp_path))
        documents = pseudo_label.unlabelled([Source("corpus:micro")], "en")
    tagger, tokenizer = saved.load(folder)
    scheme = TagScheme(config.scheme, corpus.types)
    windows = encode(
        documents, tokenizer, scheme, **config.windowing, sections=tagger.sections
    ).windows
    _, logs = labels_with_confidence(tagger, windows, tokenizer.pad_token_id)
    sure = {
        (w.document, w.sentence)
        for w, log in zip(windows, logs, strict=True)
        if log >= np.log(SURE)
    }
    assert set(pseudo_labels.read(tmp_path).sentences) == sure
    plain = encode(documents, tokenizer, scheme, **config.windowing).windows
    assert (logs != labels_with_confidence(tagger, plain, tokenizer.pad_token_id)[1]).any()


@pytest.mark.parametrize("level", LEVELS)
def test_a_vote_of_one_reads_its_sections(trained, level, monkeypatch):
    corpus, found = trained
    config, record, folder = found[level]
    monkeypatch.setattr(RunContext, "parent", lambda self, parent: folder)
    with golden.on_micro(corpus):
        alone = ensemble.run(Ensemble(of=(config,)), RunContext())
    counts = record["scores"]["test"]["strict"]
    assert alone["scores"]["test"]["strict"]["recall"] == pytest.approx(counts["recall"], abs=15)
    assert alone["data"]["agreed"] == alone["data"]["units"]


def test_settings_that_do_not_go_together_are_refused():
    fused = PLAIN.replaced(sections="text")
    with pytest.raises(BadInput, match="sections: packed windows hold"):
        fused.replaced(layout="packed")
    with pytest.raises(BadInput, match=r"members differ in sections \(none, text\)"):
        Ensemble(of=(PLAIN, fused))
    with pytest.raises(BadInput, match="headings are not the target's"):
        Similarity(source=fused, target=PLAIN)
    with pytest.raises(BadInput, match="unknown value 'txt'; did you mean 'text'"):
        PLAIN.replaced(sections="txt")

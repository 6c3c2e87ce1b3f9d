"""Saved taggers say of any text what they said before, and their encoder starts another."""

import golden
import pytest
import torch

from clinlib.corpora.document import Document
from clinlib.encoding.batches import batches
from clinlib.encoding.decoding import spans_of
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.errors import BadInput
from clinlib.evaluation.split_scores import evaluate
from clinlib.experiments import ensemble, fine_tune, similarity
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import Choose, Ensemble, Similarity
from clinlib.models import encoders, saved
from clinlib.models.prediction import predicted_labels, states
from clinlib.models.tagger import Tagger
from clinlib.transfer.voting import repair

PLAIN = golden.PLAIN.replaced(epochs=3, learning_rate=4e-3)
POINTER = PLAIN.replaced(head="global_pointer", recurrent=32, epochs=4)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two taggers of the micro corpus: their records and folders by configuration."""
    found = {}
    with golden.on_micro(golden.micro()) as corpus:
        for config in (PLAIN, PLAIN.replaced(learning_rate=3e-3, head="softmax"), POINTER):
            folder = tmp_path_factory.mktemp("tagger")
            found[config] = fine_tune.run(config, RunContext(artifact=folder)), folder
        yield corpus, found


def test_a_saved_tagger_has_the_scores_of_its_record(trained):
    corpus, found = trained
    for config, (record, folder) in found.items():
        tagger, tokenizer = saved.load(folder)
        scheme = TagScheme(config.scheme, corpus.types)
        for split in ("dev", "test"):
            documents = corpus.splits[split]
            windows = encode(documents, tokenizer, scheme, **config.windowing).windows
            labels = predicted_labels(tagger, windows, tokenizer.pad_token_id)
            scored = evaluate(documents, spans_of(windows, labels, documents, scheme), corpus.types)
            assert scored["scores"] == record["scores"][split]


@pytest.mark.parametrize("recurrent", [0, 20])
@pytest.mark.parametrize("head", ["softmax", "crf", "global_pointer"])
def test_a_tagger_of_any_parts_is_read_back_as_it_was(head, recurrent, tmp_path):
    scheme, document = TagScheme("BIOES", ("x",)), Document("1", "abc de", (), ((0, 6),))
    encoder = encoders.load("scratch-tiny", seed=0, texts=["abc de"])
    windows = encode([document], encoder.tokenizer, scheme).windows
    batch = batches(windows, size=1, pad_id=encoder.tokenizer.pad_token_id)[0]
    tagger = Tagger(encoder, head, scheme.labels, recurrent=recurrent, seed=7)
    tagger.compact(batch.ids.unique())
    emissions = tagger.eval()(batch)
    saved.save(tagger, encoder.tokenizer, tmp_path)
    assert torch.equal(saved.load(tmp_path)[0](batch), emissions)


def test_states_are_in_the_order_of_the_windows_units_without_dropout(trained):
    corpus, found = trained
    config, (_, folder) = next(iter(found.items()))
    tagger, tokenizer = saved.load(folder)
    scheme = TagScheme(config.scheme, corpus.types)
    windows = encode(corpus.splits["test"], tokenizer, scheme, **config.windowing).windows
    every = states(tagger, windows, tokenizer.pad_token_id)
    assert every.shape == (sum(len(w.first) for w in windows), tagger.encoder.config.hidden_size)
    alone = states(tagger, windows[3:4], tokenizer.pad_token_id)
    start = sum(len(w.first) for w in windows[:3])
    assert every[start : start + len(alone)] == pytest.approx(alone, abs=1e-4)


def test_a_tagger_that_starts_from_another_has_its_encoder_and_a_new_head(trained, monkeypatch):
    _, found = trained
    source, (_, folder) = next(iter(found.items()))
    monkeypatch.setattr(RunContext, "parent", lambda self, config: folder)
    taken = fine_tune.load_encoder(PLAIN.replaced(encoder=source, seed=9), RunContext())
    wanted = encoders.load(folder, seed=0)
    for mine, theirs in zip(taken.model.parameters(), wanted.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert taken.tokenizer.get_vocab() == wanted.tokenizer.get_vocab()


def test_a_vote_of_one_tagger_is_its_own_labels_repaired(trained, monkeypatch):
    corpus, found = trained
    one, other, pointer = found
    monkeypatch.setattr(RunContext, "parent", lambda self, config: found[config][1])
    alone = ensemble.run(Ensemble(of=(one,)), RunContext())
    tagger, tokenizer = saved.load(found[one][1])
    scheme, documents = TagScheme(one.scheme, corpus.types), corpus.splits["test"]
    windows = encode(documents, tokenizer, scheme, **one.windowing).windows
    labels = predicted_labels(tagger, windows, tokenizer.pad_token_id)
    repaired = spans_of(windows, [repair(each, scheme) for each in labels], documents, scheme)
    assert alone["scores"]["test"] == evaluate(documents, repaired, corpus.types)["scores"]
    assert alone["data"]["agreed"] == alone["data"]["units"] > 0
    both = ensemble.run(Ensemble(of=(one, other)), RunContext())
    assert both["data"]["agreed"] < both["data"]["units"]
    spans = ensemble.run(Ensemble(of=(one, pointer)), RunContext())
    assert spans["data"]["agreed"] < spans["data"]["units"] == both["data"]["units"]


def test_a_tagger_is_at_no_distance_from_itself_and_at_some_from_another(trained, monkeypatch):
    _, found = trained
    one, other, _ = found
    monkeypatch.setattr(RunContext, "parent", lambda self, config: found[config][1])
    same = similarity.run(Similarity(source=one, target=one, vectors=300), RunContext())
    assert same["distances"]["rotation"] == pytest.approx(0, abs=1e-4)
    assert same["data"]["vectors"] == 300
    apart = similarity.run(Similarity(source=other, target=one, vectors=300), RunContext())
    assert apart["distances"]["rotation"] > 0.1


def test_models_of_two_parents_and_members_of_two_corpora_are_refused():
    other = PLAIN.replaced(encoder="scratch-mini")
    with pytest.raises(BadInput, match="share a parent encoder"):
        Similarity(source=PLAIN, target=other)
    with pytest.raises(BadInput, match="share a parent encoder"):
        Similarity(source=PLAIN, target=Choose(of=(PLAIN, other), take="model"))
    with pytest.raises(BadInput, match="recurrent: the states of a BiLSTM"):
        Similarity(source=PLAIN, target=PLAIN.replaced(recurrent=20))
    with pytest.raises(BadInput, match=r"differ in corpus \(micro, other\)"):
        Ensemble(of=(PLAIN, PLAIN.replaced(corpus="other")))
    with pytest.raises(BadInput, match="the same value stands twice"):
        Ensemble(of=(PLAIN, PLAIN))


def test_encoders_from_scratch_are_one_parent_where_they_begin_alike():
    with pytest.raises(BadInput, match=r"another one on micro \(seed 0\) and micro \(seed 1\)"):
        Similarity(source=PLAIN, target=PLAIN.replaced(seed=1))
    with pytest.raises(BadInput, match=r"another one on micro \(seed 0\) and other \(seed 0\)"):
        Similarity(source=PLAIN, target=PLAIN.replaced(corpus="other"))
    Similarity(source=PLAIN, target=PLAIN.replaced(head="softmax"))
    # its vocabulary is the packaged one, whatever the corpus
    small = PLAIN.replaced(encoder="scratch-small")
    Similarity(source=small, target=small.replaced(corpus="other"))
    with pytest.raises(BadInput, match="they share no parent encoder; take a pretrained one"):
        Similarity(source=small, target=Choose(of=(small, small.replaced(seed=2)), take="model"))


def test_taggers_of_several_vocabularies_neither_vote_nor_compare(trained, tmp_path, monkeypatch):
    corpus, found = trained
    one, other, _ = found
    labels = TagScheme(one.scheme, corpus.types).labels
    encoder = encoders.load("scratch-tiny", seed=0, texts=["quite other words"], vocabulary=60)
    tagger = Tagger(encoder, "crf", labels, seed=0)
    tagger.compact(torch.tensor([encoder.tokenizer.pad_token_id]))
    saved.save(tagger, encoder.tokenizer, tmp_path)
    folders = {one: found[one][1], other: tmp_path}
    monkeypatch.setattr(RunContext, "parent", lambda self, config: folders[config])
    with pytest.raises(BadInput, match=r"member 2 \(.*\) has another vocabulary than the first"):
        ensemble.run(Ensemble(of=(one, other)), RunContext())
    with pytest.raises(BadInput, match="source and target have different vocabularies"):
        similarity.run(Similarity(source=other, target=one, vectors=300), RunContext())


def test_a_folder_without_a_tagger_is_named(tmp_path):
    with pytest.raises(BadInput, match="no tagger lies here"):
        saved.load(tmp_path)

"""Joint training: the loss is the sum of its parts, each on its own batches."""

import golden
import pytest
import torch

from clinlib.encoding.batches import batches
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.models import encoders
from clinlib.models.tagger import Tagger
from clinlib.selection.joint_training import Consistency, JointLoss, Ranking, endless
from clinlib.selection.loss_prediction import LossPredictor, ranking_loss
from clinlib.training.mean_teacher import MeanTeacher, consistency


@pytest.fixture
def setting():
    """A tagger without dropout, a labelled batch, and one of the pool."""
    corpus = golden.micro()
    document = corpus.splits["train"][:1]
    scheme = TagScheme("BIO", corpus.types)
    encoder = encoders.load(
        "scratch-tiny", seed=0, dropout=0.0, texts=[document[0].text], vocabulary=200
    )
    tagger = Tagger(encoder, "crf", scheme.labels, dropout=0.0)
    made = [
        batches(
            encode(document, encoder.tokenizer, scheme, labelled=labelled).windows[low : low + 6],
            size=6,
            pad_id=0,
        )[0]
        for low, labelled in ((0, True), (6, False))
    ]
    return tagger.train(), *made


def ranking(tagger, **options) -> Ranking:
    predictor = LossPredictor("serial", 1, True, tagger=tagger, size=8, seed=0, **options)
    return Ranking(predictor, margin=1.0, learning_rate=0.01, momentum=0.9, weight_decay=0.0)


def moved(tagger) -> MeanTeacher:
    """A teacher that is not where its student is."""
    teacher = MeanTeacher(tagger)
    with torch.no_grad():
        for parameter in teacher.model.head.parameters():
            parameter += 0.1
    return teacher


def test_without_the_others_it_is_the_taggers_own_loss(setting):
    tagger, labelled, _ = setting
    assert JointLoss(tagger)(tagger, labelled) == tagger.loss(labelled)


def test_the_ranking_loss_is_added_and_reaches_the_tagger_only_if_asked(setting):
    tagger, labelled, _ = setting
    for detached in (True, False):
        beside = ranking(tagger, detached=detached)
        loss = JointLoss(tagger, beside)(tagger, labelled)
        emissions = tagger(labelled)
        predicted = beside.predictor(
            labelled, tagger.hidden(labelled), tagger.head.bounds(emissions, labelled.mask)
        )
        losses = tagger.head.losses(emissions, labelled.labels, labelled.mask)
        expected = tagger.loss(labelled) + ranking_loss(predicted, losses, 1.0)
        assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
        embedding = tagger.encoder.get_input_embeddings().weight
        joint, plain = (
            torch.autograd.grad(each, embedding, retain_graph=True)[0]
            for each in (loss, tagger.loss(labelled))
        )
        assert torch.allclose(joint, plain, atol=1e-7) == detached


def test_the_consistency_is_that_of_the_pool_with_its_weight(setting):
    tagger, labelled, pool = setting
    teacher = moved(tagger)
    apart = consistency(tagger(pool), teacher(pool), pool.mask, "sentence")
    loss = JointLoss(tagger, None, Consistency(teacher, 0.5, "sentence"), iter([pool]))
    # per unit, as the tagger's loss is
    expected = tagger.loss(labelled) + 0.5 * apart * len(pool.mask) / pool.mask.sum()
    assert loss(tagger, labelled).item() == pytest.approx(expected.item(), rel=1e-5)
    # a pool that is used up leaves the other terms
    assert loss(tagger, labelled).item() == pytest.approx(tagger.loss(labelled).item(), rel=1e-6)


def test_an_update_moves_predictor_and_teacher(setting):
    tagger, labelled, pool = setting
    teacher, beside = moved(tagger), ranking(tagger)
    joint = JointLoss(tagger, beside, Consistency(teacher, 0.5, "unit"), iter([pool]))
    before = [p.detach().clone() for p in beside.predictor.parameters()]
    joint(tagger, labelled).backward()
    joint.after_update()
    after = list(beside.predictor.parameters())
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert all(p.grad is None or not p.grad.any() for p in after)
    assert teacher.updates == 1


def test_an_endless_pool_begins_anew_and_an_empty_one_ends():
    found = endless(lambda epoch: [f"{epoch}.{number}" for number in (1, 2)])
    assert [next(found) for _ in range(5)] == ["1.1", "1.2", "2.1", "2.2", "3.1"]
    assert list(endless(lambda epoch: [])) == []

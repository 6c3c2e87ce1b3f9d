"""Mean Teacher: the average against float64, what the teacher may not do, and the consistency."""

from copy import deepcopy

import numpy as np
import pytest
import torch

from clinlib.corpora.document import Document
from clinlib.encoding.batches import batches
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.errors import BadInput
from clinlib.models import encoders
from clinlib.models.tagger import Tagger
from clinlib.training.mean_teacher import MeanTeacher, consistency

SCHEME = TagScheme("BIO", ("Drug",))
TEXTS = ("She took aspirin.", "He had codeine with water every day.", "No drug.")


@pytest.fixture
def parts():
    documents = [Document(str(n), t, (), ((0, len(t)),)) for n, t in enumerate(TEXTS)]
    encoder = encoders.load("scratch-tiny", seed=0, texts=TEXTS, dropout=0.3)
    windows = encode(documents, encoder.tokenizer, SCHEME).windows
    tagger = Tagger(encoder, "crf", SCHEME.labels, dropout=0.3)
    batch = batches(windows, size=3, pad_id=encoder.tokenizer.pad_token_id)[0]
    return tagger.train(), batch


def _walk(tagger, generator):
    """One step of a training that goes anywhere."""
    with torch.no_grad():
        for parameter in tagger.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)


def _wide(tagger):
    return {n: p.detach().double().numpy().copy() for n, p in tagger.named_parameters()}


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize(("decay", "warm_up"), [(0.999, True), (0.999, False), (0.3, True)])
def test_the_teacher_is_the_moving_average_in_float64(parts, decay, warm_up, compact):
    tagger, batch = parts
    if compact:
        tagger.compact(batch.ids.unique())
    teacher = MeanTeacher(tagger, decay, warm_up)
    wanted, generator = _wide(tagger), torch.Generator().manual_seed(0)
    for t in range(25):
        _walk(tagger, generator)
        teacher.update(tagger)
        a = min(decay, (1 + t) / (10 + t)) if warm_up else decay
        new = _wide(tagger)
        wanted = {name: a * wanted[name] + (1 - a) * new[name] for name in wanted}
    for name, value in _wide(teacher.model).items():
        assert value == pytest.approx(wanted[name], abs=2e-6), name


def test_with_warm_up_the_start_is_soon_forgotten_and_without_it_is_not(parts):
    tagger, _ = parts
    weight = tagger.head.linear.weight
    with torch.no_grad():
        weight.fill_(1.0)
    warm, cold = MeanTeacher(tagger), MeanTeacher(tagger, warm_up=False)
    with torch.no_grad():
        weight.zero_()
    for _ in range(20):
        warm.update(tagger)
        cold.update(tagger)
    left = [float(each.model.head.linear.weight.mean()) for each in (warm, cold)]
    assert left[0] < 1e-6 and left[1] == pytest.approx(0.999**20, rel=1e-4)


def test_the_teacher_has_no_dropout_whatever_the_student_has(parts):
    tagger, batch = parts
    teacher = MeanTeacher(tagger)
    tagger.train()
    first, again = teacher(batch), teacher(batch)
    assert torch.equal(first, again)
    assert not torch.equal(tagger(batch), tagger(batch))
    assert torch.equal(first, tagger.eval()(batch))


def test_the_teacher_gets_no_gradient_and_the_student_does_not_share_its_weights(parts):
    tagger, batch = parts
    teacher = MeanTeacher(tagger)
    assert not teacher(batch).requires_grad
    assert not any(p.requires_grad for p in teacher.model.parameters())
    before = teacher(batch)
    _walk(tagger, torch.Generator().manual_seed(1))
    assert torch.equal(teacher(batch), before)
    consistency(tagger(batch), teacher(batch), batch.mask).backward()
    assert tagger.head.linear.weight.grad.abs().sum() > 0


def test_buffers_of_the_state_are_averaged_and_those_that_count_are_copied(parts):
    tagger, _ = parts
    tagger.register_buffer("mean", torch.zeros(2))
    tagger.register_buffer("count", torch.tensor(0))
    teacher = MeanTeacher(tagger, 0.9, warm_up=False)
    tagger.mean += 1.0
    tagger.count += 7
    teacher.update(tagger)
    assert teacher.model.mean.tolist() == pytest.approx([0.1, 0.1])
    assert int(teacher.model.count) == 7


def test_rows_of_the_vocabulary_that_are_not_trained_are_held_once(parts):
    tagger, batch = parts
    tagger.compact(batch.ids.unique())
    teacher = MeanTeacher(tagger)
    mine, theirs = (m.encoder.get_input_embeddings() for m in (teacher.model, tagger))
    assert mine.constant.data_ptr() == theirs.constant.data_ptr()
    assert mine.trained.data_ptr() != theirs.trained.data_ptr()


def test_a_teacher_goes_on_from_its_state(parts):
    tagger, batch = parts
    teacher = MeanTeacher(tagger)
    generator = torch.Generator().manual_seed(2)
    for _ in range(5):
        _walk(tagger, generator)
        teacher.update(tagger)
    stored = deepcopy(teacher.state_dict())
    other = MeanTeacher(tagger)
    other.load_state_dict(stored)
    for each in (teacher, other):
        each.update(tagger)
    assert other.updates == teacher.updates == 6
    assert torch.equal(other(batch), teacher(batch))


def test_another_student_and_another_decay_are_refused(parts):
    tagger, batch = parts
    teacher = MeanTeacher(tagger)
    tagger.compact(batch.ids.unique())
    with pytest.raises(BadInput, match="not the one that the teacher was made of: .*embeddings"):
        teacher.update(tagger)
    for decay in (1.0, -0.1):
        with pytest.raises(BadInput, match="decay"):
            MeanTeacher(tagger, decay)


def _emissions(seed):
    return torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(seed))


MASK = torch.tensor([[True, True, True], [True, False, False]])


def test_the_consistency_is_the_squared_norm_over_sentences_or_over_units_and_labels():
    student, teacher = _emissions(0), _emissions(1)
    norms = []
    for row in range(2):
        real = MASK[row].numpy()
        norms.append(np.square((student - teacher)[row].double().numpy()[real]).sum())
    sentence = consistency(student, teacher, MASK, "sentence")
    assert sentence.item() == pytest.approx(np.mean(norms), rel=1e-5)
    unit = consistency(student, teacher, MASK, "unit")
    assert unit.item() == pytest.approx(np.sum(norms) / (4 * 4), rel=1e-5)


@pytest.mark.parametrize("reduction", ["sentence", "unit"])
def test_padding_is_not_compared_and_the_teacher_is_not_pulled(reduction):
    student, teacher = _emissions(0).requires_grad_(), _emissions(1).requires_grad_()
    loss = consistency(student, teacher, MASK, reduction)
    loss.backward()
    assert teacher.grad is None
    assert (student.grad[~MASK] == 0).all() and (student.grad[MASK] != 0).all()
    other = torch.where(MASK.unsqueeze(-1), teacher, 99.0)
    assert torch.equal(loss, consistency(student, other, MASK, reduction))


def test_an_unknown_reduction_names_the_nearest():
    with pytest.raises(BadInput, match="did you mean 'unit'"):
        consistency(_emissions(0), _emissions(1), MASK, "units")

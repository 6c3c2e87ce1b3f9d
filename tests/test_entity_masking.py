"""Entity masking: label tokens, masks of entities alone, and losses against slow references."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from clinlib.adaptation.contrast import EntityContrast, contrastive_loss
from clinlib.adaptation.entity_masking import (
    EntityBatch,
    EntityEpoch,
    LabelledLanguageModel,
    label_vectors,
    mask_entities,
)
from clinlib.adaptation.entity_rows import EntityRows, pack_entities
from clinlib.adaptation.mlm import IGNORED, MaskedLanguageModel
from clinlib.adaptation.sequences import pack
from clinlib.corpora.document import Document, Span
from clinlib.corpora.label_words import label_words
from clinlib.encoding.vocabulary import learn_subwords
from clinlib.errors import BadInput
from clinlib.experiments import key as keys
from clinlib.experiments.spec import FineTune, Pretrain, PseudoLabel
from clinlib.models import encoders

TYPES = ("Drug", "Disease")
WORDS = {"Drug": ("drug",), "Disease": ("heart", "failure")}
TEXT = "she took aspirine forte for heart failure and aspirine against pain"
SPANS = (Span(9, 23, "Drug"), Span(28, 41, "Disease"), Span(46, 54, "Drug"))
DOCUMENTS = [Document(str(n), TEXT, SPANS) for n in range(12)]


@pytest.fixture(scope="module")
def tokenizer():
    return learn_subwords([TEXT, "drug of the heart"], 90)


@pytest.fixture(scope="module")
def rows(tokenizer):
    return pack_entities(DOCUMENTS, tokenizer, TYPES, 24, label_tokens=True)


@pytest.fixture
def encoder(tokenizer):
    return encoders.from_scratch("scratch-tiny", tokenizer, seed=0, dropout=0.3)


def batch_of(rows, tokenizer, scored="masked", rate=0.7) -> EntityBatch:
    return next(iter(EntityEpoch(rows, tokenizer, 24 * len(rows), rate, (0, 1), scored)))


def test_a_label_token_stands_before_and_after_every_word_of_an_entity(tokenizer):
    made = pack_entities([DOCUMENTS[0]] * 2, tokenizer, TYPES, 40, label_tokens=True)
    start = len(tokenizer)
    shown = []
    for id_ in made.ids[0].tolist():
        named = id_ >= start
        shown.append(f"<{TYPES[id_ - start]}>" if named else tokenizer.decode([id_]))
    text = "".join(shown).replace(" ", "").replace("##", "")
    assert text.startswith(
        "[CLS]shetook<Drug>aspirine<Drug><Drug>forte<Drug>for<Disease>heart<Disease>"
        "<Disease>failure<Disease>and<Drug>aspirine<Drug>againstpain[SEP]"
    )


@given(st.integers(8, 40))
def test_without_label_tokens_the_rows_are_those_of_plain_packing(length):
    tokenizer = learn_subwords([TEXT], 60)
    plain = np.stack(list(pack([TEXT] * 12, tokenizer, length)))
    made = pack_entities(DOCUMENTS, tokenizer, TYPES, length, label_tokens=False)
    assert (made.ids == plain).all()
    labelled = pack_entities(DOCUMENTS, tokenizer, TYPES, length, label_tokens=True)
    stream = labelled.ids[:, 1:].flatten()
    own = stream[stream < len(tokenizer)]
    whole = plain[:, 1:].flatten()
    common = min(len(own), len(whole))  # each leaves out a last, partial sequence of its own
    assert (own[:common] == whole[:common]).all() and common > 60


def test_entities_are_marked_and_label_tokens_are_not(rows, tokenizer):
    assert not rows.entity[rows.ids >= rows.label_start].any()
    assert not rows.entity[:, 0].any()
    held = tokenizer.decode(rows.ids[rows.entity].tolist()).replace(" ", "").replace("##", "")
    assert set("aspirinefortheartfailure") >= set(held) and "aspirine" in held
    assert "took" not in held and "pain" not in held


def test_texts_without_entity_or_too_short_are_errors(tokenizer):
    bare = [Document("a", TEXT)] * 4
    with pytest.raises(BadInput, match="none of 4 documents holds an entity"):
        pack_entities(bare, tokenizer, TYPES, 24, label_tokens=True)
    with pytest.raises(BadInput, match="do not fill one sequence of 512"):
        pack_entities(DOCUMENTS[:1], tokenizer, TYPES, 512, label_tokens=True)


def test_only_entities_are_masked_at_the_rate_and_always_by_the_mask_token(rows, tokenizer):
    many = rows.some(np.tile(np.arange(len(rows)), 200))
    ids, entity = torch.from_numpy(many.ids), torch.from_numpy(many.entity)
    made = mask_entities(
        ids, entity, tokenizer, 0.7, torch.Generator().manual_seed(0), label_start=rows.label_start
    )
    assert not (made.masked & ~entity).any()
    assert abs(made.masked[entity].float().mean() - 0.7) < 0.02
    assert (made.ids[made.masked] == tokenizer.mask_token_id).all()
    assert torch.equal(made.ids[~made.masked], ids[~made.masked])
    assert torch.equal(made.targets != IGNORED, made.masked)
    assert torch.equal(made.targets[made.masked], ids[made.masked])


def test_masks_are_drawn_afresh_each_epoch_and_fixed_by_the_seed(rows, tokenizer):
    def epoch(number):
        made = EntityEpoch(rows, tokenizer, 96, 0.5, (0, number))
        batches = list(made)
        assert len(batches) == len(made)
        return torch.cat([batch.targets for batch in batches])

    assert torch.equal(epoch(1), epoch(1)) and not torch.equal(epoch(1), epoch(2))


def test_all_positions_are_scored_where_asked_but_labels_and_special_tokens(rows, tokenizer):
    made = batch_of(rows, tokenizer, "all")
    asked = made.targets != IGNORED
    special = torch.isin(made.targets, torch.tensor(tokenizer.all_special_ids))
    assert not special[asked].any() and (made.targets[asked] < rows.label_start).all()
    assert asked.sum() > made.masked.sum() and (asked & made.masked).sum() == made.masked.sum()
    assert (
        asked.sum()
        == (made.original >= 0)[made.attention].sum()
        - torch.isin(made.original[made.attention], torch.tensor(tokenizer.all_special_ids)).sum()
    )


def test_positions_are_aligned_with_the_sequence_without_labels(rows, tokenizer):
    made = batch_of(rows, tokenizer)
    for row in range(len(made.ids)):
        own = [i for i in made.ids[row].tolist() if i < rows.label_start]
        length = int(made.attention[row].sum())
        assert length == len(own)
        assert (made.original[row, length:] == tokenizer.pad_token_id).all()
        for at, id_ in enumerate(made.ids[row].tolist()):
            if id_ < rows.label_start:
                there = made.original[row, made.place[row, at]]
                assert there == (made.targets[row, at] if made.masked[row, at] else id_)


def test_label_rows_start_as_the_mean_of_their_words(encoder):
    made = label_vectors(encoder, WORDS)
    table = encoder.model.get_input_embeddings().weight
    means = []
    for word in ("heart", "failure"):
        ids = encoder.tokenizer(word, add_special_tokens=False)["input_ids"]
        means.append(sum(table[i] for i in ids) / len(ids))
    assert torch.allclose(made[1], (means[0] + means[1]) / 2, atol=1e-6)
    assert made.shape == (2, encoder.hidden_size)


def test_the_loss_is_that_of_equation_1_in_double_precision(rows, encoder, tokenizer):
    model = LabelledLanguageModel(encoder, label_vectors(encoder, WORDS)).double().eval()
    batch = batch_of(rows, tokenizer)
    table = torch.cat(
        [encoder.model.get_input_embeddings().weight, model.label_embedding.weight]
    )  # (V + T, H)
    total, count = 0.0, 0
    for row in range(len(batch.ids)):
        states = encoder.model(inputs_embeds=table[batch.ids[row]].unsqueeze(0)).last_hidden_state
        for at in batch.masked[row].nonzero().flatten().tolist():
            logits = model.transform(states[0, at]) @ table[: rows.label_start].T + model.bias
            total -= float(logits.log_softmax(-1)[batch.targets[row, at]].detach())
            count += 1
    states = model.encoder(**model.inputs(batch)).last_hidden_state
    assert float(model.cross_entropy(states, batch.targets).detach()) == pytest.approx(
        total / count
    )


def contrast_by_loops(states, known, place, masked, attention, temperature):
    """Equation 3, position by position."""
    terms = []
    for b in range(len(states)):
        for i in range(states.shape[1]):
            if masked[b, i]:
                cosines = [
                    float(states[b, i] @ known[b, j] / states[b, i].norm() / known[b, j].norm())
                    for j in range(known.shape[1])
                    if attention[b, j]
                ]
                scores = np.exp(np.array(cosines) / temperature)
                terms.append(-np.log(scores[int(place[b, i])] / scores.sum()))
    return float(np.mean(terms))


@pytest.fixture
def contrast():
    """states, known, and the marks of contrastive_loss for two rows, the second one shorter."""
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(2, 6, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    known = torch.randn(2, 4, 5, generator=generator, dtype=torch.float64)
    place = torch.tensor([[0, 0, 1, 2, 0, 3], [0, 0, 1, 0, 1, 2]])
    masked = torch.tensor([[0, 0, 1, 1, 0, 0], [0, 0, 1, 0, 0, 1]], dtype=torch.bool)
    attention = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]], dtype=torch.bool)
    return states, known, place, masked, attention


@pytest.mark.parametrize("temperature", [1.0, 0.1, 0.01])
def test_the_contrast_is_that_of_equation_3_in_double_precision(contrast, temperature):
    states, known, place, masked, attention = contrast
    found = contrastive_loss(
        states, known, place, masked=masked, attention=attention, temperature=temperature
    )
    expected = contrast_by_loops(states.detach(), known, place, masked, attention, temperature)
    assert float(found.detach()) == pytest.approx(expected)


def test_padding_is_no_negative_and_another_row_neither(contrast):
    states, known, place, masked, attention = contrast
    options = {"masked": masked, "attention": attention, "temperature": 0.1}
    before = contrastive_loss(states, known, place, **options)
    changed = known.clone()
    changed[1, 3] = states[1, 2].detach()  # a padded position that would be a perfect negative
    assert torch.equal(contrastive_loss(states, changed, place, **options), before)
    torch.autograd.gradcheck(lambda s: contrastive_loss(s, known, place, **options), (states,))


def test_nothing_masked_gives_no_contrast(contrast):
    states, known, place, masked, attention = contrast
    found = contrastive_loss(
        states,
        known,
        place,
        masked=torch.zeros_like(masked),
        attention=attention,
        temperature=0.01,
    )
    assert float(found.detach()) == 0.0


def test_the_teacher_is_frozen_and_calm_whatever_becomes_of_the_student(rows, encoder, tokenizer):
    model = LabelledLanguageModel(encoder, label_vectors(encoder, WORDS)).train()
    objective = EntityContrast(model.encoder, 1.0, 0.01)
    before = {name: value.clone() for name, value in objective.teacher.state_dict().items()}
    batch = batch_of(rows, tokenizer)
    read = {"input_ids": batch.original, "attention_mask": batch.attention}
    first, again = (objective.teacher(**read).last_hidden_state for _ in range(2))
    assert torch.equal(first, again)  # dropout is off
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = objective(model, batch)
    loss.backward()
    optimiser.step()
    assert all(parameter.grad is None for parameter in objective.teacher.parameters())
    after = objective.teacher.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_gradients_reach_all_that_should_learn(rows, encoder, tokenizer):
    model = LabelledLanguageModel(encoder, label_vectors(encoder, WORDS)).train()
    EntityContrast(model.encoder, 1.0, 0.01)(model, batch_of(rows, tokenizer)).backward()
    silent = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.abs().sum() > 0
    ]
    assert silent == []
    assert (model.label_embedding.weight.grad.abs().sum(1) > 0).all()


def test_without_contrast_the_objective_is_the_masked_language_model_alone(
    rows, encoder, tokenizer
):
    model = LabelledLanguageModel(encoder, label_vectors(encoder, WORDS)).eval()
    batch = batch_of(rows, tokenizer)
    silent = EntityContrast(model.encoder, 0.0, 0.01)(model, batch)
    assert float(silent.detach()) == pytest.approx(float(model.loss(batch).detach()))
    assert float(EntityContrast(model.encoder, 1.0, 0.01)(model, batch).detach()) > float(
        silent.detach()
    )


def test_in_bf16_teacher_and_student_compute_in_it_and_the_objective_is_near_float32s(
    rows, encoder, tokenizer
):
    batch, losses = batch_of(rows, tokenizer), {}
    for precision, wanted in (("float32", torch.float32), ("bf16", torch.bfloat16)):
        vectors = label_vectors(encoder, WORDS)
        model = LabelledLanguageModel(encoder, vectors, precision=precision).eval()
        objective = EntityContrast(model.encoder, 1.0, 1.0)
        formats = set()
        for one in (objective.teacher, model.encoder):
            for layer in one.modules():
                if isinstance(layer, torch.nn.Linear):
                    layer.register_forward_hook(lambda _, x, out, to=formats: to.add(out.dtype))
        losses[precision] = objective(model, batch).detach()
        assert formats == {wanted}
    full, half = losses.values()
    assert half.dtype == torch.float32
    assert 0 < abs(half - full) < 2**-6 * full


def test_an_encoder_that_is_saved_knows_nothing_of_label_tokens(encoder, tokenizer, tmp_path):
    model = LabelledLanguageModel(encoder, label_vectors(encoder, WORDS))
    encoder.save(tmp_path)
    model.save_head(tmp_path)
    again = encoders.load(tmp_path, seed=0)
    assert again.model.get_input_embeddings().num_embeddings == len(tokenizer)
    assert len(again.tokenizer) == len(tokenizer)
    assert LabelledLanguageModel(again, label_vectors(again, WORDS)).load_head(tmp_path)
    assert MaskedLanguageModel(again).load_head(tmp_path)


def silver(corpus="synthetic_nl_ibd"):
    teacher = FineTune(corpus=corpus, encoder="scratch-tiny")
    return PseudoLabel(teacher=teacher, texts=(f"corpus:{corpus}",))


def test_every_type_of_every_corpus_has_a_label_word():
    from clinlib.corpora import registry

    for name, card in registry.cards().items():
        for corpus in (name, *(f"{name}:{task}" for task in card.tasks)):
            words = label_words(corpus)
            assert all(words.values())
            assert {type(word) for each in words.values() for word in each} == {str}


def test_a_type_without_a_label_word_is_an_error_before_training(tmp_path, monkeypatch):
    folder = tmp_path / "data_cards"
    folder.mkdir()
    (folder / "label_words.yml").write_text("nl:\n  Diagnosis: [ziekte]\n")
    monkeypatch.setattr("clinlib.corpora.label_words.repository", lambda: tmp_path)
    with pytest.raises(BadInput, match="no label word for Diagnosis_date, .* language 'nl'"):
        Pretrain(silver=silver(), masks="entities", label_tokens=True)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"texts": ("corpus:a",), "masks": "entities"}, "give silver"),
        ({"texts": ("corpus:a",), "label_tokens": True}, "for masks 'entities'"),
        ({"texts": ("corpus:a",), "contrast": 1.0}, "for masks 'entities'"),
        ({"texts": ("corpus:a",), "scored": "all"}, "for masks 'entities'"),
        ({"silver": silver(), "limit": 10}, "those of the pseudo labels"),
        ({"silver": silver(), "texts": ("corpus:a",)}, "exactly one"),
        ({"silver": silver(), "masks": "entities", "masking": 1.2}, "less than or equal to 1"),
        ({"silver": silver(), "masks": "entities", "temperature": 0.0}, "greater than 0"),
    ],
)
def test_what_contradicts_itself_is_refused(fields, said):
    with pytest.raises(BadInput, match=said):
        Pretrain(**fields)


def test_other_label_words_make_another_key(monkeypatch):
    pins = keys.Pins(corpus=str, text=str, encoder=str)
    run = Pretrain(silver=silver(), masks="entities", label_tokens=True)
    before = keys.key(run, pins)
    monkeypatch.setattr(keys, "label_words", lambda corpus: {"Diagnosis": ("kwaal",)})
    assert keys.key(run, pins) != before
    plain = run.replaced(label_tokens=False)
    assert keys.key(plain, pins) not in (before, keys.key(run, pins))


def test_rows_are_hashed_with_their_entities(rows):
    other = EntityRows(rows.ids, ~rows.entity, rows.label_start)
    assert rows.hash() != other.hash() and rows.hash() == rows.some(np.arange(len(rows))).hash()

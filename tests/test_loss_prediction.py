"""Loss prediction: ring pairs by hand, what the network reads, and where its gradient goes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from clinlib.corpora.document import Document, Span
from clinlib.encoding.batches import batches
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.errors import BadInput
from clinlib.models import encoders
from clinlib.models.tagger import Tagger
from clinlib.selection.loss_prediction import LossPredictor, ranking_loss

SCHEME = TagScheme("BIO", ("Drug",))
TEXTS = ("She took aspirin.", "He had codeine with water every day.", "No drug.", "Aspirin again.")
KINDS = [("shared", 0), ("serial", 1), ("serial", 2), ("individual", 1), ("individual", 3)]


def _tagger(seed=0):
    documents = [Document(str(n), t, (Span(0, 3, "Drug"),), ((0, len(t)),)) for n, t in _numbered()]
    encoder = encoders.load("scratch-tiny", seed=seed, texts=TEXTS)
    windows = encode(documents, encoder.tokenizer, SCHEME).windows
    pad = encoder.tokenizer.pad_token_id
    return Tagger(encoder, "crf", SCHEME.labels, seed=seed), windows, pad


def _numbered():
    return list(enumerate(TEXTS))


@pytest.fixture
def parts():
    tagger, windows, pad = _tagger()
    return tagger.eval(), batches(windows, size=4, pad_id=pad)[0], windows, pad


def _predictor(tagger, encoder="serial", layers=1, bounds=False, **options):
    options = {"seed": 0, "size": 10} | options
    return LossPredictor(encoder, layers, bounds, tagger=tagger, **options)


def _bounds(tagger, hidden, batch):
    return tagger.head.bounds(tagger.head(hidden), batch.mask)


def _by_hand(predicted, losses, margin):
    """Equation 5 pair after pair."""
    total = 0.0
    for i, (p, true) in enumerate(zip(predicted, losses, strict=True)):
        j = (i + 1) % len(predicted)
        sign = 1 if true > losses[j] else -1
        total += max(0.0, -sign * (p - predicted[j]) + margin)
    return total / len(predicted)


def test_the_ranking_loss_of_three_sentences_is_that_worked_out_by_hand():
    predicted, losses = torch.tensor([2.0, 0.5, 1.0]), torch.tensor([3.0, 1.0, 2.0])
    # (1, 2): in order by 1.5, 0; (2, 3): in order by 0.5, 0.5; (3, 1): in order by 1, 0
    assert ranking_loss(predicted, losses).item() == pytest.approx(0.5 / 3)
    # every pair the wrong way round: 1 + 1.5, 1 + 0.5, 1 + 1
    assert ranking_loss(-predicted, losses).item() == pytest.approx(6.0 / 3)
    assert ranking_loss(predicted, losses, margin=0.0).item() == 0


def test_pairs_are_a_ring_for_odd_and_even_batches_and_a_pair_counts_twice():
    for size in (2, 3, 4, 5):
        predicted, losses = torch.zeros(size), torch.arange(float(size))
        assert ranking_loss(predicted, losses, margin=0.7).item() == pytest.approx(0.7)
    predicted, losses = torch.tensor([0.0, 10, 20, 30]), torch.tensor([9.0, 10, 11, 8])
    # (1,2) and (2,3) in order; (3,4): 11 > 8 but 20 < 30; (4,1): 8 < 9 but 30 > 0
    assert ranking_loss(predicted, losses).item() == pytest.approx((11.0 + 31.0) / 4)


def test_a_tie_counts_as_less():
    loss = ranking_loss(torch.tensor([0.0, 3.0]), torch.tensor([1.0, 1.0]))
    assert loss.item() == pytest.approx((0.0 + 4.0) / 2)  # (1, 2) as wished, (2, 1) not


def test_a_single_sentence_has_no_pair_and_a_loss_to_go_back_from():
    predicted = torch.tensor([5.0], requires_grad=True)
    loss = ranking_loss(predicted, torch.tensor([1.0]))
    loss.backward()
    assert loss.item() == 0 and predicted.grad.tolist() == [0.0]


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.tuples(st.floats(-9, 9), st.integers(0, 3)), min_size=2, max_size=9),
    margin=st.floats(0, 3),
)
def test_the_ranking_loss_is_equation_5(rows, margin):
    predicted, losses = (np.array(each, dtype=float) for each in zip(*rows, strict=True))
    found = ranking_loss(torch.tensor(predicted), torch.tensor(losses), margin)
    assert found.item() == pytest.approx(_by_hand(predicted, losses, margin))


def test_true_losses_get_no_gradient():
    predicted = torch.randn(4, requires_grad=True)
    losses = torch.rand(4, requires_grad=True)
    ranking_loss(predicted, losses * 2).backward()
    assert losses.grad is None and predicted.grad.abs().sum() > 0


@pytest.mark.parametrize("bounds", [False, True])
@pytest.mark.parametrize(("encoder", "layers"), KINDS)
def test_a_row_is_predicted_alike_alone_and_beside_longer_ones(parts, encoder, layers, bounds):
    tagger, together, windows, pad = parts
    predictor = _predictor(tagger, encoder, layers, bounds)

    def predicted(batch):
        hidden = tagger.hidden(batch)
        return predictor(batch, hidden, _bounds(tagger, hidden, batch) if bounds else None)

    found = dict(zip(together.windows, predicted(together).tolist(), strict=True))
    assert len(found) == len(windows) == 4
    for batch in batches(windows, size=1, pad_id=pad):
        assert predicted(batch).tolist() == pytest.approx([found[batch.windows[0]]], abs=1e-5)


def test_shared_features_are_the_mean_of_the_hidden_states_and_the_bounds(parts):
    tagger, batch, _, _ = parts
    predictor = _predictor(tagger, "shared", 0, True)
    hidden = tagger.hidden(batch)
    least, most = _bounds(tagger, hidden, batch)
    weight, bias = predictor.linear.weight[0], predictor.linear.bias
    for row, length in enumerate(batch.mask.sum(1).tolist()):
        mean = hidden[row, :length].mean(0)
        wanted = weight[:-2] @ mean + weight[-2] * least[row] + weight[-1] * most[row] + bias
        assert predictor(batch, hidden, (least, most))[row].item() == pytest.approx(
            wanted.item(), abs=1e-4
        )


def test_bounds_are_read_as_they_are_or_as_logarithms(parts):
    tagger, batch, _, _ = parts
    hidden = tagger.hidden(batch)
    bounds = torch.tensor([0.0, 0.5, 3.0, 8.0]), torch.tensor([40.0, 300.0, 90.0, 8.0])
    raw, log = (_predictor(tagger, "shared", 0, True, scale=scale) for scale in ("raw", "log"))
    weight = raw.linear.weight[0]
    assert torch.equal(log.linear.weight[0], weight)
    difference = log(batch, hidden, bounds) - raw(batch, hidden, bounds)
    wanted = sum(w * ((1 + x).log() - x) for w, x in zip(weight[-2:], bounds, strict=True))
    assert torch.allclose(difference, wanted, atol=1e-4)


def test_logarithms_let_it_learn_the_order_of_small_losses_beside_large_ones(parts):
    """L_min tells the order; L_max, of hundreds of nats, tells nothing."""
    tagger, batch, _, _ = parts
    hidden = tagger.hidden(batch).detach()
    generator = torch.Generator().manual_seed(0)
    agreement = {}
    for scale in ("raw", "log"):
        predictor = _predictor(tagger, "shared", 0, True, scale=scale)
        optimiser = torch.optim.SGD(predictor.parameters(), lr=0.01, momentum=0.9)
        for _ in range(100):
            least, most = torch.rand(4, generator=generator) * 8, _large(generator)
            optimiser.zero_grad()
            ranking_loss(predictor(batch, hidden, (least, most)), least).backward()
            optimiser.step()
        right = total = 0
        for _ in range(50):
            least, most = torch.rand(4, generator=generator) * 8, _large(generator)
            found = predictor(batch, hidden, (least, most))
            same = (found > found.roll(-1)) == (least > least.roll(-1))
            right += same.sum().item()
            total += 4
        agreement[scale] = right / total
    assert agreement["log"] > 0.85 > agreement["raw"]


def _large(generator):
    return 100 + 300 * torch.rand(4, generator=generator)


@pytest.mark.parametrize(("encoder", "layers"), KINDS)
def test_the_gradient_reaches_the_tagger_only_where_it_is_asked_to(parts, encoder, layers):
    tagger, batch, _, _ = parts
    tagger.compact(batch.ids.unique())
    losses = torch.arange(4.0)
    for detached in (True, False):
        tagger.zero_grad()
        predictor = _predictor(tagger, encoder, layers, True, detached=detached)
        hidden = tagger.hidden(batch)
        emissions = tagger.head(hidden)
        bounds = tagger.head.bounds(emissions, batch.mask)
        ranking_loss(predictor(batch, hidden, bounds), losses).backward()
        assert all(p.grad.abs().sum() > 0 for p in predictor.parameters() if p.ndim > 1)
        reached = {n for n, p in tagger.named_parameters() if p.grad is not None}
        assert not any(name.startswith("head.") for name in reached)
        embedding = "encoder.embeddings.word_embeddings.trained"
        if detached:
            assert not reached
        elif encoder == "individual":
            assert reached == {embedding}
        else:
            assert embedding in reached and len(reached) > 20


def test_the_individual_encoder_does_not_read_hidden_states_and_the_others_do(parts):
    tagger, batch, _, _ = parts
    hidden = tagger.hidden(batch)
    for encoder, layers in KINDS:
        predictor = _predictor(tagger, encoder, layers)
        same = torch.equal(predictor(batch, hidden), predictor(batch, hidden * 2))
        assert same == (encoder == "individual")


def test_the_tagger_is_no_part_of_the_network(parts):
    tagger, *_ = parts
    predictor = _predictor(tagger, "individual", 2)
    assert {name.split(".")[0] for name in predictor.state_dict()} == {"lstm", "linear"}


def test_a_seed_fixes_the_weights_and_leaves_the_generator_alone(parts):
    tagger, *_ = parts
    state = torch.get_rng_state()
    same, again, other = (_predictor(tagger, seed=seed).state_dict() for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(same[name], again[name]) for name in same)
    assert not torch.equal(same["linear.weight"], other["linear.weight"])


def test_it_learns_the_order_of_losses_that_its_features_tell(parts):
    tagger, batch, _, _ = parts
    predictor = _predictor(tagger, "serial", 2)
    hidden = tagger.hidden(batch).detach()
    losses = torch.tensor([2.0, 0.0, 3.0, 1.0])
    optimiser = torch.optim.SGD(predictor.parameters(), lr=0.01, momentum=0.9)
    for _ in range(300):
        optimiser.zero_grad()
        ranking_loss(predictor(batch, hidden), losses).backward()
        optimiser.step()
    found = predictor(batch, hidden)
    ring = torch.sign(found - found.roll(-1))
    assert torch.equal(ring, torch.sign(losses - losses.roll(-1)))


def test_bad_networks_and_bad_calls_are_refused(parts):
    tagger, batch, _, _ = parts
    hidden = tagger.hidden(batch)
    with pytest.raises(BadInput, match="did you mean 'serial'"):
        _predictor(tagger, "seriel")
    with pytest.raises(BadInput, match="did you mean 'log'"):
        _predictor(tagger, scale="logs")
    for layers in (0, 4):
        with pytest.raises(BadInput, match="1 to 3 layers"):
            _predictor(tagger, "serial", layers)
    with pytest.raises(BadInput, match="size 9"):
        _predictor(tagger, size=9)
    with pytest.raises(BadInput, match="give bounds"):
        _predictor(tagger, bounds=True)(batch, hidden)
    with pytest.raises(BadInput, match="give none"):
        _predictor(tagger)(batch, hidden, _bounds(tagger, hidden, batch))

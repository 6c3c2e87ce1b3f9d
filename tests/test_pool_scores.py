"""Pool scores: one pass, and what it keeps of each sentence is what prediction would say."""

from collections import Counter

import golden
import numpy as np
import pytest

from clinlib.corpora.words import words
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.windows import encode
from clinlib.errors import BadInput
from clinlib.models import encoders
from clinlib.models.prediction import labels_with_confidence, states
from clinlib.models.tagger import Tagger
from clinlib.selection.loss_prediction import LossPredictor
from clinlib.selection.pool_scores import TRUE, collect
from clinlib.selection.sentences import pool_sentences

LOSSES = ("l_min", TRUE, "l_max")


class Setting:
    """A tagger of random weights and a pool of which long sentences lie in several windows."""

    def __init__(self, head="crf", max_length=24):
        corpus = golden.micro()
        documents = corpus.splits["train"][:2]
        scheme = TagScheme("BIO", corpus.types)
        encoder = encoders.load(
            "scratch-tiny", seed=0, texts=[d.text for d in documents], vocabulary=300
        )
        self.pad = encoder.tokenizer.pad_token_id

        def windows_of(documents, **options):
            return encode(documents, encoder.tokenizer, scheme, max_length=max_length, **options)

        index = [(d, s) for d, each in enumerate(documents) for s in range(len(each.sentences))]
        self.documents = documents
        self.pool = pool_sentences(documents, index, windows_of)
        self.tagger = Tagger(encoder, head, scheme.labels, dropout=0.5, seed=0)

    def collect(self, names, sentences=None, predictor=None):
        sentences = self.pool.gold if sentences is None else sentences
        return collect(self.tagger, sentences, names, self.pad, predictor)


@pytest.fixture(scope="module")
def setting():
    return Setting()


def test_some_sentences_lie_in_several_windows(setting):
    assert max(map(len, setting.pool.gold)) > 1, "else the tests below show less than they say"


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_the_true_loss_lies_between_its_bounds(head):
    made = Setting(head)
    least, true, most = (made.collect(LOSSES)[name] for name in LOSSES)
    assert (least <= true + 1e-4).all() and (true <= most + 1e-4).all()
    assert (least < true).any() and (true < most).any()


def test_the_minimum_loss_is_that_of_the_decoded_labels_summed_over_windows(setting):
    _, logs = labels_with_confidence(
        setting.tagger, [w for each in setting.pool.read for w in each], setting.pad
    )
    ends = np.cumsum([len(each) for each in setting.pool.read])[:-1]
    expected = [-part.sum() for part in np.split(logs, ends)]
    found = setting.collect({"l_min"}, setting.pool.read)["l_min"]
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-4)
    # the same by the bounds that the loss predictor reads
    both = setting.collect({"l_min", "l_max"}, setting.pool.read)["l_min"]
    assert both == pytest.approx(found, rel=1e-4, abs=1e-4)


def test_states_are_means_over_all_units_of_a_sentence(setting):
    windows = [w for each in setting.pool.read for w in each]
    flat = states(setting.tagger, windows, setting.pad)
    ends = np.cumsum([sum(len(w.first) for w in each) for each in setting.pool.read])[:-1]
    expected = np.stack([part.mean(0) for part in np.split(flat, ends)])
    found = setting.collect({"states"}, setting.pool.read)["states"]
    assert found == pytest.approx(expected, abs=1e-4)


def test_probabilities_are_of_every_unit_in_order(setting):
    found = setting.collect({"probabilities"}, setting.pool.read)["probabilities"]
    for place in (0, 5, max(range(len(found)), key=lambda place: len(setting.pool.read[place]))):
        alone = setting.collect({"probabilities"}, [setting.pool.read[place]])["probabilities"][0]
        assert found[place] == pytest.approx(alone, abs=1e-4)
        assert found[place].sum(1) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("bounds", [True, False])
def test_the_prediction_for_a_sentence_is_the_highest_of_its_windows(setting, bounds):
    predictor = LossPredictor("serial", 1, bounds, tagger=setting.tagger, size=8, seed=0)
    found = setting.collect({"predicted"}, setting.pool.read, predictor)["predicted"]
    place = max(range(len(found)), key=lambda place: len(setting.pool.read[place]))
    parts = [[window] for window in setting.pool.read[place]]
    alone = setting.collect({"predicted"}, parts, predictor)["predicted"]
    assert len(alone) > 1 and found[place] == pytest.approx(alone.max(), abs=1e-4)


def test_sentences_keep_their_order_whatever_their_length(setting):
    order = np.random.default_rng(0).permutation(len(setting.pool))
    straight = setting.collect({"l_min"})["l_min"]
    mixed = setting.collect({"l_min"}, [setting.pool.gold[place] for place in order])["l_min"]
    assert mixed == pytest.approx(straight[order], rel=1e-3, abs=1e-4)


def test_dropout_is_off_in_the_pass_and_on_again_after_it(setting):
    setting.tagger.train()
    first, again = (setting.collect({"l_min"})["l_min"] for _ in range(2))
    assert (first == again).all() and setting.tagger.training
    setting.tagger.eval()


def test_the_pass_is_the_only_one_and_none_is_made_for_nothing(setting, monkeypatch):
    calls = []
    hidden = Tagger.hidden
    monkeypatch.setattr(
        Tagger, "hidden", lambda self, batch: calls.append(batch.windows) or hidden(self, batch)
    )
    assert setting.collect(set()) == {} and not calls
    setting.collect({"l_min", "l_max", "states", "probabilities"})
    windows = sum(len(each) for each in setting.pool.gold)
    assert sorted(index for each in calls for index in each) == list(range(windows))


def test_what_cannot_be_collected_is_an_error(setting):
    with pytest.raises(BadInput, match="did you mean 'states'"):
        setting.collect({"state"})
    with pytest.raises(BadInput, match="need a loss predictor"):
        setting.collect({"predicted"})


def test_tokens_are_the_words_of_the_sentences(setting):
    total = sum(len(words(document)) for document in setting.documents)
    assert sum(setting.pool.tokens) == total
    spans = sum(setting.pool.spans, Counter())
    assert spans.total() == sum(len(document.spans) for document in setting.documents)

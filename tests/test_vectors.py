"""Vectors know what stands beside what; an LSTM over them reads rows as if they were alone."""

import numpy as np
import pytest
import torch

from clinlib.adaptation.sources import Source, Together
from clinlib.adaptation.vectors import learn_vectors
from clinlib.encoding.vocabulary import SPECIAL, learn_subwords
from clinlib.errors import BadInput
from clinlib.models import encoders
from clinlib.studies import recipes

RNG = np.random.default_rng(0)
GROUPS = (["aspirin", "ibuprofen", "codeine"], ["kidney", "liver", "spleen"])
TEXTS = [" ".join(RNG.choice(GROUPS[n % 2], 8)) for n in range(400)]


@pytest.fixture(scope="module")
def tokenizer():
    return learn_subwords(TEXTS, 200)


def learnt(tokenizer, seed=0):
    return learn_vectors(TEXTS, tokenizer, size=16, window=3, epochs=5, seed=seed)


def test_words_of_the_same_surroundings_lie_nearer_than_others(tokenizer):
    vectors, count = learnt(tokenizer)
    assert vectors.shape == (len(tokenizer), 16) and 6 <= count <= len(tokenizer) - len(SPECIAL)
    ids = {
        word: tokenizer(word, add_special_tokens=False)["input_ids"] for g in GROUPS for word in g
    }
    assert all(len(found) == 1 for found in ids.values())
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    drugs, organs = ([ids[word][0] for word in group] for group in GROUPS)
    within = (unit[drugs] @ unit[drugs].T)[~np.eye(3, dtype=bool)].mean()
    assert within > (unit[drugs] @ unit[organs].T).mean() + 0.1


def test_a_seed_fixes_the_vectors(tokenizer):
    assert (learnt(tokenizer)[0] == learnt(tokenizer)[0]).all()
    assert (learnt(tokenizer)[0] != learnt(tokenizer, seed=1)[0]).any()


def test_no_text_is_an_error(tokenizer):
    with pytest.raises(BadInput, match="need text"):
        learn_vectors([], tokenizer, size=4, window=2, epochs=1, seed=0)


def test_padding_changes_no_state_of_an_lstm(tokenizer):
    model = encoders.load("bilstm", seed=0, texts=TEXTS, vocabulary=200).model.eval()
    ids = torch.randint(5, 20, (2, 9))
    mask = torch.ones_like(ids)
    mask[0, 4:] = 0
    both = model(input_ids=ids, attention_mask=mask).last_hidden_state
    alone = model(input_ids=ids[:1, :4]).last_hidden_state
    assert both.shape == (2, 9, 256)
    assert torch.allclose(both[0, :4], alone[0], atol=1e-6) and not both[0, 4:].any()


def test_an_lstm_encoder_is_loaded_as_it_was_saved(tokenizer, tmp_path):
    made = encoders.from_scratch("bilstm", tokenizer, seed=3, vectors=16)
    made.save(tmp_path)
    loaded = encoders.load(tmp_path, seed=0)
    ids = torch.randint(5, 20, (2, 7))
    mine, theirs = (e.model.eval()(input_ids=ids).last_hidden_state for e in (made, loaded))
    assert torch.equal(mine, theirs)
    assert loaded.tokenizer.get_vocab() == tokenizer.get_vocab()


def test_each_source_gives_its_first_characters_at_most():
    class Some(Source):
        def __init__(self, *texts):
            self.texts, self.count = texts, 0

        def __iter__(self):
            yield from self.texts

    sources = [Some("abcd", "efgh", "ijkl"), Some("mn")]
    assert list(Together(sources, 6)) == ["abcd", "ef", "mn"]
    assert list(Together(sources)) == ["abcd", "efgh", "ijkl", "mn"]


@pytest.mark.parametrize("name", recipes.STUDY)
def test_the_studys_own_encoders_keep_the_tests_of_their_language_out_of_clinical_text(name):
    made = recipes.encoder(name)
    clinical = any("e3c" in text or "medquad" in text for text in made.texts)
    clinical |= name == "general:zh"  # all that it reads are medical questions
    assert bool(made.keep_out) == clinical
    assert recipes.encoder(name) == made


def test_an_encoder_that_the_study_has_not_is_refused_with_the_nearest():
    with pytest.raises(BadInput, match="did you mean 'general:multi'"):
        recipes.encoder("general:mutli")
    with pytest.raises(BadInput, match="write vectors:CORPUS"):
        recipes.encoder("vectors:")

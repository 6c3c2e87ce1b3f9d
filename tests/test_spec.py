"""Configurations are strict, say what is wrong, and survive the way through JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinlib.errors import BadInput
from clinlib.experiments.spec import Choose, FineTune, Pretrain, Vectors, from_dict

PLAIN = FineTune(corpus="a", encoder="minilm")
SMALL = Pretrain(texts=("corpus:a",), architecture="scratch-small", vocabulary=900)


def choose(take="learning_rate", **fields) -> Choose:
    return Choose(of=(PLAIN, PLAIN.replaced(learning_rate=1e-4)), take=take, **fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"lerning_rate": 1e-3}, "did you mean 'learning_rate'"),
        ({"encoder": "minilmm"}, "did you mean 'minilm'"),
        ({"encoder": "hub:"}, "did you mean 'hub:NAME'"),
        ({"encoder": 3}, "FineTune.encoder should be a string or a Pretrain or a Vectors or a"),
        ({"head": "crff"}, "did you mean 'crf'"),
        ({"learning_rate": "1e-3"}, "should be a number or a Choose, not '1e-3' (str)"),
        ({"learning_rate": -1.0}, "should be greater than 0"),
        ({"learning_rate": float("nan")}, "should be a finite number"),
        ({"seed": 1.0}, "FineTune.seed should be an integer, not 1.0 (float)"),
        ({"seed": True}, "FineTune.seed should be an integer, not True (bool)"),
        ({"keep_predictions": 1}, "FineTune.keep_predictions"),
        ({"empty_share": 1.5}, "less than or equal to 1"),
        ({"warmup": -0.1}, "greater than or equal to 0"),
        ({"batch_size": None}, "exactly one of batch_size and batch_subwords"),
        ({"batch_subwords": 512}, "exactly one of batch_size and batch_subwords"),
        ({"learning_rate": choose("head_learning_rate")}, "takes head_learning_rate"),
        ({"head": "global_pointr"}, "did you mean 'global_pointer'"),
        ({"recurrent": 201}, "201 is odd, and the two directions"),
        ({"recurrent": -2}, "greater than or equal to 0"),
        ({"head": "global_pointer", "label_smoothing": 0.1}, "label_smoothing: the head global_"),
        ({"head": "global_pointer", "r_drop": 1.0}, "r_drop: the head global_pointer has no"),
        ({"head": "global_pointer", "two_passes": True}, "two_passes: the head global_pointer has"),
        (
            {"keep_out": ("b",), "fold": (1, 2)},
            "keep_out: overlaps are sought in the training split",
        ),
        ({"keep_out": ("b",), "train_on": "train+dev"}, "keep_out: overlaps are sought in the"),
        ({"two_passes": True, "r_drop": 1.0}, "two_passes: with r_drop, it is r_drop that says"),
        ({"two_passes": True, "sentence_type": "A"}, "two_passes: with sentence_type, it is"),
        ({"head": "global_pointer", "class_weights": "balanced"}, "only the head softmax takes"),
    ],
)
def test_fine_tune_says_what_is_wrong(fields, said):
    with pytest.raises(BadInput, match=r".") as raised:
        FineTune(**{"corpus": "a", "encoder": "minilm"} | fields)
    assert said in str(raised.value)


def test_every_field_at_fault_is_named():
    with pytest.raises(BadInput) as raised:
        FineTune(encoder="minilm", seed="x", heads="crf")
    for said in ("FineTune.corpus is missing", "FineTune.seed", "did you mean 'head'"):
        assert said in str(raised.value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"texts": ["corpus:a"]}, "should be a tuple"),
        ({"texts": ()}, "exactly one of texts and silver"),
        ({"texts": ("corpora:a",)}, "none of corpus:NAME, text:FILE,"),
        ({"texts": ("corpus:a", "corpus:a")}, "twice"),
        ({"masking": 0.0}, "greater than 0"),
        ({"masking": 1.1}, "less than or equal to 1"),
        ({"architecture": "minilm"}, "unknown architecture"),
        ({"start": "scratch-tny"}, "did you mean 'scratch-tiny'"),
        ({"start": "bilstm"}, "not pretrained by masks; start from none or one of sc"),
        ({"start": Vectors(texts=("corpus:a",))}, "Pretrain.start: an LSTM, with vectors or"),
        ({"length": 2}, "Pretrain.length should be greater than or equal to 3"),
        ({"length": 513}, "length: sequences of 513 subwords, but the encoder has 512 positions"),
        ({"length": 513, "start": "minilm"}, "take 512 or fewer"),
        ({"length": 513, "start": SMALL}, "take 512 or fewer"),
        ({"architecture": "scratch-mini", "start": "minilm"}, "architecture: scratch-mini is"),
        ({"architecture": "scratch-mini", "start": SMALL}, "leave architecture out"),
        ({"vocabulary": 500, "start": "scratch-tiny"}, "vocabulary: 500 is given, but the encoder"),
        ({"vocabulary": 500, "start": SMALL}, "leave vocabulary out"),
        ({"vocabulary": 900, "start": Pretrain(texts=("corpus:b",), start="minilm")}, "its own"),
    ],
)
def test_pretrain_says_what_is_wrong(fields, said):
    with pytest.raises(BadInput) as raised:
        Pretrain(**{"texts": ("corpus:a",)} | fields)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"take": "learningrate"}, "did you mean 'learning_rate'"),
        ({"by": "test.strict.f1"}, "did you mean 'dev.strict.f1'"),
        ({"of": ()}, "at least 1 item"),
        ({"of": (PLAIN, PLAIN)}, "twice"),
        ({"of": (PLAIN.replaced(learning_rate=choose()),)}, "itself a Choose"),
    ],
)
def test_choose_says_what_is_wrong(fields, said):
    with pytest.raises(BadInput) as raised:
        Choose(**{"of": (PLAIN,), "take": "learning_rate"} | fields)
    assert said in str(raised.value)


def test_a_choice_is_never_made_on_test_scores():
    with pytest.raises(BadInput):
        choose(by="test.ent_type.f1")


def test_masking_of_all_and_hub_revisions_are_accepted():
    assert Pretrain(texts=("corpus:a",), masking=1.0).masking == 1
    assert FineTune(corpus="a", encoder="hub:org/name@abc123").encoder == "hub:org/name@abc123"


def test_a_chain_of_pretrainings_may_repeat_what_its_first_one_says():
    said = {"architecture": "scratch-small", "vocabulary": 900}
    second = Pretrain(texts=("corpus:b",), start=SMALL, **said)
    assert Pretrain(texts=("corpus:c",), start=second, **said).start.start == SMALL
    assert Pretrain(texts=("corpus:c",), start=second, length=512).architecture == "scratch-tiny"
    assert Pretrain(texts=("corpus:b",), start="hub:org/long", length=4096).length == 4096


def test_configurations_are_frozen():
    with pytest.raises(Exception, match="frozen"):
        PLAIN.seed = 3


def test_replaced_validates():
    assert PLAIN.replaced(seed=3).seed == 3
    with pytest.raises(BadInput, match="did you mean 'seed'"):
        PLAIN.replaced(sed=3)


def test_unknown_kind_is_named():
    with pytest.raises(BadInput, match="did you mean 'fine_tune'"):
        from_dict({"kind": "finetune"})
    with pytest.raises(BadInput, match="names its kind"):
        from_dict({"corpus": "a"})


pretrains = st.builds(
    Pretrain,
    texts=st.sampled_from([("corpus:a",), ("corpus:b:task", "text:c.txt")]),
    start=st.none() | st.just("minilm") | st.just(Pretrain(texts=("corpus:z",))),
    masking=st.floats(0.01, 1.0),
    seed=st.integers(0, 9),
)
tunes = st.builds(
    FineTune,
    corpus=st.sampled_from(["a", "b:task"]),
    encoder=st.sampled_from(["minilm", "hub:x/y"]) | pretrains,
    learning_rate=st.floats(1e-6, 1.0) | st.just(choose()),
    empty_share=st.none() | st.floats(0, 1),
    patience=st.none() | st.integers(1, 5),
)


@given(tunes | pretrains)
def test_json_round_trip_is_the_identity(config):
    again = from_dict(json.loads(json.dumps(config.to_dict())))
    assert again == config
    assert hash(again) == hash(config)


def test_label_holds_what_differs():
    assert PLAIN.label() == "fine_tune a minilm"
    assert PLAIN.replaced(seed=2, learning_rate=choose()).label() == (
        "fine_tune a minilm learning_rate=<choose> seed=2"
    )


@pytest.mark.parametrize(
    ("fields", "longest"),
    [({"layout": "packed", "max_length": 300}, 300), ({"context": 150}, 303)],
    ids=["packed", "sentence"],
)
def test_windows_longer_than_what_an_encoder_has_read_are_refused(fields, longest):
    texts = ("corpus:ncbi_disease",)
    read = Pretrain(texts=texts, length=256)
    tuned = PLAIN.replaced(encoder=read)
    chosen = Choose(of=(tuned,), take="model")
    again = Pretrain(texts=texts, start=read, length=64)
    for encoder in (read, again, tuned, chosen):
        with pytest.raises(BadInput, match=f"windows of {longest} subwords.*pretrained on 256"):
            PLAIN.replaced(encoder=encoder, **fields)
    longer = Pretrain(texts=texts, start=read, length=longest)
    known = Pretrain(texts=texts, start="minilm")
    for encoder in (longer, known, "minilm", PLAIN):
        assert PLAIN.replaced(encoder=encoder, **fields)

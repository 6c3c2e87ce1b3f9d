"""Saved taggers: an encoder's folder as transformers loads it, and in it the BiLSTM and head."""

import json
from pathlib import Path

from safetensors.torch import load_file, save_file
from transformers import PreTrainedTokenizerFast

from clinlib.errors import BadInput
from clinlib.models import encoders
from clinlib.models.tagger import Tagger

HEAD = "head.safetensors"
RECURRENT = "recurrent.safetensors"
SETTINGS = "tagger.json"


def save(tagger: Tagger, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Writes a tagger, its embedding expanded, with its tokenizer."""
    tagger.to("cpu")
    tagger.expand()
    encoders.Encoder(tagger.encoder, tokenizer).save(folder)
    save_file(tagger.head.state_dict(), folder / HEAD)
    settings = {"head": tagger.head_name, "labels": list(tagger.labels)}
    if tagger.recurrent is not None:
        save_file(tagger.recurrent.state_dict(), folder / RECURRENT)
        settings["recurrent"] = tagger.hidden_size
    (folder / SETTINGS).write_text(json.dumps(settings), encoding="utf-8")


def load(folder: Path, precision: str = "float32") -> tuple[Tagger, PreTrainedTokenizerFast]:
    """The tagger in a folder, in eval mode, and its tokenizer.

    Raises BadInput for a folder that holds no tagger.
    """
    if not (folder / SETTINGS).is_file():
        raise BadInput(f"{folder}: no tagger lies here ({SETTINGS} is missing)")
    settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    encoder = encoders.load(folder, seed=0)
    recurrent = settings.get("recurrent", 0)
    tagger = Tagger(
        encoder, settings["head"], settings["labels"], recurrent=recurrent, precision=precision
    )
    if tagger.recurrent is not None:
        tagger.recurrent.load_state_dict(load_file(folder / RECURRENT))
    tagger.head.load_state_dict(load_file(folder / HEAD))
    return tagger.eval(), encoder.tokenizer

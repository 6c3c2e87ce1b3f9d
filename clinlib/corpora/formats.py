"""Formats: what a card may say of how its files are read, one class per reader."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _with_group(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"'{pattern}' is no regular expression: {error}") from error
    if pattern and not groups:
        raise ValueError(f"'{pattern}' has no group in parentheses")
    return pattern


Pattern = Annotated[str, AfterValidator(_with_group)]  # empty for none


class Strict(BaseModel):
    """A part of a card: no unknown keys, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Brat(Strict):
    """How a BRAT folder is read: see clinlib.corpora.readers.brat.read_brat."""

    format: Literal["brat"]
    path: str  # of the folder of .txt and .ann files, below the card's folder
    discontinuous: Literal["hull", "first", "drop"] = "hull"
    on_mismatch: Literal["error", "drop"] = "error"
    shift: int = 0  # characters by which a span may be moved to the text that it quotes
    group: Pattern = ""  # whose first group, found in a document's id, names its group
    type_in_note: Pattern = ""  # whose first group, found in a span's note, is its type


class Conll(Strict):
    """How CoNLL files are read: see clinlib.corpora.readers.conll.read_conll."""

    format: Literal["conll"]
    token_column: int = 0
    tag_column: int = 1
    separator: Literal["tab", "blank"] = "tab"
    block: int | None = None  # words of a document at least, where the files mark no sentences
    group: int = 1  # such documents in a row that must not part


class PubTator(Strict):
    """How PubTator files are read: see clinlib.corpora.readers.pubtator.read_pubtator."""

    format: Literal["pubtator"]


class Json(Strict):
    """How files of JSON records are read: see clinlib.corpora.readers.json_spans.read_json."""

    format: Literal["json"]
    shape: Literal["phee", "cmedqaner", "presidio"]
    discontinuous: Literal["hull", "first", "drop"] = "hull"


class Generated(Strict):
    """A corpus that a function of the library makes."""

    format: Literal["generated"]


class I2b2Xml(Strict):
    """How XML with offsets is read: see clinlib.corpora.readers.i2b2_xml.read_i2b2_xml."""

    format: Literal["i2b2_xml"]
    tags: dict[str, str]  # tag -> the attribute that holds a span's type
    on_mismatch: Literal["error", "drop"] = "error"
    shift: int = 0  # characters by which a span may be moved to the text that it quotes
    group: Pattern = ""  # whose first group, found in a document's id, names its group


class I2b2Inline(Strict):
    """How XML with marks in the text is read: see clinlib.corpora.readers.i2b2_inline."""

    format: Literal["i2b2_inline"]


class I2b2Con(Strict):
    """How .con files are read: see clinlib.corpora.readers.i2b2_con.read_i2b2_con."""

    format: Literal["i2b2_con"]
    concepts: dict[str, str]  # folder of .txt files -> that of their .con files
    on_mismatch: Literal["error", "drop"] = "error"


class Ccks(Strict):
    """How the records of CCKS 2019 are read: see clinlib.corpora.readers.ccks.read_ccks."""

    format: Literal["ccks"]


READS_FILES = (Conll, PubTator, Json, I2b2Inline, Ccks)  # not folders: a card names the files
Format = Annotated[
    Brat | Conll | PubTator | Json | I2b2Xml | I2b2Inline | I2b2Con | Ccks | Generated,
    Field(discriminator="format"),
]

"""Reading: each format's reader, called as a card describes it."""

from collections.abc import Callable
from pathlib import Path

from clinlib.corpora.card import Card
from clinlib.corpora.document import Document
from clinlib.corpora.formats import (
    Brat,
    Ccks,
    Conll,
    I2b2Con,
    I2b2Inline,
    I2b2Xml,
    Json,
    PubTator,
)
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.readers.brat import read_brat
from clinlib.corpora.readers.ccks import read_ccks
from clinlib.corpora.readers.conll import read_conll
from clinlib.corpora.readers.i2b2_con import read_i2b2_con
from clinlib.corpora.readers.i2b2_inline import read_i2b2_inline
from clinlib.corpora.readers.i2b2_xml import read_i2b2_xml
from clinlib.corpora.readers.json_spans import read_json
from clinlib.corpora.readers.pubtator import read_pubtator
from clinlib.errors import unknown


def read_part(card: Card, folder: Path, part: str, ledger: Ledger) -> list[Document]:
    """The documents of one file or subfolder, through the reader of the card's format."""
    return _READERS[type(card.reader)](card, folder, part, ledger)


def _brat(card: Card, folder: Path, part: str, ledger: Ledger) -> list[Document]:
    reader = card.reader
    return read_brat(
        folder / reader.path / part,
        discontinuous=reader.discontinuous,
        on_mismatch=reader.on_mismatch,
        shift=reader.shift,
        group=reader.group,
        type_in_note=reader.type_in_note,
        ledger=ledger,
    )


def _conll(card: Card, folder: Path, part: str, ledger: Ledger) -> list[Document]:
    return read_conll(
        folder / part,
        types=(*card.types, *card.left_out),
        token_column=card.reader.token_column,
        tag_column=card.reader.tag_column,
        separator={"tab": "\t", "blank": " "}[card.reader.separator],
        block=card.reader.block,
        group=card.reader.group,
        ledger=ledger,
    )


def _pubtator(card: Card, folder: Path, part: str, ledger: Ledger) -> list[Document]:
    return read_pubtator(folder / part, types=(*card.types, *card.left_out), ledger=ledger)


def _json(card: Card, folder: Path, part: str, ledger: Ledger) -> list[Document]:
    return read_json(
        folder / part,
        card.reader.shape,
        discontinuous=card.reader.discontinuous,
        ledger=ledger,
    )


def _i2b2_xml(card: Card, folder: Path, part: str, ledger: Ledger) -> list[Document]:
    return read_i2b2_xml(
        folder / part,
        tags=card.reader.tags,
        types=(*card.types, *card.left_out),
        on_mismatch=card.reader.on_mismatch,
        shift=card.reader.shift,
        group=card.reader.group,
        ledger=ledger,
    )


def _i2b2_inline(card: Card, folder: Path, part: str, ledger: Ledger) -> list[Document]:
    return read_i2b2_inline(folder / part, types=(*card.types, *card.left_out), ledger=ledger)


def _i2b2_con(card: Card, folder: Path, part: str, ledger: Ledger) -> list[Document]:
    concepts = card.reader.concepts
    if part not in concepts:
        raise unknown("folder of texts in the reader's 'concepts'", part, concepts)
    return read_i2b2_con(
        folder / part,
        folder / concepts[part],
        types=(*card.types, *card.left_out),
        on_mismatch=card.reader.on_mismatch,
        ledger=ledger,
    )


def _ccks(card: Card, folder: Path, part: str, ledger: Ledger) -> list[Document]:
    return read_ccks(folder / part, ledger=ledger)


_READERS: dict[type, Callable[[Card, Path, str, Ledger], list[Document]]] = {
    Brat: _brat,
    Conll: _conll,
    PubTator: _pubtator,
    Json: _json,
    I2b2Xml: _i2b2_xml,
    I2b2Inline: _i2b2_inline,
    I2b2Con: _i2b2_con,
    Ccks: _ccks,
}

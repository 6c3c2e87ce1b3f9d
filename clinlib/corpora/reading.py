"""Reading: each format's reader, called as a card describes it."""

from collections.abc import Callable
from pathlib import Path

from clinlib.corpora.card import Brat, Card, Conll, Json, PubTator
from clinlib.corpora.document import Document
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.readers.brat import read_brat
from clinlib.corpora.readers.conll import read_conll
from clinlib.corpora.readers.json_spans import read_json
from clinlib.corpora.readers.pubtator import read_pubtator


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


_READERS: dict[type, Callable[[Card, Path, str, Ledger], list[Document]]] = {
    Brat: _brat,
    Conll: _conll,
    PubTator: _pubtator,
    Json: _json,
}

"""Card: what a data card's YAML header may hold, checked.

It knows no file formats and reads no corpus; the registry does.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Discriminator, Field, Tag, ValidationError, model_validator

from clinlib.corpora.downloads import Download, check_downloads
from clinlib.corpora.formats import READS_FILES, Format, Generated, Strict
from clinlib.errors import BadInput, unknown

SPLITS = ("train", "dev", "test")
SplitName = Literal["train", "dev", "test"]
TextForm = Literal["unlabelled", "textbook"]
FUNCTION = r"^clinlib(\.\w+)+:\w+$"


class Carved(Strict):
    """A dev split drawn from published training documents: see clinlib.corpora.splits.carve."""

    dev: Annotated[float, Field(gt=0, lt=1)]  # share of the training documents
    seed: int


class Official(Strict):
    """The files or folders of each split, as published."""

    official: dict[SplitName, str | tuple[str, ...]]
    carved: Carved | None = None  # where no dev split is published


class Grouped(Strict):
    """Splits drawn by clinlib.corpora.splits.grouped_split from the documents of all parts."""

    grouped: dict[SplitName, Annotated[float, Field(ge=0, le=1)]]
    seed: int
    tied: bool = False  # whether texts with passages in common are one group
    parts: tuple[str, ...] = ("",)  # files or folders

    @model_validator(mode="after")
    def _whole(self) -> "Grouped":
        if abs(sum(self.grouped.values()) - 1) > 1e-9:
            raise ValueError(f"shares sum to {sum(self.grouped.values()):g}, not 1")
        return self


class Shared(Strict):
    """The one split of documents that several corpora annotate: see clinlib.corpora.collection."""

    shared: str  # a file of data_cards/
    parts: tuple[str, ...]  # files or folders of this corpus


class AsGenerated(Strict):
    """The splits that the generator returns."""

    generated: tuple[SplitName, ...]


def _kind_of_splits(value: Any) -> str | None:
    """The key that tells which of the four forms `splits` has."""
    keys = value if isinstance(value, dict) else type(value).model_fields
    return next(
        (kind for kind in ("official", "grouped", "shared", "generated") if kind in keys), None
    )


Splits = Annotated[
    Annotated[Official, Tag("official")]
    | Annotated[Grouped, Tag("grouped")]
    | Annotated[Shared, Tag("shared")]
    | Annotated[AsGenerated, Tag("generated")],
    Discriminator(
        _kind_of_splits,
        custom_error_type="splits",
        custom_error_message="holds none of official, grouped, shared and generated",
    ),
]


class Headings(Strict):
    """The headings that part a corpus's documents: see clinlib.corpora.sections."""

    lines: tuple[str, ...] = ()  # headings that fill a line
    labels: tuple[str, ...] = ()  # headings before a colon at a line's start
    endings: dict[str, str] = {}  # end of a document's id -> title of the one section that it is


class MadeTexts(Strict):
    """Unlabelled texts that a function of the library makes, called with their number.

    See clinlib.corpora.made_texts.
    """

    maker: Annotated[str, Field(pattern=FUNCTION)]
    number: Annotated[int, Field(ge=1)]  # notes, or sentences of a textbook
    fingerprint: str = ""


class Count(Strict):
    """Sizes of one split as it is loaded: after flattening."""

    documents: int
    sentences: int
    spans: int
    types: dict[str, int]


class Computed(Strict):
    """What is computed from the data and must agree with them; empty where a card is unpinned."""

    fingerprint: str = ""
    counts: dict[str, Count] = {}
    ledger: dict[str, int] = {}


class Task(Computed):
    """A choice of a corpus's types or of other splits, loaded as "corpus:task"."""

    types: tuple[str, ...]
    rename: dict[str, str] = {}
    splits: Official | Grouped | None = None  # None for those of the corpus


class Card(Computed):
    """One data card: the header's fields and the Markdown `body`.

    The first block is Hugging Face's, the second BigBIO's, the third the study's own.
    """

    name: str
    pretty_name: str
    language: tuple[str, ...]
    license: str
    multilinguality: Literal["monolingual", "multilingual", "translation"] = "monolingual"
    size_categories: tuple[str, ...] = ()
    task_categories: tuple[str, ...] = ("token-classification",)

    bigbio_language: tuple[str, ...] = ()
    bigbio_license_shortname: str = ""
    bigbio_public: bool = True
    bigbio_pubmed: bool = False
    bigbio_tasks: tuple[str, ...] = ("NAMED_ENTITY_RECOGNITION",)

    licence: str
    licence_source: str
    citation: str | None = None
    homepage: str | None = None
    where_to_get: str
    downloads: tuple[Download, ...] = ()  # for `clinlib corpora get`
    gated: bool
    unpinned: str = ""  # why the card holds no checksums, fingerprints and counts, if it does not
    synthetic: bool
    generator: Annotated[str, Field(pattern=FUNCTION)] | None = None
    folder: str | None = None
    reader: Format
    document_unit: str
    files: dict[str, str] = {}
    splits: Splits
    types: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    sections: Headings | None = None
    texts: dict[TextForm, MadeTexts] = {}
    tasks: dict[str, Task] = {}
    known_problems: tuple[str, ...] = ()
    body: str = ""

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the corpus's languages; the first one chooses the segmenter's rules."""
        return self.language

    @property
    def generated(self) -> bool:
        """Whether the library makes the corpus; a synthetic one may also be read from files."""
        return self.generator is not None

    @model_validator(mode="after")
    def _consistent(self) -> "Card":
        generated = isinstance(self.reader, Generated)
        if generated != self.generated or (generated and not self.synthetic):
            raise ValueError("reader generated, a generator and synthetic: true go together")
        if generated != (self.folder is None):
            raise ValueError("folder is null for a generated corpus, and for no other")
        if generated != isinstance(self.splits, AsGenerated):
            raise ValueError("splits {generated: ...} belong to generated corpora alone")
        whole = isinstance(self.splits, Grouped) and self.splits.parts == ("",)
        if isinstance(self.reader, READS_FILES) and whole:
            raise ValueError(
                f"format {self.reader.format}: splits must name files, as official or as parts"
            )
        if self.downloads and (self.gated or generated):
            raise ValueError("downloads are of open corpora alone: not of gated or generated ones")
        check_downloads(self.downloads, self.files)
        if self.unpinned and (self.generated or self.files or self.texts):
            raise ValueError("an unpinned card has no files with checksums, and is not generated")
        if self.unpinned and any(
            part.fingerprint or part.counts or part.ledger for part in (self, *self.tasks.values())
        ):
            raise ValueError("an unpinned card holds no fingerprint, counts and ledger")
        for name, task in self.tasks.items():
            for kind in (*task.types, *task.rename):
                if kind not in self.types:
                    raise unknown(f"type in task '{name}'", kind, self.types)
        return self


def read_card(path: Path) -> Card:
    """The card in a Markdown file with a YAML header.

    Raises BadInput naming the file and field: no header, unknown key (with the nearest valid
    one), wrong type, a name that is not the file's.
    """
    try:
        parts = path.read_text(encoding="utf-8").split("---\n", 2)
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 (byte {error.start})") from error
    if len(parts) != 3 or parts[0].strip():
        raise BadInput(f"{path}: a card begins with a YAML header between two lines '---'")
    try:
        header = yaml.safe_load(parts[1])
    except yaml.YAMLError as error:
        raise BadInput(f"{path}: the header is not YAML: {error}") from error
    if not isinstance(header, dict):
        raise BadInput(f"{path}: the header holds no keys")
    try:
        card = Card(**header, body=parts[2].strip())
    except (ValidationError, TypeError) as error:
        raise BadInput(f"{path}: {_explained(error)}") from error
    if card.name != path.stem:
        raise BadInput(f"{path}: the card's name is '{card.name}', the file's '{path.stem}'")
    return card


def _explained(error: Exception) -> str:
    """The first fault that pydantic found, with the nearest key for one that is unknown."""
    if not isinstance(error, ValidationError):
        return str(error)
    fault: Any = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden" and len(fault["loc"]) == 1:
        return str(unknown("key", where, set(Card.model_fields) - {"body"}))
    return f"{where}: {fault['msg']}" if where else fault["msg"]

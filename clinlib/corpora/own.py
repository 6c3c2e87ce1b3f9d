"""Own: a user's own BRAT folder, named by its path wherever a corpus is named.

It has no card; one is made from the files, and from `corpus.yml` in the folder where there is one.
"""

import hashlib
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clinlib.corpora.card import SPLITS, Card, Carved, Grouped, Official, SplitName
from clinlib.corpora.formats import Brat, Pattern
from clinlib.corpora.readers.brat import read_annotations
from clinlib.corpora.segmenter import LANGUAGES
from clinlib.errors import BadInput, unknown

OPTIONS = "corpus.yml"
FILES = (".ann", ".txt")
SHARES = {"train": 0.6, "dev": 0.15, "test": 0.25}


class Options(BaseModel):
    """What `corpus.yml` may hold. `shares` and `seed` draw the splits where there are no
    subfolders train, dev and test. Where of these dev alone is missing, its share is of train."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str = "en"  # its segmenter's rules
    seed: int = 13
    shares: dict[SplitName, Annotated[float, Field(gt=0, lt=1)]] = SHARES
    group: Pattern = ""  # whose first group, found in a document's id, names what must not part
    left_out: tuple[str, ...] = ()  # types that are not wanted
    discontinuous: Literal["hull", "first", "drop"] = "hull"
    on_mismatch: Literal["error", "drop"] = "error"
    gated: bool = True  # whether its text stays out of pages and records
    words: dict[str, tuple[str, ...]] = {}  # type -> what it means (clinlib.corpora.label_words)


def is_folder(name: str) -> bool:
    """Whether a corpus's name is a path: it holds a slash, or begins with "." or "~"."""
    return "/" in name or name.startswith((".", "~"))


def folder(name: str) -> Path:
    """The folder that a path names. Raises BadInput, with the nearest folder, where it is none."""
    if ":" in name:
        raise BadInput(f"'{name}': the path of a corpus has no colon; rename or link the folder")
    path = Path(name).expanduser().absolute()
    if path.is_file():
        raise BadInput(f"'{name}' is a file; name the folder of the .txt and .ann files")
    if not path.is_dir():
        beside = path.parent.iterdir() if path.parent.is_dir() else ()
        near = get_close_matches(path.name, [each.name for each in beside if each.is_dir()], n=1)
        hint = f"; did you mean '{Path(name).parent / near[0]}'?" if near else ""
        raise BadInput(
            f"there is no folder '{name}' (looked for {path}){hint} A corpus's name with a slash "
            "is a BRAT folder of your own"
        )
    return path


def stamp(name: str) -> str:
    """Changes when a file of the folder does: a hash of names, sizes and times, not of content."""
    place = folder(name)
    total = hashlib.sha256(str(place).encode())
    for path in sorted(place.rglob("*")):
        if path.suffix in FILES or path.name == OPTIONS:
            found = path.stat()
            line = f"{path.relative_to(place)} {found.st_size} {found.st_mtime_ns}\n"
            total.update(line.encode())
    return total.hexdigest()


def words(name: str) -> dict[str, tuple[str, ...]]:
    """Type -> words for it, as the folder's options give them."""
    return _options(folder(name)).words


def header(name: str) -> Card:
    """The folder's card, without what is computed from its documents.

    Raises BadInput for a path that is no folder, one without .ann files, without entities, with
    fewer documents than splits, or with some of the subfolders train, dev and test but not train
    and test; for documents that would not be read; and for an option that is none.
    """
    return _header(name, stamp(name))


@lru_cache(maxsize=8)
def _header(name: str, stamp: str) -> Card:
    place = folder(name)
    options = _options(place)
    splits, folders = _splits(name, place, options)
    annotations = sorted(path for each in folders for path in (place / each).glob("*.ann"))
    _check_all_read(name, place, annotations)
    drawn = splits.grouped if isinstance(splits, Grouped) else ()
    if len(annotations) < len(drawn):
        raise BadInput(
            f"'{name}' holds {len(annotations)} documents for {len(drawn)} splits "
            f"({', '.join(drawn)}); each needs one at least"
        )
    found = {
        bound.type for path in annotations for bound in read_annotations(path).textbounds.values()
    }
    for kind in options.left_out:
        if kind not in found:
            raise BadInput(f"{place / OPTIONS}: left_out: {unknown('type', kind, found)}")
    types = tuple(sorted(found - set(options.left_out)))
    if not types:
        raise BadInput(f"'{name}': its .ann files annotate no entity (lines that begin with T)")
    return Card(
        name=name,
        pretty_name=place.name,
        language=(options.language,),
        license="other",
        licence="your own folder; its terms are yours to know",
        licence_source="none",
        where_to_get=f"your own folder {place}",
        gated=options.gated,
        synthetic=False,
        folder=str(place),
        reader=Brat(
            format="brat",
            path=".",
            discontinuous=options.discontinuous,
            on_mismatch=options.on_mismatch,
            group=options.group,
        ),
        document_unit="document",
        splits=splits,
        types=types,
        left_out=options.left_out,
    )


def _options(place: Path) -> Options:
    path = place / OPTIONS
    if not path.is_file():
        return Options()
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: not YAML: {error}") from error
    if not isinstance(given, dict):
        raise BadInput(f"{path}: it should map options to values")
    for key in given:
        if key not in Options.model_fields:
            raise BadInput(f"{path}: {unknown('option', key, Options.model_fields)}")
    try:
        options = Options(**given)
    except ValidationError as error:
        fault = error.errors()[0]
        raise BadInput(f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
    if options.language not in LANGUAGES:
        raise BadInput(f"{path}: {unknown('language', options.language, LANGUAGES)}")
    whole = abs(sum(options.shares.values()) - 1) < 1e-9
    if not whole or set(options.shares) != set(SPLITS):
        raise BadInput(f"{path}: shares: give those of train, dev and test, which sum to 1")
    return options


def _splits(name: str, place: Path, options: Options) -> tuple[Official | Grouped, list[str]]:
    """How the folder is divided, and the folders below it that hold its documents."""
    there = [split for split in SPLITS if (place / split).is_dir()]
    if not there:
        if not any(place.glob("*.ann")):
            raise BadInput(
                f"'{name}' holds no .ann file, and no subfolders train, dev and test: a BRAT "
                "folder has a NAME.ann beside each NAME.txt"
            )
        return Grouped(grouped=options.shares, seed=options.seed), [""]
    for split in ("train", "test"):
        if split not in there:
            raise BadInput(f"'{name}' has the subfolder {there[0]}, but none called {split}")
    carved = None
    if "dev" not in there:
        carved = Carved(dev=options.shares["dev"], seed=options.seed)
    return Official(official={split: split for split in there}, carved=carved), there


def _check_all_read(name: str, place: Path, read: list[Path]) -> None:
    """Raises BadInput where the folder holds further documents, which nobody would miss."""
    for path in sorted(place.rglob("*.ann")):
        if path not in read:
            raise BadInput(
                f"'{name}' also holds {path.relative_to(place)}, which would not be read: "
                "documents lie in the folder itself, or in its subfolders train, dev and test"
            )

"""Get: open corpora from their publishers into the data folder, checked before they are there."""

import shutil
from pathlib import Path

from clinlib.corpora.archives import unpack
from clinlib.corpora.card import Card
from clinlib.corpora.check import checksum
from clinlib.corpora.downloads import Download
from clinlib.corpora.registry import card, data_root
from clinlib.corpora.transfer import Say, forget, transfer
from clinlib.errors import BadInput, ClinlibError

WORK = ".downloads"  # below the data folder


def get(name: str, root: Path | None = None, say: Say = print) -> str:
    """Fetches what the data folder lacks of a corpus; returns a sentence on what was done.

    Files are downloaded to `.downloads/`, unpacked there, held against the card's checksums, and
    only then moved into the corpus's folder; no file is written over. A download that broke off
    goes on with the next call.

    Raises BadInput for an unknown corpus or where no data folder is known, ClinlibError, saying
    what to fetch by hand and where to put it, where a corpus is not to be had by this command or
    what came is not what the card describes.
    """
    found = card(name, root)
    if found.generated:
        return f"{found.name} is made in memory; there is nothing to fetch"
    data = data_root()
    if found.gated:
        raise ClinlibError(
            f"it is given only to those who sign for it. Ask here: {found.where_to_get}; put it "
            f"into {data / found.folder if data else f'{found.folder!r} of a data folder'}"
        )
    if data is None:
        raise BadInput("no data folder is known: set CLINLIB_DATA to a folder for the corpora")
    folder = data / found.folder
    lacking = _lacking(found, folder)
    if found.files and not lacking:
        return f"{found.name} is in {folder} already, as its card says"
    if not found.files and _filled(folder):
        return (
            f"{found.name} is in {folder}; its card holds no checksums to compare, "
            f"`clinlib corpora check {found.name}` reads it all"
        )
    if not found.downloads:
        raise ClinlibError(f"its card gives no address to fetch it from. {by_hand(found, folder)}")
    say(f"{found.name}: licence {found.licence}")
    try:
        _fetch(found, folder, lacking, data / WORK / found.name, say)
    except ClinlibError as error:
        raise ClinlibError(f"{error}. {by_hand(found, folder)}") from error
    return f"{found.name} is in {folder}; `clinlib corpora check {found.name}` reads it all"


def by_hand(card: Card, folder: Path) -> str:
    """What to fetch without this command, and where to put it."""
    if not card.downloads:
        return f"Fetch it by hand from {card.where_to_get}; put it into {folder}"
    parts = []
    for each in card.downloads:
        if each.save:
            parts.append(f"{each.url} as {folder / each.save}")
        else:
            unpacked = (f"its {part} as {folder / to}" for part, to in each.unpack.items())
            parts.append(f"{each.url}, {', '.join(unpacked)}")
    return f"By hand: fetch {'; '.join(parts)}"


def _lacking(card: Card, folder: Path) -> list[str]:
    """The card's files that are not there. Raises ClinlibError for one that is another."""
    lacking = []
    for name, expected in card.files.items():
        place = folder / name
        if not (place.is_file() or _filled(place)):
            lacking.append(name)
        elif checksum(place) != expected:
            raise ClinlibError(
                f"{place} is there, but is not what the card describes; "
                f"`clinlib corpora check {card.name}` names the differences. Move it away first"
            )
    return lacking


def _filled(place: Path) -> bool:
    return place.is_dir() and any(place.iterdir())


def _fetch(card: Card, folder: Path, lacking: list[str], work: Path, say: Say) -> None:
    ready = work / "ready"
    shutil.rmtree(ready, ignore_errors=True)
    got = [
        _one(each, work / f"{number}", ready, say)
        for number, each in enumerate(card.downloads)
        if _gives(each, lacking)
    ]
    for name in lacking:
        came = checksum(ready / name) if (ready / name).exists() else "nothing"
        if came != card.files[name]:
            for place in got:
                forget(place)
            shutil.rmtree(ready, ignore_errors=True)
            raise ClinlibError(
                f"what came as {name} has the sha256 {came}, the card says {card.files[name]}; "
                "it was removed"
            )
    for name in lacking:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        (ready / name).rename(place)
    shutil.rmtree(work)


def _one(download: Download, work: Path, ready: Path, say: Say) -> Path:
    """Brings one download, or what is wanted of it, below `ready`; returns where it lies."""
    place = transfer(download.url, work / download.file, say)
    if download.unpack:
        try:
            unpack(place, download.unpack, ready)
        except BadInput:
            forget(place)
            raise
    else:
        target = ready / download.save
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place, target)
    return place


def _gives(download: Download, lacking: list[str]) -> bool:
    """Whether a download makes one of the files, or a part of one."""
    for place in map(Path, download.places):
        if any(place.is_relative_to(name) or Path(name).is_relative_to(place) for name in lacking):
            return True
    return False

"""Archives: parts of a zip or tar file, written below one folder and nowhere else."""

import gzip
import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from clinlib.errors import BadInput

MOST_BYTES = 4 << 30  # unpacked; far more than any corpus, far less than a disk
DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
)


@dataclass(frozen=True)
class _Member:
    """A file or link of an archive: its path there, its size, and how it is opened."""

    name: str
    size: int
    plain: bool
    open: Callable[[], IO[bytes]]


def unpack(archive: Path, wanted: Mapping[str, str], folder: Path) -> None:
    """Writes files and folders of an archive below `folder`, at the places that `wanted` gives.

    Only plain files are written, under names that stay in `folder`. What file systems add
    (__MACOSX, .DS_Store) is left out.

    Raises BadInput, before anything is written, for a path that leads out of the folder, a link
    among what is wanted, more than 4 GiB, a name that stands twice, something wanted that is not
    there (with the nearest that is), or a file that is no archive; and for one that is damaged.
    """
    with _members(archive) as members:
        for member in members:
            _check_name(archive, member.name)
        files = [(member, to) for member in members if (to := _place(member.name, wanted))]
        _check(archive, members, files, wanted)
        for member, to in files:
            place = folder / to
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                with member.open() as source, place.open("xb") as target:
                    shutil.copyfileobj(source, target)
            except DAMAGE as error:
                raise BadInput(f"{archive.name}: {member.name} is damaged: {error}") from error


def _check(
    archive: Path,
    members: list[_Member],
    files: list[tuple[_Member, str]],
    wanted: Mapping[str, str],
) -> None:
    places = set()
    for member, to in files:
        if not member.plain:
            raise BadInput(f"{archive.name}: {member.name} is a link, not a file")
        if to in places:
            raise BadInput(f"{archive.name}: {member.name} stands in it twice")
        places.add(to)
    if (total := sum(member.size for member, _ in files)) > MOST_BYTES:
        raise BadInput(f"{archive.name}: it would unpack to {total} bytes, over {MOST_BYTES}")
    for part in wanted:
        if not any(_place(member.name, {part: "."}) for member, _ in files):
            there = {member.name for member in members}
            there |= {str(PurePosixPath(name).parent) for name in there} - {"."}
            near = get_close_matches(part, sorted(there), n=1, cutoff=0)
            hint = f"; the nearest is '{near[0]}'" if near else ""
            raise BadInput(f"{archive.name}: it holds no '{part}'{hint}")


def _place(name: str, wanted: Mapping[str, str]) -> str:
    """Where a member belongs below the folder; "" where it is not wanted."""
    path = PurePosixPath(name)
    if "__MACOSX" in path.parts or path.name == ".DS_Store" or path.name.startswith("._"):
        return ""
    for part, to in wanted.items():
        if path.is_relative_to(part):
            return str(PurePosixPath(to) / path.relative_to(part))
    return ""


def _check_name(archive: Path, name: str) -> None:
    windows = PureWindowsPath(name)
    if name.startswith("/") or windows.drive or windows.root or ".." in windows.parts:
        raise BadInput(f"{archive.name}: '{name}' leads out of the folder; nothing is unpacked")


@contextmanager
def _members(archive: Path) -> Iterator[list[_Member]]:
    """The files and links of an archive that stays open."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                yield [_of_zip(opened, info) for info in opened.infolist() if not info.is_dir()]
        else:
            with tarfile.open(archive) as opened:
                yield [_of_tar(opened, info) for info in opened.getmembers() if not info.isdir()]
    except DAMAGE as error:
        raise BadInput(f"{archive.name} is no zip or tar archive, or damaged: {error}") from error


def _of_zip(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Member:
    link = (info.external_attr >> 16) & 0o170000 == 0o120000
    return _Member(info.filename, info.file_size, not link, lambda: opened.open(info))


def _of_tar(opened: tarfile.TarFile, info: tarfile.TarInfo) -> _Member:
    return _Member(info.name, info.size, info.isreg(), lambda: opened.extractfile(info))

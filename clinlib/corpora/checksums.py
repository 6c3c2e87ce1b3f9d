"""Checksums: short codes of a folder's files, by which a changed one among thousands is named.

A card holds one checksum for a folder; `data_cards/checksums/NAME.txt` holds a code for each file.
"""

import hashlib
from collections import Counter
from pathlib import Path

LENGTH = 6  # hex digits of a code: a change goes unnoticed in one of about 10 000 folders


def code(path: Path, folder: Path) -> str:
    """The code of a file below the folder: of its path there and its content."""
    name = path.relative_to(folder).as_posix()
    return hashlib.sha256(f"{name}\0".encode() + path.read_bytes()).hexdigest()[:LENGTH]


def codes(folder: Path, names: list[str]) -> list[str]:
    """The codes of all files that the names, files or folders below the folder, hold; sorted."""
    return sorted(code(path, folder) for path in _files(folder, names))


def strangers(folder: Path, names: list[str], known: list[str]) -> list[str]:
    """What differs from the known codes, one sentence for each file; [] if nothing does."""
    left = Counter(known)
    problems = []
    for path in _files(folder, names):
        found = code(path, folder)
        if left[found]:
            left[found] -= 1
        else:
            problems.append(f"{path}: changed, or no file of the release")
    missing = left.total() - len(problems)
    if missing > 0:
        problems.append(f"{folder}: {missing} files of the release are missing")
    return problems


def read_codes(path: Path) -> list[str]:
    """The codes in a file of data_cards/checksums; none where there is no such file."""
    return path.read_text(encoding="ascii").split() if path.is_file() else []


def written(found: list[str]) -> str:
    """Codes as a file of data_cards/checksums holds them."""
    rows = [found[at : at + 14] for at in range(0, len(found), 14)]
    return "".join(" ".join(row) + "\n" for row in rows)


def _files(folder: Path, names: list[str]) -> list[Path]:
    found = []
    for name in names:
        place = folder / name
        found += [p for p in place.rglob("*") if p.is_file()] if place.is_dir() else [place]
    return sorted(path for path in found if path.is_file())

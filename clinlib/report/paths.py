"""Paths: where a checkout keeps its notebooks, profiles, pages and built book."""

import hashlib
from functools import cache
from pathlib import Path

import clinlib
from clinlib.experiments.store import root

__all__ = ["LIBRARY", "build_folder", "content_hash", "library_hash", "root"]

LIBRARY = Path(clinlib.__file__).parent


def build_folder(profile: str) -> Path:
    """Where the book of a profile is built."""
    return root() / "_build" / profile


def content_hash(*places: Path) -> str:
    """Hash of the files at and under these places: relative names and bytes, caches left out."""
    total = hashlib.sha256()
    for place in places:
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in files:
            if not path.is_file() or "__pycache__" in path.parts:
                continue
            total.update(path.relative_to(place.parent).as_posix().encode() + b"\0")
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


@cache
def library_hash() -> str:
    """Hash of the library's own source, as it was when this process first asked."""
    return content_hash(LIBRARY)

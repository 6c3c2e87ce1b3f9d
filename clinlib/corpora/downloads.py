"""Download: where a card says that a file or an archive of its corpus is published."""

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _below(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path:
        raise ValueError(f"'{path}' is no path below a folder")
    return path


Below = Annotated[str, AfterValidator(_below)]


class Download(BaseModel):
    """One file at the publisher's: saved as it is, or an archive of which parts are unpacked.

    Places are below the corpus's folder; `unpack` maps files or folders of the archive to them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+/\S+$")]
    save: Below | None = None
    unpack: dict[Below, Below] = {}

    @model_validator(mode="after")
    def _one_use(self) -> "Download":
        if bool(self.save) == bool(self.unpack):
            raise ValueError("give either save, for a file, or unpack, for an archive")
        return self

    @property
    def places(self) -> tuple[str, ...]:
        """What it makes: files or folders below the corpus's folder."""
        return (self.save,) if self.save else tuple(self.unpack.values())

    @property
    def file(self) -> str:
        """The last part of the address."""
        return PurePosixPath(self.url.partition("?")[0]).name


def check_downloads(downloads: tuple[Download, ...], files: dict[str, str]) -> None:
    """Raises ValueError where something is fetched that no checksum of `files` covers, or where a
    file would not be fetched."""
    if not downloads:
        return
    places = [place for each in downloads for place in each.places]
    for place in places:
        if not any(_covers(name, place) or _covers(place, name) for name in files):
            raise ValueError(f"downloads: no checksum in files covers '{place}'")
    for name in files:
        if not any(_covers(name, place) or _covers(place, name) for place in places):
            raise ValueError(f"downloads: nothing gives '{name}' of files")


def _covers(folder: str, path: str) -> bool:
    return PurePosixPath(path).is_relative_to(PurePosixPath(folder))

"""The store: one JSON record per run under results/, artifacts (weights) in the cache."""

import errno
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from clinlib.errors import BadInput, ClinlibError
from clinlib.experiments.config import Config
from clinlib.experiments.key import OWN, Pins, key
from clinlib.experiments.record import Record, dump, fault, parse

log = logging.getLogger("clinlib")

FULL = (errno.ENOSPC, errno.EDQUOT)


def root() -> Path:
    """The folder that holds results/ and .cache/: CLINLIB_ROOT, else the checkout."""
    given = os.environ.get("CLINLIB_ROOT")
    return Path(given).resolve() if given else Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Store:
    """The records of one profile and the artifacts that all profiles share.

    `set_aside` names the files found broken so far, under their new names.
    """

    profile: str
    base: Path = field(default_factory=root)
    pins: Pins = field(default_factory=Pins)
    set_aside: list[Path] = field(default_factory=list, compare=False)

    def __post_init__(self):
        if not self.profile or set(self.profile) & set("/\\. "):
            raise BadInput(f"'{self.profile}' is no name for a profile")

    @property
    def results(self) -> Path:
        return self.base / "results" / self.profile

    @property
    def cache(self) -> Path:
        return self.base / ".cache"

    def record_path(self, kind: str, name: str) -> Path:
        """Where the record of that kind and key lies.

        Runs on a folder of the user's own have a place that is in no repository, whatever the
        profile: a profile's records may be published.
        """
        folder = self.base / "results" / "own" if name.startswith(OWN) else self.results
        return folder / kind / f"{name}.json"

    def artifact_path(self, name: str) -> Path:
        """The folder of weights of that key; it exists if and only if it is complete."""
        return self.cache / "artifacts" / name

    def lock_path(self, name: str) -> Path:
        """The file whose lock the sweep holds that makes this key."""
        return self.cache / "locks" / f"{name}.lock"

    def get(self, config: Config) -> Record | None:
        """The configuration's record, complete or failed; None if there is none to read."""
        return self.load(config.kind, key(config, self.pins))

    def load(self, kind: str, name: str) -> Record | None:
        """The record of that kind and key, or None.

        A file that is truncated, foreign or of another schema is set aside under the name
        `<name>.broken-<n>`, logged and counted as no record; nothing is deleted.
        """
        path = self.record_path(kind, name)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            return self._put_aside(path, "not UTF-8 text")
        try:
            return parse(text, kind, name)
        except BadInput as error:
            return self._put_aside(path, str(error))

    def records(self) -> Iterator[Record]:
        """Every readable record of the profile, by kind and key."""
        for path in sorted(self.results.glob("*/*.json")):
            record = self.load(path.parent.name, path.stem)
            if record is not None:
                yield record

    def save(self, record: Record) -> Path:
        """Writes a record under a temporary name and renames it.

        Raises BadInput for a record that is malformed or holds a number that is not finite, and
        ClinlibError where there is no disk space.
        """
        path = self.record_path(record["kind"], record["key"])
        if wrong := fault(record, record["kind"], record["key"]):
            raise BadInput(f"record {record['kind']}/{record['key']}: {wrong}")
        write(path, dump(record), self.cache)
        return path

    def artifact_record(self, name: str) -> Record | None:
        """The record that lies beside the weights of that key: who made them, and their hash."""
        try:
            return parse((self.artifact_path(name) / "record.json").read_text("utf-8"), None, name)
        except (OSError, ValueError):
            return None

    def save_artifact(self, made: Path, record: Record) -> Path:
        """Moves a finished folder of weights to its place, with its record inside."""
        place = self.artifact_path(record["key"])
        write(made / "record.json", dump(record), self.cache)
        if place.exists():
            shutil.rmtree(place)
        made.rename(place)
        return place

    def _put_aside(self, path: Path, why: str) -> None:
        n = 1
        while (aside := path.with_name(f"{path.name}.broken-{n}")).exists():
            n += 1
        with suppress(FileNotFoundError):  # another process was faster
            path.rename(aside)
            self.set_aside.append(aside)
            log.warning("%s is no record: %s; set aside as %s", path, why, aside.name)


def write(path: Path, text: str, cache: Path) -> None:
    """Writes text under a temporary name beside `path` and renames it; no half file is left.

    Raises ClinlibError where there is no disk space, naming the path and what can be freed.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise no_space(error, path, cache) or error from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def no_space(error: Exception, path: Path, cache: Path) -> ClinlibError | None:
    """The error to show if the cause is a full disk, else None.

    safetensors and shutil.copytree keep the system's words only, not its error number.
    """
    full = getattr(error, "errno", None) in FULL or any(os.strerror(e) in str(error) for e in FULL)
    if not full:
        return None
    return ClinlibError(
        f"no disk space left to write {path}; free some and run again: "
        f"{cache / 'artifacts'} can be deleted (its encoders are made again when needed)"
    )

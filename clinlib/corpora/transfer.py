"""Transfer: one file over HTTP, going on where an earlier attempt stopped."""

import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from clinlib import __version__
from clinlib.errors import ClinlibError

ATTEMPTS = 3  # for a connection that breaks off
PAUSE = 1.0  # seconds before the next attempt
TIMEOUT = 30.0  # seconds without a byte
BLOCK = 1 << 16  # bytes
SECONDS_BETWEEN_LINES = 5.0

Say = Callable[[str], None]


class _BrokenOff(ClinlibError):
    """The connection ended before the file did."""


def transfer(url: str, place: Path, say: Say = print) -> Path:
    """Downloads `url` to `place` unless it is there; `say` gets lines on how far it is.

    What has come lies at PLACE.part until it is whole. A later call asks for the rest (HTTP
    Range), and begins anew where the server has another file by now or knows no ranges.

    Raises ClinlibError where nobody answers, the server refuses, or the connection breaks off
    three times; what came is kept.
    """
    if place.is_file():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.part")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _attempt(url, part, say)
            break
        except _BrokenOff as error:
            if attempt == ATTEMPTS:
                raise ClinlibError(f"{error}; what came is kept, run again to go on") from None
            time.sleep(PAUSE * attempt)
    part.replace(place)
    _tag(part).unlink(missing_ok=True)
    return place


def forget(place: Path) -> None:
    """Removes what was downloaded to `place`, whole or in part."""
    part = place.with_name(f"{place.name}.part")
    for path in (place, part, _tag(part)):
        path.unlink(missing_ok=True)


def _attempt(url: str, part: Path, say: Say) -> None:
    have = part.stat().st_size if part.is_file() else 0
    headers = {"User-Agent": f"clinlib/{__version__}", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        with suppress(FileNotFoundError):  # the rest is wanted only of the file that was begun
            headers["If-Range"] = _tag(part).read_text("utf-8")
    try:
        with urlopen(Request(url, headers=headers), timeout=TIMEOUT) as answer:
            _receive(answer, part, have, say)
    except HTTPError as error:
        if error.code == 416 and have:
            total = error.headers.get("Content-Range", "").rpartition("/")[2]
            if total == str(have):
                return
            part.unlink()  # longer than the server's file: of another one
            raise _BrokenOff(f"{_host(url)} has another file by now than the one begun") from None
        raise ClinlibError(f"{_host(url)} answers {error.code} {error.reason} for {url}") from None
    except URLError as error:
        raise ClinlibError(f"no answer from {_host(url)} ({error.reason})") from None
    except (HTTPException, ConnectionError, TimeoutError) as error:
        size = part.stat().st_size if part.is_file() else 0
        raise _BrokenOff(
            f"the connection to {_host(url)} broke off after {megabytes(size)} "
            f"({str(error) or type(error).__name__})"
        ) from None


def _receive(answer, part: Path, have: int, say: Say) -> None:
    """Writes an answer's body behind what is there, or anew where it is the whole file."""
    goes_on = answer.status == 206
    if goes_on and not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        part.unlink()
        raise _BrokenOff(f"{_host(answer.url)} sent another part than the one asked for")
    size = have if goes_on else 0
    length = answer.headers.get("Content-Length")
    total = size + int(length) if length else None
    # a weak tag does not promise the same bytes, so that no part may be appended to it
    tag = answer.headers.get("ETag", "")
    tag = answer.headers.get("Last-Modified", "") if not tag or tag.startswith("W/") else tag
    if tag:
        _tag(part).write_text(tag, "utf-8")
    else:
        _tag(part).unlink(missing_ok=True)
    name, said = part.name.removesuffix(".part"), time.monotonic()
    if goes_on:
        say(f"{name}: going on after {megabytes(size)}")
    with part.open("ab" if goes_on else "wb") as file:
        while block := answer.read(BLOCK):
            file.write(block)
            size += len(block)
            if time.monotonic() - said >= SECONDS_BETWEEN_LINES:
                said = time.monotonic()
                of = f" of {megabytes(total)} ({100 * size // total} %)" if total else ""
                say(f"{name}: {megabytes(size)}{of}")
    if total is not None and size < total:
        raise _BrokenOff(
            f"the connection to {_host(answer.url)} broke off after "
            f"{megabytes(size)} of {megabytes(total)}"
        )
    say(f"{name}: {megabytes(size)}, complete")


def megabytes(size: int) -> str:
    """A number of bytes for people.

    >>> megabytes(700), megabytes(1_234_567)
    ('1 kB', '1.2 MB')
    """
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.0f} kB"


def _tag(part: Path) -> Path:
    """The file that holds what the server called the state of its file when `part` was begun."""
    return part.with_name(f"{part.name}.tag")


def _host(url: str) -> str:
    return urlsplit(url).netloc

"""The worker: a process with one thread that runs one job after another, as a sweep sends them.

It writes no record: what a run returns goes back to the sweep, which alone saves.
"""

import importlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from clinlib.corpora.registry import fingerprint
from clinlib.errors import ClinlibError, text_withheld
from clinlib.experiments import provenance
from clinlib.experiments.clock import Clock
from clinlib.experiments.config import Config
from clinlib.experiments.context import RunContext
from clinlib.experiments.key import OWN, Pins, key
from clinlib.experiments.needs import reads
from clinlib.experiments.store import no_space

SECONDS_BETWEEN_REPORTS = 0.2


@dataclass(frozen=True)
class Job:
    """One run for a worker: the configuration and its context (whose `report` is set there)."""

    key: str
    config: Config
    context: RunContext


@dataclass(frozen=True)
class Progress:
    """How far a job is: a fraction in [0, 1] and a short text."""

    fraction: float
    text: str


@dataclass(frozen=True)
class Outcome:
    """What became of a job: the routine's result or its error, and what the run took."""

    result: dict[str, Any] | None
    error: dict[str, str] | None
    measured: dict[str, Any]


def perform(job: Job, report) -> Outcome:
    """Runs a job; an exception of the routine becomes the outcome's error.

    Of a run that reads a gated corpus the error holds no text.
    """
    gated = reads(job.config, "gated")
    with text_withheld(gated):
        return _performed(job, report, gated)


def _performed(job: Job, report, gated: bool) -> Outcome:
    clock, result, error = Clock(job.context.journal), None, None
    try:
        _check_unchanged(job)
        module, function = job.config.routine.split(":")
        routine = getattr(importlib.import_module(module), function)
        _one_thread(job.context.threads)
        result = routine(job.config, replace(job.context, report=report, saved=clock.save))
        if not isinstance(result, dict):
            raise TypeError(f"{job.config.routine} returned no dict but {type(result).__name__}")
    except Exception as raised:
        error = describe(raised, job.context.cache, gated)
    measured = {
        **clock.spent(),
        "hardware": provenance.hardware(),
        "device": job.context.device,
        "threads": job.context.threads,
    }
    return Outcome(result if error is None else None, error, measured)


def _check_unchanged(job: Job) -> None:
    """Raises ClinlibError where files that no card pins are not those that gave the run its key."""
    unpinned = job.key.startswith(OWN) or reads(job.config, "unpinned")
    if unpinned and key(job.config, Pins(corpus=fingerprint)) != job.key:
        raise ClinlibError(
            "files of a corpus that the run reads have changed since it was planned; run it again "
            "(in a notebook, restart the kernel first)"
        )


def describe(raised: Exception, cache: Path, gated: bool = False) -> dict[str, str]:
    """{"type", "message", "traceback"} of an exception, paths written relative to the checkout.

    With `gated`, only the library's own errors keep their messages, which leave text out: those of
    other errors may quote what they met.
    """
    path = Path(getattr(raised, "filename", None) or cache)
    raised = no_space(raised, path, cache) or raised
    text = "".join(_traceback(raised) if gated else traceback.format_exception(raised))
    for folder in (provenance.PACKAGE.parent, Path(sys.prefix), Path.home()):
        text = text.replace(f"{folder}{os.sep}", "")
    message = _message(raised) if gated else str(raised)
    return {"type": type(raised).__name__, "message": message, "traceback": text}


def _traceback(raised: BaseException) -> Iterator[str]:
    """The lines of a traceback and of those that led to it, without messages that may hold text."""
    before = raised.__cause__ or (None if raised.__suppress_context__ else raised.__context__)
    if before is not None:
        yield from _traceback(before)
        yield "\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(raised.__traceback__)
    yield f"{type(raised).__name__}: {_message(raised)}\n"


def _message(raised: BaseException) -> str:
    if isinstance(raised, ClinlibError):
        return str(raised)
    return "(its message is withheld: the run reads a gated corpus)"


def _one_thread(threads: int) -> None:
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)


def serve(connection: Connection) -> None:
    """Runs the jobs that arrive until the sweep closes the connection."""
    while True:
        try:
            job: Job = connection.recv()
        except EOFError:
            return
        last = 0.0

        def report(fraction: float, text: str = "") -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= SECONDS_BETWEEN_REPORTS:
                last = now
                connection.send(Progress(float(fraction), str(text)))

        outcome = perform(job, report)
        try:
            connection.send(outcome)
        except BrokenPipeError:
            return


def _end_with(parent: int) -> None:
    """Ends this process soon after the sweep's, however that one ended."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main() -> None:
    """Entry point of the process: its argument is the file descriptor of the connection."""
    # an interrupt is the sweep's to handle: it ends the workers itself
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    serve(Connection(int(sys.argv[1])))

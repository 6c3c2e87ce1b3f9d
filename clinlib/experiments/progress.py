"""Progress in plain text: of a sweep, run i of n with the time left; of a notebook, its cells."""

import sys
import time
from typing import TextIO

from clinlib.experiments.estimate import duration

SECONDS_ON_TERMINAL = 0.5
SECONDS_ELSEWHERE = 30.0
WIDTH = 100


class ProgressLine:
    """Shows how far a sweep is: in place on a terminal, elsewhere a line now and then.

    `costs`: key -> estimated seconds of every run to come; the time left follows from how the
    runs so far compare with their estimates.
    """

    def __init__(self, costs: dict[str, float], workers: int, out: TextIO | None = None):
        self.costs = costs
        self.workers = workers
        self.out = out or sys.stderr
        self.fractions: dict[str, float] = {}
        self.done: dict[str, float] = {}  # key -> seconds it took; 0 where another sweep made it
        self.started: dict[str, float] = {}
        self.drawn = -SECONDS_ELSEWHERE
        self.width = 0

    def begin(self, key: str) -> None:
        """A run has started."""
        self.started[key] = time.monotonic()
        self.fractions[key] = 0.0

    def update(self, key: str, label: str, fraction: float, text: str) -> None:
        """A run reports that it is at a fraction in [0, 1]."""
        self.fractions[key] = min(max(fraction, 0.0), 1.0)
        now = time.monotonic()
        pause = SECONDS_ON_TERMINAL if self.out.isatty() else SECONDS_ELSEWHERE
        if now - self.drawn >= pause:
            self.drawn = now
            self._show(f"{self._head()} {label} {fraction:.0%} {text}".rstrip(), keep=False)

    def finish(self, key: str, label: str, text: str) -> None:
        """A run has ended, in one way or another; this is always shown."""
        begun = self.started.pop(key, None)
        self.done[key] = time.monotonic() - begun if begun is not None else 0.0
        self.fractions.pop(key, None)
        self._show(f"{self._head(tail=False)} {label}: {text}{self._left()}", keep=True)

    def note(self, text: str) -> None:
        """A line of its own."""
        self._show(text, keep=True)

    def seconds_left(self) -> float:
        """Estimated seconds until all runs are done."""
        now = time.monotonic()
        took = sum(seconds for seconds in self.done.values())
        expected = sum(self.costs[key] for key, seconds in self.done.items() if seconds)
        for key, fraction in self.fractions.items():
            if fraction > 0.05:
                took += now - self.started[key]
                expected += fraction * self.costs[key]
        pace = took / expected if expected > 0 and took > 0 else 1.0
        left = [
            cost * (1 - self.fractions.get(key, 0.0))
            for key, cost in self.costs.items()
            if key not in self.done
        ]
        return pace * max(sum(left) / self.workers, max(left, default=0.0))

    def _head(self, tail: bool = True) -> str:
        place = f"run {min(len(self.done) + tail, len(self.costs))} of {len(self.costs)}"
        return f"{place}{self._left()}:" if tail else f"{place}:"

    def _left(self) -> str:
        left = self.seconds_left()
        return f", about {duration(left)} left" if left > 0 else ""

    def _show(self, text: str, keep: bool) -> None:
        if self.out.isatty():
            text = text if keep else text[:WIDTH]
            self.out.write("\r" + text.ljust(self.width) + ("\n" if keep else ""))
            self.width = 0 if keep else len(text)
        else:
            self.out.write(text + "\n")
        self.out.flush()


class CellProgress:
    """Shows which cell of a notebook is being executed: in place on a terminal, else a line each.

    Called with the cell's place among the cells of code, from 1, and their number.
    """

    def __init__(self, notebook: str, out: TextIO | None = None):
        self.notebook = notebook
        self.out = out or sys.stderr

    def __call__(self, place: int, number: int) -> None:
        text = f"{self.notebook}: cell {place} of {number}"
        if self.out.isatty():
            self.out.write("\r" + text.ljust(WIDTH) + ("\n" if place == number else ""))
        else:
            self.out.write(text + "\n")
        self.out.flush()

"""Clock: what a run took, with its parts before interrupts."""

import json
import time
from pathlib import Path

from clinlib.experiments import provenance

FILE = "spent.json"


class Clock:
    """Counts what one run takes: seconds by the clock and of the processor, and peak memory.

    A run that goes on from its journal counts on from the journal's last `save`. What it did
    after that was lost with the interrupt; it is done again, and counted once.
    """

    def __init__(self, journal: Path | None):
        self.file = journal and journal / FILE
        self.before: dict[str, float] = {}
        if self.file and self.file.is_file():
            self.before = json.loads(self.file.read_text(encoding="utf-8"))
        provenance.reset_peak_memory()
        self.start, self.processor = time.perf_counter(), time.process_time()

    def spent(self) -> dict[str, float]:
        """{"seconds", "cpu_seconds", "peak_memory_mb"} so far.

        The processor's seconds are the same however busy the machine is.
        """
        part = {
            "seconds": time.perf_counter() - self.start,
            "cpu_seconds": time.process_time() - self.processor,
        }
        whole = {name: round(part[name] + self.before.get(name, 0.0), 3) for name in part}
        peak = max(provenance.peak_memory_mb(), self.before.get("peak_memory_mb", 0.0))
        return whole | {"peak_memory_mb": peak}

    def save(self) -> None:
        """Notes what is spent; a routine calls it whenever its journal holds all that was done."""
        if self.file:
            fresh = self.file.with_suffix(".new")
            fresh.write_text(json.dumps(self.spent()), encoding="utf-8")
            fresh.replace(self.file)

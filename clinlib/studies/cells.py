"""Cell: one entry of a table: value ± interval (n), or missing, failed, collapsed; never NaN.

Knows nothing of a particular study, nor of HTML: it reads numbers from records.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Self

from clinlib.errors import ClinlibError
from clinlib.evaluation.intervals import seed_interval

Record = Mapping
Value = str | Callable[[Record], float | None]
COUNTED = "collapsed, counted"


@dataclass(frozen=True)
class Cell:
    """What several runs of one configuration say about one number.

    `value` is the mean over the `n` runs that count, [`low`, `high`] its interval (None below
    two runs). Collapsed runs are named and never enter the mean; `unsettled` names the runs whose
    best development score was their last, `apart` the pairs of a difference whose two runs start
    from different weights of one encoder.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    values: tuple[float, ...] = ()
    missing: int = 0
    failed: int = 0
    collapsed: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    digits: int = 1

    def __post_init__(self):
        for found in (self.value, self.low, self.high, *self.values):
            if found is not None:
                finite(found, "an entry of a cell")

    @classmethod
    def of(
        cls,
        values: Iterable[float | None],
        *,
        interval: tuple[float, float] | None = None,
        digits: int = 1,
        level: float = 0.95,
        **states,
    ) -> Self:
        """The cell of plain values, one per run; None is a missing run.

        `interval` replaces Student's t interval, for one that comes from a bootstrap; `states`
        are the fields failed, collapsed, unsettled and apart.
        """
        given = list(values)
        there = tuple(finite(value, "an entry") for value in given if value is not None)
        mean = fmean(there) if there else None
        if interval is None and there:
            found = seed_interval(there, level)
            interval = found.low, found.high
        low, high = interval if there else (None, None)
        missing = len(given) - len(there) + states.pop("missing", 0)
        return cls(mean, low, high, there, missing, digits=digits, **states)

    @property
    def n(self) -> int:
        """Number of runs in the mean."""
        return len(self.values)

    @property
    def half(self) -> float | None:
        """Half the interval's width, None where there is no interval."""
        return None if self.low is None else (self.high - self.low) / 2

    @property
    def state(self) -> str:
        """What else a reader must know: "" or, in words, what is missing, failed or collapsed."""
        notes = [f"collapsed: {', '.join(self.collapsed)}"] if self.collapsed else []
        for count, word in ((self.failed, "failed"), (self.missing, "missing")):
            if count:
                notes.append(word if count == 1 else f"{word} ({count})")
        return ", ".join(notes)

    @property
    def number(self) -> str:
        """The value with its interval and number of runs, "" where no run counts."""
        if self.value is None:
            return ""
        shown = f"z.{self.digits}f"  # z: what rounds to nothing has no sign
        spread = ""
        if self.low is not None:
            sides = self.high - self.value, self.value - self.low
            if f"{sides[0]:{shown}}" == f"{sides[1]:{shown}}":
                spread = f" ± {self.half:{shown}}"
            else:
                spread = f" [{self.low:{shown}}, {self.high:{shown}}]"
        return f"{self.value:{shown}}{spread} ({self.n})"

    def __str__(self) -> str:
        return ", ".join(part for part in (self.number, self.state) if part) or "missing"


def cell(
    records: Iterable[Record | None],
    value: Value,
    *,
    digits: int = 1,
    scale: float = 1.0,
    level: float = 0.95,
) -> Cell:
    """The cell that these runs (one per seed) make.

    `value` is a dotted path or a function of a complete record; `scale` multiplies (100 for
    shares). A complete record that lacks the number counts as missing. Raises ClinlibError where
    a number is not finite.
    """
    values: list[float | None] = []
    collapsed, unsettled = [], []
    failed = 0
    for record in records:
        match state(record):
            case "missing":
                values.append(None)
            case "failed":
                failed += 1
            case "collapsed":
                collapsed.append(name(record))
            case _:
                found = number(record, value) if isinstance(value, str) else value(record)
                if found is None:
                    values.append(None)
                    continue
                values.append(scale * finite(found, f"record {record.get('key', '?')}: {value}"))
                if "best_is_last" in record.get("flags", ()):
                    unsettled.append(name(record))
    return Cell.of(
        values,
        digits=digits,
        level=level,
        failed=failed,
        collapsed=tuple(collapsed),
        unsettled=tuple(unsettled),
    )


def state(record: Record | None) -> str:
    """The state of one run: "complete", "failed", "missing" or "collapsed"."""
    if record is None:
        return "missing"
    if record["status"] != "complete":
        return "failed"
    return "collapsed" if "collapsed" in record.get("flags", ()) else "complete"


def counted(record: Record | None) -> Record | None:
    """The record with a collapse no longer a reason to leave it out, marked as `COUNTED`.

    For runs on few labels, where a tagger that finds nothing is a result of their number and not
    an accident of training: pairs without it would be those where the labels happened to be enough.
    """
    if state(record) != "collapsed":
        return record
    return {**record, "flags": [COUNTED if f == "collapsed" else f for f in record["flags"]]}


def number(record: Record | None, path: str) -> float | None:
    """The number at a dotted path such as "scores.test.strict.f1", None where there is none.

    Raises ClinlibError for what is there and is not a finite number.
    """
    here: object = record
    for part in path.split("."):
        if not isinstance(here, Mapping) or part not in here:
            return None
        here = here[part]
    return None if here is None else finite(here, f"record {record.get('key', '?')}: {path}")


def name(record: Record) -> str:
    """What to call a run among its siblings: "seed 3", or its key where it has no seed."""
    seed = record.get("configuration", {}).get("seed")
    return f"run {record.get('key', '?')}" if seed is None else f"seed {seed}"


def finite(found: object, what: str) -> float:
    """The number itself; raises ClinlibError, naming `what`, for anything but a finite number."""
    try:
        if isinstance(found, bool | str) or not math.isfinite(value := float(found)):
            raise ValueError
    except (TypeError, ValueError):
        raise ClinlibError(f"{what} is {found!r}, not a finite number") from None
    return value

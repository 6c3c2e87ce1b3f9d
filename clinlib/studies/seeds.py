"""Seeds: how near the means over them are, page by page, and what the rule for more would add.

The rule of the project: at least `ENOUGH` seeds, and more until the interval of a mean reaches no
further than `WITHIN` F1 to each side or there are `MOST`. A mean gets more by its width alone,
whichever method it is of.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, stdev

import pandas as pd

from clinlib.evaluation.intervals import half_width
from clinlib.experiments.config import Config
from clinlib.studies.cells import cell, number
from clinlib.studies.comparisons import ENOUGH
from clinlib.studies.costs import ALL, PROCESSOR, Run
from clinlib.studies.wording import plural

F1 = "scores.test.strict.f1"
WITHIN = 1.0
MOST = 10
NEAR = f"within {WITHIN:g} F1"
SEEDED = {"seed", "draw", "keep_predictions"}
"""Fields that may differ between the runs of one mean: what is drawn, and what only is kept."""


@dataclass(frozen=True)
class Mean:
    """Runs of one page that differ in their seeds alone, and the strict F1 of those that count."""

    page: str
    runs: tuple[Run, ...]
    values: tuple[float, ...]

    @property
    def whole(self) -> bool:
        """Whether every run is made, and enough of them count for a judgement."""
        return all(run.record is not None for run in self.runs) and len(self.values) >= ENOUGH

    @property
    def half(self) -> float:
        """Half the width of its 95 % interval, F1; for two values or more."""
        return half_width(stdev(self.values), len(self.values))

    @property
    def more(self) -> int:
        """How many seeds the rule adds, should further ones scatter as these do."""
        here = len(self.values)
        scatter = stdev(self.values)
        enough = (n for n in range(here, MOST) if half_width(scatter, n) <= WITHIN)
        return max(next(enough, MOST) - here, 0)

    @property
    def hours(self) -> float:
        """Processor hours of these further seeds, each as its run that took the median."""
        known = [number(run.record, PROCESSOR) for run in self.runs]
        spent = [each for each in known if each is not None]
        return self.more * median(spent) / 3600 if spent else 0.0


def means(runs: Iterable[Run]) -> list[Mean]:
    """The means of all pages, over runs that a page itself asks for, with two seeds or more."""
    groups: dict[tuple[str, object], list[Run]] = {}
    for run in runs:
        if run.asked and _scored(run.config):
            groups.setdefault((run.page, _unseeded(run.config.model_dump())), []).append(run)
    return [
        Mean(page, tuple(found), cell((run.record for run in found), F1).values)
        for (page, _), found in groups.items()
        if len(found) > 1
    ]


def pages(found: Sequence[Mean]) -> pd.DataFrame:
    """A row per page with means over seeds, and one of all pages, with each mean once."""
    rows = {
        page: _row([each for each in found if each.page == page])
        for page in dict.fromkeys(each.page for each in found)
    }
    rows[ALL.replace("run", "mean")] = _row(_once(found))
    index = pd.Index(list(rows), name="page", dtype=object)
    return pd.DataFrame(list(rows.values()), index=index, dtype=object)


def in_words(found: Sequence[Mean]) -> str:
    """What the table comes to, in a few sentences."""
    each = _once(found)
    whole = [mean for mean in each if mean.whole]
    if not whole:
        return f"No mean over seeds is whole yet, of {len(each)}."
    near = sum(mean.half <= WITHIN for mean in whole)
    said = (
        f"{len(whole)} of {plural(len(each), 'mean')} over seeds are whole. The interval reaches "
        f"at most {WITHIN:g} F1 to each side for {near}."
    )
    short = [mean for mean in whole if mean.more]
    if not short:
        return said
    return (
        f"{said} To {len(short)} the rule gives more seeds, up to {MOST}: "
        f"{plural(sum(mean.more for mean in short), 'run')}, "
        f"{sum(mean.hours for mean in short):.0f} h of one core."
    )


def _row(found: Sequence[Mean]) -> dict[str, object]:
    whole = [each for each in found if each.whole]
    planned = sorted({len(each.runs) for each in found})
    return {
        "means": len(found),
        "seeds": " to ".join(str(n) for n in dict.fromkeys([planned[0], planned[-1]]))
        if planned
        else None,
        "whole": len(whole),
        "half-width, median": median(each.half for each in whole) if whole else None,
        NEAR: sum(each.half <= WITHIN for each in whole) if whole else None,
        "more seeds": sum(each.more for each in whole) if whole else None,
        "more, h": sum(each.hours for each in whole) if whole else None,
    }


def _once(found: Sequence[Mean]) -> list[Mean]:
    """Each mean once, however many pages show it."""
    return list({frozenset(run.key for run in each.runs): each for each in found}.values())


def _scored(config: Config) -> bool:
    """Whether a run ends in an F1 on test, and is no member of an ensemble, on another's draw."""
    if config.kind not in ("fine_tune", "active_learning", "ensemble"):
        return False
    return getattr(config, "draw", None) is None


def _unseeded(found: object) -> object:
    """A configuration without its seeds and those of what it starts from, to compare."""
    if isinstance(found, Mapping):
        return tuple((name, _unseeded(each)) for name, each in found.items() if name not in SEEDED)
    if isinstance(found, list | tuple):
        return tuple(_unseeded(each) for each in found)
    return found

"""Rounds: what pages read of the curves of active-learning loops, by name and seed."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

import numpy as np
import pandas as pd

from clinlib.evaluation.flags import NO_ENTITY
from clinlib.evaluation.intervals import seed_interval
from clinlib.studies.cells import Cell, Record, cell, state
from clinlib.studies.comparisons import paired
from clinlib.studies.frames import by_row

UNITS = ("sentences", "tokens")
SHOWN = 6  # rounds in a table
DASH = "–"
NEAR = 1e-6  # shares are added up in binary
EVEN = 0.5  # rounds by which loops may differ where they count as trained alike

Runs = dict[int, Record | None]
Loops = Mapping[str, Runs]
Of = Callable[[Mapping], float | None]  # a number of one row of a curve, None where it has none


def strict_f1(row: Mapping) -> float:
    """Strict F1 on test after a round, of its row of the curve."""
    return row["scores"]["test"]["strict"]["f1"]


def agreed(loss: str) -> Of:
    """Spearman's rank correlation of a loss with the true one after a round, of its row of the
    curve; None where it is undefined."""
    return lambda row: row["examples"].get("rank_correlation", {}).get(loss)


def has_curve(run: Record | None) -> bool:
    """Whether a loop has ended, be it collapsed in its last round."""
    return state(run) in ("complete", "collapsed")


def share(run: Record, row: Mapping, unit: str) -> float:
    """The share of the pool that is labelled after a round, in percent of its `unit`."""
    return 100 * row[unit] / run["data"][f"pool_{unit}"]


def labelled(unit: str) -> str:
    """The axis and the column of what is labelled after a round, for sizes counted in `unit`."""
    return f"% of the pool's {unit} labelled"


def curves(loops: Loops, unit: str, value: Of = strict_f1) -> pd.DataFrame:
    """What `value` reads of a round, by what is annotated: a row per loop's name and round.

    Columns: strategy (the name), round, x (share of the pool's sentences or tokens, in percent,
    the mean over seeds), f1 (the value), low and high (Student's 95 % interval, None for one
    seed), runs. Over the seeds that are complete and have the value.
    """
    rows = []
    for name, runs in loops.items():
        there = [run for run in runs.values() if state(run) == "complete"]
        for rounds in zip(*(run["curve"] for run in there), strict=True):
            read = [value(row) for row in rounds]
            if not (values := [each for each in read if each is not None]):
                continue
            found = seed_interval(values)
            shares = [share(run, row, unit) for run, row in zip(there, rounds, strict=True)]
            rows.append(
                {
                    "strategy": name,
                    "round": rounds[0]["round"],
                    "x": fmean(shares),
                    "f1": found.value,
                    "low": found.low,
                    "high": found.high,
                    "runs": len(values),
                }
            )
    columns = ["strategy", "round", "x", "f1", "low", "high", "runs"]
    return pd.DataFrame(rows, columns=columns)


def table(
    loops: Loops, shares: Sequence[float], name: str, value: Of = strict_f1, digits: int = 1
) -> pd.DataFrame:
    """What `value` reads after some rounds, named by the share of the pool that is labelled.

    `shares`: those after each round, in 0..1, of what the loops count their sizes in; `name` heads
    the loops' names.
    """
    rows = {
        (each,): {
            heading(percent): cell(runs.values(), at(number, value), digits=digits)
            for number, percent in shown(shares).items()
        }
        for each, runs in loops.items()
    }
    return by_row(rows, [name])


def at(number: int, value: Of = strict_f1) -> Callable[[Record], float | None]:
    """What `value` reads after round `number`."""
    return lambda record: next(
        (value(row) for row in record["curve"] if row["round"] == number), None
    )


def shown(shares: Sequence[float]) -> dict[int, float]:
    """Some rounds, evenly, the last among them -> share of the pool labelled, in percent."""
    count = len(shares)
    places = np.unique(np.linspace(0, count - 1, min(SHOWN, count)).round().astype(int))
    return {int(place) + 1: 100 * shares[place] for place in places}


def last_sampled(shares: Sequence[float]) -> int:
    """The last round that leaves something of the pool unlabelled, of which losses are read."""
    return sum(share < 1 - NEAR for share in shares)


def heading(share: float) -> str:
    """The heading of a round's column: the share of the pool that is labelled, in percent."""
    return f"{share:.3g} %"


def over(numbers: Sequence[int], of: Of) -> Callable[[Record], float | None]:
    """The mean of a number over some rounds of a run, for a cell; None where a round lacks it."""

    def read(record: Record) -> float | None:
        found = [at(number, of)(record) for number in numbers]
        return None if not found or None in found else float(np.mean(found))

    return read


def change(first: int, last: int, of: Of) -> Callable[[Record], float | None]:
    """A number of one round less that of an earlier one, for a cell; None where one lacks it."""

    def read(record: Record) -> float | None:
        before, after = at(first, of)(record), at(last, of)(record)
        return None if before is None or after is None else after - before

    return read


def points(
    lines: Mapping[str, tuple[Runs, Of]], shares: Sequence[float], unit: str, y: str
) -> pd.DataFrame:
    """A number of every round of every run that ended, for `plots.curves`; rounds without it have
    no row.

    `lines`: name -> its runs and the number; `shares` (0..1) are of the pool's `unit`. Columns:
    line, seed, state, round, labelled(unit) in percent, `y`.
    """
    x = labelled(unit)
    rows = [
        {
            "line": line,
            "seed": seed,
            "state": state(run),
            "round": row["round"],
            x: 100 * shares[row["round"] - 1],
            y: of(row),
        }
        for line, (runs, of) in lines.items()
        for seed, run in runs.items()
        if has_curve(run)
        for row in run["curve"]
    ]
    frame = pd.DataFrame(rows, columns=["line", "seed", "state", "round", x, y])
    return frame.dropna(subset=y).astype({y: float})


def area_over(loops: Loops, unit: str) -> Callable[[Record], float | None]:
    """A run's mean F1 over the part of the axis that all curves cover, by trapezoids."""
    low, high = covered(loops, unit)

    def area(record: Record) -> float | None:
        x = np.array([row[unit] for row in record["curve"]], dtype=float)
        y = np.array([strict_f1(row) for row in record["curve"]])
        if high <= low:
            return float(y.mean())
        grid = np.unique(np.concatenate(([low, high], x[(x > low) & (x < high)])))
        return float(np.trapezoid(np.interp(grid, x, y), grid) / (high - low))

    return area


def covered(loops: Loops, unit: str) -> tuple[int, int]:
    """The part of the axis, in sentences or tokens, that all curves cover; (0, 0) without any."""
    there = ended(loops)
    low = max((run["curve"][0][unit] for run in there), default=0)
    return low, min((run["curve"][-1][unit] for run in there), default=0)


def axis(loops: Loops, unit: str) -> str:
    """What an area is over, in words: it hangs on which loops there are.

    In percent of the pool; in numbers where seeds have pools of other documents.
    """
    low, high = covered(loops, unit)
    if high <= low:
        return f"the pool's {unit}"
    pool, *others = {run["data"][f"pool_{unit}"] for run in ended(loops)}
    if others:
        return f"{low} to {high} {unit}"
    return f"{100 * low / pool:.3g} to {100 * high / pool:.3g} % of the pool's {unit}"


def uneven(loops: Loops, unit: str) -> list[str]:
    """A warning, in words, where loops have trained unequally on the part that areas are over.

    A round is a number of passes. Over the unit that rounds do not count, a loop of long sentences
    comes to the end of that part in fewer of them. [] where all are within half a round.
    """
    _, high = covered(loops, unit)
    at_end = {}
    for name, runs in loops.items():
        if there := ended({name: runs}):
            numbers = [
                np.interp(high, *np.transpose([(row[unit], row["round"]) for row in run["curve"]]))
                for run in there
            ]
            at_end[name] = fmean(numbers)
    if not at_end or max(at_end.values()) - min(at_end.values()) <= EVEN:
        return []
    reached = ", ".join(f"{name} in {number:.1f}" for name, number in at_end.items())
    return [
        f"Areas over {axis(loops, unit)} compare training as well as picking, a round being so "
        f"many passes: at the end of that part, loops are in different rounds ({reached})."
    ]


def ended(loops: Loops) -> list[Record]:
    """The runs that have a curve."""
    return [run for runs in loops.values() for run in runs.values() if has_curve(run)]


def drawn(loops: Loops) -> int:
    """How many loops have a curve to draw."""
    return sum(any(map(has_curve, runs.values())) for runs in loops.values())


def gains(loops: Loops, reference: str, unit: str) -> dict[str, Cell]:
    """Area under each curve less that of the loops called `reference`, paired by seed.

    {} where the reference is not among the loops.
    """
    if reference not in loops:
        return {}
    area = area_over(loops, unit)
    return {
        name: gain(runs, loops[reference], area)
        for name, runs in loops.items()
        if name != reference
    }


def areas(loops: Loops, reference: str) -> dict[str, dict[str, object]]:
    """A table's row for each name: mean F1 over the curve, and what it is above the reference.

    By sentences and by tokens annotated.
    """
    more = {unit: gains(loops, reference, unit) for unit in UNITS}
    return {
        name: {
            f"mean F1 over {unit}": cell(runs.values(), area_over(loops, unit)) for unit in UNITS
        }
        | {f"less {reference}, over {unit}": more[unit].get(name, DASH) for unit in UNITS}
        for name, runs in loops.items()
    }


def bare_starts(loops: Loops) -> list[str]:
    """Warnings, in words, of loops whose initial set holds no entity; one for each name."""
    found = []
    for name, runs in loops.items():
        bare = [seed for seed, run in runs.items() if run and NO_ENTITY in run.get("flags", ())]
        if bare:
            found.append(
                f"Warning: {name}, seed {', '.join(map(str, bare))}: the initial set holds no "
                "entity, so that the first rounds learn from O alone."
            )
    return found


def gain(left: Runs, right: Runs, area: Callable[[Record], float | None]) -> Cell:
    """Area under one curve less that under another, paired by seed."""
    return paired(_with(left, area), _with(right, area), "area")


def _with(runs: Runs, area: Callable[[Record], float | None]) -> Runs:
    """The runs with their area as a number that cells can read."""
    return {
        seed: {**run, "area": area(run)} if has_curve(run) else run for seed, run in runs.items()
    }

"""Which sentences are worth their labels: strategies compared round by round (LASL, Table 3).

Every curve stands over sentences and over tokens: a strategy that picks long sentences buys more
text for the same number of them. The ceiling is the same tagger trained on the whole pool.
"""

from collections.abc import Callable, Mapping
from statistics import fmean

import numpy as np
import pandas as pd

from clinlib.errors import BadInput
from clinlib.evaluation.intervals import seed_interval
from clinlib.experiments.config import Config
from clinlib.experiments.key import Pins
from clinlib.studies.cells import Cell, Record, cell, number
from clinlib.studies.comparisons import UNCORRECTED, paired, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.lasl.rounds import Runs, at, has_curve, heading, shown, strict_f1
from clinlib.studies.lasl.training import everything, loop
from clinlib.studies.plans import finder, seeds

NAME = "40_strategies"
STRICT = "scores.test.strict.f1"
RANDOM = "random"
UNITS = ("sentences", "tokens")
LEVELS = (0.95, 0.98)  # of the F1 with all labels
NO_ENTITY = "no_entity_at_start"


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The loops of all strategies and the runs on all data.

    Raises BadInput for a strategy that is unknown or named twice.
    """
    drawn = seeds(parameters)
    loops = [loop(name, seed, parameters) for name in strategies(parameters) for seed in drawn]
    return [*loops, *(everything(seed, parameters) for seed in drawn)]


def strategies(parameters: Mapping[str, object]) -> list[str]:
    """The strategies, in the notebook's order."""
    names = list(parameters["strategies"])
    if not names or len(set(names)) < len(names):
        raise BadInput(f"strategies: {names} must name at least one strategy, each once")
    return names


class Results:
    """The records of the plan: loops by strategy and seed, and the runs on all data by seed."""

    def __init__(
        self,
        records: Mapping[str, Record | None],
        parameters: Mapping[str, object],
        pins: Pins | None = None,
    ):
        find = finder(records, pins)
        self.corpus = str(parameters["corpus"])
        self.shares = loop(strategies(parameters)[0], 0, parameters).shares
        self.loops: dict[str, Runs] = {
            name: {seed: find(loop(name, seed, parameters)) for seed in seeds(parameters)}
            for name in strategies(parameters)
        }
        self.ceiling: Runs = {
            seed: find(everything(seed, parameters)) for seed in seeds(parameters)
        }

    @property
    def all_data_f1(self) -> Cell:
        """Strict F1 on test with the labels of the whole pool."""
        return cell(self.ceiling.values(), STRICT)


def curves(results: Results, unit: str) -> pd.DataFrame:
    """F1 by what is annotated: a row per strategy and round, over the seeds that are complete.

    Columns: strategy, round, x (share of the pool's sentences or tokens, in percent, the mean
    over seeds), f1, low and high (Student's 95 % interval, None for one seed), runs.
    """
    rows = []
    for name, runs in results.loops.items():
        there = [run for run in runs.values() if has_curve(run)]
        for rounds in zip(*(run["curve"] for run in there), strict=True):
            f1 = seed_interval([strict_f1(row) for row in rounds])
            shares = [_share(run, row, unit) for run, row in zip(there, rounds, strict=True)]
            rows.append(
                {
                    "strategy": name,
                    "round": rounds[0]["round"],
                    "x": fmean(shares),
                    "f1": f1.value,
                    "low": f1.low,
                    "high": f1.high,
                    "runs": len(there),
                }
            )
    columns = ["strategy", "round", "x", "f1", "low", "high", "runs"]
    return pd.DataFrame(rows, columns=columns)


def by_round(results: Results) -> pd.DataFrame:
    """Strict F1 on test after some rounds, named by the share of sentences that are labelled."""
    chosen = shown(results.shares)
    rows = {}
    for name, runs in results.loops.items():
        rows[(name,)] = {
            heading(share): cell(runs.values(), at(place, strict_f1))
            for place, share in chosen.items()
        } | {"100 %": "–"}
    columns = [heading(share) for share in chosen.values()]
    rows[("all data",)] = dict.fromkeys(columns, "–") | {"100 %": results.all_data_f1}
    return by_row(rows, ["strategy"])


def needed(results: Results) -> pd.DataFrame:
    """Share of the pool's sentences and tokens at the first round of 95 % and 98 % of the F1
    with all labels (that of the same seed); runs that do not get there are counted in words."""
    rows = {}
    for name, runs in results.loops.items():
        row: dict[str, object] = {}
        for level in LEVELS:
            for unit in UNITS:
                row[f"{level:.0%} of all-data F1, % of {unit}"] = _needed(
                    results, runs, level, unit
                )
        rows[(name,)] = row
    return by_row(rows, ["strategy"])


def areas(results: Results) -> pd.DataFrame:
    """Mean F1 over the curve (area under it over its width), and what it is above random."""
    rows = {}
    for name, runs in results.loops.items():
        row: dict[str, object] = {}
        for unit in UNITS:
            row[f"mean F1 over {unit}"] = cell(runs.values(), _area_over(results, unit))
        for unit in UNITS:
            gain = gains(results, unit).get(name)
            row[f"less random, over {unit}"] = "–" if gain is None else gain
        rows[(name,)] = row
    return by_row(rows, ["strategy"])


def gains(results: Results, unit: str) -> dict[str, Cell]:
    """Area under the curve less that of random, paired by seed; {} where random is not asked."""
    if RANDOM not in results.loops:
        return {}
    area = _area_over(results, unit)
    return {
        name: paired(_with(runs, area), _with(results.loops[RANDOM], area), "area")
        for name, runs in results.loops.items()
        if name != RANDOM
    }


def picked(results: Results) -> pd.DataFrame:
    """What strategies pick after the initial set, and how long picking takes."""
    rows = {}
    for name, runs in results.loops.items():
        rows[(name,)] = {
            "tokens per sentence": cell(runs.values(), _per_sentence("picked_tokens")),
            "spans per sentence": cell(runs.values(), _per_sentence("picked_spans"), digits=2),
            "spans of the rarest type, % of the pool's": cell(runs.values(), _rarest),
            "selection, seconds a round": cell(runs.values(), _selection("seconds"), digits=2),
            "sentences read a second": cell(
                runs.values(), _selection("sentences_per_second"), digits=0
            ),
        }
    return by_row(rows, ["strategy"])


def sentences(results: Results) -> list[str]:
    """What the runs say, in words."""
    ceiling = results.all_data_f1
    found = [f"With all labels the tagger reaches a strict F1 of {ceiling}."]
    for unit in UNITS:
        found += [
            reading_of(f"{name} instead of random, area over {unit}", gain, "F1")
            for name, gain in gains(results, unit).items()
        ]
    for name, runs in results.loops.items():
        bare = [seed for seed, run in runs.items() if run and NO_ENTITY in run.get("flags", ())]
        if bare:
            found.append(
                f"Warning: {name}, seed {', '.join(map(str, bare))}: the initial set holds no "
                "entity, so that the first rounds learn from O alone."
            )
    return [*found, UNCORRECTED]


def _share(run: Record, row: Mapping, unit: str) -> float:
    """The share of the pool that is labelled after a round, in percent of its `unit`."""
    return 100 * row[unit] / run["data"][f"pool_{unit}"]


def _complete(results: Results) -> list[Record]:
    return [run for runs in results.loops.values() for run in runs.values() if has_curve(run)]


def _needed(results: Results, runs: Runs, level: float, unit: str) -> Cell | str:
    """The cell of the seeds that get there; in words where some do not, as their mean would lie."""
    shares: list[float | None] = []
    short = 0
    for seed, run in runs.items():
        top = number(results.ceiling[seed], STRICT)
        if not has_curve(run) or top is None:
            shares.append(None)
            continue
        first = (_share(run, row, unit) for row in run["curve"] if strict_f1(row) >= level * top)
        share = next(first, None)
        if share is None:
            short += 1
        else:
            shares.append(share)
    if short:
        ends = [_share(run, run["curve"][-1], unit) for run in runs.values() if has_curve(run)]
        return f"not within {max(ends):.3g} % ({short} of {len(runs)})"
    return Cell.of(shares)


def _area_over(results: Results, unit: str) -> Callable[[Record], float | None]:
    """A run's mean F1 over the part of the axis that all curves cover, by trapezoids."""
    there = _complete(results)
    low = max((run["curve"][0][unit] for run in there), default=0)
    high = min((run["curve"][-1][unit] for run in there), default=0)

    def area(record: Record) -> float | None:
        x = np.array([row[unit] for row in record["curve"]], dtype=float)
        y = np.array([strict_f1(row) for row in record["curve"]])
        if high <= low:
            return float(y.mean())
        grid = np.unique(np.concatenate(([low, high], x[(x > low) & (x < high)])))
        return float(np.trapezoid(np.interp(grid, x, y), grid) / (high - low))

    return area


def _with(runs: Runs, area: Callable[[Record], float | None]) -> Runs:
    """The runs with their area as a number that cells can read."""
    return {
        seed: {**run, "area": area(run)} if has_curve(run) else run for seed, run in runs.items()
    }


def _per_sentence(name: str) -> Callable[[Record], float | None]:
    """A mean over the sentences picked in rounds 2, 3, ..."""

    def mean(record: Record) -> float | None:
        rows = record["curve"][1:]
        count = sum(len(row["picked"]) for row in rows)
        total = sum(
            sum(row[name].values()) if isinstance(row[name], Mapping) else row[name] for row in rows
        )
        return total / count if count else None

    return mean


def _rarest(record: Record) -> float | None:
    """How many of the pool's spans of its rarest type were found, in percent."""
    pool = record["data"]["pool_spans"]
    if not pool:
        return None
    rare = min(pool, key=lambda name: (pool[name], name))
    found = sum(row["picked_spans"].get(rare, 0) for row in record["curve"])
    return 100 * found / pool[rare]


def _selection(name: str) -> Callable[[Record], float | None]:
    """A mean over the rounds that pick; None where the strategy does not have the number."""

    def mean(record: Record) -> float | None:
        values = [row["selection"][name] for row in record["curve"] if name in row["selection"]]
        return fmean(values) if values else None

    return mean

"""Which sentences are worth their labels: strategies compared round by round (LASL, Table 3).

Every curve stands over sentences and over tokens: a strategy that picks long sentences buys more
text for the same number of them. The ceiling is the same tagger trained on the whole pool.
"""

from collections.abc import Callable, Mapping
from statistics import fmean

import pandas as pd

from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.studies.cells import Cell, Record, cell, number, state
from clinlib.studies.comparisons import UNCORRECTED, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.lasl import rounds
from clinlib.studies.lasl.balance_picks import shared
from clinlib.studies.lasl.rounds import DASH, UNITS, Runs, has_curve, share, strict_f1
from clinlib.studies.lasl.training import everything, loop
from clinlib.studies.plans import Find, PlanRecords, seeds

NAME = "40_strategies"
STRICT = "scores.test.strict.f1"
RANDOM, LEAST = "random", "MLP"
LEVELS = (0.95, 0.98)  # of the F1 with all labels


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


class Results(PlanRecords):
    """The records of the plan: loops by strategy and seed, and the runs on all data by seed."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.corpus = str(parameters["corpus"])
        first = loop(strategies(parameters)[0], 0, parameters)
        self.shares, self.unit = first.shares, first.unit_of_size
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
    """F1 by what is annotated: a row per strategy and round; columns as rounds.curves says."""
    return rounds.curves(results.loops, unit)


def by_round(results: Results) -> pd.DataFrame:
    """Strict F1 on test after some rounds, named by the share of the pool that is labelled."""
    frame = rounds.table(results.loops, results.shares, "strategy")
    whole = rounds.heading(100)
    if whole not in frame:  # where no loop labels the whole pool
        frame[whole] = DASH
    last = dict.fromkeys(frame.columns, DASH) | {whole: results.all_data_f1}
    return pd.concat([frame, by_row({("all data",): last}, ["strategy"])])


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
    rows = rounds.areas(results.loops, RANDOM)
    return by_row({(name,): row for name, row in rows.items()}, ["strategy"])


def gains(results: Results, unit: str) -> dict[str, Cell]:
    """Area under the curve less that of random, paired by seed; {} where random is not asked."""
    return rounds.gains(results.loops, RANDOM, unit)


def picked(results: Results) -> pd.DataFrame:
    """What strategies pick after the initial set, and how long picking takes."""
    rows = {}
    for name, runs in results.loops.items():
        rows[(name,)] = {
            "tokens per sentence": cell(runs.values(), per_sentence("picked_tokens")),
            "spans per sentence": cell(runs.values(), per_sentence("picked_spans"), digits=2),
            "spans of the rarest type, % of the pool's": cell(runs.values(), _rarest),
            "selection, seconds a round": cell(runs.values(), _selection("seconds"), digits=2),
            "sentences read a second": DASH
            if name == RANDOM
            else cell(runs.values(), _selection("sentences_per_second"), digits=0),
        }
        if len(results.loops) > 1 and LEAST in results.loops:
            row = rows[(name,)]
            # in round 2 strategies differ by what they pick alone: their models are one
            row["picked by MLP too, %"] = (
                DASH if name == LEAST else shared(runs, results.loops[LEAST], 2, 2)
            )
    return by_row(rows, ["strategy"])


def sentences(results: Results) -> list[str]:
    """What the runs say, in words."""
    ceiling = results.all_data_f1
    found = [f"Strict F1 of the tagger with all labels: {ceiling}."]
    for unit in UNITS:
        found += [
            reading_of(
                f"{name} instead of random, area over {rounds.axis(results.loops, unit)}",
                gain,
                "F1",
            )
            for name, gain in gains(results, unit).items()
        ]
        found += rounds.uneven(results.loops, unit)
    return [*found, *rounds.bare_starts(results.loops), UNCORRECTED]


def reached(ceiling: Record | None) -> float | None:
    """Strict F1 with all labels; None of a run that is missing or collapsed, whose 0 is no aim."""
    return number(ceiling, STRICT) if state(ceiling) == "complete" else None


def per_sentence(name: str) -> Callable[[Record], float | None]:
    """A mean over the sentences picked in rounds 2, 3, ..."""

    def mean(record: Record) -> float | None:
        rows = record["curve"][1:]
        count = sum(len(row["picked"]) for row in rows)
        total = sum(
            sum(row[name].values()) if isinstance(row[name], Mapping) else row[name] for row in rows
        )
        return total / count if count else None

    return mean


def _needed(results: Results, runs: Runs, level: float, unit: str) -> Cell | str:
    """The cell of the seeds that get there; in words where some do not, as their mean would lie."""
    shares: list[float | None] = []
    ends: list[float] = []
    short = 0
    for seed, run in runs.items():
        top = reached(results.ceiling[seed])
        if not has_curve(run) or top is None:
            shares.append(None)
            continue
        ends.append(share(run, run["curve"][-1], unit))
        first = (share(run, row, unit) for row in run["curve"] if strict_f1(row) >= level * top)
        found = next(first, None)
        if found is None:
            short += 1
        else:
            shares.append(found)
    if short:
        missing = f", {len(runs) - len(ends)} missing" if len(ends) < len(runs) else ""
        spent = " to ".join(dict.fromkeys(f"{each:.3g}" for each in (min(ends), max(ends))))
        return f"not within {spent} % ({short} of {len(ends)}{missing})"
    return Cell.of(shares)


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

"""Two losses in balance: by which rule, on which scale (LASL, Figures 6 and 7, Table 5).

Every schedule is the same loop; only Lambda's rule, or what makes the two losses comparable,
differs. At Lambda 1 the balance is the minimum loss (MLP), at 0 the predicted loss (LPN).
"""

from collections.abc import Mapping

import pandas as pd

from clinlib.experiments.config import Config
from clinlib.studies.cells import Cell, Record, cell, state
from clinlib.studies.comparisons import UNCORRECTED, paired, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.lasl import rounds, sizes
from clinlib.studies.lasl.balance_picks import Alone, alone, shared
from clinlib.studies.lasl.rounds import (
    Runs,
    at,
    heading,
    over,
    points,
    shown,
    strict_f1,
)
from clinlib.studies.lasl.schedules import DBS, SCALES, chosen, ends, schedules
from clinlib.studies.lasl.tallies import tally
from clinlib.studies.lasl.training import loop
from clinlib.studies.plans import Find, PlanRecords, seeds
from clinlib.studies.wording import plural

NAME = "42_balance"
HALF = 0.5
CONSTANT = "never: it is constant"
BOTH_ENDS = (sizes.LEAST, sizes.PREDICTED)  # Lambda 1 and 0


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The loops of all schedules, and those that stand beside them.

    Raises BadInput for a name that is unknown or stands twice.
    """
    drawn = seeds(parameters)
    balanced = [each for seed in drawn for each in schedules(seed, parameters).values()]
    beside = [loop(name, seed, parameters) for name in ends(parameters) for seed in drawn]
    return list(dict.fromkeys([*balanced, *beside, *sizes.plan(parameters)]))


class Results(PlanRecords):
    """The loops of the plan by label and seed; None is missing."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.corpus = str(parameters["corpus"])
        first = loop(DBS, 0, parameters)
        self.shares, self.unit = first.shares, first.unit_of_size
        self.scale = chosen(parameters, "scales", SCALES)[0]
        self.loops: dict[str, Runs] = {}
        for seed in seeds(parameters):
            for label, run in schedules(seed, parameters).items():
                self.loops.setdefault(label, {})[seed] = find(run)
        self.ends: dict[str, Runs] = {
            name: {seed: find(loop(name, seed, parameters)) for seed in seeds(parameters)}
            for name in ends(parameters)
        }
        self.panels = sizes.panels(find, parameters)

    @property
    def base(self) -> str:
        """The label of the first schedule, which the others are held against."""
        return next(iter(self.loops))

    @property
    def others(self) -> dict[str, Runs]:
        """The schedules but the first."""
        return {label: runs for label, runs in self.loops.items() if label != self.base}

    @property
    def picking(self) -> dict[int, float]:
        """Some rounds that pick -> share labelled after them; the first is drawn at random."""
        return {number: share for number, share in shown(self.shares).items() if number > 1}


def weight(row: Mapping) -> float | None:
    """Lambda, by which the picks of a round were weighed; None in the first."""
    return row["selection"].get("lambda")


def weights(results: Results) -> pd.DataFrame:
    """Lambda of every run by round, for `plots.curves`."""
    lines = {label: (runs, weight) for label, runs in results.loops.items()}
    return points(lines, results.shares, results.unit, "weight of the minimum loss")


def courses(results: Results) -> pd.DataFrame:
    """Lambda after some rounds, and the first round in which it stands above one half."""
    rows = {
        (label,): {
            f"round {number}": cell(runs.values(), at(number, weight), digits=2)
            for number in results.picking
        }
        | {
            "first above 0.5, round": halfway(results, runs),
            f"% of {results.unit} labelled after it": halfway(results, runs, labelled=True),
        }
        for label, runs in results.loops.items()
    }
    return by_row(rows, ["schedule"])


def halfway(results: Results, runs: Runs, labelled: bool = False) -> Cell | str:
    """The first round whose Lambda is above one half, or the share labelled after it, in percent;
    in words where some run has none."""
    complete = [run for run in runs.values() if state(run) == "complete"]
    found = [_first_above(run) for run in complete]
    if short := found.count(None):
        if all(_is_constant(run) for run in complete):
            return CONSTANT
        return f"not within {len(results.shares)} rounds ({short} of {len(found)})"
    if not labelled:
        return cell(runs.values(), _first_above)
    return cell(runs.values(), lambda record: 100 * results.shares[_first_above(record) - 1])


def f1(results: Results) -> pd.DataFrame:
    """Strict F1 of every run by round, for `plots.curves`; those of `ends` follow the schedules."""
    lines = {label: (runs, strict_f1) for label, runs in (results.loops | results.ends).items()}
    return points(lines, results.shares, results.unit, "strict F1")


def by_round(results: Results) -> pd.DataFrame:
    """Strict F1 on test after some rounds, and its mean over all that pick."""
    rows = {
        (label,): {
            heading(share): cell(runs.values(), at(number, strict_f1))
            for number, share in shown(results.shares).items()
        }
        | {"mean from round 2": cell(runs.values(), _mean(results))}
        for label, runs in (results.loops | results.ends).items()
    }
    return by_row(rows, ["schedule"])


def differences(results: Results) -> dict[str, Cell]:
    """Mean F1 from round 2 of the first schedule less that of each other, paired by seed."""
    base = results.loops[results.base]
    return {
        f"less {label}": paired(base, runs, _mean(results))
        for label, runs in (results.others | results.ends).items()
    }


def areas(results: Results) -> pd.DataFrame:
    """Mean F1 over each curve by sentences and by tokens, less that of the first schedule."""
    rows = rounds.areas(results.loops | results.ends, results.base)
    return by_row({(label,): row for label, row in rows.items()}, ["schedule"])


def margins(results: Results) -> pd.DataFrame:
    """F1 of the first schedule less that of each other after some rounds, paired by seed."""
    base = results.loops[results.base]
    rows = {
        (label,): {
            heading(share): paired(base, runs, at(number, strict_f1))
            for number, share in results.picking.items()
        }
        for label, runs in results.others.items()
    }
    return by_row(rows, [f"{results.base} less"])


def overtaking(results: Results) -> int | None:
    """The round from which to the end the mean F1 of MLP is above that of LPN, over paired seeds.

    None where it is not above in the end, or where the two are not both beside the schedules.
    """
    if not {*BOTH_ENDS} <= results.ends.keys():
        return None
    left, right = (results.ends[name] for name in BOTH_ENDS)
    return sizes.passed(left, right, len(results.shares))


def overlaps(results: Results) -> pd.DataFrame:
    """How many sentences each schedule labels that the first one labels as well, by seed.

    In round 2 all schedules on one seed read the same model and the same pool, so that what
    differs is the schedule's doing alone.
    """
    base = results.loops[results.base]
    rows = {
        (label,): {
            "picked in round 2, %": shared(base, runs, 2, 2),
            "labelled in the end, %": shared(base, runs, 2, len(results.shares)),
        }
        for label, runs in (results.others | results.ends).items()
    }
    return by_row(rows, ["schedule"])


def by_scale(results: Results) -> pd.DataFrame:
    """Which of the two losses decides on each scale, on the samples of the first schedule's runs.

    Nothing is trained for this: the sampled sentences of a round are ordered anew.
    """
    runs = results.loops[results.base].values()
    names = {
        "largest share of one sentence in the minimum loss, %": "largest_least",
        "largest share of one sentence in the predicted loss, %": "largest_predicted",
        "picks that the minimum loss alone picks, %": "as_least",
        "picks that the predicted loss alone picks, %": "as_predicted",
    }
    rows = {}
    for scale, fields in SCALES.items():
        rule = str(fields.get("balance_scale", "raw"))
        for number in results.picking:
            rows[scale, heading(100 * results.shares[number - 2])] = {
                name: cell(runs, _alone(number, rule, field), digits=0)
                for name, field in names.items()
            }
    return by_row(rows, ["scale", "labelled before"])


def sentences(results: Results) -> list[str]:
    """What the runs say, in words."""
    said, short = [], {}  # what is said of schedules that fall short -> their labels
    for label, runs in results.loops.items():
        passed = halfway(results, runs)
        if isinstance(passed, str):
            short.setdefault(passed, []).append(f'"{label}"')
        elif passed.value is not None:
            share = halfway(results, runs, labelled=True)
            said.append(
                f"{label}, first weight above 0.5: round {passed}, which labels up to "
                f"{share.number} % of the pool's {results.unit}."
            )
    said += [f"{', '.join(names)}, a weight above 0.5: {why}." for why, names in short.items()]
    if (start := overtaking(results)) is not None:
        said.append(f"The mean F1 of MLP is above that of LPN from round {start} to the end.")
    said += sizes.sentences(results.panels)
    table = margins(results)
    above, equal, below = tally(table)
    if above + equal + below:
        cells = [each for each in table.to_numpy().ravel() if each.low is not None]
        sure = sum(each.low > 0 for each in cells), sum(each.high < 0 for each in cells)
        said.append(
            f"{results.base} has the higher mean F1 in {above} of "
            f"{plural(above + equal + below, 'comparison')} by schedule and round, the lower in "
            f"{below}; intervals without zero: {sure[0]} above, {sure[1]} below."
        )
    said += [
        reading_of(f"{results.base} {label}, mean from round 2", each, "F1")
        for label, each in differences(results).items()
    ]
    loops = results.loops | results.ends
    said += [
        reading_of(
            f"{label} instead of {results.base}, area over {rounds.axis(loops, 'tokens')}",
            each,
            "F1",
        )
        for label, each in rounds.gains(loops, results.base, "tokens").items()
    ]
    said += rounds.uneven(loops, "tokens")
    return [*said, *rounds.bare_starts(loops), UNCORRECTED]


def numbers(
    records: Mapping[str, Record | None], parameters: Mapping[str, object]
) -> dict[str, Cell | str | int]:
    """The numbers that prose on any page may quote, by name; the same names in every profile."""
    results = Results(records, parameters)
    above, equal, below = tally(margins(results))
    runs = results.loops[results.base]
    return {
        "base": results.base,
        "schedules": len(results.loops),
        "half_round": halfway(results, runs),
        "weight_last": cell(runs.values(), at(len(results.shares), weight), digits=2),
        "comparisons": above + equal + below,
        "above": above,
        "below": below,
        "overtaking_round": overtaking(results) or "none",
        "mean_f1": cell(runs.values(), _mean(results)),
    }


def _first_above(record: Record) -> int | None:
    rows = [row for row in record["curve"] if (weight(row) or 0) > HALF]
    return rows[0]["round"] if rows else None


def _is_constant(record: Record) -> bool:
    """Whether the weight stands still; of a single pick none can say."""
    picked = [weight(row) for row in record["curve"][1:]]
    return len(picked) > 1 and len(set(picked)) == 1


def _mean(results: Results):
    return over(range(2, len(results.shares) + 1), strict_f1)


def _alone(number: int, rule: str, field: str):
    """A number of `alone` for the picks of a round, for a cell."""

    def read(record: Record) -> float | None:
        found: Alone | None = alone(record, number, rule)
        return None if found is None else getattr(found, field)

    return read

"""How losses known without labels follow the true one, round by round (LASL, Figure 3, Table 1).

The losses are those of a sample of the sentences that a round leaves unlabelled; the study knows
their labels, the loop does not.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from clinlib.experiments.config import Config
from clinlib.studies.cells import Cell, Record, cell, state
from clinlib.studies.comparisons import ENOUGH, UNCORRECTED
from clinlib.studies.frames import by_row
from clinlib.studies.lasl import least_confidence
from clinlib.studies.lasl.loss_samples import (
    LEAST,
    LOSSES,
    MOST,
    PREDICTED,
    TRUE,
    error,
    gap,
    lead,
    mean_of,
    negative,
    outside,
    right,
    sample,
    share,
    spread_of,
)
from clinlib.studies.lasl.rounds import (
    Of,
    Runs,
    agreed,
    at,
    bare_starts,
    change,
    heading,
    last_sampled,
    over,
    points,
    shown,
)
from clinlib.studies.lasl.strategies import strategies
from clinlib.studies.lasl.training import loop
from clinlib.studies.plans import Find, PlanRecords, seeds
from clinlib.studies.wording import plural

NAME = "41_losses"


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The loops of all strategies: those of the page on strategies, where the sizes are alike.

    Raises BadInput for a strategy that is unknown or named twice.
    """
    return [
        loop(name, seed, parameters)
        for name in strategies(parameters)
        for seed in seeds(parameters)
    ]


class Results(PlanRecords):
    """The loops of the plan by strategy and seed; None is missing."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.corpus = str(parameters["corpus"])
        first = loop(strategies(parameters)[0], 0, parameters)
        self.shares, self.unit, self.most = first.shares, first.unit_of_size, first.examples
        self.loops: dict[str, Runs] = {}
        self.predicting: list[str] = []  # strategies that train a loss predictor
        for name in strategies(parameters):
            self.loops[name] = {
                seed: find(loop(name, seed, parameters)) for seed in seeds(parameters)
            }
            if loop(name, 0, parameters).predicts:
                self.predicting.append(name)

    @property
    def rounds(self) -> int:
        """How many rounds a loop has that leave something unlabelled, whose losses are read."""
        return last_sampled(self.shares)

    @property
    def sampled(self) -> Sequence[float]:
        """The shares of the pool that are labelled after these rounds, in 0..1."""
        return self.shares[: self.rounds]

    @property
    def reference(self) -> str:
        """The first strategy, whose losses the first figure shows."""
        return next(iter(self.loops))


def bounds(results: Results) -> pd.DataFrame:
    """The three losses by strategy and share labelled, and how L_min stands to L_true."""
    rows = {}
    for name, runs in results.loops.items():
        for number, labelled in shown(results.sampled).items():

            def here(of: Of, digits: int = 2, runs=runs, number=number) -> Cell:
                return cell(runs.values(), at(number, of), digits=digits)

            rows[name, heading(labelled)] = {
                "L_min": here(mean_of(LEAST)),
                "L_true": here(mean_of(TRUE)),
                "L_max": here(mean_of(MOST), 0),
                "L_true − L_min": here(gap),
                "L_min / L_true, %": here(share, 0),
                "decoded as gold, %": here(right, 0),
            }
    return by_row(rows, ["strategy", "labelled"])


def curves(results: Results, measures: Mapping[str, Of], names: list[str], y: str) -> pd.DataFrame:
    """Numbers by round of some strategies' runs, for a figure; columns as `rounds.points` says.

    A line is called by its measure or, where there is but one, by its strategy.
    """
    lines = {
        (measure if len(measures) > 1 else name): (results.loops[name], of)
        for name in names
        for measure, of in measures.items()
    }
    return points(lines, results.shares, results.unit, y)


def agreement(results: Results) -> pd.DataFrame:
    """Spearman's correlation of each loss with the true one, by share labelled."""
    rows = {}
    for name, runs in results.loops.items():
        kinds = [LEAST, MOST, *([PREDICTED] if name in results.predicting else [])]
        for kind in kinds:
            rows[name, LOSSES[kind]] = {
                heading(labelled): cell(runs.values(), at(number, agreed(kind)), digits=2)
                for number, labelled in shown(results.sampled).items()
            }
    return by_row(rows, ["strategy", "loss"])


def leads(results: Results) -> dict[str, Cell]:
    """Rank correlation of the predicted less that of the minimum loss, early and late.

    Each is of one run's own sample, the mean over the first or the second half of the rounds.
    """
    half = results.rounds // 2
    parts = {"first half": range(1, half + 1), "second half": range(half + 1, results.rounds + 1)}
    return {
        f"{name}, {part} of the rounds": cell(
            results.loops[name].values(), over(numbers, lead), digits=3
        )
        for name in results.predicting
        for part, numbers in parts.items()
    }


def scale(results: Results) -> pd.DataFrame:
    """Size and spread of the predicted beside the true loss, by strategy and share labelled."""
    rows = {}
    for name in results.predicting:
        runs = results.loops[name]
        for number, labelled in shown(results.sampled).items():

            def here(of: Of, digits: int = 1, runs=runs, number=number) -> Cell:
                return cell(runs.values(), at(number, of), digits=digits)

            rows[name, heading(labelled)] = {
                "L_true: mean": here(mean_of(TRUE)),
                "L_true: deviation": here(spread_of(TRUE)),
                "predicted: mean": here(mean_of(PREDICTED)),
                "predicted: deviation": here(spread_of(PREDICTED)),
                "predicted below zero, %": here(negative, 0),
                "mean error as a loss": here(error),
                "rank correlation": here(agreed(PREDICTED), 2),
            }
    return by_row(rows, ["strategy", "labelled"])


def example(results: Results) -> tuple[str, Record] | None:
    """The run that examples are taken of, named: the last strategy's that predicts losses."""
    for name in reversed(results.predicting):
        for seed, run in results.loops[name].items():
            if state(run) == "complete" and sample(run["curve"][-1], PREDICTED) is not None:
                return f"{name}, seed {seed}", run
    return None


def sentences(results: Results) -> list[str]:
    """What the runs say, in words."""
    rows = [row for run in _complete(results) for row in run["curve"]]
    broken, total = (
        (sum(counts) for counts in zip(*map(outside, rows), strict=True)) if rows else (0, 0)
    )
    said = []
    if total:
        said.append(
            f"Of {plural(total, 'sampled loss', 'sampled losses')}, {broken} "
            f"{'is' if broken == 1 else 'are'} not between L_min and L_max."
        )
    for name, (first, last, moved) in approaches(results).items():
        place = f"{results.reference}, {name}"
        if moved.value is None:
            said.append(f"{place}: no run to read this from ({moved}).")
        else:
            said.append(f"{place}: {first} at first, {last} at the end; {_moved(moved)}")
    said += [
        f"{name}: the rank correlation of the predicted loss less that of the minimum loss is "
        f"{found}; {_side(found)}"
        for name, found in leads(results).items()
    ]
    for name in results.predicting:
        last = cell(results.loops[name].values(), at(results.rounds, negative), digits=0)
        wrong = cell(results.loops[name].values(), at(results.rounds, error))
        mean = cell(results.loops[name].values(), at(results.rounds, mean_of(TRUE)))
        if last.value is not None:
            said.append(
                f"{name}, last round: {last.number} % of the predicted losses are below zero; "
                f"taken for losses they would be wrong by {wrong.number} nats, where the true loss "
                f"is {mean}."
            )
    said += least_confidence.sentences(results.loops)
    return [*said, *bare_starts(results.loops), UNCORRECTED]


def approaches(results: Results) -> dict[str, tuple[Cell, Cell, Cell]]:
    """How L_min nears L_true in the reference's loop: (first round, last round, change by run)."""
    measures = {
        "L_true − L_min in nats": (gap, 2),
        "L_min as % of L_true": (share, 0),
        "% of sentences decoded as gold": (right, 0),
    }
    runs = results.loops[results.reference].values()
    return {
        name: (
            cell(runs, at(1, of), digits=digits),
            cell(runs, at(results.rounds, of), digits=digits),
            cell(runs, change(1, results.rounds, of), digits=digits),
        )
        for name, (of, digits) in measures.items()
    }


def numbers(
    records: Mapping[str, Record | None], parameters: Mapping[str, object]
) -> dict[str, Cell | str | int]:
    """The numbers that prose on any page may quote, by name; the same names in every profile."""
    results = Results(records, parameters)
    near = approaches(results)
    found: dict[str, Cell | str | int] = {"reference": results.reference}
    for name, key in zip(("gap", "share", "decoded"), near, strict=True):
        found |= dict(
            zip((f"{name}_first", f"{name}_last", f"{name}_change"), near[key], strict=True)
        )
    name = results.predicting[-1] if results.predicting else None
    runs = results.loops[name].values() if name else [None]
    last = results.rounds
    return found | {
        "predictor": name or "none",
        "below_zero": cell(runs, at(last, negative), digits=0),
        "order_predicted": cell(runs, at(last, agreed(PREDICTED)), digits=2),
        "order_minimum": cell(runs, at(last, agreed(LEAST)), digits=2),
    }


def _complete(results: Results) -> list[Record]:
    return [
        run for runs in results.loops.values() for run in runs.values() if state(run) == "complete"
    ]


def _moved(found: Cell) -> str:
    """Whether a number rose or fell, where its interval says so."""
    if found.low is None or found.n < ENOUGH:
        return f"it moves by {found}: too few seeds for a conclusion."
    if found.low <= 0 <= found.high:
        return f"it may rise or fall: {found}."
    way, size = (
        ("rises", found)
        if found.low > 0
        else ("falls", Cell.of([-each for each in found.values], digits=found.digits))
    )
    return f"it {way} by {size}."


def _side(found: Cell) -> str:
    """Which of two losses orders better, where the interval says so."""
    if found.value is None:
        return "no run to read this from."
    if found.low is None or found.n < ENOUGH:
        return "too few seeds for a conclusion."
    if found.low <= 0 <= found.high:
        return "it holds zero, so these runs do not tell the two apart."
    return f"the {'predicted' if found.low > 0 else 'minimum'} loss orders better."

"""Sizes: more labels at first or per round, and when the minimum loss passes the predicted one.

The balance and its two ends are run again under other sizes (LASL, section 5.2.1 and Figure 6).
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from clinlib.errors import BadInput
from clinlib.experiments.active_learning_runs import NEAR, ActiveLearning
from clinlib.experiments.config import Config
from clinlib.studies.cells import Cell, Record, state
from clinlib.studies.comparisons import paired
from clinlib.studies.frames import by_row
from clinlib.studies.lasl.rounds import Runs, at, strict_f1
from clinlib.studies.lasl.training import loop
from clinlib.studies.plans import seeds

LEAST, PREDICTED = "MLP", "LPN"  # the ends of the balance: its weight at 1 and at 0
COMPARED = (LEAST, PREDICTED, "DBS")


@dataclass(frozen=True)
class Panel:
    """Loops of one size: shares of the pool at first and per round, and what each loop gave.

    `shares`: labelled after each round, in 0..1, of the pool's `unit`.
    """

    initial: float
    per_round: float
    shares: tuple[float, ...]
    unit: str
    loops: Mapping[str, Runs]

    @property
    def passed(self) -> int | None:
        """The round from which on the mean F1 of MLP is above that of LPN, over paired seeds."""
        return passed(self.loops[LEAST], self.loops[PREDICTED], len(self.shares))

    def has_fewer(self, other: "Panel") -> bool:
        """Whether it labels less at first or per round than another, and more in neither."""
        mine, theirs = (self.initial, self.per_round), (other.initial, other.per_round)
        return mine != theirs and all(a <= b for a, b in zip(mine, theirs, strict=True))


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The loops of every size; none where no panel is asked for.

    Raises BadInput for a panel that is no ratio, stands twice, or has nothing left to pick.
    """
    return [
        loop(name, seed, sized)
        for sized in _panels(parameters).values()
        for name in COMPARED
        for seed in seeds(parameters)
    ]


def panels(
    find: Callable[[Config], Record | None], parameters: Mapping[str, object]
) -> dict[str, Panel]:
    """Label -> panel, the notebook's own size first; `find` gives the record of a loop."""
    found = {}
    for label, sized in _panels(parameters).items():
        loops = {
            name: {seed: find(loop(name, seed, sized)) for seed in seeds(parameters)}
            for name in COMPARED
        }
        made: ActiveLearning = loop(LEAST, 0, sized)
        found[label] = Panel(made.initial, made.per_round, made.shares, made.unit_of_size, loops)
    return found


def passed(left: Runs, right: Runs, rounds: int) -> int | None:
    """The round from which to the end the mean F1 of one loop is above another's, paired by seed.

    None where it is not above in the end. The first round, drawn at random, does not count.
    """
    first = None
    for number in range(rounds, 1, -1):
        found = paired(left, right, at(number, strict_f1)).value
        if found is None or found <= 0:
            break
        first = number
    return first


def by_seed(panel: Panel) -> dict[int, int | None]:
    """Seed -> the round from which MLP stays above LPN, None where it does not; pairs that are
    not complete are left out."""
    sides = panel.loops[LEAST], panel.loops[PREDICTED]
    return {
        seed: passed(*({seed: runs[seed]} for runs in sides), len(panel.shares))
        for seed in sides[0]
        if all(state(runs[seed]) == "complete" for runs in sides)
    }


def table(found: Mapping[str, Panel]) -> pd.DataFrame:
    """When MLP passes LPN under each size: of the mean curves, and seed by seed."""
    rows = {}
    for label, panel in found.items():
        drawn = by_seed(panel)
        there = [number for number in drawn.values() if number is not None]
        after = panel.passed
        rows[(label,)] = {
            "rounds": len(panel.shares),
            "mean curves, from round": _or_words(after, drawn),
            f"% of {panel.unit} labelled then": _or_words(
                after and round(100 * panel.shares[after - 1], 1), drawn
            ),
            "seeds in which it passes": f"{len(there)} of {len(drawn)}" if drawn else "missing",
            "these seeds, from round": Cell.of(there) if there else "–",
        }
    return by_row(rows, ["labelled"])


def sentences(found: Mapping[str, Panel]) -> list[str]:
    """From which round MLP is above LPN, in words."""
    said = []
    for label, panel in found.items():
        if not by_seed(panel):
            continue
        after = panel.passed
        when = f"from round {after} to the end" if after else "not to the end"
        said.append(
            f"{label} of the pool's {panel.unit}: the mean F1 of {LEAST} is above that of "
            f"{PREDICTED} {when}."
        )
    return said


def _or_words(number: float | None, drawn: Mapping[int, int | None]) -> float | str:
    return number if number is not None else "not to the end" if drawn else "missing"


def _panels(parameters: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Label -> the notebook's parameters with the sizes of a panel.

    All end at the share that the notebook's own rounds end at, or the last round before it.
    """
    asked = list(parameters["panels"])
    if not asked:
        return {}
    if len(set(asked)) < len(asked):
        raise BadInput(f"panels: {asked} must name each once")
    initial, step = float(parameters["initial"]), float(parameters["per_round"])
    most = initial + (int(parameters["rounds"]) - 1) * step
    found = {}
    for text in ("1/1", *(each for each in asked if each != "1/1")):
        ratio = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
        if ratio is None:
            raise BadInput(
                f"panels: {text!r} is no pair such as 1/2: the initial set and a round's picks, as "
                "multiples of initial and per_round"
            )
        first, each = int(ratio[1]) * initial, int(ratio[2]) * step
        picks = math.floor((most - first) / each + NEAR)
        if picks < 1:
            raise BadInput(
                f"panels: {text} begins with {100 * first:g} % and picks {100 * each:g} % a round, "
                f"but the rounds end at {100 * most:g} % of the pool"
            )
        label = f"{100 * first:g} % at first, {100 * each:g} % a round"
        sizes = {"initial": first, "per_round": each, "rounds": picks + 1}
        found[label] = {**parameters, **sizes}
    return found

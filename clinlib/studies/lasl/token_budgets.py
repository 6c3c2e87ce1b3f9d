"""Token budgets: what picking gains where a round buys as many tokens, not as many sentences.

Loops of the same strategies from the same model and sentences, under both kinds of round. A round
is held against the same round of random picking under the same budget, so that both sides have
made as many passes; a curve drawn over the unit that its rounds do not count compares unequal
training (`rounds.uneven`).
"""

from collections.abc import Mapping

import pandas as pd

from clinlib.errors import BadInput
from clinlib.experiments.active_learning_runs import ActiveLearning
from clinlib.experiments.config import Config
from clinlib.studies.cells import Cell, Record, cell
from clinlib.studies.comparisons import UNCORRECTED, paired, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.lasl import rounds
from clinlib.studies.lasl.rounds import DASH, UNITS, Runs, strict_f1
from clinlib.studies.lasl.strategies import RANDOM, per_sentence, strategies
from clinlib.studies.lasl.training import loop
from clinlib.studies.plans import Find, PlanRecords, seeds

NAME = "46_token_budgets"
ROUNDS = {"sentences": "sentence_rounds", "tokens": "rounds"}
"""What the rounds of a loop count -> the parameter that says how many it has."""


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The loops of all strategies under both kinds of round.

    Raises BadInput for a strategy that is unknown or named twice, fewer than two rounds, and
    loops of sentences with fewer rounds than are read of them.
    """
    number, sentences = parameters["rounds"], parameters["sentence_rounds"]
    if number < 2:
        raise BadInput(f"rounds: {number}; the first is drawn at random, so at least 2 are needed")
    if sentences < number:
        raise BadInput(
            f"sentence_rounds: {sentences} is fewer than the {number} rounds that are read; give "
            f"{number} or more"
        )
    return [
        run(name, unit, seed, parameters)
        for unit in UNITS
        for name in strategies(parameters)
        for seed in seeds(parameters)
    ]


def run(name: str, unit: str, seed: int, parameters: Mapping[str, object]) -> ActiveLearning:
    """The loop of one strategy whose rounds count `unit`."""
    sized = {"unit_of_size": unit, "rounds": parameters[ROUNDS[unit]]}
    return loop(name, seed, {**parameters, **sized})


class Results(PlanRecords):
    """The records of the plan by what rounds count, strategy and seed, with as many rounds each."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.corpus = str(parameters["corpus"])
        self.rounds = int(parameters["rounds"])
        names = strategies(parameters)
        self.shares = run(names[0], "tokens", 0, parameters).shares
        self.loops: dict[str, dict[str, Runs]] = {
            unit: {
                name: {
                    seed: self._begun(find(run(name, unit, seed, parameters)))
                    for seed in seeds(parameters)
                }
                for name in names
            }
            for unit in UNITS
        }

    def _begun(self, record: Record | None) -> Record | None:
        """The record with the rounds that are read of it."""
        if record is None or "curve" not in record:
            return record
        return {**record, "curve": record["curve"][: self.rounds]}

    @property
    def picking(self) -> range:
        """The rounds that a strategy picks; the first is drawn at random."""
        return range(2, self.rounds + 1)


def curves(found: Results, unit: str) -> pd.DataFrame:
    """F1 by what rounds count; columns as rounds.curves says."""
    return rounds.curves(found.loops[unit], unit)


def drawn(found: Results) -> pd.DataFrame:
    """Both kinds of curves as data to download."""
    named = [curves(found, unit).assign(rounds_of=unit) for unit in UNITS]
    return pd.concat(named).set_index(["rounds_of", "strategy"])


def by_round(found: Results) -> pd.DataFrame:
    """Strict F1 on test by what rounds count and strategy, by the share of it that is labelled."""
    rows = {
        (unit, name): {
            rounds.heading(percent): cell(runs.values(), rounds.at(number))
            for number, percent in rounds.shown(found.shares).items()
        }
        for unit, loops in found.loops.items()
        for name, runs in loops.items()
    }
    return by_row(rows, ["rounds of", "strategy"])


def gains(found: Results, unit: str) -> dict[str, Cell]:
    """Mean F1 over the rounds that pick, less that of random, paired by seed; {} without random."""
    loops = found.loops[unit]
    if RANDOM not in loops:
        return {}
    mean = rounds.over(found.picking, strict_f1)
    return {
        name: paired(runs, loops[RANDOM], mean) for name, runs in loops.items() if name != RANDOM
    }


def both(found: Results) -> dict[str, Cell]:
    """The gains under both kinds of round, side by side by strategy."""
    made = {unit: gains(found, unit) for unit in UNITS}
    return {
        f"{name}, rounds of {unit}": made[unit][name] for name in made[UNITS[0]] for unit in UNITS
    }


def prices(found: Results) -> pd.DataFrame:
    """What each strategy gains under both kinds of round, and what it picks and trains for it."""
    made = {unit: gains(found, unit) for unit in UNITS}
    rows = {}
    for name in found.loops[UNITS[0]]:
        for unit in UNITS:
            runs = found.loops[unit][name].values()
            rows[name, unit] = {
                "less random, F1": made[unit].get(name, DASH),
                "tokens per sentence": cell(runs, per_sentence("picked_tokens")),
                **{f"% of {each} in the end": cell(runs, _in_the_end(each)) for each in UNITS},
                "steps, at least": cell(runs, least_steps, digits=0),
            }
    return by_row(rows, ["strategy", "rounds of"])


def least_steps(record: Record) -> int:
    """The updates of the task model over the rounds that are read, a window for each sentence.

    Batches are of windows, and a sentence that is longer than one makes several.
    """
    task = record["configuration"]["task"]
    batches = (-(-row["sentences"] // task["batch_size"]) for row in record["curve"])
    return task["epochs"] * sum(batches)


def sentences(found: Results) -> list[str]:
    """What the runs say, in words."""
    said = [
        reading_of(
            f"{name} instead of random, rounds of {unit}, mean F1 of rounds 2 to {found.rounds}",
            each,
            "F1",
        )
        for unit in UNITS
        for name, each in gains(found, unit).items()
    ]
    lengths = {
        name: cell(runs.values(), per_sentence("picked_tokens"))
        for name, runs in found.loops["sentences"].items()
    }
    known = [f"{name} {each.value:.0f}" for name, each in lengths.items() if each.value is not None]
    if known:
        said.append(
            f"Where rounds count sentences, what is picked has, in tokens per sentence: "
            f"{', '.join(known)}."
        )
    for unit, loops in found.loops.items():
        said += rounds.bare_starts(
            {f"{name}, rounds of {unit}": runs for name, runs in loops.items()}
        )
    return [*said, UNCORRECTED]


def _in_the_end(unit: str):
    """The share of the pool that is labelled after the last round, in percent of its `unit`."""
    return lambda record: rounds.share(record, record["curve"][-1], unit)

"""Token budgets: what picking gains where a round buys as many tokens, not as many sentences.

Loops of the same strategies from the same model, under rounds of either kind. A round is held
against the same round of random picking under the same budget, so that both sides have made as
many passes; a curve drawn over the unit that its rounds do not count compares unequal training
(`rounds.uneven`). Batches are of sentences, of which a budget of tokens buys more where they are
short: a third kind of loop has batches of tokens as well, padding included, by which the numbers
of steps come nearer to one another.
"""

from collections.abc import Callable, Mapping

import pandas as pd

from clinlib.errors import BadInput
from clinlib.experiments.active_learning_runs import ActiveLearning
from clinlib.experiments.config import Config
from clinlib.studies.cells import Cell, Record, cell
from clinlib.studies.comparisons import UNCORRECTED, paired, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.lasl import rounds
from clinlib.studies.lasl.rounds import DASH, Runs, strict_f1
from clinlib.studies.lasl.strategies import RANDOM, per_sentence, strategies
from clinlib.studies.lasl.training import loop
from clinlib.studies.plans import Find, PlanRecords, seeds

NAME = "46_token_budgets"
BATCHED = "tokens, batches too"
BUDGETS = {"sentences": "sentences", "tokens": "tokens", BATCHED: "tokens"}
"""What a budget is called -> what its rounds count."""
OTHER = {"sentences": "tokens", "tokens": "sentences"}


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The loops of all strategies under every budget.

    Raises BadInput for a strategy that is unknown or named twice, fewer than two rounds, loops of
    sentences with fewer rounds than are read of them, and a batch that may not hold a window.
    """
    number, sentences = parameters["rounds"], parameters["sentence_rounds"]
    if number < 2:
        raise BadInput(f"rounds: {number}; the first is drawn at random, so at least 2 are needed")
    if sentences < number:
        raise BadInput(
            f"sentence_rounds: {sentences} is fewer than the {number} rounds that are read; give "
            f"{number} or more"
        )
    if 0 < parameters["batch_subwords"] < parameters["max_length"]:
        raise BadInput(
            f"batch_subwords: {parameters['batch_subwords']} may not hold a window of max_length "
            f"{parameters['max_length']}; give that or more, or 0 for no such loops"
        )
    return [
        run(name, budget, seed, parameters)
        for budget in budgets(parameters)
        for name in strategies(parameters)
        for seed in seeds(parameters)
    ]


def budgets(parameters: Mapping[str, object]) -> list[str]:
    """The budgets that are asked for, by name."""
    return [name for name in BUDGETS if name != BATCHED or parameters["batch_subwords"]]


def run(name: str, budget: str, seed: int, parameters: Mapping[str, object]) -> ActiveLearning:
    """The loop of one strategy under one budget."""
    unit = BUDGETS[budget]
    number = parameters["sentence_rounds" if unit == "sentences" else "rounds"]
    made = loop(name, seed, {**parameters, "unit_of_size": unit, "rounds": number})
    if budget != BATCHED:
        return made
    batch = {"batch_size": None, "batch_subwords": parameters["batch_subwords"]}
    return made.replaced(task=made.task.replaced(**batch))


class Results(PlanRecords):
    """The records of the plan by budget, strategy and seed, with as many rounds each."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.corpus = str(parameters["corpus"])
        self.rounds = int(parameters["rounds"])
        names = strategies(parameters)
        self.shares = run(names[0], "tokens", 0, parameters).shares
        self.loops: dict[str, dict[str, Runs]] = {
            budget: {
                name: {
                    seed: self._begun(find(run(name, budget, seed, parameters)))
                    for seed in seeds(parameters)
                }
                for name in names
            }
            for budget in budgets(parameters)
        }

    def _begun(self, record: Record | None) -> Record | None:
        """The record with the rounds that are read of it."""
        if record is None or "curve" not in record:
            return record
        return {**record, "curve": record["curve"][: self.rounds]}

    @property
    def mean_f1(self) -> Callable[[Record], float | None]:
        """Mean F1 over the rounds that a strategy picks; the first is drawn at random."""
        return rounds.over(range(2, self.rounds + 1), strict_f1)


def curves(found: Results, budget: str) -> pd.DataFrame:
    """F1 by what rounds count; columns as rounds.curves says."""
    return rounds.curves(found.loops[budget], BUDGETS[budget])


def drawn(found: Results) -> pd.DataFrame:
    """The curves of all budgets as data to download."""
    named = [curves(found, budget).assign(rounds_of=budget) for budget in found.loops]
    return pd.concat(named).set_index(["rounds_of", "strategy"])


def by_round(found: Results) -> pd.DataFrame:
    """Strict F1 on test by budget and strategy, by the share of what it counts."""
    rows = {
        (budget, name): {
            rounds.heading(percent): cell(runs.values(), rounds.at(number))
            for number, percent in rounds.shown(found.shares).items()
        }
        for budget, loops in found.loops.items()
        for name, runs in loops.items()
    }
    return by_row(rows, ["rounds of", "strategy"])


def gains(found: Results, budget: str) -> dict[str, Cell]:
    """Mean F1 over the rounds that pick, less that of random, paired by seed; {} without random."""
    loops = found.loops[budget]
    if RANDOM not in loops:
        return {}
    return {
        name: paired(runs, loops[RANDOM], found.mean_f1)
        for name, runs in loops.items()
        if name != RANDOM
    }


def every(found: Results) -> dict[str, Cell]:
    """The gains under all budgets, side by side by strategy."""
    made = {budget: gains(found, budget) for budget in found.loops}
    return {
        f"{name}, rounds of {budget}": made[budget][name]
        for name in made["sentences"]
        for budget in made
    }


def prices(found: Results) -> pd.DataFrame:
    """What each strategy gains under each budget, and what it picks and trains for it."""
    made = {budget: gains(found, budget) for budget in found.loops}
    rows = {}
    for name in found.loops["sentences"]:
        for budget, loops in found.loops.items():
            runs = loops[name].values()
            rows[name, budget] = {
                "less random, F1": made[budget].get(name, DASH),
                "tokens per sentence": cell(runs, per_sentence("picked_tokens")),
                **{f"% of {unit} in the end": cell(runs, bought(unit)) for unit in OTHER},
                "steps, at least": DASH if budget == BATCHED else cell(runs, least_steps, digits=0),
            }
    return by_row(rows, ["strategy", "rounds of"])


def least_steps(record: Record) -> int:
    """The updates of the task model over the rounds that are read, a window for each sentence.

    For batches of windows, of which a long sentence makes several.
    """
    task = record["configuration"]["task"]
    batches = (-(-row["sentences"] // task["batch_size"]) for row in record["curve"])
    return task["epochs"] * sum(batches)


def bought(unit: str) -> Callable[[Record], float]:
    """The share of the pool that is labelled after the last round, in percent of its `unit`."""
    return lambda record: rounds.share(record, record["curve"][-1], unit)


def agreement(found: Results, budget: str) -> tuple[float, int] | None:
    """Spearman's rank correlation of mean F1 with how much of the uncounted unit is bought.

    Over strategies, with their number; None for fewer than three, or where all are alike.
    """
    means = [
        (cell(runs.values(), found.mean_f1).value, cell(runs.values(), amount).value)
        for amount in [bought(OTHER[BUDGETS[budget]])]
        for runs in found.loops[budget].values()
    ]
    known = [pair for pair in means if None not in pair]
    if len(known) < 3 or any(len(set(side)) < 2 for side in zip(*known, strict=True)):
        return None
    from scipy.stats import spearmanr

    return float(spearmanr(*zip(*known, strict=True)).statistic), len(known)


def sentences(found: Results) -> list[str]:
    """What the runs say, in words."""
    said = [
        reading_of(
            f"{name} instead of random, rounds of {budget}, mean F1 of rounds 2 to {found.rounds}",
            each,
            "F1",
        )
        for budget in found.loops
        for name, each in gains(found, budget).items()
    ]
    for budget in found.loops:
        if agrees := agreement(found, budget):
            said.append(
                f"Rounds of {budget}: the order of strategies by mean F1 and that by how many "
                f"{OTHER[BUDGETS[budget]]} they buy have a rank correlation of {agrees[0]:+.2f} "
                f"over {agrees[1]}."
            )
    for budget, loops in found.loops.items():
        said += rounds.bare_starts(
            {f"{name}, rounds of {budget}": runs for name, runs in loops.items()}
        )
    return [*said, UNCORRECTED]

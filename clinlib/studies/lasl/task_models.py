"""Whether picking by loss serves other task models: LSTM-CRF, BERT-CRF, GlobalPointer (Table 4).

Each model learns under every strategy from the same initial sentences; only within a model are
strategies compared.
"""

from collections.abc import Mapping

import pandas as pd

from clinlib.errors import BadInput, unknown
from clinlib.experiments.active_learning_runs import ActiveLearning
from clinlib.experiments.config import Config
from clinlib.experiments.names import POINTER
from clinlib.studies.cells import Cell, cell
from clinlib.studies.comparisons import UNCORRECTED, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.lasl import rounds, training
from clinlib.studies.lasl.rounds import UNITS, Runs
from clinlib.studies.plans import Find, PlanRecords, seeds

NAME = "44_task_models"
RANDOM = "random"
MODELS: dict[str, dict[str, object]] = {
    "BERT-CRF": {"head": "crf"},
    "LSTM-CRF": {"head": "crf", "recurrent": 0},
    "GlobalPointer": {"head": POINTER},
    "BERT-CRF without BiLSTM": {"head": "crf", "recurrent": 0},
    "GlobalPointer without BiLSTM": {"head": POINTER, "recurrent": 0},
}
"""The models by the names that the page uses; the last two are not the paper's."""
TAKEN = {"LSTM-CRF": {"encoder": "lstm_encoder", "learning_rate": "lstm_learning_rate"}}
"""Model -> field of its task -> the parameter of its own that the field is taken from."""


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The loops of every model and strategy.

    Raises BadInput for a model or strategy that is unknown or named twice, or that the other
    cannot be used with.
    """
    return [
        run(model, strategy, seed, parameters)
        for model in _asked("models", parameters)
        for strategy in _asked("strategies", parameters)
        for seed in seeds(parameters)
    ]


def run(model: str, strategy: str, seed: int, parameters: Mapping[str, object]) -> ActiveLearning:
    """The loop of one model under one strategy.

    The consistency of a GlobalPointer with its mean teacher is a mean over spans and types.
    """
    if model not in MODELS:
        raise unknown("model", model, MODELS)
    taken = {field: parameters[name] for field, name in TAKEN.get(model, {}).items()}
    made = training.loop(strategy, seed, {**parameters, **MODELS[model], **taken})
    if made.task.head == POINTER and made.mean_teacher:
        # a sentence has so many spans that their sum would drown the task loss
        made = made.replaced(reduction="unit")
    return made


def _asked(field: str, parameters: Mapping[str, object]) -> list[str]:
    names = list(parameters[field])
    if not names or len(set(names)) < len(names):
        raise BadInput(f"{field}: {names} must name at least one, each once")
    return names


class Results(PlanRecords):
    """The records of the plan by model, strategy and seed; None is missing."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.corpus = str(parameters["corpus"])
        models, strategies = (_asked(field, parameters) for field in ("models", "strategies"))
        first = run(models[0], strategies[0], 0, parameters)
        self.shares, self.unit = first.shares, first.unit_of_size
        self.models: dict[str, dict[str, Runs]] = {
            model: {
                strategy: {
                    seed: find(run(model, strategy, seed, parameters)) for seed in seeds(parameters)
                }
                for strategy in strategies
            }
            for model in models
        }


def curves(found: Results, model: str) -> pd.DataFrame:
    """F1 of one model by what its sizes count; columns as rounds.curves says."""
    return rounds.curves(found.models[model], found.unit)


def drawn(found: Results) -> pd.DataFrame:
    """The curves of all models as data to download."""
    named = [curves(found, model).assign(model=model) for model in found.models]
    return pd.concat(named).set_index(["model", "strategy"])


def by_round(found: Results) -> pd.DataFrame:
    """Strict F1 on test by model and strategy, by the share of the pool that is labelled."""
    rows = {
        (model, strategy): {
            rounds.heading(percent): cell(runs.values(), rounds.at(number))
            for number, percent in rounds.shown(found.shares).items()
        }
        for model, loops in found.models.items()
        for strategy, runs in loops.items()
    }
    return by_row(rows, ["model", "strategy"])


def areas(found: Results) -> pd.DataFrame:
    """Mean F1 over the curve of each model and strategy, and what it is above random."""
    rows = {
        (model, strategy): row
        for model, loops in found.models.items()
        for strategy, row in rounds.areas(loops, RANDOM).items()
    }
    return by_row(rows, ["model", "strategy"])


def gains(found: Results, unit: str) -> dict[str, Cell]:
    """Area under the curve less that of random with the same model, paired by seed.

    {} where random is not asked.
    """
    return {
        _pair(model, strategy): each
        for model, loops in found.models.items()
        for strategy, each in rounds.gains(loops, RANDOM, unit).items()
    }


def least_loss(found: Results) -> pd.DataFrame:
    """Spearman's rank correlation of the minimum with the true loss of unlabelled sentences.

    By model and round, of the loops that pick at random: whether what stands in for the minimum
    loss of a GlobalPointer says as much as a CRF's does.
    """
    loops = {model: by[RANDOM] for model, by in found.models.items() if RANDOM in by}
    return rounds.table(loops, found.shares, "model", rounds.agreed("l_min"), 2)


def sentences(found: Results) -> list[str]:
    """What the runs say, in words."""
    said = [
        reading_of(
            f"{_pair(model, name)} instead of random, area over {rounds.axis(loops, unit)}",
            each[_pair(model, name)],
            "F1",
        )
        for unit in UNITS
        for each in [gains(found, unit)]
        for model, loops in found.models.items()
        for name in loops
        if _pair(model, name) in each
    ]
    for model, loops in found.models.items():
        for unit in UNITS:
            said += [f"{model}: {each}" for each in rounds.uneven(loops, unit)]
        said += rounds.bare_starts({_pair(model, name): runs for name, runs in loops.items()})
    return [*said, UNCORRECTED]


def _pair(model: str, strategy: str) -> str:
    return f"{model}, {strategy}"

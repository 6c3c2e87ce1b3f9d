"""What the loss prediction network reads the text with: shared, serial or individual encoders.

LASL, Table 6 and Figure 8. Only the network differs between loops; all pick by what it predicts.
"""

from collections.abc import Callable, Mapping
from statistics import fmean

import pandas as pd

from clinlib.errors import BadInput, unknown
from clinlib.experiments.active_learning_runs import ActiveLearning
from clinlib.experiments.config import Config
from clinlib.studies.cells import Cell, Record, cell
from clinlib.studies.comparisons import UNCORRECTED, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.lasl import rounds, training
from clinlib.studies.lasl.loss_samples import LEAST, PREDICTED, echo
from clinlib.studies.lasl.rounds import UNITS, Runs
from clinlib.studies.plans import Find, PlanRecords, seeds

NAME = "43_loss_prediction_encoders"
REFERENCE = "serial 2"  # what the paper chooses
RANDOM = "random"
UNTOLD = {"strategy": "learning_loss", "bounds_scale": "raw"}  # without bounds, of any scale
ENCODERS: dict[str, dict[str, object]] = {
    "shared": {"predictor": "shared"},
    "serial 1": {"predictor_layers": 1},
    REFERENCE: {},
    "serial 3": {"predictor_layers": 3},
    "individual 1": {"predictor": "individual", "predictor_layers": 1},
    "individual 2": {"predictor": "individual"},
    "individual 3": {"predictor": "individual", "predictor_layers": 3},
    "serial 2, raw bounds": {"bounds_scale": "raw"},
    "shared, no bounds": UNTOLD,
    "serial 2, no bounds": UNTOLD | {"predictor": "serial"},
    "individual 2, no bounds": UNTOLD | {"predictor": "individual"},
}
"""Name -> fields of the loop that differ from LPN's, whose encoder is serial with two layers; one
without bounds knows of a sentence what it reads alone (shared: the learning loss)."""
AGREEMENTS: dict[str, rounds.Of] = {
    "rank correlation with true losses": rounds.agreed(PREDICTED),
    "with minimum losses": echo,
}
"""Column -> how predicted losses of a round agree with others."""


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The loops of every encoder and of random picking.

    Raises BadInput for an encoder that is unknown or named twice.
    """
    return [run(name, seed, parameters) for name in names(parameters) for seed in seeds(parameters)]


def names(parameters: Mapping[str, object]) -> list[str]:
    """The encoders in the notebook's order, then random picking: so each has its colour in both
    panels, of which one has no random picking."""
    asked = list(parameters["encoders"])
    if not asked or len(set(asked)) < len(asked):
        raise BadInput(f"encoders: {asked} must name at least one encoder, each once")
    for name in asked:
        if name not in ENCODERS:
            raise unknown("encoder of the loss prediction network", name, ENCODERS)
    return [*asked, RANDOM]


def run(name: str, seed: int, parameters: Mapping[str, object]) -> ActiveLearning:
    """The loop of one encoder, or of random picking."""
    strategy = RANDOM if name == RANDOM else "LPN"
    return training.loop(strategy, seed, parameters).replaced(**ENCODERS.get(name, {}))


class Results(PlanRecords):
    """The records of the plan by name and seed; None is missing."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.corpus = str(parameters["corpus"])
        first = run(RANDOM, 0, parameters)
        self.shares, self.unit = first.shares, first.unit_of_size
        self.loops: dict[str, Runs] = {
            name: {seed: find(run(name, seed, parameters)) for seed in seeds(parameters)}
            for name in names(parameters)
        }

    @property
    def predicting(self) -> dict[str, Runs]:
        """The loops that have a loss prediction network."""
        return {name: runs for name, runs in self.loops.items() if name != RANDOM}


def curves(found: Results) -> pd.DataFrame:
    """F1 by what the sizes count, sentences or tokens; columns as rounds.curves says."""
    return rounds.curves(found.loops, found.unit)


def agreement_curves(found: Results) -> pd.DataFrame:
    """The rank correlation of predicted with true losses in the same form, column f1 holding it."""
    return rounds.curves(found.predicting, found.unit, rounds.agreed(PREDICTED))


def drawn(found: Results) -> pd.DataFrame:
    """Both curves as data to download, told apart by the column "value"."""
    both = {"strict F1": curves(found), "rank correlation": agreement_curves(found)}
    named = [
        frame.rename(columns={"f1": "mean", "strategy": "encoder"}).assign(value=name)
        for name, frame in both.items()
    ]
    return pd.concat(named).set_index(["value", "encoder"])


def by_round(found: Results) -> pd.DataFrame:
    """Strict F1 on test after some rounds, named by the share of the pool that is labelled."""
    return rounds.table(found.loops, found.shares, "encoder")


def agreement(found: Results) -> pd.DataFrame:
    """Spearman's rank correlation of predicted with true losses after some rounds.

    Of unlabelled sentences, under the model that the round made; below each network what the
    minimum loss of the same loops reaches.
    """
    predicted = rounds.table(found.predicting, found.shares, "loss", rounds.agreed(PREDICTED), 2)
    least = rounds.table(
        {f"minimum loss, loops of {name}": runs for name, runs in found.predicting.items()},
        found.shares,
        "loss",
        rounds.agreed(LEAST),
        2,
    )
    return pd.concat([predicted, least])


def areas(found: Results) -> pd.DataFrame:
    """Mean F1 over the curve, what it is above the reference, and how predicted losses agree in
    rank with true and with minimum ones, on average over rounds."""
    rows = rounds.areas(found.loops, REFERENCE)
    for name, row in rows.items():
        for column, agrees in AGREEMENTS.items():
            row[column] = (
                rounds.DASH
                if name == RANDOM
                else cell(found.loops[name].values(), _mean_of(agrees), digits=2)
            )
    return by_row({(name,): row for name, row in rows.items()}, ["encoder"])


def gains(found: Results, unit: str) -> dict[str, Cell]:
    """Area under the curve less that of the reference, paired by seed; {} without the reference."""
    return rounds.gains(found.loops, REFERENCE, unit)


def sentences(found: Results) -> list[str]:
    """What the runs say, in words."""
    said = [
        f"{name}: predicted and true losses agree in rank by {each} on average over rounds, "
        f"minimum and true losses of the same taggers by {least}, predicted and minimum losses by "
        f"{alike}."
        for name, runs in found.predicting.items()
        for each, least, alike in [
            [
                cell(runs.values(), _mean_of(agrees), digits=2)
                for agrees in (rounds.agreed(PREDICTED), rounds.agreed(LEAST), echo)
            ]
        ]
    ]
    for unit in UNITS:
        said += [
            reading_of(
                f"{name} instead of {REFERENCE}, area over {rounds.axis(found.loops, unit)}",
                each,
                "F1",
            )
            for name, each in gains(found, unit).items()
        ]
        said += rounds.uneven(found.loops, unit)
    return [*said, *rounds.bare_starts(found.loops), UNCORRECTED]


def _mean_of(value: rounds.Of) -> Callable[[Record], float | None]:
    """The mean over the rounds that have the value; None where none has."""

    def mean(record: Record) -> float | None:
        values = [each for row in record["curve"] if (each := value(row)) is not None]
        return fmean(values) if values else None

    return mean

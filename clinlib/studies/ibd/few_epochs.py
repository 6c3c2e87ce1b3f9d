"""Fine-tuning for few epochs, from an encoder as it is and from adapted ones (IBD, Figure 8).

Every number of epochs is a training of its own, with its own decay of the learning rate: the
epochs of one long training are no short trainings. Nothing but the encoder differs.
"""

from collections.abc import Mapping

import pandas as pd

from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.experiments.spec import FineTune
from clinlib.studies.cells import Cell, cell, number, state
from clinlib.studies.comparisons import UNCORRECTED, paired, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.ibd import methods
from clinlib.studies.ibd.methods import CONTRAST, EMLM, MLM, PLAIN, STRICT, Runs
from clinlib.studies.plans import Find, PlanRecords, seeds
from clinlib.studies.wording import plural

NAME = "32_few_epochs"
WAYS = {PLAIN: "", f"{MLM}-{PLAIN}": MLM, f"{EMLM}-{PLAIN}": EMLM, f"{CONTRAST}-{PLAIN}": CONTRAST}
"""Method -> how its encoder is adapted."""


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The runs of every way and number of epochs; raises BadInput for epochs that stand twice."""
    return [
        run(corpus, way, count, seed, parameters)
        for corpus in methods.corpora(parameters)
        for way in WAYS
        for count in counts(parameters)
        for seed in seeds(parameters)
    ]


def counts(parameters: Mapping[str, object]) -> list[int]:
    """The numbers of epochs, in ascending order."""
    found = list(parameters["tuning_epochs"])
    if not found or len(set(found)) < len(found) or min(found) < 1:
        raise BadInput(f"tuning_epochs: {found} must be at least one number, each once, from 1 up")
    return sorted(found)


def run(
    corpus: str, way: str, epochs: int, seed: int, parameters: Mapping[str, object]
) -> FineTune:
    """A fine-tuning of one of WAYS for some epochs; `epochs` of the parameters is that of the
    tagger that finds the entities to adapt on."""
    encoder = methods.adapted(corpus, WAYS[way], seed, parameters)
    return methods.tagger(corpus, seed, parameters, encoder).replaced(epochs=epochs)


class Results(PlanRecords):
    """The records of the plan by corpus, way and number of epochs; None is missing."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.corpora = methods.corpora(parameters)
        self.counts = counts(parameters)
        self.found: dict[tuple[str, str, int], Runs] = {
            (corpus, way, count): {
                seed: find(run(corpus, way, count, seed, parameters)) for seed in seeds(parameters)
            }
            for corpus in self.corpora
            for way in WAYS
            for count in self.counts
        }


def scores(found: Results) -> pd.DataFrame:
    """Strict F1 on test by way (rows) and number of epochs (columns)."""
    rows = {
        (corpus, way): {
            plural(count, "epoch"): cell(found.found[corpus, way, count].values(), STRICT)
            for count in found.counts
        }
        for corpus in found.corpora
        for way in WAYS
    }
    return by_row(rows, ["corpus", "method"])


def points(found: Results, corpus: str) -> pd.DataFrame:
    """One row a run, for a figure: method, seed, epochs, f1 and state."""
    rows = [
        {"method": way, "seed": seed, "epochs": count, "f1": number(each, STRICT)}
        | {"state": state(each)}
        for (name, way, count), runs in found.found.items()
        if name == corpus
        for seed, each in runs.items()
        if state(each) in ("complete", "collapsed")
    ]
    return pd.DataFrame(rows, columns=["method", "seed", "epochs", "f1", "state"])


def gains(found: Results, corpus: str) -> dict[str, Cell]:
    """What an adapted encoder adds after each number of epochs, seed by seed."""
    return {
        f"{way} − {PLAIN}, {plural(count, 'epoch')}": paired(
            found.found[corpus, way, count], found.found[corpus, PLAIN, count], STRICT
        )
        for way in list(WAYS)[1:]
        for count in found.counts
    }


def sentences(found: Results) -> list[str]:
    """What the runs say, in words."""
    said = [
        reading_of(f"{corpus}, {name}", each, "F1")
        for corpus in found.corpora
        for name, each in gains(found, corpus).items()
    ]
    return [*said, UNCORRECTED]

"""Plans: what studies' plans and their readers share: seeds, pretraining, records by run."""

from collections.abc import Callable, Mapping

from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.experiments.key import Pins, key
from clinlib.studies.cells import Record


def pretraining(parameters: Mapping[str, object]) -> dict[str, object]:
    """The fields of the Pretrain behind an encoder named pretrained:CORPUS."""
    return {
        "architecture": parameters["pretrain_architecture"],
        "vocabulary": parameters["vocabulary"],
        "epochs": parameters["pretrain_epochs"],
        "learning_rate": parameters["pretrain_learning_rate"],
    }


def seeds(parameters: Mapping[str, object]) -> range:
    """The seeds of the runs, 1..n: seed 0 is that of tuning."""
    if parameters["seeds"] < 1:
        raise BadInput(f"seeds: {parameters['seeds']} runs per row; at least 1 is needed")
    return range(1, 1 + parameters["seeds"])


Find = Callable[[Config], Record | None]
"""Gives the record of a configuration; None is missing."""


class PlanRecords:
    """The records of a page's plan; a subclass sorts them as the page reads them."""

    def __init__(
        self,
        records: Mapping[str, Record | None],
        parameters: Mapping[str, object],
        pins: Pins | None = None,
    ):
        self.sort(finder(records, pins), parameters)

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        """Fills the fields with the records that `find` gives."""
        raise NotImplementedError


def finder(records: Mapping[str, Record | None], pins: Pins | None = None) -> Find:
    """A function that finds the record of a configuration among records by key; None is missing."""
    known = pins or Pins()
    return lambda config: records.get(key(config, known))

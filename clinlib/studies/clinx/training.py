"""The full architecture of the CLIN-X pages, from a notebook's parameters."""

from collections.abc import Callable, Mapping

from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.experiments.key import Pins, key
from clinlib.experiments.names import LEARN_VOCABULARY
from clinlib.experiments.spec import FineTune
from clinlib.studies import recipes
from clinlib.studies.cells import Record


def base(corpus: str, parameters: Mapping[str, object], encoder: str | None = None) -> FineTune:
    """The full architecture on a corpus, seed 0: BIOES over subwords, CRF, context.

    `encoder`: another than the parameters'.
    """
    name = encoder or parameters["encoder"]
    learnt = {"vocabulary": parameters["vocabulary"]} if name in LEARN_VOCABULARY else {}
    return FineTune(
        corpus=corpus,
        encoder=recipes.encoder(name, pretraining(parameters)),
        **learnt,
        head="crf",
        scheme="BIOES",
        unit="subword",
        context=parameters["context"],
        layout=parameters["layout"],
        max_length=parameters["max_length"],
        learning_rate=parameters["learning_rate"],
        head_learning_rate=parameters["head_learning_rate"],
        epochs=parameters["epochs"],
        batch_size=parameters["batch_size"],
        dropout=parameters["dropout"],
        precision=parameters["precision"],
    )


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


def finder(
    records: Mapping[str, Record | None], pins: Pins | None = None
) -> Callable[[Config], Record | None]:
    """A function that finds the record of a configuration among records by key; None is missing."""
    known = pins or Pins()
    return lambda config: records.get(key(config, known))

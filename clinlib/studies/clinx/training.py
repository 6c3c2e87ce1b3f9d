"""The full architecture of the CLIN-X pages, from a notebook's parameters."""

from collections.abc import Mapping

from clinlib.experiments.names import LEARN_VOCABULARY
from clinlib.experiments.spec import FineTune
from clinlib.studies import recipes
from clinlib.studies.plans import pretraining


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
        dev_sentences=parameters["dev_sentences"] or None,
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

"""The full architecture of the CLIN-X pages, from a notebook's parameters."""

from collections.abc import Mapping

from clinlib.experiments.names import LEARN_VOCABULARY
from clinlib.experiments.spec import FineTune
from clinlib.studies import recipes
from clinlib.studies.plans import pretraining


def described(parameters: Mapping[str, object]) -> str:
    """What the full architecture of a page is, as its parameters say, in a sentence or two."""
    said = "The architecture of this page labels subwords by BIOES, decodes with a CRF and reads "
    if parameters["context"]:
        return f"{said}{parameters['context']} subwords of the neighbouring sentences on each side."
    return (
        f"{said}each sentence without its neighbours. The paper's reads 100 subwords of these on "
        "each side; the page on the architecture shows what they are worth."
    )


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

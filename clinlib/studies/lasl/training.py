"""The loops of the LASL pages, from a notebook's parameters."""

from collections.abc import Mapping
from functools import cache

from clinlib.corpora.registry import card, counts
from clinlib.errors import unknown
from clinlib.experiments.active_learning_runs import WITH_PREDICTOR, ActiveLearning
from clinlib.experiments.names import LEARN_VOCABULARY
from clinlib.experiments.spec import FineTune
from clinlib.selection.pool import Pool
from clinlib.studies import recipes
from clinlib.studies.plans import pretraining

STRATEGIES: dict[str, dict[str, object]] = {
    "random": {"strategy": "random"},
    "LC": {"strategy": "least_confidence"},
    "LC, plain": {"strategy": "plain_least_confidence"},
    "TOD": {"strategy": "tod"},
    "learning loss": {"strategy": "learning_loss"},
    "MLP": {"strategy": "mlp"},
    "LPN": {"strategy": "lpn", "bounds_scale": "log"},
    "DBS": {"strategy": "dbs", "bounds_scale": "log"},
    "LASL": {"strategy": "dbs", "bounds_scale": "log", "mean_teacher": True},
    "core-set": {"strategy": "core_set"},
}
"""The strategies by the names that pages use; core-set is the baseline that the paper lacks."""


def task(parameters: Mapping[str, object]) -> FineTune:
    """The task model, seed 0, with the epochs of one round; its documents are the pool."""
    name = parameters["encoder"]
    learnt = {"vocabulary": parameters["vocabulary"]} if name in LEARN_VOCABULARY else {}
    return FineTune(
        corpus=parameters["corpus"],
        encoder=recipes.encoder(name, pretraining(parameters)),
        **learnt,
        documents=parameters["documents"] or None,
        dev_sentences=parameters["dev_sentences"] or None,
        head=parameters["head"],
        recurrent=parameters["recurrent"],
        max_length=parameters["max_length"],
        learning_rate=parameters["learning_rate"],
        head_learning_rate=parameters["head_learning_rate"],
        epochs=parameters["epochs"],
        batch_size=parameters["batch_size"],
        dropout=parameters["dropout"],
        precision=parameters["precision"],
    )


def loop(name: str, seed: int, parameters: Mapping[str, object]) -> ActiveLearning:
    """The loop of one strategy and seed.

    Raises BadInput with the nearest name for an unknown strategy or unit of size, and for rounds
    that could not buy a sentence of the whole training split. A loop of tokens is checked for the
    latter when it runs: cards do not count tokens.
    """
    if name not in STRATEGIES:
        raise unknown("strategy", name, STRATEGIES)
    fields = STRATEGIES[name]
    if fields["strategy"] in WITH_PREDICTOR:
        fields = fields | {"predictor_size": parameters["predictor_size"]}
    if fields.get("mean_teacher"):
        fields = fields | {"reduction": parameters["reduction"]}
    made = ActiveLearning(
        task=task(parameters),
        initial=parameters["initial"],
        per_round=parameters["per_round"],
        rounds=parameters["rounds"],
        unit_of_size=parameters["unit_of_size"],
        restart=parameters["restart"],
        seed=seed,
        **fields,
    )
    if made.unit_of_size == "sentences":
        _check_rounds(made.task.corpus, tuple(made.shares))
    return made


@cache
def _check_rounds(corpus: str, shares: tuple[float, ...]) -> None:
    """Raises BadInput before anything is trained, where a card says how large the pool can be."""
    if not card(corpus).unpinned:
        Pool([1] * counts(corpus)["train"].sentences, "sentences", shares)


def everything(seed: int, parameters: Mapping[str, object]) -> FineTune:
    """The same task model trained on the whole pool: the ceiling."""
    return task(parameters).replaced(seed=seed, epochs=parameters["all_data_epochs"])

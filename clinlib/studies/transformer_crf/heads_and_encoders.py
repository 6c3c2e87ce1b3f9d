"""What pretraining and a CRF are worth: encoder x head, each tuned on the same grid and budget.

Every arm (an encoder with a head on a corpus) is tuned on development data with seed 0, then
trained with seeds 1..n at the learning rate that its own tuning chose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.experiments.key import Pins, key
from clinlib.experiments.names import LEARN_VOCABULARY
from clinlib.experiments.spec import Choose, FineTune
from clinlib.studies import recipes
from clinlib.studies.cells import Cell, Record
from clinlib.studies.transformer_crf import effects, findings
from clinlib.studies.transformer_crf.results import Arm, Results

NAME = "10_heads_and_encoders"
TUNING_SEED = 0
CHOSEN_BY = "dev.strict.f1"


@dataclass(frozen=True)
class Run:
    """One configuration of the plan and its place in the study; `role` is "tuning" or "final"."""

    arm: Arm
    role: str
    seed: int
    learning_rate: float | None  # None where a Choose decides
    configuration: FineTune = field(repr=False)


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The configurations that the notebook's parameters ask for, tuning runs first.

    Raises BadInput for parameters that contradict each other or name what does not exist.
    """
    return [run.configuration for run in runs(parameters)]


def runs(parameters: Mapping[str, object]) -> list[Run]:
    """The plan with the place of each configuration in it, tuning runs before final ones."""
    _check(parameters)
    epochs = dict(zip(parameters["corpora"], _per_corpus(parameters), strict=True))
    tuning, final = [], []
    for arm in arms(parameters):
        shared = _shared(arm, parameters)
        candidates = [
            Run(arm, "tuning", TUNING_SEED, rate, _candidate(shared, rate, parameters))
            for rate in parameters["learning_rates"]
        ]
        if len(candidates) > 1:
            tuning += candidates
            rate = Choose(
                of=tuple(each.configuration for each in candidates),
                by=CHOSEN_BY,
                rule="best",
                take="learning_rate",
            )
        else:  # a grid of one value leaves nothing to choose
            (rate,) = parameters["learning_rates"]
        final += [
            Run(
                arm,
                "final",
                seed,
                None if isinstance(rate, Choose) else rate,
                FineTune(
                    **shared,
                    learning_rate=rate,
                    epochs=epochs[arm.corpus],
                    patience=parameters["patience"] or None,
                    seed=seed,
                ),
            )
            for seed in seeds(parameters)
        ]
    # seeds outermost: a sweep that is interrupted leaves rows of about the same length
    return tuning + sorted(final, key=lambda run: run.seed)


def arms(parameters: Mapping[str, object]) -> list[Arm]:
    """The rows of the study, in the order in which the notebook names them."""
    return [
        Arm(corpus, encoder, head)
        for corpus in parameters["corpora"]
        for encoder in parameters["encoders"]
        for head in parameters["heads"]
    ]


def results(
    records: Mapping[str, Record | None],
    parameters: Mapping[str, object],
    pins: Pins | None = None,
) -> Results:
    """The records, given by key, sorted into the study's arms; what is not there is missing."""
    pins = pins or Pins()
    final: dict[Arm, dict] = {arm: {} for arm in arms(parameters)}
    tuning: dict[Arm, dict] = {arm: {} for arm in final}
    for run in runs(parameters):
        record = records.get(key(run.configuration, pins))
        if run.role == "tuning":
            tuning[run.arm][run.learning_rate] = record
        else:
            final[run.arm][run.seed] = record
    return Results(final, tuning)


def numbers(
    records: Mapping[str, Record | None], parameters: Mapping[str, object]
) -> dict[str, Cell | str | int]:
    """The numbers that prose on any page may quote, by name; the same names in every profile."""
    found = results(records, parameters)
    corpora = found.corpora
    best = findings.best(found, corpora[0])
    effect = next(iter(effects.of_crf(found, findings.STRICT)), None)
    gain = next(iter(effects.of_pretraining(found, findings.STRICT)), None)
    return {
        "corpora": ", ".join(corpora),
        "rows": len(found.arms),
        "seeds": parameters["seeds"],
        "runs": len(runs(parameters)),
        "best_row": best.label if best else "missing",
        "best_f1": found.cell(best, findings.STRICT) if best else Cell(missing=1),
        "crf": effects.reading(effect) if effect else "No softmax to compare a CRF with.",
        "pretraining": effects.reading(gain) if gain else "No pair of encoders to compare.",
    }


def seeds(parameters: Mapping[str, object]) -> range:
    """The seeds of the final runs, 1..n: the tuning seed is none of them."""
    return range(TUNING_SEED + 1, TUNING_SEED + 1 + parameters["seeds"])


def _shared(arm: Arm, parameters: Mapping[str, object]) -> dict[str, object]:
    pretraining = {
        "architecture": parameters["pretrain_architecture"],
        "vocabulary": parameters["vocabulary"],
        "epochs": parameters["pretrain_epochs"],
        "learning_rate": parameters["pretrain_learning_rate"],
    }
    return {
        "corpus": arm.corpus,
        "encoder": recipes.encoder(arm.encoder, pretraining),
        # a field that the encoder does not read must not tell its runs apart
        **({"vocabulary": parameters["vocabulary"]} if arm.encoder in LEARN_VOCABULARY else {}),
        "head": arm.head,
        "head_learning_rate": parameters["head_learning_rate"],
        "batch_size": parameters["batch_size"],
        "dropout": parameters["dropout"],
        "max_length": parameters["max_length"],
        "precision": parameters["precision"],
    }


def _candidate(shared: dict, rate: float, parameters: Mapping[str, object]) -> FineTune:
    return FineTune(
        **shared,
        learning_rate=rate,
        epochs=parameters["tuning_epochs"],
        sentences=parameters["tuning_sentences"] or None,
        seed=TUNING_SEED,
    )


def _per_corpus(parameters: Mapping[str, object]) -> list[int]:
    epochs, corpora = parameters["epochs"], parameters["corpora"]
    if len(epochs) == 1:
        return list(epochs) * len(corpora)
    if len(epochs) != len(corpora):
        raise BadInput(
            f"epochs: {len(epochs)} values for {len(corpora)} corpora; give one, or one for each"
        )
    return list(epochs)


def _check(parameters: Mapping[str, object]) -> None:
    for name in ("corpora", "encoders", "heads", "learning_rates"):
        values = parameters[name]
        if not values:
            raise BadInput(f"{name}: the list is empty")
        twice = [value for value in values if values.count(value) > 1]
        if twice:
            raise BadInput(f"{name}: {twice[0]!r} stands twice")
    if parameters["seeds"] < 1:
        raise BadInput(f"seeds: {parameters['seeds']} runs per row; at least 1 is needed")
    for name in ("tuning_sentences", "patience"):
        if parameters[name] < 0:
            raise BadInput(f"{name}: {parameters[name]} is negative; 0 switches it off")

"""Records of loops made by hand for tests of the LASL pages: no training, losses as given."""

from made_records import PINS

from clinlib.experiments.active_learning_runs import ActiveLearning
from clinlib.experiments.key import key

PARAMETERS = {
    "profile": "quick",
    "corpus": "synthetic_zh_emr",
    "documents": 0,
    "dev_sentences": 0,
    "encoder": "scratch-tiny",
    "head": "crf",
    "recurrent": 0,
    "initial": 0.1,
    "per_round": 0.1,
    "rounds": 4,
    "unit_of_size": "sentences",
    "seeds": 2,
    "epochs": 2,
    "restart": False,
    "reduction": "sentence",
    "learning_rate": 2e-3,
    "head_learning_rate": 5e-3,
    "predictor_size": 200,
    "batch_size": 8,
    "max_length": 128,
    "dropout": 0.1,
    "precision": "float32",
    "vocabulary": 500,
    "pretrain_architecture": "scratch-tiny",
    "pretrain_epochs": 2,
    "pretrain_learning_rate": 1e-3,
}


def records(plan, row, flags=()) -> dict[str, dict]:
    """Key -> record of every loop of a plan; `row(config, number)` gives what a round adds or
    replaces: "picked", "examples", "selection", or "f1", strict on test."""
    found = {}
    for config in plan:
        assert isinstance(config, ActiveLearning)
        rows = [made_row(config, number, row) for number in range(1, config.rounds + 1)]
        name = key(config, PINS)
        found[name] = {
            "key": name,
            "kind": config.kind,
            "status": "complete",
            "configuration": config.to_dict(),
            "flags": list(flags),
            "curve": rows,
            "scores": rows[-1]["scores"],
            "data": {"pool_sentences": 100, "pool_tokens": 1000},
        }
    return found


def made_row(config, number, row) -> dict:
    """A row of a curve: of a pool of 100 sentences of ten tokens, ten are labelled each round."""
    labelled = {"sentences": 10 * number, "tokens": 100 * number}
    picked = list(range(10 * number - 10, 10 * number))
    given = {"picked": picked, "examples": {}, "selection": {}, "f1": 50.0} | row(config, number)
    f1 = given.pop("f1")
    return {"round": number, **labelled, **given, "scores": {"test": {"strict": {"f1": f1}}}}

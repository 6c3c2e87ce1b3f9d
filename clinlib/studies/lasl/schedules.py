"""Schedules: the loops that differ in how two losses are balanced, from a notebook's parameters."""

from collections.abc import Mapping

from clinlib.errors import BadInput, unknown
from clinlib.experiments.active_learning_runs import ActiveLearning
from clinlib.studies.lasl.training import loop

DBS = "DBS"
WEIGHTS: dict[str, dict[str, object]] = {
    "mean probability": {},
    "equal": {"balance_weight": "equal"},
    "linear": {"balance_weight": "linear"},
    "root (p = 2)": {"balance_weight": "root"},
    "root (p = 5)": {"balance_weight": "root", "root_power": 5},
}
"""Rules of Lambda by the names that the page uses."""
SCALES: dict[str, dict[str, object]] = {
    "raw": {},
    "z-score": {"balance_scale": "z_score"},
    "rank": {"balance_scale": "rank"},
}
"""What makes the two losses comparable, by the names that the page uses."""


def schedules(seed: int, parameters: Mapping[str, object]) -> dict[str, ActiveLearning]:
    """Label -> loop: every weight on the first scale, then the first weight on the other scales."""
    weights, scales = chosen(parameters, "weights", WEIGHTS), chosen(parameters, "scales", SCALES)
    start = loop(DBS, seed, parameters)
    found = {name: start.replaced(**WEIGHTS[name], **SCALES[scales[0]]) for name in weights}
    for scale in scales[1:]:
        found[f"{weights[0]}, {scale}"] = start.replaced(**WEIGHTS[weights[0]], **SCALES[scale])
    return found


def unasked(parameters: Mapping[str, object]) -> list[str]:
    """The rules of Lambda that the parameters leave out."""
    return [name for name in WEIGHTS if name not in parameters["weights"]]


def ends(parameters: Mapping[str, object]) -> list[str]:
    """The strategies that stand beside the schedules, such as the two ends of the balance."""
    names = list(parameters["ends"])
    if len(set(names)) < len(names):
        raise BadInput(f"ends: {names} must name each strategy once")
    return names


def chosen(parameters: Mapping[str, object], field: str, known: Mapping[str, object]) -> list[str]:
    """The names of a parameter; raises BadInput for none, one twice, or one that is unknown."""
    found = list(parameters[field])
    if not found or len(set(found)) < len(found):
        raise BadInput(f"{field}: {found} must be at least one name, each once")
    for name in found:
        if name not in known:
            raise unknown(field.removesuffix("s"), name, known)
    return found

"""Pages of loops shown on records made by hand: their cells as a notebook would run them."""

import ast

import IPython.display
import made_loops
import numpy as np

from clinlib.experiments.active_learning_runs import ActiveLearning
from clinlib.experiments.key import key
from clinlib.report import notebooks
from clinlib.report.figures import Figure

SAMPLED = 20


def row(config, number):
    """F1 rises with what is labelled, other strategies pick longer sentences, losses are drawn.

    Of a pool of 100 sentences and 1000 tokens, as the records of made_loops have it.
    """
    share, longer = config.shares[number - 1], 1 + len(config.strategy) / 10
    tokens = config.unit_of_size == "tokens"
    draw = np.random.default_rng([number, config.seed])
    true = draw.gamma(1, 2, SAMPLED)
    losses = {"l_true": true, "l_min": true * draw.random(SAMPLED), "l_max": true + 100}
    agreement = {"l_min": 0.5, "l_max": 0.3}
    if config.predicts:
        losses["predicted"] = draw.normal(0, 10, SAMPLED)
        agreement["predicted"] = 0.4
    selection = {"seconds": 0.1, "sentences_per_second": 10.0} if number > 1 else {}
    if number > 1 and config.strategy == "dbs":
        selection["lambda"] = 0.2 * number
    return {
        "f1": 30 + 100 * share + config.seed,
        "sentences": 100 * share / (longer if tokens else 1),
        "tokens": 1000 * share * (1 if tokens else longer),
        "picked": list(range(5 * (number - 1), 5 * number)),
        "picked_tokens": 50,
        "picked_spans": {"Drug": 5},
        "selection": selection,
        "examples": {name: each.tolist() for name, each in losses.items()}
        | {"rank_correlation": agreement},
    }


def records(plan):
    """Key -> record of every loop of a plan, and of its runs on all data, which have 70."""
    found = {}
    for config in plan:
        if isinstance(config, ActiveLearning):
            (made,) = made_loops.records([config], row).values()
            made["data"]["pool_spans"] = {"Drug": 200, "Operation": 8}
        else:
            scores = {"test": {"strict": {"f1": 70.0}}}
            made = {"kind": config.kind, "status": "complete", "flags": [], "scores": scores}
        found[key(config)] = made | {"key": key(config)}
    return found


def shown(monkeypatch, name, profile, overrides):
    """Everything that a page shows but its footer: figures, tables and text, in order."""
    values = notebooks.parameters(name, profile, overrides)
    made = records(notebooks.plan(name, profile, overrides))
    found = []
    monkeypatch.setattr(notebooks, "records", lambda plan, parameters: made)
    monkeypatch.setattr(IPython.display, "display", found.append)
    space = dict(values)
    for cell in notebooks.read(name).cells:
        if cell.cell_type != "code" or "parameters" in cell.metadata.get("tags", []):
            continue
        if cell.source.startswith("provenance.footer"):
            continue
        tree = ast.parse(cell.source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), space)
        if last is not None:
            found.append(eval(compile(ast.Expression(last.value), name, "eval"), space))
    return [each for each in found if each is not None]


def figures(everything):
    """Name -> figure."""
    return {each.name: each for each in everything if isinstance(each, Figure)}

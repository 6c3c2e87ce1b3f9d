"""The cost page: which runs it counts, those that the plans of all other pages need."""

from collections.abc import Mapping

from clinlib.experiments.config import Config
from clinlib.experiments.graph import build
from clinlib.experiments.store import Store
from clinlib.report import notebooks
from clinlib.report.cells import Record
from clinlib.report.paths import content_hash
from clinlib.report.published import load
from clinlib.studies import costs, seeds, timing
from clinlib.studies.costs import Run

NAME = "91_cost"
ABOUT = "9"
"""Pages whose number begins so are about the others, and have no runs of their own."""
STUDIES = {"transformer_crf": "TransformerCRF", "clinx": "CLIN-X", "ibd": "IBD", "lasl": "LASL"}
"""Folder below clinlib/studies -> what pages call the study."""


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """What all other pages read in the profile, each configuration once."""
    found = (each for configs in _plans(str(parameters["profile"])).values() for each in configs)
    return list(dict.fromkeys(found))


def ledger(profile: str, store: Store | None = None) -> list[Run]:
    """Every run that a page needs, parents and candidates included, page by page.

    A parent whose record is not there is missing here, even where what starts from it is made.
    """
    store = store or Store(profile)
    known: dict[str, Record | None] = {}
    runs = []
    for page, configs in _plans(profile).items():
        graph = build(configs, store.pins)
        for name, node in graph.nodes.items():
            if name not in known:
                known[name] = store.load(node.config.kind, name)
            asked = name in graph.wanted
            runs.append(Run(page, study(page), name, node.config, known[name], asked))
    return runs


def study(page: str) -> str:
    """The study that a page belongs to, by the folder of its module."""
    folder = notebooks.study(page).__name__.split(".")[2:3]
    return next((STUDIES.get(each, each.replace("_", " ")) for each in folder), page)


def reads(parameters: Mapping[str, object]) -> str:
    """What the page depends on besides the records of its plan: all others, and the benches."""
    store = Store(str(parameters["profile"]))
    return "\n".join([content_hash(store.results), timing.reads(parameters)])


def numbers(
    records: Mapping[str, Record | None], parameters: Mapping[str, object]
) -> dict[str, object]:
    """What prose may quote: how many runs, and how near the means over their seeds are."""
    runs = ledger(str(parameters["profile"]))
    row = costs.studies(runs).loc[costs.ALL]
    row_of_means = seeds.pages(seeds.means(runs)).iloc[-1]
    return {
        "runs": row["runs"],
        "made": row["made"],
        "whole_means": row_of_means["whole"],
        "near_means": row_of_means[seeds.NEAR] or 0,
    }


def published():
    """The costs that the papers give."""
    return load("costs")


def _plans(profile: str) -> dict[str, list[Config]]:
    names = [name for name in notebooks.names() if not name.startswith(ABOUT)]
    plans = {name: notebooks.plan(name, profile) for name in names}
    return {name: configs for name, configs in plans.items() if configs}

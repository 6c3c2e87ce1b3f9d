"""The page of claims: which notebooks it reads, with their own parameters, and its numbers.

It plans nothing of its own: what it reads is what those notebooks plan.
"""

import json
from collections.abc import Mapping

import pandas as pd

from clinlib.experiments.config import Config
from clinlib.experiments.store import Store
from clinlib.report import hosting, notebooks
from clinlib.report.tables import Link
from clinlib.studies.cells import Record
from clinlib.studies.claims.claim import PAPERS, claims
from clinlib.studies.claims.reading import Held, Page, hold
from clinlib.studies.claims.table import NONE
from clinlib.studies.claims.tally import DECIDED, count
from clinlib.studies.claims.verdict import VERDICTS

NAME = "90_claims"
CHECKOUT = "../../../.."  # from _build/PROFILE/html/notebooks
SHOWN = 8  # digits of a key that a link shows


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The configurations of the pages that claims name, each once; no page has a run less."""
    found: dict[Config, None] = {}
    for page in pages(parameters).values():
        found |= dict.fromkeys(page.study.plan(page.parameters))
    return list(found)


def pages(parameters: Mapping[str, object]) -> dict[int, Page]:
    """Number -> page, of the notebooks that claims name and that are there, each with the
    parameters that it has in this profile."""
    numbers = {number for claim in claims() for number in claim.pages}
    found = {}
    for name in notebooks.names():
        first = name.partition("_")[0]
        if first.isdigit() and int(first) in numbers:
            values = notebooks.parameters(name, str(parameters["profile"]))
            found[int(first)] = Page(name, values, notebooks.study(name))
    return found


def reads(parameters: Mapping[str, object]) -> str:
    """What the page depends on besides records: the parameters of the pages that it reads, and
    where its links to records lead."""
    found = {page.name: page.parameters for page in pages(parameters).values()}
    return json.dumps([found, _address("", str(parameters["profile"]))])


def records(parameters: Mapping[str, object]) -> dict[str, Record | None]:
    """The records of the plan as they lie in the store: this page trains nothing, wherever it is
    executed."""
    return notebooks.stored(plan(parameters), Store(str(parameters["profile"])))


def held(records: Mapping[str, Record | None], parameters: Mapping[str, object]) -> list[Held]:
    """All claims held against the records of the plan."""
    return hold(claims(), pages(parameters), records)


def numbers(
    records: Mapping[str, Record | None], parameters: Mapping[str, object]
) -> dict[str, int]:
    """The tally for prose: claims, and verdicts of every sort, of each paper and of all."""
    found = held(records, parameters)
    counts = {paper: [each for each in found if each.claim.paper == paper] for paper in PAPERS}
    result = {}
    for name, part in {"all": found, **counts}.items():
        result[f"{name}_claims"] = len(part)
        result[f"{name}_decided"] = sum(each.verdict.word in DECIDED for each in part)
        for word in VERDICTS:
            result[f"{name}_{word.partition(':')[0].replace(' ', '_')}"] = count(part, word)
    return result


def linked(frame: pd.DataFrame, profile: str) -> pd.DataFrame:
    """A table of claims whose pages and records can be followed.

    Records lie in the hosted repository where the environment names one, else in the checkout
    that built the book, four folders above its pages.
    """
    result = frame.copy()
    to = {
        "page": lambda name: Link(name, f"{name}.html"),
        "records": lambda name: Link(
            name.partition("/")[2][:SHOWN], _address(f"{name}.json", profile)
        ),
    }
    for column in set(to) & set(result):
        result[column] = [
            entry if entry == NONE else tuple(map(to[column], entry.split()))
            for entry in result[column]
        ]
    return result


def _address(name: str, profile: str) -> str:
    path = f"results/{profile}/{name}"
    return hosting.file_address(path) or f"{CHECKOUT}/{path}"

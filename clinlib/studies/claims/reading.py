"""Reading: the comparisons of each claim, from the records of the pages that it names.

A page is known by its number. Its own study makes results of its own plan, so that a claim reads
the cells that the page shows; what no page holds yet is not run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType

from clinlib.studies.cells import Record
from clinlib.studies.claims import clinx, clinx_sources, ibd, lasl, loops, tcrf
from clinlib.studies.claims.claim import Claim
from clinlib.studies.claims.comparison import Comparison
from clinlib.studies.claims.verdict import Verdict, verdict

READERS: dict[str, Callable] = (
    tcrf.READERS
    | clinx.READERS
    | clinx_sources.READERS
    | ibd.READERS
    | lasl.READERS
    | loops.READERS
)
"""Claim -> what it compares, from the results of a page: (claim, results, parameters) -> list."""

OWN: dict[int, Callable] = {13: tcrf.collapse_runs}
"""Number of a page whose study has no results -> what makes them of (records, parameters)."""


@dataclass(frozen=True)
class Page:
    """A notebook that claims read: its name, its own parameters, and its study."""

    name: str
    parameters: Mapping[str, object] = field(repr=False)
    study: ModuleType | None = field(default=None, repr=False)

    @property
    def number(self) -> int:
        """The number that its name begins with."""
        return int(self.name.partition("_")[0])

    @property
    def opened(self) -> Callable | None:
        """What makes its results of (records, parameters); None for a page that shows no runs."""
        # a study with a function has a class of the same name from elsewhere
        own = OWN.get(self.number) or getattr(self.study, "results", None)
        return own or getattr(self.study, "Results", None)


@dataclass(frozen=True)
class Held:
    """A claim held against the records: what was compared, and the verdict."""

    claim: Claim
    comparisons: tuple[Comparison, ...]
    verdict: Verdict
    pages: tuple[str, ...]  # names of its notebooks that are there


def hold(
    claims: tuple[Claim, ...],
    pages: Mapping[int, Page],
    records: Mapping[str, Record | None],
) -> list[Held]:
    """Every claim against the records of its pages, in the order of the claims."""
    made = {
        number: page.opened(records, page.parameters)
        for number, page in pages.items()
        if page.opened is not None
    }
    result = []
    for claim in claims:
        there = [pages[number] for number in claim.pages if number in pages]
        found = [
            each
            for page in there
            if claim.id in READERS and page.number in made
            for each in READERS[claim.id](claim, made[page.number], page.parameters)
        ]
        said = verdict(claim, found, _absent(claim, there))
        result.append(Held(claim, tuple(found), said, tuple(page.name for page in there)))
    return result


def _absent(claim: Claim, there: list[Page]) -> str:
    """Why there is nothing to compare, should it be so."""
    without = [number for number in claim.pages if number not in {page.number for page in there}]
    if without:
        listed = ", ".join(map(str, without))
        return f"not written yet: page {listed}"
    if claim.needs:
        return f"needs {claim.needs}"
    return "its page does not say yet what to compare" if claim.id not in READERS else ""

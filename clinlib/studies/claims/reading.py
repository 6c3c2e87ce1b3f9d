"""Reading: the comparisons of each claim, from the records of the pages that it names.

A page is known by its number. Its own study makes results of its own plan, so that a claim reads
the cells that the page shows; what no page holds yet is not run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from clinlib.studies.cells import Record
from clinlib.studies.claims import clinx, ibd, lasl, tcrf
from clinlib.studies.claims.claim import Claim
from clinlib.studies.claims.comparison import Comparison
from clinlib.studies.claims.verdict import Verdict, verdict
from clinlib.studies.clinx import all_tasks, architecture, encoders, prediction, transfer
from clinlib.studies.ibd import few_epochs, methods, multitask, significance
from clinlib.studies.lasl import strategies
from clinlib.studies.transformer_crf import down_sampling, heads_and_encoders, label_ablation

READERS: dict[str, Callable] = tcrf.READERS | clinx.READERS | ibd.READERS | lasl.READERS
"""Claim -> what it compares, from the results of a page: (claim, results, parameters) -> list."""

RESULTS: dict[int, Callable] = {
    10: heads_and_encoders.results,
    11: down_sampling.results,
    12: label_ablation.results,
    13: tcrf.collapse_runs,
    20: encoders.Results,
    21: architecture.Results,
    22: transfer.Results,
    23: transfer.Results,
    24: prediction.Results,
    25: all_tasks.Results,
    30: methods.Results,
    31: significance.Results,
    32: few_epochs.Results,
    35: multitask.Results,
    40: strategies.Results,
}
"""Number of a page -> the results that its study makes of (records, parameters)."""


@dataclass(frozen=True)
class Page:
    """A notebook that claims read: its name and its own parameters."""

    name: str
    parameters: Mapping[str, object] = field(repr=False)

    @property
    def number(self) -> int:
        """The number that its name begins with."""
        return int(self.name.partition("_")[0])


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
        number: RESULTS[number](records, page.parameters)
        for number, page in pages.items()
        if number in RESULTS
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
    if claim.id not in READERS and there:
        return "its page does not say yet what to compare"
    return f"needs {claim.needs}" if claim.needs else ""

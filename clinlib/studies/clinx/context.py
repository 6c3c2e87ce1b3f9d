"""Context without its price: packed windows against a window for every sentence.

Published taggers give each sentence a window of its own with 100 subwords of context on each side,
so that most of what the encoder reads is read several times. Packed windows hold neighbouring
sentences once, with context guaranteed at their edges alone. Packed is to be preferred if it is not
inferior: if the interval of its paired difference lies above a margin.
"""

from collections.abc import Mapping

import pandas as pd

from clinlib.experiments.config import Config
from clinlib.experiments.spec import FineTune
from clinlib.studies.cells import Cell, cell
from clinlib.studies.clinx.training import base
from clinlib.studies.comparisons import ENOUGH, paired, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.plans import Find, PlanRecords, seeds

NAME = "26_packed_context"
STRICT = "scores.test.strict.f1"
COST = "provenance.cpu_seconds"
NONE, SENTENCE, PACKED = "no context", "a window per sentence", "packed windows"
NO_WORSE, WORSE = "no worse", "worse"
NOT_SETTLED, TOO_FEW = "not settled", "too few seeds"
SAID = {
    NO_WORSE: "packed windows are no worse",
    WORSE: "packed windows are worse",
    NOT_SETTLED: "these runs do not settle whether packed windows are worse",
    TOO_FEW: "there are too few seeds to say whether packed windows are worse",
}
MARGIN = 0.5  # F1 by which packed windows may be worse and still count as no worse


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The configurations that the notebook's parameters ask for."""
    groups = (runs(corpus, parameters) for corpus in parameters["corpora"])
    return [run for group in groups for runs_ in group.values() for run in runs_.values()]


def runs(corpus: str, parameters: Mapping[str, object]) -> dict[str, dict[int, FineTune]]:
    """The runs on one corpus by layout and seed; a batch holds about as many sentences in all."""
    plain = base(corpus, {**parameters, "layout": "sentence"})
    plain = plain.replaced(documents=parameters["documents"] or None)
    layouts = {
        NONE: plain.replaced(context=0),
        SENTENCE: plain,
        PACKED: plain.replaced(layout="packed", batch_size=parameters["packed_batch_size"]),
    }
    return {
        name: {seed: run.replaced(seed=seed) for seed in seeds(parameters)}
        for name, run in layouts.items()
    }


class Results(PlanRecords):
    """The records by corpus, layout and seed; None is missing."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.corpora = list(parameters["corpora"])
        self.final = {
            corpus: {
                name: {seed: find(run) for seed, run in group.items()}
                for name, group in runs(corpus, parameters).items()
            }
            for corpus in self.corpora
        }


def scores(results: Results) -> pd.DataFrame:
    """Strict F1 on test, windows and subwords that an epoch reads, and what a run costs."""
    rows = {}
    for corpus, layouts in results.final.items():
        for name, group in layouts.items():
            rows[corpus, name] = {
                "strict F1": cell(group.values(), STRICT),
                "windows": cell(group.values(), "data.train_windows", digits=0),
                "subwords read": cell(group.values(), "data.train_subwords", digits=0),
                "processor seconds": cell(group.values(), COST, digits=0),
            }
    return by_row(rows, ["corpus", "context"])


def differences(results: Results, corpus: str) -> dict[str, Cell]:
    """Packed less a window per sentence, and each less no context, paired by seed."""
    final = results.final[corpus]
    couples = ((PACKED, SENTENCE), (SENTENCE, NONE), (PACKED, NONE))
    return {f"{a} − {b}": paired(final[a], final[b], STRICT) for a, b in couples}


def speed(results: Results, corpus: str) -> Cell:
    """How many times the processor time of a packed run a run with a window per sentence takes."""
    final = results.final[corpus]
    ratios = []
    for seed, packed in final[PACKED].items():
        here, there = (cell([each], COST).value for each in (packed, final[SENTENCE][seed]))
        ratios.append(there / here if here and there else None)
    return Cell.of(ratios)


def verdict(difference: Cell) -> str:
    """What the interval says of the margin, one of the keys of SAID."""
    if difference.low is None or difference.n < ENOUGH:
        return TOO_FEW
    if difference.low > -MARGIN:
        return NO_WORSE
    return WORSE if difference.high < -MARGIN else NOT_SETTLED


def sentences(results: Results) -> list[str]:
    """What the runs say, in words."""
    found = []
    for corpus in results.corpora:
        cells = differences(results, corpus)
        found += [reading_of(f"{corpus}, {name}", each, "F1") for name, each in cells.items()]
        first = next(iter(cells.values()))
        found.append(f"{corpus}: against a margin of {MARGIN} F1 {SAID[verdict(first)]}.")
        times = speed(results, corpus)
        if times.value is not None:
            found.append(
                f"{corpus}: a run with a window per sentence takes {times} times the processor "
                "time of a packed one."
            )
    return found

"""Context without its price: packed windows against a window for every sentence.

Published taggers give each sentence a window of its own with 100 subwords of context on each side,
so that most of what the encoder reads is read several times. Packed windows hold neighbouring
sentences once, with context guaranteed at their edges alone. Packed is to be preferred if it is not
inferior: if the interval of its paired difference lies above a margin. The longer a packed window,
the more sentences share an update and the fewer updates a pass makes, so lengths are compared.
"""

from collections.abc import Mapping
from math import ceil

import pandas as pd

from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.experiments.spec import FineTune
from clinlib.studies.cells import Cell, Record, cell
from clinlib.studies.clinx.training import base
from clinlib.studies.comparisons import ENOUGH, paired, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.plans import Find, PlanRecords, seeds
from clinlib.studies.wording import plural

NAME = "26_packed_context"
STRICT = "scores.test.strict.f1"
COST = "provenance.cpu_seconds"
NONE, SENTENCE = "no context", "a window per sentence"
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


def packed(length: int) -> str:
    """What a page calls packed windows of at most `length` subwords."""
    return f"packed windows of {length}"


def runs(corpus: str, parameters: Mapping[str, object]) -> dict[str, dict[int, FineTune]]:
    """The runs on one corpus by layout and seed.

    Raises BadInput unless `packed_lengths` names one length at least, each once.
    """
    plain = base(corpus, {**parameters, "layout": "sentence"})
    plain = plain.replaced(documents=parameters["documents"] or None)
    layouts = {NONE: plain.replaced(context=0), SENTENCE: plain}
    for length in lengths(parameters):
        layouts[packed(length)] = plain.replaced(
            layout="packed", batch_size=parameters["packed_batch_size"], max_length=length
        )
    return {
        name: {seed: run.replaced(seed=seed) for seed in seeds(parameters)}
        for name, run in layouts.items()
    }


def lengths(parameters: Mapping[str, object]) -> list[int]:
    """The lengths of packed windows, in the notebook's order."""
    found = list(parameters["packed_lengths"])
    if not found or len(set(found)) < len(found):
        raise BadInput(f"packed_lengths: {found} must name at least one length, each once")
    return found


class Results(PlanRecords):
    """The records by corpus, layout and seed; None is missing."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.corpora = list(parameters["corpora"])
        self.packed = [packed(length) for length in lengths(parameters)]
        self.final = {
            corpus: {
                name: {seed: find(run) for seed, run in group.items()}
                for name, group in runs(corpus, parameters).items()
            }
            for corpus in self.corpora
        }


def scores(results: Results) -> pd.DataFrame:
    """Strict F1 on test, windows, updates and subwords of an epoch, and what a run costs."""
    rows = {}
    for corpus, layouts in results.final.items():
        for name, group in layouts.items():
            rows[corpus, name] = {
                "strict F1": cell(group.values(), STRICT),
                "windows": cell(group.values(), "data.train_windows", digits=0),
                "updates": cell(group.values(), _updates, digits=0),
                "subwords read": cell(group.values(), "data.train_subwords", digits=0),
                "processor seconds": cell(group.values(), COST, digits=0),
            }
    return by_row(rows, ["corpus", "context"])


def differences(results: Results, corpus: str) -> dict[str, Cell]:
    """Packed less a window per sentence, and each less no context, paired by seed."""
    final = results.final[corpus]
    couples = [
        *((name, SENTENCE) for name in results.packed),
        (SENTENCE, NONE),
        *((name, NONE) for name in results.packed),
    ]
    return {f"{a} − {b}": paired(final[a], final[b], STRICT) for a, b in couples}


def speed(results: Results, corpus: str, name: str) -> Cell:
    """How many times the processor time of a packed run a run with a window per sentence takes."""
    final = results.final[corpus]
    ratios = []
    for seed, run in final[name].items():
        here, there = (cell([each], COST).value for each in (run, final[SENTENCE][seed]))
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
        for name in results.packed:
            said = SAID[verdict(cells[f"{name} − {SENTENCE}"])]
            found.append(f"{corpus}, {name}: against a margin of {MARGIN} F1 {said}.")
            times = speed(results, corpus, name)
            if times.value is not None:
                found.append(
                    f"{corpus}: a run with a window per sentence takes {times} times the "
                    f"processor time of one with {name}."
                )
    return [*found, *_consequence(results)]


def _consequence(results: Results) -> list[str]:
    """What the margin says of the default: a layout is preferred if it holds on every corpus."""
    said = []
    for name in results.packed:
        verdicts = [
            verdict(differences(results, c)[f"{name} − {SENTENCE}"]) for c in results.corpora
        ]
        if TOO_FEW in verdicts:
            continue
        holds = verdicts.count(NO_WORSE)
        then = (
            "they are to be preferred"
            if holds == len(verdicts)
            else "a window per sentence stays what pages ask for"
        )
        of = plural(len(verdicts), "corpus", "corpora")
        said.append(f"{name[0].upper()}{name[1:]}: no worse on {holds} of {of}, so that {then}.")
    return said


def _updates(record: Record) -> int:
    """Updates of one epoch."""
    return ceil(record["data"]["train_windows"] / record["configuration"]["batch_size"])

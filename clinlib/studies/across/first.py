"""With N labelled sentences in a new clinical language: what should one do first?

Every option is held against fine-tuning on N sentences, paired by seed, with what it costs: words
that were labelled, and processor seconds of all that it needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from clinlib.errors import BadInput
from clinlib.evaluation.significance import holm
from clinlib.experiments.config import Config
from clinlib.experiments.graph import build
from clinlib.experiments.key import Pins
from clinlib.experiments.spec import ActiveLearning
from clinlib.studies.across.options import ACTIVE, PLAIN, Make, options
from clinlib.studies.cells import Cell, Record, Value, cell, number, state
from clinlib.studies.comparisons import p_over_documents, paired
from clinlib.studies.plans import seeds

NAME = "50_across"
STRICT = "scores.test.strict.f1"
SPENT = "provenance.cpu_seconds"
WORDS = "words"

Runs = dict[int, Record | None]


@dataclass(frozen=True)
class Place:
    """What one table is about: a target corpus and a number of labelled sentences."""

    target: str
    size: int


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The runs of all options, with those that they start from, whose cost the page shows.

    Raises BadInput for parameters that contradict each other or name what does not exist.
    """
    graph = build(_configurations(parameters), Pins())
    if graph.faults:
        raise BadInput(f"{graph.faults[0][0]}: {graph.faults[0][1]}")
    return [node.config for node in graph.nodes.values()]


class Results:
    """The records of the plan: every option's runs by place, name and seed; None is missing.

    A loop of active learning is read at the round in which N sentences are labelled.
    """

    def __init__(
        self,
        records: Mapping[str, Record | None],
        parameters: Mapping[str, object],
        pins: Pins | None = None,
    ):
        self.records, self.parameters = records, parameters
        self.seeds = list(seeds(parameters))
        self.graph = build(_configurations(parameters), pins or Pins())
        places = [Place(*each) for each in product(targets(parameters), sizes(parameters))]
        self.found: dict[Place, dict[str, Runs]] = {
            place: {
                name: self._runs(make, place)
                for name, make in options(place.target, parameters).items()
            }
            for place in places
        }

    @cached_property
    def targets(self) -> list[str]:
        """The target corpora, in order."""
        return list(dict.fromkeys(place.target for place in self.found))

    def score(self, place: Place, name: str, value: Value = STRICT, *, digits: int = 1) -> Cell:
        """A number of an option's runs, over seeds."""
        return cell(self.found[place][name].values(), value, digits=digits)

    def gain(self, place: Place, name: str, over: str = PLAIN) -> Cell:
        """What an option adds to strict F1 over another, paired by seed."""
        return paired(self.found[place][name], self.found[place][over], STRICT)

    def corrected(self, place: Place) -> dict[str, float]:
        """p of each option against fine-tuning over test documents, corrected (Holm) for all
        options of the place; those without runs count as tests and have no entry.
        """
        plain, others = self.found[place][PLAIN], _others(self.found[place])
        tested = {name: p_over_documents(runs, plain) for name, runs in others.items()}
        known = {name: p for name, p in tested.items() if p is not None}
        return dict(zip(known, holm(list(known.values()), len(tested)), strict=True))

    def seconds(self, place: Place, name: str) -> Cell:
        """Processor seconds of an option and of all that it starts from, over seeds."""
        made = options(place.target, self.parameters)[name]
        spent = []
        for seed in self.seeds:
            own = self.found[place][name][seed]
            config = made(place.target, place.size, seed, self.parameters)
            spent.append(self._spent(config, own))
        return Cell.of(spent, digits=0)

    def _spent(self, config: Config, own: Record | None) -> float | None:
        behind = _behind(self.graph, self.graph.keys[config]) - {self.graph.keys[config]}
        parts = [own, *(self.records.get(key) for key in behind)]
        found = [number(each, SPENT) for each in parts if state(each) != "missing"]
        return sum(found) if len(found) == len(parts) and None not in found else None

    def _runs(self, make: Make, place: Place) -> Runs:
        made = {seed: make(place.target, place.size, seed, self.parameters) for seed in self.seeds}
        return {seed: self._run(config, place.size) for seed, config in made.items()}

    def _run(self, config: Config, size: int) -> Record | None:
        record = self.records.get(self.graph.keys[config])
        return at_size(record, size) if isinstance(config, ActiveLearning) else record


def at_size(record: Record | None, size: int) -> Record | None:
    """A loop's record as if it had ended with `size` sentences; None where no round has so many.

    Its seconds are those of the loop by the share that the rounds so far took.
    """
    if record is None or state(record) == "failed":
        return record
    rows = [row for row in record["curve"] if row["sentences"] <= size]
    if not rows or rows[-1]["sentences"] != size:
        return None
    share = sum(map(_seconds, rows)) / sum(map(_seconds, record["curve"]))
    provenance = dict(record["provenance"])
    provenance["cpu_seconds"] = share * provenance["cpu_seconds"]
    return {
        **record,
        "scores": rows[-1]["scores"],
        "counts": rows[-1]["counts"],
        "provenance": provenance,
        "data": record["data"] | {WORDS: rows[-1]["tokens"]},
    }


def targets(parameters: Mapping[str, object]) -> list[str]:
    """The target corpora; raises BadInput for one named twice."""
    names = list(parameters["targets"])
    if len(set(names)) < len(names):
        raise BadInput(f"targets: {names} names a corpus twice")
    return names


def sizes(parameters: Mapping[str, object]) -> list[int]:
    """The numbers of labelled sentences, ascending, each a whole number of rounds.

    Raises BadInput otherwise, with the nearest one.
    """
    found, step = sorted(set(parameters["sizes"])), parameters["round_size"]
    if step < 1:
        raise BadInput(f"round_size: {step} sentences; a round labels at least 1")
    for size in found:
        if size < step or size % step:
            near = max(step, round(size / step) * step)
            raise BadInput(f"sizes: {size} is no whole number of rounds of {step}; take {near}")
    if not found:
        raise BadInput("sizes: name at least one number of labelled sentences")
    return found


def is_active(name: str) -> bool:
    """Whether an option chooses its sentences, by the strategy of a loop."""
    return name.startswith(ACTIVE.partition(":")[0])


def _others(found: Mapping[str, Runs]) -> dict[str, Runs]:
    return {name: runs for name, runs in found.items() if name != PLAIN}


def _configurations(parameters: Mapping[str, object]) -> list[Config]:
    return [
        make(target, size, seed, parameters)
        for target in targets(parameters)
        for size in sizes(parameters)
        for make in options(target, parameters).values()
        for seed in seeds(parameters)
    ]


def _behind(graph, key: str) -> set[str]:
    """The keys of a run and of all that it needs, directly or not."""
    found, front = set(), [key]
    while front:
        here = front.pop()
        if here not in found:
            found.add(here)
            front += [*graph.nodes[here].artifacts, *graph.nodes[here].records]
    return found


def _seconds(row: Mapping) -> float:
    return row["seconds"] + row["selection"].get("seconds", 0.0)

"""The graph of a sweep: configurations by key, and what each needs before it can run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from clinlib.errors import BadInput, ClinlibError
from clinlib.experiments.config import Config
from clinlib.experiments.key import Pins, key
from clinlib.experiments.spec import Choose


@dataclass(frozen=True)
class Node:
    """One run: its configuration, the artifacts it starts from, the records it reads first."""

    key: str
    config: Config
    artifacts: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    choices: tuple[tuple[str, Choose], ...] = ()  # (field, the Choose it holds)


@dataclass(frozen=True)
class Graph:
    """All runs that some configurations may need, by key.

    `wanted` are the keys of the configurations asked for, in order; `faults` the labels and
    errors of those that have no key (an unknown corpus or text).
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    wanted: list[str] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)


def build(configs: Iterable[Config], pins: Pins) -> Graph:
    """The graph of some configurations and of all that they hold.

    Raises BadInput for a Choose on its own, which is no run.
    """
    graph = Graph()
    for config in configs:
        if not config.routine:
            raise BadInput(f"{config.label()}: a {config.kind} is no run of its own")
        try:
            name = _add(graph, config, pins)
        except ClinlibError as error:
            fault = (config.label(), str(error))
            if fault not in graph.faults:
                graph.faults.append(fault)
        else:
            if name not in graph.wanted:
                graph.wanted.append(name)
    return graph


def _add(graph: Graph, config: Config, pins: Pins) -> str:
    name = key(config, pins)
    if name in graph.nodes:
        return name
    artifacts, records, choices = [], [], []
    for field_name, held in _held(config):
        if isinstance(held, Choose):
            choices.append((field_name, held))
            records += [_add(graph, each, pins) for each in held.of]
        elif held.makes_artifact:
            artifacts.append(_add(graph, held, pins))
        else:
            records.append(_add(graph, held, pins))
    graph.nodes[name] = Node(name, config, tuple(artifacts), tuple(records), tuple(choices))
    return name


def _held(config: Config) -> Iterator[tuple[str, Config]]:
    """(field, configuration) of every configuration that stands directly in another."""
    for field_name in type(config).model_fields:
        value = getattr(config, field_name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Config):
                yield field_name, each


def to_run(graph: Graph, has_record, has_artifact) -> dict[str, tuple[str, ...]]:
    """The keys that must run, each with those of them that must run before it, parents first.

    `has_record(node)` and `has_artifact(node)` say what is there already. A run that starts from
    another needs that one's artifact; one that chooses needs its candidates' records; and what
    needs not run asks for nothing.
    """
    before: dict[str, tuple[str, ...]] = {}
    settled: dict[tuple[str, bool], bool] = {}

    def visit(name: str, artifact: bool) -> bool:
        if (name, artifact) not in settled:
            node = graph.nodes[name]
            settled[name, artifact] = needed = not (has_artifact if artifact else has_record)(node)
            if needed and name not in before:
                needs = [each for each in node.artifacts if visit(each, True)]
                needs += [each for each in node.records if visit(each, False)]
                before[name] = tuple(dict.fromkeys(needs))
        return settled[name, artifact]

    for name in graph.wanted:
        visit(name, artifact=False)
    return before

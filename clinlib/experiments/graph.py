"""The graph of a sweep: configurations by key, and what each needs before it can run."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from clinlib.errors import BadInput, ClinlibError
from clinlib.experiments.config import Config
from clinlib.experiments.key import Pins, key
from clinlib.experiments.names import MODEL
from clinlib.experiments.spec import Choose


@dataclass(frozen=True)
class Node:
    """One run: its configuration, the artifacts it starts from, the records it reads first.

    `choices` are (field, the Choose it holds). Where a Choose takes a whole run, the weights of
    the one that it chooses are needed besides.
    """

    key: str
    config: Config
    artifacts: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    choices: tuple[tuple[str, Choose], ...] = ()

    @property
    def models(self) -> list[Choose]:
        """Those of the choices that take a run for its weights."""
        return [choose for _, choose in self.choices if choose.take == MODEL]


@dataclass(frozen=True)
class Graph:
    """All runs that some configurations may need, by key.

    `keys` are the keys of the configurations, `wanted` those of the ones asked for, in order;
    `faults` the labels and errors of those that have no key (an unknown corpus or text).
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    keys: dict[Config, str] = field(default_factory=dict)
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
    name = graph.keys[config] = key(config, pins)
    if name in graph.nodes:
        return name
    artifacts, records, choices = [], [], []
    for field_name, held, starts in _held(config):
        if isinstance(held, Choose):
            choices.append((field_name, held))
            records += [_add(graph, each, pins) for each in held.of]
        elif starts:
            artifacts.append(_add(graph, held, pins))
        else:
            records.append(_add(graph, held, pins))
    graph.nodes[name] = Node(name, config, tuple(artifacts), tuple(records), tuple(choices))
    return name


def _held(config: Config) -> Iterator[tuple[str, Config, bool]]:
    """(field, configuration, whether its weights are needed) of what stands directly in another.

    What a configuration holds by value is no run: those that stand in it take its place.
    """
    for field_name in type(config).model_fields:
        value = getattr(config, field_name)
        for each in value if isinstance(value, tuple) else (value,):
            if not isinstance(each, Config):
                continue
            if field_name in config.by_value:
                for inner, held, starts in _held(each):
                    yield f"{field_name}.{inner}", held, starts
            else:
                yield field_name, each, field_name in config.starts_from


@dataclass
class Work:
    """What must run: `before`, key -> those of the keys that must run before it, parents first;
    and `kept`, the keys whose weights others start from."""

    before: dict[str, tuple[str, ...]] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)


def to_run(
    graph: Graph,
    has_record: Callable[[Node], bool],
    has_artifact: Callable[[Node], bool],
    chosen: Callable[[Choose], str | None] = lambda choose: None,
) -> Work:
    """What must run of a graph.

    `has_record(node)` and `has_artifact(node)` say what is there already; `chosen(choose)` is the
    key of the run that a Choose takes, None while a candidate has no record. A run that starts
    from another needs that one's artifact; one that chooses needs its candidates' records, and
    the artifact of the chosen one, or of all while none is chosen; and what needs not run asks
    for nothing.
    """
    work = Work()
    settled: dict[tuple[str, bool], bool] = {}

    def visit(name: str, artifact: bool) -> bool:
        if artifact:
            work.kept.add(name)
        if (name, artifact) not in settled:
            node = graph.nodes[name]
            settled[name, artifact] = needed = not (has_artifact if artifact else has_record)(node)
            if needed and name not in work.before:
                needs = [each for each in node.artifacts if visit(each, True)]
                needs += [each for each in node.records if visit(each, False)]
                needs += [
                    each for each in _models(graph, node, chosen, has_record) if visit(each, True)
                ]
                work.before[name] = tuple(dict.fromkeys(needs))
        return settled[name, artifact]

    for name in graph.wanted:
        visit(name, artifact=False)
    return work


def _models(
    graph: Graph,
    node: Node,
    chosen: Callable[[Choose], str | None],
    has_record: Callable[[Node], bool],
) -> Iterator[str]:
    """The keys of the runs whose weights a node's choices may need: the chosen one, or all where
    a candidate has no record that stands, and may change the choice. One that has, and runs for
    its weights alone, changes it only where a run is not repeated exactly: then the runner says
    so."""
    for choose in node.models:
        candidates = {graph.keys[each]: None for each in choose.of}
        stand = all(has_record(graph.nodes[each]) for each in candidates)
        picked = chosen(choose) if stand else None
        yield from candidates if picked is None else (picked,)

"""Status: the state of every run that some plans ask for, and of every record that is there."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from clinlib.errors import ClinlibError
from clinlib.experiments import provenance
from clinlib.experiments.config import Config
from clinlib.experiments.graph import Node, build
from clinlib.experiments.inventory import drifted
from clinlib.experiments.key import Pins, key
from clinlib.experiments.record import Record
from clinlib.experiments.spec import KINDS, from_dict
from clinlib.experiments.store import Store

STATES = ("current", "missing", "failed", "drifted", "stale")


@dataclass(frozen=True)
class Row:
    """One run: its state, and why it would be done again (or what else keeps it from counting)."""

    state: str
    kind: str
    key: str
    label: str
    why: str = ""


def status(configs: Iterable[Config], profile: str, store: Store | None = None) -> list[Row]:
    """The rows of all runs that the configurations need, then of records that none asks for.

    current: the record stands. missing: there is none, or the configuration cannot be keyed.
    failed: the last run ended with an error. drifted: other source code made the record.
    stale: the record there is was made by an older version or from other data, or no
    configuration asks for it.
    """
    store = store or Store(profile)
    graph = build(configs, store.pins)
    others = [record for record in store.records() if record["key"] not in graph.nodes]
    older = superseded(others, graph.nodes, store.pins)
    rows = [Row("missing", "", "", label, error) for label, error in graph.faults]
    for node in graph.nodes.values():
        rows.append(_row(node, store.load(node.config.kind, node.key), older))
    told = {record["key"] for record in older.values()}
    return rows + [_stale(record) for record in others if record["key"] not in told]


def judged(name: str, record: Record | None, older: Mapping[str, Record]) -> tuple[str, str]:
    """(state, why) of the run of that key, given what `superseded` found."""
    if record is None:
        if name in older:
            return "stale", f"{_outdated(older[name])}; the next sweep runs it again"
        return "missing", "not run yet"
    if record["status"] == "failed":
        error = record.get("error") or {}
        why = f"{error.get('type')}: {error.get('message')}; the next sweep tries again"
        return "failed", why
    if drifted(record):
        made, now = record["provenance"].get("source"), provenance.source(record["kind"])
        return "drifted", f"made by source {made}, now {now}; --refresh runs it again"
    return "current", ""


def superseded(
    records: Iterable[Record], wanted: Container[str], pins: Pins | None = None
) -> dict[str, Record]:
    """Key of today -> the last record of the same configuration under another key.

    A key changes with a version, the run's own or that of one it starts from, and with the data.
    Only keys among `wanted` are given.
    """
    found: dict[str, Record] = {}
    for record in sorted(records, key=lambda each: each["provenance"].get("finished") or ""):
        try:
            name = key(from_dict(record["configuration"]), pins)
        except ClinlibError:  # of a configuration that today's code has not
            continue
        if name in wanted and name != record["key"]:
            found[name] = record
    return found


def _row(node: Node, record: Record | None, older: Mapping[str, Record]) -> Row:
    state, why = judged(node.key, record, older)
    return Row(state, node.config.kind, node.key, node.config.label(), why)


def _stale(record: Record) -> Row:
    why = "no plan asks for it"
    if _older_version(record):
        why = _outdated(record)
    try:
        label = from_dict(record["configuration"]).label()
    except ClinlibError:
        label = record["kind"]
    return Row("stale", record["kind"], record["key"], label, why)


def _outdated(record: Record) -> str:
    """Why a record does not count although its configuration is asked for."""
    if _older_version(record):
        now = _version(record)
        return f"made by version {record['version']} of the routine, now {now}"
    return "made from other data, or from runs of an older version"


def _older_version(record: Record) -> bool:
    return record["version"] < (_version(record) or 0)


def _version(record: Record) -> int | None:
    """Of the routine today, with the options that the record's run took; None of a kind that is
    no more."""
    try:
        return from_dict(record["configuration"]).version
    except ClinlibError:  # without the options, the kind's own
        return KINDS[record["kind"]].VERSION if record["kind"] in KINDS else None

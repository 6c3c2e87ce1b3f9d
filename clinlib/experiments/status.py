"""Status: the state of every run that some plans ask for, and of every record that is there."""

from collections.abc import Iterable
from dataclasses import dataclass

from clinlib.errors import ClinlibError
from clinlib.experiments import provenance
from clinlib.experiments.config import Config
from clinlib.experiments.graph import Node, build
from clinlib.experiments.inventory import drifted
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
    stale: an older VERSION made it, or no configuration asks for it.
    """
    store = store or Store(profile)
    graph = build(configs, store.pins)
    rows = [Row("missing", "", "", label, error) for label, error in graph.faults]
    rows += [_row(node, store.load(node.config.kind, node.key)) for node in graph.nodes.values()]
    rows += [_stale(record) for record in store.records() if record["key"] not in graph.nodes]
    return rows


def _row(node: Node, record: Record | None) -> Row:
    if record is None:
        state, why = "missing", "not run yet"
    elif record["status"] == "failed":
        error = record.get("error") or {}
        state = "failed"
        why = f"{error.get('type')}: {error.get('message')}; the next sweep tries again"
    elif drifted(record):
        made, now = record["provenance"].get("source"), provenance.source(record["kind"])
        state, why = "drifted", f"made by source {made}, now {now}; --refresh runs it again"
    else:
        state, why = "current", ""
    return Row(state, node.config.kind, node.key, node.config.label(), why)


def _stale(record: Record) -> Row:
    now = KINDS[record["kind"]].VERSION if record["kind"] in KINDS else None
    why = "no plan asks for it"
    if now is not None and record["version"] < now:
        why = f"made by version {record['version']} of the routine, now {now}"
    try:
        label = from_dict(record["configuration"]).label()
    except ClinlibError:
        label = record["kind"]
    return Row("stale", record["kind"], record["key"], label, why)

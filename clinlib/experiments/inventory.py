"""Inventory: which runs have their record and their weights already."""

from dataclasses import dataclass

from clinlib.experiments import provenance
from clinlib.experiments.choice import resolve
from clinlib.experiments.graph import Node
from clinlib.experiments.record import Record
from clinlib.experiments.spec import Choose, FineTune
from clinlib.experiments.store import Store


@dataclass(frozen=True)
class Inventory:
    """What a store holds; with `refresh`, what other source code made does not count."""

    store: Store
    refresh: bool = False

    def has_record(self, node: Node) -> bool:
        """Whether a complete record stands."""
        record = self.record(node)
        if record is None or record["status"] != "complete":
            return False
        return not (self.refresh and drifted(record))

    def has_artifact(self, node: Node) -> bool:
        """Whether the weights are there."""
        record = self.store.artifact_record(node.key)
        return record is not None and not (self.refresh and drifted(record))

    def record(self, node: Node) -> Record | None:
        """The record, complete or failed; weights that another profile made bring theirs along."""
        record = self.store.load(node.config.kind, node.key)
        if record is None or record["status"] != "complete":
            brought = self.store.artifact_record(node.key)
            if brought is not None:
                self.store.save(brought)
                return brought
        return record

    def chosen(self, choose: Choose) -> FineTune | None:
        """The run that a Choose takes for its weights; None while a candidate has no record."""
        records = [self.store.get(each) for each in choose.of]
        if any(record is None or record["status"] != "complete" for record in records):
            return None
        return resolve(choose, records)


def drifted(record: Record) -> bool:
    """Whether source code made the record that no golden micro-run found equal to today's."""
    return not provenance.same_source(record)

"""Choice: what a Choose chooses, read from the records of its candidates."""

from collections.abc import Sequence
from typing import Any

from clinlib.errors import BadInput
from clinlib.experiments.names import MODEL
from clinlib.experiments.record import Record
from clinlib.experiments.spec import Choose


def resolve(choose: Choose, records: Sequence[Record | None]) -> Any:
    """What the rule takes of a candidate, given the records in the order of `choose.of`: a field,
    or where it takes a model the candidate itself.

    "best" is the highest score, "median" the lower middle one; ties go to the first candidate.

    Raises BadInput for a candidate without a record, or a record without the score.
    """
    if None in records:
        missing = choose.of[records.index(None)]
        raise BadInput(f"no record of the candidate {missing.label()}")
    scores = [score(record, choose.by) for record in records]
    rank = 0 if choose.rule == "best" else len(scores) // 2
    picked = choose.of[scores.index(sorted(scores, reverse=True)[rank])]
    return picked if choose.take == MODEL else getattr(picked, choose.take)


def score(record: Record, path: str) -> float:
    """The number at a dotted path into a record's scores, such as "dev.strict.f1"."""
    value: Any = record.get("scores")
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(f"record {record['kind']}/{record['key']} has no score {path}")
    return value

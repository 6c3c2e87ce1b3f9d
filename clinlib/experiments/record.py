"""Record: what one run leaves as JSON; its form, its text, and what can be wrong with it."""

import json
import math
from typing import Any

from clinlib.errors import BadInput

SCHEMA = 1
FIELDS = {
    "schema": int,
    "kind": str,
    "version": int,
    "key": str,
    "status": str,
    "configuration": dict,
    "provenance": dict,
}

Record = dict[str, Any]


def parse(text: str, kind: str | None, name: str) -> Record:
    """The record in a text; raises BadInput if it is none of that kind (None: any) and key."""
    try:
        record = json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        raise BadInput(f"not valid JSON ({error})") from None
    if wrong := fault(record, kind, name):
        raise BadInput(wrong)
    return record


def dump(record: Record) -> str:
    """The text of a record, one line per top-level field: small, and a change shows as one line.

    Raises BadInput, naming the place, for a number that is not finite or a value JSON has not.
    """
    try:
        lines = (
            f"{json.dumps(name)}: {json.dumps(value, allow_nan=False, ensure_ascii=False)}"
            for name, value in record.items()
        )
        return "{\n" + ",\n".join(lines) + "\n}\n"
    except (TypeError, ValueError) as error:
        raise BadInput(f"record {record['key']}: {_not_finite(record) or error}") from None


def fault(record: object, kind: str | None, name: str) -> str:
    """What is wrong with a record meant to be of that kind (None: any) and key; "" if nothing."""
    if not isinstance(record, dict):
        return "not a JSON object"
    if record.get("schema") != SCHEMA:
        return f"schema {record.get('schema')!r} instead of {SCHEMA}"
    for field_name, wanted in FIELDS.items():
        if not isinstance(record.get(field_name), wanted):
            return f"field '{field_name}' is missing or no {wanted.__name__}"
    if record["kind"] != (kind or record["kind"]) or record["key"] != name:
        return f"it says {record['kind']}/{record['key']}"
    if record["status"] not in ("complete", "failed"):
        return f"status '{record['status']}' is neither complete nor failed"
    return ""


def _not_finite(value: Any, path: str = "") -> str:
    """Where the first number is that is not finite; empty if there is none."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{path.removeprefix('.')} is {value}"
    if isinstance(value, dict):
        pairs = ((f"{path}.{name}", each) for name, each in value.items())
    elif isinstance(value, list | tuple):
        pairs = ((f"{path}[{i}]", each) for i, each in enumerate(value))
    else:
        return ""
    return next((found for where, each in pairs if (found := _not_finite(each, where))), "")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")

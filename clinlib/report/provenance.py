"""The footer of a page: what made its numbers, how long it took, and the command that redoes it."""

import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from clinlib.experiments import provenance as code
from clinlib.report import notebooks
from clinlib.report.cells import Record, badge, state

# a state that a reader must not overlook -> what it means
STATES = {
    "missing": "asked for, not yet run",
    "failed": "ended with an error, which its record keeps",
    "collapsed": "finished, but predicts one label only; never averaged",
    "drifted": "made by other source code than is here now",
    "stale": "made by an older version of its routine",
}


@dataclass(frozen=True, eq=False)
class Footer:
    """Provenance as rows (name, text); shows itself in a notebook and in the book."""

    rows: tuple[tuple[str, str], ...]
    command: str
    states: Mapping[str, int]

    def __repr__(self) -> str:
        lines = [f"{name}: {text}" for name, text in self.rows]
        counts = [f"{number} {name}" for name, number in self.states.items()]
        return "\n".join([*lines, f"command: {self.command}", *counts])

    def _repr_html_(self) -> str:
        badges = "".join(
            f"<li>{badge(f'{number} {name}')} {escape(STATES.get(name, ''))}</li>"
            for name, number in self.states.items()
        )
        rows = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
            for name, text in self.rows
        )
        return (
            f'<section class="cl-provenance" aria-label="Provenance">'
            f"{f'<ul>{badges}</ul>' if badges else ''}"
            f"<details><summary>How these numbers were made</summary>"
            f'<table class="table"><tbody>{rows}<tr><th scope="row">command</th>'
            f"<td><code>{escape(self.command)}</code></td></tr></tbody></table></details></section>"
        )


def footer(
    name: str,
    parameters: Mapping[str, object],
    records: Mapping[str, Record | None],
    *,
    states: Mapping[str, str] | None = None,
) -> Footer:
    """The provenance of a page: `name` is its notebook, `records` what it read, by key.

    `states` (key -> one of STATES, or anything else for current) replaces what the records
    themselves say.
    """
    there = [record for record in records.values() if record is not None]
    made = [record.get("provenance", {}) for record in there]
    head = code.commit()
    found = states or {each: run_state(record) for each, record in records.items()}
    counts = Counter(each for each in found.values() if each in STATES)
    rows = [
        ("parameters", ", ".join(f"{each}={value!r}" for each, value in parameters.items())),
        ("runs", f"{len(there)} of {len(records)}" if records else "none"),
    ]
    if there:
        rows += [
            ("seeds", _listed(record.get("configuration", {}).get("seed") for record in there)),
            ("wall time of the runs", duration(sum(each.get("seconds") or 0 for each in made))),
            ("made at commit", _listed(_commit(each) for each in made)),
            ("hardware", _listed(_hardware(each.get("hardware")) for each in made)),
            (
                "versions",
                "; ".join(dict.fromkeys(_versions(each.get("packages")) for each in made)),
            ),
        ]
    rows.append(("page made at commit", _commit(head)))
    order = {each: counts[each] for each in STATES if counts[each]}
    return Footer(tuple(rows), command(name, parameters), order)


def run_state(record: Record | None) -> str:
    """The state of one run for a reader: one of STATES, or "current"."""
    found = state(record)
    if found != "complete":
        return found
    return "current" if code.same_source(record) else "drifted"


def command(name: str, parameters: Mapping[str, object]) -> str:
    """The command line that executes the notebook with these parameters."""
    words = ["clinlib", "execute", name]
    profile = parameters.get("profile")
    if profile is not None:
        words += ["--profile", str(profile)]
    try:
        usual = notebooks.parameters(name, str(profile)) if profile else {}
    except ValueError:  # a notebook that is not part of the checkout has no profile values
        usual = {}
    for each, value in parameters.items():
        if each != "profile" and (each not in usual or usual[each] != value):
            text = f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
            words += ["-p", f"{each}={text}"]
    return shlex.join(words)


def duration(seconds: float) -> str:
    """Seconds as people read them: "45 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"


def _listed(values) -> str:
    kept = {value for value in values if value not in (None, "")}
    numbers = all(isinstance(value, int) for value in kept)
    return ", ".join(map(str, sorted(kept) if numbers else sorted(map(str, kept)))) or "not known"


def _commit(made: Mapping) -> str:
    if not made.get("commit"):
        return "not in a git checkout"
    return made["commit"][:10] + (" with changes" if made.get("dirty") else "")


def _hardware(hardware: Mapping | None) -> str:
    if not hardware:
        return ""
    cores = f"{hardware.get('cores')} cores"
    return ", ".join(
        str(part) for part in (hardware.get("cpu"), cores, hardware.get("gpu")) if part
    )


def _versions(packages: Mapping | None) -> str:
    return ", ".join(f"{name} {version}" for name, version in (packages or {}).items() if version)

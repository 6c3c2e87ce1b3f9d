"""The footer of a page: its runs' states, its parameters, what made it, and how to do so again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from clinlib.errors import BadInput
from clinlib.experiments import provenance as code
from clinlib.experiments.store import Store
from clinlib.report import badges, commands, notebooks
from clinlib.report.badges import States
from clinlib.report.cells import Record
from clinlib.report.units import unit


@dataclass(frozen=True)
class Line:
    """One row of the table of parameters."""

    name: str
    value: str
    meaning: str
    unit: str


@dataclass(frozen=True, eq=False)
class Footer:
    """Provenance as rows (name, text); shows itself in a notebook and in the book."""

    rows: tuple[tuple[str, str], ...]
    commands: tuple[str, ...]
    parameters: Sequence[Line]
    found: States

    @property
    def states(self) -> dict[str, int]:
        """The states that a reader must not overlook, with their numbers of runs."""
        return {name: n for name, n in self.found.counts.items() if name != "current"}

    def __repr__(self) -> str:
        lines = [f"runs behind this page: {self.found.line}", *self.found.explained()]
        for each in self.parameters:
            unit_ = f" [{each.unit}]" if each.unit else ""
            lines.append(f"  {each.name} = {each.value}{unit_}  {each.meaning}".rstrip())
        lines += [f"{name}: {text}" for name, text in self.rows]
        return "\n".join([*lines, *(f"command: {each}" for each in self.commands)])

    def _repr_html_(self) -> str:
        reasons = "".join(f"<li>{escape(each)}</li>" for each in self.found.explained())
        reasons = f"<ul>{reasons}</ul>" if reasons else ""
        boxes = "".join(f"<pre><code>{escape(each)}</code></pre>" for each in self.commands)
        return (
            f'<section class="cl-provenance" id="provenance" aria-label="Provenance">'
            f"{self.found.html()}{reasons}"
            f'<div class="cl-commands"><p>This page again, by either of:</p>{boxes}'
            f"</div>{self._parameters()}{self._made()}</section>"
        )

    def _parameters(self) -> str:
        rows = "".join(
            f'<tr><th scope="row"><code>{escape(each.name)}</code></th>'
            f"<td>{escape(each.value)}</td><td>{escape(each.unit)}</td>"
            f"<td>{escape(each.meaning)}</td></tr>"
            for each in self.parameters
        )
        head = "".join(
            f'<th scope="col">{each}</th>' for each in ("parameter", "value", "unit", "meaning")
        )
        number = len(self.parameters)
        return (
            f"<details open><summary>{number} parameter{'s' * (number != 1)}</summary>"
            f'<div class="cl-scroll" tabindex="0" role="region" aria-label="Parameters">'
            f'<table class="table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
            f"</div></details>"
        )

    def _made(self) -> str:
        rows = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
            for name, text in self.rows
        )
        return (
            f"<details><summary>How these numbers were made</summary>"
            f'<table class="table"><tbody>{rows}</tbody></table></details>'
        )


def footer(
    name: str,
    parameters: Mapping[str, object],
    records: Mapping[str, Record | None],
    *,
    store: Store | None = None,
) -> Footer:
    """The provenance of a page: `name` is its notebook, `records` what it read, by key.

    `store`: where older records of the runs that have none are sought, by default that of the
    profile.
    """
    there = [record for record in records.values() if record is not None]
    made = [record.get("provenance", {}) for record in there]
    rows = [("runs", f"{len(there)} of {len(records)}" if records else "none")]
    if there:
        rows += [
            ("seeds", _listed(record.get("configuration", {}).get("seed") for record in there)),
            ("wall time of the runs", duration(sum(each.get("seconds") or 0 for each in made))),
            ("made at commit", _listed(_commit(each) for each in made)),
            ("hardware", _listed(hardware(each.get("hardware")) for each in made)),
            (
                "versions",
                "; ".join(dict.fromkeys(_versions(each.get("packages")) for each in made)),
            ),
        ]
    rows.append(("page made at commit", _commit(code.commit())))
    return Footer(
        tuple(rows),
        (commands.execute(name, parameters), commands.papermill(name, parameters)),
        explained(name, parameters),
        badges.of_page(records, store or Store(str(parameters.get("profile", "quick")))),
    )


def explained(name: str, parameters: Mapping[str, object]) -> list[Line]:
    """The parameters of a notebook with their values, units, and the meanings that it gives.

    A notebook that is not part of the checkout has values only.
    """
    try:
        known = notebooks.declared(name)
    except BadInput:
        known = {}
    lines = []
    for each, value in parameters.items():
        found = known.get(each)
        meaning, measured = (found.help, unit(found)) if found else ("", "")
        text = value if isinstance(value, str) else commands.flow(value)
        lines.append(Line(each, text, meaning, measured))
    return lines


def duration(seconds: float) -> str:
    """Seconds as people read them: "45 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"


def hardware(found: Mapping | None) -> str:
    """The hardware of a record in words, "" where it names none."""
    if not found:
        return ""
    cores = f"{found.get('cores')} cores"
    return ", ".join(str(part) for part in (found.get("cpu"), cores, found.get("gpu")) if part)


def _listed(values) -> str:
    kept = {value for value in values if value not in (None, "")}
    numbers = all(isinstance(value, int) for value in kept)
    return ", ".join(map(str, sorted(kept) if numbers else sorted(map(str, kept)))) or "not known"


def _commit(made: Mapping) -> str:
    if not made.get("commit"):
        return "not in a git checkout"
    return made["commit"][:10] + (" with changes" if made.get("dirty") else "")


def _versions(packages: Mapping | None) -> str:
    return ", ".join(f"{name} {version}" for name, version in (packages or {}).items() if version)

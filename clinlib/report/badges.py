"""Badges: the states of the runs behind a page, said at its top; none that matters goes unsaid."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path

import nbformat

from clinlib.experiments.status import judged, superseded
from clinlib.experiments.store import Store
from clinlib.report import notebooks
from clinlib.report.cells import Record, badge, state

# a state -> what it means; only "current" needs no reader's care
STATES = {
    "current": "made by the code that is here now",
    "missing": "asked for, not yet run",
    "failed": "ended with an error, which its record keeps",
    "collapsed": "finished, but tells no labels apart or finds nothing; averaged where so said",
    "drifted": "made by other source code than is here now; shown all the same",
    "stale": "made by an older version or from other data; not shown",
}
COPIES = (
    "was trained more than once, and not to the same weights, as where processors round "
    "differently: a difference between runs that start from different ones is partly theirs"
)
MARK = re.compile(r'<p class="cl-states" data-states="([^"]*)">.*?</p>', re.DOTALL)
CELL = "cl-states"
"""The name of the cell that holds the line at the top of an executed page."""
LONGEST = 200  # characters of a reason
WHY = ' <a href="#provenance">why, and how to make them again</a>'


@dataclass(frozen=True)
class States:
    """How many of the runs behind a page are in each state of STATES, and why, in words."""

    counts: Mapping[str, int]
    reasons: Mapping[tuple[str, str], int]  # (state, why) -> runs
    copies: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Key of an encoder or tagger -> hash of its weights -> runs that start from them, where these
    are not the same weights for all runs."""

    @property
    def line(self) -> str:
        """The states as one line of text."""
        if not self.counts:
            return "no runs"
        return ", ".join(f"{number} {name}" for name, number in self.counts.items())

    def html(self) -> str:
        """The line of badges, which also holds the counts for `said` to read."""
        data = escape(json.dumps(dict(self.counts)), quote=True)
        badges = " ".join(
            _current(number) if name == "current" else badge(f"{number} {name}", STATES[name])
            for name, number in self.counts.items()
        )
        if self.copies:
            badges += f" {badge('unequal starts', COPIES)}"
        shown = badges or "none"
        return f'<p class="cl-states" data-states="{data}">Runs behind this page: {shown}</p>'

    def explained(self) -> list[str]:
        """One sentence for each state that a reader must not overlook, and each reason."""
        lines = []
        for name, number in self.counts.items():
            if name == "current":
                continue
            whys = {why: n for (each, why), n in self.reasons.items() if each == name and why}
            said = "; ".join(why if n == number else f"{n}: {why}" for why, n in whys.items())
            lines.append(f"{number} {name}: {STATES[name]}{f' ({said})' if said else ''}")
        for start, found in self.copies.items():
            runs = ", ".join(f"{n} from {weights[:8]}" for weights, n in found.items())
            lines.append(f"unequal starts: {start}, which runs start from, {COPIES} (runs: {runs})")
        return lines


def of_page(records: Mapping[str, Record | None], store: Store) -> States:
    """The states of what a page reads: its records by key, None where there is none to show."""
    older = {}
    if None in records.values():
        others = (each for each in store.records() if each["key"] not in records)
        older = superseded(others, records, store.pins)
    found = [_judged(name, record, older) for name, record in records.items()]
    counts = Counter(name for name, _ in found)
    # missing needs no reason, and a collapsed run's is its meaning
    reasons = Counter((name, why) for name, why in found if name not in ("current", "missing"))
    present = {each: counts[each] for each in STATES if counts[each]}
    return States(present, reasons, unequal_starts(records.values()))


def unequal_starts(records: Iterable[Record | None]) -> dict[str, dict[str, int]]:
    """Key of an encoder or tagger -> hash of its weights -> runs that started from them, for those
    that are not the same weights for all runs."""
    found: dict[str, Counter[str]] = {}
    for record in filter(None, records):
        for start, weights in record.get("provenance", {}).get("parents", {}).items():
            found.setdefault(start, Counter())[weights] += 1
    return {name: dict(each) for name, each in sorted(found.items()) if len(each) > 1}


def on_top(executed: nbformat.NotebookNode) -> None:
    """Repeat the line of badges, which the footer holds, below the title of an executed page.

    A page without a footer is left as it is: `unsaid` tells whether that matters.
    """
    line = next((found.group(0) for found in map(MARK.search, _outputs(executed)) if found), None)
    title = next((at for at, cell in enumerate(executed.cells) if _is_title(cell)), None)
    if line and title is not None:
        if badges_of(line):
            line = line.replace("</p>", f"{WHY}</p>")
        cell = nbformat.v4.new_markdown_cell(line, id=CELL)
        executed.cells.insert(title + 1, cell)


def said(executed: nbformat.NotebookNode) -> dict[str, int]:
    """The counts that an executed page gives at its top; none where it has no line of badges."""
    tops = (cell.source for cell in executed.cells if cell.get("id") == CELL)
    return badges_of(next(tops, ""))


def badges_of(html: str) -> dict[str, int]:
    """The counts of the first line of badges in a text; none where there is no line."""
    found = MARK.search(html)
    return json.loads(unescape(found.group(1))) if found else {}


def unsaid(profile: str, stage: Path) -> list[str]:
    """What staged pages do not say at their top of the records that they show, worked out anew.

    One sentence for each page whose plan has runs in a state other than current that its badges
    do not count, or miscount.
    """
    faults = []
    for name in notebooks.names():
        page = stage / "notebooks" / f"{name}.ipynb"
        if not page.is_file():
            continue
        store = Store(profile)
        records = notebooks.stored(notebooks.plan(name, profile), store)
        there = of_page(records, store).counts
        told = said(nbformat.read(page, as_version=4))
        for each in STATES:
            if each != "current" and there.get(each, 0) != told.get(each, 0):
                faults.append(
                    f"page {name}: {there.get(each, 0)} runs are {each}, "
                    f"and its badges say {told.get(each, 0)}"
                )
    return faults


def _judged(name: str, record: Record | None, older: Mapping[str, Record]) -> tuple[str, str]:
    found, why = judged(name, record, older)
    # a run that is drifted and collapsed counts as drifted: that it collapsed, its cell says
    if found == "current" and state(record) == "collapsed":
        return "collapsed", ""
    return found, why if len(why) <= LONGEST else f"{why[:LONGEST]} ..."


def _current(number: int) -> str:
    return f'<span class="cl-current">{number} current</span>'


def _is_title(cell: nbformat.NotebookNode) -> bool:
    return cell.cell_type == "markdown" and cell.source.startswith("# ")


def _outputs(executed: nbformat.NotebookNode):
    """The HTML of all outputs, the last first."""
    for cell in reversed(executed.cells):
        for output in cell.get("outputs", ()):
            yield "".join(output.get("data", {}).get("text/html", ""))

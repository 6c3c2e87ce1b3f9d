"""Cells on a page: the HTML of a Cell, with every run's value and name at hand."""

from html import escape

from clinlib.studies.cells import Cell, Record, cell, number, state

__all__ = ["Cell", "Record", "badge", "cell", "html", "number", "state"]


def html(entry: Cell) -> str:
    """The cell as HTML: its number, a dagger where training had not settled, and its state."""
    parts = []
    if entry.number:
        runs = "; ".join(f"{value:z.{entry.digits + 1}f}" for value in entry.values)
        mark = ""
        if entry.unsettled:
            names = escape(", ".join(entry.unsettled), quote=True)
            mark = f'<sup title="the best development score is the last one: {names}">†</sup>'
        shown = escape(entry.number).replace(" ± ", "&nbsp;±&nbsp;")
        parts.append(f'<span class="cl-number" title="runs: {runs}">{shown}</span>{mark}')
    if entry.state or not parts:
        parts.append(badge(entry.state or "missing", ", ".join(entry.collapsed)))
    return "<br>".join(parts)


def badge(text: str, title: str = "") -> str:
    """A small label for a state that a reader must not overlook."""
    hint = f' title="{escape(title, quote=True)}"' if title else ""
    return f'<span class="cl-state"{hint}>{escape(text)}</span>'

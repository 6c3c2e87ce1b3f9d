"""Tables: a DataFrame as accessible HTML with a caption, and as CSV to download.

The CSV travels inside the page as a data link, so that it works from a file and without network.
"""

import base64
import io
import numbers
import re
from dataclasses import dataclass, replace
from html import escape

import pandas as pd

from clinlib.errors import ClinlibError
from clinlib.report.cells import Cell, badge, html

WORDY = 24
"""Characters from which on a text has a column that is not as narrow as its longest word."""


@dataclass(frozen=True)
class Link:
    """An entry that leads elsewhere: its text, and an address relative to the page."""

    text: str
    href: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False)
class Table:
    """A captioned table; shows itself in a notebook and in the book.

    `name` is a slug, unique on its page: the anchor and the file name of the download.
    """

    frame: pd.DataFrame
    name: str
    caption: str
    note: str = ""
    digits: int = 1
    index: bool = True

    def csv(self) -> str:
        """The table as CSV: a column of cells becomes value, low, high, n and state."""
        text = io.StringIO()
        flat = flatten(self.frame)
        flat.to_csv(text, index=self.index, lineterminator="\n")
        return text.getvalue()

    def __str__(self) -> str:
        return f"{self.caption}\n{self.frame.map(self._text).to_string(index=self.index)}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        frame, constant = lean(self.frame)
        if constant:
            return replace(self, frame=frame, note=f"{constant} {self.note}".strip())._html(self)
        return self._html(self)

    def _html(self, whole: "Table") -> str:
        """The table's HTML; what can be downloaded is `whole`, with every level of its rows."""
        note = f'<p class="cl-note">{escape(self.note)}</p>' if self.note else ""
        link = download_link(whole.csv(), f"{self.name}.csv", "text/csv", "CSV")
        return (
            f'<div class="cl-table" id="{escape(self.name, quote=True)}">'
            f'<div class="cl-scroll" tabindex="0" role="region" '
            f'aria-label="{escape(self.caption, quote=True)}">'
            f'<table class="table"><caption>{escape(self.caption)}</caption>'
            f"{self._head()}{self._body()}</table></div>"
            f'{note}<p class="cl-downloads">Download: {link}</p></div>'
        )

    def _head(self) -> str:
        columns = self.frame.columns
        depth = columns.nlevels
        rows = []
        for level in range(depth):
            cells = []
            if self.index:
                names = self.frame.index.names
                for name in names:
                    text = escape(str(name or "")) if level == depth - 1 else ""
                    cells.append(f'<th scope="col">{text}</th>' if text else "<td></td>")
            place = 0
            for label, width in _runs(columns.get_level_values(level), level < depth - 1):
                span = f' colspan="{width}"' if width > 1 else ""
                scope = "colgroup" if width > 1 else "col"
                right = ' class="cl-right"' if width == 1 and self._holds_numbers(place) else ""
                place += width
                cells.append(
                    f'<th scope="{scope}"{span}{right}>{_breakable(escape(str(label)))}</th>'
                )
            rows.append(f"<tr>{''.join(cells)}</tr>")
        return f"<thead>{''.join(rows)}</thead>"

    def _body(self) -> str:
        rows = []
        heads = self._row_heads() if self.index else [""] * len(self.frame)
        for head, row in zip(heads, self.frame.itertuples(index=False), strict=True):
            rows.append(f"<tr>{head}{''.join(self._cell(entry) for entry in row)}</tr>")
        return f"<tbody>{''.join(rows)}</tbody>"

    def _row_heads(self) -> list[str]:
        """The header cells of each row: equal neighbours of an outer level share one cell."""
        index = self.frame.index
        labels = [label if isinstance(label, tuple) else (label,) for label in index]
        heads = [""] * len(labels)
        for level in range(index.nlevels):
            last = level == index.nlevels - 1
            # a label continues only within the same labels of the levels before it
            for at, run in _starts([label[: level + 1] for label in labels], merge=not last):
                span = f' rowspan="{run}"' if run > 1 else ""
                scope = "row" if last else "rowgroup"
                text = _breakable(escape(str(labels[at][level])))
                heads[at] += f'<th scope="{scope}"{span}>{text}</th>'
        return heads

    def _holds_numbers(self, place: int) -> bool:
        entries = [entry for entry in self.frame.iloc[:, place] if entry is not None]
        return all(
            isinstance(entry, Cell | numbers.Number) and not isinstance(entry, bool)
            for entry in entries
        )

    def _cell(self, entry: object) -> str:
        if isinstance(entry, Cell):
            return f'<td class="cl-right"{_sorts_by(entry.value)}>{html(entry)}</td>'
        if isinstance(entry, tuple):
            links = (f'<a href="{escape(e.href, quote=True)}">{escape(e.text)}</a>' for e in entry)
            return f"<td>{' '.join(links)}</td>"
        text = self._text(entry)
        if text == "missing":
            return f'<td class="cl-right"{_sorts_by(None)}>{badge(text)}</td>'
        if isinstance(entry, numbers.Number) and not isinstance(entry, bool):
            return f'<td class="cl-right"{_sorts_by(entry)}>{escape(text)}</td>'
        wide = ' class="cl-text"' if len(text) > WORDY else ""
        return f"<td{wide}>{escape(text)}</td>"

    def _text(self, entry: object) -> str:
        if isinstance(entry, Cell):
            return str(entry)
        if isinstance(entry, tuple):
            return " ".join(map(str, entry))
        if isinstance(entry, (bool, str)):
            return {True: "yes", False: "no"}.get(entry, entry)
        if entry is None or pd.isna(entry):
            return "missing"
        if isinstance(entry, numbers.Integral):
            return f"{entry:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
        if isinstance(entry, numbers.Real):
            return f"{entry:z.{self.digits}f}"
        return str(entry)


def _sorts_by(value: float | None) -> str:
    """The attribute that book/_static/tables.js sorts by: empty where there is no value."""
    return f' data-value="{"" if value is None else format(float(value), ".10g")}"'


def _breakable(text: str) -> str:
    """HTML whose long names may be broken where their parts meet."""
    return re.sub(r"(_|:|&gt;|\+|/)(?=\w)", r"\1<wbr>", text)


def table(
    frame: pd.DataFrame,
    *,
    name: str,
    caption: str,
    note: str = "",
    digits: int = 1,
    index: bool = True,
) -> Table:
    """A table to show: entries are Cells, numbers, strings, tuples of Links; None and NaN read
    "missing".

    Raises ClinlibError for a name that cannot be an anchor and a file name.
    """
    return Table(frame, slug(name), caption, note, digits, index)


def lean(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The frame without outer row levels that hold one value only, and a sentence on those.

    >>> index = pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["corpus", "seed"])
    >>> lean(pd.DataFrame({"F1": [70.0, 72.0]}, index=index))[1]
    'All rows: corpus a.'
    """
    index = frame.index
    outer = range(index.nlevels - 1) if len(frame) > 1 else ()
    same = [level for level in outer if index.get_level_values(level).nunique() == 1]
    if not same:
        return frame, ""
    said = ", ".join(f"{index.names[level]} {index[0][level]}" for level in same)
    return frame.droplevel(same), f"All rows: {said}."


def flatten(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame without Cells: each column holding some becomes value, low, high, n, state."""
    columns: dict[str, pd.Series] = {}
    for position, label in enumerate(frame.columns):
        name = " ".join(map(str, label)) if isinstance(label, tuple) else str(label)
        column = frame.iloc[:, position]
        if not any(isinstance(entry, Cell) for entry in column):
            linked = any(isinstance(entry, tuple) for entry in column)
            columns[name] = column.map(_plain) if linked else column
            continue
        parts = {"": "value", " low": "low", " high": "high", " n": "n", " state": "state"}
        for suffix, field in parts.items():
            taken = [_part(entry, field) for entry in column]
            kind = {"state": object, "n": "Int64"}.get(field, float)
            columns[name + suffix] = pd.Series(taken, index=frame.index, dtype=kind)
    return pd.DataFrame(columns, index=frame.index)


def _part(entry: object, field: str) -> object:
    """A part of a Cell; beside Cells a number is a value, and a text says what is there instead."""
    if isinstance(entry, Cell):
        return getattr(entry, field)
    if isinstance(entry, str):
        return entry if field == "state" else None
    return entry if field == "value" else None


def _plain(entry: object) -> object:
    """An entry as a CSV holds it: links by their text."""
    return " ".join(map(str, entry)) if isinstance(entry, tuple) else entry


def markdown(text: str):
    """Text for a notebook to show as Markdown: findings that quote numbers of the run.

    Nothing where there is no text, which would show as the name of an object.
    """
    from IPython.display import Markdown

    return Markdown(text) if text.strip() else None


def download_link(content: str, file: str, kind: str, label: str) -> str:
    """HTML link that saves `content` as a file, with no server and no network."""
    data = base64.b64encode(content.encode("utf-8")).decode("ascii")
    return (
        f'<a class="cl-download" download="{escape(file, quote=True)}" '
        f'href="data:{kind};charset=utf-8;base64,{data}">{escape(label)}</a>'
    )


def slug(name: str) -> str:
    """The name itself, if it can be an anchor and a file name; raises ClinlibError if not."""
    if not name or not all(char.isascii() and (char.isalnum() or char in "-_") for char in name):
        raise ClinlibError(f"'{name}' cannot name a file: use letters, digits, - and _")
    return name


def _starts(labels: list[tuple], merge: bool) -> list[tuple[int, int]]:
    """(place, length) of each run of equal neighbours, or of each label alone."""
    starts, at = [], 0
    for _, length in _runs(labels, merge):
        starts.append((at, length))
        at += length
    return starts


def _runs(labels, merge: bool) -> list[tuple[object, int]]:
    """Neighbouring equal labels with their number, or each alone."""
    runs: list[tuple[object, int]] = []
    for label in labels:
        if merge and runs and runs[-1][0] == label:
            runs[-1] = (label, runs[-1][1] + 1)
        else:
            runs.append((label, 1))
    return runs

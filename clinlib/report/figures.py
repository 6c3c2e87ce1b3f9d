"""Figures: matplotlib drawings as inline SVG that follow the page's light or dark theme.

Text and axes are drawn in a placeholder ink that becomes `currentColor` on the page and black on
white in the file to download. The same data give the same bytes.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MplFigure

from clinlib.report.cells import Cell
from clinlib.report.tables import download_link, flatten, slug

INK = "#010203"
"""Ink of text, axes and annotations; replaced when the figure is written."""

COLOURS = ["#308ed4", "#f75d3c", "#6a916d", "#a54a7b", "#847200", "#7672ec", "#c14b40", "#406ca3"]
"""A cycle of mid tones, legible on white and on black, that readers with any one kind of cone
missing tell apart, the first four best; no drawing says anything by colour alone."""

MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]
HATCHES = ["", "///", "...", "\\\\\\", "xxx", "---", "+++", "ooo"]
SEQUENTIAL = "viridis"

STYLE = {
    "figure.dpi": 100,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "savefig.transparent": True,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": mpl.cycler(color=COLOURS),
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.18,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "path",
    "svg.image_inline": True,
    **dict.fromkeys(
        [
            "text.color",
            "axes.edgecolor",
            "axes.labelcolor",
            "axes.titlecolor",
            "xtick.color",
            "ytick.color",
            "grid.color",
            "legend.labelcolor",
        ],
        INK,
    ),
}


@dataclass(frozen=True, eq=False)
class Figure:
    """A drawn figure with its alternative text; shows itself in a notebook and in the book."""

    svg: str
    name: str
    alt: str
    caption: str
    data: pd.DataFrame | None = None

    def file(self) -> str:
        """The SVG to download: black on white, whatever the page's theme."""
        text = self.svg.replace(INK, "#000000")
        ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
        return re.sub(r"(<svg\b[^>]*>)", rf"\1{ground}", text, count=1)

    def __repr__(self) -> str:
        return f"Figure {self.name}: {self.alt}"

    def _repr_html_(self) -> str:
        links = [download_link(self.file(), f"{self.name}.svg", "image/svg+xml", "SVG")]
        if self.data is not None:
            text = flatten(self.data).to_csv(lineterminator="\n")
            links.append(download_link(text, f"{self.name}.csv", "text/csv", "CSV"))
        return (
            f'<figure class="cl-figure" id="{self.name}">'
            f'<div class="cl-drawing">{self._inline()}</div>'
            f"<figcaption>{escape(self.caption)}"
            f'<span class="cl-downloads">Download: {", ".join(links)}</span>'
            f"</figcaption></figure>"
        )

    def _inline(self) -> str:
        body = self.svg[self.svg.index("<svg") :].replace(INK, "currentColor")
        body = re.sub(r"<metadata>.*?</metadata>", "", body, count=1, flags=re.S)
        # the style block would reach the whole page: its rules move to the root element
        body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, count=1, flags=re.S)
        # ids are those of a page: two figures must not share one
        body = re.sub(r'\bid="([^"]+)"', rf'id="{self.name}-\1"', body)
        body = re.sub(r'href="#([^"]+)"', rf'href="#{self.name}-\1"', body)
        body = re.sub(r"url\(#([^)]+)\)", rf"url(#{self.name}-\1)", body)
        alt = escape(self.alt, quote=True)
        # a blank line would end the HTML block where the page is read as Markdown
        body = re.sub(r"\n\s*\n", "\n", body)
        # a narrow screen scrolls a drawing sideways before its letters are too small to read
        width = re.search(r'<svg [^>]*?\bwidth="([^"]+)"', body)[1]
        style = f"stroke-linejoin:round;stroke-linecap:butt;--cl-width:{width}"
        root = f'role="img" aria-label="{alt}" style="{style}"'
        return body.replace("<svg ", f"<svg {root} ", 1)


def new(width: float = 6.4, height: float = 3.6, **subplots) -> tuple[MplFigure, Axes]:
    """A figure and its axes in the project's style; `width` and `height` in inches.

    Further arguments are those of `Figure.subplots` (nrows, sharey ...). No pyplot state.
    """
    with mpl.rc_context(STYLE):
        drawing = MplFigure(figsize=(width, height), layout="constrained")
        axes = drawing.subplots(**subplots)
    return drawing, axes


def figure(
    drawing: MplFigure,
    *,
    name: str,
    alt: str,
    caption: str,
    data: pd.DataFrame | None = None,
) -> Figure:
    """The drawing to show: `alt` says in a sentence what it shows, `data` is offered as CSV.

    Raises ClinlibError for a name that cannot be an anchor and a file name.
    """
    text = io.StringIO()
    with mpl.rc_context(STYLE | {"svg.hashsalt": slug(name)}):
        drawing.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return Figure(text.getvalue(), name, alt, caption, data)


def bars(axes: Axes, cells: Mapping[str, Cell], *, colour: str | None = None) -> None:
    """Horizontal bars with intervals, first label on top; a cell without a value is written out."""
    names = list(cells)
    with mpl.rc_context(STYLE):
        for row, name in enumerate(names):
            here = cells[name]
            if here.value is None:
                axes.text(0, row, f" {here}", va="center", style="italic", color=INK)
                continue
            axes.barh(row, here.value, height=0.6, color=colour or COLOURS[0])
            if here.low is not None:
                spread = [[here.value - here.low], [here.high - here.value]]
                axes.errorbar(here.value, row, xerr=spread, color=INK, capsize=3, lw=1.2)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(axis="y", visible=False)


def heatmap(
    axes: Axes,
    matrix,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    share: bool = True,
    digits: int = 2,
) -> None:
    """A labelled matrix, such as a confusion matrix (rows: gold), its numbers in legible ink.

    With `share`, rows are divided by their sums (an empty row stays zero); else values are shown
    as they are.
    """
    values = np.asarray(matrix, dtype=float)  # (rows, columns)
    if share:
        sums = values.sum(axis=1, keepdims=True)
        values = np.divide(values, sums, out=np.zeros_like(values), where=sums > 0)
    top = values.max(initial=0.0) or 1.0
    with mpl.rc_context(STYLE):
        axes.imshow(values, cmap=SEQUENTIAL, vmin=0, vmax=top, aspect="auto")
        axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right")
        axes.set_yticks(range(len(rows)), rows)
        axes.grid(visible=False)
        if values.size > 900:
            return
        for (row, column), value in np.ndenumerate(values):
            if value:
                text = f"{value:.{digits}f}" if share else f"{value:g}"
                ink = "#000000" if value > 0.6 * top else "#ffffff"
                axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=7)

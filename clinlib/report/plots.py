"""Drawings that several pages share: differences with intervals, learning curves, counts."""

from collections.abc import Collection, Mapping, Sequence
from statistics import median
from textwrap import wrap

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from clinlib.report.cells import Cell
from clinlib.report.figures import COLOURS, HATCHES, INK, MARKERS, STYLE

WIDEST = 34  # characters of a label's line
DIVERGING = "PuOr"  # told apart by colour-blind readers


def forest(axes: Axes, cells: Mapping[str, Cell], *, xlabel: str) -> None:
    """Differences as points with intervals around a line at zero, first label on top.

    A cell without a value is written out, not drawn.
    """
    names = list(cells)
    with mpl.rc_context(STYLE):
        axes.axvline(0, color=INK, lw=1)
        for row, name in enumerate(names):
            here = cells[name]
            if here.value is None:
                axes.text(0, row, f" {here}", va="center", style="italic", color=INK)
                continue
            axes.plot(here.value, row, "o", color=COLOURS[0])
            axes.plot(here.values, [row + 0.18] * here.n, ".", color=INK, alpha=0.5, ms=4)
            if here.low is not None:
                axes.plot([here.low, here.high], [row, row], color=COLOURS[0], lw=1.6)
        axes.set_yticks(range(len(names)), map(wrapped, names))
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlabel(xlabel)
        axes.grid(axis="y", visible=False)


def wrapped(label: str) -> str:
    """A label over several lines, so that long names leave room for what they label."""
    return "\n".join(wrap(label, WIDEST, break_on_hyphens=False))


def curves(
    axes: Axes, frame: pd.DataFrame, *, y: str, lines: Sequence[str], x: str = "epoch"
) -> None:
    """One thin line per seed and a thick mean per group of the columns `lines`.

    `frame` is long: columns `x`, `y`, "seed", "state" and those of `lines`. The mean ends where the
    first seed of its group does; runs whose state is not "complete" (collapsed ones) are dashed
    and stand in no mean.
    """
    with mpl.rc_context(STYLE):
        groups = frame.groupby(list(lines), sort=False)
        for place, (label, group) in enumerate(groups):
            colour = COLOURS[place % len(COLOURS)]
            by_seed = group.pivot(index=x, columns="seed", values=y)
            counted = group.groupby("seed")["state"].first() == "complete"
            for seed in by_seed:
                dash = "-" if counted[seed] else "--"
                axes.plot(by_seed.index, by_seed[seed], dash, color=colour, lw=0.8, alpha=0.5)
            mean = by_seed[counted.index[counted]].dropna().mean(axis=1)
            marker = MARKERS[place % len(MARKERS)]
            axes.plot(mean.index, mean, color=colour, marker=marker, ms=4, label=" + ".join(label))
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.xaxis.get_major_locator().set_params(integer=True)
        if len(groups):
            axes.legend(fontsize=8)


def trends(
    axes: Axes, frame: pd.DataFrame, *, x: str, y: str, series: str, mark: float | None = None
) -> None:
    """A line through the values of each series, from zero up; `mark` is a place on x to point out.

    `frame` is long: columns `x`, `y` and `series`.
    """
    with mpl.rc_context(STYLE):
        for at, (name, group) in enumerate(frame.groupby(series, sort=False)):
            colour, marker = COLOURS[at % len(COLOURS)], MARKERS[at % len(MARKERS)]
            axes.plot(group[x], group[y], color=colour, marker=marker, ms=4, label=str(name))
        if mark is not None:
            axes.axvline(mark, color=INK, lw=1, ls=":")
        axes.set_ylim(bottom=0)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.xaxis.get_major_locator().set_params(integer=True)
        if len(frame):
            axes.legend(fontsize=8)


def bands(
    axes: Axes, frame: pd.DataFrame, *, xlabel: str, ylabel: str, line: str, ceiling: Cell
) -> None:
    """A mean with its band per group of the column `line`, and a dashed line at the ceiling.

    `frame` has columns `line`, "x", "f1", "low" and "high" (None where there is no interval). A
    band that is much wider than all curves together, as of two seeds, runs off the picture.
    """
    with mpl.rc_context(STYLE):
        if ceiling.value is not None:
            axes.axhline(ceiling.value, color=INK, lw=1, ls="--", label="all data")
        for place, (name, group) in enumerate(frame.groupby(line, sort=False)):
            colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
            axes.plot(group["x"], group["f1"], color=colour, marker=marker, ms=3, label=str(name))
            spread = group.dropna(subset=["low", "high"])
            low, high = (spread[side].astype(float) for side in ("low", "high"))
            axes.fill_between(spread["x"], low, high, color=colour, alpha=0.15, lw=0)
        axes.set_xlabel(xlabel)
        axes.set_ylabel(ylabel)
        if len(frame):
            axes.legend(fontsize=7, ncols=2)
            lines = [y for line in axes.lines for y in line.get_ydata()]
            low, high = axes.get_ylim()
            room = (max(lines) - min(lines) or high - low) / 2
            axes.set_ylim(max(low, min(lines) - room), min(high, max(lines) + room))


def scatter(
    axes: Axes, x: Sequence[float], y: Sequence[float], *, xlabel: str, ylabel: str
) -> None:
    """A dot for each pair, seen through where many lie on one another."""
    with mpl.rc_context(STYLE):
        axes.plot(x, y, "o", color=COLOURS[0], ms=3, alpha=0.5, mew=0)
        axes.set_xlabel(xlabel)
        axes.set_ylabel(ylabel)


def dots(axes: Axes, frame: pd.DataFrame, *, x: str, y: str, series: str, hollow: str) -> None:
    """Every run as a dot over the values of `x`, equally spaced; a colour and marker per series.

    Dots are hollow where the frame's column `state` is `hollow`.
    """
    places = {value: place for place, value in enumerate(dict.fromkeys(frame[x]))}
    with mpl.rc_context(STYLE):
        for at, (name, group) in enumerate(frame.groupby(series, sort=False)):
            colour, marker = COLOURS[at % len(COLOURS)], MARKERS[at % len(MARKERS)]
            shift = 0.12 * (at - (frame[series].nunique() - 1) / 2)
            for filled, part in group.groupby(group["state"] != hollow):
                axes.plot(
                    [places[value] + shift for value in part[x]],
                    part[y],
                    marker,
                    color=colour,
                    mfc=colour if filled else "none",
                    label=None,
                )
            axes.plot([], [], marker, color=colour, label=str(name))
        axes.set_xticks(range(len(places)), [f"{value:g}" for value in places])
        axes.set_xlim(-0.5, len(places) - 0.5)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        if places:
            axes.legend(fontsize=8)


def gains(
    axes: Axes,
    cells: Mapping[tuple[str, str], Cell],
    *,
    boxed: Collection[tuple[str, str]] = (),
) -> None:
    """A matrix of differences by (row, column) on a scale that is even around zero.

    Colour is repeated by the number in each cell, and a cell without a value is written out;
    `boxed` cells have a frame.
    """
    rows, others = (list(dict.fromkeys(names)) for names in zip(*cells, strict=True))
    # a task that is a row and a column has the same place in both
    columns = [*(name for name in rows if name in others), *(n for n in others if n not in rows)]
    values = np.full((len(rows), len(columns)), np.nan)
    for (row, column), found in cells.items():
        if found.value is not None:
            values[rows.index(row), columns.index(column)] = found.value
    top = np.nanmax(np.abs(values), initial=1.0)
    with mpl.rc_context(STYLE):
        axes.imshow(values, cmap=DIVERGING, vmin=-top, vmax=top, aspect="auto")
        for (row, column), found in cells.items():
            place = columns.index(column), rows.index(row)
            if found.value is None:
                axes.text(*place, str(found), ha="center", va="center", fontsize=7, color=INK)
                continue
            ink = "#ffffff" if abs(found.value) > 0.6 * top else "#000000"
            text = f"{found.value:+z.1f}"
            axes.text(*place, text, ha="center", va="center", color=ink, fontsize=8)
            if (row, column) in boxed:
                corner = place[0] - 0.46, place[1] - 0.46
                axes.add_patch(Rectangle(corner, 0.92, 0.92, fill=False, ec=INK, lw=1.6))
        axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right")
        axes.set_yticks(range(len(rows)), rows)
        axes.grid(visible=False)


def grouped_bars(axes: Axes, frame: pd.DataFrame, *, xlabel: str) -> None:
    """Horizontal bars side by side: a row per index entry, a colour and hatching per column."""
    height = 0.8 / max(len(frame.columns), 1)
    with mpl.rc_context(STYLE):
        for place, column in enumerate(frame.columns):
            rows = [row + (place + 0.5) * height - 0.4 for row in range(len(frame))]
            axes.barh(
                rows,
                frame[column],
                height=height,
                color=COLOURS[place % len(COLOURS)],
                hatch=HATCHES[place % len(HATCHES)],
                hatchcolor=INK,
                label=str(column),
            )
        axes.set_yticks(range(len(frame)), list(map(str, frame.index)))
        axes.set_ylim(len(frame) - 0.5, -0.5)
        axes.set_xlabel(xlabel)
        axes.grid(axis="y", visible=False)
        # above the bars, of which some reach any place within
        axes.figure.legend(loc="outside upper left", ncols=3, fontsize=8)


def ratios(axes: Axes, pairs: Mapping[str, Sequence[float]]) -> None:
    """How many times faster: the median of each bench as a bar, its pairs as dots; 1 is equal."""
    names = list(pairs)
    with mpl.rc_context(STYLE):
        for row, name in enumerate(names):
            axes.barh(row, median(pairs[name]), height=0.5, color=COLOURS[0], alpha=0.7)
            axes.plot(pairs[name], [row] * len(pairs[name]), "o", color=INK, ms=4)
        axes.axvline(1, color=INK, lw=1)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
        axes.set_xlabel("times as fast")
        axes.grid(axis="y", visible=False)

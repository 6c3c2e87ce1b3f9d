"""Plots draw what their numbers say: values, intervals and means read back from the axes."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from clinlib.report import figures, plots, tables
from clinlib.studies.cells import Cell


@pytest.fixture
def axes():
    return figures.new()[1]


def lines(axes):
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in axes.get_lines()]


def texts(axes):
    return [text.get_text().strip() for text in axes.texts]


CELLS = {"a": Cell.of([3.0, 5.0]), "b": Cell(missing=2), "c": Cell.of([-2.0])}


def test_bars_have_their_values_and_intervals_and_write_out_what_is_missing(axes):
    figures.bars(axes, CELLS)
    assert [bar.get_width() for bar in axes.patches] == [4.0, -2.0]
    assert [bar.get_y() + bar.get_height() / 2 for bar in axes.patches] == [0, 2]
    (interval,) = axes.collections  # one run has none
    (ends,) = interval.get_segments()
    assert [x for x, _ in ends] == pytest.approx([CELLS["a"].low, CELLS["a"].high])
    assert texts(axes) == ["missing (2)"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]


def test_a_forest_shows_every_run_its_mean_and_its_interval_around_zero(axes):
    plots.forest(axes, CELLS, xlabel="points")
    found = lines(axes)
    assert found[0][0] == [0, 0]
    assert ([4.0], [0]) in found and ([-2.0], [2]) in found
    assert ([3.0, 5.0], [0.18, 0.18]) in found
    assert ([CELLS["a"].low, CELLS["a"].high], [0, 0]) in found
    assert texts(axes) == ["missing (2)"]
    first, last = axes.get_ylim()
    assert first > last, "the first label is on top"


def points(runs):
    """Long rows of (seed, state, dev F1 of each epoch) for one encoder."""
    return pd.DataFrame(
        [
            {"encoder": "tiny", "head": "crf", "seed": seed, "state": state, "epoch": at, "f1": f1}
            for seed, state, curve in runs
            for at, f1 in enumerate(curve, start=1)
        ]
    )


def test_a_mean_curve_leaves_out_collapsed_runs_and_ends_with_the_shortest(axes):
    runs = [(1, "complete", [10, 20, 30]), (2, "complete", [30, 40]), (3, "collapsed", [0, 0, 0])]
    plots.curves(axes, points(runs), y="f1", lines=["encoder", "head"])
    mean = next(line for line in axes.get_lines() if line.get_label() == "tiny + crf")
    assert (list(mean.get_xdata()), list(mean.get_ydata())) == ([1, 2], [20, 30])
    dashed = [list(line.get_ydata()) for line in axes.get_lines() if line.get_linestyle() == "--"]
    assert dashed == [[0, 0, 0]]


def test_no_runs_draw_no_curve_and_no_legend(axes):
    plots.curves(axes, points([(1, "complete", [1])])[:0], y="f1", lines=["encoder", "head"])
    assert lines(axes) == [] and axes.get_legend() is None


def test_dots_are_hollow_for_the_state_that_is_named_and_keep_their_place(axes):
    frame = pd.DataFrame(
        {
            "rate": [0.1, 0.1, 0.5],
            "f1": [60.0, 0.0, 50.0],
            "head": ["crf", "crf", "softmax"],
            "state": ["complete", "collapsed", "complete"],
        }
    )
    plots.dots(axes, frame, x="rate", y="f1", series="head", hollow="collapsed")
    drawn = {
        (round(x), y): line.get_markerfacecolor() == "none"
        for line in axes.get_lines()
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    }
    assert drawn == {(0, 60.0): False, (0, 0.0): True, (1, 50.0): False}
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.1", "0.5"]
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["crf", "softmax"]


def test_grouped_bars_stand_in_their_row_and_column(axes):
    frame = pd.DataFrame({"train": [1.0, 2.0], "test": [3.0, 4.0]}, index=["x", "y"])
    plots.grouped_bars(axes, frame, xlabel="percent")
    drawn = {round(bar.get_y() + bar.get_height() / 2, 1): bar.get_width() for bar in axes.patches}
    assert drawn == {-0.2: 1.0, 0.8: 2.0, 0.2: 3.0, 1.2: 4.0}


def test_grouped_bars_are_told_apart_without_colour(axes):
    columns = list(map(str, range(8)))
    plots.grouped_bars(axes, pd.DataFrame([[1.0] * 8], columns=columns), xlabel="percent")
    assert len({bar.get_hatch() or "" for bar in axes.patches}) == 8
    handles = axes.figure.legends[0].get_patches()
    assert [each.get_hatch() for each in handles] == [each.get_hatch() for each in axes.patches]


def test_the_legend_of_grouped_bars_hides_none_of_them():
    drawing, axes = figures.new(height=6)
    frame = pd.DataFrame(
        100.0, index=["A_LONG_NAME_OF_A_TYPE"] * 9, columns=list(map(str, range(7)))
    )
    plots.grouped_bars(axes, frame, xlabel="percent")
    drawing.draw_without_rendering()
    legend = drawing.legends[0].get_window_extent()
    assert not legend.overlaps(axes.get_window_extent())
    assert drawing.bbox.contains(*legend.min) and drawing.bbox.contains(*legend.max)


def test_ratios_show_the_median_and_every_pair(axes):
    plots.ratios(axes, {"crf": [2.0, 9.0, 3.0]})
    assert [bar.get_width() for bar in axes.patches] == [3.0]
    assert ([2.0, 9.0, 3.0], [0, 0, 0]) in lines(axes)


def test_a_heatmap_shows_shares_of_each_row_and_writes_out_none_that_is_zero(axes):
    figures.heatmap(axes, [[3, 1], [0, 0]], ["O", "B"], ["O", "B"])
    assert axes.images[0].get_array().tolist() == [[0.75, 0.25], [0, 0]]
    assert texts(axes) == ["0.75", "0.25"]


def test_a_heatmap_of_values_shows_them_as_they_are(axes):
    figures.heatmap(axes, [[3, 1.5]], ["F1"], ["a", "b"], share=False)
    assert axes.images[0].get_array().tolist() == [[3, 1.5]]
    assert texts(axes) == ["3", "1.5"]


def luminance(colour):
    """WCAG 2's relative luminance of a colour."""
    parts = np.array(to_rgb(colour))
    parts = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return parts @ [0.2126, 0.7152, 0.0722]


def test_numbers_in_a_heatmap_stand_out_from_their_ground(axes):
    values = np.linspace(0.02, 1, 25)
    figures.heatmap(axes, [values], ["F1"], list(map(str, values)), share=False)
    grounds = mpl.colormaps[figures.SEQUENTIAL](values)
    for text, ground in zip(axes.texts, grounds, strict=True):
        low, high = sorted([luminance(text.get_color()), luminance(ground[:3])])
        assert (high + 0.05) / (low + 0.05) > 2.9, text.get_text()


def test_a_matrix_of_gains_has_rows_and_columns_in_one_order_and_frames_what_is_predicted():
    cells = {
        ("a", "b"): Cell.of([1.0, 3.0]),
        ("a", "c"): Cell.of([-4.0]),
        ("b", "c"): Cell(missing=2),
        ("b", "a"): Cell.of([0.5]),
        ("c", "a"): Cell.of([0.0]),
    }
    drawing, axes = figures.new()
    plots.gains(axes, cells, boxed={("a", "b")})
    assert [t.get_text() for t in axes.get_xticklabels()] == ["a", "b", "c"]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["a", "b", "c"]
    said = {(t.get_position()[1], t.get_position()[0]): t.get_text() for t in axes.texts}
    assert said == {
        (0, 1): "+2.0",
        (0, 2): "-4.0",
        (1, 2): "missing (2)",
        (1, 0): "+0.5",
        (2, 0): "+0.0",
    }
    (frame,) = axes.patches
    assert (frame.get_x() + 0.46, frame.get_y() + 0.46) == (1, 0)
    assert axes.images[0].get_clim() == (-4.0, 4.0), "zero is in the middle of the scale"


def test_long_labels_are_broken_over_lines_and_nothing_of_them_is_lost():
    label = "pretrained:synthetic_en_shifted>synthetic_en_letters − pretrained:synthetic_en_shifted"
    lines = plots.wrapped(label).split("\n")
    assert max(map(len, lines)) <= plots.WIDEST
    assert "".join(lines).replace(" ", "") == label.replace(" ", "")
    assert plots.wrapped("no context") == "no context"


def test_an_empty_text_shows_nothing():
    assert tables.markdown(" ") is None
    assert tables.markdown("a").data == "a"


def test_trends_go_through_their_values_from_zero_up(axes):
    frame = pd.DataFrame(
        {"runs": [2, 3, 2, 3], "F1": [4.0, 3.0, 6.0, 5.0], "test": ["a", "a", "b", "b"]}
    )
    plots.trends(axes, frame, x="runs", y="F1", series="test", mark=3)
    assert lines(axes)[:2] == [([2, 3], [4.0, 3.0]), ([2, 3], [6.0, 5.0])]
    assert lines(axes)[2][0] == [3, 3]
    assert axes.get_ylim()[0] == 0
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]


def test_bands_have_a_mean_a_band_and_the_ceiling(axes):
    frame = pd.DataFrame(
        [
            ("a", 10.0, 40.0, 35.0, 45.0),
            ("a", 20.0, 50.0, 44.0, 56.0),
            ("b", 10.0, 30.0, None, None),
        ],
        columns=["strategy", "x", "f1", "low", "high"],
    )
    top = Cell.of([60.0])
    plots.bands(axes, frame, xlabel="x", ylabel="F1", line="strategy", ceiling=top)
    drawn = lines(axes)
    assert drawn[0][1] == [60.0, 60.0]
    assert drawn[1:] == [([10.0, 20.0], [40.0, 50.0]), ([10.0], [30.0])]
    corners = {tuple(point) for point in axes.collections[0].get_paths()[0].vertices}
    assert {(10.0, 35.0), (10.0, 45.0), (20.0, 44.0), (20.0, 56.0)} <= corners
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["all data", "a", "b"]


@pytest.mark.parametrize("f1", [[10.0, 30.0], [20.0, 20.0]])
def test_a_band_of_two_seeds_does_not_flatten_the_curves(axes, f1):
    frame = pd.DataFrame({"strategy": "random", "x": [10.0, 20.0], "f1": f1})
    frame["low"], frame["high"] = frame["f1"] - 300, frame["f1"] + 1
    top = Cell(missing=1)
    plots.bands(axes, frame, xlabel="x", ylabel="F1", line="strategy", ceiling=top)
    low, high = axes.get_ylim()
    if f1[0] < f1[1]:
        assert low == pytest.approx(0) and 31 < high < 46
    assert low < min(f1) and max(f1) < high


def test_bands_of_nothing_draw_nothing(axes):
    frame = pd.DataFrame(columns=["strategy", "x", "f1", "low", "high"])
    plots.bands(axes, frame, xlabel="x", ylabel="F1", line="strategy", ceiling=Cell(missing=1))
    assert not axes.get_lines() and axes.get_legend() is None


def test_a_scatter_has_a_dot_for_each_pair_and_names_its_axes(axes):
    plots.scatter(axes, pd.Series([0.0, 2.0]), [5.0, -1.0], xlabel="true", ylabel="predicted")
    assert lines(axes) == [([0.0, 2.0], [5.0, -1.0])]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("true", "predicted")

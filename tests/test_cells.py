"""Cells of tables: values with intervals, or the reason why there is none; never NaN."""

import math
import re
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clinlib.errors import ClinlibError
from clinlib.report import cells, figures, tables
from clinlib.studies.cells import Cell, cell, number

F1 = "scores.test.strict.f1"


def record(f1, seed=0, status="complete", flags=()):
    return {
        "key": f"k{seed}",
        "status": status,
        "configuration": {"seed": seed},
        "flags": list(flags),
        "scores": {"test": {"strict": {"f1": f1}}},
    }


@given(st.lists(st.floats(0, 100), min_size=2, max_size=10))
def test_the_interval_is_students(values):
    made = Cell.of(values)
    low, high = stats.t.interval(
        0.95, len(values) - 1, loc=sum(values) / len(values), scale=stats.sem(values) or 1e-300
    )
    assert made.low == pytest.approx(low, abs=1e-6)
    assert made.high == pytest.approx(high, abs=1e-6)


def test_one_run_has_no_interval():
    assert str(cell([record(80)], F1)) == "80.0 (1)"


def test_two_runs_have_value_interval_and_number():
    assert str(cell([record(80, 0), record(82, 1)], F1)) == "81.0 ± 12.7 (2)"


def test_what_rounds_to_nothing_has_no_sign():
    made = Cell.of([-0.04, 0.02], interval=(-0.04, 0.03))
    assert str(made) == "0.0 ± 0.0 (2)"
    assert "-0.00" not in cells.html(replace(made, values=(-0.004,)))


def test_an_asymmetric_interval_is_written_out():
    assert str(Cell.of([80, 82, 84], interval=(81.5, 82.8))) == "82.0 [81.5, 82.8] (3)"


def test_collapsed_runs_are_named_and_not_averaged():
    made = cell([record(80, 0), record(0, 3, flags=["collapsed"])], F1)
    assert made.value == 80
    assert str(made) == "80.0 (1), collapsed: seed 3"


def test_only_collapsed_runs_give_no_value():
    made = cell([record(0, seed, flags=["collapsed"]) for seed in (0, 1)], F1)
    assert made.value is None
    assert str(made) == "collapsed: seed 0, seed 1"


def test_missing_and_failed_runs_are_counted():
    made = cell([None, record(None, 1, status="failed"), record(70, 2)], F1)
    assert str(made) == "70.0 (1), failed, missing"
    assert str(cell([None, None], F1)) == "missing (2)"
    assert str(cell([], F1)) == "missing"


@pytest.mark.parametrize("bad", [math.nan, math.inf, "0.8", True])
def test_what_is_no_finite_number_is_an_error(bad):
    with pytest.raises(ClinlibError, match="not a finite number"):
        cell([record(bad)], F1)
    with pytest.raises(ClinlibError, match="not a finite number"):
        number(record(bad), F1)
    with pytest.raises(ClinlibError, match="not a finite number"):
        Cell.of([bad])


def test_a_run_whose_best_epoch_is_the_last_has_a_dagger():
    made = cell([record(80, 4, flags=["best_is_last"])], F1)
    assert made.unsettled == ("seed 4",)
    assert "†" in cells.html(made) and "seed 4" in cells.html(made)


def test_a_table_never_shows_nan():
    frame = pd.DataFrame({"F1": [cell([], F1), None], "loss": [1.234, math.nan]})
    made = tables.table(frame, name="scores", caption="Scores")
    assert "nan<" not in made._repr_html_().lower()
    assert made._repr_html_().count("missing") == 3
    assert "NaN" not in str(made)


def test_the_csv_holds_value_interval_number_and_state():
    frame = pd.DataFrame(
        {"F1": [Cell.of([80, 82]), Cell(failed=1)]}, index=pd.Index(["a", "b"], name="encoder")
    )
    lines = tables.table(frame, name="scores", caption="Scores").csv().splitlines()
    assert lines[0] == "encoder,F1,F1 low,F1 high,F1 n,F1 state"
    assert lines[1].startswith("a,81.0,68.29") and lines[1].endswith(",2,")
    assert lines[2] == "b,,,,0,failed"


def test_the_csv_keeps_what_stands_beside_cells():
    column = [Cell.of([80, 82]), "not within 30 % (2 of 3)", 7, None]
    frame = pd.DataFrame({"F1": column}, index=pd.Index(list("abcd"), name="encoder"))
    lines = tables.table(frame, name="scores", caption="Scores").csv().splitlines()
    assert lines[2:] == ["b,,,,,not within 30 % (2 of 3)", "c,7.0,,,,", "d,,,,,"]


def test_a_table_has_a_caption_and_scoped_headings():
    frame = pd.DataFrame({"<F1>": ["a & b"]}, index=pd.Index(["x"], name="encoder"))
    html = tables.table(frame, name="scores", caption="A < B")._repr_html_()
    assert "<caption>A &lt; B</caption>" in html
    assert '<th scope="col">&lt;F1&gt;</th>' in html and '<th scope="row">x</th>' in html
    assert "a &amp; b" in html and 'download="scores.csv"' in html


def test_a_name_that_is_no_file_name_is_refused():
    with pytest.raises(ClinlibError, match="cannot name a file"):
        tables.table(pd.DataFrame(), name="../x", caption="")


def drawn(name="f"):
    drawing, axes = figures.new()
    figures.bars(axes, {"a": Cell.of([1, 2]), "b": Cell(missing=1)})
    return figures.figure(drawing, name=name, alt="Two <bars>", caption="Bars")


def test_the_same_data_give_the_same_figure():
    assert drawn().svg == drawn().svg


def test_a_figure_has_alternative_text_and_follows_the_theme():
    html = drawn()._repr_html_()
    assert 'role="img" aria-label="Two &lt;bars&gt;"' in html
    assert "currentColor" in html and figures.INK not in html
    assert "<style" not in html and "\n\n" not in html


def test_ids_of_two_figures_on_a_page_differ():
    ids = [set(re.findall(r'\bid="([^"]+)"', drawn(name)._repr_html_())) for name in ("f", "g")]
    assert ids[0] and not ids[0] & ids[1]


def test_the_figure_to_download_is_black_on_white():
    text = drawn().file()
    assert figures.INK not in text and "currentColor" not in text
    assert '<rect width="100%" height="100%" fill="#ffffff"/>' in text


def test_equal_neighbours_of_an_outer_level_share_a_header_within_their_own_level_only():
    index = pd.MultiIndex.from_tuples(
        [("a", "x", 1), ("a", "x", 2), ("a", "y", 1), ("b", "y", 1)], names=["k", "l", "m"]
    )
    html = tables.table(pd.DataFrame({"F1": [1, 2, 3, 4]}, index=index), name="t", caption="c")
    rows = html._repr_html_().split("<tbody>")[1].split("<tr>")[1:]
    assert '<th scope="rowgroup" rowspan="3">a</th>' in rows[0]
    assert '<th scope="rowgroup" rowspan="2">x</th>' in rows[0]
    assert rows[1].startswith('<th scope="row">2</th>')
    assert rows[2].startswith('<th scope="rowgroup">y</th><th scope="row">1</th>')
    # the last y stands under b, not under the y of a
    assert rows[3].startswith('<th scope="rowgroup">b</th><th scope="rowgroup">y</th>')


def test_a_level_of_one_value_is_said_once_and_stays_in_the_download():
    index = pd.MultiIndex.from_tuples([("ncbi", "a"), ("ncbi", "b")], names=["corpus", "row"])
    made = tables.table(pd.DataFrame({"F1": [1, 2]}, index=index), name="t", caption="c")
    html = made._repr_html_()
    assert "All rows: corpus ncbi." in html and "ncbi</th>" not in html
    assert made.csv().splitlines()[1] == "ncbi,a,1"
    one = tables.table(pd.DataFrame({"F1": [1]}, index=index[:1]), name="t", caption="c")
    assert "ncbi</th>" in one._repr_html_()

"""Sorting and filtering of tables in a browser, from a file: orders, keys, merged cells, no rows.

Needs a Chromium, but no book: the tables are made here.
"""

import random
from pathlib import Path

import pandas as pd
import pytest

from clinlib.report import tables
from clinlib.studies.cells import Cell

SCRIPT = Path(__file__).parents[1] / "book" / "_static" / "tables.js"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>tables</title>
<script src="{script}"></script><article>{tables}</article></html>"""


@pytest.fixture(scope="module")
def show(browser, tmp_path_factory):
    """Opens a page with these tables, given as HTML or to be shown."""

    def opened(*shown):
        html = "".join(each if isinstance(each, str) else each._repr_html_() for each in shown)
        page = tmp_path_factory.mktemp("page") / "page.html"
        page.write_text(PAGE.format(script=SCRIPT.as_uri(), tables=html), encoding="utf-8")
        browser.open(page.as_uri())
        assert browser.errors == [] and browser.failed == []
        return browser

    return opened


def column(browser, place):
    """The texts of a column, top to bottom."""
    return browser.run(
        f"[...document.querySelectorAll('tbody tr')].map(r => r.cells[{place}].innerText)"
    )


def press(browser, place, key="Enter"):
    """Bring the focus to the heading of a column and press a key."""
    browser.run(f"document.querySelectorAll('.cl-sort')[{place}].focus()")
    browser.press(key)


def sorts(browser):
    """The value of aria-sort of each heading of the last row of the head."""
    return browser.run(
        "[...document.querySelector('thead tr:last-child').cells]"
        ".map(cell => cell.getAttribute('aria-sort'))"
    )


def scores():
    rows = {
        "a": [Cell.of([3.0, 5.0]), 1200, "x10"],
        "b": [Cell(missing=2), 7, "x9"],
        "c": [Cell.of([-12.0]), None, "X1"],
        "d": [Cell.of([20.04]), -3, "y"],
        "e": [Cell.of([20.02]), 0.5, ""],
    }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["F1", "spans", "name"])
    return tables.table(frame.rename_axis("encoder"), name="scores", caption="Scores")


def test_a_heading_sorts_up_then_down_then_as_made(show):
    browser = show(scores())
    made = browser.run("document.querySelector('tbody').outerHTML")
    press(browser, 1)
    # full values decide, not the rounded ones; what is missing stands last either way
    assert column(browser, 0) == ["c", "a", "e", "d", "b"]
    assert sorts(browser) == [None, "ascending", None, None]
    press(browser, 1, "Space")
    assert column(browser, 0) == ["d", "e", "a", "c", "b"]
    assert sorts(browser) == [None, "descending", None, None]
    press(browser, 1)
    assert browser.run("document.querySelector('tbody').outerHTML") == made
    assert sorts(browser) == [None] * 4


def test_numbers_with_spaces_and_names_with_numbers_are_in_their_order(show):
    browser = show(scores())
    press(browser, 2)
    assert column(browser, 0) == ["d", "e", "b", "a", "c"]
    press(browser, 3)
    assert column(browser, 0) == ["c", "b", "a", "d", "e"]
    assert sorts(browser) == [None, None, None, "ascending"]


def test_small_p_values_are_numbers_in_their_order(show):
    shown = ["0.0017", "< 1e-12", "1.4e-05", "0.1135", "9.9e-06", "missing"]
    browser = show(tables.table(pd.DataFrame({"p": shown}), name="p", caption="P"))
    press(browser, 0)
    wanted = ["< 1e-12", "9.9e-06", "1.4e-05", "0.0017", "0.1135", "missing"]
    assert column(browser, 1) == wanted


def test_headings_are_reached_with_the_keyboard_in_their_order(show):
    browser = show(scores())
    browser.run("document.querySelector('.cl-scroll').removeAttribute('tabindex')")
    seen = []
    for _ in range(4):
        browser.press("Tab")
        seen.append(browser.run("document.activeElement.innerText.trim()"))
    assert seen == ["encoder", "F1", "spans", "name"]


def test_a_long_random_column_is_in_the_order_of_its_values(show):
    values = [random.Random(4).uniform(-1000, 1000) for _ in range(60)]
    browser = show(tables.table(pd.DataFrame({"F1": values}), name="t", caption="T", digits=0))
    place = dict(enumerate(values))
    press(browser, 0)
    assert [place[int(at)] for at in column(browser, 0)] == sorted(values)


def merged():
    index = pd.MultiIndex.from_product(
        [["bc5cdr", "chia"], ["crf", "softmax"], [1, 2, 3]], names=["corpus", "head", "seed"]
    )
    return tables.table(
        pd.DataFrame({"F1": [float((7 * at) % 12) for at in range(12)]}, index=index),
        name="merged",
        caption="Merged",
    )


def test_rows_whose_labels_were_merged_keep_them_wherever_they_go(show):
    browser = show(merged())
    made = browser.run("document.querySelector('tbody').outerHTML")
    assert "rowspan" in made
    press(browser, 3)
    rows = [tuple(row) for row in zip(*(column(browser, at) for at in range(4)), strict=True)]
    frame = merged().frame.sort_values("F1")
    wanted = [(*map(str, at), f"{f1:.1f}") for at, f1 in frame["F1"].items()]
    assert rows == wanted
    press(browser, 3)
    press(browser, 3)
    assert browser.run("document.querySelector('tbody').outerHTML") == made


def write(browser, text):
    """Type into the filter."""
    browser.run(
        "(() => { const box = document.querySelector('.cl-filter input');"
        f"box.value = {text!r}; box.dispatchEvent(new Event('input')) }})()"
    )


def test_a_filter_keeps_rows_with_all_words_and_counts_them(show):
    browser = show(merged())
    made = browser.run("document.querySelector('tbody').outerHTML")
    write(browser, "CRF chi")
    assert column(browser, 0) == ["chia"] * 3 and column(browser, 1) == ["crf"] * 3
    assert browser.run("document.querySelector('.cl-filter output').value") == "3 of 12 rows"
    press(browser, 3)
    assert column(browser, 3) == sorted(column(browser, 3), key=float)
    write(browser, "no such corpus")
    assert column(browser, 0) == ["No row holds all of these words."]
    assert browser.run("document.querySelector('.cl-filter output').value") == "0 of 12 rows"
    write(browser, "")
    press(browser, 3)
    press(browser, 3)
    assert browser.run("document.querySelector('tbody').outerHTML") == made


def test_only_long_tables_have_a_filter_and_it_names_its_table(show):
    browser = show(scores(), merged())
    labels = "[...document.querySelectorAll('.cl-filter label')].map(l => l.textContent)"
    assert browser.run(labels) == ["Filter rows of the table Merged"]
    assert browser.run("!!document.querySelector('#merged .cl-filter')")


def test_headings_over_several_columns_do_not_sort_and_those_below_do(show):
    columns = pd.MultiIndex.from_product([["crf", "softmax"], ["P", "R"]])
    frame = pd.DataFrame([[1, 2, 9, 4], [2, 3, 8, 5], [3, 1, 7, 6]], columns=columns)
    browser = show(tables.table(frame, name="wide", caption="Wide", index=False))
    assert browser.run("[...document.querySelectorAll('.cl-sort')].map(b => b.innerText)") == [
        *"PRPR"
    ]
    press(browser, 1)
    assert column(browser, 0) == ["3", "1", "2"]


def test_tables_in_prose_sort_where_they_are_long(show):
    def markdown(number):
        rows = "".join(f"<tr><td>{at}</td><td>{1000 - 90 * at}</td></tr>" for at in range(number))
        return f"<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>{rows}</tbody></table>"

    assert show(markdown(5)).run("document.querySelectorAll('.cl-sort').length") == 0
    browser = show(markdown(12))
    press(browser, 1)
    assert column(browser, 1) == [str(1000 - 90 * at) for at in reversed(range(12))]

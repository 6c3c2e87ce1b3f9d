"""Folded outputs: closed for the eye, whole for whoever reads plain text."""

import pandas as pd

from clinlib.report.folded import folded
from clinlib.report.tables import table


def made(**options):
    frame = pd.DataFrame({"n": [3]}, index=pd.Index(["a"], name="type"))
    return folded("Types <of> a", table(frame, name="t", caption="Counts"), **options)


def test_the_html_is_a_closed_element_with_its_summary_escaped():
    html = made()._repr_html_()
    assert html.startswith('<details class="cl-folded"><summary>Types &lt;of&gt; a</summary>')
    assert html.endswith("</details>") and '<div class="cl-table" id="t">' in html
    assert made(opened=True)._repr_html_().startswith('<details class="cl-folded" open>')


def test_plain_text_holds_all():
    assert repr(made()).startswith("Types <of> a") and "Counts" in repr(made())

"""Wording: what is synthetic says so, and cells and sentences read the same on every page."""

import pandas as pd
import pytest

from clinlib.errors import BadInput
from clinlib.studies import wording
from clinlib.studies.cells import Cell

MADE, REAL = "synthetic_en_letters", "ncbi_disease"


def test_a_task_is_as_synthetic_as_its_corpus_and_an_unknown_corpus_is_an_error():
    assert wording.is_synthetic(MADE)
    assert not wording.is_synthetic(REAL)
    assert not wording.is_synthetic("maccrobat2020:medication")
    with pytest.raises(BadInput, match=f"did you mean '{REAL}'"):
        wording.is_synthetic("ncbi_diseas")


@pytest.mark.parametrize(
    ("corpora", "caption"),
    [
        ([], "Scores"),
        ([REAL], "Scores"),
        ([MADE], "Scores (synthetic text)"),
        ([REAL, MADE], f"Scores ({MADE}: synthetic text)"),
    ],
)
def test_a_caption_names_what_is_synthetic_and_only_that(corpora, caption):
    assert wording.caption("Scores", corpora) == caption
    assert wording.caption("Scores", iter(corpora)) == caption


def test_the_axis_of_a_synthetic_corpus_says_so():
    assert wording.axis("F1", MADE) == "F1 (synthetic text)"
    assert wording.axis("F1", REAL) == "F1"


def test_a_banner_names_the_synthetic_corpora_alone():
    banner = wording.banner([REAL, MADE])
    assert MADE in banner and REAL not in banner
    assert "not held against published numbers" in banner
    assert wording.banner([REAL]) == wording.banner([]) == ""


def test_a_figure_is_read_out_with_interval_runs_and_what_is_missing():
    cells = {"a": Cell.of([70.0, 72.0]), "b": Cell(missing=2), "c": Cell.of([1.0, None])}
    assert (
        wording.spoken("F1", cells) == "F1: a 71.0 ± 12.7 (2); b missing (2); c 1.0 (1), missing."
    )


def test_sentences_become_a_list():
    assert wording.listed(["One.", "Two."]) == "- One.\n- Two."
    assert wording.listed([]) == ""


def test_a_slug_is_an_anchor_and_keeps_what_it_can():
    assert wording.slug("maccrobat2020:medication") == "maccrobat2020-medication"
    assert wording.slug("scratch-tiny + crf") == "scratch-tiny---crf"
    assert wording.slug("señal") == "se-al"


def test_a_noun_follows_its_number():
    assert [wording.plural(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert wording.plural(2, "corpus", "corpora") == "2 corpora"
    assert wording.plural(1, "corpus", "corpora") == "1 corpus"


def test_a_figure_says_where_its_lines_begin_and_end():
    frame = pd.DataFrame(
        {
            "strategy": ["LC"] * 4 + ["random"] * 3,
            "x": [5, 10, 5, 10, 5, 10, 15],
            "f1": [10.0, 30.0, 20.0, 40.0, 1.0, 2.0, None],
        }
    )
    assert wording.ends(frame, "x", "f1", "strategy") == "LC 15.0 to 35.0; random 1.0 to 2.0"
    assert wording.ends(frame.iloc[:0], "x", "f1", "strategy") == "no line"

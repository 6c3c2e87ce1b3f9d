"""The published tables load whole, with a source, and keep the papers' own arithmetic."""

import pytest

from clinlib.errors import BadInput
from clinlib.report import published


@pytest.mark.parametrize("name", sorted(published.SOURCES))
def test_every_published_table_loads_with_its_source(name):
    table = published.load(name)
    assert len(table.frame) > 0
    assert not table.frame.isna().to_numpy().any()
    assert table.source.place in str(table.source)


def test_every_published_file_has_a_source_and_the_other_way_round():
    files = {path.stem for path in published.FOLDER.glob("*.csv")}
    assert files == set(published.SOURCES)


def test_a_crf_adds_the_same_number_of_parameters_to_every_encoder():
    """19 labels: 19 x 19 transitions + 19 start + 19 end = 399."""
    counts = published.load("transformercrf_parameters").frame.set_index("model").iloc[:, 0]
    pairs = [("BERT-CRF", "BERT-Apt"), ("TransformerCRF", "Transformer-Apt")]
    assert {counts[crf] - counts[apt] for crf, apt in pairs} == {19 * 19 + 2 * 19}


def test_the_collapsed_run_of_table_two_has_the_recall_of_one_label_in_nineteen():
    table = published.load("transformercrf_bio_strict").frame.set_index("model")
    assert table.loc["BioBERT-Apt", "macro_r"] == pytest.approx(1 / 19, abs=5e-4)


def test_an_unknown_table_is_an_error_that_names_the_nearest():
    with pytest.raises(BadInput, match="transformercrf_parameters"):
        published.load("transformercrf_parameter")


def test_a_published_table_with_a_hole_is_an_error_that_says_where(tmp_path, monkeypatch):
    (tmp_path / "transformercrf_sentences.csv").write_text("split,sentences\ntrain,\n")
    monkeypatch.setattr(published, "FOLDER", tmp_path)
    with pytest.raises(BadInput, match="line 2, column 'sentences'"):
        published.load("transformercrf_sentences")

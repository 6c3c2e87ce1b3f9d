"""The speed page: what the benches wrote, and that nothing was measured where nothing was."""

import json

import pytest

from clinlib.errors import BadInput
from clinlib.studies import timing

TRAINING = {
    "name": "training",
    "unit": "words/s",
    "baseline": "another trainer",
    "pairs": [[2000, 1000], [2200, 1000], [2100, 1400]],
    "median_ratio": 2.0,
    "ours_median": 2100,
    "theirs_median": 1000,
    "target": 1.5,
    "hardware": {"cpu": "some cpu", "cores": 2},
}
LOSS = TRAINING | {
    "name": "loss",
    "unit": "ms",
    "pairs": [[1.0, 2.0], [1.0, 3.0]],
    "median_ratio": 2.5,
    "ours_median": 1.0,
    "theirs_median": 2.5,
    "target": 3.0,
}


def written(folder, *benches):
    for bench in benches:
        (folder / f"{bench['name']}.json").write_text(json.dumps(bench))
    return timing.read(folder)


def test_rates_and_times_both_give_how_many_times_faster_ours_is(tmp_path):
    loss, training = written(tmp_path, TRAINING, LOSS)
    assert timing.ratios(training) == [2.0, 2.2, 1.5]
    assert timing.ratios(loss) == [2.0, 3.0]


def test_a_target_is_met_or_missed(tmp_path):
    frame = timing.table(written(tmp_path, TRAINING, LOSS), [])
    assert frame["met"].to_dict() == {"loss": "missed", "training": "met"}
    assert frame.loc["training", "ratio"] == "2.00 (1.50 to 2.20)"
    assert frame.loc["training", "hardware"] == "cpu some cpu, cores 2"


def test_a_bench_that_is_not_there_is_listed_as_not_measured(tmp_path):
    frame = timing.table(written(tmp_path, TRAINING), ["training", "book"])
    assert frame.loc["book", "ratio"] == "not measured here"
    assert frame.notna().to_numpy().all()


def test_a_page_without_benches_says_so(tmp_path):
    assert timing.read(tmp_path / "none") == []
    (sentence,) = timing.sentences([])
    assert "Not measured here" in sentence
    assert "no bench" in timing.in_words([])


def test_sentences_quote_the_medians(tmp_path):
    (sentence,) = timing.sentences(written(tmp_path, TRAINING))
    assert "2100 against 1000 words/s" in sentence
    assert "target of 1.5 is met" in sentence
    low, high = min(TRAINING["pairs"], key=quotient), max(TRAINING["pairs"], key=quotient)
    assert f"({quotient(low):.2f} to {quotient(high):.2f})" in sentence


def quotient(pair):
    """How many times the rate of the second the first is."""
    return pair[0] / pair[1]


def test_every_pair_can_be_downloaded(tmp_path):
    frame = timing.pairs(written(tmp_path, TRAINING, LOSS))
    assert len(frame) == 5
    assert frame.loc[frame["bench"] == "training", "ratio"].tolist() == [2.0, 2.2, 1.5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pairs": []}, "one at least"),
        ({"pairs": [[1.0, 0.0]]}, "positive"),
        ({"pairs": [[1.0, float("nan")]]}, "positive"),
    ],
)
def test_pairs_that_are_no_measurements_are_errors(tmp_path, change, message):
    with pytest.raises(BadInput, match=message):
        written(tmp_path, TRAINING | change)


def test_a_malformed_file_is_an_error_that_names_file_and_field(tmp_path):
    with pytest.raises(BadInput, match=r"training\.json.*'unit'"):
        written(tmp_path, {k: v for k, v in TRAINING.items() if k != "unit"})
    (tmp_path / "training.json").write_text("{")
    with pytest.raises(BadInput, match="not JSON"):
        timing.read(tmp_path)

"""A Choose picks by its rule, and ties go to the first candidate."""

import pytest
from toy_runs import tune

from clinlib.errors import BadInput
from clinlib.experiments.choice import resolve, score
from clinlib.experiments.spec import Choose


def chosen(rule, scores):
    candidates = tuple(tune(seed=seed) for seed in range(len(scores)))
    records = [
        {"kind": "fine_tune", "key": "k", "scores": {"dev": {"strict": {"f1": f1}}}}
        for f1 in scores
    ]
    return resolve(Choose(of=candidates, rule=rule, take="seed"), records)


@pytest.mark.parametrize(
    ("rule", "scores", "seed"),
    [
        ("best", [1.0, 3.0, 2.0], 1),
        ("best", [3.0, 1.0, 3.0], 0),
        ("best", [5.0], 0),
        ("median", [1.0, 3.0, 2.0], 2),
        ("median", [4.0, 1.0, 3.0, 2.0], 3),
        ("median", [2.0, 2.0, 2.0], 0),
        ("median", [5.0], 0),
    ],
)
def test_rules(rule, scores, seed):
    assert chosen(rule, scores) == seed


def test_a_score_that_is_not_there_is_named():
    record = {"kind": "fine_tune", "key": "k", "scores": {"dev": {"strict": {}}}}
    with pytest.raises(BadInput, match=r"fine_tune/k has no score dev.strict.f1"):
        score(record, "dev.strict.f1")
    with pytest.raises(BadInput, match="no record of the candidate"):
        resolve(Choose(of=(tune(),), take="seed"), [None])

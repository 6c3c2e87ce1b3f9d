"""The rule for more seeds: what makes one mean, how near it is, and what keeping the rule takes."""

from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clinlib.evaluation.intervals import half_width
from clinlib.experiments.spec import ActiveLearning, Choose, Ensemble, FineTune, PseudoLabel
from clinlib.report import tables
from clinlib.studies import seeds
from clinlib.studies.costs import Run
from clinlib.studies.seeds import Mean, means

TAGGER = FineTune(corpus="ncbi_disease", encoder="minilm")


def record(f1, *, cpu_seconds=1800.0, flags=()) -> dict:
    return {
        "kind": "fine_tune",
        "status": "complete",
        "flags": list(flags),
        "scores": {"test": {"strict": {"f1": f1}}},
        "provenance": {"cpu_seconds": cpu_seconds},
    }


def run(config, f1=None, page="10_a", **options) -> Run:
    found = None if f1 is None else record(f1, **options)
    return Run(page, "A", f"{hash(config)}", config, found)


def of_seeds(values, config=TAGGER, **options) -> list[Run]:
    return [run(config.replaced(seed=n), f1, **options) for n, f1 in enumerate(values)]


def test_runs_that_differ_in_their_seeds_alone_make_one_mean():
    silver = [
        TAGGER.replaced(
            seed=n,
            keep_predictions=not n,
            silver=PseudoLabel(teacher=TAGGER.replaced(seed=n), texts=("text:a",)),
        )
        for n in range(3)
    ]
    runs = of_seeds([50.0, 51.0]) + [run(each, 60.0 + n) for n, each in enumerate(silver)]
    runs += [run(TAGGER.replaced(learning_rate=0.5), 40.0)]  # one of a kind: no mean over seeds
    found = means(runs)
    assert [each.values for each in found] == [(50.0, 51.0), (60.0, 61.0, 62.0)]


def test_parents_members_of_ensembles_and_what_has_no_f1_make_no_mean():
    parents = [
        Run("10_a", "A", str(n), TAGGER.replaced(seed=n), record(50.0), asked=False)
        for n in range(3)
    ]
    members = [run(TAGGER.replaced(seed=n, draw=1), 50.0 + n) for n in range(3)]
    labels = [
        run(PseudoLabel(teacher=TAGGER.replaced(seed=n), texts=("text:a",)), 1.0) for n in range(3)
    ]
    assert means(parents + members + labels) == []


def test_loops_and_votes_have_means_as_taggers_do():
    loops = [run(ActiveLearning(task=TAGGER, strategy="mlp", seed=n), 30.0 + n) for n in range(3)]
    votes = [
        run(Ensemble(of=tuple(TAGGER.replaced(seed=k, draw=n) for k in range(2))), 40.0 + n)
        for n in range(3)
    ]
    assert [each.values for each in means(loops + votes)] == [
        (30.0, 31.0, 32.0),
        (40.0, 41.0, 42.0),
    ]


def test_one_choice_of_parent_for_each_seed_is_still_one_mean():
    def start(n):
        return Choose(of=(TAGGER.replaced(seed=n), TAGGER.replaced(seed=n, epochs=3)), take="model")

    found = means([run(TAGGER.replaced(seed=n, encoder=start(n)), 50.0 + n) for n in range(3)])
    assert [len(each.runs) for each in found] == [3]


@given(st.lists(st.floats(0, 100), min_size=3, max_size=12))
def test_the_rule_adds_the_least_number_of_seeds_that_is_enough_or_ten(values):
    mean = Mean("10_a", (), tuple(values))
    n = len(values)

    def half(of):
        return stats.t.ppf(0.975, of - 1) * stdev(values) / of**0.5

    assert mean.half == pytest.approx(half(n), abs=1e-9)
    for fewer in range(n, n + mean.more):
        assert half(fewer) > 1 - 1e-9
    assert n + mean.more >= 10 or half(n + mean.more) <= 1 + 1e-9
    assert mean.more == 0 or n + mean.more <= 10


def test_a_page_counts_its_means_and_all_pages_each_mean_once():
    near, far = TAGGER, TAGGER.replaced(epochs=3)
    runs = of_seeds([50.0, 50.1, 50.2], near) + of_seeds([40.0, 50.0, 60.0], far)
    runs += of_seeds([50.0, 50.1, 50.2], near, page="11_b")
    runs += of_seeds([50.0, 52.0, None], TAGGER.replaced(epochs=4), page="11_b")
    frame = seeds.pages(means(runs))
    assert frame.loc["10_a"].to_dict() == {
        "means": 2,
        "seeds": "3",
        "whole": 2,
        "half-width, median": pytest.approx((half_width(0.1, 3) + half_width(10.0, 3)) / 2),
        "within 1 F1": 1,
        "more seeds": 7,
        "more, h": 3.5,
    }
    assert frame.loc["11_b", ["means", "whole", "more seeds"]].tolist() == [2, 1, 0]
    assert frame.iloc[-1][["means", "whole", "within 1 F1", "more seeds"]].tolist() == [3, 2, 1, 7]
    assert seeds.in_words(means(runs)) == (
        "2 of 3 means over seeds are whole. The interval reaches at most 1 F1 to each side for 1. "
        "To 1 the rule gives more seeds, up to 10: 7 runs, 4 h of one core."
    )


def test_collapsed_runs_do_not_count_and_two_that_do_are_too_few():
    runs = of_seeds([50.0, 50.1]) + [run(TAGGER.replaced(seed=2), 0.0, flags=["collapsed"])]
    (mean,) = means(runs)
    assert mean.values == (50.0, 50.1)
    assert not mean.whole


def test_a_page_without_a_whole_mean_says_so_and_shows_no_number():
    found = means(of_seeds([50.0, None, None]))
    assert seeds.in_words(found) == "No mean over seeds is whole yet, of 1."
    shown = tables.table(seeds.pages(found), name="a", caption="b")._repr_html_()
    assert shown.count("missing</span>") == 8  # four numbers of the page, and of all pages
    assert seeds.pages([]).iloc[0].drop(["means", "whole"]).isna().all()

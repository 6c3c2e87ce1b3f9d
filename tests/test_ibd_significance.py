"""Page 31: which numbers are tested, what is said of them, and what the paper's numbers imply."""

import numpy as np
import pytest

from clinlib.errors import BadInput
from clinlib.evaluation import assumptions
from clinlib.evaluation.anova import blocked, one_way
from clinlib.evaluation.pairs import tukey
from clinlib.report import notebooks, published, tables
from clinlib.studies import wording
from clinlib.studies.ibd import detectable, methods, published_anova, significance, verdicts
from clinlib.studies.ibd.observations import RUNS, SEEDS, TYPES, observe, type_scores

CORPUS = "synthetic_nl_ibd"
NAMES = ("Diagnosis", "Length", "Perianal_disease", "Disease_extent")
PLACES = {name: place for place, name in enumerate(methods.METHODS)}


def run(shares, *, flags=(), names=NAMES) -> dict:
    """A complete record of one document in which each type has that share of 1000 spans right."""
    right = [round(1000 * share) for share in shares]
    spans = [[0, t, tp, 1000 - tp, 1000 - tp, 0, 0, 0] for t, tp in enumerate(right)]
    return {
        "status": "complete",
        "flags": list(flags),
        "scores": {"test": {"strict": {"f1": sum(right) / len(right) / 10}}},
        "counts": {"test": {"documents": 1, "types": list(names), "spans": spans}},
    }


class Made:
    """The interface of the methods' results, over records made by `share(method, seed)`."""

    def __init__(self, share, seeds=5, corpora=(CORPUS,)):
        self.corpora, self.seeds, self.share = list(corpora), list(range(1, seeds + 1)), share

    def by_seed(self, corpus, method):
        return {seed: self.share(method, seed) for seed in self.seeds}


def scatter(method, seed, size=0.01):
    """Noise that is fixed by method and seed."""
    return float(np.random.default_rng([PLACES[method], seed]).normal(0, size))


def growing(method, seed):
    """Each method is 3 F1 above the one before, types 5 F1 apart."""
    level = 0.5 + 0.03 * PLACES[method] + scatter(method, seed)
    return run([level + 0.05 * t + scatter(method, 10 * seed + t, 0.004) for t in range(4)])


def even(method, seed):
    """The methods differ by noise alone."""
    return run([0.6 + 0.05 * t + scatter(method, seed) for t in range(4)])


@pytest.fixture
def results(monkeypatch):
    """A function from what makes a record to the results of the page."""

    def of(share, seeds=5):
        made = Made(share, seeds)
        monkeypatch.setattr(methods, "Results", lambda records, parameters, pins=None: made)
        return significance.Results({}, {})

    return of


@pytest.fixture(scope="module")
def paper():
    tables = (published.load(name).frame for name in ("ibd_methods", "ibd_significance"))
    return published_anova.printed(*tables)


# observations


def test_complete_runs_are_observed_and_the_others_are_named():
    def share(method, seed):
        if (method, seed) == ("FT", 1):
            return None
        if (method, seed) == ("FT", 2):
            return run([0, 0, 0, 0], flags=["collapsed"])
        if (method, seed) == ("FT-FS", 3):
            return {"status": "failed", "error": {}}
        return growing(method, seed)

    seen = observe(Made(share), CORPUS)
    assert seen.absent == ("FT, seed 1: missing", "FT, seed 2: collapsed", "FT-FS, seed 3: failed")
    assert list(seen.by_seed["FT"]) == [3, 4, 5] and list(seen.by_seed["FT-FS"]) == [1, 2, 4, 5]
    assert seen.planned == 35
    assert [seen.few(unit) for unit in (RUNS, SEEDS, TYPES)] == [3, 2, 3]
    assert [len(each) for each in seen.groups(RUNS).values()] == [3, 4, 5, 5, 5, 5, 5]
    expected = growing("FT", 3)["scores"]["test"]["strict"]["f1"]
    assert seen.groups(RUNS)["FT"][0] == expected
    # blocks are the seeds that all methods have: 4 and 5
    blocks = seen.groups(SEEDS)
    assert {len(each) for each in blocks.values()} == {2}
    assert blocks["FT-FS"] == [seen.by_seed["FT-FS"][seed] for seed in (4, 5)]


def test_a_type_counts_by_its_mean_over_runs_and_only_where_it_has_gold_spans():
    def share(method, seed):
        return run([0.5 + 0.1 * seed, 0.4, 0.3, 0.2 + 0.1 * PLACES[method]])

    seen = observe(Made(share, 3), CORPUS)
    assert seen.groups(TYPES)["FT-FS"] == pytest.approx([70, 40, 30, 30])
    record = run([0.5, 0.4, 0.3, 0.2])
    record["counts"]["test"]["spans"][1] = [0, 1, 0, 7, 0, 0, 0, 0]  # predicted, never annotated
    assert type_scores(record) == pytest.approx(
        {"Diagnosis": 50, "Perianal_disease": 30, "Disease_extent": 20}
    )


def test_a_type_that_no_run_finds_is_named_and_is_no_block():
    def share(method, seed):
        return run([0.5 + scatter(method, seed), 0.4 + scatter(method, 10 * seed), 0, 0.3])

    def found_once(method, seed):
        rare = 0.001 if (method, seed) == ("FT", 2) else 0
        return run([0.5, 0.4, rare, 0.3])

    seen = observe(Made(share, 3), CORPUS)
    assert seen.unfound == ("Perianal_disease",)
    assert {len(each) for each in seen.groups(TYPES).values()} == {3}
    assert seen.numbers(TYPES) == "3 types under 7 methods"
    assert observe(Made(found_once, 3), CORPUS).unfound == ()
    assert observe(Made(lambda m, s: None, 3), CORPUS).unfound == ()


def test_the_findings_name_the_types_that_no_run_finds(results):
    none = results(lambda m, s: run([0.5 + scatter(m, s), 0.4, 0, 0]))
    said = " ".join(verdicts.sentences(none))
    assert "finds a span of Perianal_disease, Disease_extent, which are therefore no block" in said
    assert "finds a span" not in " ".join(verdicts.sentences(results(growing)))


def test_a_method_with_one_run_is_left_to_the_types():
    seen = observe(Made(lambda m, s: None if m == "FT" and s > 1 else growing(m, s), 3), CORPUS)
    assert "FT" not in seen.groups(RUNS) and "FT" not in seen.groups(SEEDS)
    assert "FT" in seen.groups(TYPES)
    assert [seen.few(unit) for unit in (RUNS, SEEDS, TYPES)] == [3, 3, 1]
    assert seen.numbers(RUNS) == "18 runs of 6 methods"
    assert seen.numbers(SEEDS) == "3 seeds under 6 methods"
    assert seen.numbers(TYPES) == "4 types under 7 methods"


# tables


def test_the_table_of_tests_holds_the_tests_of_the_observations(results):
    found = results(growing)
    groups = found.of[CORPUS].groups
    table = significance.tests(found)
    expected = {
        (RUNS, "ANOVA"): one_way(groups(RUNS)).test,
        (RUNS, "Welch"): assumptions.welch(groups(RUNS)),
        (RUNS, "Kruskal-Wallis"): assumptions.kruskal_wallis(groups(RUNS)),
        (SEEDS, "ANOVA"): blocked(groups(SEEDS)).test,
        (TYPES, "ANOVA"): blocked(groups(TYPES)).test,
        (TYPES, "Friedman"): assumptions.friedman(groups(TYPES)),
    }
    for (unit, name), outcome in expected.items():
        row = table.loc[(CORPUS, unit, name)]
        assert (row["statistic"], row["p"]) == (str(outcome), wording.p_value(outcome.p))
        assert row["reading"] == "the methods differ"
    assert table.loc[(CORPUS, RUNS, "ANOVA"), "statistic"].startswith("F(6, 28)")
    assert table.loc[(CORPUS, SEEDS, "ANOVA"), "statistic"].startswith("F(6, 24)")
    assert table.loc[(CORPUS, TYPES, "ANOVA"), "statistic"].startswith("F(6, 18)")
    uncorrected, corrected = (
        table.loc[(CORPUS, TYPES, name), "statistic"]
        for name in (significance.ANOVA, significance.CORRECTED)
    )
    assert uncorrected.split("=")[1] == corrected.split("=")[1] and uncorrected != corrected


def test_noise_alone_is_not_told_apart(results):
    found = results(even)
    assert significance.tests(found).loc[(CORPUS, RUNS, "ANOVA"), "reading"] == (
        "the methods are not told apart"
    )
    assert "of 21 pairs, 0 have intervals without zero." in verdicts.apart_in_words(found, CORPUS)


def test_seeds_as_blocks_see_what_the_scatter_between_seeds_hides(results):
    def share(method, seed):
        level = 0.4 + 0.06 * seed + 0.01 * PLACES[method] + scatter(method, seed, 0.002)
        return run([level] * 4)

    found = results(share)
    assert found.fitted(CORPUS, RUNS).test.p > 0.2
    assert found.fitted(CORPUS, SEEDS).test.p < 1e-6
    assert "on the other side of 0.05 stand ANOVA over runs, seeds as blocks" in " ".join(
        verdicts.sentences(found)
    )


def test_pairs_have_the_later_method_first_and_p_by_every_route(results):
    found = results(growing)
    table = significance.pairs(found, CORPUS)
    assert len(table) == 21
    groups = found.of[CORPUS].groups(RUNS)
    row = table.loc[("FT-FS", "FT")]
    assert row["difference"] == pytest.approx(np.mean(groups["FT-FS"]) - np.mean(groups["FT"]))
    assert row["low"] < row["difference"] < row["high"] and row["difference"] > 0
    by_types = {(p.left, p.right): p.p for p in tukey(found.fitted(CORPUS, TYPES))}
    assert row[f"p, {TYPES}"] == wording.p_value(by_types["FT-FS", "FT"])
    assert table.notna().to_numpy().all()
    cells = significance.intervals(found, CORPUS)
    assert cells["FT-FS − FT"].low == row["low"]
    assert "EMLM-CL-FT-FS-PL − FT +1" in verdicts.apart_in_words(found, CORPUS)


def test_effects_are_those_of_each_unit(results):
    found = results(growing)
    table = significance.effects(found)
    for unit in (RUNS, SEEDS, TYPES):
        fit = found.fitted(CORPUS, unit)
        row = table.loc[(CORPUS, unit)]
        assert row["eta squared"] == fit.eta_squared
        assert (row["low"], row["high"]) == fit.eta_interval()
        assert row["low"] < row["eta squared"]


def test_assumptions_that_fail_are_in_doubt(results):
    def share(method, seed):
        wide = 0.1 if method == "FT" else 0.001
        return run([0.6 + wide * ((seed % 5) - 2) * (1 + PLACES[method])] * 4)

    found = results(share)
    table = significance.assumed(found)
    said = " ".join(verdicts.sentences(found))
    welch, ranks = (
        wording.p_in_words(test(found.of[CORPUS].groups(RUNS)).p)
        for test in (assumptions.welch, assumptions.kruskal_wallis)
    )
    assert "that errors are normal is in doubt" in said and f"Kruskal-Wallis gives {ranks}" in said
    assert "that variances are equal is in doubt" in said and f"Welch gives {welch}" in said
    row = table.loc[(CORPUS, RUNS, "equal variance: Brown-Forsythe")]
    assert row["reading"] == "in doubt"
    assert table.loc[(CORPUS, RUNS, "normal errors: Shapiro-Wilk"), "reading"] == "in doubt"
    noise = results(even)
    assert "in doubt" not in " ".join(verdicts.sentences(noise))
    calm = significance.assumed(noise)
    assert calm.loc[(CORPUS, RUNS, "equal variance: Brown-Forsythe"), "reading"] == (
        "not contradicted"
    )
    epsilon = calm.loc[(CORPUS, SEEDS, "sphericity: epsilon"), "statistic"]
    assert 1 / 6 <= float(epsilon.removeprefix("ε = ")) <= 1


def test_what_could_be_found_is_that_of_the_method_with_the_fewest_runs(results):
    found = results(lambda m, s: None if m == "FT" and s > 3 else growing(m, s))
    row = significance.least(found).loc[(CORPUS,)]
    fit = found.fitted(CORPUS, RUNS)
    assert row["runs a method"] == 3
    assert row[detectable.ONE_PAIR] == detectable.one_pair(fit, 3) > detectable.one_pair(fit, 5)


def test_the_curve_falls_with_runs_and_grows_with_the_deviation():
    one, two = (detectable.by_runs(deviation, 3) for deviation in (1.0, 2.0))
    assert list(two["F1"]) == pytest.approx([2 * value for value in one["F1"]])
    for _, group in one.groupby("test"):
        assert group["F1"].is_monotonic_decreasing
    assert "with 2 runs" in detectable.in_words(one) and "with 20 runs" in detectable.in_words(one)


# what is missing, and what carries no verdict


def test_two_seeds_carry_no_verdict(results):
    found = results(growing, seeds=2)
    table = significance.tests(found)
    defined = table[table["p"] != significance.NONE]
    assert set(defined["reading"]) == {"no verdict from 2 seeds"}
    equal = significance.assumed(found).loc[(CORPUS, RUNS, "equal variance: Brown-Forsythe")]
    assert equal["reading"].startswith("not defined: Brown-Forsythe needs")
    said = " ".join(verdicts.sentences(found))
    assert "no verdict from 2 seeds" in said
    assert "differ" not in said and "pairs" not in said


@pytest.mark.parametrize("present", [(), ("FT",)])
def test_a_page_without_runs_says_so_everywhere(results, present):
    found = results(lambda m, s: growing(m, s) if m in present else None)
    reasons = set(significance.TOO_FEW.values())
    for table in (significance.tests(found), significance.assumed(found)):
        assert table["p"].isna().all() and set(table["reading"]) <= reasons
    assert significance.effects(found).isna().to_numpy().all()
    assert significance.least(found).isna().to_numpy().all()
    assert significance.pairs(found, CORPUS).empty
    assert significance.intervals(found, CORPUS) == {}
    shown = tables.table(significance.effects(found), name="effects", caption="effects")
    assert "missing" in shown._repr_html_()
    said = verdicts.sentences(found)
    assert f"{35 - 5 * len(present)} runs of 35 left out" in said[0]
    assert said[1] == f"{CORPUS}: no two methods have two complete runs that differ."


def test_runs_that_are_all_alike_allow_no_test_and_say_why(results):
    found = results(lambda method, seed: run([0.5, 0.6, 0.7, 0.8]))
    row = significance.tests(found).loc[(CORPUS, RUNS, "ANOVA")]
    assert row["p"] == significance.NONE and "every group are all the same" in row["reading"]
    assert verdicts.sentences(found)


@pytest.mark.skipif("30_methods" not in notebooks.names(), reason="no page of methods")
@pytest.mark.parametrize("profile", ["quick", "open"])
def test_the_page_reads_the_runs_of_the_methods_page_and_no_others(profile):
    assert notebooks.plan(significance.NAME, profile) == notebooks.plan("30_methods", profile)


# the published test


def test_the_published_deviations_become_points_of_f1(paper):
    assert paper.strict["FT"] == pytest.approx((72.84, 0.11))
    assert paper.lenient["EMLM-CL-FT-FS-PL"] == pytest.approx((86.23, 0.07))
    assert paper.p == 0.020183
    assert paper.pairs == {("EMLM-CL-FT-FS-PL", "FT"): 0.0325, ("EMLM-FT-FS-PL", "FT"): 0.0375}


def test_no_reading_of_the_published_deviations_gives_the_published_p(paper):
    table = published_anova.implied(paper)
    assert table.loc[("strict", "3 runs, ± a deviation of a sample"), "test"] == "F(6, 14) = 112.68"
    # three runs: the variance of a sample is 3/2 of one that divides by n; a standard error's is 3
    wider = float(table["test"].iloc[1].split("= ")[1])
    assert wider == pytest.approx(112.68 / 1.5, abs=0.01)
    assert float(table["test"].iloc[2].split("= ")[1]) == pytest.approx(112.68 / 3, abs=0.01)
    assert (table["p"].astype(float) < 1e-4).all()


def test_the_printed_p_of_one_test_ask_for_different_deviations(paper):
    table = published_anova.asked(paper)
    row = table.loc[("3 runs",)]
    assert row["ANOVA"] == pytest.approx(1.4148, abs=5e-5)
    first, second = (row[f"{name} − FT"] for name in ("EMLM-CL-FT-FS-PL", "EMLM-FT-FS-PL"))
    assert first > row["ANOVA"] > second
    assert row["printed deviation"] == pytest.approx(0.2569, abs=5e-5)


def test_the_inconsistency_is_said_with_its_numbers(paper):
    said = " ".join(published_anova.sentences(paper))
    assert "F(6, 14) = 112.68, p = 4.9e-11, not 0.0202" in said
    assert "scatter by 1.41 F1, 5.5 times the printed 0.26" in said
    assert "4.02 and 4.45, a ratio of 0.90" in said


def test_consistent_pairs_are_not_called_inconsistent(paper):
    fit = one_way({name: [m - 1, m, m + 1] for name, m in paper.means.items()})
    pairs = {(p.left, p.right): p.p for p in tukey(fit) if (p.left, p.right) in paper.pairs}
    other = published_anova.Printed(paper.strict, paper.lenient, fit.test.p, pairs)
    assert len(published_anova.sentences(other)) == len(published_anova.sentences(paper)) - 1
    row = published_anova.asked(other).loc[("3 runs",)]
    assert [row.iloc[place] for place in range(3)] == pytest.approx([1, 1, 1], rel=1e-6)


def test_a_pair_of_a_method_that_the_table_lacks_is_refused():
    table = published.load("ibd_methods").frame
    tests = published.load("ibd_significance").frame.replace("FT", "FTT")
    with pytest.raises(BadInput, match="'FTT'"):
        published_anova.printed(table, tests)


def test_seeds_that_methods_do_not_share_bear_no_verdict(results):
    found = results(lambda m, s: None if m == "FT" and s > 2 else growing(m, s))
    table = significance.tests(found)
    assert table.loc[(CORPUS, SEEDS, "ANOVA"), "reading"] == "no verdict from 2 seeds"
    found = results(lambda m, s: None if (m == "FT") == (s > 2) else growing(m, s))
    row = significance.tests(found).loc[(CORPUS, SEEDS, "ANOVA")]
    assert row["p"] is None and row["reading"] == "no two seeds that these methods share"


@pytest.mark.parametrize(
    ("p", "text"),
    [(None, None), (1.0, "1.0000"), (0.02018, "0.0202"), (1.6e-5, "1.6e-05"), (1e-15, "< 1e-12")],
)
def test_p_is_shown_as_far_as_it_is_exact(p, text):
    assert wording.p_value(p) == text
    if p is not None:
        assert wording.p_in_words(p) in (f"p = {text}", f"p {text}")
        assert wording.p_in_words(p).count("<") + wording.p_in_words(p).count("=") == 1


def test_of_many_pairs_the_widest_are_named_and_the_others_are_referred_to(results):
    said = verdicts.apart_in_words(results(growing), CORPUS)
    assert "of 21 pairs, 21 have intervals without zero: the widest EMLM-CL-FT-FS-PL − FT" in said
    assert said.count("−") == verdicts.NAMED and "the table has the others" in said

"""Analysis of variance: published values of known data, other libraries, direct formulas.

PlantGrowth and RoundingTimes are R's (Dobson 1983; Hollander and Wolfe 1973) with the values that
R prints; grafts are Montgomery's example of blocks, ages Maxwell and Delaney's of repeated
measures, headaches the example of scipy's Tukey test.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.anova import AnovaRM
from statsmodels.stats.multicomp import pairwise_tukeyhsd
from statsmodels.stats.oneway import confint_effectsize_oneway
from statsmodels.stats.power import FTestAnovaPower

from clinlib.errors import BadInput
from clinlib.evaluation import assumptions, power
from clinlib.evaluation.anova import blocked, from_summary, one_way, residuals
from clinlib.evaluation.pairs import games_howell, tukey

PLANTS = {
    "ctrl": [4.17, 5.58, 5.18, 6.11, 4.50, 4.61, 5.17, 4.53, 5.33, 5.14],
    "trt1": [4.81, 4.17, 4.41, 3.59, 5.87, 3.83, 6.03, 4.89, 4.32, 4.69],
    "trt2": [6.31, 5.12, 5.54, 5.50, 5.37, 5.29, 4.92, 6.15, 5.80, 5.26],
}
HEADACHES = {
    "0": [24.5, 23.5, 26.4, 27.1, 29.9],
    "1": [28.4, 34.2, 29.5, 32.2, 30.1],
    "2": [26.1, 28.3, 24.3, 26.2, 27.8],
}
GRAFTS = {
    "8500": [90.3, 89.2, 98.2, 93.9, 87.4, 97.9],
    "8700": [92.5, 89.5, 90.6, 94.7, 87.0, 95.8],
    "8900": [85.5, 90.8, 89.6, 86.2, 88.0, 93.4],
    "9100": [82.5, 89.5, 85.6, 87.4, 78.9, 90.7],
}
AGES = {
    "30": [108, 103, 96, 84, 118, 110, 129, 90, 84, 96, 105, 113],
    "36": [96, 117, 107, 85, 125, 107, 128, 84, 104, 100, 114, 117],
    "42": [110, 127, 106, 92, 125, 96, 123, 101, 100, 103, 105, 132],
    "48": [122, 133, 107, 99, 116, 91, 128, 113, 88, 105, 112, 130],
}
ROUNDING = {
    "round out": "5.40 5.85 5.20 5.55 5.90 5.45 5.40 5.45 5.25 5.85 5.25 5.65 5.60 5.05 5.50 5.45 "
    "5.55 5.45 5.50 5.65 5.70 6.30",
    "narrow": "5.50 5.70 5.60 5.50 5.85 5.55 5.40 5.50 5.15 5.80 5.20 5.55 5.35 5.00 5.50 5.55 "
    "5.55 5.50 5.45 5.60 5.65 6.30",
    "wide": "5.55 5.75 5.50 5.40 5.70 5.60 5.35 5.35 5.00 5.70 5.10 5.45 5.45 4.95 5.40 5.50 "
    "5.35 5.55 5.25 5.40 5.55 6.25",
}
ROUNDING = {name: list(map(float, text.split())) for name, text in ROUNDING.items()}
PUBLISHED = {
    "FT": (72.84, 0.11),
    "FT-FS": (74.62, 0.20),
    "FT-FS-PL": (76.71, 0.059),
    "MLM-FT-FS-PL": (74.93, 0.53),
    "EMLM-FT": (76.01, 0.17),
    "EMLM-FT-FS-PL": (76.86, 0.26),
    "EMLM-CL-FT-FS-PL": (77.29, 0.17),
}
MEANS = {name: mean for name, (mean, _) in PUBLISHED.items()}
DEVIATIONS = {name: deviation for name, (_, deviation) in PUBLISHED.items()}

numbers = st.floats(50, 90).map(lambda x: round(x, 2))
group = st.lists(numbers, min_size=2, max_size=6)
samples = st.lists(group, min_size=2, max_size=5)
tables = st.tuples(st.integers(2, 5), st.integers(2, 6)).flatmap(
    lambda shape: st.lists(
        st.lists(numbers, min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)


def named(lists):
    return {f"g{place}": each for place, each in enumerate(lists)}


def scattered(lists):
    """The analysis, for examples that have scatter worth the name."""
    assume(any(np.ptp(each) > 0.1 for each in lists))
    return one_way(named(lists))


# published values


def test_plant_growth_has_the_f_and_p_that_r_prints():
    found = one_way(PLANTS)
    assert (found.df, found.df_error) == (2, 27)
    assert found.f == pytest.approx(4.846, abs=5e-4)
    assert found.test.p == pytest.approx(0.01591, abs=5e-6)
    assert (found.between, found.error) == pytest.approx((3.76634, 10.49209), abs=5e-6)


def test_plant_growth_has_the_pairs_that_r_prints():
    found = {(pair.left, pair.right): pair for pair in tukey(one_way(PLANTS))}
    printed = {
        ("trt1", "ctrl"): (-0.371, -1.0622161, 0.3202161, 0.3908711),
        ("trt2", "ctrl"): (0.494, -0.1972161, 1.1852161, 0.1979960),
        ("trt2", "trt1"): (0.865, 0.1737839, 1.5562161, 0.0120064),
    }
    assert found.keys() == printed.keys()
    for names, numbers in printed.items():
        pair = found[names]
        assert (pair.difference, pair.low, pair.high, pair.p) == pytest.approx(numbers, abs=1e-6)
        assert pair.apart == (names == ("trt2", "trt1"))


@pytest.mark.parametrize(
    ("test", "value", "p"),
    [
        (assumptions.normality, 0.96607, 0.4379),
        (assumptions.equal_variance, 1.1192, 0.3412),
        (assumptions.welch, 5.181, 0.01739),
        (assumptions.kruskal_wallis, 7.9882, 0.01842),
    ],
)
def test_plant_growth_has_the_other_tests_that_r_prints(test, value, p):
    found = test(PLANTS)
    assert found.value == pytest.approx(value, rel=2e-4)
    assert found.p == pytest.approx(p, rel=2e-3)


def test_headaches_have_the_pairs_of_scipys_example():
    found = {(pair.left, pair.right): pair for pair in tukey(one_way(HEADACHES))}
    printed = {("1", "0"): (4.6, 0.951, 8.249, 0.014), ("2", "1"): (-4.34, -7.989, -0.691, 0.020)}
    for names, numbers in printed.items():
        pair = found[names]
        assert (pair.difference, pair.low, pair.high, pair.p) == pytest.approx(numbers, abs=5e-4)


def test_grafts_have_the_table_of_the_textbook():
    found = blocked(GRAFTS)
    sums = (found.between, found.blocks, found.error)
    assert sums == pytest.approx((178.17, 192.25, 109.89), abs=5e-3)
    assert (found.df, found.df_error) == (3, 15)
    assert found.f == pytest.approx(8.11, abs=5e-3)
    assert found.test.p == pytest.approx(0.0019, abs=5e-5)


def test_ages_have_the_correction_of_the_textbook():
    found, epsilon = blocked(AGES), assumptions.sphericity(AGES)
    assert (found.between, found.blocks, found.error) == pytest.approx((552, 6624, 2006))
    assert found.f == pytest.approx(3.03, abs=5e-3)
    assert epsilon == pytest.approx(0.6095, abs=5e-5)
    assert assumptions.corrected(found, epsilon).p == pytest.approx(0.075, abs=5e-4)


def test_rounding_times_have_the_chi_squared_that_r_prints():
    found = assumptions.friedman(ROUNDING)
    assert found.value == pytest.approx(11.143, abs=5e-4)
    assert found.p == pytest.approx(0.003805, abs=5e-7)


def test_power_is_what_r_prints():
    """power.anova.test(groups=4, between.var=1, within.var=3, power=.80) gives n = 11.92613."""
    spread = {"a": 0.0, "b": 0.0, "c": 0.0, "d": 2.0}  # a variance of 1 between means
    assert power.power_of(3**0.5, 11, spread) < 0.8 < power.power_of(3**0.5, 12, spread)
    # power.t.test(n=20, delta=1, sd=1) gives 0.8689528
    assert power.power_of(1.0, 20, {"a": 0.0, "b": 1.0}) == pytest.approx(0.8689528, abs=1e-4)


# other libraries and direct formulas


@settings(deadline=None, max_examples=40)
@given(samples)
def test_one_way_agrees_with_scipy(lists):
    found = scattered(lists)
    theirs = stats.f_oneway(*lists)
    assert found.f == pytest.approx(theirs.statistic, rel=1e-6, abs=1e-9)
    assert found.test.p == pytest.approx(theirs.pvalue, rel=1e-6, abs=1e-12)


@settings(deadline=None, max_examples=15)
@given(samples)
def test_tukey_agrees_with_scipy_for_unequal_sizes_too(lists):
    pairs = tukey(scattered(lists))
    theirs = stats.tukey_hsd(*lists)
    interval = theirs.confidence_interval()
    for pair in pairs:
        i, j = int(pair.left[1:]), int(pair.right[1:])
        assert pair.p == pytest.approx(theirs.pvalue[i, j], abs=1e-6)
        assert (pair.low, pair.high) == pytest.approx(
            (interval.low[i, j], interval.high[i, j]), rel=1e-6, abs=1e-6
        )


def test_tukey_agrees_with_statsmodels():
    names = [name for name, values in PLANTS.items() for _ in values]
    theirs = pairwise_tukeyhsd(np.concatenate(list(PLANTS.values())), names)
    ours = tukey(one_way(PLANTS))
    assert [pair.difference for pair in ours] == pytest.approx(list(theirs.meandiffs))
    assert [pair.p for pair in ours] == pytest.approx(list(theirs.pvalues), abs=1e-5)
    assert np.array([[p.low, p.high] for p in ours]) == pytest.approx(theirs.confint, abs=1e-4)


def test_tukey_over_blocks_uses_the_error_that_blocks_leave():
    found = blocked(GRAFTS)
    pair = next(p for p in tukey(found) if (p.left, p.right) == ("9100", "8500"))
    error = np.sqrt(found.error / found.df_error / 6)
    assert pair.difference == pytest.approx(-7.05)
    assert pair.p == pytest.approx(stats.studentized_range.sf(7.05 / error, 4, 15), rel=1e-6)


@settings(deadline=None, max_examples=30)
@given(tables)
def test_blocks_agree_with_repeated_measures_of_statsmodels(lists):
    table = named(lists)
    assume(residuals_scatter(lists))
    found = blocked(table)
    long = pd.DataFrame(
        [(b, name, y) for name, ys in table.items() for b, y in enumerate(ys)],
        columns=["block", "group", "y"],
    )
    theirs = AnovaRM(long, "y", "block", within=["group"]).fit().anova_table.iloc[0]
    assert found.f == pytest.approx(theirs["F Value"], rel=1e-5, abs=1e-6)
    assert (found.df, found.df_error) == (theirs["Num DF"], theirs["Den DF"])
    assert found.test.p == pytest.approx(theirs["Pr > F"], rel=1e-5, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(tables)
def test_sums_of_squares_add_up_to_that_of_all_numbers(lists):
    assume(residuals_scatter(lists))
    every = np.array(lists)
    whole = float(((every - every.mean()) ** 2).sum())
    with_blocks, without = blocked(named(lists)), one_way(named(lists))
    assert with_blocks.between + with_blocks.blocks + with_blocks.error == pytest.approx(whole)
    assert without.between + without.error == pytest.approx(whole)
    assert with_blocks.between == pytest.approx(without.between, abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(samples)
def test_summaries_give_what_the_numbers_give(lists):
    found = scattered(lists)
    groups = named(lists)
    short = from_summary(
        {name: float(np.mean(each)) for name, each in groups.items()},
        {name: float(np.std(each, ddof=1)) for name, each in groups.items()},
        {name: len(each) for name, each in groups.items()},
    )
    assert (short.f, short.test.p) == pytest.approx((found.f, found.test.p), rel=1e-9)


def test_effect_sizes_are_their_formulas():
    found = one_way(PLANTS)
    everything = np.concatenate(list(PLANTS.values()))
    whole = ((everything - everything.mean()) ** 2).sum()
    assert found.eta_squared == pytest.approx(found.between / whole)
    mean_square = found.error / 27
    assert found.omega_squared == pytest.approx(
        (found.between - 2 * mean_square) / (whole + mean_square)
    )
    assert found.cohen_f**2 == pytest.approx(found.eta_squared / (1 - found.eta_squared))


def test_the_interval_of_eta_squared_agrees_with_statsmodels():
    found = one_way(PLANTS)
    theirs = confint_effectsize_oneway(found.f, (2, 27), alpha=0.1).eta2
    # their solver ends at some 1e-5
    assert found.eta_interval(0.90) == pytest.approx(tuple(theirs), abs=1e-5)
    for bound, share in zip(found.eta_interval(0.90), (0.95, 0.05), strict=True):
        noncentrality = 30 * bound / (1 - bound)
        assert stats.ncf.cdf(found.f, 2, 27, noncentrality) == pytest.approx(share, abs=1e-9)


def test_the_interval_of_eta_squared_starts_at_zero_where_f_is_small():
    found = one_way({"a": [1.0, 2.0, 3.0], "b": [1.1, 2.0, 3.0]})
    low, high = found.eta_interval()
    assert low == 0 < high < 1
    assert found.omega_squared < 0


def test_welch_agrees_with_its_formula():
    n = np.array([len(each) for each in PLANTS.values()])
    w = n / np.array([np.var(each, ddof=1) for each in PLANTS.values()])
    m = np.array([np.mean(each) for each in PLANTS.values()])
    centre = (w * m).sum() / w.sum()
    lost = ((1 - w / w.sum()) ** 2 / (n - 1)).sum()
    f = (w * (m - centre) ** 2).sum() / 2 / (1 + 2 * lost / 8)
    found = assumptions.welch(PLANTS)
    assert (found.value, *found.df) == pytest.approx((f, 2, 8 / (3 * lost)))


def test_games_howell_is_each_pairs_own_studentized_range():
    p = games_howell(PLANTS)
    assert set(p) == {("trt1", "ctrl"), ("trt2", "ctrl"), ("trt2", "trt1")}
    left, right = (np.array(PLANTS[name]) for name in ("trt2", "trt1"))
    t = stats.ttest_ind(left, right, equal_var=False)
    expected = stats.studentized_range.sf(abs(t.statistic) * np.sqrt(2), 3, t.df)
    assert p["trt2", "trt1"] == pytest.approx(expected, rel=1e-6)


def test_games_howell_of_a_pair_without_scatter_is_told_by_the_means():
    p = games_howell({"a": [1.0, 1.0], "b": [1.0, 1.0], "c": [2.0, 2.0], "d": [1.0, 3.0]})
    assert (p["b", "a"], p["c", "a"]) == (1, 0)
    assert 0 < p["d", "a"] <= 1


# properties


@settings(deadline=None, max_examples=40)
@given(samples, st.floats(-30, 30), st.randoms())
def test_shifts_and_the_order_of_groups_change_nothing(lists, shift, random):
    found = scattered(lists)
    moved = [[x + shift for x in each] for each in lists]
    random.shuffle(moved)
    other = one_way(named(moved))
    assert other.f == pytest.approx(found.f, rel=1e-6, abs=1e-7)
    assert found.f >= 0 and 0 <= found.test.p <= 1
    assert 0 <= found.eta_squared <= 1 and found.omega_squared <= found.eta_squared + 1e-12
    low, high = found.eta_interval()
    assert 0 <= low <= high < 1


@settings(deadline=None, max_examples=40)
@given(tables, st.lists(st.floats(-30, 30), min_size=6, max_size=6))
def test_what_a_block_adds_to_all_groups_changes_nothing(lists, shifts):
    assume(residuals_scatter(lists))
    moved = [[x + shift for x, shift in zip(each, shifts, strict=False)] for each in lists]
    found, other = blocked(named(lists)), blocked(named(moved))
    assert (other.f, other.test.p) == pytest.approx((found.f, found.test.p), rel=1e-5, abs=1e-7)
    k = len(lists)
    assert 1 / (k - 1) - 1e-9 <= assumptions.sphericity(named(lists)) <= 1 + 1e-9


@settings(deadline=None, max_examples=30)
@given(group, group)
def test_of_two_groups_f_is_the_square_of_t(left, right):
    found = scattered([left, right])
    t = stats.ttest_ind(left, right)
    assert found.f == pytest.approx(t.statistic**2, rel=1e-6, abs=1e-9)
    assert found.test.p == pytest.approx(t.pvalue, rel=1e-6)


@settings(deadline=None, max_examples=10)
@given(group, group)
def test_of_two_groups_tukey_has_the_p_of_t(left, right):
    (pair,) = tukey(scattered([left, right]))
    assert pair.p == pytest.approx(stats.ttest_ind(left, right).pvalue, abs=1e-6)
    assert pair.difference == pytest.approx(np.mean(right) - np.mean(left), abs=1e-9)


def test_of_two_groups_in_blocks_f_is_the_square_of_the_paired_t():
    left, right = GRAFTS["8500"], GRAFTS["9100"]
    found = blocked({"left": left, "right": right})
    t = stats.ttest_rel(left, right)
    assert (found.f, found.test.p) == pytest.approx((t.statistic**2, t.pvalue))


@settings(deadline=None, max_examples=10)
@given(tables)
def test_tukeys_intervals_leave_out_zero_where_p_is_under_the_level(lists):
    for pair in tukey(scattered(lists)):
        assert pair.low <= pair.difference <= pair.high and 0 <= pair.p <= 1
        if abs(pair.p - 0.05) > 1e-4:
            assert pair.apart == (pair.p < 0.05)


@pytest.mark.parametrize("n", [2, 3, 10])
@pytest.mark.parametrize("k", [2, 7])
def test_what_can_be_detected_is_detected_with_that_power(n, k):
    gap = power.detectable_range(0.5, n, k)
    middle = {f"m{i}": gap / 2 for i in range(k - 2)}
    assert power.power_of(0.5, n, {"low": 0.0, "high": gap} | middle) == pytest.approx(
        0.8, abs=1e-4
    )
    assert power.detectable_range(1.0, n, k) == pytest.approx(2 * gap)
    assert power.detectable_range(0.5, n + 1, k) < gap


def test_the_detectable_range_agrees_with_statsmodels():
    f = FTestAnovaPower().solve_power(None, nobs=70, alpha=0.05, power=0.8, k_groups=7)
    assert power.detectable_range(1.0, 10, 7) == pytest.approx(float(f) * np.sqrt(14), rel=1e-5)


def test_a_detectable_pair_is_found_in_four_of_five_simulated_experiments():
    gap, draws = power.detectable_pair(1.0, 4, 3), 4000
    runs = np.random.default_rng(0).normal(size=(draws, 3, 4))
    runs[:, 2] += gap
    error = np.sqrt(runs.var(axis=2, ddof=1).mean(axis=1) / 4)
    reached = (runs[:, 2].mean(axis=1) - runs[:, 0].mean(axis=1)) / error
    assert np.mean(reached > stats.studentized_range.isf(0.05, 3, 9)) == pytest.approx(
        0.8, abs=0.02
    )


# the published test


def test_three_runs_with_the_published_means_and_deviations_have_an_f_of_113():
    found = from_summary(MEANS, DEVIATIONS, 3)
    assert (found.df, found.df_error) == (6, 14)
    assert found.f == pytest.approx(112.7, abs=0.05)
    assert found.test.p < 1e-10


def test_the_deviation_that_a_p_needs_gives_that_p():
    for n in (2, 3, 9):
        deviation = power.deviation_of_p(0.020183, n, MEANS)
        again = from_summary(MEANS, dict.fromkeys(MEANS, deviation), n)
        assert again.test.p == pytest.approx(0.020183, rel=1e-9)
    assert power.deviation_of_p(0.020183, 3, MEANS) == pytest.approx(1.4148, abs=5e-5)


# bad input


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({}, "at least 2 groups, not 0"),
        ({"a": [1.0, 2.0]}, "at least 2 groups, not 1"),
        ({"a": [1.0, 2.0], "b": [3.0]}, "group 'b' has 1 numbers"),
        ({"a": [1.0, 2.0], "b": []}, "group 'b' has 0 numbers"),
        ({"a": [1.0, 1.0], "b": [3.0, 3.0]}, "every group are all the same"),
        ({"a": [1.0, float("nan")], "b": [3.0, 3.0]}, "group 'a' holds a number that is not"),
    ],
)
@pytest.mark.parametrize("test", [one_way, residuals, games_howell, assumptions.kruskal_wallis])
def test_groups_that_cannot_be_compared_are_refused(test, groups, message):
    with pytest.raises(BadInput, match=message):
        test(groups)


def test_blocks_that_cannot_be_compared_are_refused():
    with pytest.raises(BadInput, match="a number for each block"):
        blocked({"a": [1.0, 2.0], "b": [3.0, 4.0, 5.0]})
    with pytest.raises(BadInput, match="differ by the same in every block"):
        blocked({"a": [1.0, 2.0, 4.0], "b": [3.0, 4.0, 6.0]})
    with pytest.raises(BadInput, match="at least 3 groups"):
        assumptions.friedman({"a": [1.0, 2.0], "b": [3.0, 5.0]})


def test_the_interval_of_a_very_large_effect_holds_its_estimate():
    """Where lambda passes 10 000, a solver of scipy's stops without a word."""
    noise = np.array([0.0, 1.0, -1.0, 2.0, -2.0])
    found = one_way({f"g{n}": 80.0 * n + noise for n in range(7)})
    low, high = found.eta_interval()
    assert low < found.omega_squared < high and high < 1
    huge = one_way({f"g{n}": 1e12 * n + noise for n in range(7)})
    assert huge.eta_interval() == pytest.approx((1, 1), abs=1e-6)


def test_tests_that_the_numbers_do_not_allow_say_so():
    twos = {"a": [1.0, 2.0], "b": [3.0, 5.0]}
    with pytest.raises(BadInput, match="at least 3 numbers"):
        assumptions.equal_variance(twos)
    # equal distances but for rounding, which would give an F of 1e31
    alike = {"a": [0.1, 0.1, 0.3, 0.3], "b": [0.1, 0.1, 0.3, 0.3], "c": [0.2, 0.2, 0.6, 0.6]}
    with pytest.raises(BadInput, match="distances from the median that differ"):
        assumptions.equal_variance(alike)
    with pytest.raises(BadInput, match="no scatter in group b"):
        assumptions.welch({"a": [1.0, 2.0], "b": [3.0, 3.0]})


def test_summaries_that_say_nothing_are_refused():
    with pytest.raises(BadInput, match="same groups"):
        from_summary({"a": 1.0, "b": 2.0}, {"a": 1.0}, 3)
    with pytest.raises(BadInput, match="at least 2 groups"):
        from_summary({"a": 1.0}, {"a": 1.0}, 3)
    with pytest.raises(BadInput, match="size 1"):
        from_summary({"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 1.0}, 1)
    with pytest.raises(BadInput, match="nor all zero"):
        from_summary({"a": 1.0, "b": 2.0}, {"a": 0.0, "b": 0.0}, 3)
    with pytest.raises(BadInput, match="finite"):
        from_summary({"a": 1.0, "b": float("inf")}, {"a": 0.0, "b": 1.0}, 3)


def test_power_of_what_is_no_experiment_is_refused():
    with pytest.raises(BadInput, match="at least 2 groups of at least 2"):
        power.detectable_range(1.0, 1, 7)
    with pytest.raises(BadInput, match="above 0"):
        power.detectable_pair(0.0, 3, 7)
    with pytest.raises(BadInput, match="between 0 and 1"):
        power.deviation_of_p(0.0, 3, MEANS)
    with pytest.raises(BadInput, match="equal means"):
        power.deviation_of_p(0.02, 3, {"a": 1.0, "b": 1.0})


def residuals_scatter(lists) -> bool:
    """Whether group and block leave an error worth the name."""
    values = np.array(lists)
    return any(np.ptp(each) > 0.1 for each in lists) and np.ptp(left_over(values)) > 0.1


def left_over(values):
    return (
        values
        - values.mean(axis=1, keepdims=True)
        - values.mean(axis=0, keepdims=True)
        + values.mean()
    )

"""Verdicts on made-up comparisons: every one of every kind, and what must never move them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clinlib.errors import BadInput
from clinlib.evaluation.power import detectable_difference
from clinlib.studies.cells import Cell
from clinlib.studies.claims import table
from clinlib.studies.claims.claim import KINDS, PAPERS, Claim, claims
from clinlib.studies.claims.comparison import Comparison, between, combined, means
from clinlib.studies.claims.reading import READERS, Page, hold
from clinlib.studies.claims.verdict import (
    ABSENT,
    CONTRADICTED,
    FAILS,
    HOLDS,
    INCONCLUSIVE,
    MADE_UP,
    NO_EFFECT,
    NOT_RUN,
    OPEN,
    PARTLY,
    REPRODUCED,
    SMALLER,
    SYNTHETIC,
    UNFINISHED,
    UNSIZED,
    beyond_chance,
    reading,
    verdict,
)

REAL, MADE = "ncbi_disease", "synthetic_en_letters"
ABOVE, BELOW, LEVEL, WIDE = (2.0, 2.1, 2.2), (-2.0, -2.1, -2.2), (0.0, 0.1, -0.1), (-5.0, 0.0, 8.0)


def claim(kind="greater", **fields):
    if kind in ("within", "arithmetic"):
        fields.setdefault("tolerance", 1.0)
    given = {"statement": "s", "left": "l", "right": "r", "metric": "m", "published": "p"}
    return Claim(
        **{"id": "made-01", "paper": "ibd", "kind": kind, "pages": (10,), **given, **fields}
    )


def made(values, corpus=REAL, label="", **fields):
    return Comparison(label or corpus, (corpus,), Cell.of(values), **fields)


def words(kind, *groups, **fields):
    return verdict(claim(kind, **fields), [made(each) for each in groups]).word


# what one comparison says


@pytest.mark.parametrize(
    ("values", "said"),
    [(ABOVE, HOLDS), (LEVEL, NO_EFFECT), (BELOW, FAILS), (WIDE, OPEN), ((0.2, 0.3, -2.0), OPEN)],
)
def test_the_interval_decides_a_difference(values, said):
    assert reading(claim(), made(values)) == said


def test_an_interval_below_the_margin_fails_though_it_holds_zero():
    low_and_high = made((-1.2, -0.6, -0.9))
    assert low_and_high.difference.high < 0.5
    assert reading(claim(), low_and_high) == FAILS


def test_the_margin_is_the_claims_own():
    assert reading(claim(margin=3.0), made(ABOVE)) == NO_EFFECT
    assert reading(claim(margin=0.0), made((0.1, 0.11, 0.12))) == HOLDS
    assert reading(claim(), made((0.1, 0.11, 0.12))) == NO_EFFECT


def test_a_size_that_is_stated_is_asked_for():
    stated = claim(least=5.0)
    assert reading(stated, made((6.0, 6.1, 6.2))) == HOLDS
    assert reading(stated, made(ABOVE)) == SMALLER
    assert reading(stated, made((4.0, 5.0, 6.0))) == UNSIZED
    assert reading(stated, made(BELOW)) == FAILS
    assert words("greater", ABOVE, least=5.0) == PARTLY


def test_where_the_sign_is_given_by_definition_only_the_size_counts():
    stated = claim(least=5.0, by_definition=True)
    assert reading(stated, made(ABOVE)) == FAILS
    assert reading(stated, made((4.0, 5.0, 6.0))) == OPEN


def test_being_level_holds_where_ties_do():
    assert reading(claim(ties=True), made(LEVEL)) == HOLDS
    assert reading(claim(ties=True), made(BELOW)) == FAILS
    assert reading(claim(ties=True), made(WIDE)) == OPEN


@pytest.mark.parametrize(
    ("values", "said"),
    [(LEVEL, HOLDS), (ABOVE, FAILS), (BELOW, FAILS), (WIDE, OPEN), ((0.8, 1.0, 1.2), OPEN)],
)
def test_a_tolerance_holds_the_whole_interval(values, said):
    assert reading(claim("within"), made(values)) == said


def test_a_one_sided_tolerance_fails_for_more_only():
    one = claim("within", one_sided=True)
    assert [reading(one, made(v)) for v in (ABOVE, BELOW, LEVEL)] == [FAILS, HOLDS, HOLDS]


def test_a_lower_bound_can_only_be_too_much():
    assert reading(claim("within"), made(ABOVE, bound=True)) == FAILS
    assert reading(claim("within"), made(LEVEL, bound=True)) == OPEN
    assert reading(claim("within"), made(BELOW, bound=True)) == OPEN
    assert [reading(claim(), made(v, bound=True)) for v in (ABOVE, LEVEL, BELOW)] == [
        HOLDS,
        OPEN,
        OPEN,
    ]


def test_a_test_decides_by_its_p_and_sign():
    tested = claim("share", by_p=True)
    found = made((2.0,), runs=3)
    assert reading(tested, replace(found, p=0.04)) == HOLDS
    assert reading(tested, replace(found, p=0.06)) == OPEN
    assert reading(tested, replace(found, p=None)) == OPEN
    assert reading(tested, replace(found, p=0.04, runs=2)) == OPEN
    minus = replace(found, difference=Cell(-2.0, values=(-2.0,)), p=0.04)
    assert reading(tested, minus) == FAILS
    assert reading(replace(tested, two_sided=True), minus) == HOLDS


def test_one_p_of_two_is_no_more_than_chance_gives():
    """A p is below 0.05 on either side: twice as often as an interval lies on one."""
    tested = claim("share", by_p=True)
    found = [replace(made((2.0,), runs=3), p=p) for p in (0.04, 0.6)]
    assert verdict(tested, found).word == INCONCLUSIVE
    assert words("share", ABOVE, WIDE) == PARTLY


def test_few_seeds_and_intervals_over_documents_decide_nothing():
    assert reading(claim(), made(ABOVE[:2])) == OPEN
    assert reading(claim(), made(ABOVE, over="documents")) == OPEN


def test_equal_numbers_have_no_interval_that_decides():
    assert reading(claim(), made((2.5, 2.5, 2.5))) == OPEN
    ended = replace(made((17.0, 17.0, 17.0)), bound=True)
    assert reading(claim(kind="within", tolerance=3.0), ended) == FAILS
    size = claim(least=2.0, by_definition=True)
    assert reading(size, made((2.5, 2.5, 2.5))) == HOLDS


def test_what_is_missing_or_failed_is_not_run_and_what_collapsed_is_open():
    assert reading(claim(), made((None, None, None))) == ABSENT
    assert reading(claim(), made((2.0, 2.1, None))) == UNFINISHED
    assert reading(claim(), Comparison("", (REAL,), Cell(failed=3))) == ABSENT
    collapsed = Cell(collapsed=("seed 1", "seed 2", "seed 3"))
    assert reading(claim(), Comparison("", (REAL,), collapsed)) == OPEN


# what they say together


@pytest.mark.parametrize("kind", ["greater", "ordering", "share"])
@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ((ABOVE, ABOVE), REPRODUCED),
        ((ABOVE, BELOW), PARTLY),
        ((ABOVE, WIDE), PARTLY),
        ((BELOW, BELOW), CONTRADICTED),
        ((LEVEL, LEVEL), CONTRADICTED),
        ((WIDE, WIDE), INCONCLUSIVE),
        ((ABOVE, WIDE, WIDE), INCONCLUSIVE),
        ((BELOW, WIDE, WIDE), INCONCLUSIVE),
        ((), NOT_RUN),
    ],
)
def test_every_verdict_of_differences(kind, groups, said):
    assert words(kind, *groups) == said


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ((LEVEL, LEVEL), REPRODUCED),
        ((LEVEL, ABOVE), PARTLY),
        ((ABOVE, BELOW), CONTRADICTED),
        ((WIDE,), INCONCLUSIVE),
        ((), NOT_RUN),
    ],
)
def test_every_verdict_of_a_tolerance(groups, said):
    assert words("within", *groups) == said


@pytest.mark.parametrize(
    ("gap", "said"), [(0.5, REPRODUCED), (-0.5, REPRODUCED), (1.5, CONTRADICTED)]
)
def test_arithmetic_needs_no_seeds(gap, said):
    found = Comparison("", (), Cell(gap, values=(gap,)))
    assert verdict(claim("arithmetic"), [found]).word == said


def test_a_share_is_reached_by_as_many_as_it_asks_for():
    eight = [ABOVE] * 8 + [BELOW] * 2
    assert words("share", *eight, min_share=0.8) == REPRODUCED
    assert words("share", *eight, min_share=0.9) == PARTLY
    assert words("share", *[BELOW] * 8, *[ABOVE] * 2, min_share=0.8) == PARTLY
    assert words("share", *[BELOW] * 8, ABOVE, WIDE, min_share=0.8) == CONTRADICTED


def test_failures_that_the_share_allows_do_not_contradict_it():
    assert words("share", *[BELOW] * 2, *[WIDE] * 2, min_share=0.5) == INCONCLUSIVE


def test_some_are_enough_where_that_is_claimed():
    many = [WIDE] * 20
    assert words("share", *many, ABOVE, exists=True) == INCONCLUSIVE  # one of 21 is chance
    assert words("share", *many, *[ABOVE] * 3, exists=True) == REPRODUCED
    assert words("share", BELOW, LEVEL, exists=True) == CONTRADICTED
    assert words("share", BELOW, WIDE, exists=True) == INCONCLUSIVE


@pytest.mark.parametrize("n", range(1, 80))
def test_chance_gives_so_many_in_one_case_of_twenty_at_most(n):
    from scipy.stats import binom

    least = beyond_chance(n)
    assert binom.sf(least - 1, n, 0.025) <= 0.05
    assert least == 1 or binom.sf(least - 2, n, 0.025) > 0.05


def test_one_of_many_that_holds_is_chance():
    assert words("greater", ABOVE, *[BELOW] * 20) == CONTRADICTED
    assert words("greater", BELOW, BELOW, *[ABOVE] * 20) == PARTLY


def test_the_reason_counts_and_names():
    found = [made(ABOVE), made(WIDE), made((None, None, None), label="phee")]
    said = verdict(claim(), found)
    assert said.word == PARTLY
    assert said.why == (
        "holds in 1 of 2; not told apart in 1 of 2; not run: 1 of 3 comparisons: phee"
    )


def test_runs_that_were_still_rising_are_told():
    late = Comparison("", (REAL,), Cell.of(ABOVE, unsettled=("seed 1",)))
    assert verdict(claim(), [late, made(ABOVE)]).why == (
        "holds in 2 of 2; longer training may change 1 of 2"
    )


def test_without_any_run_the_reason_is_what_is_missing():
    found = [made((None, None, None), label=name) for name in "abcd"]
    said = verdict(claim(), found)
    assert said.word == NOT_RUN and said.why == "not run: 4 of 4 comparisons: a; b; c …"
    assert verdict(claim(), [], "page 43 is not there").why == "page 43 is not there"


def test_comparisons_without_runs_are_told_from_those_that_lack_some():
    half = Comparison("phee", (REAL,), Cell.of((5.0, None, None), missing=1))
    said = verdict(claim(), [half, made((None, None, None), label="chia")])
    assert said.why.startswith("not run or not run to the end: 2 of 2 comparisons")


def test_synthetic_text_is_never_counted():
    fake = made(ABOVE, corpus=MADE)
    assert fake.synthetic and reading(claim(), fake) == MADE_UP
    assert verdict(claim(), [fake, fake]).word == SYNTHETIC
    assert verdict(claim(), [made((None,) * 3, corpus=MADE)]).word == SYNTHETIC
    assert verdict(claim(), [fake, made((None,) * 3)]).word == NOT_RUN
    mixed = Comparison("", (REAL, MADE), Cell.of(ABOVE))
    assert verdict(claim(), [mixed]).word == SYNTHETIC


values = st.lists(
    st.lists(st.floats(-20, 20, allow_nan=False), min_size=3, max_size=5), min_size=1, max_size=8
)
kinds = st.sampled_from([kind for kind in KINDS if kind != "arithmetic"])


@given(kinds, values)
def test_missing_and_synthetic_comparisons_move_no_verdict(kind, groups):
    found = [made(each) for each in groups]
    others = [made((None,) * 3), made(ABOVE, corpus=MADE), made(BELOW, corpus=MADE)]
    alone = verdict(claim(kind), found)
    assert verdict(claim(kind), [*others, *found]).word == alone.word
    assert alone.word not in (NOT_RUN, SYNTHETIC)


@given(values)
def test_a_claim_and_its_opposite_are_never_both_reproduced(groups):
    found = verdict(claim(), [made(each) for each in groups]).word
    turned = verdict(claim(), [made([-value for value in each]) for each in groups]).word
    assert {found, turned} != {REPRODUCED}
    if found == REPRODUCED:
        assert turned == CONTRADICTED


@given(values)
def test_the_order_of_comparisons_does_not_matter(groups):
    found = [made(each) for each in groups]
    assert verdict(claim(), found).word == verdict(claim(), found[::-1]).word


# comparisons


def record(f1, seed=1, flags=()):
    return {
        "kind": "fine_tune",
        "key": f"{f1}-{seed}",
        "status": "complete",
        "flags": list(flags),
        "configuration": {"seed": seed},
        "f1": f1,
    }


def test_runs_are_paired_by_seed():
    left = {1: record(50.0), 2: record(70.0), 3: record(90.0)}
    right = {3: record(88.0), 1: record(49.0), 2: record(68.5)}
    found = between("", REAL, left, right, "f1")
    oracle = stats.ttest_rel([50.0, 70.0, 90.0], [49.0, 68.5, 88.0]).confidence_interval(0.95)
    assert found.difference.values == (1.0, 1.5, 2.0)
    assert (found.difference.low, found.difference.high) == pytest.approx((oracle.low, oracle.high))
    assert reading(claim(margin=0.0), found) == HOLDS  # unpaired, seeds scatter by forty points
    assert len(found.records) == 6


def test_a_mean_over_corpora_takes_seeds_that_all_have():
    whole = {seed: record(10.0 * seed, seed) for seed in (1, 2, 3)}
    less = whole | {2: None}
    lower = {seed: record(10.0 * seed - 4, seed) for seed in (1, 2, 3)}
    found = means("", {"ncbi_disease": (whole, lower), "phee": (less, lower)}, "f1")
    assert found.difference.values == (4.0, 4.0) and found.difference.missing == 1
    assert found.corpora == ("ncbi_disease", "phee")


def test_a_mean_over_one_corpus_is_the_difference_on_it():
    """With what happened to its runs: a claim over a language reads the same as one over one."""
    flags = {1: [], 2: ["collapsed"], 3: ["best_is_last"], 4: []}
    left = {seed: record(10.0 * seed, seed) | {"flags": flags[seed]} for seed in flags}
    right = {seed: record(9.0 * seed, seed) for seed in flags}
    right[4] |= {"status": "failed"}
    found, one = means("", {"phee": (left, right)}, "f1"), between("", "phee", left, right, "f1")
    assert found == one
    assert found.difference.collapsed == ("seed 2",) and found.difference.failed == 1
    assert found.difference.unsettled == ("seed 3",)


def test_a_difference_of_differences_is_paired_too():
    seeds = range(1, 6)
    higher, lower = ({s: record(c * s, s) for s in seeds} for c in (3.0, 2.0))
    less, nothing = ({s: record(c * s, s) for s in seeds} for c in (0.5, 0.0))
    gain, other = (higher, lower, "f1"), (less, nothing, "f1")
    found = combined("", [REAL], gain, other)
    assert found.difference.values == (0.5, 1.0, 1.5, 2.0, 2.5)
    assert (found.left.values[:2], found.right.values[:2]) == ((1.0, 2.0), (0.5, 1.0))
    # one run that does not count takes its own seed with it, by what it is
    for flaw, field, count in (
        (None, "missing", 1),
        (record(0.0, 4, ["collapsed"]), "collapsed", ("seed 4",)),
        (record(0.0, 4) | {"status": "failed"}, "failed", 1),
    ):
        short = combined("", [REAL], gain, (less | {4: flaw}, nothing, "f1")).difference
        assert short.values == (0.5, 1.0, 1.5, 2.5) and getattr(short, field) == count


# what is declared


def test_every_claim_has_a_row_of_its_own_and_a_reader_or_says_what_it_needs():
    found = {each.id: each for each in claims()}
    for short, paper, n in (
        ("tcrf", "transformercrf", 14),
        ("clinx", "clinx", 18),
        ("ibd", "ibd", 13),
        ("lasl", "lasl", 14),
    ):
        assert [f"{short}-{i:02d}" for i in range(1, n + 1)] == [
            each.id for each in found.values() if each.paper == paper
        ]
    assert set(READERS) <= set(found)
    assert all(found[name].pages for name in READERS)
    assert all(each.needs for name, each in found.items() if name not in READERS)


def test_statements_are_said_once_and_doubts_are_shown():
    texts = [each.statement for each in claims()]
    assert len(set(texts)) == len(texts)
    assert all(each.doubt in each.printed for each in claims())
    assert {each.kind for each in claims()} == set(KINDS)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "greatr"}, "did you mean 'greater'"),
        ({"paper": "clinxx"}, "did you mean 'clinx'"),
        ({"kind": "within", "tolerance": None}, "have a tolerance"),
        ({"tolerance": 1.0}, "have a tolerance"),
        ({"min_share": 1.2}, "outside"),
        ({"margin": -1.0}, "below 0"),
        ({"pages": ()}, "neither a page nor what it needs"),
    ],
)
def test_a_claim_that_makes_no_sense_is_refused(fields, said):
    with pytest.raises(BadInput, match=said):
        claim(**fields)


def test_a_field_that_no_claim_has_is_named(tmp_path):
    for paper in PAPERS:
        (tmp_path / f"{paper}.yml").write_text("[]")
    (tmp_path / "ibd.yml").write_text("[{id: ibd-01, kind: greater, statment: s}]")
    with pytest.raises(BadInput, match="statement"):
        claims(tmp_path)


# pages


def test_a_page_that_is_not_there_leaves_its_claims_not_run():
    (held,) = hold((claim(pages=(43,)),), {}, {})
    assert (held.verdict.word, held.verdict.why) == (NOT_RUN, "not written yet: page 43")
    there = {43: Page("43_encoders", {})}
    (held,) = hold((claim(pages=(43,)),), there, {})
    assert held.verdict.word == NOT_RUN and "does not say yet" in held.verdict.why
    assert held.pages == ("43_encoders",)


def test_what_no_page_has_is_said():
    (held,) = hold((claim(pages=(), needs="letters that are not open"),), {}, {})
    assert held.verdict.why == "needs letters that are not open"


# what could have been found


@pytest.mark.parametrize("n", [3, 5, 10])
def test_the_least_difference_is_found_four_times_in_five(n):
    import numpy as np

    deviation, margin = 2.0, 0.5
    least = detectable_difference(deviation, n, margin=margin)
    drawn = np.random.default_rng(0).normal(least, deviation, size=(20_000, n))
    from scipy import stats

    half = stats.t.isf(0.025, n - 1) * drawn.std(axis=1, ddof=1) / np.sqrt(n)
    assert np.mean(drawn.mean(axis=1) - half > margin) == pytest.approx(0.8, abs=0.01)


def test_the_least_difference_falls_with_seeds_and_is_none_without_scatter():
    few, many = (table.least(claim(), made(ABOVE * times)) for times in (1, 4))
    assert few > many > 0.5
    assert table.least(claim(), made((1.0,))) is None
    assert table.least(claim(), made((1.0, 1.0, 1.0))) is None


def test_the_rule_is_told_in_words():
    assert table.test(claim()) == "l − r above 0.5"
    assert (
        table.test(claim("share", min_share=0.8)) == "l − r above 0.5, in 80 % of the comparisons"
    )
    assert table.test(claim(ties=True)) == "l − r above -0.5"
    assert table.test(claim("within", one_sided=True)) == "l − r below 1"
    assert table.test(claim("share", by_p=True)) == "l and r: p below 0.05"

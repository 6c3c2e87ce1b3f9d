"""Verdicts: what the tests of page 31 say, in sentences built from their numbers."""

from clinlib.evaluation import assumptions
from clinlib.studies.comparisons import ENOUGH
from clinlib.studies.ibd import detectable
from clinlib.studies.ibd.observations import RUNS, UNITS, Observations
from clinlib.studies.ibd.significance import LEVEL, TESTS, Results, difference, tried
from clinlib.studies.wording import p_in_words, plural

NAMED = 6  # pairs that a sentence lists
# an assumption, its test, and the test of means that does without it
DOUBTS = (
    ("that errors are normal", assumptions.normality, "Kruskal-Wallis"),
    ("that variances are equal", assumptions.equal_variance, "Welch"),
)


def sentences(results: Results) -> list[str]:
    """What the runs say, in words."""
    found = []
    for corpus in results.corpora:
        seen, fit = results.of[corpus], results.fitted(corpus, RUNS)
        if seen.absent:
            shown_of = ", ".join(seen.absent[:3]) + (" …" if len(seen.absent) > 3 else "")
            found.append(
                f"{corpus}: {plural(len(seen.absent), 'run')} of {seen.planned} left out "
                f"({shown_of})."
            )
        if seen.unfound:
            found.append(
                f"{corpus}: no run of any method finds a span of {', '.join(seen.unfound)}, which "
                f"{'is' if len(seen.unfound) == 1 else 'are'} therefore no block of the types."
            )
        if fit is None:
            found.append(f"{corpus}: no two methods have two complete runs that differ.")
            continue
        low, high = fit.eta_interval()
        said = difference(seen, RUNS)(fit.test.p)
        found.append(
            f"{corpus}, over {seen.numbers(RUNS)}: {fit.test}, {p_in_words(fit.test.p)}: {said}. "
            f"Eta squared {fit.eta_squared:.2f}, 95 % interval {low:.2f} to {high:.2f}."
        )
        if (few := seen.few(RUNS)) >= ENOUGH:
            found += [*_doubts(seen), _agreement(seen), apart_in_words(results, corpus)]
            found.append(
                f"{corpus}: with {few} runs a method that scatter by {fit.deviation:.1f} F1, "
                f"a pair closer than {detectable.one_pair(fit, few):.1f} F1 is missed more "
                "often than one time in five."
            )
    return found


def apart_in_words(results: Results, corpus: str) -> str:
    """Which pairs Tukey's intervals tell apart, in a sentence."""
    found = results.pairs(corpus)
    if not found:
        return f"{corpus}: no pair of methods has the runs to be compared."
    apart = [pair for pair in found if pair.apart]
    named = sorted(apart, key=lambda pair: -abs(pair.difference))[:NAMED]
    listed = "; ".join(f"{p.left} − {p.right} {p.difference:+z.1f}" for p in named)
    if len(apart) > NAMED:
        listed = f"the widest {listed}; the table has the others"
    return (
        f"{corpus}: of {plural(len(found), 'pair')}, {len(apart)} "
        f"{'has an interval' if len(apart) == 1 else 'have intervals'} without zero"
        f"{': ' + listed if apart else ''}."
    )


def _doubts(seen: Observations) -> list[str]:
    """What speaks against the assumptions of the test over runs, and what does without them."""
    found = []
    for what, test, other in DOUBTS:
        doubt, instead = (tried(each, seen.groups(RUNS))[0] for each in (test, TESTS[RUNS][other]))
        if doubt and doubt.p < LEVEL:
            without = f"{other} gives {p_in_words(instead.p)}" if instead else f"{other} has no p"
            found.append(
                f"{seen.corpus}, over runs: {what} is in doubt ({p_in_words(doubt.p)}); {without}."
            )
    return found


def _agreement(seen: Observations) -> str:
    """Whether tests that assume less, and the other units, come to the same side of the level."""
    sides = {}
    for unit in UNITS:
        for name, test in TESTS[unit].items():
            enough = seen.few(unit) >= ENOUGH
            if enough and (outcome := tried(test, seen.groups(unit))[0]):
                sides[f"{name} over {unit}"] = outcome.p < LEVEL
    first, *rest = sides
    others = [name for name in rest if sides[name] != sides[first]]
    if not others:
        return f"{seen.corpus}: the other {len(rest)} tests are on the same side of {LEVEL}."
    return f"{seen.corpus}: on the other side of {LEVEL} stand {', '.join(others)}."

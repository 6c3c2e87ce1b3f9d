"""Verdict: what comparisons say of a claim, by declared rules.

An interval decides a comparison, the comparisons together the claim. Nothing is counted that is
synthetic, and what is missing counts neither way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, comb

from clinlib.studies.claims.claim import Claim
from clinlib.studies.claims.comparison import Comparison
from clinlib.studies.comparisons import ENOUGH
from clinlib.studies.wording import plural

# of a comparison
HOLDS, NO_EFFECT, FAILS = "holds", "no effect", "fails"
SMALLER, UNSIZED = "holds, but smaller than stated", "holds, of what size is open"
OPEN, ABSENT, MADE_UP = "not told apart", "not run", "synthetic"
UNFINISHED = "not run to the end"
UNCOUNTED = (ABSENT, UNFINISHED, MADE_UP)
# of a claim
REPRODUCED, PARTLY, CONTRADICTED = "reproduced", "partly reproduced", "contradicted"
INCONCLUSIVE, NOT_RUN, SYNTHETIC = "inconclusive", "not run", "synthetic: not counted"
VERDICTS = (REPRODUCED, PARTLY, CONTRADICTED, INCONCLUSIVE, NOT_RUN, SYNTHETIC)

SIDE = 0.025  # the chance that a 95 % interval lies wholly on one side of nothing
LEVEL = 0.05
EXACT = 1e-9  # points: an interval so narrow has no width


@dataclass(frozen=True)
class Verdict:
    """A word of VERDICTS, why in words, and the reading of each comparison in their order."""

    word: str
    why: str
    readings: tuple[str, ...] = ()

    def count(self, *readings: str) -> int:
        """How many comparisons read so."""
        return sum(each in readings for each in self.readings)


def reading(claim: Claim, found: Comparison) -> str:
    """What one comparison says: its interval against the margin of the claim.

    Above the margin it holds, in part where it does not reach what the paper states as a least;
    inside the margin on both sides there is no effect; all below the margin it fails; else the two
    are not told apart.
    """
    if found.synthetic:
        return MADE_UP
    if found.n < ENOUGH and found.difference.missing + found.difference.failed:
        return UNFINISHED if found.n else ABSENT
    if claim.kind == "arithmetic":
        return HOLDS if abs(found.difference.value) <= claim.tolerance else FAILS
    if found.n < ENOUGH or found.over != "seeds":
        return OPEN
    if claim.by_p:
        if found.p is None or found.p >= LEVEL:
            return OPEN
        return HOLDS if found.difference.value > 0 or claim.two_sided else FAILS
    low, high = found.difference.low, found.difference.high
    if low is None:
        return OPEN
    # equal numbers, as of rounds counted, are exact to a round at best; where a curve ended first
    # they are what is certain
    if high - low < EXACT and not (claim.by_definition or found.bound):
        return OPEN
    if claim.kind == "within":
        return _within(claim, low, high, found.bound)
    said = _greater(claim, low, high)
    # what is at least so much may be more
    return OPEN if found.bound and said in (FAILS, NO_EFFECT) else said


def verdict(claim: Claim, found: Sequence[Comparison], absent: str = "") -> Verdict:
    """What all comparisons say of a claim; `absent` says why there are none, where there are none.

    Those that are run count. Reproduced: as many hold as the claim asks for. Otherwise, where at
    least half are decided: partly reproduced if more hold than chance would give; contradicted if
    more fail than chance would give and the others cannot make it up. Else inconclusive.
    """
    readings = tuple(reading(claim, each) for each in found)
    counted = [each for each in readings if each not in UNCOUNTED]
    result = Verdict("", "", readings)
    if not readings:
        return Verdict(NOT_RUN, absent or claim.needs or "no run of this profile compares these")
    if not counted:
        if {*readings} == {MADE_UP}:
            return Verdict(SYNTHETIC, "its runs read synthetic text", readings)
        return Verdict(NOT_RUN, _why(result, found, 0), readings)
    return Verdict(_word(claim, result, len(counted)), _why(result, found, len(counted)), readings)


def beyond_chance(n: int, side: float = SIDE) -> int:
    """The least number of n results that chance gives in 5 % of cases or fewer.

    `side` is the chance of one: an interval on one side, or LEVEL for a p, which may be below it
    on either.

    >>> [beyond_chance(n) for n in (1, 2, 3, 14, 60)]
    [1, 1, 2, 2, 5]
    >>> [beyond_chance(n, LEVEL) for n in (1, 2, 3, 14)]
    [1, 2, 2, 3]
    """
    for least in range(1, n + 1):
        tail = sum(comb(n, k) * side**k * (1 - side) ** (n - k) for k in range(least, n + 1))
        if tail <= LEVEL:
            return least
    return max(n, 1)


def _greater(claim: Claim, low: float, high: float) -> str:
    if claim.ties:
        if low > -claim.margin:
            return HOLDS
        return FAILS if high < -claim.margin else OPEN
    if claim.least is not None:
        if low > claim.least:
            return HOLDS
        if claim.by_definition:
            return FAILS if high < claim.least else OPEN
        if low > claim.margin:
            return SMALLER if high < claim.least else UNSIZED
    elif low > claim.margin:
        return HOLDS
    if -claim.margin <= low and high <= claim.margin:
        return NO_EFFECT
    return FAILS if high < claim.margin else OPEN


def _within(claim: Claim, low: float, high: float, bound: bool) -> str:
    """`bound`: the true difference may be larger, so that only too large a one is certain."""
    if low > claim.tolerance:
        return FAILS
    if bound:
        return OPEN
    if claim.one_sided:
        return HOLDS if high < claim.tolerance else OPEN
    if high < -claim.tolerance:
        return FAILS
    return HOLDS if -claim.tolerance < low and high < claim.tolerance else OPEN


def _word(claim: Claim, found: Verdict, n: int) -> str:
    holds, in_part = found.count(HOLDS), found.count(SMALLER, UNSIZED)
    fails = found.count(NO_EFFECT, FAILS)
    chance = beyond_chance(n, LEVEL if claim.by_p else SIDE)
    if claim.exists:
        if holds >= chance:
            return REPRODUCED
        return CONTRADICTED if fails == n else INCONCLUSIVE
    asked = ceil(claim.min_share * n - 1e-9)
    if holds >= max(asked, chance):
        return REPRODUCED
    if 2 * (holds + in_part + fails) < n:
        return INCONCLUSIVE
    if holds + in_part >= chance:
        return PARTLY
    return CONTRADICTED if fails >= chance and n - fails < asked else INCONCLUSIVE


def _why(found: Verdict, comparisons: Sequence[Comparison], n: int) -> str:
    parts = [
        f"{word} in {count} of {n}"
        for word in (HOLDS, SMALLER, UNSIZED, NO_EFFECT, FAILS, OPEN)
        if (count := found.count(word))
    ]
    read = zip(comparisons, found.readings, strict=True)
    cells = [each.difference for each, said in read if said not in UNCOUNTED]
    if late := sum(bool(each.unsettled) for each in cells):
        parts.append(f"longer training may change {late} of {n}")
    if apart := sum(bool(each.apart) for each in cells):
        parts.append(f"{apart} of {n} with pairs from different weights of one encoder")
    if found.count(ABSENT, UNFINISHED):
        parts.append(_missing(comparisons, found.readings))
    if found.count(MADE_UP):
        parts.append(f"{found.count(MADE_UP)} synthetic, not counted")
    return "; ".join(parts)


def _missing(found: Sequence[Comparison], readings: Sequence[str]) -> str:
    """Which comparisons are not run, and how many of those that would count."""
    absent = [
        each for each, said in zip(found, readings, strict=True) if said in (ABSENT, UNFINISHED)
    ]
    shown = "; ".join(each.label for each in absent[:3]) + (" …" if len(absent) > 3 else "")
    states = dict.fromkeys(each.difference.state or "missing" for each in absent)
    kind = "" if all("missing" in each for each in states) else f" ({', '.join(states)})"
    real = sum(said != MADE_UP for said in readings)
    words = " or ".join(word for word in (ABSENT, UNFINISHED) if word in readings)
    return f"{words}: {len(absent)} of {plural(real, 'comparison')}{kind}: {shown}"

"""What the claims of LASL compare, read from page 40."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product

from clinlib.studies.cells import Cell, Record, state
from clinlib.studies.claims.claim import Claim
from clinlib.studies.claims.comparison import Comparison, Runs, between, names
from clinlib.studies.lasl.rounds import NEAR
from clinlib.studies.lasl.strategies import LEVELS, RANDOM, Results, reached

PLAIN_LC = "MLP"  # ranks as least confidence does that is not divided by length
OURS = "core-set"  # a baseline that the paper lacks
STEP, MOST, EARLY = 0.05, 0.3, 0.1  # the paper's budgets, and where its early ones end
SENTENCES = "sentences"  # what they are of


def every_strategy(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
    """Every strategy of the paper and random, at every budget."""
    rivals = [(name, RANDOM) for name in found.loops if name not in (RANDOM, OURS)]
    return at_budgets(found, found.loops, rivals)


def chain(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
    """LASL and DBS, DBS and each of its two parts, at every budget."""
    rivals = [("LASL", "DBS"), ("DBS", "MLP"), ("DBS", "LPN")]
    return at_budgets(found, found.loops, rivals)


def crossing(early: str, late: str) -> Callable:
    """A reader of two strategies, of which one is to lead up to 10 % and the other after."""

    def read(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
        return [
            *at_budgets(found, found.loops, [(early, late)], upto=EARLY),
            *at_budgets(found, found.loops, [(late, early)], above=EARLY),
        ]

    return read


def ahead(left: str, right: str) -> Callable:
    """A reader of two strategies at every budget."""
    return lambda claim, found, parameters: at_budgets(found, found.loops, [(left, right)])


def needed(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
    """Labels that LASL needs for a share of the F1 with all, and those published."""
    if "LASL" not in found.loops:
        return []
    result = []
    for level, stated in zip(LEVELS, claim.stated, strict=True):
        shares, short = _needed(found, "LASL", level)
        result.append(_less(f"{found.corpus}, {level:.0%}", found, shares, stated, short, ["LASL"]))
    return result


def saved(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
    """Labels that others need for 95 % beyond LASL's, and those published."""
    result = []
    for other, stated in zip(("TOD", "learning loss"), claim.stated, strict=True):
        if not {"LASL", other} <= set(found.loops):
            continue
        (mine, short), (theirs, late) = (
            _needed(found, name, LEVELS[0]) for name in ("LASL", other)
        )
        gaps = {
            seed: None if None in (mine[seed], theirs[seed]) else theirs[seed] - mine[seed]
            for seed in mine
        }
        made = _less(f"{found.corpus}, {other}", found, gaps, stated, late, ["LASL", other])
        # where LASL itself does not get there, nothing is known of what it saves
        why = f"not every LASL is at {100 * LEVELS[0]:.0f} % when its curve ends"
        result.append(replace(made, over="curves that end first", unknown=why) if short else made)
    return result


READERS: dict[str, Callable] = {
    "lasl-01": every_strategy,
    "lasl-02": chain,
    "lasl-03": crossing("LPN", "MLP"),
    "lasl-04": needed,
    "lasl-10": crossing("learning loss", PLAIN_LC),
    "lasl-12": ahead("LPN", "learning loss"),
    "lasl-13": saved,
}


def at_budgets(
    found,
    loops: Mapping[str, Runs],
    rivals: Sequence[tuple[str, str]],
    place: str = "",
    above: float = 0.0,
    upto: float = 1.0,
) -> list[Comparison]:
    """A comparison for each pair of loops that are there, at each budget `above` and `upto` shares.

    Budgets of the paper at which the loops do not pick, be it that all of them begin with more or
    that they end before, are comparisons that are missing. The paper's budgets are of sentences:
    where the loops count tokens, nothing is known of them. `place` begins the labels; it is the
    corpus, where none is given.
    """
    after = budgets(found.shares)
    there = [pair for pair in rivals if {*pair} <= set(loops)]
    made = []
    for left, right in there:
        for at, share in after.items():
            if above + NEAR < share <= upto + NEAR:
                label = f"{place or found.corpus}, {left}, {right}, {100 * share:.3g} %"
                sides = loops[left], loops[right]
                made.append(between(label, found.corpus, *sides, _after(at)))
    if found.unit != SENTENCES:
        why = f"budgets are of {found.unit} here, of {SENTENCES} in the paper"
        return [replace(each, over=f"budgets of {found.unit}", unknown=why) for each in made]
    return made + [
        Comparison(
            f"{place or found.corpus}, {left}, {right}, {100 * share:.3g} %",
            (found.corpus,),
            Cell(missing=len(loops[left])),
        )
        for (left, right), share in product(there, _unmet(after))
        if above + NEAR < share <= upto + NEAR
    ]


def _unmet(after: Mapping[int, float]) -> list[float]:
    """The paper's budgets at which no round picks, where the rounds keep to its budgets at all."""
    budgets_of_paper = [STEP * number for number in range(1, round(MOST / STEP) + 1)]
    met = [each for each in budgets_of_paper if any(abs(each - s) < NEAR for s in after.values())]
    return [each for each in budgets_of_paper if met and each not in met]


def budgets(shares: Sequence[float]) -> dict[int, float]:
    """Round -> share labelled: the paper's budgets, or all rounds that picked where none is."""
    after = dict(enumerate(shares, start=1))
    steps = {
        at: share
        for at, share in after.items()
        if share <= MOST + NEAR and abs(share / STEP - round(share / STEP)) < NEAR and at > 1
    }
    return steps or {at: share for at, share in after.items() if at > 1}


def _after(rounds: int) -> Callable[[Record], float | None]:
    """Strict F1 on test after a round."""

    def of(record: Record) -> float | None:
        rows = (row for row in record["curve"] if row["round"] == rounds)
        row = next(rows, None)
        return None if row is None else row["scores"]["test"]["strict"]["f1"]

    return of


def _needed(found: Results, name: str, level: float) -> tuple[dict[int, float | None], bool]:
    """Seed -> labels in percent at the first round of that share of the F1 with all labels, the
    last round's where it is not reached, and whether that happened; None is missing."""
    shares: dict[int, float | None] = {}
    short = False
    for seed, run in found.loops[name].items():
        top = reached(found.ceiling[seed])
        if state(run) != "complete" or top is None:
            shares[seed] = None
            continue
        pool = run["data"]["pool_sentences"]
        curve = [
            (100 * row["sentences"] / pool, row["scores"]["test"]["strict"]["f1"])
            for row in run["curve"]
        ]
        there = [share for share, f1 in curve if f1 >= level * top]
        short = short or not there
        shares[seed] = there[0] if there else curve[-1][0]
    return shares, short


def _less(
    label: str,
    found: Results,
    shares: Mapping[int, float | None],
    stated: float,
    bound: bool,
    strategies: list[str],
) -> Comparison:
    """Labels less the figure that is stated."""
    runs: list[Runs] = [found.loops[name] for name in strategies]
    return Comparison(
        label,
        (found.corpus,),
        Cell.of(None if share is None else share - stated for share in shares.values()),
        Cell.of(shares.values()),
        Cell(stated, values=(stated,)),
        names(*(each.values() for each in runs), found.ceiling.values()),
        bound=bound,
    )

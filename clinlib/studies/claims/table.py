"""Tables of the claims: verdicts by paper, and every comparison behind them."""

from collections.abc import Sequence

import pandas as pd

from clinlib.evaluation.power import detectable_difference
from clinlib.studies.cells import Cell
from clinlib.studies.claims.claim import Claim
from clinlib.studies.claims.comparison import Comparison
from clinlib.studies.claims.reading import Held
from clinlib.studies.claims.verdict import LEVEL, UNCOUNTED
from clinlib.studies.frames import by_row
from clinlib.studies.wording import p_in_words, p_value, plural

NONE = "–"
LISTED = 4  # comparisons that are told one by one


def verdicts(found: Sequence[Held], paper: str) -> pd.DataFrame:
    """A row a claim of one paper: what is stated, what was found, and the verdict.

    What is read off synthetic text stands in no row, beside the published figures as it would be.
    """
    rows = {}
    for each in found:
        claim = each.claim
        if claim.paper != paper:
            continue
        rows[claim.id,] = {
            "claim": claim.statement,
            "verdict": each.verdict.word,
            "found": ours(each),
            "why": each.verdict.why,
            "published": claim.printed,
            "seeds, or runs": seeds(each),
            "least that could be found": detectable(each),
            "page": " ".join(each.pages) or NONE,
        }
    return by_row(rows, ["id"])


def evidence(found: Sequence[Held], paper: str) -> pd.DataFrame:
    """A row a comparison: both sides, their difference, what it says, and the records read."""
    rows = {}
    for each in found:
        if each.claim.paper != paper:
            continue
        for made, said in zip(each.comparisons, each.verdict.readings, strict=True):
            rows[each.claim.id, made.label] = {
                "left": _shown(made, made.left),
                "right": made.right or NONE,
                "left − right": _shown(made, made.difference),
                "p": p_value(made.p) or NONE,
                "least that could be found": least(each.claim, made) or NONE,
                "reading": said,
                "records": " ".join(made.records) or NONE,
            }
    return by_row(rows, ["id", "comparison"])


def corpora(found: Sequence[Held], paper: str) -> list[str]:
    """The corpora that the comparisons of a paper's claims read."""
    mine = (made for each in found if each.claim.paper == paper for made in each.comparisons)
    return list(dict.fromkeys(name for made in mine for name in made.corpora))


def tests(found: Sequence[Held], paper: str) -> pd.DataFrame:
    """A row a claim of one paper: how it is judged, by which metric, and what to mind."""
    rows = {
        (each.claim.id,): {
            "test": test(each.claim),
            "metric": each.claim.metric,
            "remarks": each.claim.note or NONE,
        }
        for each in found
        if each.claim.paper == paper
    }
    return by_row(rows, ["id"])


def test(claim: Claim) -> str:
    """How a comparison of a claim is judged, in words."""
    if claim.by_p:
        text = f"{claim.left} and {claim.right}: p below {LEVEL}"
    elif claim.tolerance is not None:
        side = "below" if claim.one_sided else "inside ±"
        text = f"{claim.left} − {claim.right} {side} {claim.tolerance:g}"
    elif claim.by_definition:
        text = f"{claim.left} − {claim.right} above {claim.least:g}"
    else:
        margin = -claim.margin if claim.ties else claim.margin
        text = f"{claim.left} − {claim.right} above {margin:g}"
        text += f", as stated above {claim.least:g}" if claim.least is not None else ""
    if claim.kind == "arithmetic":
        return f"{text}; no run"
    text += ", neighbour by neighbour" if claim.kind == "ordering" else ""
    if claim.exists:
        return f"{text}, in some comparisons"
    return text + (
        f", in {100 * claim.min_share:g} % of the comparisons" if claim.min_share < 1 else ""
    )


def ours(held: Held) -> str:
    """The differences that were found, with intervals: one by one if they are few, else from the
    lowest to the highest. Those that the verdict counts, where there are any."""
    read = zip(held.comparisons, held.verdict.readings, strict=True)
    counted = [each for each, said in read if said not in UNCOUNTED]
    there = [each for each in counted or _real(held) if each.difference.value is not None]
    if not there:
        return NONE
    if len(there) <= LISTED:
        return "; ".join(f"{each.label}: {_signed(each)}" for each in there)
    low, high = (which(there, key=lambda each: each.difference.value) for which in (min, max))
    return (
        f"{plural(len(there), 'comparison')}, from {_signed(low)} ({low.label}) to "
        f"{_signed(high)} ({high.label})"
    )


def seeds(held: Held) -> str:
    """How many pairs of runs a comparison stands on; the least and the most of them."""
    found = sorted({each.n for each in _real(held) if each.corpora and each.n})
    if not found:
        return NONE
    return str(found[0]) if len(found) == 1 else f"{found[0]} to {found[-1]}"


def detectable(held: Held) -> str:
    """What so many pairs could have found, over the comparisons that count."""
    found = [
        value
        for each, said in zip(held.comparisons, held.verdict.readings, strict=True)
        if said not in UNCOUNTED and (value := least(held.claim, each)) is not None
    ]
    if not found:
        return NONE
    low, high = f"{min(found):.1f}", f"{max(found):.1f}"
    return low if low == high else f"{low} to {high}"


def least(claim: Claim, made: Comparison) -> float | None:
    """The least difference in points that would have been found above the margin (or beyond the
    tolerance), power 0.8.

    From the scatter of the pairs at hand, which few pairs know badly; None for fewer than two
    pairs, without scatter, and where no interval over seeds decides.
    """
    values = made.difference.values
    if made.over != "seeds" or made.p is not None or len(values) < 2 or not made.corpora:
        return None
    deviation = float(pd.Series(values).std())
    if not deviation:
        return None
    threshold = -claim.margin if claim.ties else claim.margin
    if claim.by_definition:
        threshold = claim.least
    elif claim.tolerance is not None:
        threshold = claim.tolerance
    return detectable_difference(deviation, len(values), margin=threshold)


def _real(held: Held) -> list[Comparison]:
    """The comparisons that read no synthetic text."""
    return [each for each in held.comparisons if not each.synthetic]


def _signed(made: Comparison) -> str:
    """A difference with its sign, interval and number of pairs."""
    cell = made.difference
    if made.unknown:
        return made.unknown
    if made.bound:
        return f"{cell.value:+z.1f} or more ({cell.n})"
    if made.p is not None:
        return f"{cell.value:+z.1f}, {p_in_words(made.p)} ({made.n})"
    if cell.low is None:
        return f"{cell.value:+z.{cell.digits}f}"
    return f"{cell.value:+z.1f} [{cell.low:+z.1f}, {cell.high:+z.1f}] ({cell.n})"


def _shown(made: Comparison, cell: Cell | None) -> Cell | str:
    """An entry of the table; in words where it is no measurement."""
    if cell is None or made.unknown:
        return made.unknown or NONE
    if made.runs is not None and cell.n:
        value, _, _ = cell.number.rpartition(" ")  # of runs of a method, and no pairs
        return f"{value} ({made.runs})"
    # an interval around what may be more is none
    return f"{cell.value:.1f} or more ({cell.n})" if made.bound and cell.n else cell

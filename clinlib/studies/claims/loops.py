"""What the claims of LASL compare on pages 41 to 44: losses, balance, encoders, task models.

Results of these pages are read by what they hold (`loops` or `models`, `shares`, `unit`, `corpus`).
"""

from collections.abc import Callable, Mapping
from itertools import permutations

import numpy as np

from clinlib.studies.cells import Cell, Record, state
from clinlib.studies.claims.claim import Claim
from clinlib.studies.claims.comparison import Comparison, inside, names
from clinlib.studies.claims.lasl import at_budgets
from clinlib.studies.lasl import sizes
from clinlib.studies.lasl.rounds import last_sampled, share

PAPERS_MODELS = ("BERT-CRF", "LSTM-CRF", "GlobalPointer")
PAPERS_WEIGHTS = ("equal", "linear", "root (p = 2)", "root (p = 5)")
PASSING, HALF = "DBS", 0.5


def approach(claim: Claim, found, parameters: Mapping) -> list[Comparison]:
    """How far L_min is below L_true after the first round and after the last, in one strategy:
    in nats, and as a share of L_true, which may fall with it."""
    name = next(iter(found.loops))
    last = last_sampled(found.shares)
    return [
        inside(
            f"{found.corpus}, {name}, {unit}",
            found.corpus,
            found.loops[name],
            _after(1, gap),
            _after(last, gap),
        )
        for unit, gap in (("nats", _gap), ("% of the true loss", _share))
    ]


def scale(claim: Claim, found, parameters: Mapping) -> list[Comparison]:
    """How wrong predicted losses are as losses, and how large the true loss is, in the end."""
    last = last_sampled(found.shares)
    return [
        inside(
            f"{found.corpus}, {name}",
            found.corpus,
            found.loops[name],
            _after(last, _error),
            _after(last, _true),
        )
        for name in found.predicting
    ]


def schedules(claim: Claim, found, parameters: Mapping) -> list[Comparison]:
    """The first schedule and every other on its scale, at every budget.

    The paper's other schedules that have no loops are comparisons that are missing.
    """
    first, *others = found.loops
    rivals = [(first, other) for other in others if not other.startswith(f"{first}, ")]
    absent = [
        Comparison(
            f"{found.corpus}, {first}, {other}",
            (found.corpus,),
            Cell(missing=len(found.loops[first])),
        )
        for other in PAPERS_WEIGHTS
        if other not in found.loops
    ]
    return at_budgets(found, found.loops, rivals) + absent


def passing(claim: Claim, found, parameters: Mapping) -> list[Comparison]:
    """The first round in which DBS's weight is above one half, as a number and as the labels it
    has, and those published, whose rounds label one percent each."""
    if PASSING not in found.loops:
        return []
    runs = found.loops[PASSING]
    labels: list[float | None] = []
    rounds: list[int | None] = []
    short = False
    for run in runs.values():
        if state(run) != "complete":
            labels.append(None)
            rounds.append(None)
            continue
        over = [row for row in run["curve"] if (row["selection"].get("lambda") or 0) > HALF]
        short = short or not over
        row = over[0] if over else run["curve"][-1]
        labels.append(share(run, row, "sentences"))
        rounds.append(row["round"])
    (stated,) = claim.stated
    return [
        Comparison(
            f"{found.corpus}, {PASSING}, {unit}",
            (found.corpus,),
            Cell.of(None if each is None else each - stated for each in values),
            Cell.of(values),
            Cell(stated, values=(stated,)),
            names(runs.values()),
            bound=short,
        )
        for unit, values in (("% of the labels", labels), ("rounds", rounds))
    ]


def overtaking(claim: Claim, found, parameters: Mapping) -> list[Comparison]:
    """Round in which MLP passes LPN with fewer labels at first or per round, and with more.

    Seeds in which it does not pass count as one round after the last: with fewer labels that is
    the least it can be, with more it decides nothing.
    """
    made = []
    for (label, fewer), (other, more) in permutations(found.panels.items(), 2):
        if not fewer.has_fewer(more):
            continue
        late, early = _passed(fewer), _passed(more)
        gaps = {
            seed: late[seed] - early[seed] if seed in late and seed in early else None
            for seed in fewer.loops[sizes.LEAST]
        }
        ends = len(fewer.shares) + 1, len(more.shares) + 1
        both = sizes.LEAST, sizes.PREDICTED
        runs = [panel.loops[name].values() for panel in (fewer, more) for name in both]
        made.append(
            Comparison(
                f"{found.corpus}, {label}; {other}",
                (found.corpus,),
                Cell.of(gaps.values()),
                Cell.of(late.values()),
                Cell.of(early.values()),
                names(*runs),
                over="loops that end first" if ends[1] in early.values() else "seeds",
                bound=ends[0] in late.values(),
            )
        )
    return made


def encoders(claim: Claim, found, parameters: Mapping) -> list[Comparison]:
    """The serial encoder of two layers, and that of one, shared and individual ones."""
    best = "serial 2"
    others = [
        name
        for name in found.loops
        if name in ("serial 1", "shared") or name.startswith("individual")
    ]
    return at_budgets(found, found.loops, [(best, each) for each in others])


def task_models(claim: Claim, found, parameters: Mapping) -> list[Comparison]:
    """LASL and random under each of the paper's task models, at every budget."""
    return [
        each
        for model in PAPERS_MODELS
        if model in found.models
        for each in at_budgets(
            found, found.models[model], [("LASL", "random")], f"{found.corpus}, {model}"
        )
    ]


READERS: dict[str, Callable] = {
    "lasl-05": approach,
    "lasl-06": schedules,
    "lasl-07": encoders,
    "lasl-08": task_models,
    "lasl-09": overtaking,
    "lasl-11": scale,
    "lasl-14": passing,
}


def _passed(panel: sizes.Panel) -> dict[int, int]:
    """Seed -> the round in which MLP passes LPN, one after the last where it does not."""
    end = len(panel.shares) + 1
    return {seed: number or end for seed, number in sizes.by_seed(panel).items()}


def _after(number: int, value: Callable[[Mapping], float | None]):
    """A function of a record: what `value` reads of a round."""

    def of(record: Record) -> float | None:
        row = next((row for row in record["curve"] if row["round"] == number), None)
        return None if row is None else value(row)

    return of


def _losses(row: Mapping, *wanted: str) -> list[np.ndarray] | None:
    """Losses of a round's sampled sentences, None where it holds none of one of them."""
    found = [np.array(row.get("examples", {}).get(name) or (), dtype=float) for name in wanted]
    return found if all(len(each) for each in found) else None


def _gap(row: Mapping) -> float | None:
    both = _losses(row, "l_true", "l_min")
    return None if both is None else float((both[0] - both[1]).mean())


def _share(row: Mapping) -> float | None:
    gap, true = _gap(row), _true(row)
    return None if gap is None or not true else 100 * gap / true


def _error(row: Mapping) -> float | None:
    both = _losses(row, "predicted", "l_true")
    return None if both is None else float(np.abs(both[0] - both[1]).mean())


def _true(row: Mapping) -> float | None:
    found = _losses(row, "l_true")
    return None if found is None else float(found[0].mean())

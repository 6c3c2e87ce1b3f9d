"""Records of two sides of a claim made by hand, and what a comparison must say of them.

A run's numbers follow from its arm (what a page tells its runs apart by) and its seed alone.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence

import pytest
from made_records import PINS

from clinlib.experiments.config import Config
from clinlib.experiments.key import key
from clinlib.studies.claims.claim import claims
from clinlib.studies.claims.comparison import Comparison
from clinlib.studies.claims.reading import READERS
from clinlib.studies.claims.verdict import reading

CLAIMS = {each.id: each for each in claims()}
# each seed scales every run by its own factor: runs of two seeds are never as far apart as runs
# of one, so that a wrong pair shows, and equal numbers, which decide nothing, do not come about
FACTOR = {1: 1.0, 2: 0.98, 3: 1.04}
TURNED = 110.0  # a level and this less the level: what was ahead is behind by as much

Arm = Hashable
Arms = Mapping[Arm, Mapping[int, Config]]  # by seed
Level = Callable[[Arm], float]


def as_stated(level: Level) -> Level:
    """The levels as they are, which are as the paper's statement has them."""
    return level


def turned(level: Level) -> Level:
    """The levels of arms with every difference of two turned round."""
    return lambda arm: TURNED - level(arm)


TURNS = (as_stated, turned)


def record(
    config: Config,
    f1: float,
    *,
    dev: float = 50.0,
    types: Mapping[str, float] | None = None,
    forgiven: float = 0.0,
    documents: int = 11,
) -> dict:
    """A complete record of a strict F1 on test, the same in each document, and another on dev.

    `types`: F1 by type, where there are several. `forgiven`: by how many points F1 by type is
    above. Of eleven documents p can be small even where thirty tests are corrected for.
    """
    spans = []
    for at, score in enumerate((types or {"any": f1}).values()):
        right, lenient = round(100 * score), round(100 * (score + forgiven))
        wrong, forgotten = 10_000 - right, 10_000 - lenient
        row = [at, right, wrong, wrong, lenient, forgotten, forgotten]
        spans += [[document, *row] for document in range(documents)]
    test = {"f1": f1, "precision": f1, "recall": f1}
    return {
        "key": key(config, PINS),
        "kind": config.kind,
        "status": "complete",
        "flags": [],
        "configuration": config.to_dict(),
        "scores": {
            "dev": {"strict": {"f1": dev}},
            "test": {"strict": test, "ent_type": {"f1": f1 + forgiven}},
        },
        "counts": {
            "test": {"documents": documents, "types": list(types or ["any"]), "spans": spans}
        },
        "provenance": {},
    }


def records(arms: Arms, level: Level, **fields: Callable[[Arm, int], object]) -> dict[str, dict]:
    """Key -> record of every run; `fields` give what else a record has, by arm and seed."""
    found = {}
    for arm, runs in arms.items():
        for seed, config in runs.items():
            given = {name: of(arm, seed) for name, of in fields.items()}
            found[key(config, PINS)] = record(config, level(arm) * FACTOR[seed], **given)
    return found


def read(claim: str, results, parameters: Mapping) -> list[Comparison]:
    """What a claim's reader makes of the results of its page."""
    return READERS[claim](CLAIMS[claim], results, parameters)


def said(claim: str, found: Sequence[Comparison]) -> set[str]:
    """How the claim reads its comparisons."""
    return {reading(CLAIMS[claim], each) for each in found}


def named(arms: Arms, *wanted: Arm) -> tuple[str, ...]:
    """KIND/KEY of all runs of some arms, in their order."""
    runs = (config for arm in wanted for config in arms[arm].values())
    return tuple(dict.fromkeys(f"{config.kind}/{key(config, PINS)}" for config in runs))


def assert_sides(found: Comparison, arms: Arms, level: Level, *sides: tuple[Arm, Arm]) -> None:
    """A comparison is the left arm of `sides` less the right one, run by run of one seed.

    Of several sides, as of several corpora, it is their mean; it names the runs of all of them
    and no others.
    """
    left, right = (sum(level(pair[at]) for pair in sides) / len(sides) for at in (0, 1))
    factors = FACTOR.values()
    assert found.n == len(FACTOR) and not found.difference.state
    assert found.difference.values == pytest.approx([(left - right) * each for each in factors])
    assert found.left.values == pytest.approx([left * each for each in factors])
    assert found.right.values == pytest.approx([right * each for each in factors])
    assert found.records == named(arms, *(arm for pair in sides for arm in pair))

"""Tally: how many claims of each paper have which verdict, and what stands out, in words."""

from collections.abc import Iterable, Sequence

import pandas as pd

from clinlib.studies.claims.claim import PAPERS
from clinlib.studies.claims.reading import Held
from clinlib.studies.claims.verdict import (
    ABSENT,
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_RUN,
    PARTLY,
    REPRODUCED,
    SYNTHETIC,
    UNFINISHED,
    VERDICTS,
)
from clinlib.studies.wording import plural

DECIDED = (REPRODUCED, PARTLY, CONTRADICTED)
"""The verdicts that say something of a claim."""


def count(found: Iterable[Held], word: str) -> int:
    """How many claims have this verdict."""
    return sum(each.verdict.word == word for each in found)


def tally(found: Sequence[Held]) -> pd.DataFrame:
    """Verdicts as rows, papers as columns; what is synthetic has a row of its own."""
    columns = {
        name: {word: count(_of(found, paper), word) for word in VERDICTS}
        for paper, name in PAPERS.items()
    }
    frame = pd.DataFrame(columns)
    frame["all"] = frame.sum(axis=1)
    frame.loc["all"] = frame.sum()
    return frame.rename_axis("verdict")


def introduction(found: Sequence[Held]) -> str:
    """The paragraph above the tables: how many claims are decided, and why the others are not."""
    if not found:
        return "There is no claim."
    decided = sum(each.verdict.word in DECIDED for each in found)
    parts = [f"Of {plural(len(found), 'claim')} these records decide {decided}."]
    others = {
        INCONCLUSIVE: "not told either way",
        NOT_RUN: "not run",
        SYNTHETIC: "resting on synthetic text alone, and not counted",
    }
    left = [f"{n} {text}" for word, text in others.items() if (n := count(found, word))]
    parts += [f"The others: {', '.join(left)}."] if left else []
    text = " ".join(parts)
    if count(found, SYNTHETIC):
        made = (
            "**Synthetic text.** What was compared there says that a mechanism acts, and nothing "
            "of the papers: such claims have no verdict on this page."
        )
        return f"{made}\n\n{text}"
    return text


def sentences(found: Sequence[Held]) -> list[str]:
    """The claims by verdict, and those at odds with themselves, in words."""
    said = []
    for word in DECIDED:
        named = [f"{each.claim.id} ({each.claim.statement})" for each in found if _is(each, word)]
        if named:
            said.append(f"{word.capitalize()}: {'; '.join(named)}.")
    counted = [each.claim.id for each in found if each.claim.kind == "arithmetic"]
    if counted:
        said.append(
            f"Arithmetic on what is configured or published, without a run: {', '.join(counted)}."
        )
    partial = [each.claim.id for each in found if each.verdict.word in DECIDED and _lacks(each)]
    if partial:
        said.append(
            f"Decided on part of the comparisons, the others not being run: {', '.join(partial)}."
        )
    doubtful = [each.claim.id for each in found if each.claim.doubt]
    if doubtful:
        said.append(f"At odds with themselves in the paper: {', '.join(doubtful)}.")
    return said


def _of(found: Sequence[Held], paper: str) -> list[Held]:
    return [each for each in found if each.claim.paper == paper]


def _is(each: Held, word: str) -> bool:
    return each.verdict.word == word


def _lacks(each: Held) -> bool:
    return each.verdict.count(ABSENT, UNFINISHED) > 0

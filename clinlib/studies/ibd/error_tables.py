"""Tables of the error analysis: errors by class, type and mechanism, and the gap to ent_type."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd

from clinlib.evaluation.errors import CLASSES, SEGMENTATION, SPURIOUS
from clinlib.evaluation.intervals import bootstrap
from clinlib.evaluation.spans import ratio
from clinlib.studies.cells import Cell
from clinlib.studies.corpora import ABSENT
from clinlib.studies.frames import by_row
from clinlib.studies.ibd.errors import Results, Tables
from clinlib.studies.wording import plural

CORRECT, ALL = "correct", "all errors"
BOUNDARIES, FORGIVEN = "errors of boundaries", "forgiven"
RESAMPLES = 1000


def classes(results: Results, *, share: bool = False) -> pd.DataFrame:
    """Errors of each class, or with `share` their percentage of all errors, by method."""
    rows: dict[tuple, dict[str, object]] = {}
    for corpus in results.corpora:
        if not share:
            rows[corpus, CORRECT] = _by_method(results, corpus, lambda c: int(c[:, 0, 1].sum()))
        for number, kind in enumerate(CLASSES, start=1):
            rows[corpus, kind] = _by_method(results, corpus, _errors(number, share))
        if not share:
            rows[corpus, ALL] = _by_method(results, corpus, lambda c: int(c[..., 0].sum()))
    return by_row(rows, ["corpus", "class"])


def balance(results: Results, method: str) -> pd.DataFrame:
    """Errors, gold spans, predictions and what ent_type forgives, by class; they sum to all."""
    rows: dict[tuple, dict[str, object]] = {}
    columns = ("errors", "gold spans", "predictions", "right under ent_type")
    for corpus in results.corpora:
        counts = results.of(corpus, method, lambda c: c.sum(axis=0))
        for number, kind in enumerate((CORRECT, *CLASSES)):
            if isinstance(counts, str):
                rows[corpus, kind] = dict.fromkeys(columns, counts)
                continue
            errors, gold, predicted, forgiven = counts[number].tolist()
            right = gold if kind == CORRECT else forgiven
            rows[corpus, kind] = dict(zip(columns, (errors, gold, predicted, right), strict=True))
        if not isinstance(counts, str):
            sums = counts.sum(axis=0).tolist()
            sums[3] += int(counts[0, 1])
            rows[corpus, "sum"] = dict(zip(columns, sums, strict=True))
    return by_row(rows, ["corpus", "class"])


def gap(results: Results) -> pd.DataFrame:
    """Strict F1, what each class of segmentation errors adds to it under ent_type, and the sum.

    Both count the same spans, F1 = 2 tp / (gold + predictions), so that the points of the classes
    add up to the gap exactly. The last two columns count the errors of boundaries and the
    predictions in them that ent_type has right.
    """
    rows: dict[tuple, dict[str, object]] = {}
    for corpus in results.corpora:
        for method in results.methods:
            found = results.of(corpus, method, lambda counts: points(counts) | forgiven(counts))
            columns = ("strict F1", *SEGMENTATION, "ent_type F1", BOUNDARIES, FORGIVEN)
            rows[corpus, method] = (
                dict.fromkeys(columns, found) if isinstance(found, str) else found
            )
    return by_row(rows, ["corpus", "method"])


def points(counts: Tables) -> dict[str, float]:
    """Strict F1, points of F1 by class, ent_type F1: of counts (D, 1 + C, 4), in 0..100."""
    sums = counts.sum(axis=0)
    spans = sums[:, 1:3].sum()
    worth = {
        kind: float(200 * ratio(sums[number, 3], spans))
        for number, kind in enumerate(CLASSES, start=1)
        if kind in SEGMENTATION
    }
    strict = float(200 * ratio(sums[0, 1], spans))
    return {"strict F1": strict, **worth, "ent_type F1": strict + sum(worth.values())}


def forgiven(counts: Tables) -> dict[str, int]:
    """How many errors are of boundaries alone, and how many of their predictions are forgiven."""
    inside = [False, *(kind in SEGMENTATION for kind in CLASSES)]
    sums = counts.sum(axis=0)[inside].sum(axis=0)
    return {BOUNDARIES: int(sums[0]), FORGIVEN: int(sums[3])}


def published_gap(frame: pd.DataFrame) -> pd.DataFrame:
    """Strict and type F1 of the published Table 2, and their difference."""
    rows = {
        (row.method,): {
            "strict F1": row.strict_f1,
            "type F1": row.type_f1,
            "difference": row.type_f1 - row.strict_f1,
        }
        for row in frame.itertuples()
    }
    return by_row(rows, ["method"])


def by_type(results: Results, method: str) -> pd.DataFrame:
    """Gold spans of each type by what became of them, and spurious predictions of the type."""

    def row(corpus: str, type: str) -> dict[str, object]:
        found = {"gold spans": 0, CORRECT: 0, **dict.fromkeys(CLASSES, 0)}
        for analysis in results.analyses[corpus, method]:
            correct = sum(span.type == type for span in analysis.correct)
            found[CORRECT] += correct
            found["gold spans"] += correct
            for error in analysis.errors:
                gold = sum(span.type == type for span in error.gold)
                found["gold spans"] += gold
                spurious = error.kind == SPURIOUS and error.type == type
                found[error.kind] += gold + spurious
        return found

    return _rows(results, method, "type", lambda corpus: results.corpora_here[corpus].types, row)


def by_why(results: Results, method: str) -> pd.DataFrame:
    """Gold spans of synthetic corpora by the mechanism that made them, and what became of them."""

    def row(corpus: str, why: str) -> dict[str, object]:
        kinds = [kind for kind in CLASSES if kind != SPURIOUS]
        found = {"gold spans": 0, CORRECT: 0, **dict.fromkeys(kinds, 0)}
        for analysis in results.analyses[corpus, method]:
            for kind, spans in (
                (CORRECT, analysis.correct),
                *((error.kind, error.gold) for error in analysis.errors),
            ):
                here = sum(span.why == why for span in spans)
                found["gold spans"] += here
                if here:
                    found[kind] += here
        return found

    return _rows(results, method, "why", lambda corpus: mechanisms(results, corpus), row)


def wrong_by_why(results: Results) -> pd.DataFrame:
    """The percentage of gold spans that are not found exactly, by mechanism and method."""
    rows: dict[tuple, dict[str, object]] = {}
    frames = {method: by_why(results, method) for method in results.methods}
    for corpus in results.corpora:
        for why, made in sorted(made_by(results, corpus).items()):
            row: dict[str, object] = {"gold spans": made}
            for method in results.methods:
                found = results.of(corpus, method, lambda counts: "")
                if not found:
                    correct = frames[method].loc[(corpus, why), CORRECT]
                    found = float(100 * (made - correct) / made)
                row[method] = found
            rows[corpus, why] = row
    return by_row(rows, ["corpus", "why"])


def mechanisms(results: Results, corpus: str) -> list[str]:
    """The mechanisms that made gold spans of a corpus's test documents; [] for a real corpus."""
    return sorted(made_by(results, corpus))


def made_by(results: Results, corpus: str) -> Counter[str]:
    """How many gold spans of the test documents each mechanism made."""
    spans = [span for document in results.documents(corpus) for span in document.spans]
    return Counter(span.why for span in spans if span.why)


def segmentation_share(results: Results, corpus: str, method: str) -> Cell | None:
    """The percentage of errors where only boundaries are wrong; its interval over documents."""
    counts = results.counts.get((corpus, method))
    if counts is None or not counts[..., 0].any():
        return None
    inside = [kind in SEGMENTATION for kind in CLASSES]

    def share(sums: np.ndarray) -> np.ndarray:
        return 100 * ratio(sums[:, inside].sum(axis=1), sums.sum(axis=1))

    made = bootstrap(counts[:, 1:, 0], share, n=RESAMPLES, seed=0)
    return Cell(made.value, made.low, made.high, (made.value,))


def sentences(results: Results) -> list[str]:
    """What the errors of the first method and of the one shown say, in words."""
    said = []
    for corpus in results.corpora:
        if corpus not in results.corpora_here:
            said.append(f"{corpus} is {ABSENT}: its errors cannot be told without its text.")
        for method in dict.fromkeys((results.methods[0], results.shown)):
            if sentence := _sentence(results, corpus, method):
                said.append(sentence)
    return said


def _sentence(results: Results, corpus: str, method: str) -> str:
    share = segmentation_share(results, corpus, method)
    if share is None:
        return ""
    counts = results.counts[corpus, method].sum(axis=0)  # (1 + C, 4)
    most = max(range(1, len(counts)), key=lambda number: counts[number, 0])
    found = points(results.counts[corpus, method])
    interval = (
        f" (95 % interval over test documents {share.low:.0f} to {share.high:.0f})"
        if share.low is not None
        else ""
    )
    return (
        f"{corpus}, {method}: {plural(int(counts[:, 0].sum()), 'error')}, most often "
        f"{list(CLASSES)[most - 1]} ({counts[most, 0]}); in {share.value:.0f} % the type is right "
        f"and only the boundaries are not{interval}, which ent_type forgives to the worth of "
        f"{found['ent_type F1'] - found['strict F1']:.1f} F1."
    )


def _by_method(
    results: Results, corpus: str, value: Callable[[Tables], object]
) -> dict[str, object]:
    return {method: results.of(corpus, method, value) for method in results.methods}


def _errors(number: int, share: bool) -> Callable[[Tables], object]:
    """The errors of the class at a place, or their percentage of all."""

    def value(counts: Tables) -> object:
        errors, whole = counts[:, number, 0].sum(), counts[..., 0].sum()
        if not share:
            return int(errors)
        return float(100 * errors / whole) if whole else "no errors"

    return value


def _rows(
    results: Results,
    method: str,
    level: str,
    labels: Callable[[str], list[str]],
    row: Callable[[str, str], dict[str, object]],
) -> pd.DataFrame:
    """A row for every label of every corpus whose errors by a method are known."""
    told = [corpus for corpus in results.corpora if method in results.told(corpus)]
    rows = {(corpus, label): row(corpus, label) for corpus in told for label in labels(corpus)}
    return by_row(rows, ["corpus", level])

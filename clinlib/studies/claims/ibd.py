"""What the claims of the IBD study compare, read from pages 30, 31, 32 and 35."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from clinlib.corpora.registry import card
from clinlib.evaluation.summary import span_counts
from clinlib.studies.cells import Cell, Record, cell, number
from clinlib.studies.claims.claim import Claim
from clinlib.studies.claims.comparison import Comparison, between, combined, inside, names
from clinlib.studies.ibd import few_epochs, methods, multitask, significance
from clinlib.studies.ibd.methods import FUSED, METHODS, PLAIN, PSEUDO, STRICT, TYPE
from clinlib.studies.ibd.observations import RUNS, type_scores

PRECISION = "scores.test.strict.precision"
RANDOM = f"{methods.MLM}-{PSEUDO}"
ENTITIES = f"{methods.EMLM}-{PSEUDO}"
CONTRAST = f"{methods.CONTRAST}-{PSEUDO}"
GAINING = ("Disease_location", "Previous_surgery", "Perianal_disease")
STILL = ("Body_weight", "Length", "Diagnosis_date")
EARLY = (f"{methods.CONTRAST}-{PLAIN}", f"{methods.EMLM}-{PLAIN}")


def steps(left: str, right: str, **values: str) -> Callable:
    """A reader of two methods, by each of the named values."""

    def read(claim: Claim, found: methods.Results, parameters: Mapping) -> list[Comparison]:
        return [
            between(
                f"{corpus}, {name}" if len(values) > 1 else corpus,
                corpus,
                found.by_seed(corpus, left),
                found.by_seed(corpus, right),
                value,
            )
            for corpus in found.corpora
            for name, value in values.items()
        ]

    return read


def by_type_or_strict(
    claim: Claim, found: methods.Results, parameters: Mapping
) -> list[Comparison]:
    """ent_type F1 and strict F1 of every method."""
    return [
        inside(f"{corpus}, {name}", corpus, found.by_seed(corpus, name), _path(TYPE), _path(STRICT))
        for corpus in found.corpora
        for name in METHODS
    ]


def boundaries(claim: Claim, found: methods.Results, parameters: Mapping) -> list[Comparison]:
    """Errors of boundaries and all others, as shares, of every method."""
    return [
        inside(
            f"{corpus}, {name}",
            corpus,
            found.by_seed(corpus, name),
            _of_boundaries,
            lambda record: None if (share := _of_boundaries(record)) is None else 100 - share,
        )
        for corpus in found.corpora
        for name in METHODS
    ]


def variance(claim: Claim, found: significance.Results, parameters: Mapping) -> list[Comparison]:
    """Best and worst method, with the p of one-way analysis of variance over runs."""
    result = []
    for corpus in found.corpora:
        seen, fit = found.of[corpus], found.fitted(corpus, RUNS)
        gap, p = Cell(missing=len(seen.absent) or seen.planned), None
        if fit is not None:
            value = max(fit.means.values()) - min(fit.means.values())
            gap, p = Cell(value, values=(value,), missing=len(seen.absent)), fit.test.p
        runs = seen.few(RUNS) if fit else 0
        result.append(_over_runs(corpus, found, corpus, METHODS, gap, p, runs))
    return result


def pairs(claim: Claim, found: significance.Results, parameters: Mapping) -> list[Comparison]:
    """Both ways of entity masking and FT, with the p of Tukey's test over runs."""
    result = []
    for corpus in found.corpora:
        seen = found.of[corpus]
        tested = {frozenset((pair.left, pair.right)): pair for pair in found.pairs(corpus)}
        for method in (CONTRAST, ENTITIES):
            pair = tested.get(frozenset((method, PLAIN)))
            gap, p = Cell(missing=len(seen.absent) or seen.planned), None
            if pair is not None:
                sign = 1 if pair.left == method else -1
                ends = sorted((sign * pair.low, sign * pair.high))
                value = sign * pair.difference
                gap, p = Cell(value, *ends, (value,), len(seen.absent)), pair.p
            label = f"{corpus}, {method}"
            runs = seen.few(RUNS) if pair else 0
            result.append(_over_runs(label, found, corpus, (method, PLAIN), gap, p, runs))
    return result


def _over_runs(
    label: str,
    found: significance.Results,
    corpus: str,
    compared: Sequence[str],
    gap: Cell,
    p: float | None,
    runs: int,
) -> Comparison:
    """What a test over all runs of some methods says, with their records."""
    read = [run for name in compared for run in found.methods.by_seed(corpus, name).values()]
    late = tuple(dict.fromkeys(cell(read, methods.STRICT).unsettled))
    gap = replace(gap, unsettled=late)
    return Comparison(label, (corpus,), gap, records=names(read), p=p, runs=runs)


def rare_types(claim: Claim, found: methods.Results, parameters: Mapping) -> list[Comparison]:
    """What all steps add to the types that are to gain most, and to those that hardly move."""
    result = []
    for corpus in found.corpora:
        if not set(GAINING + STILL) <= set(card(corpus).types):
            continue
        sides = found.by_seed(corpus, CONTRAST), found.by_seed(corpus, PLAIN)
        gains = {kind: (*sides, _of_type(kind)) for kind in GAINING + STILL}
        result += [
            combined(f"{corpus}, {more}, {less}", [corpus], gains[more], gains[less])
            for more in GAINING
            for less in STILL
        ]
    return result


def early(claim: Claim, found: few_epochs.Results, parameters: Mapping) -> list[Comparison]:
    """Entity-centric pretraining and none, after the fewest epochs."""
    first = min(found.counts)
    return [
        between(
            f"{corpus}, {way}, {first}",
            corpus,
            found.found[corpus, way, first],
            found.found[corpus, PLAIN, first],
            STRICT,
        )
        for corpus in found.corpora
        for way in EARLY
    ]


def rarest(claim: Claim, found: multitask.Results, parameters: Mapping) -> list[Comparison]:
    """F1 of the rarest type with the sentence head and without."""
    return [
        between(
            f"{corpus}, {found.rarest[corpus]}",
            corpus,
            found.by_seed(corpus, multitask.BOTH),
            found.by_seed(corpus, multitask.ALONE),
            _of_type(found.rarest[corpus]),
        )
        for corpus in found.corpora
    ]


READERS: dict[str, Callable] = {
    "ibd-01": steps(FUSED, PLAIN, F1=STRICT, precision=PRECISION),
    "ibd-02": steps(PSEUDO, FUSED, F1=STRICT),
    "ibd-03": steps(ENTITIES, RANDOM, F1=STRICT),
    "ibd-04": steps(CONTRAST, ENTITIES, F1=STRICT),
    "ibd-05": steps(PSEUDO, RANDOM, F1=STRICT),
    "ibd-06": by_type_or_strict,
    "ibd-07": variance,
    "ibd-08": pairs,
    "ibd-09": rare_types,
    "ibd-10": early,
    "ibd-11": boundaries,
    "ibd-12": rarest,
    "ibd-13": steps(RANDOM, PLAIN, F1=STRICT),
}


def _path(path: str) -> Callable[[Record], float | None]:
    return lambda record: number(record, path)


def _of_type(kind: str) -> Callable[[Record], float | None]:
    return lambda record: type_scores(record).get(kind)


def _of_boundaries(record: Record) -> float | None:
    """The share of a run's test errors that are of boundaries alone, in percent.

    These are predictions right under ent_type and not under strict; the other errors are
    predictions and gold spans that are wrong under ent_type too.
    """
    counts = span_counts(record["counts"]["test"])
    strict, lenient = (counts.of(name).sum(axis=(0, 1)) for name in ("strict", "ent_type"))
    inside_type = lenient[0] - strict[0]
    every = inside_type + lenient[1] + lenient[2]
    return float(100 * inside_type / every) if every else None

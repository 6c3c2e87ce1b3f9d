"""What the claims of TransformerCRF compare, read from pages 10 to 13."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from clinlib.corpora.registry import card
from clinlib.evaluation import labels as evaluation
from clinlib.studies.cells import Cell, Record, state
from clinlib.studies.claims.claim import Claim
from clinlib.studies.claims.comparison import Comparison, between, combined, inside, names
from clinlib.studies.plans import finder
from clinlib.studies.transformer_crf import (
    collapse,
    down_sampling,
    effects,
    label_ablation,
    labels,
    parameter_counts,
)
from clinlib.studies.transformer_crf.results import Arm, Results
from clinlib.studies.wording import plural

MACRO = labels.value("BIO", "macro", "f1", scale=100)
WEIGHTED = labels.value("BIO", "weighted", "f1", scale=100)
TOKEN = labels.value("token", "macro", "f1", scale=100)
ACCURACY = labels.value("BIO", "accuracy", scale=100)
FEW = 0.2  # share of sentences without entity of the down-sampled runs
HARD = ("ADE", "Reason")
BASELINE = "BERT-CRF"
CRF = "crf"  # the head of the models that the paper shows in detail


def crf(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
    """CRF and softmax under every encoder."""
    return _effects(found, effects.of_crf(found, MACRO), MACRO)


def pretraining(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
    """Pretrained encoders and those from scratch, both with a CRF, by macro F1."""
    return _effects(found, _pretrained(found), MACRO)


def pretraining_weighted(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
    """The same by weighted F1."""
    return _effects(found, _pretrained(found), WEIGHTED)


def parameters_saved(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
    """The share of BERT's parameters that the model from scratch does without, as counted."""
    smaller = parameter_counts.model(parameter_counts.LEAST) / parameter_counts.model(BASELINE)
    counted, (stated,) = 100 * (1 - smaller), claim.stated
    cells = (Cell(value, values=(value,), digits=2) for value in (counted, stated))
    left, right = cells
    gap = Cell(counted - stated, values=(counted - stated,), digits=2)
    return [Comparison(f"{parameter_counts.LEAST}, {BASELINE}", (), gap, left, right)]


def token_level(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
    """Macro F1 without and with prefixes, of the same runs."""
    return [_inside(found, arm, TOKEN, MACRO) for arm in _with_crf(found)]


def few_sentences(
    claim: Claim, found: down_sampling.ByShare, parameters: Mapping
) -> list[Comparison]:
    """All sentences, and those with entities with so few without that they are a fifth of all."""
    whole, few = found[down_sampling.ALL], found.get(FEW)
    if few is None:
        return []
    return [
        between(_label(arm), arm.corpus, whole.final[arm], few.final[arm], TOKEN)
        for arm in _with_crf(whole)
    ]


def without_the_hardest(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
    """Macro F1 without the two related types, and over all."""
    return _rescored(found, parameters, lambda pair: pair and {"without": pair})


def merged(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
    """Macro F1 with the rarer of the two types read as the other, and over all."""
    return _rescored(found, parameters, lambda pair: pair and {"merge": dict([pair])})


def without_outside(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
    """Macro F1 without O, and over all."""
    return _rescored(found, parameters, lambda pair: {"without": (label_ablation.OUTSIDE,)})


def narrowed(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
    """The gap of pretrained and from scratch over all types, and over those of a variant."""
    result = []
    pairs = label_ablation.pairs(found, parameters)
    for effect in _pretrained(found):
        corpus, pair = effect.left.corpus, pairs[effect.left.corpus]
        sides = found.final[effect.left], found.final[effect.right]
        options = {"without": pair, "merge": dict([pair])} if pair else {}
        if not options and not any(found.counted(each) for each in found.on(corpus)):
            result.append(between(f"{corpus}, {effect.left.encoder}", corpus, *sides, TOKEN))
        for name, option in options.items():
            value = labels.value("token", "macro", "f1", scale=100, **{name: option})
            label = f"{corpus}, {effect.left.encoder}, {name}"
            result.append(combined(label, [corpus], (*sides, TOKEN), (*sides, value)))
    return result


def hardest(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
    """Every other type against each of ADE and Reason, on corpora that have both."""
    return [
        _inside(found, arm, _label_f1(f"B-{other}"), _label_f1(f"B-{hard}"), f"{other}, {hard}")
        for arm in _with_crf(found)
        if set(HARD) <= set(types := _types(arm.corpus))
        for hard in HARD
        for other in types
        if other not in HARD
    ]


def confusions(claim: Claim, found: Results, parameters: Mapping) -> list[Comparison]:
    """Wrong entity words read as O, with another prefix, as another type: neighbours."""
    order = ("as O", "with the other prefix", "as another type")
    return [
        _inside(
            found,
            arm,
            _confused(first),
            _confused(first + 1),
            f"{order[first]}, {order[first + 1]}",
        )
        for arm in _with_crf(found)
        for first in (0, 1)
        # where there is one type, none can be taken for another
        if first == 0 or len(_types(arm.corpus)) > 1
    ]


def collapsed(
    claim: Claim, found: Mapping[collapse.Run, Record | None], parameters: Mapping
) -> list[Comparison]:
    """Accuracy and macro F1 of all runs that collapsed to O; over runs, whatever their settings."""
    corpus = str(parameters["corpus"])
    fallen = [
        record for record in found.values() if state(record) == "collapsed" and _to_outside(record)
    ]
    waiting = sum(record is None for record in found.values())
    if not fallen and not waiting:
        return []
    left, right = ([of(record) for record in fallen] for of in (ACCURACY, MACRO))
    gaps = [a - b for a, b in zip(left, right, strict=True)]
    cells = (Cell.of(gaps, missing=waiting), Cell.of(left), Cell.of(right))
    outputs = len({str(labels.counts(record, "BIO").to_numpy().tolist()) for record in fallen})
    found_so_far = (
        f", {plural(len(fallen), 'run')} of {plural(outputs, 'output')}" if fallen else ""
    )
    label = f"{corpus}{found_so_far}"
    return [Comparison(label, (corpus,), *cells, names(fallen))]


def collapse_runs(records: Mapping, parameters: Mapping) -> dict[collapse.Run, Record | None]:
    """The records of page 13 by their place in its plan."""
    find = finder(records)
    return {run: find(run.configuration) for run in collapse.runs(parameters)}


READERS: dict[str, Callable] = {
    "tcrf-01": crf,
    "tcrf-02": pretraining,
    "tcrf-03": pretraining_weighted,
    "tcrf-04": parameters_saved,
    "tcrf-05": token_level,
    "tcrf-06": few_sentences,
    "tcrf-07": without_the_hardest,
    "tcrf-08": merged,
    "tcrf-09": hardest,
    "tcrf-10": confusions,
    "tcrf-11": collapsed,
    "tcrf-12": narrowed,
    "tcrf-13": without_outside,
}


def _with_crf(found: Results) -> list[Arm]:
    return [arm for arm in found.arms if arm.head == CRF]


def _pretrained(found: Results) -> list[effects.Effect]:
    return [each for each in effects.of_pretraining(found, MACRO) if each.left.head == CRF]


def _effects(found: Results, which: Iterable[effects.Effect], value) -> list[Comparison]:
    return [
        between(
            _label(each.left),
            each.left.corpus,
            found.final[each.left],
            found.final[each.right],
            value,
        )
        for each in which
    ]


def _label(arm: Arm) -> str:
    return f"{arm.corpus}, {arm.encoder}"


def _inside(found: Results, arm: Arm, left, right, what: str = "") -> Comparison:
    label = f"{_label(arm)}, {what}" if what else _label(arm)
    return inside(label, arm.corpus, found.final[arm], left, right)


def _rescored(found: Results, parameters: Mapping, options) -> list[Comparison]:
    """A label ablation against the score over all labels, of every run with a CRF.

    A corpus of one type has no pair, and takes no part where one is needed; before any run is
    finished a pair is not known, and the runs count as missing.
    """
    result = []
    pairs = label_ablation.pairs(found, parameters)
    for arm in _with_crf(found):
        given = options(pairs[arm.corpus])
        if given is not None:
            value = labels.value("token", "macro", "f1", scale=100, **given)
            result.append(_inside(found, arm, value, TOKEN))
        elif not any(found.counted(each) for each in found.on(arm.corpus)):
            result.append(_inside(found, arm, TOKEN, TOKEN))
    return result


def _to_outside(record: Record) -> bool:
    """Whether nearly every word of the test split was read as O."""
    read = labels.counts(record, "BIO").sum()
    return read[label_ablation.OUTSIDE] > 0.99 * read.sum()


def _types(corpus: str) -> list[str]:
    """The types of a corpus or task, as its card says."""
    found = card(corpus)
    task = found.tasks.get(corpus.partition(":")[2])
    return list(found.types if task is None else (task.rename.get(t, t) for t in task.types))


def _label_f1(label: str) -> Callable[[Record], float]:
    """A function of a record: F1 of one BIO label on test, in percent."""

    def of(record: Record) -> float:
        matrix = labels.counts(record, "BIO")
        return 100 * evaluation.report(matrix.to_numpy(), list(matrix.index))[label].f1

    return of


def _confused(which: int) -> Callable[[Record], float | None]:
    """A function of a record: the share of wrong entity words that are read as O (0), with
    another prefix of their type (1) or as another type (2), in percent."""

    def of(record: Record) -> float | None:
        matrix = labels.counts(record, "BIO")
        types = np.array([name[2:] for name in matrix.index])  # "" is O
        outside, same = types == "", types[:, None] == types
        wrong = np.where(np.eye(len(types), dtype=bool), 0, matrix.to_numpy())[~outside]
        to_outside, to_same = wrong[:, outside].sum(), wrong[same[~outside]].sum()
        kinds = (to_outside, to_same, wrong.sum() - to_outside - to_same)
        return float(100 * kinds[which] / wrong.sum()) if wrong.sum() else None

    return of

"""Which labels cost a model its macro average: the runs of the heads, scored with labels left out.

Nothing is trained for it. The two related labels are named by the parameter `pairs`, or else are
the two types that development predictions confuse most; test data choose nothing.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import pandas as pd

from clinlib.errors import BadInput, unknown
from clinlib.experiments.config import Config
from clinlib.studies.cells import Cell, Record
from clinlib.studies.comparisons import paired, reading_of
from clinlib.studies.transformer_crf import heads_and_encoders, labels
from clinlib.studies.transformer_crf.results import Arm, Results
from clinlib.studies.wording import banner, plural

NAME = "12_label_ablation"
AVERAGES = ("micro", "macro", "weighted")
OUTSIDE = "O"
JOINT = "+"
ALL = "all"

Pair = tuple[str, str]  # the rarer type, and the one that it is merged into


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The runs of the heads and encoders, which this page scores again.

    Raises BadInput for a pair that does not read, or of which the corpus lacks a type.
    """
    _given(parameters)
    return heads_and_encoders.plan(parameters)


results = heads_and_encoders.results


def pairs(results: Results, parameters: Mapping[str, object]) -> dict[str, Pair | None]:
    """The two related types of each corpus: those given, else those most confused on dev.

    None for a corpus of one type, and where no run is finished. Raises BadInput for a type that
    the corpus lacks.
    """
    given = _given(parameters)
    found: dict[str, Pair | None] = {}
    for corpus in results.corpora:
        counts = _development(results, corpus)
        types = [] if counts is None else [name for name in counts.index if name != OUTSIDE]
        pair = given.get(corpus)
        for name in pair or ():
            if types and name not in types:
                raise unknown(f"type of corpus '{corpus}' in pairs", name, types)
        found[corpus] = pair or (None if counts is None else most_confused(counts))
    return found


def most_confused(counts: pd.DataFrame) -> Pair | None:
    """The two types whose words are taken for each other at the highest rate; the rarer first.

    `counts` are words by gold and predicted type. None for fewer than two types.
    """
    types = [name for name in counts.index if name != OUTSIDE]
    if len(types) < 2:
        return None
    pair = max(combinations(types, 2), key=lambda two: confused(counts, two))
    return tuple(sorted(pair, key=lambda name: counts.loc[name].sum()))


def confused(counts: pd.DataFrame, pair: Pair) -> float:
    """The rate of a pair of types: words of either that were read as the other, by the gold words
    of both, in [0, 1]."""
    a, b = pair
    gold = counts.loc[[a, b]].to_numpy().sum()
    return (counts.loc[a, b] + counts.loc[b, a]) / max(gold, 1)


def variants(pair: Pair | None) -> dict[str, dict[str, object]]:
    """Name -> options of `labels.value`, for every label ablation."""
    found: dict[str, dict[str, object]] = {ALL: {}, "without O": {"without": (OUTSIDE,)}}
    if pair:
        rarer, into = pair
        both = f"{into} and {rarer}"
        found |= {
            f"without {both}": {"without": pair},
            f"without O, {both}": {"without": (OUTSIDE, *pair)},
            f"{rarer} merged into {into}": {"merge": {rarer: into}},
        }
    return found


def ablations(results: Results, pairs: Mapping[str, Pair | None]) -> pd.DataFrame:
    """Token-level scores per corpus, variant and arm, in 0..1: Table IV."""
    rows = {
        (corpus, variant, arm.label): {
            f"{average} {short}": results.cell(
                arm, labels.value("token", average, score, **options), digits=3
            )
            for average in AVERAGES
            for short, score in zip(("P", "R", "F1"), labels.SCORES, strict=True)
        }
        for corpus in results.corpora
        for variant, options in variants(pairs[corpus]).items()
        for arm in results.on(corpus)
    }
    return _frame(rows, ["corpus", "labels", "row"])


def changes(results: Results, pairs: Mapping[str, Pair | None]) -> pd.DataFrame:
    """Points of macro F1 that each variant adds to the score over all labels, run by run."""
    rows = {}
    for corpus in results.corpora:
        for variant, options in variants(pairs[corpus]).items():
            if variant == ALL:
                continue
            rows[corpus, variant] = {
                arm.label: results.cell(arm, _gain(options)) for arm in results.on(corpus)
            }
    return _frame(rows, ["corpus", "labels"])


def gaps(results: Results, pairs: Mapping[str, Pair | None]) -> pd.DataFrame:
    """Points of macro F1 between a pretrained encoder and the one from scratch, by variant."""
    rows = {}
    for corpus in results.corpora:
        for variant, options in variants(pairs[corpus]).items():
            rows[corpus, variant] = {
                f"{left.encoder} − {right.encoder}, {left.head}": paired(
                    results.final[left],
                    results.final[right],
                    labels.value("token", "macro", "f1", scale=100, **options),
                )
                for left, right in _pretrained_and_not(results, corpus)
            }
    return _frame(rows, ["corpus", "labels"])


def hardest(results: Results, most: int = 3) -> pd.DataFrame:
    """The labels with the lowest mean F1 on test of every arm, at BIO level, lowest first, and
    how many gold words they have there."""
    rows = {}
    for arm in results.arms:
        report = labels.by_label(results, arm, "BIO")
        order = sorted(report.index, key=lambda name: report.loc[name, "F1"].value)[:most]
        shown = [
            f"{name} {report.loc[name, 'F1']}, {plural(report.loc[name, 'gold words'], 'word')}"
            for name in order
        ]
        rows[arm.corpus, arm.label] = {
            f"{place}.": shown[place - 1] if place <= len(shown) else "–"
            for place in range(1, most + 1)
        }
    return _frame(rows, ["corpus", "row"])


def introduction(
    results: Results, pairs: Mapping[str, Pair | None], parameters: Mapping[str, object]
) -> str:
    """The paragraph above the tables: which labels are left out of which corpus, and why those."""
    given = _given(parameters)
    lines = []
    for corpus, pair in pairs.items():
        if pair is None:
            lines.append(f"{corpus}: no two types to leave out or merge.")
        else:
            why = "as given"
            if corpus not in given:
                rate = 100 * confused(_development(results, corpus), pair)
                why = f"the pair most confused on development data ({rate:.2f} % of their words)"
            lines.append(f"{corpus}: {pair[0]} and {pair[1]}, {why}.")
    text = "\n".join(f"- {line}" for line in lines)
    return "\n\n".join(part for part in (banner(results.corpora), text) if part)


def sentences(results: Results, pairs: Mapping[str, Pair | None]) -> list[str]:
    """What leaving labels out changes, in sentences made from the records."""
    found = []
    for corpus in results.corpora:
        for variant, options in variants(pairs[corpus]).items():
            if variant == ALL:
                continue
            counted = {
                arm.label: cell
                for arm in results.on(corpus)
                if (cell := results.cell(arm, _gain(options))).value is not None
            }
            if not counted:
                found.append(f"{corpus}, {variant}: no finished run to score.")
                continue
            up = sum(cell.value > 0 for cell in counted.values())
            low = min(counted, key=lambda name: counted[name].value)
            high = max(counted, key=lambda name: counted[name].value)
            found.append(
                f"{corpus}, {variant}: macro F1 rises in {up} of {plural(len(counted), 'row')}, "
                f"from {counted[low].value:+z.1f} points ({low}) to {counted[high].value:+z.1f} "
                f"({high})."
            )
        found += _narrowed(results, corpus, pairs[corpus])
    return found


def _narrowed(results: Results, corpus: str, pair: Pair | None) -> list[str]:
    """Whether the gap to the encoder from scratch narrows, for each variant about the pair."""
    found = []
    for variant, options in variants(pair).items():
        if variant in (ALL, "without O"):
            continue
        for left, right in _pretrained_and_not(results, corpus):
            change = paired(results.final[left], results.final[right], _gain(options))
            place = f"{corpus}, {variant}: change of the gap {left.encoder} − {right.encoder}"
            words = "it widens", "it narrows"
            found.append(reading_of(f"{place} with {left.head}", change, "points", words))
    return found


def _gain(options: Mapping[str, object]):
    """A function of a record: macro F1 of a variant less that over all labels, in points."""
    over = labels.value("token", "macro", "f1", scale=100, **options)
    plain = labels.value("token", "macro", "f1", scale=100)

    def of(record: Record) -> float:
        return over(record) - plain(record)

    return of


def _development(results: Results, corpus: str) -> pd.DataFrame | None:
    """Dev words by gold and predicted type, summed over all counted runs on a corpus."""
    found = [
        labels.counts(record, "token", "dev")
        for arm in results.on(corpus)
        for record in results.counted(arm)
    ]
    return sum(found) if found else None


def _pretrained_and_not(results: Results, corpus: str) -> list[tuple[Arm, Arm]]:
    return [
        (left, right)
        for left in results.on(corpus)
        for right in results.on(corpus)
        if left.head == right.head and left.pretrained and not right.pretrained
    ]


def _given(parameters: Mapping[str, object]) -> dict[str, Pair]:
    """Corpus -> the pair that the parameter names for it; nothing where it names none."""
    corpora: Sequence[str] = parameters["corpora"]
    texts: Sequence[str] = parameters["pairs"]
    if not texts:
        return {}
    if len(texts) != len(corpora):
        raise BadInput(
            f"pairs: {plural(len(texts), 'pair')} for {plural(len(corpora), 'corpus', 'corpora')}; "
            "give one for each ('' for the most confused), or none"
        )
    found = {}
    for corpus, text in zip(corpora, texts, strict=True):
        parts = [part.strip() for part in text.split(JOINT)]
        if not text.strip():
            continue
        if len(parts) != 2 or not all(parts) or parts[0] == parts[1]:
            raise BadInput(f"pairs: {text!r} does not name two types as 'ADE{JOINT}Reason'")
        found[corpus] = (parts[0], parts[1])
    return found


def _frame(rows: Mapping[tuple, Mapping[str, Cell | str]], names: list[str]) -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples(list(rows), names=names)
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    data = [[row.get(name, "no such row") for name in columns] for row in rows.values()]
    return pd.DataFrame(data, index=index, columns=columns, dtype=object)

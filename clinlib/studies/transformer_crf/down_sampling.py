"""Efficient training: what it costs to train on fewer of the sentences that hold no entity.

Every final run of the heads and encoders is repeated on down-sampled training data, with the
learning rate that tuning on all data chose. Development and test data stay whole.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby

import pandas as pd

from clinlib.corpora.corpus import Corpus
from clinlib.corpora.document import Document
from clinlib.corpora.samplers import Index, down_sample, sentence_index
from clinlib.corpora.words import words
from clinlib.errors import BadInput
from clinlib.evaluation.labels import word_tags
from clinlib.experiments.config import Config
from clinlib.experiments.key import Pins, key
from clinlib.studies.cells import Cell, Record, number, state
from clinlib.studies.comparisons import paired, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.transformer_crf import heads_and_encoders, labels
from clinlib.studies.transformer_crf.results import Arm, Results
from clinlib.studies.wording import is_synthetic, plural

NAME = "11_down_sampling"
PAPERS = 0.2  # the share without entity that the paper aims at
ALL = 1.0  # the share that stands for the training data as they are
SCORES = {
    "strict F1": "scores.test.strict.f1",
    "token macro F1": labels.value("token", "macro", "f1", scale=100),
    "token weighted F1": labels.value("token", "weighted", "f1", scale=100),
}
ByShare = dict[float, Results]


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The runs on all sentences, then those on each share of the sentences without entity.

    Raises BadInput for a share outside [0, 1).
    """
    runs = heads_and_encoders.runs(parameters)
    reduced = [
        run.configuration.replaced(empty_share=share)
        for share in _shares(parameters)
        for run in runs
        if run.role == "final"
    ]
    return [run.configuration for run in runs] + reduced


def results(
    records: Mapping[str, Record | None],
    parameters: Mapping[str, object],
    pins: Pins | None = None,
) -> ByShare:
    """The records sorted by share kept, smallest first, and arm; ALL holds the undiminished."""
    pins = pins or Pins()
    whole = heads_and_encoders.results(records, parameters, pins)
    found = {}
    for share in _shares(parameters):
        final: dict[Arm, dict[int, Record | None]] = {arm: {} for arm in whole.arms}
        for run in heads_and_encoders.runs(parameters):
            if run.role == "final":
                name = key(run.configuration.replaced(empty_share=share), pins)
                final[run.arm][run.seed] = records.get(name)
        found[share] = replace(whole, final=final)
    return found | {ALL: whole}


def scores(found: ByShare) -> pd.DataFrame:
    """Test scores of every arm by share kept, with sentences and processor time of training."""
    rows = {}
    for arm in found[ALL].arms:
        for share, results in found.items():
            rows[arm.corpus, arm.label, shown(share)] = {
                "training sentences": _sentences(results, arm),
                **{name: results.cell(arm, value) for name, value in SCORES.items()},
                "processor seconds of training": results.cell(arm, seconds, digits=0),
            }
    return _frame(rows, ["corpus", "row", "share without entity"])


def differences(found: ByShare) -> pd.DataFrame:
    """Down-sampled less undiminished, seed by seed: scores in points, and time as a share in %."""
    rows = {}
    for arm in found[ALL].arms:
        for share, results in found.items():
            if share == ALL:
                continue
            less, whole = results.final[arm], found[ALL].final[arm]
            rows[arm.corpus, arm.label, shown(share)] = {
                **{name: paired(less, whole, value) for name, value in SCORES.items()},
                "sentences, %": _of(_sentences(results, arm), _sentences(found[ALL], arm)),
                "time, %": _time(less, whole),
            }
    return _frame(rows, ["corpus", "row", "share without entity"])


def points(found: ByShare) -> pd.DataFrame:
    """One row per final run: corpus, encoder, head, seed, training sentences, scores, state."""
    rows = []
    for results in found.values():
        for arm in results.arms:
            for seed, record in results.final[arm].items():
                if state(record) not in ("complete", "collapsed"):
                    continue
                values = {
                    name: number(record, of) if isinstance(of, str) else of(record)
                    for name, of in SCORES.items()
                }
                rows.append(
                    {
                        "corpus": arm.corpus,
                        "encoder": arm.encoder,
                        "head": arm.head,
                        "seed": seed,
                        "training sentences": int(number(record, "data.train_sentences")),
                        **values,
                        "state": state(record),
                    }
                )
    first = ["corpus", "encoder", "head", "seed", "training sentences"]
    return pd.DataFrame(rows, columns=[*first, *SCORES, "state"])


def distribution(corpora: Mapping[str, Corpus], parameters: Mapping[str, object]) -> pd.DataFrame:
    """Training sentences, words, and words of every type before and after, with the first seed.

    Rows: corpus and what is counted; columns: the share kept, all sentences last (Figure 3).
    """
    seed = heads_and_encoders.seeds(parameters)[0]
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for name, corpus in corpora.items():
        documents, index = corpus.splits["train"], sentence_index(corpus.splits["train"])
        for share in (*_shares(parameters), ALL):
            kept = down_sample(index, documents, share, seed)
            by_type = word_counts(documents, kept, corpus.types)
            counts = {"sentences": len(kept), "words": sum(by_type.values()), **by_type}
            for what, count in counts.items():
                rows.setdefault((name, what), {})[shown(share)] = count
    return _frame(rows, ["corpus", "counted"])


def distribution_in_words(corpus: str, counts: pd.DataFrame) -> str:
    """The label distribution of one corpus in a sentence: sentences and words of no entity."""
    parts = (
        f"{share}: {column['sentences']} sentences, {column['O']} words without entity"
        for share, column in counts.items()
    )
    return (
        f"Training data of {corpus} by the share of sentences without entity: {'; '.join(parts)}; "
        "entities stay."
    )


def points_in_words(points: pd.DataFrame, corpus: str) -> str:
    """The curve of one corpus in a sentence: each row's mean from fewest to all sentences."""
    parts = []
    counted = points[points["state"] == "complete"]
    for (encoder, head), group in counted.groupby(["encoder", "head"], sort=False):
        mean = group.groupby("training sentences")["token macro F1"].mean()
        shown = (f"{value:.1f} with {size} sentences" for size, value in mean.items())
        parts.append(f"{encoder} + {head} {', '.join(shown)}")
    return f"Token macro F1 on {corpus}: {'; '.join(parts) or 'no finished run'}."


def word_counts(
    documents: tuple[Document, ...], index: Index, types: tuple[str, ...]
) -> dict[str, int]:
    """Words of the sentences in an index: of every type, and of none ("O")."""
    names = ("O", *(f"{prefix}-{kind}" for kind in types for prefix in "BI"))
    counts: Counter[str] = Counter()
    for at, pairs in groupby(index, key=lambda pair: pair[0]):
        document = documents[at]
        bounds = [document.sentences[sentence] for _, sentence in pairs]
        spans_of_words = words(document)
        tags = word_tags(document, document.spans, spans_of_words, names)
        for (start, _), tag in zip(spans_of_words, tags, strict=True):
            if any(first <= start < last for first, last in bounds):
                counts[names[tag].partition("-")[2] or "O"] += 1
    return {kind: counts[kind] for kind in ("O", *types)}


def sentences(found: ByShare) -> list[str]:
    """What down-sampling costs and saves, in sentences made from the records."""
    texts = []
    for arm in found[ALL].arms:
        for share, results in found.items():
            if share == ALL:
                continue
            less, whole = results.final[arm], found[ALL].final[arm]
            here, there = _sentences(results, arm), _sentences(found[ALL], arm)
            place = f"{arm.corpus}, {arm.label}, share without entity at most {shown(share)}"
            if isinstance(here, int) and here == there:
                texts.append(f"{place}: no sentence had to go, the data are the same.")
                continue
            saved = _of(here, there)
            part = f", on {saved:.0f} % of the sentences" if isinstance(saved, float) else ""
            change = paired(less, whole, SCORES["token macro F1"])
            texts.append(reading_of(place + part, change, "macro F1"))
    return texts or [f"{plural(len(found[ALL].arms), 'row')}, and no share to compare."]


def beside_the_paper(found: ByShare, published: pd.DataFrame) -> list[str]:
    """Our loss at the paper's share beside the published ones: smaller, larger, or no different.

    `published`: model, training_data ("full" or "down-sampled") and token_macro_f1 in 0..1. On
    synthetic data nothing is said of the paper.
    """
    whole = found[ALL]
    arms = [arm for arm in whole.arms if not is_synthetic(arm.corpus)]
    if PAPERS not in found or not arms:
        return []
    scores = published.pivot(index="model", columns="training_data", values="token_macro_f1")
    losses = 100 * (scores["full"] - scores["down-sampled"])
    least, most = losses.min(), losses.max()
    texts = []
    for arm in arms:
        ours = paired(whole.final[arm], found[PAPERS].final[arm], SCORES["token macro F1"])
        if ours.low is None:
            continue
        if ours.low > most:
            verdict = "more than any of theirs"
        elif ours.high < least:
            verdict = "less than any of theirs"
        else:
            verdict = "not told apart from theirs"  # a wide interval agrees with much
        texts.append(
            f"The paper's models lose {least:.1f} to {most:.1f} macro F1 at about this share "
            f"without entity. On {arm.corpus}, {arm.label} loses {ours.value:.1f} at "
            f"{shown(PAPERS)}, 95 % interval {ours.low:.1f} to {ours.high:.1f}: {verdict}."
        )
    return texts


def shown(share: float) -> str:
    """A share as a label: "0.2", or "all" for the data as they are."""
    return "all" if share == ALL else f"{share:g}"


def seconds(record: Record) -> float:
    """Seconds of training, evaluation left out; of a processor's time on a CPU.

    A run that shares its processor with others takes longer by the clock. What of its time the run
    had is known for the whole of it, so that the same share is taken for training.
    """
    made, spent = record["provenance"], sum(row["seconds"] for row in record["curve"])
    shared = made.get("device", "cpu") == "cpu" and made.get("cpu_seconds") and made.get("seconds")
    return spent * made["cpu_seconds"] / made["seconds"] if shared else spent


def _shares(parameters: Mapping[str, object]) -> list[float]:
    shares = parameters["shares"]
    for share in shares:
        if not 0 <= share < 1:
            raise BadInput(
                f"shares: {share:g} is not in [0, 1); the data as they are take part without it"
            )
    if twice := [share for share in shares if shares.count(share) > 1]:
        raise BadInput(f"shares: {twice[0]:g} stands twice")
    return sorted(shares)


def _sentences(results: Results, arm: Arm) -> int | str:
    found = {int(number(r, "data.train_sentences")) for r in results.counted(arm)}
    if not found:
        return "missing"
    return found.pop() if len(found) == 1 else f"{min(found)} to {max(found)}"


def _of(part: int | str, whole: int | str) -> float | str:
    known = isinstance(part, int) and isinstance(whole, int)
    return 100 * part / whole if known else "missing"


def _time(less: Mapping[int, Record | None], whole: Mapping[int, Record | None]) -> Cell:
    shares = [
        100 * seconds(less[seed]) / seconds(whole[seed])
        for seed in less
        if state(less[seed]) == state(whole[seed]) == "complete"
    ]
    return Cell.of(shares, digits=0, missing=len(less) - len(shares))


def _frame(rows: Mapping[tuple, Mapping[str, object]], names: list[str]) -> pd.DataFrame:
    return by_row(rows, names)

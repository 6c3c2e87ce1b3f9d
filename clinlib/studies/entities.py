"""Entities of the corpora: types, their distribution over splits, and lengths in words."""

from bisect import bisect_right
from collections.abc import Mapping

import pandas as pd

from clinlib.corpora.card import SPLITS
from clinlib.corpora.corpus import Corpus
from clinlib.corpora.document import Document
from clinlib.corpora.words import words

LENGTHS = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6 to 10": 10, "more": float("inf")}
NONE = "no such split"


def entities(corpora: Mapping[str, Corpus]) -> pd.DataFrame:
    """A row for each entity: corpus, split, type, and how many words it touches."""
    rows = [
        (name, split, kind, length)
        for name, corpus in corpora.items()
        for split, documents in corpus.splits.items()
        for document in documents
        for kind, length in _lengths(document)
    ]
    return pd.DataFrame(rows, columns=["corpus", "split", "type", "words"])


def types(found: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    """Entities of one corpus by type: number and share in each split, and mean length in words.

    `found` is what `entities` returns; types are in the corpus's order, splits it lacks say so.
    """
    here = found[found["corpus"] == corpus.name]
    counts, percent = _counts(here, corpus), shares(found, corpus)
    mean = here.groupby("type")["words"].mean()
    frame = pd.DataFrame(index=pd.Index(corpus.types, name="type", dtype=object), dtype=object)
    for split in SPLITS:
        frame[split] = counts[split].astype(object) if split in counts else NONE
    frame["all"] = counts.sum(axis=1)
    for split in percent:
        frame[f"{split}, %"] = percent[split]
    frame["mean words"] = [mean.get(kind, "none") for kind in corpus.types]
    return frame


def shares(found: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    """Share of each type among the entities of a split, in percent; 0 where it has none."""
    counts = _counts(found[found["corpus"] == corpus.name], corpus)
    return 100 * counts / counts.sum().clip(lower=1)


def distributions(found: pd.DataFrame, corpora: Mapping[str, Corpus]) -> pd.DataFrame:
    """How types are distributed in each corpus, and how far its splits are apart.

    The distance of two splits is the share of entities, in percent, that would have to change
    their type for the distributions to be equal: half the sum of the absolute differences.
    """
    rows = {}
    for name, corpus in corpora.items():
        counts = _counts(found[found["corpus"] == name], corpus).sum(axis=1)
        ordered = counts.sort_values(ascending=False, kind="stable")
        reached = ordered.cumsum() >= 0.9 * ordered.sum()
        percent = shares(found, corpus)
        rows[name] = {
            "types": len(corpus.types),
            "most frequent type": ordered.index[0],
            "its share, %": 100 * ordered.iloc[0] / max(ordered.sum(), 1),
            "types that make 90 %": int((~reached).sum()) + 1,
            "train to dev, %": _distance(percent, "train", "dev"),
            "train to test, %": _distance(percent, "train", "test"),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("corpus")


def lengths(found: pd.DataFrame, corpora: Mapping[str, Corpus]) -> pd.DataFrame:
    """Entities by length in words, in percent, with mean, median and longest, per corpus."""
    edges = [0, *LENGTHS.values()]
    rows = {}
    for name in corpora:
        here = found.loc[found["corpus"] == name, "words"]
        if here.empty:
            rows[name] = dict.fromkeys([*LENGTHS, "mean", "median", "longest"], "none")
            continue
        classes = pd.cut(here, edges, labels=list(LENGTHS)).value_counts(normalize=True)
        rows[name] = {label: 100 * classes[label] for label in LENGTHS} | {
            "mean": here.mean(),
            "median": here.median(),
            "longest": int(here.max()),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("corpus")


def lengths_drawn(table: pd.DataFrame) -> pd.DataFrame:
    """What the figure of lengths shows: whole percents; corpora without an entity left out."""
    drawn = table[list(LENGTHS)]
    return drawn[drawn.map(lambda entry: entry != "none").all(axis=1)].astype(float).round()


def lengths_in_words(table: pd.DataFrame) -> str:
    """The figure of lengths in a sentence, for those who do not see it."""
    rows = (
        f"{name} {', '.join(f'{label} {value:.0f}' for label, value in row.items())}"
        for name, row in lengths_drawn(table).iterrows()
    )
    return f"Entities by length in words, in percent: {'; '.join(rows)}."


def shares_in_words(name: str, percent: pd.DataFrame) -> str:
    """The figure of one corpus's types in a sentence."""
    rows = (
        f"{kind} {', '.join(f'{split} {value:.1f}' for split, value in row.items())}"
        for kind, row in percent.iterrows()
    )
    return f"Share of each type among the entities of {name}, in percent: {'; '.join(rows)}."


def _counts(here: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    """Number of entities: all types of the corpus as rows, its splits as columns."""
    counts = here.groupby(["type", "split"]).size().unstack(fill_value=0)
    splits = [split for split in SPLITS if split in corpus.splits]
    return counts.reindex(index=list(corpus.types), columns=splits, fill_value=0)


def _distance(percent: pd.DataFrame, one: str, other: str) -> float | str:
    if one not in percent or other not in percent:
        return NONE
    return float((percent[one] - percent[other]).abs().sum() / 2)


def _lengths(document: Document) -> list[tuple[str, int]]:
    """(type, number of words that the span touches) of every span."""
    bounds = words(document)
    starts, ends = [start for start, _ in bounds], [end for _, end in bounds]
    return [
        (span.type, max(bisect_right(starts, span.end - 1) - bisect_right(ends, span.start), 1))
        for span in document.spans
    ]

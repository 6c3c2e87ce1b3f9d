"""The corpora: what each holds, by split, and what reading it cost; nothing is trained."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

import pandas as pd

from clinlib.corpora.card import SPLITS, Card
from clinlib.corpora.corpus import Corpus
from clinlib.corpora.document import Document
from clinlib.corpora.registry import card, cards, data_folder, fingerprint, load
from clinlib.corpora.segmenter import JOINED
from clinlib.corpora.texts import is_here as text_is_here
from clinlib.corpora.texts import text_files
from clinlib.corpora.words import words
from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.studies.frames import by_row
from clinlib.studies.wording import banner, plural

NAME = "00_corpora"
ABSENT = "not on this machine"


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """No runs: the page counts what the corpora hold."""
    return []


def reads(parameters: Mapping[str, object]) -> str:
    """What the page depends on besides records: which corpora and texts are on this machine.

    What an unpinned card does not say of the page's corpora, their data say.
    """
    corpora = [name for name in cards() if is_here(name)]
    unpinned = [n for n in parameters.get("corpora", ()) if card(n).unpinned and is_here(n)]
    return " ".join(
        [
            *corpora,
            *(name for name in text_files() if text_is_here(name)),
            *(f"{name}={fingerprint(name)}" for name in unpinned),
        ]
    )


def present(names: Sequence[str]) -> dict[str, Corpus]:
    """The corpora whose data are here, loaded, in the order given.

    Raises BadInput for an unknown name, and for data that are here and not those of the card.
    """
    return {name: load(name) for name in names if is_here(name)}


def is_here(name: str) -> bool:
    """Whether the data of a corpus are on this machine; a generated corpus always is."""
    if card(name).generated:
        return True
    try:
        data_folder(name)
    except BadInput:
        return False
    return True


def overview(names: Sequence[str]) -> pd.DataFrame:
    """Every card: language, licence, sizes as the card gives them, and whether it is counted here.

    `names` are the corpora that the page counts; a task counts as its corpus.
    """
    counted = {name.partition(":")[0] for name in names}
    columns = [
        "corpus",
        "kind",
        "language",
        "licence",
        "documents",
        "sentences",
        "entities",
        "on this page",
    ]
    rows = {
        name: _overview_row(found, name in counted and is_here(name), is_here(name))
        for name, found in cards().items()
    }
    index = pd.Index(list(rows), name="name", dtype=object)
    return pd.DataFrame(list(rows.values()), columns=columns, index=index, dtype=object)


def sizes(corpora: Mapping[str, Corpus]) -> pd.DataFrame:
    """Documents, sentences, words, entities and sentences without entity, per corpus and split."""
    rows = {}
    for name, corpus in corpora.items():
        for split, documents in corpus.splits.items():
            sentences = sum(len(document.sentences) for document in documents)
            empty = sum(map(empty_sentences, documents))
            rows[name, split] = {
                "documents": len(documents),
                "sentences": sentences,
                "words": sum(len(words(document)) for document in documents),
                "entities": sum(len(document.spans) for document in documents),
                "sentences without entity": empty,
                "share without entity, %": 100 * empty / sentences if sentences else "no sentences",
            }
    return by_row(rows, ["corpus", "split"])


def ledger(corpora: Mapping[str, Corpus]) -> pd.DataFrame:
    """What the readers counted: read, dropped, cut, merged, flattened, repaired, widened spans.

    Types are summed; "first places" names up to five documents where it happened.
    """
    rows = []
    for name, corpus in corpora.items():
        for what, n in corpus.ledger.counts().items():
            event, reason = what.split(": ", 1)
            places = "" if event == "read" else ", ".join(corpus.ledger.examples(event, reason))
            rows.append((name, event, reason, n, places or "–"))
    frame = pd.DataFrame(rows, columns=["corpus", "event", "reason", "spans", "first places"])
    return frame.set_index(["corpus", "event"])


def empty_sentences(document: Document) -> int:
    """The number of the document's sentences that no span touches."""
    starts = [start for start, _ in document.sentences]
    touched: set[int] = set()
    for span in document.spans:
        first = max(bisect_right(starts, span.start) - 1, 0)
        last = max(bisect_right(starts, span.end - 1) - 1, 0)
        touched.update(range(first, last + 1))
    return len(starts) - len(touched)


def licences(corpora: Mapping[str, Corpus]) -> pd.DataFrame:
    """Licence, its source, and where to get each corpus of the page."""
    rows = {name: card(name) for name in corpora}
    return pd.DataFrame(
        [(found.licence, found.licence_source, found.where_to_get) for found in rows.values()],
        columns=["licence", "source of the licence", "where to get it"],
        index=pd.Index(list(rows), name="corpus", dtype=object),
    )


def shares(corpora: Mapping[str, Corpus]) -> pd.DataFrame:
    """Sentences without entity in percent: corpora as rows, splits as columns; 0 for no split."""
    table = sizes(corpora)["share without entity, %"]
    rows = {
        name: {split: _number(table.get((name, split))) for split in SPLITS} for name in corpora
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(SPLITS))


def shares_in_words(shares: pd.DataFrame) -> str:
    """The figure of shares in a sentence, for those who do not see it."""
    rows = (
        f"{name} {', '.join(f'{split} {value:.0f}' for split, value in row.items())}"
        for name, row in shares.iterrows()
    )
    return f"Sentences without entity, in percent: {'; '.join(rows)}."


def introduction(
    names: Sequence[str],
    corpora: Mapping[str, Corpus],
    files: Sequence[str] = (),
    texts: Sequence[str] = (),
) -> str:
    """The paragraph above the tables: what is shown, what is synthetic, what is not here.

    `files` of unlabelled text are asked for, `texts` are those that are here.
    """
    absent = [name for name in (*names, *files) if name not in (*corpora, *texts)]
    parts = [
        f"This page counts {', '.join(corpora) or 'no corpus'}.",
        f"It compares them with the unlabelled text of {', '.join(texts)}." if texts else "",
        f"Not on this machine, so listed from the card only: {', '.join(absent)}."
        if absent
        else "",
        banner(corpora),
    ]
    return "\n\n".join(part for part in parts if part)


def sentences(corpora: Mapping[str, Corpus]) -> list[str]:
    """What the counts say, in words: one sentence per corpus, and one of what reading cost it."""
    found = []
    for name, corpus in corpora.items():
        here = sizes({name: corpus}).sum()
        empty, total = here["sentences without entity"], here["sentences"]
        counts = corpus.ledger.counts()
        lost = ", ".join(f"{what} ({n})" for what, n in counts.items() if not _kept(what))
        found.append(
            f"{name} ({card(name).pretty_name}): {here['entities']} entities of "
            f"{plural(len(corpus.types), 'type')} in {total} sentences, of which {empty} "
            f"({100 * empty / max(total, 1):.0f} %) are without entity. On the way in, "
            f"{lost or 'no span was dropped or changed'}."
        )
    return found


def _kept(what: str) -> bool:
    """Whether an entry of a ledger leaves spans as they are."""
    return what.startswith("read") or what == f"merged: {JOINED}"


def _overview_row(found: Card, counted: bool, here: bool) -> dict[str, object]:
    where = "counted below" if counted else ("not in this profile" if here else ABSENT)
    sums = {
        field: sum(getattr(count, field) for count in found.counts.values())
        for field in ("documents", "sentences", "spans")
    }
    known = bool(found.counts)
    return {
        "corpus": found.pretty_name,
        "kind": "synthetic" if found.synthetic else ("gated" if found.gated else "open"),
        "language": ", ".join(found.languages),
        "licence": found.licence,
        "documents": sums["documents"] if known else "not counted",
        "sentences": sums["sentences"] if known else "not counted",
        "entities": sums["spans"] if known else "not counted",
        "on this page": where,
    }


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0

"""Overlaps on the corpora page: what stands in what, and what is kept out of training."""

from collections.abc import Iterable, Sequence

import pandas as pd

from clinlib.corpora import texts
from clinlib.corpora.overlap import ANY, ANY_TEST, TEXT, Comparison, KeptOut, Overlap, matrix
from clinlib.errors import unknown
from clinlib.studies.wording import plural

DRAWN = 5  # percent that a figure of a square must show somewhere
APART = "–"  # a source and itself, and two files of text, are not compared


def present(names: Iterable[str]) -> list[str]:
    """The files of unlabelled text that are here. Raises BadInput for an unknown name."""
    known = texts.text_files()
    for name in names:
        if name not in known:
            raise unknown("text", name, known)
    return [name for name in names if texts.is_here(name)]


def compared(corpora: Iterable[str], files: Iterable[str]) -> Comparison:
    """All overlaps of these corpora (a task has its corpus's documents) and files of text."""
    names = [name.partition(":")[0] for name in corpora]
    return matrix([*names, *(TEXT + file for file in files)])


def pairs(found: Comparison) -> pd.DataFrame:
    """The pairs of sources of which one stands in part in the other, the largest share first."""
    rows = [row for row in _pairs(found) if row.standing]
    rows.sort(key=lambda row: (row.language, -row.standing / row.documents))
    return _frame(rows, ["language", "source", "stand in"], lambda r: (r.language, r.part, r.whole))


def inside(found: Comparison) -> pd.DataFrame:
    """Test and dev documents that stand in an earlier split of their own corpus."""
    rows = [row for row in found.overlaps if ", " in row.part and row.standing]
    return _frame(rows, ["language", "source", "stand in"], lambda r: (r.language, r.part, r.whole))


def languages(found: Comparison) -> list[str]:
    """The languages in which there is a pair to compare."""
    return list(dict.fromkeys(row.language for row in _pairs(found)))


def square(found: Comparison, language: str) -> pd.DataFrame:
    """Documents of each source (rows) that stand in each other one (columns), in percent."""
    here = [row for row in _pairs(found) if row.language == language]
    names = list(dict.fromkeys(name for row in here for name in (row.part, row.whole)))
    frame = pd.DataFrame(APART, index=names, columns=names, dtype=object)
    for row in here:
        frame.loc[row.part, row.whole] = 100 * row.standing / max(row.documents, 1)
    return frame.rename(index=_plain, columns=_plain).rename_axis("source")


def drawn(table: pd.DataFrame) -> pd.DataFrame | None:
    """What the figure of a square shows, whole percents; None where all are near zero."""
    found = table.replace(APART, 0.0).astype(float).round()
    return found if found.to_numpy().max(initial=0.0) >= DRAWN else None


def square_in_words(language: str, table: pd.DataFrame) -> str:
    """The figure of a square in a sentence: the pairs that overlap, in percent."""
    parts = [
        f"{value:.1f} of {part} in {whole}"
        for part, row in table.iterrows()
        for whole, value in row.items()
        if value != APART and value
    ]
    listed = "; ".join(parts) or "none"
    return f"Documents that stand in another source, language {language}, in percent: {listed}."


def kept_out(found: Comparison) -> pd.DataFrame:
    """Per source: documents that may be trained on, and those kept out for others' test splits."""
    standing = {(row.part, row.whole): row.standing for row in found.overlaps}
    rows = [
        {
            "kind": "text" if row.source.startswith(TEXT) else "training split",
            "documents": row.documents,
            "whole source: stand in another corpus": standing.get((row.source, ANY), APART),
            "whole source: stand in a test split": standing.get((row.source, ANY_TEST), APART),
            "kept out": row.tied,
            "share kept out, %": 100 * row.share,
        }
        for row in found.kept_out
    ]
    index = pd.MultiIndex.from_tuples(
        [(row.language, _plain(row.source)) for row in found.kept_out], names=["language", "source"]
    )
    return pd.DataFrame(rows, index=index, dtype=object)


def licences(counted: Sequence[str]) -> pd.DataFrame:
    """Every known file of unlabelled text: language, what it holds, licence, and where it is."""
    rows = {
        name: {
            "language": file.language,
            "what": file.what,
            "licence": file.licence,
            "on this page": _whereabouts(name, name in counted),
        }
        for name, file in texts.text_files().items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("file")


def sentences(found: Comparison) -> list[str]:
    """What the overlaps say, in words."""
    compared_pairs = {frozenset((row.part, row.whole)) for row in _pairs(found)}
    if not compared_pairs:
        return [
            "No two sources of one language are on this page and machine: nothing was compared."
        ]
    sharing = {frozenset((row.part, row.whole)) for row in _pairs(found) if row.standing}
    total = plural(len(compared_pairs), "pair")
    if not sharing:
        return [f"Of {total} of sources of one language none shares a document."]
    said = [f"Of {total} of sources of one language {len(sharing)} share documents."]
    said += [_kept_sentence(row) for row in found.kept_out if row.tied]
    return said


def _kept_sentence(row: KeptOut) -> str:
    what = "texts" if row.source.startswith(TEXT) else "training documents"
    return (
        f"{_plain(row.source)}: of {row.documents} {what}, {row.tied} "
        f"({100 * row.share:.2f} % of the characters) share a passage with a test document of "
        f"another corpus, and are kept out of training where that corpus is tested."
    )


def _pairs(found: Comparison) -> list[Overlap]:
    """The rows that compare one source with one other."""
    sources = {row.source for row in found.kept_out}
    return [row for row in found.overlaps if row.part in sources and row.whole in sources]


def _frame(rows: Sequence[Overlap], names: list[str], place) -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples(
        [tuple(map(_plain, place(row))) for row in rows] or [], names=names
    )
    columns = ["documents", "long enough to judge", "standing", "share of the characters, %"]
    values = [(row.documents, row.judged, row.standing, 100 * row.share) for row in rows]
    return pd.DataFrame(values, columns=columns, index=index, dtype=object)


def _plain(source: str) -> str:
    return source.removeprefix(TEXT)


def _whereabouts(name: str, counted: bool) -> str:
    if not texts.is_here(name):
        return "not on this machine"
    return "compared above" if counted else "not in this profile"

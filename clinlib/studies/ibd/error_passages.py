"""Errors as text: a sample of one method's, and sentences that the methods read differently."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from clinlib.corpora.document import Document, Span
from clinlib.evaluation.errors import CLASSES, Analysis, Error, draw, sample
from clinlib.studies.frames import by_row
from clinlib.studies.ibd.errors import Results
from clinlib.studies.passages import GOLD, Passage, is_gated, passage
from clinlib.studies.wording import plural

Sampled = list[tuple[str, Error]]  # (document id, error)


def sampled(results: Results, corpus: str, n: int, seed: int) -> Sampled:
    """n errors of the method that the page shows, drawn plainly over all test documents."""
    analyses = results.analyses.get((corpus, results.shown), [])
    errors = [
        (document.id, error)
        for document, analysis in zip(results.documents(corpus), analyses, strict=False)
        for error in analysis.errors
    ]
    return sample(errors, n, seed)


def sample_sizes(results: Results, n: int, seed: int) -> pd.DataFrame:
    """Errors of the method shown by class: all, their percentage, and how many were drawn."""
    rows: dict[tuple, dict[str, object]] = {}
    for corpus in results.corpora:
        drawn = [error.kind for _, error in sampled(results, corpus, n, seed)]
        sums = results.of(corpus, results.shown, lambda counts: counts.sum(axis=0)[1:, 0])
        for number, kind in enumerate(CLASSES):
            if isinstance(sums, str):
                row = dict.fromkeys(("errors", "share, %", "drawn"), sums)
            else:
                row = {
                    "errors": int(sums[number]),
                    "share, %": float(100 * sums[number] / sums.sum()) if sums.any() else "–",
                    "drawn": drawn.count(kind),
                }
            rows[corpus, kind] = row | {"what it is": CLASSES[kind]}
    return by_row(rows, ["corpus", "class"])


def listed(drawn: Sampled) -> pd.DataFrame:
    """Drawn errors as a table to download: document, class, and spans by offsets and type."""
    columns = ["document", "class", "gold", "predicted"]
    rows = [
        (document, error.kind, spoken(error.gold), spoken(error.predicted))
        for document, error in drawn
    ]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def by_class(
    results: Results, corpus: str, drawn: Sampled, show_text: bool
) -> dict[str, list[Passage]]:
    """Class -> passages of the drawn errors: gold above what the method shown predicted."""
    places = {document.id: at for at, document in enumerate(results.documents(corpus))}
    predicted = results.predicted.get((corpus, results.shown), [])
    found: dict[str, list[Passage]] = {kind: [] for kind in CLASSES}
    for name, error in drawn:
        document = results.documents(corpus)[places[name]]
        found[error.kind].append(
            passage(
                document,
                (error.start, error.end),
                {GOLD: document.spans, results.shown: predicted[places[name]]},
                title=title(document, error.start, error.end),
                focus=(*error.gold, *error.predicted),
                **_shown(results, corpus, show_text),
            )
        )
    return {kind: each for kind, each in found.items() if each}


def compared(results: Results, corpus: str, shown: int, total: int, what: str) -> str:
    """How many sentences differ, in words; or why it is not known."""
    if len(results.told(corpus)) > 1:
        return f"{corpus}: {shown} of {plural(total, 'sentence')} {what}"
    why = "the runs that are compared are missing"
    return f"{corpus}: not known, {why if results.documents(corpus) else 'its text is not here'}"


def disagreements(
    results: Results, corpus: str, n: int, seed: int, show_text: bool
) -> tuple[list[Passage], int]:
    """Sentences where methods differ, every method's spans with its classes of errors there.

    n of them, drawn plainly from the seed as errors are, and how many there are in all.
    """
    told = results.told(corpus)
    documents = results.documents(corpus)
    found = []
    for place, document in enumerate(documents):
        spans = [results.predicted[corpus, method][place] for method in told]
        found += [
            (place, bounds)
            for bounds in document.sentences
            if len({_inside(each, bounds) for each in spans}) > 1
        ]
    names = [f"{documents[place].id} {start} {end}" for place, (start, end) in found]
    passages = []
    for place, bounds in (found[at] for at in draw(names, n, seed)):
        document = documents[place]
        rows = {GOLD: document.spans}
        notes = {}
        for method in told:
            rows[method] = results.predicted[corpus, method][place]
            notes[method] = kinds(results.analyses[corpus, method][place], bounds)
        passages.append(
            passage(
                document,
                bounds,
                rows,
                notes=notes,
                title=title(document, *bounds),
                **_shown(results, corpus, show_text),
            )
        )
    return passages, len(found)


def kinds(analysis: Analysis, bounds: tuple[int, int]) -> str:
    """The classes of the errors that touch these characters, each once."""
    start, end = bounds
    touching = [error.kind for error in analysis.errors if error.start < end and start < error.end]
    return ", ".join(dict.fromkeys(touching))


def title(document: Document, start: int, end: int) -> str:
    """Where a passage is: document, section if there is one, characters."""
    section = next((s.title for s in document.sections if s.start <= start < s.end and s.title), "")
    return ", ".join(filter(None, [document.id, section, f"characters {start} to {end}"]))


def spoken(spans: Iterable[Span]) -> str:
    """Spans by type and offsets, without their text."""
    return "; ".join(f"{span.type} [{span.start}, {span.end})" for span in spans) or "nothing"


def _inside(spans: Sequence[Span], bounds: tuple[int, int]) -> tuple[Span, ...]:
    start, end = bounds
    return tuple(sorted(span for span in spans if span.start < end and start < span.end))


def _shown(results: Results, corpus: str, show_text: bool) -> Mapping[str, object]:
    """What every passage of a corpus has in common; a gated one's text only where asked for."""
    found = results.corpora_here[corpus]
    return {
        "types": found.types,
        "language": found.language,
        "shown": show_text or not is_gated(corpus),
    }

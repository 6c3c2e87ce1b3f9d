"""Overlap: which documents of one corpus or text file stand in another, and what to keep out.

A document stands in another source if at least half of its shingles do; one with fewer than 12
shingles is not judged. Sources are "corpus", "corpus:task", "text:FILE", and what generators make.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise, permutations

import numpy as np

from clinlib.corpora.card import SPLITS
from clinlib.corpora.made_texts import is_made, made_documents
from clinlib.corpora.registry import card, load
from clinlib.corpora.shingles import WIDTH, Shingles, shingles, stand, tied, tied_numbers
from clinlib.corpora.texts import read_texts, text_files
from clinlib.errors import unknown

TEXT = "text:"
ANY = "any other corpus"
ANY_TEST = "a test split of another corpus"
WIDTHS = {"zh": 20}  # characters; as much is said in 20 Chinese ones as in 60 letters


@dataclass(frozen=True)
class Overlap:
    """How much of `part` stands in `whole`.

    `documents` of the part, those `judged`, those `standing` in the whole; `share` of the part's
    normalised characters that they make up.
    """

    language: str
    part: str
    whole: str
    documents: int
    judged: int
    standing: int
    share: float


@dataclass(frozen=True)
class KeptOut:
    """How many of the texts that a source may train on are tied to test documents of the others.

    `documents` that may be trained on, the `tied` ones, the `share` of the normalised characters
    that these make up. See keep_out, which names them.
    """

    language: str
    source: str
    documents: int
    tied: int
    share: float


@dataclass(frozen=True)
class Comparison:
    """The overlaps of sources, pair by pair, and what each must keep out of training."""

    overlaps: tuple[Overlap, ...] = ()
    kept_out: tuple[KeptOut, ...] = ()


@dataclass(frozen=True, eq=False)
class _Source:
    """A corpus's or a file's shingles, over all texts and over each split alone."""

    name: str
    whole: Shingles
    splits: dict[str, Shingles]

    @property
    def labelled(self) -> bool:
        return not self.name.startswith(TEXT)


def matrix(names: Iterable[str]) -> Comparison:
    """The overlaps of every two sources of one language, in both directions.

    Two files of text are not compared. Each source also has a row for all corpora but itself, one
    for their test splits; and a corpus has rows for its own test and dev documents that stand in
    an earlier split. What is to be kept out is counted for each source against the test splits of
    the corpora but itself. Only texts of one language at a time are held, about 12 bytes a
    character.

    Raises BadInput for unknown sources and for data that are not here.
    """
    by_language: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        by_language.setdefault(language_of(name), []).append(name)
    overlaps: list[Overlap] = []
    kept_out: list[KeptOut] = []
    for language, group in by_language.items():
        sources = [_source(name) for name in group]
        overlaps += _rows(language, sources)
        kept_out += [_kept_out(language, source, sources) for source in sources]
    return Comparison(tuple(overlaps), tuple(kept_out))


def keep_out(
    source: str, targets: Sequence[str], splits: Sequence[str] = ("test",)
) -> frozenset[int]:
    """Numbers of the source's texts that must not be trained on before the targets are tested.

    The texts of "text:FILE" and of "unlabelled:CORPUS" or "textbook:CORPUS" count in their order,
    those of a corpus in the order of its training split. One is kept out if it is tied to a
    document of the targets' `splits`: they share 50 shingles, or half of those of the one that has
    fewer. Sources and targets in other languages have nothing in common. The source is streamed;
    what is held are the tested documents, about 12 bytes a character.

    Raises BadInput for unknown sources and for data that are not here.
    """
    language = language_of(source)
    tested = [
        document.text
        for target in targets
        if language_of(target) == language
        for split in splits
        for document in load(target).splits.get(split, ())
    ]
    if not tested:
        return frozenset()
    width = WIDTHS.get(language, WIDTH)
    return tied_numbers(training_texts(source), shingles(tested, width), width)


def training_texts(source: str) -> Iterable[str]:
    """The texts that may be trained on, one by one: a corpus's training split, or a whole file."""
    if source.startswith(TEXT):
        return read_texts(source.removeprefix(TEXT))
    if is_made(source):
        return (document.text for document in made_documents(source))
    return (document.text for document in load(source).splits.get("train", ()))


def _rows(language: str, sources: list[_Source]) -> list[Overlap]:
    rows = []
    for part, whole in permutations(sources, 2):
        if part.labelled or whole.labelled:
            rows.append(_row(language, part.name, part.whole, whole.name, [whole.whole]))
    for part in sources:
        others = [other for other in sources if other.labelled and other is not part]
        tests = [other.splits["test"] for other in others if "test" in other.splits]
        if others:
            wholes = [other.whole for other in others]
            rows.append(_row(language, part.name, part.whole, ANY, wholes))
            rows.append(_row(language, part.name, part.whole, ANY_TEST, tests))
        earlier: dict[str, Shingles] = {}
        for split in SPLITS:
            if split not in part.splits:
                continue
            if earlier:
                name, seen = f"{part.name}, {split}", f"{part.name}, {' and '.join(earlier)}"
                rows.append(_row(language, name, part.splits[split], seen, [*earlier.values()]))
            earlier[split] = part.splits[split]
    return rows


def _kept_out(language: str, source: _Source, sources: list[_Source]) -> KeptOut:
    none = source.whole.some(0, 0)
    texts = source.splits.get("train", none) if source.labelled else source.whole
    found = np.zeros(len(texts), dtype=bool)
    for other in sources:
        if other is not source and "test" in other.splits:
            found[tied(texts, other.splits["test"])[:, 0]] = True
    share = _share(texts, found)
    return KeptOut(language, source.name, len(texts), int(found.sum()), share)


def _share(texts: Shingles, some: np.ndarray) -> float:
    """The share of the normalised characters that some texts (D,) make up."""
    return float(texts.lengths[some].sum()) / max(int(texts.lengths.sum()), 1)


def _row(
    language: str, part: str, texts: Shingles, whole: str, others: Sequence[Shingles]
) -> Overlap:
    standing = stand(texts, *others)
    return Overlap(
        language,
        part,
        whole,
        documents=len(texts),
        judged=int(texts.judged.sum()),
        standing=int(standing.sum()),
        share=_share(texts, standing),
    )


def _source(name: str) -> _Source:
    width = WIDTHS.get(language_of(name), WIDTH)
    if name.startswith(TEXT):
        return _Source(name, shingles(read_texts(name.removeprefix(TEXT)), width), {})
    splits = load(name).splits
    whole = shingles((d.text for documents in splits.values() for d in documents), width)
    ends = list(accumulate((len(documents) for documents in splits.values()), initial=0))
    parts = {
        split: whole.some(start, end)
        for split, (start, end) in zip(splits, pairwise(ends), strict=True)
    }
    return _Source(name, whole, parts)


def language_of(name: str) -> str:
    """The language in which a source is compared. Raises BadInput for an unknown source."""
    if name.startswith(TEXT):
        files = text_files()
        file = name.removeprefix(TEXT)
        if file not in files:
            raise unknown("text", file, files)
        return files[file].language
    return card(name.partition(":")[2] if is_made(name) else name).languages[0]

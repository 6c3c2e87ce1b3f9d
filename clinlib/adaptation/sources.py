"""Sources: the texts that an encoder learns from, with what must stay out of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from clinlib.corpora import registry, texts
from clinlib.corpora.document import Document
from clinlib.corpora.made_texts import is_made, made_documents
from clinlib.corpora.overlap import keep_out


class Source:
    """The texts of a source, as often as asked for.

    "corpus:NAME" is that corpus's training split, "text:FILE" a file, "unlabelled:CORPUS" and
    "textbook:CORPUS" what the generator of a synthetic corpus makes beside it.

    Texts that share passages with test documents of the corpora `kept_out` are left out;
    `left_out` is how many those are, `count` how many texts there were at the last reading and
    `empty` how many of these held nothing but blanks.
    """

    def __init__(self, name: str, kept_out: tuple[str, ...] = ()):
        self.name = name
        self.kind, _, self.file = name.partition(":")
        source = self.file if self.kind == "corpus" else name
        self._left_out = keep_out(source, kept_out) if kept_out else frozenset()
        self.left_out, self.count, self.empty = len(self._left_out), 0, 0

    def __iter__(self) -> Iterator[str]:
        return (document.text for document in self.documents())

    def documents(self) -> Iterator[Document]:
        """The texts as documents without labels, with the sentences, words, sections they have."""
        self.count, self.empty = 0, 0
        for number, known in enumerate(self._documents()):
            self.count += 1
            self.empty += not known.text.strip()
            if number not in self._left_out:
                yield known

    def _documents(self) -> Iterator[Document]:
        if self.kind == "corpus":
            for document in registry.load(self.file).splits["train"]:
                yield replace(document, spans=())
            return
        if is_made(self.name):
            yield from made_documents(self.name)
            return
        for number, text in enumerate(texts.read_texts(self.file)):
            yield Document(f"{self.file}:{number + 1}", text)


class Labelled:
    """Documents that come with spans, as a source of text."""

    name, left_out = "silver", 0

    def __init__(self, documents: Sequence[Document]):
        self._documents = documents
        self.count = len(documents)
        self.empty = sum(not document.text.strip() for document in documents)

    def __iter__(self) -> Iterator[str]:
        return (document.text for document in self._documents)

    def documents(self) -> Iterator[Document]:
        """The documents with their spans."""
        return iter(self._documents)


class Together:
    """Several sources one after another, at most `limit` characters of each."""

    def __init__(self, sources: list[Source], limit: int | None = None):
        self.sources, self.limit = sources, limit

    def __iter__(self) -> Iterator[str]:
        for source in self.sources:
            yield from _first(source, self.limit)


def _first(texts: Iterable[str], limit: int | None) -> Iterator[str]:
    left = float("inf") if limit is None else limit
    for text in texts:
        if left <= 0:
            return
        yield text[: int(min(left, len(text)))]
        left -= len(text)

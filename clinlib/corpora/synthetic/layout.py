"""Layout: sentences by section title, and the document that they make."""

from collections.abc import Container, Mapping, Sequence

import numpy as np

from clinlib.corpora.document import Document, Section, Span
from clinlib.corpora.synthetic.phrases import Sentence

Sections = Mapping[str, list[Sentence]]  # in the order of the document


def document(
    id_: str,
    sections: Sections,
    own_line: Container[str] = (),
    one_a_line: Container[str] = (),
    group: str = "",
) -> Document:
    """The sections as one text, each from its heading to the next heading, all spans in order.

    Headings in `own_line` stand on a line of their own, sentences under those in `one_a_line` too.
    The document is a group of its own where `group` names none.
    """
    text, spans, found = "", [], []
    for title, sentences in sections.items():
        if text:
            text += "\n\n"
        start = len(text)
        text += f"{title}:"
        separator = "\n" if title in own_line else " "
        for sentence in sentences:
            text += separator
            at = len(text)
            text += sentence.text
            spans += [Span(at + m.start, at + m.end, m.type, m.why) for m in sentence.marks]
            separator = "\n" if title in one_a_line else " "
        found.append(Section(start, len(text), title))
    return Document(
        id=id_,
        text=text,
        spans=tuple(sorted(spans)),
        sections=tuple(found),
        group=group or id_,
    )


def missing(
    sentences: Sequence[Sentence], headings: int, share: float, rng: np.random.Generator
) -> int:
    """How many more sentences without entities make them about `share` of all.

    `headings`: how many headings on a line of their own there are, which count as sentences.
    """
    full = sum(1 for s in sentences if s.marks)
    empty = len(sentences) - full + headings
    return max(int(full * share / (1 - share) - empty + rng.random()), 0)

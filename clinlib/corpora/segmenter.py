"""Segmenter: rule-based sentence bounds per language.

Down-sampling, "the first n sentences", pool rounds and context all hang on these bounds, so they
are part of every corpus's fingerprint. It knows no grammar and no model.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from clinlib.corpora.document import Document, Span
from clinlib.corpora.ledger import Ledger
from clinlib.errors import BadInput, unknown

JOINED = "sentences joined, a span lies across them"

Bounds = tuple[tuple[int, int], ...]

# The word before a full stop that does not end a sentence, lower case, without its last stop.
_ANYWHERE = {
    "en": "dr mr mrs ms prof st jr sr fig figs ref refs vs viz cf e.g i.e approx ca resp ed eds",
    "es": "dr dra drs sr sra srta prof fig figs ref aprox ca p.ej ej vs ee sto sta d dña av "
    "avda c/ ctra pza pz gral hnos edf univ",
    "nl": "dr drs mr mw mevr dhr prof ir ing fig bijv bv ca resp evt d.w.z o.a m.b.t m.n i.v.m "
    "t.g.v i.c.m z.n t.o.v a.g.v a.d.h.v incl excl vs pat gem v",
    "zh": "dr mr mrs fig vs",
}
# The same, where a number follows.
_BEFORE_NUMBER = {
    "en": "no nos p pp vol art sec ch eq tab temp",
    "es": "n no nº núm num p pp pág págs vol art cap tel tlf tfno c c.p km esc bl apto temp",
    "nl": "nr nrs no p pp blz vol art tel temp",
    "zh": "no",
}
LANGUAGES = tuple(_ANYWHERE)

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_CLOSERS = "\"'”’»)\\]}」』）】"
_LATIN_END = re.compile(rf"([.!?…]+)[{_CLOSERS}]*(?=\s)")
# Chinese marks end a sentence without a blank after them
_CHINESE_END = re.compile(rf"([。！？!?…]+)[{_CLOSERS}]*|(\.)[{_CLOSERS}]*(?=\s)")
_DUTCH_ELISION = re.compile(r"['’][nst] [A-Z]")  # "'s Nachts": what is in capitals comes second
_OPENERS = "\"'“‘«([{¿¡「『（【-–—•*"
_ITEM_NUMBER = re.compile(r"\s*[(\[]?(?:\d{1,2}|[a-zA-Z])(?:\.\d{1,2})*")


def segment(
    text: str,
    language: str,
    spans: Iterable[Span] = (),
    words: Sequence[tuple[int, int]] | None = None,
    ledger: Ledger | None = None,
    where: str = "",
) -> Bounds:
    """(start, end) of each sentence, in order: together they hold every non-blank character.

    Line breaks end sentences, and so do full stops, question and exclamation marks before a blank
    (in Chinese, before anything) unless the stop belongs to an abbreviation, an initial, an item
    number or is followed by a lower-case letter. Decimals are never cut. Bounds are trimmed of
    blanks and do not overlap. Sentences across which a span (or one of `words`) lies become one;
    each such joint of a span is counted in `ledger` as merged, with the span's type.

    Raises BadInput for a language that has no rules.
    """
    if language not in LANGUAGES:
        raise unknown("language of the segmenter", language, LANGUAGES)
    pieces = []
    for line in _LINE.finditer(text):
        at = line.start()
        for end in [*_ends(line.group(), language), len(line.group())]:
            end += line.start()
            piece = text[at:end]
            start = at + len(piece) - len(piece.lstrip())
            stop = at + len(piece.rstrip())
            if start < stop:
                pieces.append((start, stop))
            at = end
    covers = [(span.start, span.end, span.type) for span in spans]
    covers += [(start, end, "") for start, end in words or ()]
    return _joined(pieces, covers, ledger, where)


def check_sentences(document: Document) -> None:
    """Raises BadInput where sentences overlap, cut a span, or leave a character out."""
    at = 0
    for start, end in document.sentences:
        if start < at or end <= start or end > len(document.text):
            raise BadInput(
                f"document {document.id}: sentence [{start}, {end}) is empty, out of order, "
                f"or outside the text of {len(document.text)} characters"
            )
        if document.text[at:start].strip():
            raise BadInput(f"document {document.id}: no sentence holds all of [{at}, {start})")
        at = end
    if document.text[at:].strip():
        raise BadInput(f"document {document.id}: no sentence holds all of [{at}, end)")
    starts = [start for start, _ in document.sentences]
    for span in document.spans:
        within = bisect_right(starts, span.start) - 1
        if within < 0 or span.end > document.sentences[within][1]:
            raise BadInput(
                f"document {document.id}: span {span.type} [{span.start}, {span.end}) "
                "does not lie in one sentence"
            )


def _ends(line: str, language: str) -> list[int]:
    """Offsets in the line after which a new sentence begins."""
    pattern = _CHINESE_END if language == "zh" else _LATIN_END
    return [match.end() for match in pattern.finditer(line) if _is_end(line, match, language)]


def _is_end(line: str, match: re.Match, language: str) -> bool:
    rest = line[match.end() :].lstrip()
    if not rest:
        return False
    marks = match.group(1) or match.group(2)
    if not set(marks) <= set(".…"):
        return True
    following = rest.lstrip(_OPENERS + " ")[:1] or rest[:1]
    elided = language == "nl" and _DUTCH_ELISION.match(rest)
    if following.islower() and not elided:
        return False
    if marks != ".":
        return True
    before = line[: match.start()]
    if _ITEM_NUMBER.fullmatch(before):  # "2." or "a." at the start of the line numbers an item
        return False
    if not before or before[-1].isspace():
        return True
    *_, previous, last = ["", *before.rsplit(maxsplit=2)]
    last = last.lstrip(_OPENERS)
    word = last.lower()
    if word in _ANYWHERE[language].split():
        return False
    if following.isdigit() and word in _BEFORE_NUMBER[language].split():
        return False
    # "Robert E. Lee" goes on; "vitamin D. The" and "36 C. The" do not
    initial = len(last) == 1 and last.isalpha() and last.isupper()
    return not (initial and (not previous or previous[0].isupper() or previous[-1] in ".:,;("))


def _joined(
    pieces: list[tuple[int, int]],
    covers: list[tuple[int, int, str]],
    ledger: Ledger | None,
    where: str,
) -> Bounds:
    """The pieces, those joined across which a cover (start, end, type or "") lies."""
    starts = [start for start, _ in pieces]
    ends = [end for _, end in pieces]
    joints: set[int] = set()  # piece i and piece i + 1 are one sentence
    for start, end, kind in sorted(covers):
        first = bisect_right(ends, start)  # the first piece that ends after the cover's start
        last = bisect_left(starts, end) - 1  # the last piece that starts before the cover's end
        for joint in range(first, last):
            if joint in joints:
                continue
            joints.add(joint)
            if ledger is not None and kind:
                ledger.note("merged", JOINED, f"{where} [{start}, {end})".strip(), kind)
    joined: list[tuple[int, int]] = []
    for i, (start, end) in enumerate(pieces):
        if i - 1 in joints:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)

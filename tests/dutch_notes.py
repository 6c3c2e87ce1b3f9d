"""Readings of the synthetic Dutch notes that their tests share."""

from dataclasses import replace

from gazetteer import Gazetteer

from clinlib.corpora.segmenter import segment
from clinlib.corpora.synthetic.dutch import DutchMechanisms
from clinlib.corpora.synthetic.dutch_lexicon import dutch_lexicon
from clinlib.corpora.synthetic.dutch_templates import HEADINGS
from clinlib.corpora.synthetic.dutch_writer import DUTCH_TWINS, TYPE_OF

GUIDELINE = DutchMechanisms(noise=False, jitter=False, styles=False)
LEXICON_OF = {type_: name for name, type_ in TYPE_OF.items()}
MEDICATIONS = sorted(dutch_lexicon("medication").a + dutch_lexicon("medication").b, key=len)[::-1]
SECTION_OF = {name: title for title, names in HEADINGS.items() for name in names}


def off(name, guideline=False):
    return replace(GUIDELINE if guideline else DutchMechanisms(), **{name: False})


def spans_of(documents):
    """(text of the span, span) of all spans."""
    return [(d.text[s.start : s.end], s) for d in documents for s in d.spans]


def half_of(text, names):
    """Which part of the lexicons `names` holds the text: "a", "dev", "b" or None."""
    for name in names:
        for part in ("a", "dev", "b"):
            if text.lower() in {entry.lower() for entry in dutch_lexicon(name).part(part)}:
                return part
    return None


def lexicons_for(span):
    if span.why == "abbreviation":
        return ["abbreviation"]
    name = LEXICON_OF[span.type]
    return [name, *([DUTCH_TWINS[name]] if name in DUTCH_TWINS else [])]


def entries_of(documents):
    """(text, span) of the spans that are one entry of a lexicon."""
    return [(t, s) for t, s in spans_of(documents) if s.why not in ("boundary", "conjunction")]


def sentences_of(document):
    """(start, end, spans, section) of each sentence."""
    for start, end in segment(document.text, "nl", document.spans):
        (section,) = [s.title for s in document.sections if s.start <= start < s.end]
        inside = [s for s in document.spans if start <= s.start < end]
        yield start, end, inside, SECTION_OF[section]


def f1_of_gazetteer(splits):
    gazetteer = Gazetteer.fit(splits["train"])
    gold = {(d.id, s) for d in splits["test"] for s in d.spans}
    found = {(d.id, s) for d in splits["test"] for s in gazetteer.predict(d)}
    return 200 * len(gold & found) / (len(gold) + len(found))

"""Section titles: where they stand in windows, what counts as unseen, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinlib.corpora import registry
from clinlib.corpora.document import Document, Section, Span
from clinlib.encoding.sections import (
    Sections,
    fronts,
    heading_counts,
    learn_titles,
    sentence_titles,
)
from clinlib.encoding.tags import TagScheme
from clinlib.encoding.vocabulary import learn_subwords
from clinlib.encoding.windows import encode
from clinlib.errors import BadInput

SCHEME = TagScheme("BIO", ("Diagnosis",))
TEXT = "Seen today. Plan: CD is treated. No fever now. Lab: CD is high and rising."
TITLES = ("Lab", "Plan")


def document(text=TEXT, sections=((12, 46, "Plan"), (47, 74, "Lab"))):
    bounds = ((0, 11), (12, 32), (33, 46), (47, len(text)))
    spans = (Span(18, 20, "Diagnosis"),)
    return Document("d", text, spans, bounds, None, tuple(Section(*each) for each in sections))


TOKENIZER = learn_subwords([TEXT, "Plan", "Lab"] * 3, 60)


def encoded(level=None, documents=None, titles=TITLES, **options):
    sections = level and Sections(level, titles, 4)
    return encode(documents or [document()], TOKENIZER, SCHEME, sections=sections, **options)


def front(title):
    return fronts([title], TOKENIZER, 100)[title]


def test_a_sentence_stands_under_the_section_that_it_begins_in_and_a_heading_under_its_own():
    assert sentence_titles(document()) == ["", "Plan", "Plan", "Lab"]
    gap = document(sections=((0, 11, "Story"), (33, 40, "Plan")))
    assert sentence_titles(gap) == ["Story", "", "Plan", ""]
    assert sentence_titles(document(sections=())) == [""] * 4


def test_titles_are_learnt_from_the_sentences_trained_on_alone():
    documents = [document(), document(sections=((0, 74, "Story"),))]
    assert learn_titles(documents, [(0, 0), (0, 1)]) == ("Plan",)
    assert learn_titles(documents, [(1, 2), (0, 3), (0, 1)]) == ("Lab", "Plan", "Story")
    assert learn_titles(documents, [(0, 0)]) == ()


def test_unseen_headings_and_sentences_without_one_are_counted_apart():
    assert heading_counts([document()], ("Plan",)) == {"sentences": 4, "unseen": 1, "none": 1}
    assert heading_counts([document()], TITLES) == {"sentences": 4, "unseen": 0, "none": 1}
    assert heading_counts([document(sections=())], TITLES)["none"] == 4


def test_a_heading_that_was_not_learnt_has_the_index_of_none():
    for level in ("embedding", "classifier"):
        windows = encoded(level, titles=("Plan", "Verhaal")).windows
        assert [w.section for w in windows] == [0, 1, 1, 0]
    assert [w.section for w in encoded("text").windows] == [0] * 4
    assert [w.section for w in encoded().windows] == [0] * 4


@pytest.mark.parametrize("context", [0, 5])
def test_as_text_the_title_and_a_separator_stand_between_the_first_token_and_the_rest(context):
    plain, fused = (encoded(level, context=context).windows for level in (None, "text"))
    for before, after, title in zip(plain, fused, sentence_titles(document()), strict=True):
        lead = front(title) if title else np.empty(0, dtype=np.int32)
        assert after.ids.tolist() == [before.ids[0], *lead, *before.ids[1:]]
        assert (after.first == before.first + len(lead)).all()
        assert (after.offsets == before.offsets).all() and (after.labels == before.labels).all()
        assert (after.unit[: 1 + len(lead)] == -1).all()
        assert (after.unit[len(lead) :] == before.unit)[before.unit >= 0].all()
    assert front("Lab")[-1] == TOKENIZER.sep_token_id and len(front("Lab")) > 1


def test_the_title_of_an_unseen_heading_is_read_as_text_all_the_same():
    assert (encoded("text", titles=()).windows[1].ids == encoded("text").windows[1].ids).all()


@given(
    max_length=st.integers(20, 40),
    context=st.integers(0, 9),
    unit=st.sampled_from(["subword", "word"]),
    title=st.sampled_from(["Plan", "Lab", "Plan Lab"]),
)
def test_titles_count_in_the_length_and_each_unit_still_lies_in_one_window(
    max_length, context, unit, title
):
    text = TEXT * 2
    long = replace(
        document(),
        text=text,
        spans=(),
        sentences=((0, len(text)),),
        sections=(Section(0, len(text), title),),
    )
    options = {"unit": unit, "context": context, "max_length": max_length}
    plain = encoded(None, [long], **options).windows
    fused = encoded("text", [long], **options).windows
    assert all(len(w.ids) <= max_length for w in fused)
    assert all((w.ids[1 : len(front(title)) + 1] == front(title)).all() for w in fused)

    def own(windows):
        return [place for w in windows for place in w.offsets.tolist()]

    assert own(fused) == own(plain)
    for window in fused:
        assert (window.unit[window.first] == np.arange(len(window.first))).all()


def test_a_title_that_leaves_no_room_and_packed_windows_are_refused():
    long = document(sections=((12, 46, "Plan Lab Plan"),))
    with pytest.raises(BadInput, match="'Plan Lab Plan' takes 4 of the 6 subwords .*: raise max"):
        encoded("text", [long], max_length=8)
    for level in ("text", "embedding", "classifier"):
        with pytest.raises(BadInput, match="packed windows hold sentences of several sections"):
            encoded(level, layout="packed")


def test_the_corpora_with_sections_are_those_of_cards_with_headings_and_the_generated():
    names = registry.with_headings()
    assert {"meddocan", "cantemist", "chia", "synthetic_nl_ibd", "synthetic_zh_emr"} <= set(names)
    assert not {"ncbi_disease", "bc5cdr", "pharmaconer"} & set(names)


@pytest.mark.corpora
@pytest.mark.parametrize("name", ["meddocan", "cantemist", "chia"])
def test_real_corpora_carry_sections_in_every_split(corpora_dir, name):
    splits = registry.load(name).splits
    learnt = {title for d in splits["train"] for title in sentence_titles(d)} - {""}
    for documents in splits.values():
        counts = heading_counts(documents, sorted(learnt))
        assert counts["none"] < 0.1 * counts["sentences"]
    if name == "chia":
        assert learnt == {"Inclusion criteria", "Exclusion criteria"}
        for d in splits["test"]:
            assert d.sections[0].title.startswith("Inc" if d.id.endswith("_inc") else "Exc")

"""The synthetic medication letters: what the generator promises, mechanism by mechanism."""

import re
from collections import Counter, defaultdict
from dataclasses import replace

import pytest
from gazetteer import Gazetteer

from clinlib.corpora.registry import card, load
from clinlib.corpora.segmenter import segment
from clinlib.corpora.synthetic.letters import TYPES, Mechanisms, generate, unlabelled
from clinlib.corpora.synthetic.lexicon import NAMES, SIZE, known_words, lexicon
from clinlib.corpora.synthetic.writer import TWINS
from clinlib.errors import BadInput

GUIDELINE = Mechanisms(noise=False, jitter=False, styles=False)


@pytest.fixture(scope="module")
def corpus():
    return generate()


def off(name):
    return replace(Mechanisms(), **{name: False})


def spans_of(documents):
    """(text of the span, span, document) of all spans."""
    return [(d.text[s.start : s.end], s, d) for d in documents for s in d.spans]


def half_of(text, names):
    """Which part of the lexicons `names` holds the text: "a", "dev", "b" or None."""
    for name in names:
        for part in ("a", "dev", "b"):
            if text.lower() in {entry.lower() for entry in lexicon(name).part(part)}:
                return part
    return None


def lexicons_for(span):
    if span.why == "neighbour":
        return ["finding"]
    if span.why == "section" and span.type == "Drug":
        return ["abbreviation"]
    name = span.type.lower()
    return [name, *([TWINS[name]] if name in TWINS else [])]


def sentences_of(document):
    """(text with the entity masked, label and previous sentence) of each sentence."""
    bounds = segment(document.text, "en", document.spans)
    for start, end in bounds:
        yield start, end, [s for s in document.spans if start <= s.start < end]


def test_lexicons_hold_three_hundred_entries_and_share_none():
    entries = [e for name in NAMES for part in ("a", "B") for e in lexicon(name).part(part)]
    assert len(entries) == len(NAMES) * SIZE == len(set(entries))


def test_draws_follow_zipf_and_stay_in_their_part():
    import numpy as np

    rng = np.random.default_rng(1)
    drug = lexicon("drug")
    drawn = Counter(drug.draw(rng, "a") for _ in range(4000))
    assert set(drawn) <= set(drug.a)
    first = sum(drawn[e] for e in drug.a[:15])
    last = sum(drawn[e] for e in drug.a[-15:])
    assert first > 3 * last > 0


def test_an_unknown_lexicon_or_part_names_the_valid_ones():
    with pytest.raises(BadInput, match="did you mean 'drug'"):
        lexicon("drugs")
    with pytest.raises(BadInput, match="part of a lexicon"):
        lexicon("drug").part("c")


def test_same_arguments_give_the_same_letters_and_another_seed_gives_others(corpus):
    assert generate() == corpus
    other = generate(seed=1)
    for split in corpus:
        assert not {d.text for d in corpus[split]} & {d.text for d in other[split]}


def test_a_letter_does_not_depend_on_how_many_there_are(corpus):
    few = generate(documents=8)
    for split in few:
        assert few[split] == corpus[split][: len(few[split])]


def test_bad_sizes_and_shares_are_refused():
    with pytest.raises(BadInput, match="documents is 3"):
        generate(documents=3)
    with pytest.raises(BadInput, match="empty_share is 0.1"):
        generate(empty_share=0.1)


def test_sizes_are_those_of_the_quick_profile():
    splits = load("synthetic_en_letters").splits
    sentences = {split: sum(len(d.sentences) for d in splits[split]) for split in splits}
    words = sum(len(re.findall(r"\w+|[^\w\s]", d.text)) for d in splits["train"])
    assert 1150 <= sentences["train"] <= 1350 and 17_000 <= words <= 21_000
    assert 270 <= sentences["dev"] <= 330 and 570 <= sentences["test"] <= 670


def test_card_is_that_of_the_generator():
    found = card("synthetic_en_letters")
    assert found.synthetic and tuple(found.types) == TYPES
    assert load("synthetic_en_letters").ledger.counts() == found.ledger


@pytest.mark.parametrize("split", ["dev", "test"])
def test_every_span_is_what_its_mechanism_says(corpus, split):
    for text, span, _ in spans_of(corpus[split]):
        if span.why == "boundary":
            parts = re.split(r" (?:and|or|with) ", text)
            assert len(parts) == 2
            if span.type == "Dosage":
                assert all(re.fullmatch(r"\d+ [a-z]+", part) for part in parts)
                assert all(half_of(part.split()[1], ["unit"]) for part in parts)
            else:
                assert all(half_of(part, ["form", "route"]) for part in parts)
            continue
        half = half_of(text, lexicons_for(span))
        assert half in ("a", "dev" if split == "dev" else "b"), (text, span)
        if span.why == "lexicon":
            assert half_of(text, [span.type.lower()]) == "a"
        elif span.why == "homograph":
            assert half_of(text, [TWINS[span.type.lower()]]) == "a"
        elif span.why == "unseen":
            assert half != "a"
        else:
            assert span.why in ("section", "neighbour")


def test_guideline_labels_of_training_are_entries_of_half_a():
    for text, span, _ in spans_of(generate(mechanisms=GUIDELINE)["train"]):
        if span.why != "boundary":
            assert half_of(text, lexicons_for(span)) == "a", (text, span)


def test_no_word_of_half_b_alone_occurs_in_training(corpus):
    words_a = {w for name in NAMES for e in lexicon(name).a for w in e.lower().split()}
    only_b = {w for w in known_words() - words_a if w.isalpha() and len(w) > 2}
    entries_b = [e for name in NAMES for e in lexicon(name).part("B") if " " in e]
    assert len(only_b) > 1000
    for document in corpus["train"]:
        assert not only_b & set(re.findall(r"[a-z]+", document.text.lower()))
    text = "\n".join(document.text for document in corpus["train"]).lower()
    found = [e for e in entries_b if re.search(rf"(?<![\w.]){re.escape(e.lower())}(?![\w/])", text)]
    assert not found
    capitals = set(re.findall(r"\b[A-Z]{2}\b", " ".join(d.text for d in corpus["train"])))
    assert capitals and capitals <= set(lexicon("abbreviation").a)


def test_half_of_the_drawn_entries_of_dev_and_test_are_of_half_b(corpus):
    for split, part in (("dev", "dev"), ("test", "b")):
        halves = Counter(
            half_of(text, lexicons_for(span))
            for text, span, _ in spans_of(corpus[split])
            if span.why != "boundary"
        )
        assert set(halves) == {"a", part}
        assert 0.43 < halves[part] / halves.total() < 0.57


def test_unseen_entries_of_dev_and_test_are_disjoint():
    for name in NAMES:
        assert not set(lexicon(name).dev) & set(lexicon(name).b)


@pytest.mark.parametrize("share", [0.35, 0.75])
def test_share_of_sentences_without_entities(share):
    splits = generate(documents=24, empty_share=share)
    for documents in splits.values():
        empty = [not spans for d in documents for _, _, spans in sentences_of(d)]
        assert abs(sum(empty) / len(empty) - share) < 0.04


def test_dev_and_test_do_not_depend_on_the_annotators(corpus):
    clean = generate(mechanisms=GUIDELINE)
    assert clean["dev"] == corpus["dev"] and clean["test"] == corpus["test"]
    departures = {"noise", "jitter", "style"}
    assert not departures & {s.why for d in corpus["dev"] + corpus["test"] for s in d.spans}
    assert [d.text for d in clean["train"]] == [d.text for d in corpus["train"]]


def test_training_labels_depart_from_the_guideline_about_as_often_as_said(corpus):
    clean = spans_of(generate(mechanisms=GUIDELINE)["train"])
    for name, reason, least, most in (
        ("noise", "noise", 0.015, 0.045),
        ("jitter", "jitter", 0.02, 0.05),
        ("styles", "style", 0.02, 0.10),
    ):
        only = replace(GUIDELINE, **{name: True})
        noisy = generate(mechanisms=only)["train"]
        changed = [s for _, s, _ in spans_of(noisy) if s.why == reason]
        assert least < len(changed) / len(clean) < most, name
        lost = len(clean) - len(spans_of(noisy))
        assert (0.005 < lost / len(clean) < 0.03) if name == "noise" else lost == 0
    assert not [s for _, s, _ in clean if s.why in ("noise", "jitter", "style")]


def test_spans_never_overlap_and_never_leave_their_sentence(corpus):
    for documents in corpus.values():
        for document in documents:
            spans = document.spans
            assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))
            assert all("\n" not in document.text[s.start : s.end] for s in spans)
            inside = sum(len(spans) for *_, spans in sentences_of(document))
            assert inside == len(spans)


def wordings(documents, why):
    """Masked sentence -> labels it has been seen with, for sentences a mechanism may decide.

    The entity's place is found by the wording, so that sentences where it is no entity count too.
    """
    patterns = {
        "section": (
            r"^(?:Known|Established|Long standing) (?P<x>.+?)(?P<rest>(?: in the \w+| in a \w+)?,"
            r" (?:first noted in|since|on record from) \d{4}.*)$",
            r"^(?P<x>[A-Z]{2})(?P<rest> \d+(?: of the \w+| from the \w+)?"
            r" (?:in the|at|before) .*)$",
        ),
        "neighbour": (
            r"^(?P<x>.+?)(?P<rest>(?: to be treated| from the medicine)? was"
            r" (?:noted|recorded|seen) (?:by Dr|on the ward|in the notes|at night).*)$",
        ),
    }[why]
    seen = defaultdict(set)
    for document in documents:
        for start, end, spans in sentences_of(document):
            sentence = document.text[start:end]
            for pattern in patterns:
                match = re.match(pattern, sentence)
                if match:
                    rest = re.sub(r"\d+|Dr \w+", "#", match["rest"])
                    labels = {s.type for s in spans if s.why == why} or {"none"}
                    seen[pattern[:8], rest] |= labels
    return seen


@pytest.mark.parametrize("why", ["section", "neighbour"])
def test_wording_decides_only_while_the_mechanism_is_off(why):
    on = wordings(generate(documents=120)["test"], why)
    ambiguous = [labels for labels in on.values() if len(labels) > 1]
    assert len(ambiguous) >= 0.5 * len(on) > 3
    without = wordings(generate(documents=120, mechanisms=off(why))["test"], why)
    assert len(without) > 5 and all(len(labels) == 1 for labels in without.values())
    assert len({label for labels in without.values() for label in labels}) > 1


def test_section_decides_while_its_mechanism_is_on(corpus):
    titles = {
        "Past medical history": "Reason",
        "Family history": None,
        "Laboratory data": None,
        "Discharge medications": "Drug",
    }
    for document in corpus["test"]:
        for section in document.sections:
            inside = [s for s in document.spans if section.start <= s.start < section.end]
            if section.title in titles:
                types = {s.type for s in inside if s.why == "section"}
                assert types <= {titles[section.title]}
                if titles[section.title] is None:
                    assert not inside


def test_cue_in_the_previous_sentence_decides_reason_or_ade(corpus):
    cues = {"needed": "Reason", "wanted": "Reason", "harmful": "ADE", "toxic": "ADE"}
    found = 0
    for document in corpus["test"]:
        previous = ""
        for start, end, spans in sentences_of(document):
            for span in spans:
                if span.why == "neighbour":
                    (cue,) = set(cues) & set(previous.removesuffix(".").split())
                    assert cues[cue] == span.type
                    found += 1
            previous = document.text[start:end]
    assert found > 40


def test_boundary_off_leaves_one_common_word_in_place_of_expressions():
    spans = spans_of(generate(mechanisms=off("boundary"))["test"])
    words = {text for text, span, _ in spans if span.why == "boundary"}
    assert words == {"spoons", "tablets"}


def test_halves_off_draws_test_from_half_a():
    spans = spans_of(generate(mechanisms=off("halves"))["test"])
    plain = [(text, span) for text, span, _ in spans if span.why != "boundary"]
    assert {half_of(text, lexicons_for(span)) for text, span in plain} == {"a"}
    assert "unseen" not in {span.why for _, span in plain}


def test_homographs_off_gives_each_type_its_own_words():
    for text, span, _ in spans_of(generate(mechanisms=off("homographs"))["test"]):
        if span.why in ("lexicon", "unseen"):
            assert half_of(text, [span.type.lower()]), (text, span)
        assert span.why != "homograph"


def test_types_are_unequal_unless_imbalance_is_off(corpus):
    def ratio(documents):
        counts = Counter(s.type for _, s, _ in spans_of(documents))
        assert set(counts) == set(TYPES)
        return max(counts.values()) / min(counts.values())

    assert ratio(corpus["train"]) > 15
    assert ratio(generate(mechanisms=off("imbalance"))["train"]) < 6


def test_sections_are_found_where_their_headings_stand(corpus):
    for documents in corpus.values():
        titles = Counter()
        for document in documents:
            assert document.sections[0].start == 0
            assert document.sections[-1].end == len(document.text)
            for section in document.sections:
                assert document.text.startswith(f"{section.title}:", section.start)
                titles[section.title] += 1
        assert titles["Discharge medications"] == len(documents)
        assert titles["Family history"] > 0.4 * len(documents)


def test_unlabelled_letters_hold_both_halves_and_no_letter_of_a_split(corpus):
    texts = unlabelled(30, seed=0)
    assert texts == unlabelled(30, seed=0) != unlabelled(30, seed=1)
    assert not set(texts) & {d.text for documents in corpus.values() for d in documents}
    found = set(re.findall(r"[a-z]+", " ".join(texts).lower()))
    for part in ("a", "dev", "b"):
        drugs = {e for e in lexicon("drug").part(part) if " " not in e}
        assert len(drugs & found) > 0.3 * len(drugs), part


def test_gazetteer_scores_between_25_and_45_on_test(corpus):
    for splits in (corpus, generate(seed=1)):
        gazetteer = Gazetteer.fit(splits["train"])
        gold = {(d.id, s) for d in splits["test"] for s in d.spans}
        found = {(d.id, s) for d in splits["test"] for s in gazetteer.predict(d)}
        f1 = 200 * len(gold & found) / (len(gold) + len(found))
        assert 25 <= f1 <= 45

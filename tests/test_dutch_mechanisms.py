"""The synthetic Dutch notes: each mechanism does what its switch says, and nothing without it."""

import re
from collections import Counter, defaultdict
from dataclasses import fields, replace

import pytest
from dutch_notes import (
    GUIDELINE,
    LEXICON_OF,
    MEDICATIONS,
    SECTION_OF,
    entries_of,
    half_of,
    lexicons_for,
    off,
    sentences_of,
    spans_of,
)

from clinlib.corpora.synthetic.dutch import TYPES, DutchMechanisms, generate
from clinlib.corpora.synthetic.dutch_lexicon import NAMES, dutch_lexicon, dutch_words
from clinlib.corpora.synthetic.dutch_templates import HEADINGS
from clinlib.corpora.synthetic.dutch_writer import DUTCH_TWINS


@pytest.fixture(scope="module")
def corpus():
    return generate()


def test_facts_of_a_patient_come_back_in_later_notes_unless_switched_off():
    def again(mechanisms):
        """The share of a patient's later diagnoses that an earlier note of the patient has."""
        seen, share = defaultdict(set), []
        for document in generate(mechanisms=mechanisms)["train"]:
            texts = [t.lower() for t, s in spans_of([document]) if s.type == "Diagnosis"]
            if seen[document.group]:
                share += [text in seen[document.group] for text in texts]
            seen[document.group] |= set(texts)
        return sum(share) / len(share)

    assert again(GUIDELINE) > 0.4
    assert again(off("patients", guideline=True)) < 0.25


# Sections


def test_sections_cover_the_note_and_begin_with_their_heading(corpus):
    for documents in corpus.values():
        titles = Counter()
        for document in documents:
            assert document.sections[0].start == 0
            assert document.sections[-1].end == len(document.text)
            for section in document.sections:
                assert document.text.startswith(f"{section.title}:", section.start)
                titles[SECTION_OF[section.title]] += 1
        assert titles["Conclusie"] == titles["Familieanamnese"] == len(documents)
        assert len(documents) > titles["Laboratorium"] > 0.4 * len(documents)


@pytest.mark.parametrize("split", ["dev", "test"])
def test_sections_decide_labels(corpus, split):
    allowed = {
        ("section", "Diagnosis"): "Voorgeschiedenis",
        ("section", "Previous_surgery"): "Voorgeschiedenis",
        ("section", "Disease_location"): "Endoscopie",
        ("section", "Disease_behaviour"): "Conclusie",
        ("abbreviation", "Diagnosis"): "Conclusie",
    }
    found = set()
    for document in corpus[split]:
        for *_, spans, title in sentences_of(document):
            assert not (spans and title in ("Familieanamnese", "Laboratorium", "Beleid"))
            for span in spans:
                if span.why in ("section", "abbreviation"):
                    assert allowed[span.why, span.type] == title
                    found.add((span.why, span.type))
    assert found == set(allowed)


def test_the_letters_of_a_disease_are_also_values_of_the_laboratory():
    places = defaultdict(set)
    for document in generate(patients=80, mechanisms=GUIDELINE)["train"]:
        for start, end, spans, title in sentences_of(document):
            match = re.match(r"(CD|CU|UC),", document.text[start:end])
            if match:
                places[match[1]].add((title, bool(spans)))
    for letters in ("CD", "CU", "UC"):
        assert places[letters] == {("Conclusie", True), ("Laboratorium", False)}


# a sentence whose entity the mechanism decides: what stands before it, and after it
WORDINGS = {
    "section": (
        r"(?:(?:Gekend met|Bekend met|Behandeld voor) .+?)"
        r"(?P<rest>(?: bij patiënt| bij een verwant)?, (?:onder|gevolgd|al jaren).*)",
        r"(?:Aantasting|Ontsteking) van .+?"
        r"(?P<rest>(?: bij patiënt| bij een verwant)?, (?:beschreven|biopsie|foto).*)",
        r"(?:Beeld|Ziekte) was .+?(?P<rest>(?: bij patiënt| bij een verwant)?, .*)",
        r".+?(?P<rest>(?: destijds| gepland)? (?:door Dr|te) \w+, (?:verslag in|dagop|zonder).*)",
    ),
    "abbreviation": (r"[A-Z]{2}(?P<rest>(?: als ziekte| in het bloed)?, .*)",),
    "neighbour": (r"Dat was (?:in|rond) .+?(?P<rest>(?: voor [\w ]+)?, (?:volgens|in|zegt).*)",),
}


def wordings(documents, why):
    """Wording around the deciding place -> labels seen with it, "none" where there is no entity."""
    seen = defaultdict(set)
    for document in documents:
        for start, end, spans, _ in sentences_of(document):
            for pattern in WORDINGS[why]:
                match = re.fullmatch(pattern, document.text[start:end])
                if match:
                    medication = "|".join(map(re.escape, MEDICATIONS))
                    rest = re.sub(rf"(Dr|te|in) \w+|{medication}|\d+", "#", match["rest"])
                    labels = {s.type for s in spans if s.why == why} or {"none"}
                    seen[pattern[:12], rest.rstrip(".")] |= labels
                    break
    return seen


@pytest.mark.parametrize("why", WORDINGS)
def test_wording_decides_only_while_the_mechanism_is_off(why):
    on = wordings(generate(patients=80)["test"], why)
    ambiguous = [labels for labels in on.values() if len(labels) > 1]
    assert len(ambiguous) >= 0.6 * len(on) and len(on) >= 3
    without = wordings(generate(patients=80, mechanisms=off(why))["test"], why)
    assert len(without) >= 6 and all(len(labels) == 1 for labels in without.values())
    assert len({label for labels in without.values() for label in labels}) > 1


def test_some_headings_of_test_are_unseen_in_training_unless_switched_off(corpus):
    def titles(documents):
        return {section.title for document in documents for section in document.sections}

    unseen = titles(corpus["test"]) - titles(corpus["train"])
    assert unseen and unseen <= {names[2] for names in HEADINGS.values()}
    plain = generate(mechanisms=off("headings"))
    assert titles(plain["train"]) == titles(plain["test"]) == set(HEADINGS)


def test_sentence_before_decides_whether_a_date_is_that_of_the_diagnosis(corpus):
    found = Counter()
    for document in corpus["test"]:
        previous = ""
        for start, end, spans, _ in sentences_of(document):
            sentence = document.text[start:end]
            if re.match(r"Dat was (?:in|rond)|.+ (?:noteerde|noemde) .+ (?:als|in de) ", sentence):
                cue = bool(re.search(r"werd toen (?:vastgesteld|ontdekt|bewezen)\.$", previous))
                assert [s.why for s in spans] == ["neighbour"] * cue
                found[cue] += 1
            previous = sentence
    assert min(found[True], found[False]) > 5


# Boundaries


def test_conjoined_locations_are_two_spans_and_conjoined_adjectives_one(corpus):
    two = one = 0
    for document in corpus["test"]:
        spans = [s for s in document.spans if s.why == "conjunction"]
        for left, right in zip(spans, spans[1:], strict=False):
            if document.text[left.end : right.start] == " en ":
                two += 1
                assert " en " not in document.text[left.start : left.end]
        texts = [document.text[s.start : s.end] for s in spans]
        one += sum(" en " in text for text in texts)
        assert all(s.type == "Disease_location" for s in spans)
    assert two > 4 and one > 2


@pytest.mark.parametrize(
    ("name", "words"), [("conjunction", {"colon"}), ("boundary", {"proctitis", "appendectomie"})]
)
def test_one_common_word_stands_in_place_of_long_spans_that_are_off(name, words):
    spans = spans_of(generate(mechanisms=off(name))["test"])
    assert {text for text, span in spans if span.why == name} == words


def test_long_spans_have_many_words(corpus):
    long = [text for text, span in spans_of(corpus["test"]) if span.why == "boundary"]
    assert len(long) > 15 and min(len(text.split()) for text in long) >= 5


# Lexicon halves and twins


@pytest.mark.parametrize("split", ["dev", "test"])
def test_every_span_is_what_its_mechanism_says(corpus, split):
    unseen = "dev" if split == "dev" else "b"
    for text, span in entries_of(corpus[split]):
        half = half_of(text, lexicons_for(span))
        assert half in ("a", unseen), (text, span)
        if span.why == "lexicon":
            assert half_of(text, [LEXICON_OF[span.type]]) == "a"
        elif span.why == "homograph":
            assert half_of(text, [DUTCH_TWINS[LEXICON_OF[span.type]]]) == "a"
        elif span.why == "unseen":
            assert half == unseen
        else:
            assert span.why in ("section", "abbreviation", "neighbour")


def test_half_of_the_drawn_entries_of_test_are_of_half_b():
    halves = Counter(
        half_of(text, lexicons_for(span))
        for text, span in entries_of(generate(mechanisms=off("patients"))["test"])
    )
    assert set(halves) == {"a", "b"} and 0.42 < halves["b"] / halves.total() < 0.58


def test_no_word_of_half_b_alone_occurs_in_training(corpus):
    words_a = {w for name in NAMES for e in dutch_lexicon(name).a for w in e.lower().split()}
    only_b = {w for w in dutch_words() - words_a if w.isalpha() and len(w) > 2}
    assert len(only_b) > 900
    entries_b = [e for name in NAMES for e in dutch_lexicon(name).part("B") if " " in e]
    text = "\n".join(document.text for document in corpus["train"]).lower()
    assert not only_b & set(re.findall(r"[a-z]+", text))
    edged = r"(?<![\w.,]){}(?!\w)"
    assert not [e for e in entries_b if re.search(edged.format(re.escape(e.lower())), text)]


def test_halves_off_draws_test_from_half_a():
    spans = entries_of(generate(mechanisms=off("halves"))["test"])
    assert {half_of(text, lexicons_for(span)) for text, span in spans} == {"a"}
    assert "unseen" not in {span.why for _, span in spans}


def test_homographs_off_gives_each_type_its_own_words(corpus):
    assert "homograph" in {span.why for _, span in spans_of(corpus["test"])}
    for text, span in entries_of(generate(mechanisms=off("homographs"))["test"]):
        assert span.why != "homograph"
        assert span.why == "abbreviation" or half_of(text, [LEXICON_OF[span.type]]), (text, span)


# Annotators


def test_dev_and_test_do_not_depend_on_the_annotators(corpus):
    clean = generate(mechanisms=GUIDELINE)
    assert clean["dev"] == corpus["dev"] and clean["test"] == corpus["test"]
    departures = {"noise", "jitter", "style"}
    assert not departures & {s.why for d in corpus["dev"] + corpus["test"] for s in d.spans}
    assert [d.text for d in clean["train"]] == [d.text for d in corpus["train"]]


@pytest.mark.parametrize(
    ("name", "reason", "least", "most"),
    [
        ("noise", "noise", 0.01, 0.05),
        ("jitter", "jitter", 0.02, 0.06),
        ("styles", "style", 0.04, 0.2),
    ],
)
def test_training_labels_depart_from_the_guideline(name, reason, least, most):
    clean = spans_of(generate(mechanisms=GUIDELINE)["train"])
    noisy = generate(mechanisms=replace(GUIDELINE, **{name: True}))["train"]
    changed = [s for _, s in spans_of(noisy) if s.why == reason]
    assert least < len(changed) / len(clean) < most
    assert reason not in {s.why for _, s in clean}


def test_one_style_joins_conjoined_locations():
    def joined(mechanisms):
        spans = spans_of(generate(patients=60, mechanisms=mechanisms)["train"])
        return [t for t, s in spans if s.type == "Disease_location" and s.why == "style"]

    assert [text for text in joined(replace(GUIDELINE, styles=True)) if " en " in text]
    assert not joined(GUIDELINE)


# Types


def test_types_are_unequal_as_described_unless_imbalance_is_off():
    def counts(mechanisms):
        documents = generate(patients=80, mechanisms=mechanisms)["train"]
        found = Counter(s.type for _, s in spans_of(documents))
        assert set(found) == set(TYPES)
        return found

    unequal = counts(GUIDELINE).most_common()
    assert {type_ for type_, _ in unequal[-4:]} == {
        "Perianal_disease",
        "Disease_behaviour",
        "Disease_location",
        "Previous_surgery",
    }
    assert unequal[0][0] == "Diagnosis" and unequal[-1][0] == "Perianal_disease"
    assert unequal[0][1] > 8 * unequal[-1][1]
    equal = counts(off("imbalance", guideline=True))
    assert max(equal.values()) < 4 * min(equal.values())


def test_every_switch_changes_the_corpus(corpus):
    for field in fields(DutchMechanisms):
        assert generate(mechanisms=off(field.name)) != corpus, field.name

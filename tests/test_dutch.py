"""The synthetic Dutch notes: what the generator promises, mechanism by mechanism."""

import re
from collections import Counter, defaultdict
from dataclasses import fields, replace

import pytest
from gazetteer import Gazetteer

from clinlib.corpora.ledger import Ledger
from clinlib.corpora.registry import card, load
from clinlib.corpora.segmenter import segment
from clinlib.corpora.synthetic.dutch import (
    TYPES,
    DutchMechanisms,
    generate,
    textbook,
    unlabelled,
    unlabelled_documents,
)
from clinlib.corpora.synthetic.dutch_lexicon import COMMON, NAMES, dutch_lexicon, dutch_words
from clinlib.corpora.synthetic.dutch_templates import HEADINGS
from clinlib.corpora.synthetic.dutch_writer import DUTCH_TWINS, TYPE_OF
from clinlib.corpora.synthetic.entries import SIZE
from clinlib.errors import BadInput
from clinlib.experiments import fine_tune
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import FineTune

GUIDELINE = DutchMechanisms(noise=False, jitter=False, styles=False)
LEXICON_OF = {type_: name for name, type_ in TYPE_OF.items()}
MEDICATIONS = sorted(dutch_lexicon("medication").a + dutch_lexicon("medication").b, key=len)[::-1]
SECTION_OF = {name: title for title, names in HEADINGS.items() for name in names}


@pytest.fixture(scope="module")
def corpus():
    return generate()


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


# Lexicons


def test_lexicons_hold_three_hundred_entries_and_share_none():
    entries = [e for name in NAMES for part in ("a", "B") for e in dutch_lexicon(name).part(part)]
    assert len(entries) == len(NAMES) * SIZE == len(set(entries))


def test_real_terms_of_the_field_are_the_most_frequent_of_half_a():
    for name, terms in COMMON.items():
        assert dutch_lexicon(name).a[: len(terms)] == terms
    assert {"CD", "CU", "UC"} <= set(dutch_lexicon("abbreviation").a)


def test_an_unknown_lexicon_names_the_valid_ones():
    with pytest.raises(BadInput, match="did you mean 'diagnosis'"):
        dutch_lexicon("diagnoses")


# The corpus


def test_same_arguments_give_the_same_notes_and_another_seed_gives_others(corpus):
    assert generate() == corpus
    other = generate(seed=1)
    for split in corpus:
        assert not {d.text for d in corpus[split]} & {d.text for d in other[split]}


def test_notes_of_a_patient_do_not_depend_on_how_many_patients_there_are(corpus):
    for split, documents in generate(patients=8).items():
        assert documents and documents == corpus[split][: len(documents)]


def test_too_few_are_refused():
    with pytest.raises(BadInput, match="patients is 3"):
        generate(patients=3)
    with pytest.raises(BadInput, match="notes is 0"):
        unlabelled(0)
    with pytest.raises(BadInput, match="sentences is 0"):
        textbook(0)


def test_card_is_that_of_the_generator(corpus):
    found = card("synthetic_nl_ibd")
    assert found.synthetic and tuple(found.types) == TYPES
    read = load("synthetic_nl_ibd")
    assert read.ledger.counts() == found.ledger
    for split, documents in read.splits.items():
        assert [d.spans for d in documents] == [d.spans for d in corpus[split]]
        assert all(d.sections and d.sentences for d in documents)


def test_spans_never_overlap_and_never_leave_their_sentence(corpus):
    ledger = Ledger()
    for documents in corpus.values():
        for document in documents:
            spans = document.spans
            assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))
            texts = [document.text[s.start : s.end] for s in spans]
            assert all(text == text.strip() and "\n" not in text for text in texts)
            assert all(s.why and s.type in TYPES for s in spans)
            segment(document.text, "nl", spans, ledger=ledger)
    assert not ledger.counts()


def test_about_45_percent_of_the_sentences_hold_no_entity(corpus):
    for documents in corpus.values():
        empty = [not spans for d in documents for _, _, spans, _ in sentences_of(d)]
        assert 0.41 < sum(empty) / len(empty) < 0.50


def test_no_patient_has_notes_in_two_splits_and_most_have_several(corpus):
    groups = {split: [d.group for d in documents] for split, documents in corpus.items()}
    assert not set(groups["train"]) & set(groups["test"] + groups["dev"])
    assert not set(groups["dev"]) & set(groups["test"])
    assert [len(set(groups[split])) for split in ("train", "dev", "test")] == [24, 6, 12]
    notes = Counter(groups["train"])
    assert set(notes.values()) == {1, 2, 3, 4}
    assert len({d.id for documents in corpus.values() for d in documents}) == sum(
        map(len, corpus.values())
    )


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


# Text for pretraining


def test_unlabelled_notes_hold_both_halves_and_no_note_of_a_split(corpus):
    texts = unlabelled(120)
    assert len(texts) == 120 and texts == unlabelled(120) != unlabelled(120, seed=1)
    assert texts[:7] == unlabelled(7)
    assert not set(texts) & {d.text for documents in corpus.values() for d in documents}
    sentences = {s for text in texts for s in re.split(r"(?<=\.)\s", text) if len(s.split()) > 9}
    tested = {d.text[a:b] for d in corpus["test"] for a, b, *_ in sentences_of(d)}
    assert not sentences & tested
    found = set(re.findall(r"[a-z]+", " ".join(texts).lower()))
    for part in ("a", "dev", "b"):
        names = {e for e in dutch_lexicon("diagnosis").part(part) if " " not in e}
        assert len(names & found) > 0.3 * len(names), part


def test_unlabelled_documents_have_sections_and_no_spans(corpus):
    documents = unlabelled_documents(20)
    assert tuple(d.text for d in documents) == unlabelled(20)
    assert all(d.sections and not d.spans for d in documents)
    assert not {d.group for d in documents} & {d.group for part in corpus.values() for d in part}


def test_textbook_sentences_are_plain_and_hold_both_halves(corpus):
    sentences = textbook(600)
    assert len(sentences) == 600 and sentences == textbook(600) != textbook(600, seed=1)
    assert all(len(segment(sentence, "nl")) == 1 for sentence in sentences)
    assert not any(s in d.text for s in sentences for d in corpus["test"])
    found = set(re.findall(r"[a-z]+", " ".join(sentences).lower()))
    for part in ("a", "dev", "b"):
        names = {e for e in dutch_lexicon("location").part(part) if " " not in e}
        assert len(names & found) > 0.3 * len(names), part


@pytest.mark.parametrize("seed", [0, 1])
def test_gazetteer_scores_between_25_and_45_on_test(seed):
    assert 25 <= f1_of_gazetteer(generate(seed=seed)) <= 45


@pytest.mark.slow
def test_tagger_is_well_above_the_gazetteer_and_below_85(corpus):
    config = FineTune(
        corpus="synthetic_nl_ibd",
        encoder="scratch-tiny",
        vocabulary=500,
        head="crf",
        learning_rate=2e-3,
        batch_size=8,
        epochs=10,
    )
    found = fine_tune.run(config, RunContext())["scores"]["test"]["strict"]["f1"]
    assert f1_of_gazetteer(corpus) + 15 <= found < 85

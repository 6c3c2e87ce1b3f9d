"""The synthetic Chinese records: what the generator promises, mechanism by mechanism."""

import re
from collections import Counter, defaultdict
from dataclasses import replace

import pytest
from gazetteer import Gazetteer

from clinlib.corpora.registry import card, load
from clinlib.corpora.segmenter import segment
from clinlib.corpora.splits import check_disjoint
from clinlib.corpora.synthetic import chinese_templates as templates
from clinlib.corpora.synthetic.chinese import TYPES, Mechanisms, generate, unlabelled
from clinlib.corpora.synthetic.chinese_lexicon import NAMES, lexicon
from clinlib.corpora.synthetic.chinese_writer import TWINS
from clinlib.corpora.synthetic.entries import SIZE
from clinlib.errors import BadInput
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import FineTune

GUIDELINE = Mechanisms(noise=False)
RARE = set(templates.RARE)


@pytest.fixture(scope="module")
def corpus():
    return generate()


def off(name):
    return replace(Mechanisms(), **{name: False})


def spans_of(documents):
    """(text of the span, span) of all spans."""
    return [(d.text[s.start : s.end], s) for d in documents for s in d.spans]


def part_of(entry, names):
    """Which part of the lexicons `names` holds the entry: "a", "dev", "b" or None."""
    return next((p for n in names for p in ("a", "dev", "b") if entry in lexicon(n).part(p)), None)


def lexicons_for(span, text):
    if re.fullmatch("[A-Z]{2}", text):
        return ["code"]
    name = span.type.lower()
    return [name, *([TWINS[name]] if name in TWINS else [])]


def sentences_of(document):
    """(start, end, spans) of each sentence."""
    for start, end in segment(document.text, "zh", document.spans):
        yield start, end, [s for s in document.spans if start <= s.start < end]


def shingles(text):
    return {text[i : i + 4] for i in range(len(text) - 3)}


def nearest(documents):
    """For each document, the largest share of shingles that it has in common with another."""
    sets = [shingles(d.text) for d in documents]
    return [
        max(len(a & b) / len(a | b) for j, b in enumerate(sets) if i != j)
        for i, a in enumerate(sets)
    ]


def holders(documents):
    """The documents with a span of a rare type."""
    return [d for d in documents if RARE & {s.type for s in d.spans}]


def gazetteer_f1(splits):
    """Strict F1 (0..100) on test of what training annotated."""
    gazetteer = Gazetteer.fit(splits["train"])
    gold = {(d.id, s) for d in splits["test"] for s in d.spans}
    found = {(d.id, s) for d in splits["test"] for s in gazetteer.predict(d)}
    return 200 * len(gold & found) / (len(gold) + len(found))


def test_lexicons_hold_three_hundred_entries_and_none_is_part_of_another():
    entries = [e for name in NAMES for part in ("a", "B") for e in lexicon(name).part(part)]
    assert len(entries) == len(NAMES) * SIZE == len(set(entries))
    joined = "\n".join(entries)
    assert all(joined.count(entry) == 1 for entry in entries)


def test_an_unknown_lexicon_names_the_valid_ones():
    with pytest.raises(BadInput, match="did you mean 'disease'"):
        lexicon("diseases")


def test_same_arguments_give_the_same_records_and_another_seed_gives_others(corpus):
    assert generate() == corpus
    other = generate(seed=1)
    for split in corpus:
        assert not {d.text for d in corpus[split]} & {d.text for d in other[split]}


def test_bad_sizes_and_shares_are_refused():
    with pytest.raises(BadInput, match="records is 3"):
        generate(records=3)
    with pytest.raises(BadInput, match="duplicates is 1"):
        generate(duplicates=1.0)


def test_card_is_that_of_the_generator():
    found = card("synthetic_zh_emr")
    assert found.synthetic and tuple(found.types) == TYPES
    assert load("synthetic_zh_emr").ledger.counts() == found.ledger


def test_records_hold_no_blanks_between_words(corpus):
    for documents in corpus.values():
        assert not [d.id for d in documents if re.search(r"[^\S\n]|\n\n", d.text)]


def test_spans_never_overlap_and_never_leave_their_sentence(corpus):
    for documents in corpus.values():
        for document in documents:
            spans = document.spans
            assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))
            inside = sum(len(spans) for *_, spans in sentences_of(document))
            assert inside == len(spans) > 0


@pytest.mark.parametrize("split", ["dev", "test"])
def test_every_span_is_what_its_mechanism_says(corpus, split):
    reasons = Counter()
    for text, span in spans_of(corpus[split]):
        reasons[span.why] += 1
        if span.why == "boundary":
            parts = re.split("[及和、]", text)
            assert len(parts) == 2 and span.type == "Anatomy"
            assert all(part_of(p, ["anatomy", "disease"]) for p in parts)
            continue
        part = part_of(text, lexicons_for(span, text))
        assert part in ("a", split if split == "dev" else "b"), (text, span)
        if span.why == "lexicon":
            assert part_of(text, [span.type.lower()]) == "a"
        elif span.why == "homograph":
            assert part_of(text, [TWINS[span.type.lower()]]) == "a"
        elif span.why == "unseen":
            assert part != "a"
        else:
            assert span.why == "section"
    assert min(reasons[w] for w in ("lexicon", "unseen", "homograph", "section", "boundary")) > 20


def test_no_entry_of_half_b_occurs_in_training(corpus):
    text = "\n".join(d.text for d in corpus["train"])
    found = [e for name in NAMES for e in lexicon(name).part("B") if e in text]
    assert not found
    assert sum(e in text for name in NAMES for e in lexicon(name).a) > 300


def test_half_of_the_drawn_entries_of_dev_and_test_are_of_half_b(corpus):
    for split, part in (("dev", "dev"), ("test", "b")):
        found = [(text, s) for text, s in spans_of(corpus[split]) if s.why != "boundary"]
        parts = Counter(part_of(text, lexicons_for(s, text)) for text, s in found)
        assert set(parts) == {"a", part}
        assert 0.42 < parts[part] / parts.total() < 0.58


@pytest.mark.parametrize("share", [0.0, 0.5, 0.75])
def test_the_pool_holds_the_asked_share_of_near_duplicates(share):
    train = generate(duplicates=share)["train"]
    groups = Counter(d.group for d in train)
    assert len(train) - len(groups) == round(share * len(train))
    for document, near in zip(train, nearest(train), strict=True):
        copied = groups[document.group] > 1
        assert (near > 0.45) == copied, (document.id, near)
        assert near < 1


def test_originals_differ_in_how_often_they_are_copied(corpus):
    sizes = sorted(Counter(d.group for d in corpus["train"]).values())
    assert sizes[-1] > 15 and sizes[0] == 1


def test_dev_and_test_hold_no_duplicate_of_any_split(corpus):
    check_disjoint(corpus)
    documents = [d for split in corpus.values() for d in split]
    near = dict(zip((d.id for d in documents), nearest(documents), strict=True))
    assert all(near[d.id] < 0.3 for split in ("dev", "test") for d in corpus[split])


def test_rare_types_stand_in_few_records_of_the_pool_that_are_not_copied():
    train = generate(mechanisms=GUIDELINE)["train"]
    groups = Counter(d.group for d in train)
    few = holders(train)
    assert 0 < len(few) <= 0.1 * len(train)
    assert all(groups[d.group] == 1 for d in few)
    spread = generate(mechanisms=replace(GUIDELINE, clusters=False))["train"]
    assert len(holders(spread)) > 2 * len(few)


def test_clusters_leave_types_about_as_frequent_as_they_were():
    def share(clusters):
        rare = every = 0
        for seed in range(4):
            train = generate(seed=seed, mechanisms=replace(GUIDELINE, clusters=clusters))["train"]
            rare += sum(s.type in RARE for _, s in spans_of(train))
            every += len(spans_of(train))
        return rare / every

    assert 0.5 < share(True) / share(False) < 2


def test_types_are_unequal_unless_imbalance_is_off(corpus):
    def ratio(documents):
        counts = Counter(s.type for _, s in spans_of(documents))
        assert set(counts) == set(TYPES)
        return max(counts.values()) / min(counts.values())

    assert ratio(corpus["train"]) > 8
    assert ratio(generate(mechanisms=off("imbalance"))["train"]) < 6


def test_label_noise_is_in_training_alone_and_as_frequent_as_said(corpus):
    clean = generate(mechanisms=GUIDELINE)
    assert clean["dev"] == corpus["dev"] and clean["test"] == corpus["test"]
    assert [d.text for d in clean["train"]] == [d.text for d in corpus["train"]]
    assert "noise" not in {s.why for split in clean.values() for _, s in spans_of(split)}
    before, after = spans_of(clean["train"]), spans_of(corpus["train"])
    mistaken = sum(s.why == "noise" for _, s in after)
    lost = len(before) - len(after)
    assert 0.015 < mistaken / len(before) < 0.04 and 0.005 < lost / len(before) < 0.03


def wordings(documents):
    """Masked sentence that a section may decide -> the labels it has been seen with."""
    patterns = (
        r"(?P<a>)(?:\w+：)?(?P<b>本人|亲属|)曾患\w+?，(?P<c>\d{4}年..|起病于\d{4}年)，\w+。",
        r"(?:\w+：)?(?P<a>自述|据诉|家人称)(?P<b>本人|亲属|)有\w+?(?P<c>多年|\d+年|二十余年)，\w+。",
        r"(?P<a>)(?:\w+：)?[A-Z]{2}(?P<b>（..）|)(?P<c>复查|所见|结果)\w+。",
    )
    seen = defaultdict(set)
    for document in documents:
        for start, end, spans in sentences_of(document):
            for number, pattern in enumerate(patterns):
                match = re.fullmatch(pattern, document.text[start:end])
                if match:
                    wording = re.sub(r"\d+", "#", "_".join(match.group("a", "b", "c")))
                    seen[number, wording] |= {s.type for s in spans} or {"none"}
    return seen


def test_wording_decides_only_while_the_section_does_not():
    on = wordings(generate(records=400)["test"])
    assert len([labels for labels in on.values() if len(labels) > 1]) >= 0.5 * len(on) > 3
    without = wordings(generate(records=400, mechanisms=off("section"))["test"])
    assert len(without) > 5 and all(len(labels) == 1 for labels in without.values())
    assert {label for labels in without.values() for label in labels} == {
        "Disease",
        "none",
        "Laboratory",
        "Imaging",
    }


def test_sections_decide_the_labels_of_conditions_and_codes(corpus):
    for documents in corpus.values():
        for document in documents:
            for section in document.sections:
                assert document.text.startswith(f"{section.title}：", section.start)
                inside = [
                    s
                    for s in document.spans
                    if section.start <= s.start < section.end and s.why == "section"
                ]
                types = {s.type for s in inside}
                assert types <= {
                    templates.PAST: {"Disease"},
                    templates.TESTS: {"Laboratory"},
                    templates.PICTURES: {"Imaging"},
                }.get(section.title, set())
                if section.title == templates.FAMILY:
                    assert not [s for s in document.spans if section.start <= s.start < section.end]


def test_boundary_off_leaves_one_common_word_in_place_of_joined_body_parts():
    spans = spans_of(generate(mechanisms=off("boundary"))["test"])
    assert {text for text, s in spans if s.why == "boundary"} == {"全身"}


def test_halves_off_draws_test_from_half_a():
    spans = spans_of(generate(mechanisms=off("halves"))["test"])
    plain = [(text, s) for text, s in spans if s.why != "boundary"]
    assert {part_of(text, lexicons_for(s, text)) for text, s in plain} == {"a"}
    assert "unseen" not in {s.why for _, s in plain}


def test_homographs_off_gives_each_type_its_own_words():
    for text, span in spans_of(generate(mechanisms=off("homographs"))["test"]):
        if span.why in ("lexicon", "unseen"):
            assert part_of(text, [span.type.lower()]), (text, span)
        assert span.why != "homograph"


def test_three_sentences_in_ten_hold_no_entity(corpus):
    for documents in corpus.values():
        empty = [not spans for d in documents for *_, spans in sentences_of(d)]
        assert 0.25 < sum(empty) / len(empty) < 0.4


def test_unlabelled_records_hold_both_halves_and_no_record_of_a_split(corpus):
    texts = unlabelled(60, seed=0)
    assert texts == unlabelled(60, seed=0) != unlabelled(60, seed=1)
    assert not set(texts) & {d.text for documents in corpus.values() for d in documents}
    text = "\n".join(texts)
    for part in ("a", "dev", "b"):
        entries = lexicon("anatomy").part(part)
        assert sum(e in text for e in entries) > 0.3 * len(entries), part


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_gazetteer_scores_between_25_and_45_on_test(seed):
    assert 25 <= gazetteer_f1(generate(seed=seed)) <= 45


@pytest.mark.slow  # two and a half minutes of one core
def test_tagger_is_well_above_the_gazetteer_and_below_85(corpus):
    from clinlib.experiments import fine_tune

    config = FineTune(
        corpus="synthetic_zh_emr",
        encoder="scratch-tiny",
        vocabulary=1000,
        learning_rate=2e-3,
        batch_size=8,
    )
    f1 = fine_tune.run(config, RunContext())["scores"]["test"]["strict"]["f1"]
    assert gazetteer_f1(corpus) + 15 <= f1 < 85

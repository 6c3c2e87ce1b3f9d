"""The Spanish cases that three corpora share, and unlabelled text that holds labelled documents."""

from itertools import permutations, product

import pytest

from clinlib.corpora.collection import draw, read_collection
from clinlib.corpora.overlap import ANY, keep_out, language_of, matrix
from clinlib.corpora.registry import card, cards, load, repository
from clinlib.corpora.shingles import shingles, stand, tied
from clinlib.corpora.texts import read_texts

pytestmark = pytest.mark.corpora

SHARING = ("meddocan", "pharmaconer", "spaccc_temist")
OFFICIAL = ("meddocan:official", "pharmaconer:official", "spaccc_temist:official_diseases")


@pytest.fixture(scope="module")
def whole(corpora_dir):
    """The shingles of each corpus of the collection."""
    return {name: of(load(name).splits) for name in SHARING}


def of(splits, *names):
    names = names or tuple(splits)
    return shingles(document.text for name in names for document in splits[name])


def test_the_corpora_annotate_the_same_cases(whole):
    """The measured numbers stand in the cards; at least 990 is what must be found."""
    found = {
        (part, other): int(stand(whole[part], whole[other]).sum())
        for part, other in permutations(SHARING, 2)
    }
    assert found["spaccc_temist", "meddocan"] >= 990
    assert found["spaccc_temist", "meddocan"] == 998
    assert found["pharmaconer", "meddocan"] == 748
    assert found["pharmaconer", "spaccc_temist"] == 750
    # the other way fewer stand: what was put into MEDDOCAN is in none of the others
    assert found["meddocan", "spaccc_temist"] == 981


def test_pharmaconer_stands_letter_for_letter_in_temist(corpora_dir):
    texts = [{d.text for part in load(name).splits.values() for d in part} for name in SHARING]
    assert len(texts[1] & texts[2]) == 748
    meddocan, pharmaconer, temist = ({text.rstrip() for text in part} for part in texts)
    assert len(pharmaconer & temist) == 750  # two lack a line break at the end
    assert not meddocan & temist  # whole texts never match MEDDOCAN's


def test_published_splits_test_on_what_others_train_on(corpora_dir):
    meddocan, temist = load("meddocan:official").splits, load("spaccc_temist:official_diseases")
    published = of(temist.splits, "train", "dev")  # dev was carved out of it
    assert stand(published, of(meddocan, "test")).sum() == 191
    assert stand(of(temist.splits, "test"), of(meddocan, "train")).sum() == 130


def test_nothing_is_tied_across_the_splits_of_the_shared_one(corpora_dir):
    parts = {
        (name, split): shingles(document.text for document in documents)
        for name in SHARING
        for split, documents in load(name).splits.items()
    }
    for (one, split), (other, another) in product(parts, repeat=2):
        if split != another:
            left, right = parts[one, split], parts[other, another]
            assert not len(tied(left, right)), (one, split, other, another)
            assert not stand(left, right).any(), (one, split, other, another)


def test_the_stored_split_is_the_one_that_is_drawn(corpora_dir):
    stored = read_collection(repository() / "data_cards" / card("meddocan").splits.shared)
    assert {card(name).splits.shared for name in SHARING} == {card("meddocan").splits.shared}
    texts = {
        name: {d.id: d.text for part in load(name).splits.values() for d in part}
        for name in SHARING
    }
    drawn = draw(
        texts, what=stored.what, prefix=stored.prefix, seed=stored.seed, shares=stored.shares
    )
    assert drawn == stored


def test_cantemist_is_another_collection(whole):
    cantemist = of(load("cantemist").splits)
    for other in whole.values():
        assert not stand(cantemist, other).any() and not stand(other, cantemist).any()


def test_spanish_text_holds_labelled_documents_and_keeps_tested_ones_out(whole):
    """709 of 1372; 405 in a published test split, and fewer since the three share one split."""
    text = shingles(read_texts("es_e3c_layer3.jsonl"))
    standing = stand(text, *whole.values())
    assert (len(text), int(standing.sum())) == (1372, 709)
    assert round(100 * text.lengths[standing].sum() / text.lengths.sum()) == 34
    published = [of(load(name).splits, "test") for name in OFFICIAL]
    assert stand(text, *published).sum() == 405
    tested = [of(load(name).splits, "test") for name in SHARING]
    assert stand(text, *tested).sum() == 186
    assert all(n in card("spaccc_temist").body for n in ("709 of the 1372", "405", "186"))
    left_out = keep_out("text:es_e3c_layer3.jsonl", SHARING)
    assert left_out == set(stand(text, *tested).nonzero()[0].tolist())
    remaining = shingles(
        each for n, each in enumerate(read_texts("es_e3c_layer3.jsonl")) if n not in left_out
    )
    for part in tested:
        assert not len(tied(remaining, part))


def test_english_overlaps_are_few_and_known(corpora_dir):
    labelled = [n for n, each in cards().items() if not each.unpinned and language_of(n) == "en"]
    found = matrix([*labelled, "text:en_e3c_layer3.jsonl"])
    standing = {(row.part, row.whole): row for row in found.overlaps if row.standing}
    assert standing["phee", "bc5cdr"].standing == 56
    assert standing["phee", "bc5cdr"].judged == 3876
    assert standing["maccrobat2020", "text:en_e3c_layer3.jsonl"].standing == 3
    assert {part for part, whole in standing if whole == ANY} == {
        "bc5cdr",
        "phee",
        "text:en_e3c_layer3.jsonl",
    }
    for row in found.kept_out:
        others = [name for name in labelled if name != row.source]
        assert row.tied == len(keep_out(row.source, others)), row.source

"""Made texts: what a generator makes beside its corpus, pinned by the card, read with sections."""

import golden
import pytest

from clinlib.adaptation.sources import Source
from clinlib.corpora import made_texts, registry
from clinlib.corpora.check import check
from clinlib.corpora.made_texts import FORMS, made_documents, made_fingerprint
from clinlib.corpora.overlap import keep_out
from clinlib.errors import BadInput
from clinlib.experiments import names, pseudo_label
from clinlib.experiments.context import RunContext
from clinlib.experiments.key import Pins, key
from clinlib.experiments.needs import missing
from clinlib.experiments.spec import Pretrain, PseudoLabel
from clinlib.selection import pseudo_labels
from clinlib.selection.pseudo_labels import Silver

CORPUS = "synthetic_nl_ibd"
NOTES, BOOK = f"unlabelled:{CORPUS}", f"textbook:{CORPUS}"
PINNED = Pretrain(texts=(NOTES, BOOK))


@pytest.fixture
def card_says(monkeypatch):
    """Gives the card's unlabelled text other values."""

    def change(**values):
        card = registry.card(CORPUS)
        texts = {f: t.model_copy(update=values) for f, t in card.texts.items()}
        changed = card.model_copy(update={"texts": texts})
        for place in ("clinlib.corpora.made_texts.card", "clinlib.corpora.check.card"):
            monkeypatch.setattr(place, lambda name, root=None: changed)

    return change


def test_notes_keep_sections_and_patients_and_have_neither_spans_nor_sentences():
    found = list(Source(NOTES).documents())
    assert len(found) == registry.card(CORPUS).texts["unlabelled"].number
    assert all(d.sections and d.group and not d.spans and not d.sentences for d in found)
    assert list(Source(NOTES)) == [d.text for d in found]
    patients = {d.group for split in registry.load(CORPUS).splits.values() for d in split}
    assert not patients & {d.group for d in found}


def test_a_textbook_gives_its_sentences_under_names_of_their_own():
    found = list(Source(BOOK).documents())
    assert len({d.id for d in found}) == registry.card(CORPUS).texts["textbook"].number
    assert found[0].id == f"{BOOK}:1" and not any(d.sections for d in found)


def test_keys_pin_what_the_card_says_and_need_no_text(monkeypatch):
    monkeypatch.setattr(made_texts, "make", lambda *given: pytest.fail("made"))
    assert missing(PINNED) == ""
    first = key(PINNED)
    pins = Pins()
    for changed in (NOTES, BOOK):
        other = Pins(made=lambda s, c=changed: "other" if s == c else pins.made(s))
        assert key(PINNED, other) != first
    assert key(PINNED, Pins(made=made_fingerprint)) == first


def test_texts_that_are_not_those_of_the_card_are_refused_and_named(card_says):
    assert made_documents(NOTES)
    card_says(fingerprint="0" * 16)
    with pytest.raises(BadInput, match=f"{NOTES} has the fingerprint .* its data card 0{{16}}"):
        made_documents(NOTES)
    problems = check(CORPUS)
    assert any(p.startswith(f"fingerprint of {NOTES}: ") for p in problems)
    assert any(p.startswith(f"fingerprint of {BOOK}: ") for p in problems)


def test_another_number_of_texts_is_another_content(card_says):
    assert check(CORPUS) == []
    card_says(number=3)
    assert len(check(CORPUS)) == 2


def test_a_corpus_without_such_texts_is_refused_and_those_with_are_named():
    with pytest.raises(BadInput, match=rf"'meddocan' names no text 'textbook'.*{BOOK}.*{NOTES}"):
        key(PINNED.replaced(texts=("textbook:meddocan",)))
    with pytest.raises(BadInput, match="unknown corpus 'synthetic_nl'; did you mean"):
        list(Source("unlabelled:synthetic_nl"))
    with pytest.raises(BadInput, match="none of corpus:NAME, text:FILE, unlabelled:CORPUS and"):
        Pretrain(texts=(f"unlabeled:{CORPUS}",))
    with pytest.raises(BadInput, match="unknown form of made text 'unlabeled'; did you mean"):
        made_fingerprint(f"unlabeled:{CORPUS}")
    for form in FORMS:
        assert names.check_texts((f"{form}:x",))


def test_what_stands_in_test_documents_is_kept_out(monkeypatch):
    tested = registry.load(CORPUS).splits["test"][0]
    made = made_documents(NOTES)
    monkeypatch.setattr(
        "clinlib.corpora.overlap.made_documents", lambda source: (*made[:3], tested, *made[3:5])
    )
    assert 3 in keep_out(NOTES, (CORPUS,))


def test_pseudo_labelled_notes_keep_their_sections_and_patients(tmp_path):
    documents = pseudo_label.unlabelled([Source(NOTES)], "nl")
    assert all(d.sections and d.sentences and d.group for d in documents)
    silver = Silver(tuple(documents[:3]), ((0, 1), (2, 0)))
    pseudo_labels.write(silver, tmp_path)
    back = pseudo_labels.read(tmp_path)
    assert [d.sections for d in back.documents] == [d.sections for d in silver.documents]
    assert [d.group for d in back.documents] == [d.group for d in silver.documents]
    assert back.sentences == silver.sentences


def test_a_teacher_labels_made_notes(tmp_path):
    config = PseudoLabel(teacher=golden.PLAIN, texts=(NOTES,), limit=2, threshold=0.0)
    (tmp_path / "teacher").mkdir()
    (tmp_path / "silver").mkdir()
    with golden.on_micro(golden.micro()):
        golden.made(golden.PLAIN.replaced(epochs=1), tmp_path / "teacher")
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(RunContext, "parent", lambda self, parent: tmp_path / "teacher")
            record = pseudo_label.run(config, RunContext(artifact=tmp_path / "silver"))
    assert record["data"]["documents"] == 2
    silver = pseudo_labels.read(tmp_path / "silver")
    assert [d.text for d in silver.documents] == [d.text for d in made_documents(NOTES)[:2]]
    assert all(d.sections for d in silver.documents)

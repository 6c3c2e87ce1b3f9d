"""Gated text stays home: it is in no record, no page, no error message and no stored traceback."""

import base64
import json
import random
import re
import shutil
from typing import ClassVar

import pytest
from gated_corpora import HERE, MINIATURES, leaks
from gated_files import CANARY, CANARY_ZH

from clinlib.corpora import registry
from clinlib.corpora.check import check
from clinlib.corpora.registry import counts
from clinlib.errors import BadInput, quoted, text_withheld, told, unknown
from clinlib.experiments.context import RunContext
from clinlib.experiments.key import corpus_fingerprint, key
from clinlib.experiments.spec import FineTune, Pretrain
from clinlib.experiments.worker import Job, perform
from clinlib.studies import corpora

GATED = sorted(name for name in MINIATURES if registry.card(name).gated)
LOADED = [
    name + task
    for name in sorted(MINIATURES)
    for task in ("", *(f":{task}" for task in registry.card(name).tasks))
]
PIECES = re.compile("zqca|cana|nary|金丝|丝雀")  # of a canary that a mutation may have cut


@pytest.mark.parametrize("name", LOADED)
def test_a_corpus_loads_with_every_mention_at_its_type(miniatures, name):
    corpus = registry.load(name)
    assert corpus.splits.keys() == {"train", "dev", "test"}
    chinese = corpus.language == "zh"
    words = dict(zip(corpus.types, "病像验术药体", strict=False)) if chinese else {}
    rename = registry.card(name).tasks[name.partition(":")[2]].rename if ":" in name else {}
    for documents in corpus.splits.values():
        for document in documents:
            marked = [document.text[span.start : span.end] for span in document.spans]
            for mention, span in zip(marked, document.spans, strict=True):
                if chinese:
                    assert mention == CANARY_ZH + words[span.type]
                    continue
                slug = mention.split()[0].removeprefix(CANARY)
                kinds = {kind for kind in (span.type, *rename) if _slug(kind) == slug}
                assert span.type in {rename.get(kind, kind) for kind in kinds}
            everything = len(re.findall(rf"(?<!\w){CANARY}\w+", document.text))
            if not chinese and ":" not in name:
                assert len(marked) == everything
    assert check(name.partition(":")[0]) == []


def _slug(kind):
    return re.sub(r"\W|_", "", kind.lower())


def test_notes_of_a_patient_stay_in_one_split(miniatures):
    corpus = registry.load("i2b2_2014")
    patients = {
        split: {document.id.partition("-")[0] for document in documents}
        for split, documents in corpus.splits.items()
    }
    assert all(patients.values()) and not patients["train"] & patients["dev"]


def test_the_fingerprint_is_that_of_the_users_files_and_part_of_the_key(
    miniatures, monkeypatch, tmp_path
):
    run = FineTune(corpus="i2b2_2010", encoder="scratch-tiny")
    first, made = registry.fingerprint("i2b2_2010"), key(run)
    assert first != registry.fingerprint("n2c2_2018")
    assert counts("i2b2_2010")["test"].spans == 27
    for place in ("same", "changed"):
        shutil.copytree(HERE / "i2b2_2010", tmp_path / place / "i2b2_2010")
    path = next((tmp_path / "changed" / "i2b2_2010" / "test_data").glob("*.txt"))
    path.write_text(path.read_text() + "One more line .\n")
    for place in ("same", "changed"):
        monkeypatch.setenv("CLINLIB_DATA", str(tmp_path / place))
        corpus_fingerprint.cache_clear()
        alike = place == "same"
        assert (registry.fingerprint("i2b2_2010") == first) == alike
        assert (key(run) == made) == alike


def test_the_page_of_corpora_depends_on_the_users_files(miniatures):
    said = corpora.reads({"corpora": ["i2b2_2010", "synthetic_en_letters"]})
    assert f"i2b2_2010={registry.fingerprint('i2b2_2010')}" in said
    assert "synthetic_en_letters=" not in said, "its card says what it holds"


def test_an_unpinned_card_holds_nothing_that_could_be_held_against_the_data():
    header = registry.card("i2b2_2010").model_dump()
    for name, value in [
        ("fingerprint", "0" * 16),
        ("files", {"test_data/": "0"}),
        ("ledger", {"read: spans": 1}),
    ]:
        with pytest.raises(ValueError, match="unpinned"):
            type(registry.card("i2b2_2010"))(**{**header, name: value})


def test_a_check_of_an_unpinned_corpus_says_only_that_it_reads(miniatures, clinlib):
    assert clinlib("corpora", "check", "ccks2019")[:2] == (
        0,
        "ccks2019: read; its card is unpinned\n",
    )
    code, out, errors = clinlib("corpora", "check", "bc5cdr")
    assert code == 1 and "Get it from http://www.biocreative.org" in out and not errors


def test_a_message_gives_lengths_where_text_is_withheld():
    assert quoted("8 mg") == "'8 mg'" and told(KeyError("8 mg")) == "KeyError('8 mg')"
    with text_withheld():
        assert quoted("8 mg") == "(4 characters)" and told(KeyError("8 mg")) == "KeyError"
        with text_withheld(False):
            assert quoted("8 mg") == "(4 characters)", "what is withheld outside is so inside"
        said = str(unknown("type", "Drag", ["Drug"], read=True))
        assert said == "unknown type (4 characters); did you mean 'Drug'? Valid: Drug"
        assert "'minilmm'" in str(unknown("encoder", "minilmm", ["minilm"]))
    assert quoted("8 mg") == "'8 mg'"


def mutated(path, draw: random.Random) -> None:
    """The file with a fault: something deleted, doubled, put in, or cut off."""
    text = path.read_text(encoding="utf-8-sig")
    a, b = sorted(draw.randrange(len(text)) for _ in "ab")
    b = min(b, a + draw.choice([1, 3, 40]))
    junk = draw.choice(["<", "&", '"', "\t", "\n", "||", "9", ":", "{", "]]>", "T1\t", "&x;", "\0"])
    kind = draw.randrange(5)
    if kind == 0:
        text = text[:a] + text[b:]
    elif kind == 1:
        text = text[:b] + text[a:]
    elif kind == 2:
        text = text[:a] + junk + text[a:]
    elif kind == 3:
        text = text[:a]
    else:
        text = re.sub(r"\d+", lambda m: draw.choice([m[0], str(int(m[0]) + 1)]), text)
    data = text.encode()
    if draw.random() < 0.05:
        data = data[:a] + b"\xff" + data[a:]
    path.write_bytes(data)


@pytest.mark.parametrize("name", GATED)
def test_whatever_is_wrong_with_a_file_its_text_is_in_no_message(tmp_path, name):
    draw, refused = random.Random(name), 0
    sources = sorted(path for path in (HERE / name).rglob("*") if path.is_file())
    shutil.copytree(HERE / name, tmp_path / name)
    for _ in range(60):
        source = draw.choice(sources)
        path = tmp_path / name / source.relative_to(HERE / name)
        mutated(path, draw)
        try:
            registry.build(name, None, tmp_path / name)
        except BadInput as error:
            refused += 1
            assert not PIECES.search(str(error)), error
            while error := error.__cause__ or (
                not error.__suppress_context__ and error.__context__
            ):
                assert not PIECES.search(str(error)) or not isinstance(error, BadInput)
        shutil.copy(source, path)
    assert refused >= 10


def test_an_error_that_nobody_foresaw_tells_its_type_alone(miniatures, monkeypatch):
    def fails(card, folder, part, ledger):
        raise KeyError(f"{CANARY} in {part}")

    monkeypatch.setattr("clinlib.corpora.corpus.read_part", fails)
    with pytest.raises(BadInput, match="^KeyError while the files in .*i2b2_2010 were read$"):
        registry.build("i2b2_2010", None, HERE / "i2b2_2010")
    with pytest.raises(KeyError, match=CANARY):  # its card is open: nothing is hidden
        registry.build("meddoprof", None, HERE / "meddoprof")


class Fails(FineTune):
    """A FineTune whose run fails with text of its corpus in its mouth."""

    routine: ClassVar[str] = "test_gated:fail"


def fail(config, context):
    text = registry.load(config.corpus).splits["train"][0].text
    try:
        raise LookupError(text)
    except LookupError as error:
        raise ValueError(f"cannot encode {text}") from error


@pytest.mark.parametrize(
    "config",
    [
        Fails(corpus="i2b2_2010", encoder="scratch-tiny"),
        Fails(corpus="meddoprof:ner", encoder=Pretrain(texts=("corpus:n2c2_2018",))),
    ],
    ids=["its own", "its encoder's"],
)
def test_a_failed_runs_message_and_traceback_hold_no_text(miniatures, tmp_path, config):
    context = RunContext("test", "cpu", 1, tmp_path)
    error = perform(Job(key(config), config, context), lambda *_: None).error
    assert error["type"] == "ValueError" and "withheld" in error["message"]
    assert "in fail" in error["traceback"] and "LookupError" in error["traceback"]
    assert not PIECES.search("".join(error.values()))


def test_a_run_whose_files_changed_under_way_is_refused(miniatures, tmp_path):
    config = Fails(corpus="i2b2_2010", encoder="scratch-tiny")
    context = RunContext("test", "cpu", 1, tmp_path)
    error = perform(Job("0" * 16, config, context), lambda *_: None).error
    assert error["type"] == "ClinlibError"
    assert "changed since it was planned" in error["message"]


def test_an_open_corpus_keeps_its_messages(miniatures, tmp_path):
    config = Fails(corpus="meddoprof:ner", encoder="scratch-tiny")
    context = RunContext("test", "cpu", 1, tmp_path)
    error = perform(Job(key(config), config, context), lambda *_: None).error
    assert CANARY in error["message"] and CANARY in error["traceback"]


def test_the_search_for_leaks_finds_them(tmp_path):
    texts = [f"a {CANARY} b", f"x{CANARY_ZH}y"]
    hidden = [f(text) for text in texts for f in (str, json.dumps)]
    hidden += [
        base64.b64encode((" " * n + text).encode()).decode() for text in texts for n in range(3)
    ]
    for number, text in enumerate(hidden):
        (tmp_path / f"{number}.html").write_text(f"<p>{text}</p>")
    (tmp_path / "clean.html").write_text("<p>i2b2_2010 [0, 5) problem</p>")
    assert len(leaks(tmp_path)) == len(hidden)

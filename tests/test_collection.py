"""Collections: one split for corpora that annotate the same documents."""

import pytest

from clinlib.corpora.collection import divide, draw, read_collection, written
from clinlib.corpora.document import Document
from clinlib.corpora.shingles import shingles, tied
from clinlib.errors import BadInput

SHARES = {"train": 0.6, "dev": 0.2, "test": 0.2}


def case(n):
    return " ".join(f"hallazgo {n} valor {n * k} nota {k}" for k in range(20))


CASES = {f"S{n:02d}-1": case(n) for n in range(20)}


def drawn(**changes):
    corpora = {
        "one": {f"es-{key}": f"Nombre: Ana {key}. {text}" for key, text in CASES.items()},
        "two": {key: text.upper() for key, text in list(CASES.items())[:15]},
    } | changes
    return draw(corpora, what="toy", prefix="es-", seed=13, shares=SHARES)


def test_a_case_has_one_split_in_all_corpora():
    collection = drawn()
    assert {split: len(keys) for split, keys in collection.splits.items()} == {
        "train": 12,
        "dev": 4,
        "test": 4,
    }
    one = divide(collection, [Document(f"es-{key}", text) for key, text in CASES.items()])
    two = divide(collection, [Document(key, CASES[key]) for key in list(CASES)[:15]])
    for split, documents in two.items():
        assert {d.group for d in documents} <= {d.group for d in one[split]}
    assert not tied(
        shingles(d.text for d in one["train"] + one["dev"]), shingles(d.text for d in two["test"])
    ).size


def test_texts_that_share_a_passage_and_cases_of_one_article_are_one_group():
    twice = {"three": {"S03-1": case(7) + " y más", "S05-2": "otro caso", "S05-1": "un caso"}}
    collection = drawn(**twice)
    assert {tuple(group) for group in collection.groups} == {("S03-1", "S07-1"), ("S05-1", "S05-2")}
    split_of = {key: split for split, keys in collection.splits.items() for key in keys}
    assert split_of["S03-1"] == split_of["S07-1"] and split_of["S05-1"] == split_of["S05-2"]


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "toy.yml"
    path.write_text("# a comment\n" + written(drawn()), encoding="utf-8")
    assert read_collection(path) == drawn()


def test_a_document_that_is_not_of_the_collection_is_refused_with_the_nearest():
    with pytest.raises(BadInput, match="unknown document of the collection 'S03-9'; did you mean"):
        divide(drawn(), [Document("es-S03-9", "text")])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace("seed: 13\n", ""), "seed"),
        (lambda t: t.replace("shares", "sharse"), "sharse"),
        (lambda t: t + "  train: [\n", "not a collection"),
        (
            lambda t: t.replace("test: [", "test: [S90-1, ").replace("dev: [", "dev: [S90-1, "),
            "S90-1",
        ),
        (
            lambda t: t.replace("groups: []", "groups: [[S01-1, S90-1]]"),
            "one group lies in several",
        ),
    ],
)
def test_a_faulty_file_is_refused_with_its_name(tmp_path, change, message):
    path = tmp_path / "toy.yml"
    text = written(drawn())
    assert change(text) != text
    path.write_text(change(text), encoding="utf-8")
    with pytest.raises(BadInput, match=rf"(?s)toy\.yml: .*{message}"):
        read_collection(path)
    with pytest.raises(BadInput, match=r"none\.yml: no such file"):
        read_collection(tmp_path / "none.yml")

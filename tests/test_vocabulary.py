"""Vocabularies: the same texts give the same one, in this process and in another."""

import hashlib
import subprocess
import sys

import pytest

from clinlib.corpora.synthetic.letters import generate
from clinlib.encoding.vocabulary import SPECIAL, learn_subwords
from clinlib.errors import BadInput

CODE = """
import hashlib
from clinlib.corpora.synthetic.letters import generate
from clinlib.encoding.vocabulary import learn_subwords
texts = [d.text for d in generate(documents=6, seed=1)["train"]]
print(hashlib.sha256(learn_subwords(texts, 300).backend_tokenizer.to_str().encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def texts():
    return [document.text for document in generate(documents=6, seed=1)["train"]]


def _digest(tokenizer):
    return hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest()


def test_the_same_texts_give_the_same_vocabulary_in_every_process(texts):
    here = {_digest(learn_subwords(texts, 300)) for _ in range(8)}
    there = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert here == {there}


def test_size_special_tokens_and_case(texts):
    tokenizer = learn_subwords(texts, 300)
    assert len(tokenizer) <= 300
    assert tokenizer.convert_ids_to_tokens(range(len(SPECIAL))) == list(SPECIAL)
    word, upper = (tokenizer.tokenize(each) for each in ("discharge", "Discharge"))
    assert word != upper
    assert tokenizer("x")["input_ids"][0] == tokenizer.cls_token_id
    assert tokenizer("x")["input_ids"][-1] == tokenizer.sep_token_id


def test_every_character_of_the_text_lies_in_a_subword(texts):
    tokenizer = learn_subwords(texts, 300)
    for text in texts:
        covered = set()
        for start, end in tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)[
            "offset_mapping"
        ]:
            covered |= set(range(start, end))
        assert all(i in covered for i, char in enumerate(text) if not char.isspace())


def test_a_mark_never_joins_a_word(texts):
    tokenizer = learn_subwords(texts, 300)
    for token in tokenizer.get_vocab():
        body = token.removeprefix("▁")
        if token not in SPECIAL and len(body) > 1:
            assert body.replace("▁", "").isalnum(), token


def test_there_must_be_text():
    with pytest.raises(BadInput, match="no|none"):
        learn_subwords(["  "], 300)


def test_a_chinese_character_is_a_subword_and_no_blank_is_made_up():
    tokenizer = learn_subwords(["患者口服阿司匹林54mg。"] * 3, 200)
    text = "患者口服阿司匹林54mg。"
    tokens = tokenizer.tokenize(text)
    assert [token for token in tokens if token != "▁"] == [*"患者口服阿司匹林", "54mg", "。"]
    assert tokens.count("▁") == 1, "where the text begins, as in every text"

"""Gated corpora end to end: train, record and page, with no text of theirs in what is kept."""

import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from gated_corpora import HERE, leaks
from transformers import BertConfig, BertModel

from clinlib.corpora import registry
from clinlib.encoding.vocabulary import learn_subwords
from clinlib.report.paths import LIBRARY

pytestmark = pytest.mark.slow

CORPORA = ["n2c2_2018", "i2b2_2006", "i2b2_2010", "i2b2_2012:timex", "i2b2_2014", "ccks2019"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The folder of a tiny BERT, its weights drawn from a seed, as transformers saves one."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("model")
    texts = [
        document.text
        for name in CORPORA
        for document in registry.build(name, None, HERE / name.partition(":")[0]).splits["train"]
    ]
    tokenizer = learn_subwords(texts, 600)
    size = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    BertModel(
        BertConfig(
            vocab_size=len(tokenizer),
            intermediate_size=64,
            pad_token_id=tokenizer.pad_token_id,
            **size,
        )
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def checkout(tmp_path, monkeypatch, miniatures):
    """A checkout without records, whose notebooks and cards are the project's."""
    for name in ("notebooks", "data_cards", "book", "_config.yml", "_toc.yml"):
        (tmp_path / name).symlink_to(LIBRARY.parent / name)
    monkeypatch.setenv("CLINLIB_ROOT", str(tmp_path))
    return tmp_path


def listed(names) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def rendered(clinlib, executed):
    """Renders an executed notebook beside it, so that a search for leaks finds its page too."""
    code, out, errors = clinlib("page", str(executed))
    assert code == 0, errors
    assert Path(out.strip().splitlines()[-1]).is_file()


def test_from_the_files_to_the_page_no_text_leaves_the_cache(checkout, clinlib, model):
    chosen = {
        "corpora": listed(CORPORA),
        "encoders": listed([f"hub:{model}"]),
        "heads": "[crf]",
        "learning_rates": "[0.0005]",
        "seeds": "1",
        "epochs": "[1]",
        "precision": "float32",
    }
    given = [f"-p{name}={value}" for name, value in chosen.items()]
    code, out, errors = clinlib(
        "execute", "10_heads_and_encoders", "--profile", "paper", "--workers", "1", *given
    )
    assert code == 0, errors
    page = Path(out.strip().splitlines()[-1])
    assert page.is_file() and "n2c2_2018" in page.read_text(encoding="utf-8")
    rendered(clinlib, page)
    records = sorted((checkout / "results").rglob("*.json"))
    found = [json.loads(path.read_text(encoding="utf-8")) for path in records]
    assert sorted(each["configuration"]["corpus"] for each in found) == sorted(CORPORA)
    assert {each["status"] for each in found} == {"complete"}
    code, out, errors = clinlib(
        "execute", "00_corpora", "--profile", "paper", f"-pcorpora={listed(CORPORA)}"
    )
    assert code == 0, errors
    assert "n2c2 2018 medication" in Path(out.strip().splitlines()[-1]).read_text(encoding="utf-8")
    assert leaks(checkout / "results", checkout / "_build") == []


def test_a_page_of_errors_gives_offsets_and_types(checkout, clinlib, model):
    chosen = {
        "corpora": "[i2b2_2010]",
        "encoder": f"hub:{model}",
        "method": "FT",
        "documents": "3",
        "silver": "2",
        "seeds": "1",
        "epochs": "4",
        "learning_rate": "0.005",
        "precision": "float32",
    }
    given = [f"-p{name}={value}" for name, value in chosen.items()]
    code, out, errors = clinlib(
        "execute", "36_error_analysis", "--profile", "paper", "--workers", "1", *given
    )
    assert code == 1, "the corpus has no sections, so that the methods that fuse them fail"
    rendered(clinlib, executed := Path(out.strip().splitlines()[-1]))
    page = executed.read_text(encoding="utf-8")
    assert "may not be passed on: passages give offsets and types" in page
    assert re.search(r"(problem|test|treatment) \[\d+, \d+\)", page)
    records = [json.loads(path.read_text()) for path in (checkout / "results").rglob("*.json")]
    assert {each["status"] for each in records} == {"complete", "failed"}
    assert any(each.get("predictions") for each in records)
    assert leaks(checkout / "results", checkout / "_build") == []


def test_a_corpus_that_does_not_read_is_an_error_without_text(
    checkout, clinlib, model, monkeypatch, tmp_path
):
    data = tmp_path / "data"
    shutil.copytree(HERE / "n2c2_2018", data / "n2c2_2018")
    broken = sorted((data / "n2c2_2018" / "training_20180910").glob("*.ann"))[0]
    broken.write_text(broken.read_text() + "T99\tDrug 1 2 zqcanary\n")
    monkeypatch.setenv("CLINLIB_DATA", str(data))
    code, out, errors = clinlib(
        "execute", "10_heads_and_encoders", "--profile", "paper", "-pcorpora=[n2c2_2018]",
        f'-pencoders=["hub:{model}"]',
    )  # fmt: skip
    assert code == 2 and f"{broken.name}:10: malformed line" in errors and "characters)" in errors
    assert "zqcanary" not in out + errors
    assert leaks(checkout / "results", checkout / "_build") == []

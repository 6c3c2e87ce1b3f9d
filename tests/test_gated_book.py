"""Gated corpora end to end: train, record and page, with no text of theirs in what is kept."""

import base64
import io
import json
import re
import shutil
from pathlib import Path
from statistics import fmean

import nbformat
import pandas as pd
import pytest
import torch
from gated_corpora import HERE, leaks
from gated_files import CANARY, CANARY_ZH
from transformers import BertConfig, BertModel

from clinlib.corpora import registry
from clinlib.encoding.vocabulary import learn_subwords
from clinlib.experiments import progress
from clinlib.report import badges
from clinlib.report.paths import LIBRARY

pytestmark = pytest.mark.slow

# MEDDOPROF is open, but like the others at hand in miniature alone; these pages quote none of it
MEDDOPROF = ["meddoprof:ner", "meddoprof:class"]
CORPORA = ["n2c2_2018", "i2b2_2006", "i2b2_2010", "i2b2_2012:timex", "i2b2_2014", "ccks2019"]
CORPORA += MEDDOPROF
# what has the tiny model find enough of a miniature for no run to count as collapsed
LEARNS = {"precision": "float32", "learning_rate": "0.005", "head_learning_rate": "0.02"}
LEARNS |= {"batch_size": "4", "epochs": "8"}


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
    # every report of a run is a line to search, not those alone that come as half a minute is over
    monkeypatch.setattr(progress, "SECONDS_ELSEWHERE", 0.0)
    return tmp_path


def listed(names) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def made(clinlib, name, chosen) -> tuple[int, Path]:
    """Makes the runs of a page, executes and renders it: (exit code of the runs, executed copy).

    The page lies below _build too, so that a search for leaks there finds both.
    """
    given = [f"-p{each}={value}" for each, value in chosen.items()]
    code, out, errors = clinlib("execute", name, "--profile", "paper", "--workers", "1", *given)
    assert code in (0, 1), errors
    executed = Path(out.strip().splitlines()[-1])
    failed, page, more = clinlib("page", str(executed))
    assert failed == 0, more
    assert Path(page.strip().splitlines()[-1]).is_file()
    said = out + errors + page + more
    assert CANARY not in said and CANARY_ZH not in said, "what a sweep says of its runs"
    return code, executed


def records(checkout) -> list[dict]:
    paths = sorted((checkout / "results").rglob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def said(executed) -> dict[str, int]:
    """How many of the runs behind an executed page are in which state, as it says itself."""
    return badges.said(nbformat.read(executed, as_version=4))


def table(executed, name, rows) -> pd.DataFrame:
    """A table of the page rendered from an executed copy, as its reader downloads it."""
    page = (executed.with_suffix("") / "page.html").read_text(encoding="utf-8")
    link = rf'download="{name}\.csv" href="data:text/csv;charset=utf-8;base64,([^"]+)"'
    (data,) = re.findall(link, page)
    return pd.read_csv(io.BytesIO(base64.b64decode(data))).set_index(rows)


def strict(record) -> float:
    return record["scores"]["test"]["strict"]["f1"]


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
    code, page = made(clinlib, "10_heads_and_encoders", chosen)
    assert code == 0 and "n2c2_2018" in page.read_text(encoding="utf-8")
    found = records(checkout)
    assert sorted(each["configuration"]["corpus"] for each in found) == sorted(CORPORA)
    assert {each["status"] for each in found} == {"complete"}
    code, page = made(clinlib, "00_corpora", {"corpora": listed(CORPORA)})
    assert code == 0 and "n2c2 2018 medication" in page.read_text(encoding="utf-8")
    assert leaks(checkout / "results", checkout / "_build") == []


def test_a_page_of_errors_gives_offsets_and_types(checkout, clinlib, model):
    chosen = {
        "corpora": "[i2b2_2010]",
        "encoder": f"hub:{model}",
        "method": "FT",
        "sections": "none",  # the corpus has none to fuse
        "documents": "3",
        "silver": "99",
        "seeds": "1",
        "epochs": "4",
        "learning_rate": "0.005",
        "precision": "float32",
    }
    code, executed = made(clinlib, "36_error_analysis", chosen)
    assert code == 1, (
        "99 documents without labels are too many, so that methods with pseudo labels fail"
    )
    page = executed.read_text(encoding="utf-8")
    assert "may not be passed on: passages give offsets and types" in page
    assert re.search(r"(problem|test|treatment) \[\d+, \d+\)", page)
    found = records(checkout)
    assert {each["status"] for each in found} == {"complete", "failed"}
    assert any(each.get("predictions") for each in found)
    assert leaks(checkout / "results", checkout / "_build") == []


def test_a_loop_keeps_of_what_it_picks_places_and_counts_alone(checkout, clinlib, model):
    names = {"random": "random", "TOD": "tod", "LASL": "dbs"}  # TOD and LASL journal more
    chosen = LEARNS | {
        "encoder": f"hub:{model}",
        "strategies": listed(names),
        "recurrent": "8",
        "predictor_size": "16",
        "initial": "0.4",
        "per_round": "0.2",
        "rounds": "3",
        "seeds": "1",
        "all_data_epochs": "8",
    }
    code, executed = made(clinlib, "40_strategies", chosen)
    assert code == 0 and said(executed) == {"current": len(names) + 1}
    found = {each["configuration"].get("strategy", "all data"): each for each in records(checkout)}
    shown = table(executed, "rounds", "strategy")
    rounds = [each for each in shown if each.endswith(" %")][:3]
    for name, strategy in names.items():
        curve = found[strategy]["curve"]
        assert shown.loc[name, rounds].tolist() == pytest.approx(list(map(strict, curve)))
        assert all(type(place) is int for row in curve for place in row["picked"])
    assert shown.loc["all data", "100 %"] == pytest.approx(strict(found["all data"]))
    assert min(map(strict, found.values())) > 0, "or nothing was learnt that could leak"
    assert leaks(checkout / "results", checkout / "_build") == []


def test_a_model_moved_from_one_corpus_to_another_takes_no_text_along(checkout, clinlib, model):
    tasks = ["meddoprof:ner", "i2b2_2012:concepts"]
    chosen = LEARNS | {
        "encoder": f"hub:{model}",
        "tasks": listed(tasks),
        "sizes": "[20, 0]",
        "small_epochs": "16",
        "small_batch_size": "4",
        "context": "8",
        "seeds": "2",
        "source_seeds": "2",
    }
    code, executed = made(clinlib, "23_transfer_es", chosen)
    assert code == 0 and said(executed) == {"current": 16}
    cells = {}
    for each in records(checkout):
        run = each["configuration"]
        moved = isinstance(run["encoder"], dict)
        source = run["encoder"]["of"][0]["corpus"] if moved else "none"
        place = (run["corpus"], str(run["sentences"] or "all")), source
        cells.setdefault(place, []).append(strict(each))
    shown = table(executed, "scores", ["target", "sentences"])
    assert len(cells) == 2 * 2 * 2
    for (row, source), scores in cells.items():
        assert shown.loc[row, [source, f"{source} n"]].tolist() == pytest.approx([fmean(scores), 2])
    assert min(map(min, cells.values())) > 0
    assert leaks(checkout / "results", checkout / "_build") == []


def test_a_vote_is_told_by_its_scores_and_not_by_what_was_voted_on(checkout, clinlib, model):
    chosen = LEARNS | {
        "encoder": f"hub:{model}",
        "corpora": "[i2b2_2010]",
        "context": "8",
        "seeds": "2",
        "folds": "2",
    }
    code, executed = made(clinlib, "21_architecture_ablation", chosen)
    assert code == 0 and said(executed) == {"current": 18}
    found = [each for each in records(checkout) if each["kind"] == "ensemble"]
    votes = [each for each in found if each["data"]["members"] == 2]
    assert len(votes) == 2 and len(found) == 4, "a run alone is repaired as a vote of one"
    shown = table(executed, "splits", ["trained on", "result"])["strict F1"]
    page = executed.read_text(encoding="utf-8")
    for each in votes:
        fold, data = each["configuration"]["of"][0]["fold"], each["data"]
        way = "random parts" if fold else "published split"
        assert shown[way, "ensemble"] == pytest.approx(strict(each))
        agreed = f"agree on {100 * data['agreed'] / data['units']:.1f} % of the units"
        assert f"i2b2_2010, {way}: the 2 members {agreed}" in page
    assert min(map(strict, votes)) > 0
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

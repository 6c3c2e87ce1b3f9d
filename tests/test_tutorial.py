"""What the tutorial shows is executed, in its order, on the folder that it makes."""

import shlex
import shutil

import pytest
import yaml
from prose import snippets, unnamed

from clinlib.corpora.own import OPTIONS, Options
from clinlib.corpora.registry import card, load
from clinlib.experiments import key
from clinlib.report import execution, notebooks, single_page

PAGE = snippets("tutorial")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder to work in, with the checkout's notebooks."""
    shutil.copytree(notebooks.folder(), tmp_path / "notebooks")
    monkeypatch.setenv("CLINLIB_ROOT", str(tmp_path))
    monkeypatch.setenv("CLINLIB_DEVICE", "cpu")
    monkeypatch.chdir(tmp_path)
    key.corpus_fingerprint.cache_clear()
    exec(PAGE["folder"], {})
    yield tmp_path
    key.corpus_fingerprint.cache_clear()


def command(name: str) -> list[str]:
    program, *arguments = shlex.split(PAGE[name])
    assert program == "clinlib"
    return arguments


def test_every_block_of_the_tutorial_is_a_snippet():
    assert unnamed("tutorial") == 0


def test_the_folder_that_it_writes_is_read_back_as_the_letters_are(place, clinlib):
    made, letters = load("./notes"), load("synthetic_en_letters")
    spans = {d.id: d.spans for part in letters.splits.values() for d in part}
    read = {d.id: d.spans for part in made.splits.values() for d in part}
    assert len(read) == 60 and all(spans[name] == found for name, found in read.items())
    code, out, _ = clinlib(*command("check"))
    assert code == 0
    assert out.startswith("./notes: ") and "  train: 36 documents, " in out
    assert f"  read: spans: {sum(map(len, read.values()))}\n" in out


def test_its_commands_plan_what_it_says(place, clinlib, monkeypatch):
    code, out, _ = clinlib(*command("dry run"))
    assert code == 0 and "6 configurations, 0 current, 6 to run" in out
    code, out, _ = clinlib(*command("quick look"), "--dry-run")
    assert code == 0 and "1 configurations, 0 current, 1 to run" in out
    made = execution.root() / "_build" / "open" / "executed" / "10_heads_and_encoders.ipynb"
    asked = []
    monkeypatch.setattr(single_page, "render", lambda *given: asked.append(given) or "page")
    assert clinlib(*command("page"))[0] == 0
    assert asked[0][0] == made.relative_to(place)


@pytest.mark.parametrize(
    ("notebook", "parameter"),
    [("13_collapse", "corpus"), ("22_transfer_en", "tasks"), ("40_strategies", "corpus")],
)
def test_other_pages_take_a_folder_in_the_parameter_that_it_names(place, notebook, parameter):
    value = "./notes" if parameter == "corpus" else "[./notes, synthetic_en_shifted]"
    planned = notebooks.plan(notebook, "quick", {parameter: value})
    assert any(key.key(config).startswith("own-") for config in planned)


def test_its_options_are_options_and_all_there_are(place):
    given = yaml.safe_load(PAGE["options"])
    named = {"discontinuous", "on_mismatch"}  # in the sentence below
    assert set(given) | named == set(Options.model_fields)
    given |= {"left_out": [], "group": ""}  # there are no pages and no patients in the letters
    (place / "notes" / OPTIONS).write_text(yaml.safe_dump(given))
    found = card("./notes")
    assert found.languages == ("nl",) and not found.gated
    assert found.counts["train"].documents == 42


@pytest.mark.slow
def test_its_configuration_is_run_and_scored(place, capsys):
    exec(PAGE["configuration"], {})
    printed = yaml.safe_load(capsys.readouterr().out.splitlines()[-1])
    assert printed.keys() == {"precision", "recall", "f1"}
    assert list((place / "results" / "own" / "fine_tune").glob("own-*.json"))

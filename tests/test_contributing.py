"""What contributors are shown is real: quoted code stands in the library, the rest is executed."""

import json
import shlex
import sys

import nbformat
import numpy as np
import pytest
import yaml
from brat_folder import write_folder
from prose import snippets, unnamed

from clinlib.corpora import check, registry
from clinlib.corpora.card import Card
from clinlib.experiments.active_learning import PLAIN
from clinlib.experiments.fine_tune import objective
from clinlib.experiments.spec import FineTune, Pretrain
from clinlib.report import execution, notebooks
from clinlib.report.paths import LIBRARY
from clinlib.selection import acquisition
from clinlib.selection.view import View
from clinlib.studies import recipes
from clinlib.training.multi_task import MultiTask
from clinlib.training.objectives import RDrop, Supervised

PAGE = snippets("contributing")
QUOTED = {
    "recipe": "studies/recipes.py",
    "stands in for": "studies/recipes.py",
    "acquisition": "selection/acquisition.py",
    "acquisition by name": "experiments/active_learning.py",
    "objective": "experiments/fine_tune.py",
}


@pytest.mark.parametrize("name", QUOTED)
def test_quoted_code_is_the_librarys(name):
    source = (LIBRARY / QUOTED[name]).read_text(encoding="utf-8")
    assert source.count(PAGE[name]) == 1


def test_what_no_test_knows_is_marked_as_none():
    known = {*QUOTED, "card", "describe", "check", "encoder", "study", "parameters cell", "cells"}
    assert set(PAGE) == known
    assert unnamed("contributing") == 1  # `numbers` of a study: quoted with an ellipsis


def test_the_card_is_enough_to_load_a_corpus_and_what_is_computed_completes_it(
    tmp_path, monkeypatch, capsys, clinlib
):
    monkeypatch.setattr(registry, "repository", lambda: tmp_path)
    monkeypatch.setattr(check, "repository", lambda: tmp_path)
    monkeypatch.setenv("CLINLIB_DATA", str(tmp_path / "data"))
    write_folder(tmp_path / "data" / "my_letters")
    path = tmp_path / "data_cards" / "my_letters.md"
    path.parent.mkdir()
    path.write_text(f"---\n{PAGE['card']}---\n# My letters\n")
    exec(PAGE["describe"], {})
    printed = capsys.readouterr().out
    kept = {name: value for name, value in yaml.safe_load(printed).items() if value}
    assert kept.keys() == {"fingerprint", "counts", "ledger"}
    path.write_text(f"---\n{PAGE['card']}{yaml.safe_dump(kept)}---\n# My letters\n")
    code, out, _ = clinlib(*shlex.split(PAGE["check"])[1:])
    assert (code, out) == (0, "my_letters: as its card says\n")
    assert registry.load("my_letters").types == ("Drug", "Dose")


def test_the_card_holds_nothing_that_could_be_left_out():
    header = yaml.safe_load(PAGE["card"])
    for name in header:
        with pytest.raises(ValueError):
            Card(**{key: value for key, value in header.items() if key != name})


def test_the_encoder_is_planned_with_what_its_recipe_says(clinlib, corpora_dir):
    arguments = shlex.split(PAGE["encoder"])[1:]
    given = dict(each.split("=", 1) for each in arguments if "=" in each)
    planned = notebooks.plan(arguments[1], "open", given)
    made = {each.encoder for each in planned if isinstance(each, FineTune)}
    assert made == {recipes.encoder("general:zh")} and isinstance(made.pop(), Pretrain)
    assert clinlib(*arguments)[1].startswith("open: ")


def test_the_acquisition_function_ranks_by_confidence_per_unit():
    space = {"ByScore": acquisition.ByScore, "View": View, "np": np}
    exec(PAGE["acquisition"], space)
    loss, units = np.array([3.0, 3.0, 0.1]), np.array([10.0, 2.0, 1.0])
    view = View(np.ones(3), units, 1.0, 1, 9, np.random.default_rng(0), l_min=loss)
    confidence = np.exp(-loss) ** (1 / units)
    expected = list(np.argsort(confidence))
    assert list(space["LeastConfidence"]().order(view)) == expected
    assert list(PLAIN["least_confidence"]().order(view)) == expected == [1, 0, 2]


def test_the_field_of_the_objective_is_off_by_default():
    plain = FineTune(corpus="a", encoder="minilm")
    assert isinstance(objective(plain), Supervised)
    for fields in ({"r_drop": 0.5}, {"two_passes": True}):
        found = objective(plain.replaced(**fields))
        assert isinstance(found, RDrop) and found.alpha == fields.get("r_drop", 0.0)
    assert isinstance(objective(plain.replaced(r_drop=0.5, sentence_type="A")), MultiTask)
    assert "r_drop" not in plain.given()


def test_the_notebook_is_planned_and_executed(tmp_path, monkeypatch):
    root = tmp_path / "root"
    (root / "notebooks" / "profiles").mkdir(parents=True)
    (root / "data_cards").mkdir()
    (root / "notebooks" / "profiles" / "quick.yml").write_text("14_batches: {sizes: [4, 8, 16]}")
    (root / "batches.py").write_text(PAGE["study"])
    monkeypatch.setenv("CLINLIB_ROOT", str(root))
    monkeypatch.setenv("PYTHONPATH", f"{root}:{LIBRARY.parent}")
    monkeypatch.syspath_prepend(root)
    monkeypatch.delitem(sys.modules, "batches", raising=False)
    parts = PAGE["cells"].split("provenance.footer")
    cells = [parts[0], f"provenance.footer{parts[1]}"]
    book = nbformat.v4.new_notebook(metadata={"clinlib": {"study": "batches"}})
    tagged = {"tags": ["parameters"]}
    book.cells = [
        nbformat.v4.new_code_cell(PAGE["parameters cell"], metadata=tagged),
        *map(nbformat.v4.new_code_cell, cells),
    ]
    nbformat.write(book, root / "notebooks" / "14_batches.ipynb")
    sizes = [config.batch_size for config in notebooks.plan("14_batches", "quick")]
    assert sizes == [4, 4, 8, 8, 16, 16]
    executed = nbformat.read(execution.execute("14_batches", "quick"), as_version=4)
    shown = json.dumps(executed.cells)
    assert "Strict F1 on test by batch size (synthetic text)" in shown
    assert "0 of 6" in shown and "missing" in shown

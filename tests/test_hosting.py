"""The book links to its repository where the environment names one, and to nothing where not."""

import json
import shutil
import subprocess
import tomllib

import pytest
import yaml

import clinlib
from clinlib.errors import BadInput
from clinlib.report import book, stage
from clinlib.report.hosting import BRANCH, REPOSITORY, configured
from clinlib.report.paths import LIBRARY

CHECKOUT = LIBRARY.parent
CONFIG = (CHECKOUT / "_config.yml").read_bytes()


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in (REPOSITORY, BRANCH):
        monkeypatch.delenv(name, raising=False)


def test_without_a_repository_the_configuration_is_as_stored_and_has_no_buttons():
    assert configured(CONFIG) == CONFIG
    options = yaml.safe_load(CONFIG)["sphinx"]["config"]["html_theme_options"]
    assert not any(name.startswith(("repository", "use_repository", "use_iss")) for name in options)
    assert not any(options["launch_buttons"].values())


def test_an_empty_repository_is_none(monkeypatch):
    monkeypatch.setenv(REPOSITORY, " ")
    assert configured(CONFIG) == CONFIG


@pytest.mark.parametrize(
    ("given", "url", "issues"),
    [
        ("https://github.com/someone/clinlib.git", "https://github.com/someone/clinlib", True),
        ("https://gitlab.example.org/a/b/clinlib/", "https://gitlab.example.org/a/b/clinlib", True),
        ("https://bitbucket.org/a/clinlib", "https://bitbucket.org/a/clinlib", False),
    ],
)
def test_a_repository_gets_its_buttons(monkeypatch, given, url, issues):
    monkeypatch.setenv(REPOSITORY, given)
    monkeypatch.setenv(BRANCH, "published")
    made = yaml.safe_load(configured(CONFIG))
    assert made["repository"] == {"url": url, "branch": "published"}
    options = made["sphinx"]["config"]["html_theme_options"]
    assert options["repository_url"] == url and options["use_repository_button"]
    assert options["use_issues_button"] is issues
    assert options["search_bar_text"] == "Search this book"


@pytest.mark.parametrize(
    "given", ["clinlib", "git@github.com:a/b", "https://github.com/a", "https://example.org/a/b"]
)
def test_what_is_no_address_of_a_repository_is_refused(monkeypatch, given):
    monkeypatch.setenv(REPOSITORY, given)
    with pytest.raises(BadInput, match=f"{REPOSITORY} is '{given}'; give https://HOST/OWNER/NAME"):
        configured(CONFIG)


def test_the_stage_holds_the_configuration_of_the_repository(monkeypatch):
    monkeypatch.setenv(REPOSITORY, "https://github.com/someone/clinlib")
    staged = dict(part for part, _ in zip(stage.contents("quick", {}), range(2), strict=False))
    assert b"someone/clinlib" in staged["_config.yml"]
    assert staged["_toc.yml"] == (CHECKOUT / "_toc.yml").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("hosted", [True, False])
def test_pages_link_to_the_repository_if_and_only_if_there_is_one(tmp_path, monkeypatch, hosted):
    if hosted:
        monkeypatch.setenv(REPOSITORY, "https://github.com/someone/clinlib")
    staged = tmp_path / "stage"
    (staged / "book").mkdir(parents=True)
    (staged / "notebooks").mkdir()
    (staged / "_config.yml").write_bytes(configured(CONFIG))
    shutil.copy(CHECKOUT / "book" / "references.bib", staged / "book")
    shutil.copytree(CHECKOUT / "book" / "_static", staged / "_static")
    (staged / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nchapters:\n- file: notebooks/10_a\n"
    )
    (staged / "book" / "index.md").write_text("# Front\n")
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "# A notebook"}]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 4}
    (staged / "notebooks" / "10_a.ipynb").write_text(json.dumps(notebook))
    assert book.render(staged, tmp_path)
    page = (tmp_path / "html" / "notebooks" / "10_a.html").read_text(encoding="utf-8")
    front = (tmp_path / "html" / "book" / "index.html").read_text(encoding="utf-8")
    binder = "https://mybinder.org/v2/gh/someone/clinlib/main?urlpath=lab/tree/notebooks/10_a.ipynb"
    for text in (page, front):
        assert ("github.com/someone/clinlib" in text) is hosted
        assert ("https://github.com/someone/clinlib/issues/new" in text) is hosted
    assert (binder in page) is hosted
    assert "mybinder" not in front


def test_a_book_of_records_alone_trains_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("CLINLIB_ROOT", str(tmp_path))
    monkeypatch.setattr(book, "sweep", lambda *_: pytest.fail("a sweep was made"))
    monkeypatch.setattr(stage, "execute_all", lambda *_: {})
    monkeypatch.setattr(stage, "fill", lambda *_: None)
    monkeypatch.setattr(book.badges, "unsaid", lambda *_: [])
    monkeypatch.setattr(book, "render", lambda *_: True)
    assert book.build("open", train=False) == tmp_path / "_build" / "open" / "html" / "index.html"


def workflow() -> dict:
    path = CHECKOUT / ".github" / "workflows" / "pages.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_workflow_publishes_the_book_that_it_makes_of_records():
    steps = workflow()["jobs"]["build"]["steps"]
    commands = "\n".join(step.get("run", "") for step in steps)
    assert "clinlib book --profile open --no-train" in commands
    (upload,) = (step for step in steps if step.get("uses", "").startswith("actions/upload-pages"))
    assert upload["with"]["path"] == "_build/open/html"
    assert workflow()["env"][REPOSITORY] == "${{ github.server_url }}/${{ github.repository }}"
    assert workflow()["env"][BRANCH] == "${{ github.ref_name }}"


def test_the_workflow_and_binder_install_the_pinned_torch():
    pins = (CHECKOUT / "requirements.txt").read_text().split()
    (torch,) = (pin for pin in pins if pin.startswith("torch=="))
    commands = json.dumps(workflow())
    assert f"install {torch} --index-url" in commands
    assert f"{torch}+cpu" in (CHECKOUT / ".binder" / "requirements.txt").read_text().split()
    target = [w for w in commands.split() if w.startswith(".venv/installed")]
    assert target and "STAMP := .venv/installed" in (CHECKOUT / "Makefile").read_text()


def test_version_and_licence_are_the_same_wherever_they_stand():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    cited = yaml.safe_load((CHECKOUT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["license"] == project["license"] == "MIT"
    assert (CHECKOUT / "LICENSE").read_text().startswith("MIT License\n")
    assert str(cited["version"]) == clinlib.__version__
    assert f"## {clinlib.__version__}\n" in (CHECKOUT / "CHANGELOG.md").read_text()


def test_the_citation_holds_what_its_format_asks_for_and_the_four_papers():
    cited = yaml.safe_load((CHECKOUT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= cited.keys()
    assert cited["type"] == "software" and cited["cff-version"] == "1.2.0"
    references = (CHECKOUT / "book" / "references.bib").read_text(encoding="utf-8")
    plain = " ".join(references.replace("{", "").replace("}", "").split())
    assert len(cited["references"]) == 4
    for each in cited["references"]:
        assert each["title"] in plain
        assert {"type", "title", "authors"} <= each.keys()
        where = each.get("doi") or each["url"].rpartition("/")[2]
        assert where in plain
        for author in each["authors"]:
            assert author["family-names"].replace("ö", '\\"o') in plain


def test_nothing_that_the_workflow_needs_is_ignored():
    if not (CHECKOUT / ".git").exists():
        pytest.skip("no checkout")
    for name in (".github/workflows/pages.yml", ".binder/requirements.txt", "results/open"):
        asked = ["git", "check-ignore", "-q", name]
        assert subprocess.run(asked, cwd=CHECKOUT).returncode == 1

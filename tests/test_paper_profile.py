"""The profile of the papers: every plan resolves where the data are, and says what is missing."""

import pytest
import yaml
from gated_corpora import MINIATURES

from clinlib.corpora import registry
from clinlib.errors import BadInput
from clinlib.experiments.key import corpus_fingerprint
from clinlib.experiments.key import key as key_of
from clinlib.experiments.needs import missing
from clinlib.report import claims, notebooks

PROFILE = "paper"


def papers(name):
    """The unpinned corpora that a page of the profile names, tasks as their corpora."""
    found = set()
    for value in notebooks.parameters(name, PROFILE).values():
        for each in value if isinstance(value, list) else [value]:
            corpus = str(each).partition(":")[0]
            if corpus in MINIATURES:
                found.add(corpus)
    return found


def test_the_profile_has_every_notebook():
    path = notebooks.folder() / "profiles" / f"{PROFILE}.yml"
    assert list(yaml.safe_load(path.read_text(encoding="utf-8"))) == notebooks.names()


def test_all_of_the_papers_corpora_are_asked_for_and_here_in_miniature():
    assert set().union(*map(papers, notebooks.names())) == MINIATURES
    unpinned = {name for name, card in registry.cards().items() if card.unpinned}
    assert unpinned == MINIATURES


@pytest.mark.parametrize("name", notebooks.names())
def test_every_plan_resolves_to_configurations_with_keys(miniatures, name):
    configs = notebooks.plan(name, PROFILE)
    keys = [key_of(config) for config in configs]
    assert all(len(each) == 16 for each in keys)
    assert len(set(keys)) == len(set(configs))
    assert bool(configs) == (name not in ("00_corpora", "90_speed"))
    for lacking in map(missing, configs):
        assert not any(f"corpus '{each}'" in lacking for each in MINIATURES)


@pytest.mark.parametrize("name", [n for n in notebooks.names() if papers(n) and n != "00_corpora"])
def test_without_the_data_a_page_names_the_card_and_where_to_get_them(monkeypatch, tmp_path, name):
    monkeypatch.setenv("CLINLIB_DATA", str(tmp_path))
    corpus_fingerprint.cache_clear()
    with pytest.raises(BadInput) as said:
        for config in notebooks.plan(name, PROFILE):
            key_of(config)
    corpus_fingerprint.cache_clear()
    (named,) = (each for each in papers(name) if f"corpus '{each}': there is no" in str(said.value))
    where = registry.card(named).where_to_get
    assert f"Get it from {where}; put it into '{named}'" in str(said.value)


def test_every_claim_that_names_a_page_finds_its_sides_there(miniatures):
    held = claims.held({}, {"profile": PROFILE})
    assert [each.claim.id for each in held if each.claim.pages and not each.comparisons] == []

"""Card pages: every field of a card reaches its page, and every citation has its reference."""

import re

import pytest

from clinlib.corpora.card import Card
from clinlib.corpora.registry import cards, repository
from clinlib.corpora.texts import text_files
from clinlib.report import card_pages
from clinlib.studies.wording import is_synthetic

CITE = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")
KEY = re.compile(r"^@\w+\{([^,\s]+),", re.MULTILINE)

HEADER = {
    "name": "letters",
    "pretty_name": "Letters",
    "language": ["es"],
    "license": "cc0-1.0",
    "licence": "CC0",
    "licence_source": "its README",
    "where_to_get": "https://example.org",
    "gated": False,
    "synthetic": False,
    "folder": "letters",
    "reader": {"format": "brat", "path": "."},
    "document_unit": "letter",
    "splits": {"official": {"train": "train", "dev": ["dev1", "dev2"], "test": "test"}},
    "types": ["Drug"],
}


def page(**changes):
    return card_pages.page(Card(**(HEADER | changes)))


def test_published_splits_name_their_folders():
    text = page()
    assert "The splits are the published ones." in text
    assert "| train | `train` |" in text and "| dev | `dev1`, `dev2` |" in text
    assert "carved" not in text


def test_a_carved_split_says_out_of_what_and_how():
    splits = {"official": {"train": "a", "test": "b"}, "carved": {"dev": 0.15, "seed": 7}}
    text = page(splits=splits)
    assert "no dev split is published" in text
    assert "| dev | carved out of train: 15 % of the training documents (seed 7) |" in text
    assert text.index("| train |") < text.index("| dev |") < text.index("| test |")


def test_a_shared_split_names_its_file_and_the_parts():
    text = page(splits={"shared": "both.yml", "parts": ["train", "dev"]})
    assert "One split for all corpora that annotate these documents" in text
    assert "`data_cards/both.yml`" in text and "Read from `train`, `dev`." in text


def test_a_grouped_split_says_shares_seed_ties_and_parts():
    splits = {"grouped": {"train": 0.8, "test": 0.2}, "seed": 13}
    plain = page(splits=splits)
    assert "train 0.8, test 0.2 (seed 13)" in plain
    assert "long passages" not in plain and "Read from" not in plain
    text = page(splits=splits | {"tied": True, "parts": ["a.json"]})
    assert "Documents that share long passages are one group." in text
    assert "Read from `a.json`." in text


def test_a_task_with_splits_of_its_own_says_so():
    official = {"official": {"train": "a", "test": "b"}}
    task = {"types": ["Drug"], "splits": official}
    text = page(splits={"shared": "both.yml", "parts": ["a"]}, tasks={"official": task})
    before, after = text.split("## Task `letters:official`")
    assert "published ones" in after and "published ones" not in before
    assert "One split" in before


def test_headings_of_sections_are_listed():
    text = page(sections={"lines": ["Evolución"], "labels": ["Nombre", "NHC"]})
    assert "| fills a line | Evolución |" in text
    assert "| before a colon | Nombre, NHC |" in text
    assert "Headings" not in page()


def test_options_of_the_reader_are_shown_where_they_differ():
    assert "options of the reader" not in page()
    reader = {"format": "brat", "path": ".", "shift": 2, "group": r"^(\d|x)"}
    assert r"`shift: 2`, `group: ^(\d\|x)`" in page(reader=reader)


@pytest.mark.parametrize("name", ["presidio_synth", "synthetic_en_letters"])
def test_synthetic_text_is_bannered_whether_generated_or_read(name):
    text = card_pages.page(cards()[name])
    assert ":::{admonition} Synthetic corpus" in text
    assert is_synthetic(name)


def test_open_corpora_have_no_banner():
    made = {name for name, card in cards().items() if "{admonition}" in card_pages.page(card)}
    assert made == {name for name, card in cards().items() if card.synthetic or card.gated}


def test_every_page_closes_what_it_opens():
    for name, card in cards().items():
        lines = card_pages.page(card).split("\n")
        opened = sum(line.startswith(":::{") for line in lines)
        assert opened == lines.count(":::"), name


def test_all_files_of_text_are_listed_with_their_licences():
    text = card_pages.texts(text_files().values())
    for name, file in text_files().items():
        assert f"| `{name}` | {file.language} | {file.what} | {file.licence} |" in text
        assert f"| `{name}` | `{file.sha256}` |" in text
    assert card_pages.texts([]) == "There is no unlabelled text yet.\n"
    staged = card_pages.pages(repository() / "data_cards")
    assert staged["generated/texts.md"] == text
    assert "../generated/texts.md" in (repository() / "book" / "data_cards.md").read_text()


def references():
    return KEY.findall((repository() / "book" / "references.bib").read_text(encoding="utf-8"))


def test_no_reference_has_two_entries():
    assert len(set(references())) == len(references())


def test_every_citation_of_a_card_has_its_reference():
    known = set(references())
    for name, card in cards().items():
        assert card.citation is None or card.citation in known, name


@pytest.mark.parametrize("pattern", ["data_cards/*.md", "book/*.md", "notebooks/*.ipynb"])
def test_everything_cited_in_a_text_has_its_reference(pattern):
    cited = {}
    for path in repository().glob(pattern):
        for keys in CITE.findall(path.read_text(encoding="utf-8")):
            cited |= {key.strip(): path.name for key in keys.split(",")}
    missing = {key: where for key, where in cited.items() if key not in references()}
    assert not missing
    assert cited or pattern == "book/*.md"

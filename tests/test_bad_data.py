"""Faults in a corpus reach the user of the command line with file, line and both texts."""

import pytest
import yaml

from clinlib.corpora import registry
from clinlib.corpora.check import describe

CARD = {
    "name": "toy",
    "pretty_name": "Toy",
    "language": ["en"],
    "license": "mit",
    "licence": "MIT",
    "licence_source": "made here",
    "where_to_get": "https://example.org/toy",
    "gated": False,
    "synthetic": False,
    "folder": "toy",
    "reader": {"format": "brat", "path": "."},
    "document_unit": "letter",
    "splits": {"grouped": {"train": 1.0}, "seed": 0},
    "types": ["Dose"],
}


@pytest.fixture
def standoff(tmp_path, monkeypatch):
    """A corpus of one letter and its card; returns the .ann file."""
    folder = tmp_path / "data" / "toy"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("Given 8 mg.\nNo fever.\n")
    (folder / "a.ann").write_text("T1\tDose 6 10\t8 mg\n")
    monkeypatch.setenv("CLINLIB_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(registry, "repository", lambda: tmp_path)
    (tmp_path / "data_cards").mkdir()
    card = tmp_path / "data_cards" / "toy.md"
    card.write_text(f"---\n{yaml.safe_dump(CARD)}---\n")
    header = CARD | {name: value for name, value in describe("toy").items() if name != "files"}
    card.write_text(f"---\n{yaml.safe_dump(header)}---\n")
    return folder / "a.ann"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("T2\tDose 6 99\t8 mg", "{}:2: T2 ends at 99, the text has 22 characters"),
        ("T2\tDose 6 10\t9 mg", "{}:2: T2 quotes '9 mg', the text at its offsets is '8 mg'"),
        ("T2 Dose 6 10 8 mg", "{}:2: malformed line, expected ID<tab>TYPE START END"),
        ("T2\tDoes 0 5\tGiven", "document a, [0, 5): unknown type 'Does'; did you mean 'Dose'?"),
        ("T2\tDose 0 5\tGiven", "toy: count of train spans: 2, the card says 1"),
    ],
)
def test_data_that_are_not_their_cards_are_named_with_file_and_line(standoff, clinlib, line, said):
    assert clinlib("corpora", "check", "toy")[:2] == (0, "toy: as its card says\n")
    standoff.write_text(f"{standoff.read_text()}{line}\n")
    code, out, errors = clinlib("corpora", "check", "toy")
    assert (code, errors) == (1, "")
    assert out.startswith("toy: not as its card says\n")
    assert f"\n  {said.format(standoff)}" in out

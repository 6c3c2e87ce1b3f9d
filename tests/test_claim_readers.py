"""Readers of claims: each of them is held to records with a known answer."""

from pathlib import Path

from clinlib.studies.claims.reading import READERS


def test_every_reader_is_held_to_made_up_records():
    files = Path(__file__).parent.glob("test_claim_readers_*.py")
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    assert [name for name in READERS if f'"{name}"' not in text] == []

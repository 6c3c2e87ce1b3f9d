"""A miniature BRAT folder: short notes with drugs and doses."""

from pathlib import Path

DRUGS = ("aspirin", "ibuprofen", "metformin", "lisinopril", "warfarin", "heparin")
CANARY = "zyxwvcanary"  # stands in every note, and must stand on no page and in no record


def write_note(folder: Path, name: str, drug: str, dose: int) -> None:
    """One note: a .txt and an .ann file."""
    folder.mkdir(parents=True, exist_ok=True)
    text = f"Patient {CANARY} was seen today.\nGiven {drug} {dose} mg daily. No fever.\n"
    lines = []
    for number, (kind, quote) in enumerate((("Drug", drug), ("Dose", f"{dose} mg")), start=1):
        start = text.index(quote)
        lines.append(f"T{number}\t{kind} {start} {start + len(quote)}\t{quote}\n")
    (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    (folder / f"{name}.ann").write_text("".join(lines), encoding="utf-8")


def write_folder(folder: Path, notes: int = 20) -> Path:
    """Notes n00, n01 ... in one folder."""
    for n in range(notes):
        write_note(folder, f"n{n:02}", DRUGS[n % len(DRUGS)], 5 * (n % 4 + 1))
    return folder

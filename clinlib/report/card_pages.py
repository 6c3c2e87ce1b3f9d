"""Data card pages: the prose that people wrote, and the card's header as tables."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from clinlib.corpora.card import SPLITS, AsGenerated, Card, Computed, Grouped
from clinlib.corpora.registry import cards

# event of a ledger -> what it means to a reader
EVENTS = {
    "read": "taken from the source files",
    "dropped": "left out",
    "cut": "shortened",
    "merged": "several became one",
    "flattened": "lost to a longer span that overlaps it",
    "repaired": "corrected",
    "widened": "lengthened",
}


def pages(folder: Path) -> dict[str, str]:
    """The staged pages of a folder of cards: path -> Markdown; one per card, and the overview."""
    found = cards(folder.parent)
    result = {f"data_cards/{name}.md": page(card) for name, card in found.items()}
    result["generated/corpora.md"] = overview(found.values())
    return result


def overview(found: Iterable[Card]) -> str:
    """A table of all corpora, each linked to its card."""
    head = ("corpus", "language", "access", "licence", "types", f"spans ({' / '.join(SPLITS)})")
    rows = []
    for card in found:
        spans = (
            _number(card.counts[split].spans) if split in card.counts else "–" for split in SPLITS
        )
        link = f"[{card.pretty_name}](/data_cards/{card.name}.md)"
        access = "synthetic" if card.synthetic else "gated" if card.gated else "open"
        languages = ", ".join(card.languages)
        types = str(len(card.types))
        rows.append((link, languages, access, card.license, types, " / ".join(spans)))
    return table(head, rows) if rows else "There is no data card yet.\n"


def page(card: Card) -> str:
    """The page of one card, as Markdown for MyST."""
    parts = [f"# {card.pretty_name}\n", *_banners(card), untitled(card.body)]
    parts += ["## Source and licence\n", _identity(card)]
    parts += ["## Splits, types and counts\n", _splits(card), _counts(card), _ledger(card)]
    for name, task in card.tasks.items():
        renamed = [f"{old} as {new}" for old, new in task.rename.items()]
        parts.append(f"## Task `{card.name}:{name}`\n")
        parts.append(f"Types: {', '.join(task.types)}.{' Renamed: ' if renamed else ''}")
        parts.append(f"{', '.join(renamed)}{'.' if renamed else ''}\n")
        parts += [_counts(task), _ledger(task)]
    if card.known_problems:
        parts.append("## Known problems\n")
        parts.append("\n".join(f"- {problem}" for problem in card.known_problems) + "\n")
    return "\n".join(part for part in parts if part)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: int | None = None) -> str:
    """A Markdown table; columns from `right` on are aligned to the right."""
    marks = ["---" if right is None or place < right else "---:" for place in range(len(head))]
    lines = [head, marks, *rows]
    return "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines) + "\n"


def untitled(text: str) -> str:
    """The text without the title that it may begin with: the page has one from the header."""
    return re.sub(r"\A\s*# .*\n*", "", text).strip() + "\n"


def _banners(card: Card) -> list[str]:
    if card.synthetic:
        text = (
            "Its text is made up: results on it show a mechanism and say nothing of clinical text; "
            "they never stand beside published ones."
        )
        return [f":::{{admonition}} Synthetic corpus\n{text}\n:::\n"]
    if card.gated:
        text = (
            "Its text stays with those who signed for it: pages and records hold offsets and types."
        )
        return [f":::{{admonition}} Gated corpus\n:class: warning\n{text}\n:::\n"]
    return []


def _identity(card: Card) -> str:
    rows = [
        ("name", f"`{card.name}`"),
        ("languages", ", ".join(card.languages)),
        ("licence", card.licence),
        ("source of the licence", card.licence_source),
        ("where to get it", card.where_to_get),
        ("home page", f"<{card.homepage}>" if card.homepage else ""),
        ("paper", f"{{cite}}`{card.citation}`" if card.citation else ""),
        ("format", card.reader.format),
        ("generator", f"`{card.generator}`" if card.generator else ""),
        ("unit of a document", card.document_unit),
        ("left out", ", ".join(card.left_out)),
        ("fingerprint", f"`{card.fingerprint}`" if card.fingerprint else ""),
    ]
    text = table(("field", "value"), [row for row in rows if row[1]])
    files = [(f"`{name}`", f"`{each}`") for name, each in card.files.items()]
    if files:
        text += "\n:::{dropdown} Checksums\n" + table(("file or folder", "sha256"), files) + ":::\n"
    return text


def _splits(card: Card) -> str:
    match card.splits:
        case AsGenerated():
            return "The splits are those of the generator.\n"
        case Grouped(grouped=shares, seed=seed):
            text = ", ".join(f"{name} {share:g}" for name, share in shares.items())
            return f"No split is published; documents are drawn in groups: {text} (seed {seed}).\n"
        case _:
            return "The splits are the published ones.\n"


def _counts(part: Computed) -> str:
    if not part.counts:
        return ""
    names = [name for name in SPLITS if name in part.counts]
    counts = [part.counts[name] for name in names]
    rows = [
        (f"**{what}**", *(_number(getattr(count, what)) for count in counts))
        for what in ("documents", "sentences", "spans")
    ]
    for kind in dict.fromkeys(kind for count in counts for kind in count.types):
        rows.append((kind, *(_number(count.types.get(kind, 0)) for count in counts)))
    return table(("", *names), rows, right=1)


def _ledger(part: Computed) -> str:
    if not part.ledger:
        return ""
    rows = []
    for entry, count in part.ledger.items():
        event, _, reason = entry.partition(": ")
        rows.append((event, reason, EVENTS.get(event, ""), _number(count)))
    head = ("event", "what", "meaning", "number")
    return "What was read, and all that happened to it on the way:\n\n" + table(head, rows, right=3)


def _number(count: int) -> str:
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _escaped(text: str) -> str:
    return re.sub(r"[ \t\r\n]+", " ", text).strip().replace("|", r"\|")

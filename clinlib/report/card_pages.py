"""Data card pages: the prose that people wrote, and the card's header as tables."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from clinlib.corpora.card import (
    SPLITS,
    AsGenerated,
    Card,
    Computed,
    Grouped,
    Headings,
    Official,
    Shared,
)
from clinlib.corpora.registry import cards
from clinlib.corpora.texts import TextFile, text_files

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
    """The staged pages of a folder of cards: path -> Markdown; one per card, and two overviews."""
    found = cards(folder.parent)
    listed = (folder / "texts.yml").is_file()
    files = text_files(folder.parent) if listed else {}
    result = {f"data_cards/{name}.md": page(card) for name, card in found.items()}
    result["generated/corpora.md"] = overview(found.values())
    result["generated/texts.md"] = texts(files.values())
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


def texts(files: Iterable[TextFile]) -> str:
    """A table of all files of unlabelled text, with their checksums folded away."""
    files = list(files)
    if not files:
        return "There is no unlabelled text yet.\n"
    head = ("file", "language", "what", "licence")
    rows = [(f"`{each.name}`", each.language, each.what, each.licence) for each in files]
    return table(head, rows) + _checksums("file", {each.name: each.sha256 for each in files})


def page(card: Card) -> str:
    """The page of one card, as Markdown for MyST."""
    parts = [f"# {card.pretty_name}\n", *_banners(card), untitled(card.body)]
    parts += ["## Source and licence\n", _identity(card)]
    parts += ["## Splits, types and counts\n", _splits(card.splits), _sections(card.sections)]
    parts += [_counts(card), _ledger(card), _texts(card)]
    for name, task in card.tasks.items():
        renamed = [f"{old} as {new}" for old, new in task.rename.items()]
        parts.append(f"## Task `{card.name}:{name}`\n")
        parts.append(f"Types: {', '.join(task.types)}.{' Renamed: ' if renamed else ''}")
        parts.append(f"{', '.join(renamed)}{'.' if renamed else ''}\n")
        if task.splits:
            parts.append(_splits(task.splits))
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
            "Its text stays with those who signed for it: records, error messages and pages hold "
            "offsets and types. Weights, vocabularies and labelled text that runs make of it lie "
            "in the local cache, `.cache`: do not pass that folder on."
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
        ("fetched with", f"`clinlib corpora get {card.name}`" if card.downloads else ""),
        ("home page", f"<{card.homepage}>" if card.homepage else ""),
        ("paper", f"{{cite}}`{card.citation}`" if card.citation else ""),
        ("format", card.reader.format),
        ("options of the reader", _options(card)),
        ("generator", f"`{card.generator}`" if card.generator else ""),
        ("unit of a document", card.document_unit),
        ("left out", ", ".join(card.left_out)),
        ("fingerprint", f"`{card.fingerprint}`" if card.fingerprint else ""),
    ]
    if card.unpinned:
        rows.append(("no checksums, fingerprint and counts", card.unpinned))
    text = table(("field", "value"), [row for row in rows if row[1]])
    return text + (_checksums("file or folder", card.files) if card.files else "")


def _options(card: Card) -> str:
    """What the card asks of its reader beyond the format and the defaults."""
    options = card.reader.model_dump(exclude_defaults=True, exclude={"format", "path"})
    return ", ".join(f"`{name}: {value}`" for name, value in options.items())


def _checksums(what: str, codes: Mapping[str, str]) -> str:
    rows = [(f"`{name}`", f"`{code}`") for name, code in codes.items()]
    return "\n:::{dropdown} Checksums\n" + table((what, "sha256"), rows) + ":::\n"


def _splits(splits: Official | Grouped | Shared | AsGenerated) -> str:
    """How a corpus's or a task's splits are made, and from which files or folders."""
    match splits:
        case AsGenerated():
            return "The splits are those of the generator.\n"
        case Grouped(grouped=shares, seed=seed, tied=tied, parts=parts):
            ties = " Documents that share long passages are one group." if tied else ""
            return (
                f"No split is published; documents are drawn in groups: {_shares(shares)} "
                f"(seed {seed}).{ties}{_from(parts)}\n"
            )
        case Shared(shared=file, parts=parts):
            return (
                f"One split for all corpora that annotate these documents, stored in "
                f"`data_cards/{file}`.{_from(parts)}\n"
            )
        case Official(official=official, carved=carved):
            rows = [(split, _listed(official[split])) for split in SPLITS if split in official]
            text = "The splits are the published ones.\n\n"
            if carved:
                drawn = f"{100 * carved.dev:g} % of the training documents (seed {carved.seed})"
                rows.insert(1, ("dev", f"carved out of train: {drawn}"))
                text = "The splits are the published ones; no dev split is published.\n\n"
            return text + table(("split", "files or folders"), rows)


def _shares(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:g}" for name, share in shares.items())


def _from(parts: Sequence[str]) -> str:
    return f" Read from {_listed(parts)}." if any(parts) else ""


def _listed(parts: str | Sequence[str]) -> str:
    return ", ".join(f"`{part}`" for part in ([parts] if isinstance(parts, str) else parts))


def _sections(headings: Headings | None) -> str:
    """The headings that part the documents, folded away: some corpora have dozens."""
    if headings is None:
        return ""
    rows = [
        (what, ", ".join(titles))
        for what, titles in (("fills a line", headings.lines), ("before a colon", headings.labels))
        if titles
    ]
    rows += [(f"a whole document named `…{end}`", title) for end, title in headings.endings.items()]
    return ":::{dropdown} Headings of sections\n" + table(("where", "headings"), rows) + ":::\n"


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
    return table(("counted", *names), rows, right=1)


def _ledger(part: Computed) -> str:
    if not part.ledger:
        return ""
    rows = []
    for entry, count in part.ledger.items():
        event, _, reason = entry.partition(": ")
        rows.append((event, reason, EVENTS.get(event, ""), _number(count)))
    head = ("event", "what", "meaning", "number")
    return "What was read, and all that happened to it on the way:\n\n" + table(head, rows, right=3)


def _texts(card: Card) -> str:
    """The unlabelled texts that the generator makes beside the corpus."""
    if not card.texts:
        return ""
    rows = [
        (f"`{form}:{card.name}`", _number(text.number), f"`{text.maker}`", f"`{text.fingerprint}`")
        for form, text in card.texts.items()
    ]
    head = ("unlabelled text", "documents", "made by", "fingerprint")
    return "To pretrain on, or to label:\n\n" + table(head, rows)


def _number(count: int) -> str:
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _escaped(text: str) -> str:
    return re.sub(r"[ \t\r\n]+", " ", text).strip().replace("|", r"\|")

"""Check: whether a corpus's data are those of its card, and the rows of `clinlib corpora list`."""

import hashlib
from pathlib import Path
from typing import Any

from clinlib.corpora.card import Card, Computed
from clinlib.corpora.checksums import read_codes, strangers
from clinlib.corpora.corpus import Corpus
from clinlib.corpora.counts import count_corpus
from clinlib.corpora.made_texts import make, texts_hash
from clinlib.corpora.registry import build, card, cards, data_folder, repository
from clinlib.errors import ClinlibError


def check(name: str, root: Path | None = None) -> list[str]:
    """What is wrong with the data of a corpus and of its tasks, one sentence each; [] if nothing.

    Compares checksums, fingerprints, counts per split and type, and ledgers with the card's; of an
    unpinned card, which holds none, only whether the data read. Data that are missing or do not
    read are a problem too. Raises BadInput for an unknown name.
    """
    found = card(name, root)
    corpus = found.name
    try:
        data = describe(corpus, root)
    except ClinlibError as error:
        return [str(error), *_changed_files(found, root)]
    if found.unpinned:
        return []
    problems = _differences(f"{corpus}: sha256 of", found.files, data["files"])
    if problems:
        problems += _changed_files(found, root)
    parts: list[tuple[str, Computed, dict]] = [(corpus, found, data)]
    parts += [(f"{corpus}:{t}", found.tasks[t], data["tasks"][t]) for t in found.tasks]
    for part, expected, computed in parts:
        if expected.fingerprint != computed["fingerprint"]:
            problems.append(
                f"{part}: fingerprint {computed['fingerprint']}, the card says "
                f"{expected.fingerprint or 'nothing'}"
            )
        counts = {split: count.model_dump() for split, count in expected.counts.items()}
        problems += _differences(f"{part}: count of", _flat(counts), _flat(computed["counts"]))
        problems += _differences(f"{part}: ledger,", expected.ledger, computed["ledger"])
    named = {f"{form}:{corpus}": text.fingerprint for form, text in found.texts.items()}
    made = {f"{form}:{corpus}": text["fingerprint"] for form, text in data["texts"].items()}
    problems += _differences("fingerprint of", named, made)
    return problems


def own_lines(name: str) -> list[str]:
    """What was read of a folder of the user's own, which has no card to differ from.

    A line with its sizes, then one for each split, and one for each entry of its ledger. Raises
    BadInput where it does not read.
    """
    found = card(name)
    lines = [f"{name}: {len(found.types)} types, fingerprint {found.fingerprint}"]
    for split, count in found.counts.items():
        types = ", ".join(f"{kind} {number}" for kind, number in count.types.items())
        lines.append(
            f"  {split}: {count.documents} documents, {count.sentences} sentences, "
            f"{count.spans} spans ({types})"
        )
    return lines + [f"  {entry}: {number}" for entry, number in found.ledger.items()]


def describe(name: str, root: Path | None = None) -> dict[str, Any]:
    """The computed values of a card's header: files, fingerprint, counts, ledger, tasks, texts."""
    found = card(name, root)
    folder = None if found.generated else data_folder(name, root)
    described: dict[str, Any] = {"files": _checksums(found, folder) if folder else {}}
    described |= _computed(build(found.name, root, folder))
    described["tasks"] = {
        task: _computed(build(f"{found.name}:{task}", root, folder)) for task in found.tasks
    }
    described["texts"] = {
        form: text.model_dump() | {"fingerprint": texts_hash(make(text, f"{form}:{found.name}"))}
        for form, text in found.texts.items()
    }
    return described


def list_rows(root: Path | None = None) -> list[dict[str, str]]:
    """A row per corpus: name, language, licence, split sizes, types, tasks, and where its data are.

    A card that does not read gives a row that says so, so that it hides no other.
    """
    rows = []
    for name, found in cards(root).items():
        sizes = [f"{split} {c.sentences}/{c.spans}" for split, c in found.counts.items()]
        rows.append(
            {
                "corpus": name,
                "language": ", ".join(found.languages),
                "licence": found.licence,
                "sentences/spans": ", ".join(sizes),
                "types": str(len(found.types)),
                "tasks": ", ".join(found.tasks),
                "data": _whereabouts(found, root),
            }
        )
    return rows


def checksum(path: Path) -> str:
    """sha256 of a file; of a folder, that of its listing.

    The listing has a line "<sha256>  <path>" per file below the folder, paths relative, sorted by
    code point: what `LC_ALL=C; find . -type f | cut -c3- | sort | xargs sha256sum | sha256sum`
    prints inside the folder.
    """
    if not path.is_dir():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    names = sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())
    listing = "".join(f"{checksum(path / name)}  {name}\n" for name in names)
    return hashlib.sha256(listing.encode()).hexdigest()


def _changed_files(card: Card, root: Path | None) -> list[str]:
    """The files that differ from the codes stored for a corpus; [] where none are stored."""
    known = read_codes((root or repository()) / "data_cards" / "checksums" / f"{card.name}.txt")
    if not known:
        return []
    try:
        folder = data_folder(card.name, root)
    except ClinlibError:
        return []
    return strangers(folder, list(card.files), known)


def _checksums(card: Card, folder: Path) -> dict[str, str]:
    """Checksums of the card's files; "missing" for one that is not there."""
    return {
        name: checksum(folder / name) if (folder / name).exists() else "missing"
        for name in card.files
    }


def _computed(corpus: Corpus) -> dict[str, Any]:
    return count_corpus(corpus.splits, corpus.types, corpus.ledger).model_dump()


def _flat(counts: dict[str, Any]) -> dict[str, int]:
    """{"train": {"types": {"Drug": 1}}} as {"train types Drug": 1}."""
    flat = {}
    for key, value in counts.items():
        inner = _flat(value) if isinstance(value, dict) else None
        flat |= {f"{key} {k}": v for k, v in inner.items()} if inner is not None else {key: value}
    return flat


def _differences(what: str, expected: dict, found: dict) -> list[str]:
    return [
        f"{what} {key}: {found.get(key, 'nothing')}, the card says {expected.get(key, 'nothing')}"
        for key in sorted({*expected, *found})
        if expected.get(key) != found.get(key)
    ]


def _whereabouts(card: Card, root: Path | None) -> str:
    if card.generated:
        return "generated"
    try:
        return str(data_folder(card.name, root))
    except ClinlibError:
        return "missing"

"""Splits: dividing documents into named parts without parting a group."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from clinlib.corpora.document import Document
from clinlib.errors import BadInput


def shuffled(names: Iterable[str], seed: int) -> list[str]:
    """The names in an order drawn by the seed, whatever order they came in.

    Sorted by a hash of seed and name, so that no release of a library can change the order.
    """
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())


def grouped_split(
    documents: Sequence[Document], shares: Mapping[str, float], seed: int
) -> dict[str, tuple[Document, ...]]:
    """Documents by split, sized by `shares` of the documents; those of one group stay together.

    A document without a group is its own. Larger groups are placed first, in an order drawn by
    the seed, each where most documents are still wanted. The result hangs on ids, groups, shares
    and seed alone, not on the order of the input; each part is sorted by id.

    Raises BadInput for shares outside [0, 1] or not summing to 1, for a repeated id, and where a
    part with a share would stay empty.
    """
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise BadInput(f"share of split '{name}' is {share}; it must lie in [0, 1]")
    if abs(sum(shares.values()) - 1) > 1e-9:
        raise BadInput(f"shares of the splits sum to {sum(shares.values())}, not 1: {dict(shares)}")
    groups: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        groups[group_of(document)].append(document)
    check_disjoint({"documents": documents})

    wanted = {name: share * len(documents) for name, share in shares.items() if share > 0}
    parts: dict[str, list[Document]] = {name: [] for name in shares}
    for group in sorted(shuffled(groups, seed), key=lambda name: -len(groups[name])):
        name = max(wanted, key=lambda name: wanted[name] - len(parts[name]))
        parts[name].extend(groups[group])
    for name in wanted:
        if not parts[name]:
            raise BadInput(
                f"split '{name}' (share {shares[name]}) would be empty: "
                f"{len(documents)} documents in {len(groups)} groups"
            )
    return {name: tuple(sorted(part, key=lambda d: d.id)) for name, part in parts.items()}


def check_disjoint(splits: Mapping[str, Iterable[Document]]) -> None:
    """Raises BadInput naming a document id that occurs twice or a group that two splits share."""
    split_of_id: dict[str, str] = {}
    split_of_group: dict[str, str] = {}
    for name, documents in splits.items():
        for document in documents:
            if document.id in split_of_id:
                raise BadInput(
                    f"document id '{document.id}' occurs twice: "
                    f"in split '{split_of_id[document.id]}' and in split '{name}'"
                )
            split_of_id[document.id] = name
            group = group_of(document)
            if split_of_group.setdefault(group, name) != name:
                raise BadInput(
                    f"group '{group}' (document '{document.id}') lies in split "
                    f"'{split_of_group[group]}' and in split '{name}'"
                )


def group_of(document: Document) -> str:
    return document.group or document.id


def carve(
    splits: Mapping[str, Sequence[Document]], share: float, seed: int
) -> dict[str, tuple[Document, ...]]:
    """The splits with a dev split drawn from the training documents, of which it gets `share`.

    Raises BadInput where there is a dev split already, or none for training, and for a share
    outside [0, 1].
    """
    if "dev" in splits or "train" not in splits:
        raise BadInput(f"a dev split is carved out of train alone, not out of {list(splits)}")
    parts = grouped_split(splits["train"], {"train": 1 - share, "dev": share}, seed)
    others = {name: tuple(part) for name, part in splits.items() if name != "train"}
    return parts | others

"""Collection: one split of documents that several corpora annotate under different tasks.

A document of the collection has one key in all its corpora. The split is drawn once, from the
texts of them all, and stored, so that a corpus loads without the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from clinlib.corpora.card import SPLITS, SplitName
from clinlib.corpora.document import Document
from clinlib.corpora.shingles import shingles, tied
from clinlib.corpora.splits import grouped_split
from clinlib.errors import BadInput, unknown

Splits = dict[str, tuple[Document, ...]]


class Collection(BaseModel):
    """A stored split: `splits` by key, and the groups of keys that must not part.

    A document's key is its id without `prefix`. A group is named by its first key; a key in none
    is a group of its own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    what: str
    prefix: str
    seed: int
    shares: dict[SplitName, float]
    groups: tuple[tuple[str, ...], ...]
    splits: dict[SplitName, tuple[str, ...]]

    def key(self, document_id: str) -> str:
        """The key of a corpus's document."""
        return document_id.removeprefix(self.prefix)


def read_collection(path: Path) -> Collection:
    """The collection in a YAML file.

    Raises BadInput naming the file: missing, not such a collection, a key in two splits, or keys
    of one group in two.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    try:
        found = Collection.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise BadInput(f"{path}: not a collection: {error}") from error
    split_of: dict[str, str] = {}
    for split, keys in found.splits.items():
        for key in keys:
            if key in split_of:
                raise BadInput(f"{path}: '{key}' lies in split '{split_of[key]}' and in '{split}'")
            split_of[key] = split
    for group in found.groups:
        if len({split_of.get(key) for key in group}) != 1:
            places = ", ".join(f"'{key}' in {split_of.get(key, 'none')}" for key in group)
            raise BadInput(f"{path}: one group lies in several splits: {places}")
    return found


def divide(collection: Collection, documents: Iterable[Document]) -> Splits:
    """A corpus's documents by split, each with its group in the collection, sorted by id.

    Raises BadInput for a document that is not of the collection.
    """
    group_of = {key: group[0] for group in collection.groups for key in group}
    split_of = {key: split for split, keys in collection.splits.items() for key in keys}
    parts: dict[str, list[Document]] = {split: [] for split in SPLITS if split in collection.splits}
    for document in sorted(documents, key=lambda document: document.id):
        key = collection.key(document.id)
        if key not in split_of:
            raise unknown("document of the collection", key, split_of)
        parts[split_of[key]].append(replace(document, group=group_of.get(key, key)))
    return {split: tuple(part) for split, part in parts.items()}


def draw(
    corpora: Mapping[str, Mapping[str, str]],
    *,
    what: str,
    prefix: str,
    seed: int,
    shares: Mapping[SplitName, float],
) -> Collection:
    """The collection of some corpora, given as texts by document id, and a split of its keys.

    Keys are of one group if texts of theirs, in whichever corpora, are tied by shared passages
    (clinlib.corpora.shingles.tied), or if their ids name two cases of one article, which differ
    behind the last hyphen alone. Groups are divided by clinlib.corpora.splits.grouped_split.
    """
    keys = [i.removeprefix(prefix) for texts in corpora.values() for i in texts]
    found = shingles(text for texts in corpora.values() for text in texts.values())
    joints = [(keys[a], keys[b]) for a, b in tied(found, found)]
    joints += [(a, b) for a, b in pairwise(sorted(set(keys))) if _article(a) == _article(b)]
    groups = _joined(sorted(set(keys)), joints)
    name = {key: group[0] for group in groups for key in group}
    documents = [Document(key, "", group=name[key]) for key in sorted(name)]
    parts = grouped_split(documents, shares, seed)
    return Collection(
        what=what,
        prefix=prefix,
        seed=seed,
        shares=dict(shares),
        groups=tuple(group for group in groups if len(group) > 1),
        splits={split: tuple(document.id for document in part) for split, part in parts.items()},
    )


def tie(documents: Sequence[Document]) -> list[Document]:
    """The documents, with groups made one whose texts are tied by shared passages.

    See clinlib.corpora.shingles.tied. Such a group has the name of its first; others stay.
    """
    found = shingles(document.text for document in documents)
    names = [document.group or document.id for document in documents]
    joints = [(names[a], names[b]) for a, b in tied(found, found)]
    groups = [group for group in _joined(sorted(set(names)), joints) if len(group) > 1]
    first = {name: group[0] for group in groups for name in group}
    return [
        replace(document, group=first.get(name, document.group))
        for document, name in zip(documents, names, strict=True)
    ]


def written(collection: Collection) -> str:
    """The collection as YAML, as it is stored."""
    return yaml.safe_dump(
        collection.model_dump(mode="json"),
        sort_keys=False,
        default_flow_style=None,
        width=100,
        allow_unicode=True,
    )


def _article(key: str) -> str:
    return key.rpartition("-")[0]


def _joined(keys: list[str], joints: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """The keys in groups that the joints hold together, sorted throughout."""
    parent = {key: key for key in keys}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = key = parent[parent[key]]
        return key

    for a, b in joints:
        first, second = sorted((root(a), root(b)))
        parent[second] = first
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault(root(key), []).append(key)
    return [tuple(group) for group in groups.values()]

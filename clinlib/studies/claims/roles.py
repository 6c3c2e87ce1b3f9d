"""Roles: what an encoder is to a paper, so that a claim finds its side on pages with others."""

from collections.abc import Collection

ROLES: dict[str, tuple[str, ...]] = {
    "general": ("general:multi", "hub:FacebookAI/xlm-roberta-large"),
    "general en": ("general:en", "hub:google-bert/bert-base-cased"),
    "general es": ("general:es", "hub:dccuchile/bert-base-spanish-wwm-cased"),
    "adapted en": ("adapted:multi-en", "hub:llange/xlm-roberta-large-english-clinical"),
    "adapted es": ("adapted:multi-es", "hub:llange/xlm-roberta-large-spanish-clinical"),
}
"""What an encoder is to the paper -> the study's own, and the paper's, which a page may have."""


def playing(role: str, on_page: Collection[str]) -> str | None:
    """The encoder of a page that has a role of the paper's, None where the page has none."""
    return next((name for name in ROLES[role] if name in on_page), None)

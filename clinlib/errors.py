"""Errors that name what is wrong, where, and the nearest valid choice."""

from collections.abc import Iterable
from difflib import get_close_matches


class ClinlibError(Exception):
    """Any failure that the user can act on; its message is shown without a traceback."""


class BadInput(ClinlibError, ValueError):
    """Data, a name or a parameter that the study cannot accept."""


class MissingExtra(ClinlibError, ImportError):
    """An optional package is not installed; the message holds the command that installs it."""


def unknown(what: str, name: object, valid: Iterable[str]) -> BadInput:
    """The error for a name that is not one of `valid`, with the nearest one first.

    >>> str(unknown("encoder", "minilmm", ["minilm", "scratch-tiny"]))
    "unknown encoder 'minilmm'; did you mean 'minilm'? Valid: minilm, scratch-tiny"
    """
    choices = sorted(valid)
    near = get_close_matches(str(name), choices, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else "."
    return BadInput(f"unknown {what} '{name}'{hint} Valid: {', '.join(choices) or 'none'}")

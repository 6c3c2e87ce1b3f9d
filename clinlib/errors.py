"""Errors that name what is wrong, where, and the nearest valid choice.

Messages may quote a corpus where that helps; within `text_withheld` they give lengths instead.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches

_withheld: ContextVar[bool] = ContextVar("text_withheld", default=False)


class ClinlibError(Exception):
    """Any failure that the user can act on; its message is shown without a traceback."""


class BadInput(ClinlibError, ValueError):
    """Data, a name or a parameter that the study cannot accept."""


class MissingExtra(ClinlibError, ImportError):
    """An optional package is not installed; the message holds the command that installs it."""


@contextmanager
def text_withheld(gated: bool = True) -> Iterator[None]:
    """Within it, where `gated`, `quoted` and `unknown(..., read=True)` leave data's text out."""
    before = _withheld.set(gated or _withheld.get())
    try:
        yield
    finally:
        _withheld.reset(before)


def quoted(text: object) -> str:
    """What a message says of a piece of data: the piece, or its length where text is withheld.

    Every message that would hold something read from a corpus takes it through here.

    >>> quoted("8 mg")
    "'8 mg'"
    >>> with text_withheld():
    ...     quoted("8 mg")
    '(4 characters)'
    """
    return f"({len(str(text))} characters)" if _withheld.get() else repr(text)


def told(error: Exception) -> str:
    """What a message says of another error: its repr, or its type where text is withheld."""
    return type(error).__name__ if _withheld.get() else repr(error)


def unknown(what: str, name: object, valid: Iterable[str], *, read: bool = False) -> BadInput:
    """The error for a name that is not one of `valid`, with the nearest one first.

    `read`: the name was read from data, so that it may be a piece of their text.

    >>> str(unknown("encoder", "minilmm", ["minilm", "scratch-tiny"]))
    "unknown encoder 'minilmm'; did you mean 'minilm'? Valid: minilm, scratch-tiny"
    """
    choices = sorted(valid)
    near = get_close_matches(str(name), choices, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else "."
    said = quoted(str(name)) if read and _withheld.get() else f"'{name}'"
    return BadInput(f"unknown {what} {said}{hint} Valid: {', '.join(choices) or 'none'}")

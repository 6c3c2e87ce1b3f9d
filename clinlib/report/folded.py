"""Folded: tables and figures behind a line that opens them, for what would make a page too long."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, eq=False)
class Folded:
    """Outputs that show themselves as HTML, under a summary that says what they hold."""

    summary: str
    outputs: Sequence[object]
    opened: bool = False

    def __repr__(self) -> str:
        return "\n\n".join([self.summary, *map(repr, self.outputs)])

    def _repr_html_(self) -> str:
        inner = "".join(output._repr_html_() for output in self.outputs)
        state = " open" if self.opened else ""
        return (
            f'<details class="cl-folded"{state}><summary>{escape(self.summary)}</summary>'
            f"{inner}</details>"
        )


def folded(summary: str, *outputs: object, opened: bool = False) -> Folded:
    """Tables and figures that a reader opens; `opened` where there is room for them anyway."""
    return Folded(summary, outputs, opened)

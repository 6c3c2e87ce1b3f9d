"""Claim: one finding of a paper, and the rule by which runs are held against it.

They are declared in declared/PAPER.yml, a row each; its head says which records were there then.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path

import yaml

from clinlib.errors import BadInput, unknown

DECLARED = Path(__file__).with_name("declared")
KINDS = ("greater", "ordering", "within", "share", "arithmetic")
PAPERS = {
    "transformercrf": "TransformerCRF",
    "clinx": "CLIN-X",
    "ibd": "the IBD study",
    "lasl": "LASL",
}
"""The papers by the names that claims use, with what pages call them."""


@dataclass(frozen=True)
class Claim:
    """A row of declared/PAPER.yml; all sizes are in points.

    `kind`: greater (left above right), ordering (neighbours stand in an order), within (left less
    right stays inside the tolerance), share (a statement on many cells), arithmetic (no run).
    `pages`: numbers of the notebooks whose runs decide; `needs`: what none of them may have.
    `margin`: a difference within it is none. `least`: the size that the paper states as a least;
    `by_definition`: the sign is no finding, only that size is. `stated`: figures that runs are
    held against. `tolerance`: of within; `one_sided`: only more than it fails. `ties`: being level
    holds. `by_p`: a test decides, not an interval; `two_sided`: under either sign. `min_share`:
    the share of comparisons that must hold; `exists`: some are enough. `doubt`: where the paper is
    at odds with itself.

    Raises BadInput for a kind, a paper or a size that makes no sense.
    """

    id: str
    paper: str
    kind: str
    statement: str
    left: str
    right: str
    metric: str
    published: str
    pages: tuple[int, ...]
    margin: float = 0.5
    least: float | None = None
    by_definition: bool = False
    stated: tuple[float, ...] = ()
    tolerance: float | None = None
    one_sided: bool = False
    by_p: bool = False
    two_sided: bool = False
    ties: bool = False
    min_share: float = 1.0
    exists: bool = False
    needs: str = ""
    note: str = ""
    doubt: str = ""

    def __post_init__(self):
        for name, valid in (("kind", KINDS), ("paper", PAPERS)):
            if getattr(self, name) not in valid:
                raise unknown(f"{name} of claim {self.id}", getattr(self, name), valid)
        if (self.tolerance is not None) != (self.kind in ("within", "arithmetic")):
            raise BadInput(
                f"claim {self.id}: kinds within and arithmetic, they alone, have a tolerance"
            )
        if self.margin < 0 or not 0 < self.min_share <= 1:
            raise BadInput(
                f"claim {self.id}: margin {self.margin:g} below 0, or min_share "
                f"{self.min_share:g} outside (0, 1]"
            )
        if not self.pages and not self.needs:
            raise BadInput(f"claim {self.id} names neither a page nor what it needs")

    @property
    def printed(self) -> str:
        """The published figures, and where the paper is at odds with itself."""
        doubt = f"The paper is at odds with itself: {self.doubt}" if self.doubt else ""
        return " – ".join(part for part in (self.published, doubt) if part)


@cache
def claims(folder: Path = DECLARED) -> tuple[Claim, ...]:
    """All claims, paper by paper; raises BadInput for a row that does not read."""
    found = []
    for paper in PAPERS:
        text = (folder / f"{paper}.yml").read_text(encoding="utf-8")
        found += [_claim({"paper": paper, **row}) for row in yaml.safe_load(text)]
    names = [claim.id for claim in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise BadInput(f"claim {twice[0]} stands twice")
    return tuple(found)


def _claim(row: Mapping[str, object]) -> Claim:
    named = f"claim {row.get('id', '?')}"
    known = {field.name: field for field in fields(Claim)}
    for name in row:
        if name not in known:
            raise unknown(f"field of {named}", name, known)
    for name, field in known.items():
        if name not in row and field.default is MISSING:
            raise BadInput(f"{named} lacks the field '{name}'")
    lists = {name: tuple(row[name]) for name in ("pages", "stated") if name in row}
    return Claim(**{**row, **lists})

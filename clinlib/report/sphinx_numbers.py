"""Sphinx extension: {number}`NOTEBOOK/NAME` writes a number that a study made from its records.

Numbers lie in the folder numbers/ of the staged book, one JSON file per notebook; a page that
quotes one depends on that file, and is written again when it changes.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from clinlib.errors import BadInput, unknown

logger = logging.getLogger(__name__)

FOLDER = "numbers"


def lookup(folder: Path, target: str) -> tuple[str, Path]:
    """The text of the number `NOTEBOOK/NAME`, and the file that holds it.

    Raises BadInput for an unknown notebook or name, with the nearest valid one.
    """
    notebook, slash, name = target.partition("/")
    if not slash:
        raise BadInput(f"number '{target}' should be written NOTEBOOK/NAME")
    path = folder / f"{notebook}.json"
    if not path.is_file():
        raise unknown("notebook with numbers", notebook, (each.stem for each in folder.glob("*")))
    numbers = json.loads(path.read_text(encoding="utf-8"))
    if name not in numbers:
        raise unknown(f"number of {notebook}", name, numbers)
    return numbers[name], path


class NumberRole(SphinxRole):
    """Writes the number, linked to the notebook that it comes from."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """The linked number, or the target in bold with a warning where there is none."""
        folder = Path(self.env.srcdir) / FOLDER
        try:
            text, path = lookup(folder, self.text)
        except BadInput as error:
            logger.warning(str(error), location=self.get_location(), type="number")
            return [nodes.strong(self.text, self.text)], []
        self.env.note_dependency(str(path))
        notebook = self.text.partition("/")[0]
        link = addnodes.pending_xref(
            "",
            nodes.inline(text, text, classes=["cl-quoted"]),
            refdomain="std",
            reftype="doc",
            reftarget=f"/notebooks/{notebook}",
            refexplicit=True,
            refwarn=True,
        )
        link["refdoc"] = self.env.docname
        return [link], []


def setup(app) -> dict:
    """Register the role with Sphinx."""
    app.add_role("number", NumberRole())
    return {"parallel_read_safe": True, "parallel_write_safe": True}

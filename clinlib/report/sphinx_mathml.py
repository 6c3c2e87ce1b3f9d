"""Sphinx extension: formulas become MathML when the book is built, so pages need no script.

Enable with `html_math_renderer: mathml`. A formula that cannot be converted is a warning.
"""

import re
from xml.etree import ElementTree

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
ROWS = {"math", "mrow", "mtd", "mstyle"}
# first code points of the alphabets that browsers no longer make from mathvariant
BOLD = {"A": 0x1D400, "a": 0x1D41A, "0": 0x1D7CE}
VARIANTS = {"bold": BOLD, "bold-italic": {"A": 0x1D468, "a": 0x1D482, "0": BOLD["0"]}}
NUMBERED = re.compile(r"\\(?:begin|end)\{(?:equation|gather|multline)\*?\}")
OPERATOR = re.compile(r"\\operatorname\*?\{([^{}]*)\}")

ElementTree.register_namespace("", NAMESPACE)


def mathml(latex: str, *, display: bool = False) -> str:
    """The formula as MathML that browsers draw themselves, the LaTeX kept as its alternative text.

    Raises ValueError, naming the formula, where it is malformed or uses an unknown command.
    """
    source = NUMBERED.sub("", latex).strip()
    source = OPERATOR.sub(_operator, source)
    if display and r"\\" in source and r"\begin{" not in source:
        source = rf"\begin{{align*}}{source}\end{{align*}}"
    try:
        tree = ElementTree.fromstring(convert(source, display="block" if display else "inline"))
    except Exception as error:  # the converter raises its own, IndexError, StopIteration ...
        raise ValueError(f"formula {latex!r}: {type(error).__name__} {error}".strip()) from error
    for element in tree.iter():
        if element.text and "\\" in element.text and element.tag != _tag("mtext"):
            raise ValueError(f"formula {latex!r}: unknown command {element.text.strip()}")
        _embolden(element)
        if element.tag.removeprefix(f"{{{NAMESPACE}}}") in ROWS:
            _space_functions(element)
    tree.set("alttext", " ".join(latex.split()))
    return ElementTree.tostring(tree, encoding="unicode")


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _operator(match: re.Match) -> str:
    """Without the star, which only moves limits, and without spaces, which would split the name."""
    name = re.sub(r"\\[,;:! ]", "", match[1])
    return rf"\operatorname{{{name}}}"


def _embolden(element: ElementTree.Element) -> None:
    alphabet = VARIANTS.get(element.get("mathvariant", ""))
    if alphabet is None or not element.text:
        return
    element.text = "".join(_letter(char, alphabet) for char in element.text)
    del element.attrib["mathvariant"]


def _letter(char: str, alphabet: dict[str, int]) -> str:
    for first, last in (("A", "Z"), ("a", "z"), ("0", "9")):
        if first <= char <= last:
            return chr(alphabet[first] + ord(char) - ord(first))
    return char


def _space_functions(row: ElementTree.Element) -> None:
    """A thin space between a function's name and an argument without parentheses: log p."""
    children = list(row)
    for place in range(len(children) - 2, -1, -1):
        here, following = children[place], children[place + 1]
        is_function = here.tag == _tag("mi") and len(here.text or "") > 1 and here.text.isalpha()
        if is_function and following.tag != _tag("mo"):
            row.insert(place + 1, ElementTree.Element(_tag("mspace"), {"width": "0.167em"}))


def _converted(node: nodes.Element, *, display: bool) -> str | None:
    try:
        return mathml(node.astext(), display=display)
    except ValueError as error:
        logger.warning(str(error), location=node, type="mathml")
        return None


def visit_inline(self, node: nodes.math) -> None:
    """Write an inline formula; one that cannot be converted is shown as LaTeX."""
    formula = _converted(node, display=False)
    if formula is None:
        formula = f"<code>{self.encode(node.astext())}</code>"
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(f"{formula}</span>")
    raise nodes.SkipNode


def visit_block(self, node: nodes.math_block) -> None:
    """Write a displayed formula with its number and permanent link, if it has a label."""
    formula = _converted(node, display=True)
    if formula is None:
        formula = f"<pre>{self.encode(node.astext())}</pre>"
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node.get("number"):
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(f"{formula}</div>\n")
    raise nodes.SkipNode


def setup(app) -> dict:
    """Register the renderer with Sphinx."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

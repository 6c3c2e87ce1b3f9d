"""The commands on a page make it again, and its parameters are explained, with their units."""

import re
import shlex

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from papermill import cli as papermill_cli

from clinlib import cli
from clinlib.report import commands, notebooks, provenance, units
from clinlib.report.parameters import declared, typed
from clinlib.report.paths import LIBRARY

SHIPPED = sorted(path.stem for path in (LIBRARY.parent / "notebooks").glob("*.ipynb"))
CELL = """profile: str = "quick"  # where records lie
seeds: int = 2  # runs per arm
learning_rate: float = 0.001  # of the encoder
crf: bool = True  # or softmax
sizes: list[int] = [60]  # first sentences
names: list[str] = ["a"]  # corpora
word: str = "w"  # any
"""
TEXTS = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=12)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.fixed_dictionaries(
    {
        "seeds": st.integers(-99, 99),
        "learning_rate": FLOATS,
        "crf": st.booleans(),
        "sizes": st.lists(st.integers(0, 999), max_size=3),
        "names": st.lists(
            TEXTS | st.sampled_from(["5", "no", "a:b", "x, y", "[", "'"]), max_size=3
        ),
        "word": TEXTS | st.sampled_from(["5", "true", "null", "-p", "a=b"]),
    }
)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """A checkout with the notebook 10_a, whose profile gives three seeds."""
    root = tmp_path_factory.mktemp("checkout")
    (root / "notebooks" / "profiles").mkdir(parents=True)
    (root / "notebooks" / "profiles" / "quick.yml").write_text("10_a: {seeds: 3}")
    cell = nbformat.v4.new_code_cell(CELL, metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), root / "notebooks" / "10_a.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLINLIB_ROOT", str(root))
        yield "10_a"


def read_by_clinlib(line: str) -> dict[str, object]:
    words = shlex.split(line)
    assert words[:3] == ["clinlib", "execute", "10_a"] and words[3] == "--profile"
    assert set(words[5::2]) <= {"-p"}
    return notebooks.parameters("10_a", words[4], cli._overrides(words[6::2]))


def read_by_papermill(line: str) -> dict[str, object]:
    """What papermill's own command would hand to the notebook, on top of its defaults."""
    given = {}

    def execute_notebook(**arguments):
        given.update(arguments["parameters"])

    words = shlex.split(line)
    assert words[:3] == ["papermill", "notebooks/10_a.ipynb", "out.ipynb"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(papermill_cli, "execute_notebook", execute_notebook)
        papermill_cli.papermill.main(args=words[1:], standalone_mode=False)
    own = {each.name: each.default for each in declared(CELL, "10_a").values()}
    return own | given


@given(values=VALUES)
def test_both_commands_give_the_parameters_of_the_page(notebook, values):
    values = {"profile": "quick"} | values
    found = read_by_clinlib(commands.execute(notebook, values))
    assert found == values
    known = notebooks.declared(notebook)
    found = read_by_papermill(commands.papermill(notebook, values))
    assert {each: typed(known[each].type, found[each], each) for each in found} == values


def test_each_command_repeats_only_what_differs_from_what_it_reads(notebook):
    values = notebooks.parameters(notebook, "quick", {"names": "[a, 'b c']"})
    line = commands.execute(notebook, values)
    assert line == "clinlib execute 10_a --profile quick -p 'names=[a, b c]'"
    # papermill knows no profile, whose three seeds are not the notebook's two
    line = commands.papermill(notebook, values)
    assert line == "papermill notebooks/10_a.ipynb out.ipynb -p seeds 3 -y '{names: [a, b c]}'"


def test_the_footer_explains_every_parameter_and_shows_both_commands(notebook):
    values = notebooks.parameters(notebook, "quick")
    made = provenance.footer(notebook, values, {})
    rows = re.findall(
        r"<tr><th scope=\"row\"><code>(.*?)</code></th>(.*?)</tr>", made._repr_html_()
    )
    assert [name for name, _ in rows] == list(values)
    assert dict(rows)["seeds"] == "<td>3</td><td>runs</td><td>runs per arm</td>"
    assert dict(rows)["word"] == "<td>w</td><td></td><td>any</td>"
    for line in (commands.execute(notebook, values), commands.papermill(notebook, values)):
        assert f"<pre><code>{line}</code></pre>" in made._repr_html_()
        assert f"command: {line}" in repr(made)


def test_what_a_parameter_says_is_text_on_the_page(notebook):
    made = provenance.footer(notebook, {"profile": "quick", "word": "<b>&"}, {})
    assert "<td>&lt;b&gt;&amp;</td>" in made._repr_html_() and "<b>" not in made._repr_html_()


@pytest.mark.parametrize("name", SHIPPED)
def test_every_parameter_has_a_meaning_and_every_quantity_a_unit(name, monkeypatch):
    monkeypatch.delenv("CLINLIB_ROOT", raising=False)
    for line, parameter in zip(
        provenance.explained(name, notebooks.parameters(name, "quick")),
        notebooks.declared(name).values(),
        strict=True,
    ):
        # first what it is, then what else it may be
        assert line.meaning and line.meaning.split()[0] not in ("or", "also", "see"), line.name
        assert bool(line.unit) == (parameter.type not in units.WITHOUT), (
            f"{line.name}: give it a unit in clinlib/report/units.py"
        )


def test_every_unit_is_that_of_a_parameter(monkeypatch):
    monkeypatch.delenv("CLINLIB_ROOT", raising=False)
    assert set(units.UNITS) <= {each for name in SHIPPED for each in notebooks.declared(name)}

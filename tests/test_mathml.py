"""Formulas as MathML, and numbers in prose."""

import json
from xml.etree import ElementTree

import pytest

from clinlib.errors import BadInput
from clinlib.report.sphinx_mathml import NAMESPACE, mathml
from clinlib.report.sphinx_numbers import lookup


def texts(latex, **options):
    return [element.text for element in ElementTree.fromstring(mathml(latex, **options)).iter()]


@pytest.mark.parametrize(
    "latex",
    [
        r"p(y \mid x) = \frac{\exp s(x, y)}{\sum_{y'} \exp s(x, y')}",
        r"\mathcal{L} = -\log p(y \mid x)",
        r"W^* = \operatorname*{arg\,min}_{W} \lVert XW - Y \rVert_F",
        r"\begin{align*} a &= b \\ c &= d \end{align*}",
        r"\begin{equation} a = b \end{equation}",
        r"a = b \\ c = d",
        r"\mathbb{R}^{B \times L \times K}",
        r"\left( \frac{a}{b} \right)",
        r"\begin{cases} 1 & x \\ 0 & y \end{cases}",
    ],
)
def test_formulas_of_the_field_are_converted(latex):
    made = mathml(latex, display=True)
    assert ElementTree.fromstring(made).tag == f"{{{NAMESPACE}}}math"
    assert not any("\\" in (text or "") for text in texts(latex, display=True))


@pytest.mark.parametrize("latex", [r"\notacommand x", "x_{", r"\begin{cases} 1"])
def test_a_formula_that_cannot_be_converted_is_an_error_that_names_it(latex):
    with pytest.raises(ValueError, match="formula"):
        mathml(latex)


def test_the_latex_stays_as_alternative_text():
    assert ElementTree.fromstring(mathml(r"\frac{a}{b}")).get("alttext") == r"\frac{a}{b}"


def test_an_operator_name_is_one_word():
    assert "argmax" in texts(r"\operatorname*{arg\,max}_y s(x, y)")


def test_a_function_is_set_apart_from_its_argument():
    assert "mspace" in mathml(r"\log p")
    assert "mspace" not in mathml(r"\log(p)")
    assert "mspace" not in mathml(r"\log_2")


def test_bold_letters_are_letters_not_attributes():
    made = mathml(r"\mathbf{W} \boldsymbol{h}_1")
    assert "mathvariant" not in made
    assert "\N{MATHEMATICAL BOLD CAPITAL W}" in made


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "10_heads.json").write_text(json.dumps({"crf_f1": "82.6 ± 0.4 (3)"}))
    return tmp_path


def test_a_number_is_found_with_the_file_it_depends_on(folder):
    assert lookup(folder, "10_heads/crf_f1") == ("82.6 ± 0.4 (3)", folder / "10_heads.json")


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("10_heads/crf_f", "did you mean 'crf_f1'"),
        ("10_head/crf_f1", "did you mean '10_heads'"),
        ("crf_f1", "NOTEBOOK/NAME"),
    ],
)
def test_an_unknown_number_names_the_nearest(folder, target, hint):
    with pytest.raises(BadInput, match=hint):
        lookup(folder, target)

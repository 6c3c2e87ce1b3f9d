"""Sections: headings that fill a line, labels before a colon, and what is none."""

import pytest

from clinlib.corpora.document import Document
from clinlib.corpora.sections import with_sections

LINES = ("Datos asistenciales", "Exploración física", "Evolución")
LABELS = ("Nombre", "Evolución")


def found(text):
    sections = with_sections(Document("d", text), LINES, LABELS).sections
    return [(text[s.start : s.end], s.title) for s in sections]


def test_a_section_reaches_from_its_heading_to_the_next():
    text = "Ana.\nNombre: Ana.\nDatos asistenciales.\nCasa.\nMás.\nEvolución: bien.\n"
    assert found(text) == [
        ("Nombre: Ana.\n", "Nombre"),
        ("Datos asistenciales.\nCasa.\nMás.\n", "Datos asistenciales"),
        ("Evolución: bien.\n", "Evolución"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "EXPLORACIÓN FÍSICA",
        "Exploracion  fisica:",
        "» Exploración física .",
        "\ufeffexploración física",
    ],
)
def test_case_accents_bullets_and_marks_do_not_count(line):
    assert [title for _, title in found(f"{line}\r\nNormal.")] == ["Exploración física"]


@pytest.mark.parametrize(
    "line",
    [
        "Exploración física normal",
        "El nombre: Ana",
        "Nombre",
        "Nombres: Ana",
        "Evolución " * 9,
        ":",
        "",
    ],
)
def test_what_is_not_listed_is_no_heading(line):
    assert found(f"{line}\nNormal.") == []


def test_a_document_whose_name_says_so_is_one_section():
    endings = {"_inc": "Inclusion criteria", "_exc": "Exclusion criteria"}
    whole = with_sections(Document("NCT1_exc", "Nombre: Ana."), LINES, LABELS, endings).sections
    assert [(s.start, s.end, s.title) for s in whole] == [(0, 12, "Exclusion criteria")]
    other = with_sections(Document("inc_NCT1", "Nombre: Ana."), LINES, LABELS, endings).sections
    assert [s.title for s in other] == ["Nombre"]


def test_a_document_without_headings_has_no_sections():
    assert found("") == []

"""Tables are read out of files as a spreadsheet shows them."""

from __future__ import annotations

from datetime import date

import pytest
from openpyxl import Workbook

from crm.imports.files import UnreadableFile, read_rows
from crm.imports.mapping import InvalidMapping, map_columns
from tests.crm.imports.people import write_csv


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_csv_file_is_read_whatever_separates_its_cells(tmp_path, separator) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f'\ufeffE-mail{separator}Name\n\na@b.example{separator}"Doe\nJane"\n', encoding="utf-8")
    assert list(read_rows(path)) == [(1, ["E-mail", "Name"]), (3, ["a@b.example", "Doe\nJane"])]


def test_a_workbook_is_read_as_it_is_shown(tmp_path) -> None:
    book = Workbook()
    for row in (
        ["E-mail", "Phone", "Since"],
        ["a@b.example", 14155552671.0, date(2026, 3, 31)],
        [None],
        ["x", 1.5],
    ):
        book.active.append(row)
    book.save(tmp_path / "people.xlsx")
    assert list(read_rows(tmp_path / "people.xlsx")) == [
        (1, ["E-mail", "Phone", "Since"]),
        (2, ["a@b.example", "14155552671", "2026-03-31T00:00:00"]),
        (4, ["x", "1.5"]),
    ]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("people.csv", "Müller".encode("cp1252"), "name its own"),
        ("people.csv", b'"open', "broken"),
        ("people.xlsx", b"no zip", "no XLSX"),
        ("people.pdf", b"", r"\.csv and \.xlsx"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(tmp_path, name, content, told) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableFile, match=told):
        list(read_rows(tmp_path / name))


def test_another_encoding_is_read_when_it_is_named(tmp_path) -> None:
    (tmp_path / "people.csv").write_bytes("Müller".encode("cp1252"))
    assert list(read_rows(tmp_path / "people.csv", "cp1252")) == [(1, ["Müller"])]


def test_columns_are_known_by_their_headings_in_four_languages() -> None:
    headings = ["E-Mail-Adresse", "Vorname", "Apellidos", "Téléphone", "Ref"]
    assert map_columns(headings, {}) == {0: "email", 1: "first_name", 2: "last_name", 3: "phone"}


def test_what_is_chosen_counts_more_than_the_guess() -> None:
    assert map_columns(["Email", "Mail", "Shoe"], {"Mail": "email", "Shoe": "field:shoe_size"}) == {
        1: "email",
        2: "field:shoe_size",
    }
    assert map_columns(["Email", "Tel"], {"Tel": ""}) == {0: "email"}


@pytest.mark.parametrize(
    ("headings", "chosen", "told"),
    [
        (["Email"], {"Mail": "email"}, "no column Mail"),
        (["Email"], {"Email": "e-mail"}, "cannot become"),
        (["A", "B"], {"A": "email", "B": "email"}, "the same"),
        (["Name"], {}, "No column is an address"),
    ],
)
def test_a_mapping_that_cannot_be_says_why(headings, chosen, told) -> None:
    with pytest.raises(InvalidMapping, match=told):
        map_columns(headings, chosen)


def test_a_file_without_rows_has_none(tmp_path) -> None:
    assert list(read_rows(write_csv(tmp_path / "people.csv"))) == []

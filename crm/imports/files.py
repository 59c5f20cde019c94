"""Reads tables out of CSV and XLSX files, a row at a time however long they are. Knows nothing of people."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from zipfile import BadZipFile

from base.errors import InvalidInput

_SEPARATORS = ",;\t|"
ENCODING = "utf-8-sig"

NumberedRow = tuple[int, list[str]]
"""A row's number as a spreadsheet shows it, and its cells."""


class UnreadableFile(InvalidInput):
    """This file cannot be read as a table."""

    code = "unreadable_file"


def read_rows(path: Path, encoding: str = ENCODING) -> Iterator[NumberedRow]:
    """The rows that are not empty, the headings first.

    Raises:
        UnreadableFile: it is neither CSV nor XLSX, or not in this encoding.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise UnreadableFile("Only .csv and .xlsx files are read: save the table as one of them.")
    rows = _read_xlsx(path) if suffix == ".xlsx" else _read_csv(path, encoding)
    return ((number, row) for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row))


def sha256_of(path: Path) -> str:
    """The file's SHA-256 (hex)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_csv(path: Path, encoding: str) -> Iterator[list[str]]:
    try:
        with path.open(encoding=encoding, newline="") as file:
            headings = file.readline()
            separator = max(_SEPARATORS, key=headings.count)
            file.seek(0)
            yield from csv.reader(file, delimiter=separator, strict=True)
    except (UnicodeError, LookupError) as error:
        raise UnreadableFile(
            "The file is not in this encoding: save it as UTF-8, or name its own with --encoding, such as cp1252."
        ) from error
    except csv.Error as error:
        raise UnreadableFile(f"The CSV file is broken: {error}.") from error


def _read_xlsx(path: Path) -> Iterator[list[str]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, KeyError) as error:
        raise UnreadableFile("This is no XLSX file: save the table again as XLSX or CSV.") from error
    with closing(book):
        for row in book.worksheets[0].iter_rows(values_only=True):
            yield [_written(cell) for cell in row]


def _written(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)

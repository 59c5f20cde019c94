"""Reads tables out of CSV and XLSX files, a row at a time however long they are. Knows nothing of people.

A file may come from anybody: what unpacks, widens or lengthens beyond what tables are is refused before it is taken in.
"""

from __future__ import annotations

import csv
import hashlib
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple, TextIO
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from base.errors import InvalidInput
from crm.contacts.cleansing import clean_text

ENCODING = "utf-8-sig"
FORMATS = (".csv", ".xlsx")
MOST_ROWS = 1_048_576
"""Of an XLSX file: as many as spreadsheets have. A CSV file may have more."""
MOST_COLUMNS = 1_000
LONGEST_CELL = 32_767
"""Characters, as spreadsheets have it."""
MOST_UNPACKED = 2_000_000_000
"""Bytes that an XLSX file may become. Its rows are read one by one."""
MOST_UNPACKED_BESIDE = 200_000_000
"""Bytes that its other parts may become: those are read whole."""
_LONGEST_LINE = 2_000_000
_LONGEST_HEADING = 200
_SEPARATORS = ",;\t|"
_NO_XLSX = "This is no XLSX file: save the table again as XLSX or CSV."

NumberedRow = tuple[int, list[str]]
"""A row's number as a spreadsheet shows it, and its cells."""


class Headings(NamedTuple):
    """The names of the columns, and in which row they stand."""

    row: int
    names: tuple[str, ...]


class UnreadableFile(InvalidInput):
    """This file cannot be read as a table."""

    code = "unreadable_file"


def read_rows(path: Path, encoding: str = ENCODING) -> Generator[NumberedRow]:
    """The rows that are not empty, the headings first.

    Raises:
        UnreadableFile: it is neither CSV nor XLSX, not in this encoding, or larger than tables are.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise UnreadableFile("Only .csv and .xlsx files are read: save the table as one of them.")
    rows = _read_xlsx(path) if suffix == ".xlsx" else _read_csv(path, encoding)
    with closing(rows):
        for number, row in enumerate(rows, start=1):
            if any(cell.strip() for cell in row):
                _check_size(number, row)
                yield number, row


def read_headings(path: Path, encoding: str = ENCODING) -> Headings:
    """The first row that is not empty; of a file without any, no names.

    Raises:
        UnreadableFile: as `read_rows`.
    """
    with closing(read_rows(path, encoding)) as rows:
        number, names = next(rows, (0, []))
    return Headings(number, tuple(clean_text(name)[:_LONGEST_HEADING] for name in names))


def sha256_of(path: Path) -> str:
    """The file's SHA-256 (hex)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_size(number: int, row: list[str]) -> None:
    if len(row) > MOST_COLUMNS:
        raise UnreadableFile(f"Row {number} has more than {MOST_COLUMNS:,} columns: that is no table of people.")
    if any(len(cell) > LONGEST_CELL for cell in row):
        raise UnreadableFile(
            f"Row {number} has a cell of more than {LONGEST_CELL:,} characters: perhaps a closing quote is missing."
        )


def _read_csv(path: Path, encoding: str) -> Generator[list[str]]:
    try:
        with path.open(encoding=encoding, newline="") as file:
            headings = file.readline(_LONGEST_LINE)
            separator = max(_SEPARATORS, key=headings.count)
            file.seek(0)
            yield from csv.reader(_lines(file), delimiter=separator, strict=True)
    except (UnicodeError, LookupError) as error:
        raise UnreadableFile(
            "The file is not in this encoding: save it as UTF-8, or name its own (encoding), such as cp1252."
        ) from error
    except csv.Error as error:
        raise UnreadableFile(f"The CSV file is broken: {error}.") from error


def _lines(file: TextIO) -> Iterator[str]:
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE:
            raise UnreadableFile(f"Line {number} is longer than {_LONGEST_LINE:,} characters: that is no table.")
        yield line


def _read_xlsx(path: Path) -> Generator[list[str]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        _check_unpacked(path)
        with closing(load_workbook(path, read_only=True, data_only=True)) as book:
            sheet = book.worksheets[0]
            # How large it says it is would make every row as wide.
            sheet.reset_dimensions()
            for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
                if number > MOST_ROWS:
                    raise UnreadableFile(f"The sheet has more than {MOST_ROWS:,} rows: save it as CSV.")
                yield _trimmed([_written(cell) for cell in row])
    except (InvalidFileException, BadZipFile, ParseError, zlib.error, EOFError, LookupError) as error:
        raise UnreadableFile(_NO_XLSX) from error
    except (TypeError, ValueError, AttributeError, NotImplementedError) as error:
        # What its library makes of parts that are not as the format has them.
        raise UnreadableFile(_NO_XLSX) from error


def _check_unpacked(path: Path) -> None:
    with ZipFile(path) as archive:
        parts = archive.infolist()
    beside = sum(part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
    # Of a part no more is unpacked than it says itself.
    if sum(part.file_size for part in parts) > MOST_UNPACKED or beside > MOST_UNPACKED_BESIDE:
        raise UnreadableFile("The XLSX file unpacks to more than a table of people has: save it as CSV.")


def _trimmed(row: list[str]) -> list[str]:
    """Without the empty cells at its end: a sheet that was coloured to its edge has thousands."""
    end = len(row)
    while end and not row[end - 1]:
        end -= 1
    return row[:end]


def _written(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)

"""What would become of the first rows of a file. Stores nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from crm.fields.rules import Definition
from crm.imports.files import read_rows
from crm.imports.rows import CleanRow, Problem, clean_row
from crm.imports.service import Plan

SHOWN = 10
"""Rows of a preview."""


@dataclass(frozen=True, slots=True)
class PreviewedRow:
    """A row, what of it would be stored, and what is wrong with it."""

    number: int
    values: Mapping[str, str] = field(repr=False)
    problems: Sequence[Problem]


def preview_rows(plan: Plan, now: datetime, definitions: Mapping[str, Definition] | None = None) -> list[PreviewedRow]:
    """The first rows as they would come out. Who is known already shows only when they are imported.

    Args:
        definitions: of a company's own fields, which live in the database; without them any text fits.

    Raises:
        UnreadableFile: the file is broken.
    """
    defaults = replace(plan.options.defaults, definitions=definitions or {})
    rows = read_rows(plan.path, plan.options.encoding)
    with closing(rows):
        first = [clean_row(number, cells, plan.mapping, defaults, now) for number, cells in islice(rows, 1, SHOWN + 1)]
    return [PreviewedRow(row.number, _values(row), row.problems) for row in first]


def _values(row: CleanRow) -> dict[str, str]:
    values: dict[str, str] = {str(kind): value for kind, value in row.addresses.items()}
    values |= {name: str(value) for name, value in row.fields.items()}
    values["language"] = row.language
    if row.time_zone:
        values["time_zone"] = row.time_zone
    if row.tags:
        values["tags"] = ", ".join(row.tags)
    if row.evidence:
        values["consent"] = ", ".join(row.evidence.channels)
    return values

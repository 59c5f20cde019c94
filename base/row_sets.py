"""Many rows into one table by one statement with one parameter, which is planned once however many they are.

For sets of up to some thousands; imports of more use COPY.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert


def insert_rows(table: Table, names: Sequence[str]) -> Insert:
    """The statement; execute it with `rows_of`. What is not named takes the column's default."""
    columns = [column(name, table.c[name].type) for name in names]
    rows = cast(bindparam("rows", type_=Text()), JSONB)
    found = func.jsonb_to_recordset(rows).table_valued(*columns, name="added").render_derived(with_types=True)
    return insert(table).from_select(list(names), select(*found.c))


def rows_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The statement's parameter. Each row has every name that the statement has, as values that JSON can tell."""
    return {"rows": json.dumps(list(rows), default=_plain, ensure_ascii=False)}


def _plain(value: object) -> str:
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot stand in a set of rows")

"""Many rows for one statement as one parameter, which is planned once however many they are.

For sets of up to some thousands; imports of more use COPY. The rows are one JSON document, which is written several
times faster than an array a column, each of whose texts must be escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Table, TableValuedAlias, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects.postgresql import Insert, insert


def given_rows(columns: Mapping[str, Any], *, name: str = "given", parameter: str = "rows") -> TableValuedAlias:
    """The table `given` with these columns, by name and type; its rows are what `rows_of` says.

    Args:
        name: of the table, and `parameter` of its rows, in a statement that is given more than one.
    """
    rows = cast(bindparam(parameter, type_=Text()), JSON)
    named = (column(one, kind) for one, kind in columns.items())
    return func.json_to_recordset(rows).table_valued(*named, name=name).render_derived(with_types=True)


def insert_rows(table: Table, names: Sequence[str]) -> Insert:
    """The statement; execute it with `rows_of`. What is not named takes the column's default."""
    given = given_rows({name: table.c[name].type for name in names})
    return insert(table).from_select(list(names), select(*(given.c[name] for name in names)))


def rows_of(rows: Iterable[Mapping[str, Any]], *, parameter: str = "rows") -> dict[str, str]:
    """The parameter of such a statement. Each row has every column, as a value that JSON can tell."""
    return {parameter: json.dumps(list(rows), default=_plain, ensure_ascii=False, allow_nan=False)}


def _plain(value: object) -> str:
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot stand in a set of rows")

"""Rows given to a statement as parameters, one array a column: the statement stays the same however many there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ARRAY, TableValuedAlias, bindparam, cast, column, func


def given_rows(columns: Mapping[str, Any]) -> TableValuedAlias:
    """The table `given` with these columns; the parameters are called `given_` and the column."""
    arrays = (cast(bindparam(f"given_{name}"), ARRAY(kind)) for name, kind in columns.items())
    named = (column(name, kind) for name, kind in columns.items())
    return func.unnest(*arrays).table_valued(*named, name="given").render_derived()

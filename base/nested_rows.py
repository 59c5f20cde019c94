"""Rows of other tables beside each row of a statement, in one round trip. PostgreSQL writes them as JSON.

JSON has no times, ids or bytes: who reads the rows makes them again (`datetime.fromisoformat`, `UUID`, hexadecimal).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    ColumnElement,
    CompoundSelect,
    Select,
    Subquery,
    TableValuedAlias,
    Uuid,
    any_,
    bindparam,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY


def asked_ids(parameter: str) -> TableValuedAlias:
    """The ids given as a parameter, as a table with the column `id`.

    However many they are, the statement stays the same and PostgreSQL keeps it prepared.
    """
    ids = func.unnest(bindparam(parameter, type_=ARRAY(Uuid())))
    return ids.table_valued(column("id", Uuid()), name=parameter).render_derived()


def asked_id(parameter: str) -> Subquery:
    """One id given as a parameter, as a table with the column `id`.

    For statements that are mostly asked about one: PostgreSQL expects ten of `asked_ids` when it plans for any, so that
    a plan for just these looks cheaper and is made anew each time, which takes longer than reading.
    """
    return select(bindparam(parameter, type_=Uuid()).label("id")).subquery(parameter)


def one_of(column: Any, ids: Iterable[UUID]) -> ColumnElement[bool]:
    """Whether a column holds one of these ids; in a statement that stays the same however many they are."""
    named: ColumnElement[bool] = column == any_(literal(list(ids), ARRAY(Uuid())))
    return named


def nested(rows: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]) -> ColumnElement[list[list[Any]]]:
    """The rows of a statement that looks at a row outside (`correlate`), in its order: a list of lists, or None."""
    found = rows.subquery()
    columns = func.json_agg(func.json_build_array(*found.c), type_=JSON())
    return select(columns).select_from(found).scalar_subquery()

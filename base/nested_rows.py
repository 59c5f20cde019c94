"""Rows of other tables beside each row of a statement, in one round trip. PostgreSQL writes them as JSON.

JSON has no times, ids or bytes: who reads the rows makes them again (`datetime.fromisoformat`, `UUID`, hexadecimal).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    ColumnElement,
    CompoundSelect,
    Dialect,
    Select,
    Subquery,
    TableValuedAlias,
    TypeDecorator,
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


class Ids(TypeDecorator[list[UUID]]):
    """An array of ids as a parameter. Written at once: psycopg looks at each element, which takes six times as long."""

    impl = ARRAY
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(Uuid())

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:  # noqa: ARG002  # as the class has it
        return _as_array


def one_of(column: Any, ids: Iterable[UUID]) -> ColumnElement[bool]:
    """Whether a column holds one of these ids; in a statement that stays the same however many they are."""
    named: ColumnElement[bool] = column == any_(literal(list(ids), Ids()))
    return named


def nested(rows: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]) -> ColumnElement[list[list[Any]]]:
    """The rows of a statement that looks at a row outside (`correlate`), in its order: a list of lists, or None."""
    found = rows.subquery()
    columns = func.json_agg(func.json_build_array(*found.c), type_=JSON())
    return select(columns).select_from(found).scalar_subquery()


def _as_array(ids: Iterable[UUID]) -> str:
    return "{" + ",".join([one.hex for one in ids]) + "}"

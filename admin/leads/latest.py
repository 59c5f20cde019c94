"""The latest contacts for whom something holds, a page at a time, however many contacts there are. Reads only.

A stretch of the latest contacts is looked through first: of whoever is common it holds a page. Whoever is not found
there is rare: they are found among all, by whatever index there is for them, and put in order then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.cursors import Cursor
from crm.contacts.models import Contact

STRETCH = 3_000
"""Contacts that are looked through before all are asked."""

Found = Callable[[ColumnElement[bool], int], Awaitable[Sequence[UUID]]]
"""Finds the latest of those for whom it holds, among the contacts of a condition, up to a number."""

_KEY = (Contact.created_at, Contact.id)
_LATEST = tuple(column.desc() for column in _KEY)


async def read_latest(
    session: AsyncSession,
    conditions: Sequence[ColumnElement[bool]],
    *,
    after: Cursor | None,
    limit: int,
    among_all: Found | None = None,
) -> list[Contact]:
    """The contacts for whom all conditions hold, behind the cursor.

    Args:
        among_all: finds them among all contacts; else PostgreSQL is asked for the conditions as they are.
    """
    behind = [] if after is None else [tuple_(*_KEY) < (after.at, after.id)]
    end = (
        await session.execute(select(*_KEY).where(*behind).order_by(*_LATEST).offset(STRETCH).limit(1))
    ).one_or_none()
    stretch = behind if end is None else [*behind, tuple_(*_KEY) > tuple(end)]
    latest = select(Contact).where(*stretch, *conditions).order_by(*_LATEST).limit(limit)
    found = [*await session.scalars(latest)]
    if end is None or len(found) == limit:
        return found
    rest = tuple_(*_KEY) <= tuple(end)
    if among_all is None:
        ids: Any = _first_of(conditions, rest, limit - len(found))
    else:
        ids = await among_all(rest, limit - len(found))
    found += await session.scalars(select(Contact).where(Contact.id.in_(ids)).order_by(*_LATEST))
    return found


def _first_of(conditions: Sequence[ColumnElement[bool]], rest: ColumnElement[bool], limit: int) -> Any:
    # Not to be folded into the order: PostgreSQL would look through all contacts in it, expecting to find some soon.
    meant = select(*_KEY).where(rest, *conditions).cte("meant").prefix_with("MATERIALIZED")
    return select(meant.c.id).order_by(meant.c.created_at.desc(), meant.c.id.desc()).limit(limit)

"""The kinds of events an operator added beside the shipped ones. In the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, InvalidInput, NotFound
from crm.events.models import EventKind
from crm.timeline.kinds import Kind, Name, explain, read_kinds

_name = TypeAdapter(Name)


async def find_kinds(session: AsyncSession, names: Iterable[str]) -> Mapping[str, Kind]:
    """Those kinds of these names that there are; asks the database only for names that are not shipped."""
    shipped, wanted = read_kinds(), set(names)
    found = {name: shipped[name] for name in wanted if name in shipped}
    if missing := wanted - found.keys():
        rows = await session.scalars(select(EventKind).where(EventKind.name.in_(missing)))
        found |= {row.name: _kind_of(row) for row in rows}
    return found


async def list_kinds(session: AsyncSession) -> Mapping[str, Kind]:
    """All there are: the shipped ones, then those that were added, by name."""
    rows = await session.scalars(select(EventKind).order_by(EventKind.name))
    return {**read_kinds(), **{row.name: _kind_of(row) for row in rows}}


async def add_kind(session: AsyncSession, name: str, kind: Kind, *, made_by: str, now: datetime) -> None:
    """Adds a kind that may be sent from outside.

    Raises:
        InvalidInput: it cannot be called so.
        Conflict: there is one of this name.
    """
    try:
        _name.validate_python(name)
    except ValidationError as error:
        message = explain(error)[0]["message"]
        raise InvalidInput(errors=[{"field": "name", "message": message}]) from error
    row = {
        "name": name,
        "title": kind.title,
        "properties": dict(kind.properties),
        "required": list(kind.required),
        "made_by": made_by,
        "made_at": now,
    }
    if name in read_kinds():
        raise Conflict(f"Parley has a kind {name} already: choose another name.")
    written = insert(EventKind).values(row).on_conflict_do_nothing().returning(EventKind.name)
    if await session.scalar(written) is None:
        raise Conflict(f"There is a kind {name} already: remove it first, or choose another name.")


async def remove_kind(session: AsyncSession, name: str) -> None:
    """No event of this kind is taken any more; those there are stay.

    Raises:
        NotFound: nobody added such a kind.
    """
    gone = delete(EventKind).where(EventKind.name == name).returning(EventKind.name)
    if await session.scalar(gone) is None:
        raise NotFound(f"Nobody added a kind {name}.")


def _kind_of(row: EventKind) -> Kind:
    return Kind.model_validate(
        {"title": row.title, "from": ["outside"], "properties": row.properties, "required": row.required}
    )

"""Removes what has been kept long enough, in sets with limits, by the same registry that prints the record.

Each call is one set in the caller's transaction: call it until it returns 0. Twice, or late, does no more than in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.contacts.models import Contact
from crm.privacy.persons import table_named
from crm.privacy.registry import read_registry
from crm.timeline.models import TimelineEvent


def list_timed() -> list[str]:
    """Tables that have a time of their own, in the order in which they are gone through."""
    return [name for name, held in read_registry().tables.items() if held.keep is not None]


async def remove_old(session: AsyncSession, name: str, now: datetime, *, limit: int) -> int:
    """Deletes up to `limit` rows of a table whose time is over; returns how many."""
    keep = read_registry().tables[name].keep
    if keep is None:
        raise LookupError(f"{name} has no time of its own.")
    table = table_named(name)
    age = func.coalesce(*(table.c[column] for column in keep.age))
    over: list[ColumnElement[bool]] = [age < now - timedelta(days=keep.days)]
    over += [table.c[column].in_(values) for column, values in keep.where.items()]
    row: ColumnElement[Any] = literal_column(f"{name}.ctid")
    old = select(row).select_from(table).where(and_(*over)).limit(limit).with_for_update(skip_locked=True)
    gone = await session.execute(delete(table).where(row.in_(old)))  # type: ignore[arg-type]
    return int(gone.rowcount)  # type: ignore[attr-defined]


async def list_idle(session: AsyncSession, now: datetime, *, limit: int) -> Sequence[UUID]:
    """Contacts with whom nothing has happened for as long as their stage is kept; they are erased like on request.

    Nothing: no event, no change, no message still to go, no meeting ahead, no request that is open.
    """
    idle = read_registry().tables["contacts"].idle
    outbox, meetings = table_named("outbox"), table_named("meetings")
    requests = table_named("privacy_requests")
    over = [
        and_(Contact.stage == stage, Contact.updated_at < (since := now - timedelta(days=days)), ~_happened(since))
        for stage, days in idle.items()
    ]
    busy = or_(
        exists().where(outbox.c.contact_id == Contact.id, outbox.c.state.in_(("planned", "deferred", "sending"))),
        exists().where(meetings.c.contact_id == Contact.id, meetings.c.ends_at > now),
        exists().where(requests.c.contact_id == Contact.id, requests.c.closed_at.is_(None)),
    )
    wanted = select(Contact.id).where(or_(*over), ~busy).order_by(Contact.updated_at).limit(limit)
    return (await session.scalars(wanted)).all()


def _happened(since: datetime) -> ColumnElement[bool]:
    talks = table_named("conversations")
    said = func.coalesce(talks.c.last_message_at, talks.c.created_at)
    return or_(
        exists().where(TimelineEvent.contact_id == Contact.id, TimelineEvent.occurred_at >= since),
        exists().where(talks.c.contact_id == Contact.id, said >= since),
    )

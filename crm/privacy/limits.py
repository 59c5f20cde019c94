"""What limits the use of a person's data beside their consent: restriction, age, a browser's opt-out signal, a wish for
a person's decision. In the caller's transaction; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, any_, bindparam, delete, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.nested_rows import Ids, asked_ids, nested
from crm.privacy.models import PrivacyMark, PrivacyRequest
from crm.privacy.neighbours import conversations
from crm.timeline.models import TimelineEvent

Mark = Literal["restricted", "human_review", "minor"]
SIGNAL = "opt_out_signal_received"
"""The timeline's event that a browser sent Sec-GPC."""
_WHY = {"minor": "they said they are under age", "restricted": "they asked us to keep their data and not use it"}
_SIGNALLED = "their browser asks not to be tracked across sites (Global Privacy Control)"


async def find_limited(session: AsyncSession, contact_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Those who may not be profiled, with the reason in words; who is absent has nothing that limits it."""
    connection = await session.connection()
    rows = await connection.execute(_LIMITS, {"contact_ids": list(contact_ids)})
    told = ((row.id, limit_of(row.marks, signalled=row.signalled)) for row in rows)
    return {contact_id: why for contact_id, why in told if why is not None}


def marks_of(contact_id: ColumnElement[UUID]) -> Select[str]:
    """The marks of the contact of a statement's row, to be part of it."""
    return select(PrivacyMark.mark).where(PrivacyMark.contact_id == contact_id).correlate(contact_id.table)


def signalled_by(contact_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether a browser of the contact of a statement's row sent the signal, in a talk or elsewhere."""
    # Counted, and not whether there are any: for many people the planner would rather read everybody's signals than
    # look each one up.
    count = select(func.count()).select_from(TimelineEvent)
    signals = TimelineEvent.kind == literal(SIGNAL, Text())
    by_contact = count.where(TimelineEvent.contact_id == contact_id, signals)
    by_talk = count.join(conversations, conversations.c.id == TimelineEvent.conversation_id).where(
        conversations.c.contact_id == contact_id, signals
    )
    outside = contact_id.table
    return or_(by_contact.correlate(outside).scalar_subquery() > 0, by_talk.correlate(outside).scalar_subquery() > 0)


def limit_of(marks: Iterable[Sequence[str]] | None, *, signalled: bool) -> str | None:
    """Why somebody with these `marks_of` them (nested rows) may not be profiled, in words; None: nothing limits it."""
    own = {mark for (mark,) in marks or ()}
    why = [words for mark, words in _WHY.items() if mark in own]
    return why[-1] if why else _SIGNALLED if signalled else None


def open_requests_of(contact_id: ColumnElement[UUID]) -> Select[UUID]:
    """What the contact of a statement's row asked about their own data and is not closed yet, to be part of it."""
    asked = select(PrivacyRequest.id).where(PrivacyRequest.contact_id == contact_id, PrivacyRequest.closed_at.is_(None))
    return asked.correlate(contact_id.table)


async def set_mark(session: AsyncSession, contact_id: UUID, mark: Mark, *, source: str, now: datetime) -> None:
    """Marks a contact; one that has the mark keeps it as it was."""
    row = {"contact_id": contact_id, "mark": mark, "source": source, "set_at": now}
    await session.execute(insert(PrivacyMark).values(row).on_conflict_do_nothing())


async def take_mark(session: AsyncSession, contact_id: UUID, mark: Mark) -> None:
    """Takes a mark away again."""
    await session.execute(delete(PrivacyMark).where(PrivacyMark.contact_id == contact_id, PrivacyMark.mark == mark))


async def list_marks(session: AsyncSession, contact_ids: Iterable[UUID]) -> dict[UUID, set[str]]:
    """The marks of many contacts; every contact asked for is a key."""
    marks: dict[UUID, set[str]] = {contact_id: set() for contact_id in contact_ids}
    connection = await session.connection()
    for contact_id, mark in await connection.execute(_MARKS, {"contact_ids": list(marks)}):
        marks[contact_id].add(mark)
    return marks


def _limits() -> Select[*tuple[Any, ...]]:
    asked = asked_ids("contact_ids")
    contact_id = asked.c.id
    return select(contact_id, nested(marks_of(contact_id)).label("marks"), signalled_by(contact_id).label("signalled"))


_LIMITS = _limits()
_MARKS = select(PrivacyMark.contact_id, PrivacyMark.mark).where(
    PrivacyMark.contact_id == any_(bindparam("contact_ids", type_=Ids()))
)

"""What limits the use of a person's data beside their consent: restriction, age, a browser's opt-out signal, a wish for
a person's decision. In the caller's transaction; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.nested_rows import one_of
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
    wanted = list(contact_ids)
    by_talk = (
        select(conversations.c.contact_id)
        .join(TimelineEvent, TimelineEvent.conversation_id == conversations.c.id)
        .where(one_of(conversations.c.contact_id, wanted), TimelineEvent.kind == SIGNAL)
    )
    by_contact = select(TimelineEvent.contact_id).where(
        one_of(TimelineEvent.contact_id, wanted), TimelineEvent.kind == SIGNAL
    )
    signalled = {*await session.scalars(by_talk), *await session.scalars(by_contact)}
    limited = {contact_id: _SIGNALLED for contact_id in signalled if contact_id is not None}
    for contact_id, marks in (await list_marks(session, wanted)).items():
        for mark, why in _WHY.items():
            if mark in marks:
                limited[contact_id] = why
    return limited


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
    found = select(PrivacyMark.contact_id, PrivacyMark.mark).where(one_of(PrivacyMark.contact_id, marks))
    for contact_id, mark in await session.execute(found):
        marks[contact_id].add(mark)
    return marks

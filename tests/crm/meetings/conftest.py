"""Fixtures of meetings: a calendar, conversations that want a time of it, a contact."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.ids import new_id
from bot.models import Conversation
from crm.contacts.service import create_contact
from crm.meetings.booking import cancel_meeting, confirm_meeting, hold_time
from crm.meetings.calendars import NewCalendar, add_calendar
from crm.meetings.feeds import BusyFeeds
from crm.meetings.free_times import FreeTimes, free_times
from tests.conftest import Database

WORKDAYS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:00-12:00", "13:00-17:00"))
SALES = NewCalendar("sales", "Product demo", "Europe/Berlin", WORKDAYS, place="https://meet.example/sales")

_keys_of_holds = itertools.count(1)


@dataclass
class Office:
    """Calendars and who asks for their times."""

    sessions: Sessions
    keys: KeyRing
    feeds: BusyFeeds
    now: datetime
    contact_id: UUID
    conversation_id: UUID

    async def add(self, **changed: Any) -> UUID:
        async with transaction(self.sessions) as session:
            return await add_calendar(session, self.keys, replace(SALES, **changed), now=self.now)

    async def converse(self) -> UUID:
        async with transaction(self.sessions) as session:
            conversation_id = new_id()
            await session.execute(
                insert(Conversation).values(id=conversation_id, channel="web", language="en", created_at=self.now)
            )
            return conversation_id

    async def free(self, **changed: Any) -> FreeTimes:
        asked: dict[str, Any] = {
            "calendar": "sales", "after": None, "count": 3, "language": "en", "zone": "Europe/Berlin", "now": self.now,
            **changed,
        }  # fmt: skip
        async with transaction(self.sessions) as session:
            return await free_times(session, self.feeds, **asked)

    async def hold(self, starts_at: datetime, **changed: Any) -> UUID | None:
        asked: dict[str, Any] = {
            "calendar": "sales", "hold_key": f"key-{next(_keys_of_holds)}", "conversation_id": self.conversation_id,
            "now": self.now, **changed,
        }  # fmt: skip
        async with transaction(self.sessions) as session:
            return await hold_time(session, self.feeds, starts_at=starts_at, **asked)

    async def confirm(self, hold: UUID | str, **changed: Any) -> None:
        asked = {"contact_id": self.contact_id, "conversation_id": self.conversation_id, "now": self.now, **changed}
        async with transaction(self.sessions) as session:
            await confirm_meeting(session, str(hold), **asked)

    async def cancel(self, meeting_id: UUID) -> None:
        async with transaction(self.sessions) as session:
            await cancel_meeting(session, meeting_id, now=self.now)


@pytest.fixture
async def office(database: Database, keys: KeyRing, now: datetime) -> Office:
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, language="en", time_zone="Europe/Berlin", now=now)
    feeds = BusyFeeds(keys, allow_private=True)
    office = Office(database.sessions, keys, feeds, now, contact_id, new_id())
    office.conversation_id = await office.converse()
    return office

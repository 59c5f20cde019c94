"""Fixtures of meetings: a calendar, conversations that want a time of it, a contact."""

from __future__ import annotations

import asyncio
import base64
import itertools
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.ids import new_id
from base.outbound_http import OutboundAnswer, OutboundRequest, fetch
from bot.models import Conversation
from crm.contacts.service import create_contact
from crm.meetings.booking import cancel_meeting, confirm_meeting, hold_time
from crm.meetings.caldav.client import Access, CalDAVClient
from crm.meetings.calendars import NewCalendar, add_calendar
from crm.meetings.feeds import BusyFeeds
from crm.meetings.free_times import FreeTimes, free_times
from tests.conftest import Database
from tests.contracts.house import free_port

WORKDAYS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:00-12:00", "13:00-17:00"))
SALES = NewCalendar("sales", "Product demo", "Europe/Berlin", WORKDAYS, place="https://meet.example/sales")

_keys_of_holds = itertools.count(1)


@dataclass
class OfficeClock:
    """The clock of an office."""

    office: Office

    def now(self) -> datetime:
        return self.office.now


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


@dataclass
class Radicale:
    """A CalDAV server that is not ours, with one person's calendar. Killed, it keeps what was written."""

    folder: Path
    port: int
    process: asyncio.subprocess.Process | None = None
    username: str = "ada"
    password: str = "app password: ä"

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def calendar(self) -> str:
        return f"{self.site}/ada/work/"

    def client(self, url: str | None = None, **changed: str) -> CalDAVClient:
        access = Access(url or self.calendar, self.username, self.password)
        return CalDAVClient(replace(access, **changed), allow_private=True)

    async def start(self) -> None:
        users = self.folder / "users"
        users.write_text(f"{self.username}:{self.password}\n", encoding="utf-8")
        settings = self.folder / "settings"
        settings.write_text(
            f"[server]\nhosts = 127.0.0.1:{self.port}\n"
            f"[auth]\ntype = htpasswd\nhtpasswd_filename = {users}\nhtpasswd_encryption = plain\ndelay = 0\n"
            f"[storage]\nfilesystem_folder = {self.folder / 'collections'}\n"
            "[rights]\ntype = owner_only\n[logging]\nlevel = warning\n",
            encoding="utf-8",
        )
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "radicale", "--config", str(settings), stderr=asyncio.subprocess.DEVNULL
        )
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
        raise TimeoutError("radicale did not start")

    async def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            await self.process.wait()
            self.process = None

    def pause(self) -> None:
        """It answers nothing until it goes on; what it is asked meanwhile waits."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    async def ask(self, method: str, url: str, body: bytes | None = None, **headers: str) -> OutboundAnswer:
        """What the person's own calendar program sends."""
        pair = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = OutboundRequest(method, url, {"Authorization": f"Basic {pair}", **named}, body, allow_private=True)
        return await fetch(request)

    async def add_calendar(self, name: str = "work", kind: str = "VEVENT") -> str:
        body = (
            '<?xml version="1.0"?><C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop>'
            f"<displayname>My {name}</displayname><C:supported-calendar-component-set>"
            f'<C:comp name="{kind}"/></C:supported-calendar-component-set></prop></set></C:mkcalendar>'
        )
        url = f"{self.site}/ada/{name}/"
        answer = await self.ask("MKCALENDAR", url, body.encode(), Content_Type="application/xml")
        assert answer.status == 201, answer.body
        return url

    async def put(self, name: str, *lines: str) -> None:
        """Stores an event as its lines."""
        event = ["BEGIN:VEVENT", f"UID:{name}", "DTSTAMP:20261101T000000Z", *lines, "END:VEVENT"]
        text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", *event, "END:VCALENDAR", ""])
        url = f"{self.calendar}{name}.ics"
        answer = await self.ask("PUT", url, text.encode(), Content_Type="text/calendar")
        assert answer.status in (201, 204), answer.body

    async def change(self, meeting_id: UUID, old: str, new: str) -> None:
        """Has the person change a meeting of ours in their own calendar."""
        text = await self.read(meeting_id)
        assert text is not None
        assert old in text, text
        answer = await self.ask(
            "PUT", f"{self.calendar}{meeting_id}.ics", text.replace(old, new).encode(), Content_Type="text/calendar"
        )
        assert answer.status in (201, 204), answer.body

    async def delete(self, meeting_id: UUID) -> None:
        assert (await self.ask("DELETE", f"{self.calendar}{meeting_id}.ics")).status in (200, 204)

    async def read(self, meeting_id: UUID) -> str | None:
        """A meeting as it stands there."""
        answer = await self.ask("GET", f"{self.calendar}{meeting_id}.ics")
        return None if answer.status == 404 else answer.body.decode()

    async def names(self) -> set[str]:
        """All that is in the calendar."""
        events = await self.client().list_events(datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
        return {event.path for event in events}


@asynccontextmanager
async def running_radicale(folder: Path) -> AsyncIterator[Radicale]:
    server = Radicale(folder, free_port())
    await server.start()
    try:
        await server.add_calendar()
        yield server
    finally:
        await server.kill()


@pytest.fixture
async def radicale(tmp_path: Path) -> AsyncIterator[Radicale]:
    async with running_radicale(tmp_path) as server:
        yield server

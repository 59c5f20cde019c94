"""Calendars on a real CalDAV server: radicale, which is not ours, with a password, killed when it suits us least."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from base.database import transaction
from base.encryption import KeyRing
from base.errors import NotFound
from crm.meetings.booking import MeetingOver, TimeTaken, confirm_meeting, move_meeting
from crm.meetings.caldav.client import CalDAVClient, CalendarFailed, ChangedMeanwhile
from crm.meetings.caldav.links import NotWritten, link_calendar, unlink_calendar
from crm.meetings.caldav.rules import TOLD_AFTER, decide_first, wait_after
from crm.meetings.caldav.work import CalDAVWork
from crm.meetings.models import Calendar, CalendarEntry, CalendarLink, Meeting
from crm.tasks.models import Task
from crm.timeline.models import TimelineEvent
from tests.crm.meetings.conftest import Office, OfficeClock, Radicale

TUESDAY_TEN = datetime(2026, 11, 24, 9, tzinfo=UTC)
"""Ten o'clock in Berlin."""
HALF = timedelta(minutes=30)
MINUTE = timedelta(minutes=1)


@dataclass
class Desk:
    """A calendar with radicale behind it, and the worker that keeps both in step."""

    office: Office
    radicale: Radicale
    work: CalDAVWork
    calendar_id: UUID

    async def book(self, at: datetime = TUESDAY_TEN) -> UUID:
        hold = await self.office.hold(at, conversation_id=await self.office.converse())
        assert hold is not None
        async with transaction(self.office.sessions) as session:
            held = await session.get_one(Meeting, hold)
        await self.office.confirm(hold, conversation_id=held.conversation_id)
        return hold

    async def move(self, meeting_id: UUID, at: datetime) -> None:
        async with transaction(self.office.sessions) as session:
            await move_meeting(session, self.office.feeds, meeting_id, starts_at=at, by="person", now=self.office.now)

    async def erase(self, meeting_id: UUID) -> None:
        """As whoever erases the person does."""
        async with transaction(self.office.sessions) as session:
            await session.delete(await session.get_one(Meeting, meeting_id))

    async def pass_time(self, time: timedelta = MINUTE) -> None:
        """Time passes, and the worker does what it does each minute."""
        self.office.now += time
        await self.work.do_all()

    async def meeting(self, meeting_id: UUID) -> Meeting:
        async with self.office.sessions() as session:
            return await session.get_one(Meeting, meeting_id)

    async def entry(self, meeting_id: UUID) -> CalendarEntry:
        async with self.office.sessions() as session:
            return await session.get_one(CalendarEntry, meeting_id)

    async def link(self) -> CalendarLink:
        async with self.office.sessions() as session:
            return await session.get_one(CalendarLink, self.calendar_id)

    async def tasks(self) -> list[str]:
        async with self.office.sessions() as session:
            return list(await session.scalars(select(Task.title).order_by(Task.made_at, Task.id)))

    async def kinds(self) -> list[str]:
        async with self.office.sessions() as session:
            found = select(TimelineEvent.kind).where(TimelineEvent.kind.like("meeting_%")).order_by(TimelineEvent.id)
            return list(await session.scalars(found))

    async def starts(self, **changed: object) -> list[datetime]:
        return [one.starts_at.astimezone(UTC) for one in (await self.office.free(**changed)).times]


@pytest.fixture
async def desk(office: Office, radicale: Radicale, keys: KeyRing) -> AsyncIterator[Desk]:
    calendar_id = await office.add()
    access = radicale.client()._access
    async with transaction(office.sessions) as session:
        await link_calendar(session, keys, calendar_id, access, now=office.now - timedelta(days=1))
    work = CalDAVWork(office.sessions, keys, OfficeClock(office), "https://site.example", allow_private=True)
    yield Desk(office, radicale, work, calendar_id)
    await work.stop()


async def test_calendars_are_found_by_the_servers_name_alone(radicale: Radicale) -> None:
    await radicale.add_calendar("todo", kind="VTODO")
    for url in (radicale.site, f"{radicale.site}/", f"{radicale.site}/ada/", radicale.calendar):
        [found] = await radicale.client(url).discover()
        assert (found.url, found.name, found.writable) == (radicale.calendar, "My work", True)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"password": "wrong"}, "user or password is wrong"),
        ({"url": "http://127.0.0.1:9/"}, "not reached"),
        ({"url": "ftp://127.0.0.1/"}, "address not allowed"),
    ],
)
async def test_what_is_wrong_is_said_in_words_that_hold_no_secret(
    radicale: Radicale, changed: dict[str, str], problem: str
) -> None:
    with pytest.raises(CalendarFailed) as raised:
        await radicale.client(**changed).discover()
    assert raised.value.problem == problem
    assert radicale.password not in str(raised.value)


async def test_our_own_network_is_asked_only_where_that_is_allowed(radicale: Radicale) -> None:
    client = CalDAVClient(radicale.client()._access)
    with pytest.raises(CalendarFailed, match="address not allowed"):
        await client.discover()


async def test_an_event_is_made_once_and_changed_only_in_the_version_that_is_known(radicale: Radicale) -> None:
    client = radicale.client()
    lines = (
        "BEGIN:VCALENDAR VERSION:2.0 PRODID:-//test//EN BEGIN:VEVENT UID:one DTSTAMP:20261101T000000Z "
        "DTSTART:20261124T090000Z DTEND:20261124T093000Z SUMMARY:One END:VEVENT END:VCALENDAR"
    )
    event = lines.replace(" ", "\r\n").encode() + b"\r\n"
    etag = await client.write_event("one.ics", event, etag=None)
    with pytest.raises(ChangedMeanwhile):
        await client.write_event("one.ics", event, etag=None)
    await client.write_event("one.ics", event.replace(b"SUMMARY:One", b"SUMMARY:Two"), etag=etag)
    with pytest.raises(ChangedMeanwhile):
        await client.write_event("one.ics", event, etag=etag)
    [stored] = await client.read_events(["one.ics"])
    assert stored.data is not None
    assert b"SUMMARY:Two" in stored.data
    await client.remove_event("one.ics")
    await client.remove_event("one.ics")
    assert await client.is_gone("one.ics")


async def test_what_is_in_their_calendar_is_not_offered_nor_booked(desk: Desk) -> None:
    await desk.radicale.put("dentist", "DTSTART:20261124T080000Z", "DTEND:20261124T090000Z")
    await desk.radicale.put("free", "DTSTART:20261124T090000Z", "DTEND:20261124T093000Z", "TRANSP:TRANSPARENT")
    assert await desk.starts() == [TUESDAY_TEN, TUESDAY_TEN + HALF, TUESDAY_TEN + 2 * HALF]
    assert await desk.office.hold(TUESDAY_TEN - HALF) is None
    assert await desk.office.hold(TUESDAY_TEN) is not None


async def test_what_changes_in_their_calendar_is_heard_of_within_a_minute(desk: Desk) -> None:
    assert TUESDAY_TEN in await desk.starts(count=10)
    await desk.radicale.put("standup", "DTSTART:20261123T090000Z", "DTEND:20261123T093000Z", "RRULE:FREQ=DAILY;COUNT=3")
    await desk.radicale.put("call", "DTSTART:20261124T100000Z", "DTEND:20261124T103000Z")
    assert TUESDAY_TEN in await desk.starts(count=10), "what was read a moment ago still holds"
    desk.office.now += MINUTE
    times = await desk.starts(count=10)
    assert TUESDAY_TEN not in times
    assert TUESDAY_TEN + timedelta(hours=1) not in times
    assert (await desk.radicale.ask("DELETE", f"{desk.radicale.calendar}call.ics")).status == 200
    desk.office.now += MINUTE
    assert TUESDAY_TEN + timedelta(hours=1) in await desk.starts(count=10)


async def test_what_is_at_hand_of_their_calendar_is_read_anew_when_ours_moves_to_another_zone(desk: Desk) -> None:
    await desk.radicale.put("floating", "DTSTART:20261124T090000", "DTEND:20261124T093000")
    assert TUESDAY_TEN in await desk.starts(count=10)
    async with transaction(desk.office.sessions) as session:
        (await session.get_one(Calendar, desk.calendar_id)).zone = "Europe/London"
    times = await desk.starts(count=10)
    assert TUESDAY_TEN not in times, "nine o'clock in London"
    assert TUESDAY_TEN + HALF in times


async def test_nothing_is_offered_while_their_calendar_cannot_be_read(desk: Desk) -> None:
    await desk.radicale.kill()
    assert await desk.starts() == []
    await desk.radicale.start()
    desk.office.now += MINUTE
    assert TUESDAY_TEN in await desk.starts(count=10)


async def test_a_booked_meeting_stands_in_their_calendar_once(desk: Desk) -> None:
    meeting_id = await desk.book()
    await desk.pass_time()
    text = await desk.radicale.read(meeting_id)
    assert text is not None
    assert "DTSTART:20261124T090000Z" in text
    assert "DTEND:20261124T093000Z" in text
    assert "SUMMARY:Product demo" in text
    assert f"/admin/leads/{desk.office.contact_id}" in text.replace("\r\n ", "")
    assert "ATTENDEE" not in text
    await desk.pass_time()
    assert await desk.radicale.names() == {f"{meeting_id}.ics"}
    assert (await desk.entry(meeting_id)).state == "written"
    assert await desk.tasks() == []


async def test_a_meeting_that_is_moved_here_moves_there_and_keeps_what_was_noted_in_it(desk: Desk) -> None:
    meeting_id = await desk.book()
    await desk.pass_time()
    await desk.radicale.change(meeting_id, "SUMMARY:Product demo", "SUMMARY:Ask about the invoice")
    await desk.pass_time()
    await desk.move(meeting_id, TUESDAY_TEN + HALF)
    await desk.pass_time()
    text = await desk.radicale.read(meeting_id)
    assert text is not None
    assert "DTSTART:20261124T093000Z" in text
    assert "SEQUENCE:1" in text
    assert "SUMMARY:Ask about the invoice" in text
    assert await desk.kinds() == ["meeting_booked", "meeting_moved"]
    desk.office.now += MINUTE
    assert TUESDAY_TEN in await desk.starts(count=10)


async def test_a_meeting_is_not_in_its_own_way_when_it_is_moved_by_less_than_its_length(desk: Desk) -> None:
    await desk.office.add(name="long", minutes=60, hours={"tue": ("09:00-12:00",), "wed": ("09:30-12:30",)})
    meeting_id = await desk.book()
    await desk.pass_time()
    assert TUESDAY_TEN not in await desk.starts(count=10)
    assert TUESDAY_TEN in await desk.starts(count=10, ignoring=meeting_id)


async def test_a_meeting_that_is_cancelled_here_goes_there_and_its_time_is_free(desk: Desk) -> None:
    meeting_id = await desk.book()
    await desk.pass_time()
    await desk.office.cancel(meeting_id)
    await desk.pass_time()
    assert await desk.radicale.names() == set()
    assert TUESDAY_TEN in await desk.starts(count=10)
    assert (await desk.entry(meeting_id)).state == "removed"


async def test_a_meeting_that_they_move_in_their_calendar_is_moved_here_and_they_are_told(desk: Desk) -> None:
    meeting_id = await desk.book()
    await desk.pass_time()
    await desk.radicale.change(meeting_id, "T090000Z", "T140000Z")
    await desk.radicale.change(meeting_id, "T093000Z", "T150000Z")
    await desk.pass_time()
    moved = await desk.meeting(meeting_id)
    assert moved.starts_at == TUESDAY_TEN + timedelta(hours=5)
    assert moved.ends_at == TUESDAY_TEN + timedelta(hours=6)
    assert (moved.sequence, moved.changed_by) == (1, "calendar")
    [task] = await desk.tasks()
    assert task.startswith("The meeting is Tue 24 Nov, 15:00")
    await desk.pass_time()
    assert len(await desk.tasks()) == 1
    assert await desk.kinds() == ["meeting_booked", "meeting_moved"]


async def test_a_meeting_that_they_delete_in_their_calendar_is_cancelled_and_they_are_told_once(desk: Desk) -> None:
    meeting_id = await desk.book()
    other = await desk.book(TUESDAY_TEN + HALF)
    await desk.pass_time()
    await desk.radicale.delete(meeting_id)
    await desk.pass_time()
    await desk.pass_time()
    gone = await desk.meeting(meeting_id)
    assert (gone.state, gone.changed_by) == ("cancelled", "calendar")
    assert (await desk.meeting(other)).state == "booked"
    [task] = await desk.tasks()
    assert "deleted in your calendar" in task
    assert "please tell them" in task, "they have no address"
    assert await desk.radicale.names() == {f"{other}.ics"}


async def test_a_calendar_that_was_emptied_cancels_nothing_by_itself(desk: Desk) -> None:
    booked = [await desk.book(TUESDAY_TEN + number * HALF) for number in range(3)]
    await desk.pass_time()
    for one in booked:
        await desk.radicale.delete(one)
    await desk.pass_time()
    assert [(await desk.meeting(one)).state for one in booked] == ["booked"] * 3
    assert (await desk.link()).problem == "all meetings are gone there"


async def test_radicale_killed_loses_nothing_and_doubles_nothing(desk: Desk) -> None:
    first, moved, cancelled = [await desk.book(TUESDAY_TEN + number * HALF) for number in range(3)]
    await desk.work.write_due()
    later = await desk.office.hold(TUESDAY_TEN + 8 * HALF)
    await desk.radicale.kill()
    # Nobody waits for the server: what was held can be booked, cancelled, all while it is away.
    assert later is not None
    await desk.office.confirm(later)
    await desk.office.cancel(cancelled)
    async with transaction(desk.office.sessions) as session:
        # As a page that was open does whose times are at hand.
        await move_meeting(
            session, desk.office.feeds, moved, starts_at=TUESDAY_TEN + 6 * HALF, by="person", now=desk.office.now
        )
    for _ in range(4):
        await desk.pass_time()
    assert (await desk.entry(later)).state == "failed"
    assert (await desk.entry(later)).problem == "not reached"
    await desk.radicale.start()
    await desk.pass_time(timedelta(minutes=10))
    assert await desk.radicale.names() == {f"{one}.ics" for one in (first, moved, later)}
    for one, at in ((moved, "20261124T120000Z"), (later, "20261124T130000Z")):
        text = await desk.radicale.read(one)
        assert text is not None
        assert f"DTSTART:{at}" in text
    assert {(await desk.entry(one)).state for one in (first, moved, later)} == {"written"}


async def test_a_write_whose_outcome_was_lost_is_found_and_not_made_again(desk: Desk) -> None:
    meeting_id = await desk.book()
    await desk.work.write_due()
    async with transaction(desk.office.sessions) as session:
        # As it stands after a worker died between the server's answer and noting it.
        entry = await session.get_one(CalendarEntry, meeting_id)
        entry.state, entry.starts_at, entry.ends_at, entry.etag = "to_write", None, None, None
        entry.held_until = desk.office.now + timedelta(minutes=5)
    await desk.pass_time()
    assert (await desk.entry(meeting_id)).state == "to_write", "another worker may still be at it"
    await desk.pass_time(timedelta(minutes=5))
    assert (await desk.entry(meeting_id)).state == "written"
    assert await desk.radicale.names() == {f"{meeting_id}.ics"}
    assert (await desk.meeting(meeting_id)).state == "booked"


async def test_a_colleague_is_told_of_what_cannot_be_written_for_long(desk: Desk) -> None:
    await desk.book()
    await desk.radicale.kill()
    for _ in range(TOLD_AFTER + 3):
        await desk.pass_time(timedelta(minutes=10))
    [task] = await desk.tasks()
    assert "not in your calendar yet: not reached" in task
    assert (await desk.link()).problem == "not reached"


async def test_whoever_moved_it_first_has_their_time_when_both_did(desk: Desk) -> None:
    theirs, ours = await desk.book(), await desk.book(TUESDAY_TEN + HALF)
    await desk.work.write_due()
    now = desk.office.now
    before = f"LAST-MODIFIED:{now:%Y%m%dT%H%M%SZ}"
    for one, old, new, changed in (
        (theirs, "T090000Z", "T091500Z", now + timedelta(seconds=10)),
        (ours, "T093000Z", "T094500Z", now + timedelta(seconds=50)),
    ):
        await desk.radicale.change(one, old, new)
        await desk.radicale.change(one, before, f"LAST-MODIFIED:{changed:%Y%m%dT%H%M%SZ}")
    desk.office.now = now + timedelta(seconds=30)
    await desk.move(theirs, TUESDAY_TEN + 8 * HALF)
    await desk.move(ours, TUESDAY_TEN + 6 * HALF)
    await desk.pass_time()
    assert (await desk.meeting(theirs)).starts_at == TUESDAY_TEN + HALF / 2
    assert (await desk.meeting(ours)).starts_at == TUESDAY_TEN + 6 * HALF
    text = await desk.radicale.read(ours)
    assert text is not None
    assert "DTSTART:20261124T120000Z" in text
    [task] = await desk.tasks()
    assert "moved in your calendar" in task


async def test_an_event_that_was_there_first_takes_the_time_and_one_that_came_later_is_told_of(desk: Desk) -> None:
    assert TUESDAY_TEN in await desk.starts(count=10)
    stamp = "CREATED:20261120T080000Z"
    # Put there after we read, but made before: another of their programs was offline.
    await desk.radicale.put("first", "DTSTART:20261124T090000Z", "DTEND:20261124T093000Z", stamp)
    lost = await desk.book()
    kept = await desk.book(TUESDAY_TEN + HALF)
    await desk.pass_time()
    assert (await desk.meeting(lost)).state == "cancelled"
    assert (await desk.meeting(lost)).changed_by == "clash"
    later = f"CREATED:{desk.office.now:%Y%m%dT%H%M%SZ}"
    await desk.radicale.put("later", "DTSTART:20261124T093000Z", "DTEND:20261124T100000Z", later)
    await desk.pass_time()
    await desk.pass_time()
    assert (await desk.meeting(kept)).state == "booked"
    first, second = await desk.tasks()
    assert "had something there before" in first
    assert "something else during the meeting" in second
    assert await desk.radicale.names() == {"first.ics", "later.ics", f"{kept}.ics"}


async def test_a_calendar_put_behind_ours_gets_the_meetings_to_come_and_cancels_none(desk: Desk, keys: KeyRing) -> None:
    meeting_id = await desk.book()
    async with transaction(desk.office.sessions) as session:
        await unlink_calendar(session, desk.calendar_id, force=True)
    await desk.pass_time()
    assert await desk.radicale.names() == set()
    # They wrote it down by hand.
    await desk.radicale.put("by-hand", "DTSTART:20261124T090000Z", "DTEND:20261124T093000Z", "CREATED:20261101T080000Z")
    async with transaction(desk.office.sessions) as session:
        await link_calendar(session, keys, desk.calendar_id, desk.radicale.client()._access, now=desk.office.now)
    await desk.pass_time()
    assert (await desk.meeting(meeting_id)).state == "booked"
    assert await desk.radicale.names() == {"by-hand.ics", f"{meeting_id}.ics"}


async def test_the_event_of_somebody_who_is_erased_goes_from_their_calendar(desk: Desk) -> None:
    meeting_id = await desk.book()
    await desk.pass_time()
    await desk.erase(meeting_id)
    await desk.pass_time()
    assert await desk.radicale.names() == set()
    await desk.pass_time()
    async with desk.office.sessions() as session:
        assert await session.get(CalendarEntry, meeting_id) is None


async def test_a_calendar_is_not_disconnected_before_it_was_told_who_is_erased_but_by_force(desk: Desk) -> None:
    meeting_id = await desk.book()
    await desk.pass_time()
    await desk.erase(meeting_id)
    with pytest.raises(NotWritten, match="not told yet: 1"):
        async with transaction(desk.office.sessions) as session:
            await unlink_calendar(session, desk.calendar_id)
    assert (await desk.entry(meeting_id)).state == "written"
    # What a force takes away is not committed here.
    async with desk.office.sessions() as session:
        await unlink_calendar(session, desk.calendar_id, force=True)
        assert await session.get(CalendarEntry, meeting_id) is None
        assert await session.get(CalendarLink, desk.calendar_id) is None
    await desk.pass_time()
    assert await desk.radicale.names() == set()
    async with transaction(desk.office.sessions) as session:
        await unlink_calendar(session, desk.calendar_id)


async def test_a_calendar_is_not_disconnected_beside_somebody_who_books_in_it(desk: Desk) -> None:
    talk, now = await desk.office.converse(), desk.office.now
    hold = await desk.office.hold(TUESDAY_TEN, conversation_id=talk)

    async def disconnect() -> None:
        async with transaction(desk.office.sessions) as session:
            await unlink_calendar(session, desk.calendar_id)

    async with transaction(desk.office.sessions) as session:
        await confirm_meeting(session, str(hold), contact_id=desk.office.contact_id, conversation_id=talk, now=now)
        disconnecting = asyncio.create_task(disconnect())
        done, _ = await asyncio.wait({disconnecting}, timeout=0.3)
    with pytest.raises(NotWritten, match="not told yet: 1"):
        await disconnecting
    assert done == set()


async def test_what_is_to_be_written_behind_no_calendar_is_in_nobodys_way(desk: Desk, keys: KeyRing) -> None:
    meeting_id = await desk.book()
    link_is_gone = delete(CalendarLink).where(CalendarLink.calendar_id == desk.calendar_id)
    async with transaction(desk.office.sessions) as session:
        await session.execute(link_is_gone)
        await link_calendar(session, keys, desk.calendar_id, desk.radicale.client()._access, now=desk.office.now)
    assert (await desk.entry(meeting_id)).state == "to_write"
    async with transaction(desk.office.sessions) as session:
        await session.execute(link_is_gone)
        await unlink_calendar(session, desk.calendar_id)
        assert await session.get(CalendarEntry, meeting_id) is None


async def test_the_event_of_somebody_who_is_erased_is_due_at_once(desk: Desk) -> None:
    meeting_id = await desk.book()
    await desk.pass_time()
    await desk.erase(meeting_id)
    await desk.work.do_due(desk.office.now)
    async with asyncio.timeout(10):
        while await desk.radicale.names():
            await asyncio.sleep(0.02)


async def test_a_meeting_erased_while_it_is_written_is_let_go_and_the_others_are_written(desk: Desk) -> None:
    erased, kept = await desk.book(), await desk.book(TUESDAY_TEN + 2 * HALF)
    await desk.work.write_due()
    await desk.radicale.delete(erased)
    await desk.move(erased, TUESDAY_TEN + HALF)
    await desk.move(kept, TUESDAY_TEN + 3 * HALF)
    desk.radicale.pause()
    writing = asyncio.create_task(desk.work.write_due())
    while (await desk.entry(erased)).held_until is None:
        await asyncio.sleep(0.01)
    await desk.erase(erased)
    desk.radicale.go_on()
    await writing
    await desk.pass_time()
    assert await desk.radicale.names() == {f"{kept}.ics"}
    assert (await desk.entry(kept)).state == "written"


async def test_a_meeting_erased_while_their_calendar_is_looked_at_holds_up_no_other(desk: Desk) -> None:
    erased, kept = await desk.book(), await desk.book(TUESDAY_TEN + 2 * HALF)
    await desk.pass_time()
    await desk.radicale.delete(erased)
    await desk.radicale.change(kept, "T100000Z", "T140000Z")
    await desk.radicale.change(kept, "T103000Z", "T143000Z")
    desk.office.now += MINUTE
    desk.radicale.pause()
    looking = asyncio.create_task(desk.work.look_due())
    while (await desk.link()).look_at <= desk.office.now:
        await asyncio.sleep(0.01)
    await desk.erase(erased)
    desk.radicale.go_on()
    assert await looking == 1
    assert (await desk.meeting(kept)).starts_at == TUESDAY_TEN + 10 * HALF
    [task] = await desk.tasks()
    assert "moved in your calendar" in task


async def test_hours_and_events_hold_on_the_day_the_clocks_change(
    office: Office, radicale: Radicale, keys: KeyRing
) -> None:
    calendar_id = await office.add(hours={"sun": ("01:00-04:00",)}, minutes=60, days_ahead=365, notice_minutes=0)
    async with transaction(office.sessions) as session:
        await link_calendar(session, keys, calendar_id, radicale.client()._access, now=office.now)
    zone = ["DTSTART;TZID=Europe/Berlin:20270328T030000", "DTEND;TZID=Europe/Berlin:20270328T040000"]
    await radicale.put("early", *zone)
    # Between two and three there is nothing that Sunday: one to two is free, three to four is theirs.
    after = datetime(2027, 3, 27, 12, tzinfo=UTC)
    times = [one.starts_at for one in (await office.free(after=after, count=2)).times]
    assert times == [datetime(2027, 3, 28, 0, tzinfo=UTC), datetime(2027, 4, 3, 23, tzinfo=UTC)]


async def test_a_whole_day_of_theirs_is_a_day_in_the_calendars_zone(desk: Desk) -> None:
    await desk.radicale.put("holiday", "DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261125")
    times = await desk.starts(zone="America/New_York")
    assert times[0] == datetime(2026, 11, 25, 8, tzinfo=UTC)


async def test_a_meeting_that_is_over_or_unknown_or_taken_is_not_moved(desk: Desk) -> None:
    meeting_id = await desk.book()
    taken = await desk.book(TUESDAY_TEN + HALF)
    with pytest.raises(TimeTaken):
        await desk.move(meeting_id, TUESDAY_TEN + HALF)
    for never in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        with pytest.raises(TimeTaken):
            await desk.move(meeting_id, never)
        assert (await desk.starts(after=never) == []) is (never.year > 1)
    with pytest.raises(NotFound):
        await desk.move(UUID(int=1), TUESDAY_TEN)
    await desk.office.cancel(taken)
    with pytest.raises(MeetingOver):
        await desk.move(taken, TUESDAY_TEN + 3 * HALF)
    await desk.move(meeting_id, TUESDAY_TEN)
    assert (await desk.meeting(meeting_id)).sequence == 0


def test_the_wait_grows_and_ends_somewhere() -> None:
    waits = [wait_after(number) for number in range(1, 20)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=15)
    assert waits[-1] == timedelta(minutes=30)


def test_who_was_first_is_ours_where_theirs_has_no_time() -> None:
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    assert decide_first(moment, None) == "ours"
    assert decide_first(moment, moment - MINUTE) == "theirs"
    assert decide_first(moment, moment + MINUTE) == "ours"

"""Calendars and meetings through the API, with radicale behind one of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from admin.audit.models import AuditDetail, AuditEntry
from base.database import transaction
from base.ids import new_id
from crm.contacts.service import create_contact, set_fields
from crm.meetings.booking import TimeTaken, confirm_meeting, hold_time
from crm.meetings.caldav.work import CalDAVWork
from crm.meetings.feeds import BusyFeeds
from crm.meetings.free_times import free_times
from crm.meetings.models import CalendarLink, Meeting
from tests.admin.people import make_talk
from tests.crm.meetings.conftest import running_radicale

CALENDARS, MEETINGS = "/api/v1/calendars", "/api/v1/meetings"
WISH = {"title": "Demo", "zone": "Europe/Berlin", "hours": {"tue": ["09:00-12:00"], "wed": ["09:00-12:00"]}}


@pytest.fixture
def context(context, wake_ups):
    feeds = BusyFeeds(context.keys, allow_private=True)
    return replace(context, calendars_private=True, busy_feeds=feeds, wake_calendars=wake_ups.wake)


@pytest.fixture
async def radicale(tmp_path):
    async with running_radicale(tmp_path) as server:
        yield server


async def add(admin, **changed):
    answer = await admin.send("POST", CALENDARS, {"name": "sales", **WISH, **changed})
    assert answer.status == 201, await answer.text()
    return await answer.json()


async def link(admin, calendar_id, radicale):
    body = {"url": radicale.calendar, "username": radicale.username, "password": radicale.password}
    answer = await admin.send("PUT", f"{CALENDARS}/{calendar_id}/caldav", body)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def book(context, at, name="Ada", calendar="sales"):
    now = context.clock.now()
    async with transaction(context.sessions) as session:
        contact_id = await create_contact(session, language="en", time_zone=None, now=now)
        await set_fields(session, contact_id, {"first_name": name}, now=now)
        talk = await make_talk(session, contact_id, now)
        hold = await hold_time(
            session, context.busy_feeds, calendar=calendar, starts_at=at, hold_key=str(new_id()), conversation_id=talk,
            now=now,
        )  # fmt: skip
        assert hold is not None
        await confirm_meeting(session, str(hold), contact_id=contact_id, conversation_id=talk, now=now)
    return hold


async def test_a_calendar_is_added_changed_and_shown_without_its_secrets(signed_in):
    made = await add(signed_in, busy_url="https://feed.example/secret.ics")
    assert made["has_feed"] is True
    path = f"{CALENDARS}/{made['id']}"
    answer = await signed_in.send("PUT", path, {**WISH, "minutes": 45}, **{"If-Match": f'"{made["version"]}"'})
    assert answer.status == 200
    changed = await answer.json()
    assert (changed["minutes"], changed["has_feed"], changed["name"]) == (45, True, "sales")
    assert "secret" not in await answer.text()
    answer = await signed_in.send("PUT", path, WISH, **{"If-Match": f'"{made["version"]}"'})
    assert answer.status == 412
    tag = {"If-Match": f'"{changed["version"]}"'}
    assert (await (await signed_in.send("PUT", path, {**WISH, "busy_url": ""}, **tag)).json())["has_feed"] is False
    assert (await signed_in.send("POST", CALENDARS, {"name": "sales", **WISH})).status == 409


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"zone": "Mars"}, "zone"), ({"hours": {"tue": ["9-12"]}}, "hours"), ({"hours": {}}, "hours"),
        ({"minutes": 0}, "minutes"), ({"busy_url": "ftp://x"}, "busy_url"), ({"name": "Sales!"}, "name"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_calendar_is_said_by_field(signed_in, changed, field):
    answer = await signed_in.send("POST", CALENDARS, {"name": "sales", **WISH, **changed})
    assert answer.status == 422
    assert [one["field"] for one in (await answer.json())["errors"]] == [field]


async def test_the_times_that_would_be_offered_are_shown_on_the_calendars_clock(signed_in):
    made = await add(signed_in)
    found = await signed_in.read(f"{CALENDARS}/{made['id']}/free-times", language="de")
    assert found["readable"] is True
    assert found["times"][0]["label"] == "Di., 24. Nov., 09:00"
    later = await signed_in.read(f"{CALENDARS}/{made['id']}/free-times", after=found["times"][0]["starts_at"])
    assert later["times"][0]["starts_at"] == found["times"][1]["starts_at"]


async def test_a_persons_calendars_are_found_and_one_put_behind_ours(signed_in, radicale, wake_ups):
    made = await add(signed_in)
    access = {"url": radicale.site, "username": radicale.username, "password": radicale.password}
    answer = await signed_in.send("POST", f"{CALENDARS}/discover", access)
    assert await answer.json() == {"items": [{"url": radicale.calendar, "name": "My work", "writable": True}]}
    linked = await link(signed_in, made["id"], radicale)
    assert (linked["caldav"]["url"], linked["caldav"]["problem"]) == (radicale.calendar, None)
    assert wake_ups.count == 1
    await radicale.put("dentist", "DTSTART:20261124T080000Z", "DTEND:20261124T100000Z")
    found = await signed_in.read(f"{CALENDARS}/{made['id']}/free-times")
    assert found["times"][0]["label"] == "Tue 24 Nov, 11:00"
    check = await (await signed_in.send("POST", f"{CALENDARS}/{made['id']}/check")).json()
    assert check == {"works": True, "problem": None, "events": 1}
    await radicale.kill()
    check = await (await signed_in.send("POST", f"{CALENDARS}/{made['id']}/check")).json()
    assert check == {"works": False, "problem": "not reached", "events": 0}
    assert (await signed_in.send("DELETE", f"{CALENDARS}/{made['id']}/caldav")).status == 204
    assert (await signed_in.send("POST", f"{CALENDARS}/{made['id']}/check")).status == 404


async def test_a_password_that_is_kept_goes_to_no_other_server(signed_in, radicale):
    made = await add(signed_in)
    await link(signed_in, made["id"], radicale)
    path = f"{CALENDARS}/{made['id']}/caldav"
    same = {"url": radicale.calendar, "username": radicale.username}
    assert (await signed_in.send("PUT", path, same)).status == 200
    for other in ({**same, "url": "http://127.0.0.1:1/ada/"}, {**same, "username": "eve"}):
        answer = await signed_in.send("PUT", path, other)
        assert answer.status == 422
        assert [one["field"] for one in (await answer.json())["errors"]] == ["password"]


async def test_a_server_that_does_not_let_us_in_is_put_behind_nothing(signed_in, radicale):
    made = await add(signed_in)
    body = {"url": radicale.calendar, "username": radicale.username, "password": "wrong"}
    for answer in (
        await signed_in.send("PUT", f"{CALENDARS}/{made['id']}/caldav", body),
        await signed_in.send("POST", f"{CALENDARS}/discover", body),
    ):
        assert answer.status == 502
        assert "user or password is wrong" in await answer.text()
    assert (await signed_in.read(f"{CALENDARS}/{made['id']}"))["caldav"] is None


async def test_our_own_network_is_asked_only_by_an_explicit_setting(context, signed_in, radicale):
    made = await add(signed_in)
    object.__setattr__(context, "calendars_private", False)
    body = {"url": radicale.calendar, "username": radicale.username, "password": radicale.password}
    answer = await signed_in.send("PUT", f"{CALENDARS}/{made['id']}/caldav", body)
    assert answer.status == 502
    assert "address not allowed" in await answer.text()


async def test_no_password_stands_in_the_audit_log(context, signed_in, radicale):
    made = await add(signed_in)
    await link(signed_in, made["id"], radicale)
    async with context.sessions() as session:
        told = [f"{one.before} {one.after}" for one in await session.scalars(select(AuditDetail))]
    assert any("127.0.0.1" in one for one in told)
    assert not any(radicale.password in one or radicale.calendar in one for one in told)


async def test_meetings_to_come_are_listed_moved_and_cancelled(context, signed_in, radicale, wake_ups, now):
    made = await add(signed_in)
    await link(signed_in, made["id"], radicale)
    nine = (now + timedelta(days=1)).replace(hour=8, minute=0)
    first, second = await book(context, nine), await book(context, nine + timedelta(hours=1), "Grace")
    page = await signed_in.read(MEETINGS, limit=1)
    assert [(one["id"], one["contact_name"], one["entry"]) for one in page["items"]] == [
        (str(first), "Ada", "to_write")
    ]
    rest = await signed_in.read(MEETINGS, cursor=page["next_cursor"], calendar_id=made["id"])
    assert ([one["id"] for one in rest["items"]], rest["next_cursor"]) == ([str(second)], None)
    work = CalDAVWork(context.sessions, context.keys, context.clock, "https://site.example", allow_private=True)
    await work.do_all()
    assert {one["entry"] for one in (await signed_in.read(MEETINGS))["items"]} == {"written"}
    times = await signed_in.read(f"{MEETINGS}/{first}/free-times")
    wanted = times["times"][1]["starts_at"]
    assert (await signed_in.send("POST", f"{MEETINGS}/{first}/move", {"starts_at": wanted})).status == 204
    taken = {"starts_at": (nine + timedelta(hours=1)).isoformat()}
    assert (await signed_in.send("POST", f"{MEETINGS}/{first}/move", taken)).status == 409
    assert (await signed_in.send("POST", f"{MEETINGS}/{second}/cancel")).status == 204
    assert (await signed_in.send("POST", f"{MEETINGS}/{second}/cancel")).status == 204
    await work.do_all()
    [left] = (await signed_in.read(MEETINGS))["items"]
    assert (left["id"], datetime.fromisoformat(left["starts_at"])) == (str(first), datetime.fromisoformat(wanted))
    assert await radicale.names() == {f"{first}.ics"}
    assert wake_ups.count >= 4


async def test_a_calendar_goes_when_no_meeting_to_come_stands_in_it_and_its_meetings_stay(
    context, signed_in, radicale, clock, now
):
    made = await add(signed_in, busy_url="")
    path, version = f"{CALENDARS}/{made['id']}", {"If-Match": f'"{made["version"]}"'}
    await link(signed_in, made["id"], radicale)
    nine = (now + timedelta(days=1)).replace(hour=8, minute=0)
    booked, cancelled = await book(context, nine), await book(context, nine + timedelta(hours=1), "Grace")
    assert (await signed_in.send("POST", f"{MEETINGS}/{cancelled}/cancel")).status == 204
    assert (await signed_in.send("DELETE", path)).status == 428
    refused = await signed_in.send("DELETE", path, **version)
    assert refused.status == 409
    problem = await refused.json()
    assert (problem["code"], problem["detail"].partition(".")[0]) == (
        "calendar_in_use", "Meetings to come in this calendar: 1"
    )  # fmt: skip
    clock.forward(days=2)
    assert (await signed_in.sign_in()).status == 200
    talk = await held_in(context, (now + timedelta(days=8)).replace(hour=8, minute=0))
    work = CalDAVWork(context.sessions, context.keys, context.clock, "https://site.example", allow_private=True)
    await work.do_all()
    assert (await signed_in.send("DELETE", path, **version)).status == 204
    assert (await signed_in.send("DELETE", path, **version)).status == 404
    assert (await signed_in.get(path)).status == 404
    assert (await signed_in.send("POST", f"{path}/check")).status == 404
    assert (await signed_in.read(CALENDARS))["items"] == []
    async with context.sessions() as session:
        kept = dict((await session.execute(select(Meeting.id, Meeting.state))).all())
        assert {kept[booked], kept[cancelled]} == {"booked", "cancelled"}
        assert await session.get(CalendarLink, made["id"]) is None
        (told,) = await session.scalars(select(AuditEntry).where(AuditEntry.action == "remove_calendar"))
        assert told.subject_id == made["id"]
    # Nobody can book in it any more, also who had chosen a time already.
    async with transaction(context.sessions) as session:
        with pytest.raises(TimeTaken):
            await confirm_meeting(session, str(talk[1]), contact_id=new_id(), conversation_id=talk[0], now=clock.now())
        found = await free_times(
            session, context.busy_feeds, calendar="sales", after=None, count=1, language="en", zone=None,
            now=clock.now(),
        )  # fmt: skip
        assert found.times == ()
    # Its name is free.
    again = await add(signed_in)
    assert again["id"] != made["id"]


async def test_a_calendar_does_not_go_before_what_was_cancelled_is_written_unless_its_server_is_gone(
    context, signed_in, radicale, now
):
    made = await add(signed_in, busy_url="")
    path, version = f"{CALENDARS}/{made['id']}", {"If-Match": f'"{made["version"]}"'}
    await link(signed_in, made["id"], radicale)
    meeting = await book(context, (now + timedelta(days=1)).replace(hour=8, minute=0))
    assert (await signed_in.send("POST", f"{MEETINGS}/{meeting}/cancel")).status == 204
    refused = await signed_in.send("DELETE", path, **version)
    assert (refused.status, (await refused.json())["code"]) == (409, "calendar_not_written")
    async with context.sessions() as session:
        assert await session.get(CalendarLink, made["id"]) is not None
    assert (await signed_in.send("DELETE", f"{path}?force=true", **version)).status == 204


async def test_a_caldav_calendar_is_not_taken_away_before_it_was_told_everything_but_by_force(
    context, signed_in, radicale, now
):
    made = await add(signed_in)
    path = f"{CALENDARS}/{made['id']}/caldav"
    await link(signed_in, made["id"], radicale)
    await book(context, (now + timedelta(days=1)).replace(hour=8, minute=0))
    assert (await signed_in.read(f"{CALENDARS}/{made['id']}"))["caldav"]["waiting"] == 1
    access = {"url": await radicale.add_calendar("other"), "username": radicale.username, "password": radicale.password}
    for refused in (await signed_in.send("DELETE", path), await signed_in.send("PUT", path, access)):
        assert (refused.status, (await refused.json())["code"]) == (409, "calendar_not_written")
    assert (await signed_in.send("DELETE", f"{path}?force=true")).status == 204
    assert (await signed_in.read(f"{CALENDARS}/{made['id']}"))["caldav"] is None


async def held_in(context, at):
    """A talk and the time that it holds."""
    now = context.clock.now()
    async with transaction(context.sessions) as session:
        talk = await make_talk(session, None, now)
        hold = await hold_time(
            session, context.busy_feeds, calendar="sales", starts_at=at, hold_key=str(new_id()), conversation_id=talk,
            now=now,
        )  # fmt: skip
        assert hold is not None
    return talk, hold


async def test_what_is_not_there_is_not_found(signed_in):
    nowhere = uuid4()
    for method, path, body in (
        ("GET", f"{CALENDARS}/{nowhere}", None), ("GET", f"{CALENDARS}/{nowhere}/free-times", None),
        ("POST", f"{CALENDARS}/{nowhere}/check", None), ("DELETE", f"{CALENDARS}/{nowhere}/caldav", None),
        ("GET", f"{MEETINGS}/{nowhere}/free-times", None), ("POST", f"{MEETINGS}/{nowhere}/cancel", None),
        ("POST", f"{MEETINGS}/{nowhere}/move", {"starts_at": "2026-11-24T09:00:00Z"}),
        ("PUT", f"{CALENDARS}/{nowhere}/caldav", {"url": "https://x.example", "username": "a", "password": "b"}),
    ):  # fmt: skip
        assert (await signed_in.send(method, path, body)).status == 404, path

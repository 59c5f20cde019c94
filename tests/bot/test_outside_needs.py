"""A meeting from the first offer to the booking, and a call to another system, through the turn's own needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from base.database import transaction
from bot.connectors.call import Connectors
from bot.needs import PlatformNeeds
from bot.outside_needs import OutsideNeeds
from crm.meetings.booking import confirm_meeting
from crm.meetings.calendars import NewCalendar, add_calendar
from crm.meetings.feeds import BusyFeeds
from crm.meetings.models import Meeting
from tests.bot.happenings import contact_of, kinds
from tests.bot.scripted_dialogue import Answer, say
from tests.bot.stage import Stage

WEEK = {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


@pytest.fixture
async def office(stage: Stage) -> Stage:
    """A stage with a calendar and real needs."""
    outside = OutsideNeeds(
        stage.sessions,
        stage.clock,
        Connectors(stage.sessions, stage.keys, stage.clock, "https://shop.example"),
        BusyFeeds(stage.keys),
    )
    stage.turns._decider._needs = PlatformNeeds(
        stage.sessions,
        stage.keys,
        stage.clock,
        "https://shop.example",
        http=outside.http,
        free_times=outside.free_times,
        hold_time=outside.hold_time,
    )
    stage.turns._confirm_meeting = confirm_meeting
    async with transaction(stage.sessions) as session:
        calendar = NewCalendar(name="sales", title="Sales", zone="Europe/Berlin", hours=WEEK)
        await add_calendar(session, stage.keys, calendar, now=stage.clock.now())
    return stage


FREE = {"need": "free_times", "step": "demo/book", "calendar": "sales", "after": None, "count": 3}
HOLD = {"need": "hold_time", "step": "demo/book", "calendar": "sales"}


class Booking:
    """A flow that offers times in one turn, holds the one that is chosen in the next and confirms it."""

    def __init__(self) -> None:
        self.offered: dict[str, Any] = {}
        self.held: list[dict[str, Any]] = []

    def __call__(self, body: dict[str, Any]) -> Answer:
        message = body["message"]
        if message["kind"] == "text":
            return say(need=FREE if not self.offered else HOLD | {"starts_at": self.starts_at})
        if message["need"] == "free_times":
            self.offered = message["value"]
            return say("which one?")
        self.held.append(message["value"])
        confirmed = {"effect": "confirm_meeting", "starts_at": self.starts_at, "calendar": "sales"}
        return say("see you then", effects=[confirmed | {"hold": message["value"]["hold"]}])

    @property
    def starts_at(self) -> str:
        return str(self.offered["times"][0]["starts_at"])


async def meetings(stage: Stage) -> list[Meeting]:
    async with stage.sessions() as session:
        return list(await session.scalars(select(Meeting)))


async def test_a_time_is_offered_held_and_booked(office: Stage) -> None:
    office.dialogue.script = booking = Booking()
    await office.say("a meeting, please")
    assert booking.offered["times"][0]["label"].startswith("Tue 24 Nov")
    assert booking.offered["more"] is True
    await office.say("the first")
    (meeting,) = await meetings(office)
    contact = await contact_of(office)
    assert (meeting.state, meeting.contact_id) == ("booked", contact.id)
    assert meeting.starts_at == datetime.fromisoformat(booking.starts_at)
    assert "meeting_booked" in await kinds(office)


async def test_a_booking_turn_that_is_done_again_books_the_one_meeting_it_held(office: Stage) -> None:
    booking = Booking()

    def breaks_at_the_end(body: dict[str, Any]) -> Answer | int:
        answer = booking(body)
        return 500 if answer["effects"] and len(booking.held) == 1 else answer

    office.dialogue.script = breaks_at_the_end
    await office.say("a meeting, please")
    await office.say("the first")
    await office.turns.resume_waiting()
    assert (await office.transcript())[-1] == ("bot", "see you then")
    assert booking.held[0] == booking.held[1]
    assert [meeting.state for meeting in await meetings(office)] == ["booked"]


async def test_a_connector_nobody_added_is_a_result_and_no_error(office: Stage) -> None:
    results: list[Any] = []

    def script(body: dict[str, Any]) -> Answer:
        if body["message"]["kind"] != "result":
            fields = {"connector": "crm", "method": "GET", "path": "/plan", "query": {"n": 1}, "body": None}
            return say(need={"need": "http", "step": "demo/look_up", "callback": False, **fields})
        results.append(body["message"]["value"])
        return say("never mind")

    office.dialogue.script = script
    await office.say("my plan?")
    assert [result["ok"] for result in results] == [False]
    assert (await office.transcript())[-1] == ("bot", "never mind")

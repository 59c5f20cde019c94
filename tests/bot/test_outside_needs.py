"""A meeting from the first offer to the booking, and a call to another system, through the turn's own needs."""

from __future__ import annotations

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


def books(told: list[Any]) -> Any:
    """A flow that asks for times, holds the first and confirms it."""

    def script(body: dict[str, Any]) -> Answer:
        message = body["message"]
        if message["kind"] != "result":
            return say(need={"need": "free_times", "step": "demo/book", "calendar": "sales", "after": None, "count": 3})
        told.append(message["value"])
        if message["need"] == "free_times":
            starts_at = message["value"]["times"][0]["starts_at"]
            return say(
                need={"need": "hold_time", "step": "demo/book", "calendar": "sales", "starts_at": starts_at}
            )
        effect = {
            "effect": "confirm_meeting", "hold": message["value"]["hold"], "calendar": "sales",
            "starts_at": told[0]["times"][0]["starts_at"],
        }  # fmt: skip
        return say("see you then", effects=[effect])

    return script


async def test_a_time_is_offered_held_and_booked_in_one_turn(office: Stage) -> None:
    told: list[Any] = []
    office.dialogue.script = books(told)
    await office.say("a meeting, please")
    offered, held = told
    assert len(offered["times"]) == 3
    assert offered["more"] is True
    assert held["held"] is True
    contact = await contact_of(office)
    async with office.sessions() as session:
        (meeting,) = list(await session.scalars(select(Meeting)))
    assert (meeting.state, meeting.contact_id, meeting.starts_at.isoformat()) == (
        "booked", contact.id, meeting.starts_at.isoformat(),
    )  # fmt: skip
    assert "meeting_booked" in await kinds(office)


async def test_a_booking_turn_that_is_done_again_books_one_meeting(office: Stage) -> None:
    told: list[Any] = []
    script = books(told)

    def breaks_at_the_end(body: dict[str, Any]) -> Answer | int:
        answer = script(body)
        return 500 if answer["effects"] and len(told) == 2 else answer

    office.dialogue.script = breaks_at_the_end
    await office.say("a meeting, please")
    await office.turns.resume_waiting()
    assert (await office.transcript())[-1] == ("bot", "see you then")
    async with office.sessions() as session:
        assert [meeting.state for meeting in await session.scalars(select(Meeting))] == ["booked"]


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

"""We call: by the outbox and the gate alone, who we are first, how to stop at once, machines left alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from base.database import transaction
from base.ids import new_id
from bot.models import Message
from channels.voice.simulator import Answer, Person, Pickup
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.consent.models import Suppression
from crm.contacts.models import Contact, ContactPoint
from crm.contacts.service import attach_address, create_contact
from crm.timeline.models import TimelineEvent
from outreach.models import GateDecision, OutboxMessage
from tests.bot.scripted_dialogue import say
from tests.channels.voice.conftest import CALLER, Desk, notice

NEWS = "Our new cash-flow forecast is there. Shall I tell you about it?"
TOLL_FREE = "+18885550123"


@pytest.fixture
def now() -> datetime:
    """A Monday on which it is eleven in the morning in New York."""
    return datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


async def plan(
    desk: Desk, *, purpose: str = "marketing", consents: bool = True, zone: str | None = "America/New_York",
    phone: str = CALLER, text: str = NEWS, flow: str | None = None,
) -> UUID:  # fmt: skip
    """A call in the outbox, as a journey puts it there."""
    now, outbox_id = desk.house.clock.now(), new_id()
    async with transaction(desk.house.sessions) as session:
        contact_id = await create_contact(session, language="en", time_zone=zone, now=now)
        await attach_address(session, desk.house.keys, contact_id, kind="phone", value=phone, now=now)
        if consents:
            await record_consent_event(
                session,
                ConsentFact(
                    event="given", principal_ref=contact_id, purpose=purpose, channel="voice",
                    controller="Northwind Ledger", language="en", method="chat_choice", actor="subject",
                    effective_at=now, lawful_basis="consent", notice_text="May we call you?", evidence={"id": "x"},
                ),
                now,
            )  # fmt: skip
        await session.execute(
            insert(OutboxMessage).values(
                id=outbox_id, occurrence=str(outbox_id), contact_id=contact_id, channel="voice", purpose=purpose,
                message_class="requested" if purpose == "service" else "promotional", text=text, state="planned",
                due_at=now, created_at=now, updated_at=now, content=None if flow is None else {"flow": flow},
            )
        )  # fmt: skip
    return outbox_id


async def called(desk: Desk, **how: Any) -> Person:
    """The person at the other end of a call that was planned and begun."""
    await plan(desk, **how)
    await desk.house.deliver()
    assert await desk.house.states() == ["accepted"], [one.reason for one in await desk.house.outbox()]
    person = desk.twilio.taken()
    await person.listens()
    return person


async def settled(desk: Desk, state: str) -> OutboxMessage:
    """The message once Twilio has told what became of it."""
    for _ in range(100):
        row = (await desk.house.outbox())[0]
        if row.state == state:
            return row
        await asyncio.sleep(0.05)
    raise AssertionError(f"{row.state}: {row.reason}")


# The gate


async def test_nobody_is_called_with_promotion_who_never_agreed_to_calls(desk: Desk) -> None:
    await plan(desk, consents=False)
    await desk.house.deliver()
    (row,) = await desk.house.outbox()
    assert (row.state, row.reason_rule) == ("skipped", "consent")
    assert desk.twilio.state.calls == []


@pytest.mark.parametrize(
    ("hours", "state"), [(-0.1, "deferred"), (0, "accepted"), (9.9, "accepted"), (10, "deferred")]
)  # It is 08:00 in California, where the number is from, and 21:00 in New York, where their browser was.
async def test_promotion_keeps_to_the_hours_of_the_numbers_state_in_every_zone_there_may_be(
    desk: Desk, hours: float, state: str
) -> None:
    desk.twilio.state.pickup = lambda _to: Pickup("no-answer") if state == "never" else Pickup(answered_by=None)
    desk.house.clock.move(timedelta(hours=hours))
    await plan(desk)
    await desk.house.deliver()
    assert await desk.house.states() == [state]


async def test_whose_time_zone_is_not_known_is_not_called(desk: Desk) -> None:
    await plan(desk, zone=None, phone=TOLL_FREE)
    await desk.house.deliver()
    (row,) = await desk.house.outbox()
    assert (row.state, row.reason_rule) == ("skipped", "quiet_hours")


async def test_a_call_leaves_with_the_gates_leave_and_asks_for_machine_detection(desk: Desk) -> None:
    person = await called(desk)
    (row,) = await desk.house.outbox()
    assert row.provider_id == person.call.sid
    answers = {one.answer for one in await desk.house.rows(GateDecision) if one.outbox_id == row.id}
    assert answers == {"allow"}
    assert person.call.machine_detection == "Enable"
    assert person.call.amd_callback.endswith(f"/detected/{row.id}")


# A person takes it


async def test_who_calls_comes_first_then_how_to_stop_then_the_message(desk: Desk) -> None:
    person = await called(desk)
    identification, opt_out, message, callback = person.call.heard
    assert identification == (
        "Hello. This is an automated voice calling for Northwind Ledger, with an offer you agreed to hear about."
    )
    assert opt_out == "To get no more calls, press 9 or say stop, at any time."
    assert message == NEWS
    assert callback == "You can reach us at 1 4 1 5 5 5 5 0 1 0 0."
    # All of it inside what listens: the key works from the first word on, and nothing stands before it.
    assert person.call.twiml[0].index("<Gather") < person.call.twiml[0].index("Hello.")
    assert "<Pause" not in person.call.twiml[0]


async def test_a_call_somebody_asked_for_says_so(desk: Desk) -> None:
    person = await called(desk, purpose="service", consents=False)
    assert "about something you asked us for" in person.call.heard[0]


async def test_after_the_message_it_is_a_talk_like_any_other(desk: Desk) -> None:
    desk.script(notice(), say("Gladly."))
    person = await called(desk)
    assert await person.says("yes, tell me") == [notice()["replies"][0]["text"]]
    assert await person.says("I would like a demo") == ["Gladly."]
    await person.hangs_up()
    assert (await settled(desk, "delivered")).reason is None


@pytest.mark.parametrize("how", ["key", "word"])
async def test_a_stop_during_the_identification_ends_the_call_and_all_calls(desk: Desk, how: str) -> None:
    await plan(desk)
    desk.twilio.state.pickup = lambda _to: Pickup(answered_by=None)
    await desk.house.deliver()
    person = desk.twilio.taken()
    await (person.presses("9", barges=True) if how == "key" else person.says("stop", barges=True))
    assert person.call.heard[-1] == "Understood. We will not call you again. Goodbye."
    assert person.is_over
    assert {"all", "voice"} & {one.channel for one in await desk.house.rows(Suppression)}
    await plan(desk, phone="+14155552672")
    async with transaction(desk.house.sessions) as session:
        first = (await session.scalars(select(Contact.id).join(ContactPoint).order_by(Contact.id))).first()
        await session.execute(update(OutboxMessage).where(OutboxMessage.state == "planned").values(contact_id=first))
    await desk.house.deliver()
    assert "skipped" in await desk.house.states()
    assert len(desk.twilio.state.calls) == 1


async def test_who_stopped_us_while_it_rang_is_told_nothing(desk: Desk) -> None:
    await plan(desk)
    async with transaction(desk.house.sessions) as session:
        contact_id = await session.scalar(select(OutboxMessage.contact_id))
        session.add(Suppression(id=new_id(), contact_id=contact_id, channel="voice", reason="voice_words",
                                created_at=desk.house.clock.now()))  # fmt: skip
        await session.execute(update(OutboxMessage).values(state="accepted"))
        outbox_id = await session.scalar(select(OutboxMessage.id))
    answer = await desk.answered(outbox_id)
    assert "Northwind" not in answer
    assert "<Hangup" in answer


# A machine takes it, or nobody


@pytest.mark.parametrize("answered_by", ["machine_start", "fax"])
async def test_a_machine_is_hung_up_on(desk: Desk, answered_by: str) -> None:
    desk.twilio.state.pickup = lambda _to: Pickup(answered_by=answered_by)
    await plan(desk)
    await desk.house.deliver()
    person = desk.twilio.taken()
    await asyncio.wait_for(person.call.ended.wait(), 10)
    row = await settled(desk, "undelivered")
    assert (row.reason_rule, row.reason) == ("machine", "An answering machine took the call, and we hung up.")
    await desk.twilio.drain()
    assert (await desk.house.states()) == ["undelivered"], "a machine is not called again"


@pytest.mark.parametrize("settings", [{"voicemail": "leave message", "opt_out_number": TOLL_FREE}])
async def test_where_it_is_allowed_a_message_with_the_toll_free_number_is_left_after_the_beep(desk: Desk) -> None:
    desk.twilio.state.pickup = lambda _to: Pickup(answered_by="machine_end_beep")
    await plan(desk)
    await desk.house.deliver()
    person = desk.twilio.taken()
    await asyncio.wait_for(person.call.ended.wait(), 10)
    assert person.call.machine_detection == "DetectMessageEnd"
    begins, message, callback, opt_out = person.call.heard[-4:]
    assert begins.startswith("This is an automated message from Northwind Ledger")
    assert message == NEWS
    assert "1 4 1 5 5 5 5 0 1 0 0" in callback
    assert "1 8 8 8 5 5 5 0 1 2 3" in opt_out
    await settled(desk, "delivered")
    # A journey does not take a mailbox for somebody who listened.
    assert [
        one.data.get("rule") for one in await desk.house.rows(TimelineEvent) if one.kind == "message_delivered"
    ] == ["voicemail"]


async def test_a_call_may_lead_a_flow_after_saying_who_it_is_and_how_to_stop(desk: Desk) -> None:
    def script(body: dict[str, Any]) -> dict[str, Any]:
        told = body["message"]
        return say(f"flow {told['value']}" if told["kind"] == "start" else f"echo {told['text']}")

    desk.twilio.state.pickup = lambda _to: Pickup(answered_by=None)
    desk.house.stage.dialogue.script = script
    person = await called(desk, text="", flow="how_are_you")
    identification, stop, *_, question = person.call.heard
    assert "This is an automated voice calling for Northwind Ledger" in identification
    assert "9" in stop
    assert question == "flow how_are_you"
    assert await person.says("fine") == ["echo fine"]
    (start,) = [one for one in await desk.house.rows(Message) if one.kind == "start" and one.author == "system"]
    assert start.data == {"value": "how_are_you", "begun_by": {"purpose": "marketing"}}


async def test_a_flow_that_takes_long_to_begin_leaves_no_silence(desk: Desk) -> None:
    desk.twilio.state.pickup = lambda _to: Pickup(answered_by=None)
    desk.house.stage.dialogue.delay = 2.0
    person = await called(desk, text="", flow="how_are_you")
    assert "This is an automated voice" in person.call.heard[0]
    assert [said for said in person.call.heard if said.startswith("echo")] == ["echo"]
    assert sum("This is an automated voice" in said for said in person.call.heard) == 1


@pytest.mark.parametrize(
    ("settings", "answered_by", "came_to"),
    [
        ({}, "machine_start", ("undelivered", "machine")),
        ({"voicemail": "leave message", "opt_out_number": TOLL_FREE}, "machine_end_beep", ("delivered", None)),
    ],
)
async def test_a_machine_that_takes_a_call_with_a_flow_is_hung_up_on(
    desk: Desk, answered_by: Any, came_to: tuple[str, str | None]
) -> None:
    desk.twilio.state.pickup = lambda _to: Pickup(answered_by=answered_by)
    await plan(desk, text="", flow="how_are_you")
    await desk.house.deliver()
    person = desk.twilio.taken()
    await asyncio.wait_for(person.call.ended.wait(), 10)
    assert not [said for said in person.call.heard if "1 8 8 8" in said]
    assert (await settled(desk, came_to[0])).reason_rule == came_to[1]


async def test_somebody_who_answers_is_no_machine_whatever_twilio_finds(desk: Desk) -> None:
    desk.twilio.state.pickup = lambda _to: Pickup(answered_by=None)
    person = await called(desk)
    await person.says("who is this?")
    (row,) = await desk.house.outbox()
    assert await desk.detected(row.id, person.call.sid, "machine_start") == 204
    assert await person.says("hello?") == ["echo hello?"]


@pytest.mark.parametrize("how", ["busy", "no-answer"])
async def test_who_cannot_be_reached_is_called_again_some_hours_later_but_not_for_ever(desk: Desk, how: Any) -> None:
    desk.twilio.state.pickup = lambda _to: Pickup(how)
    await plan(desk)
    for _ in range(8):
        await desk.house.deliver()
        await desk.twilio.drain()
        desk.house.clock.move(timedelta(hours=6))
    rows = await desk.house.outbox()
    assert 2 <= len(rows) <= 4
    assert len(desk.twilio.state.calls) <= 4
    assert rows[0].state == "undelivered"


@pytest.mark.parametrize(("sip_code", "dies"), [(404, True), (604, True), (486, False), (None, False)])
async def test_a_number_that_does_not_exist_is_never_called_again(desk: Desk, sip_code: int | None, dies: bool) -> None:
    desk.twilio.state.pickup = lambda _to: Pickup("failed", sip_code=sip_code)
    await plan(desk)
    await desk.house.deliver()
    await settled(desk, "undelivered")
    await desk.twilio.drain()
    assert bool(await desk.house.rows(Suppression)) == dies


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer("refuse", 400, 21211), "failed"),
        (Answer("refuse", 400, 21215), "failed"),
        (Answer("refuse", 429, 20429, retry_after=90), "planned"),
        (Answer("refuse", 401, 20003), "planned"),
        (Answer("refuse", 400, 29_999), "failed"),
        (Answer("refuse", 503, 20500), "unknown"),
        (Answer("break"), "unknown"),
        (Answer("nonsense"), "unknown"),
    ],
    ids=lambda value: str(value.code or value.what) if isinstance(value, Answer) else value,
)
async def test_what_twilio_answers_comes_to_what_the_table_says(desk: Desk, answer: Answer, state: str) -> None:
    desk.twilio.state.script = lambda _to: answer
    await plan(desk)
    await desk.house.deliver()
    assert await desk.house.states() == [state]


async def test_numbers_that_cost_whoever_calls_them_are_not_called(desk: Desk) -> None:
    await plan(desk, phone="+19002345678")
    await desk.house.deliver()
    (row,) = await desk.house.outbox()
    assert (row.state, row.reason_rule) == ("skipped", "number_kind")
    assert desk.twilio.state.calls == []


async def test_the_same_webhook_of_a_taken_call_again_says_the_same_and_keeps_nothing_more(desk: Desk) -> None:
    person = await called(desk)
    before = await desk.house.count_rows()
    (row,) = await desk.house.outbox()
    assert await desk.answered(row.id, person.call.sid) == person.call.twiml[0]
    assert await desk.house.count_rows() == before

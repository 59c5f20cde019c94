"""A talk that we begin is held to what it is for until the person answers, and never cuts into another talk."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from base.database import transaction
from base.ids import new_id
from bot import timers
from bot.begun import Beginning, begin_flow, key_of
from bot.models import Conversation, Message
from crm.contacts.service import attach_address, create_contact
from outreach.models import OutboxMessage
from tests.bot.scripted_dialogue import say

ENROLMENT = new_id()
BEGUN_BY = {"purpose": "marketing", "journey": "win_back", "step": "ask", "enrolment_id": str(ENROLMENT)}
OPEN = {"v": 2, "slots": {"goal": "demo"}, "stack": [{"flow": "old", "step": "ask"}], "ended": None}
RESTS = OPEN | {"stack": [], "ended": "completed"}


@pytest.fixture
async def contact_id(stage):
    async with transaction(stage.sessions) as session:
        made = await create_contact(session, language="en", time_zone=None, now=stage.clock.now())
        await attach_address(
            session, stage.keys, contact_id=made, kind="phone", value="+14155552671", now=stage.clock.now()
        )
    return made


async def begin(stage, contact_id, occurrence="one", **place):
    beginning = Beginning(
        contact_id=contact_id, channel=place.pop("channel", "sms"), flow="how_are_you", language="en-GB",
        key=key_of(occurrence), begun_by=BEGUN_BY, **place,
    )  # fmt: skip
    async with transaction(stage.sessions) as session:
        return await begin_flow(session, beginning, stage.clock.now())


async def outbox(stage):
    async with stage.sessions() as session:
        return list(await session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


async def set_chat(stage, contact_id, **values):
    """The stage's web chat becomes this contact's."""
    async with transaction(stage.sessions) as session:
        await session.execute(
            update(Conversation)
            .where(Conversation.id == stage.conversation_id)
            .values({"contact_id": contact_id, "state": RESTS, "last_message_at": stage.clock.now()} | values)
        )
    return {"channel": "web", "conversation_id": stage.conversation_id}


async def test_a_new_talk_begins_with_the_flow_and_goes_out_for_the_purpose_of_its_step(stage, contact_id):
    stage.dialogue.script = lambda _: say("I am a machine.", "How are you?")
    conversation_id = await begin(stage, contact_id)
    assert conversation_id is not None
    await stage.turns.resume_waiting()
    (request,) = stage.dialogue.requests
    assert (request["message"]["kind"], request["message"]["value"]) == ("start", "how_are_you")
    (row,) = await outbox(stage)
    # One message, however many things the flow says first: each would count against what a person may get.
    assert row.text == "I am a machine.\n\nHow are you?"
    assert (row.purpose, row.message_class, row.journey, row.step, row.enrolment_id) == (
        "marketing", "promotional", "win_back", "ask", ENROLMENT,
    )  # fmt: skip


async def test_the_same_beginning_again_is_the_same_talk(stage, contact_id):
    first = await begin(stage, contact_id)
    assert await begin(stage, contact_id) == first
    await stage.turns.resume_waiting()
    assert await begin(stage, contact_id) == first
    assert len(stage.dialogue.requests) == 1


async def test_an_answer_is_an_answer_and_a_word_into_the_silence_before_it_is_promotion_still(stage, contact_id):
    asks = RESTS | {"stack": [{"flow": "how_are_you", "step": "ask"}]}
    timer = {"kind": "no_reply", "step": "how_are_you/ask", "seconds": 600}
    stage.dialogue.script = lambda _: say("How are you?", state=asks, timer=timer)
    stage.conversation_id = await begin(stage, contact_id)
    await stage.turns.resume_waiting()

    async def fall_silent():
        stage.clock.move(timedelta(minutes=11))
        async with transaction(stage.sessions) as session:
            assert await timers.fire_due(session, stage.clock.now()) == 1
        await stage.turns.resume_waiting()

    await fall_silent()
    await stage.say("Fine")
    await fall_silent()
    assert [(row.purpose, row.journey) for row in await outbox(stage)] == [
        ("marketing", "win_back"), ("marketing", "win_back"), ("answer", None), ("nudge", None),
    ]  # fmt: skip


async def test_nobody_is_handed_to_a_colleague_because_we_could_not_begin(stage, contact_id):
    stage.dialogue.script = lambda _: 500
    conversation_id = await begin(stage, contact_id)
    for _ in range(4):
        await stage.turns.resume_waiting()
    assert len(stage.dialogue.requests) > 1
    async with stage.sessions() as session:
        talk = await session.get_one(Conversation, conversation_id)
        states = list(await session.scalars(select(Message.turn_state).where(Message.client_id == key_of("one"))))
    assert (talk.status, states) == ("open", ["done"])
    assert not await outbox(stage)


async def test_in_a_chat_that_rests_the_flow_begins_there_and_nobody_sees_the_opening(stage, contact_id):
    place = await set_chat(stage, contact_id)
    stage.dialogue.script = lambda _: say("How are you?")
    assert await begin(stage, contact_id, **place) == stage.conversation_id
    await stage.turns.resume_waiting()
    (request,) = stage.dialogue.requests
    assert request["state"] == RESTS | {"ended": None, "awaits": None, "clarify": None}
    assert (await stage.transcript())[-1] == ("bot", "How are you?")
    assert ("visitor", "") not in await stage.transcript()
    assert not await outbox(stage)


@pytest.mark.parametrize(
    ("values", "begins"),
    [
        ({"state": OPEN}, False),
        ({"state": OPEN, "last_message_at": None}, True),
        ({"status": "handed_off"}, False),
        ({"status": "closed"}, False),
    ],
)
async def test_nobody_is_interrupted(stage, contact_id, values, begins):
    place = await set_chat(stage, contact_id, **values)
    assert (await begin(stage, contact_id, **place) is not None) is begins


async def test_a_question_nobody_answered_for_a_day_gives_way(stage, contact_id):
    place = await set_chat(stage, contact_id, state=OPEN)
    stage.clock.move(timedelta(days=1, minutes=1))
    assert await begin(stage, contact_id, **place) == stage.conversation_id


async def test_words_that_wait_for_their_turn_come_first(stage, contact_id):
    place = await set_chat(stage, contact_id)
    await stage.turns.take(stage.inbound("wait"))
    assert await begin(stage, contact_id, **place) is None


async def test_nothing_begins_in_somebody_elses_chat(stage, contact_id):
    place = await set_chat(stage, None)
    assert await begin(stage, contact_id, **place) is None
    async with stage.sessions() as session:
        assert await session.scalar(select(Message.id).where(Message.client_id == key_of("one"))) is None


async def test_a_talk_of_last_week_on_the_channel_goes_on_in_the_same_place(stage, contact_id):
    first = await begin(stage, contact_id)
    await stage.turns.resume_waiting()
    stage.clock.move(timedelta(days=7))
    assert await begin(stage, contact_id, "two") == first
    await stage.turns.resume_waiting()
    stage.clock.move(timedelta(days=31))
    assert await begin(stage, contact_id, "three") != first

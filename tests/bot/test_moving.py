"""A talk that moves to another channel: what is known goes along, what it may not see it still does not see."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from base.database import transaction
from bot.conversations import start_conversation
from bot.models import Conversation, Message
from bot.resume_codes import MOST_TRIES, CodeNotValid, draw_code
from crm.contacts.service import read_addresses, recognise_sender, set_fields, speaks_for_contact
from tests.bot.happenings import contact_of, happen, kinds
from tests.bot.scripted_dialogue import Answer, say
from tests.bot.stage import Stage

STATE = {"v": 2, "slots": {"goal": "demo"}, "stack": [{"flow": "demo", "step": "move"}]}
TIMER = {"kind": "no_reply", "step": "demo/move", "seconds": 60}
EMAIL = {"effect": "capture_lead", "field": "email", "value": "ada@example.com", "slot": "email"}


async def ask_for_code(stage: Stage, *channels: str, effects: list[dict[str, Any]] | None = None) -> str:
    """The talk's own turn that tells a code."""
    codes: list[str] = []
    need = {"need": "resume_code", "step": "demo/move", "channels": list(channels)}

    def script(body: dict[str, Any]) -> Answer:
        if body["message"]["kind"] != "result":
            return say(state=STATE, need=need, effects=effects)
        codes.append(body["message"]["value"]["code"])
        return say("your code", state=STATE, timer=TIMER)

    stage.dialogue.script = script
    await stage.say("elsewhere, please")
    stage.dialogue.script = lambda body: say(f"{body['message']['kind']} here", state=STATE)
    stage.dialogue.requests.clear()
    return codes[0]


async def row_of(stage: Stage, conversation_id: UUID) -> Conversation:
    async with stage.sessions() as session:
        return (await session.scalars(select(Conversation).where(Conversation.id == conversation_id))).one()


async def open_on(stage: Stage, channel: str) -> UUID:
    """Another conversation on a channel, its opening answered; the stage's own from here on."""
    async with transaction(stage.sessions) as session:
        stage.conversation_id = await start_conversation(
            session, channel=channel, language="de", time_zone=None, page_url=None, now=stage.clock.now()
        )
    await stage.answer_opening()
    return stage.conversation_id


async def test_a_link_goes_on_with_the_talk_in_a_new_conversation(stage: Stage) -> None:
    left = stage.conversation_id
    stage.live.shown = type(stage.live.shown)(3, "flows-3", "model-3")
    code = await ask_for_code(stage, "web", effects=[EMAIL])
    into = await stage.turns.resume_by_code(code, channel="web", language="de")
    await stage.turns.drain()
    (asked,) = stage.dialogue.requests
    assert (asked["message"]["kind"], asked["message"]["text"], asked["state"]) == ("resume", "", STATE)
    assert asked["facts"] == {"email": "ada@example.com"}, "the talk speaks for its contact wherever it goes on"
    old, new = await row_of(stage, left), await row_of(stage, into)
    assert (old.status, old.moved_to, old.timer_due_at) == ("closed", into, None)
    assert (new.status, new.contact_id, new.publication, new.language) == ("open", old.contact_id, 3, "en")
    assert (await kinds(stage))[-1] == "conversation_moved"
    stage.conversation_id = into
    assert await stage.transcript() == [("bot", "resume here")]


async def test_a_code_that_was_typed_goes_on_with_the_talk_where_it_was_typed(stage: Stage) -> None:
    left = stage.conversation_id
    code = await ask_for_code(stage, "sms")
    into = await open_on(stage, "sms")
    await stage.say(f"{code[:3]} {code[3:].lower()}")
    assert [body["message"]["kind"] for body in stage.dialogue.requests] == ["resume"]
    assert stage.dialogue.requests[0]["state"] == STATE
    assert (await stage.transcript())[-1] == ("bot", "resume here")
    assert (await row_of(stage, left)).moved_to == into


async def test_the_code_is_not_used_up_when_the_dialogue_could_not_answer(stage: Stage) -> None:
    code = await ask_for_code(stage, "sms")
    await open_on(stage, "sms")
    stage.dialogue.script = lambda _body: 503
    await stage.say(code)
    stage.dialogue.script = lambda body: say(f"{body['message']['kind']} here", state=STATE)
    await stage.turns.resume_waiting()
    assert stage.dialogue.requests[-1]["message"]["kind"] == "resume"
    assert (await stage.transcript())[-1] == ("bot", "resume here")


async def test_a_code_for_another_channel_is_an_ordinary_text(stage: Stage) -> None:
    left = stage.conversation_id
    code = await ask_for_code(stage, "telegram")
    await open_on(stage, "sms")
    await stage.say(code)
    (asked,) = stage.dialogue.requests
    assert (asked["message"]["kind"], asked["message"]["text"]) == ("text", code)
    assert (await row_of(stage, left)).status == "open"


async def test_a_code_does_nothing_in_the_talk_it_comes_from(stage: Stage) -> None:
    code = await ask_for_code(stage, "web")
    await stage.say(code)
    assert stage.dialogue.requests[-1]["message"]["kind"] == "text"
    assert (await row_of(stage, stage.conversation_id)).status == "open"
    await stage.turns.resume_by_code(code, channel="web", language="en")


async def test_after_some_wrong_codes_a_talk_tries_no_more(stage: Stage) -> None:
    code = await ask_for_code(stage, "sms")
    await open_on(stage, "sms")
    for number in range(MOST_TRIES):
        await stage.say(draw_code(stage.keys, f"a guess {number}"))
    await stage.say(code)
    assert {body["message"]["kind"] for body in stage.dialogue.requests} == {"text"}


async def test_a_wrong_code_leaves_no_conversation_behind(stage: Stage) -> None:
    with pytest.raises(CodeNotValid):
        await stage.turns.resume_by_code("K7M2QX", channel="web", language="en")
    async with stage.sessions() as session:
        assert list(await session.scalars(select(Conversation.id))) == [stage.conversation_id]


async def test_a_turn_that_is_just_being_answered_in_the_old_place_does_not_count(stage: Stage) -> None:
    left = stage.conversation_id
    code = await ask_for_code(stage, "web")
    slow = await stage.turns.take(stage.inbound("one more thing"))
    await stage.turns.resume_by_code(code, channel="web", language="en")
    await stage.turns.answer(slow.claim)
    async with stage.sessions() as session:
        said = await session.scalars(select(Message.text).where(Message.conversation_id == left).order_by(Message.seq))
        assert list(said)[-1] == "one more thing"
    assert (await row_of(stage, left)).status == "closed"


async def test_in_the_old_place_the_bot_is_silent_but_an_opt_out_counts(stage: Stage) -> None:
    code = await ask_for_code(stage, "web")
    await stage.turns.resume_by_code(code, channel="web", language="en")
    await stage.turns.drain()
    stage.dialogue.requests.clear()
    await stage.say("are you there?")
    assert stage.dialogue.requests == []
    await stage.say("STOP")
    assert len(stage.follow_ups.stopped) == 1


async def test_a_talk_that_a_person_has_stays_with_that_person(stage: Stage) -> None:
    code = await ask_for_code(stage, "sms")
    async with transaction(stage.sessions) as session:
        await session.execute(update(Conversation).values(status="handed_off"))
    into = await open_on(stage, "sms")
    await stage.say(code)
    assert stage.dialogue.requests == []
    assert (await row_of(stage, into)).status == "handed_off"


async def test_what_a_talk_may_not_see_of_a_contact_it_does_not_see_elsewhere_either(stage: Stage) -> None:
    await happen(stage, EMAIL)
    known = await contact_of(stage)
    await stage.begin_again()
    code = await ask_for_code(stage, "web", effects=[EMAIL])
    into = await stage.turns.resume_by_code(code, channel="web", language="en")
    await stage.turns.drain()
    assert (await row_of(stage, into)).contact_id == known.id
    assert stage.dialogue.requests[-1]["facts"] == {}
    async with stage.sessions() as session:
        assert not await speaks_for_contact(session, known.id, into)


async def test_a_code_does_not_make_two_people_one(stage: Stage) -> None:
    code = await ask_for_code(stage, "sms", effects=[EMAIL])
    into = await open_on(stage, "sms")
    phone = {"effect": "capture_lead", "field": "phone", "value": "+14155552671", "slot": "phone"}
    stage.dialogue.script = lambda _body: say("ok", effects=[phone])
    await stage.say("it's me")
    own = (await row_of(stage, into)).contact_id
    await stage.say(code)
    assert stage.dialogue.requests[-1]["message"]["kind"] == "resume"
    assert (await row_of(stage, into)).contact_id == own


async def test_two_talks_that_move_into_each_other_at_once_both_end_somewhere(stage: Stage) -> None:
    first, first_code = stage.conversation_id, await ask_for_code(stage, "sms", "web")
    second = await open_on(stage, "sms")
    second_code = await ask_for_code(stage, "sms", "web")

    async def type_code(conversation_id: UUID, code: str) -> None:
        inbound = stage.inbound(code)
        taken = await stage.turns.take(type(inbound)(conversation_id, inbound.client_id, "text", code))
        await stage.turns.answer(taken.claim)

    await asyncio.gather(type_code(first, second_code), type_code(second, first_code))
    statuses = {(await row_of(stage, one)).status for one in (first, second)}
    assert "open" in statuses


async def open_texting(stage: Stage, number: str, *, told: dict[str, Any] | None = None) -> tuple[UUID, UUID]:
    """A talk by text message of somebody proven to have the number; the stage's own from here on."""
    now = stage.clock.now()
    async with transaction(stage.sessions) as session:
        known = await recognise_sender(
            session, stage.keys, kind="phone", value=number, proven=True, language="en", now=now
        )
        if told:
            await set_fields(session, known.contact_id, told, now)
        stage.conversation_id = await start_conversation(
            session,
            channel="sms",
            language="en",
            time_zone=None,
            page_url=None,
            now=now,
            opening=None,
            contact_id=known.contact_id,
            contact_point_id=known.contact_point_id,
        )
    return known.contact_id, known.contact_point_id


async def test_who_types_the_code_of_a_talk_by_text_message_is_the_one_who_was_told_it(stage: Stage) -> None:
    left = stage.conversation_id
    code = await ask_for_code(stage, "sms", effects=[EMAIL])
    lead = (await row_of(stage, left)).contact_id
    newcomer, point = await open_texting(stage, "+14155552671")
    await stage.say(code)
    talk = await row_of(stage, stage.conversation_id)
    assert (talk.contact_id, talk.contact_point_id) == (lead, point)
    assert newcomer != lead
    async with stage.sessions() as session:
        assert set((await read_addresses(session, stage.keys, [lead, newcomer]))[lead]) == {"email", "phone"}  # type: ignore[list-item]
    assert stage.dialogue.requests[-1]["facts"]["email"] == "ada@example.com"
    assert await kinds(stage)


async def test_a_code_does_not_make_two_known_people_one(stage: Stage) -> None:
    left = stage.conversation_id
    code = await ask_for_code(stage, "sms", effects=[EMAIL])
    lead = (await row_of(stage, left)).contact_id
    other, _ = await open_texting(stage, "+14155552671", told={"first_name": "Grace"})
    await stage.say(code)
    talk = await row_of(stage, stage.conversation_id)
    assert (talk.contact_id, talk.state) == (other, STATE)
    async with stage.sessions() as session:
        addresses = await read_addresses(session, stage.keys, [lead, other])  # type: ignore[list-item]
    assert [set(addresses[lead]), set(addresses[other])] == [{"email"}, {"phone"}]  # type: ignore[index]


async def test_a_talk_that_only_claims_a_contact_gives_it_no_proven_address(stage: Stage) -> None:
    await happen(stage, EMAIL)
    victim = await contact_of(stage)
    await stage.begin_again()
    code = await ask_for_code(stage, "sms", effects=[EMAIL])
    newcomer, _ = await open_texting(stage, "+14155552671")
    await stage.say(code)
    talk = await row_of(stage, stage.conversation_id)
    assert (talk.contact_id, talk.state) == (newcomer, STATE)
    async with stage.sessions() as session:
        assert set((await read_addresses(session, stage.keys, [victim.id]))[victim.id]) == {"email"}

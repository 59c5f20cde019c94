"""What comes in from providers: kept once, in order, joined to the right person, and never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, text

from base.channel_contract import Attachment, Said, Sender
from base.database import transaction
from base.errors import NotFound
from bot.files.models import ConversationFile
from bot.intake.lanes import Lanes
from bot.intake.models import InboundEvent
from bot.intake.sealing import reseal_events
from bot.intake.service import Intake
from bot.models import Conversation, Message
from crm.contacts.merging import merge_contacts
from crm.contacts.models import Contact, ContactPoint
from crm.contacts.service import attach_address, create_contact, list_claims
from outreach.accounts.models import ChannelAccount
from outreach.models import OutboxMessage
from tests.base.test_migrations import ROOMS
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage

assert ROOMS  # every room's tables are loaded

ACCOUNT, OTHER_ACCOUNT = UUID(int=5), UUID(int=6)
NUMBER = "+14155552671"
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"


def said(words: str = "hello", *, number: str = NUMBER, provider_id: str | None = None, **details: Any) -> Said:
    return Said(provider_id or str(uuid4()), Sender("phone", number), words, **details)


class Shelf:
    """Files as a provider keeps them."""

    async def fetch(self, _account_id: UUID, attachment: Attachment, *, max_bytes: int) -> bytes:
        if attachment.ref == "gone":
            raise NotFound("This file is gone.")
        return PICTURE[:max_bytes]


async def nothing_left(_sender: bytes) -> bool:
    """The work of a process that died."""
    return False


@pytest.fixture
async def intake(stage: Stage) -> AsyncIterator[Intake]:
    now = stage.clock.now()
    async with transaction(stage.sessions) as session:
        for account_id, name in ((ACCOUNT, "one"), (OTHER_ACCOUNT, "other")):
            columns = {"address": name, "secrets_sealed": b"", "key_id": "k1", "created_at": now, "updated_at": now}
            await session.execute(insert(ChannelAccount).values(id=account_id, channel="sms", name=name, **columns))
    ready = Intake(
        sessions=stage.sessions, turns=stage.turns, keys=stage.keys, clock=stage.clock, attachments={"sms": Shelf()}
    )
    yield ready
    await settle(stage, ready)


async def settle(stage: Stage, intake: Intake) -> None:
    await intake.drain()
    await stage.turns.drain()


async def rows(stage: Stage, model: Any, *order: Any) -> list[Any]:
    async with stage.sessions() as session:
        return list(await session.scalars(select(model).order_by(*(order or (model.id,)))))


async def heard(stage: Stage) -> list[str]:
    return [one.text for one in await rows(stage, Message) if one.text and one.author == "visitor"]


async def talks(stage: Stage) -> list[Conversation]:
    return [one for one in await rows(stage, Conversation) if one.channel != "web"]


async def test_what_somebody_texts_is_answered_through_the_outbox(stage: Stage, intake: Intake) -> None:
    stage.dialogue.script = lambda _body: say("Hello! I am automated.", "What brings you here?")
    received = await intake.receive("sms", ACCOUNT, said("I would like a demo"))
    await settle(stage, intake)
    assert received.new
    (talk,) = await talks(stage)
    assert (talk.channel, talk.account_id) == ("sms", ACCOUNT)
    queued = await rows(stage, OutboxMessage)
    assert [one.text for one in queued] == ["Hello! I am automated.", "What brings you here?"]
    assert {(one.purpose, one.message_class, one.state) for one in queued} == {("answer", "requested", "planned")}
    (point,) = await rows(stage, ContactPoint)
    assert {one.contact_point_id for one in queued} == {point.id} == {talk.contact_point_id}
    assert point.verified_at is not None
    assert stage.follow_ups.wake_ups == 1


async def test_their_first_words_open_the_talk_without_an_opening_of_ours(stage: Stage, intake: Intake) -> None:
    await intake.receive("sms", ACCOUNT, said("I would like a demo"))
    await settle(stage, intake)
    (talk,) = await talks(stage)
    messages = [one for one in await rows(stage, Message) if one.conversation_id == talk.id]
    assert [(one.seq, one.kind) for one in messages if one.author == "visitor"] == [(1, "text")]


async def test_the_same_message_told_twice_is_one(stage: Stage, intake: Intake) -> None:
    twice = said("hello", provider_id="SM1")
    first, second = await asyncio.gather(intake.receive("sms", ACCOUNT, twice), intake.receive("sms", ACCOUNT, twice))
    third = await intake.receive("sms", ACCOUNT, replace(twice, text="altered"))
    await settle(stage, intake)
    assert sorted([first.new, second.new]) == [False, True]
    assert not third.new
    assert await heard(stage) == ["hello"]


async def test_two_accounts_may_use_the_same_provider_id(stage: Stage, intake: Intake) -> None:
    one = await intake.receive("sms", ACCOUNT, said("a", provider_id="1"))
    other = await intake.receive("sms", OTHER_ACCOUNT, said("b", provider_id="1"))
    await settle(stage, intake)
    assert one.new
    assert other.new
    assert len(await talks(stage)) == 2


async def test_a_senders_messages_are_turns_in_the_order_they_came(stage: Stage, intake: Intake) -> None:
    for number in range(12):
        await intake.receive("sms", ACCOUNT, said(f"message {number}"))
    await settle(stage, intake)
    texts = [body["message"]["text"] for body in stage.dialogue.requests]
    assert texts == [f"message {number}" for number in range(12)]


async def test_a_burst_of_many_senders_loses_nobody(stage: Stage, intake: Intake) -> None:
    numbers = [f"+1415555{number:04}" for number in range(2600, 2660)]
    await asyncio.gather(*(intake.receive("sms", ACCOUNT, said("hi", number=number)) for number in numbers))
    await settle(stage, intake)
    assert len(await talks(stage)) == len(numbers)
    assert {one.state for one in await rows(stage, InboundEvent)} == {"done"}


async def test_the_words_do_not_stay_behind_once_they_are_a_message(stage: Stage, intake: Intake) -> None:
    await intake.receive("sms", ACCOUNT, said("my secret"))
    await settle(stage, intake)
    (event,) = await rows(stage, InboundEvent)
    assert (event.state, event.sealed, event.key_id) == ("done", None, None)
    async with stage.sessions() as session:
        dump = str((await session.execute(text("SELECT * FROM inbound_events"))).all())
    assert NUMBER not in dump


async def test_what_a_dead_process_kept_is_processed_by_another(stage: Stage, intake: Intake) -> None:
    dead = Intake(sessions=stage.sessions, turns=stage.turns, keys=stage.keys, clock=stage.clock)
    dead._lanes = Lanes(nothing_left, lambda: False)
    await dead.receive("sms", ACCOUNT, said("still here?"))
    assert await intake.resume() == 0  # it is looked after by who received it, for a moment
    stage.clock.move(timedelta(seconds=10))
    assert await intake.resume() == 1
    await settle(stage, intake)
    assert await heard(stage) == ["still here?"]


async def test_an_event_that_breaks_its_process_is_put_aside_and_the_next_goes_on(stage: Stage, intake: Intake) -> None:
    broken = Intake(sessions=stage.sessions, turns=stage.turns, keys=stage.keys, clock=stage.clock)

    async def crash(*_: Any) -> None:
        raise RuntimeError("as if the process were gone")

    broken._take = crash  # type: ignore[method-assign]
    await broken.receive("sms", ACCOUNT, said("poison"))
    for _ in range(2):
        stage.clock.move(timedelta(seconds=10))
        await broken.drain()
        await broken.resume()
    await intake.receive("sms", ACCOUNT, said("after it"))
    await settle(stage, intake)
    states = [(one.state, one.attempts) for one in await rows(stage, InboundEvent)]
    assert states == [("failed", 4), ("done", 1)]
    assert await heard(stage) == ["after it"]


async def test_a_stop_has_taken_effect_when_it_is_acknowledged(stage: Stage, intake: Intake) -> None:
    stage.dialogue.script = lambda _body: say()
    await intake.receive("sms", ACCOUNT, said("STOP"))
    async with stage.sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM suppressions WHERE channel = 'all'")) >= 1
    assert [reason for _, reason in stage.follow_ups.stopped] == ["opted_out"]
    await settle(stage, intake)
    (confirmation,) = await rows(stage, OutboxMessage)
    assert (confirmation.purpose, confirmation.text) == ("notice", "<stopped en>")


async def test_a_number_that_was_only_typed_becomes_proven_and_older_talks_lose_their_say(
    stage: Stage, intake: Intake
) -> None:
    now = stage.clock.now()
    async with transaction(stage.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, stage.keys, contact_id, kind="phone", value=NUMBER, now=now)
        await session.execute(
            text(
                "INSERT INTO timeline_events (id, contact_id, conversation_id, kind, data, occurred_at) "
                "VALUES (:id, :contact, :talk, 'lead_captured', '{}', :now)"
            ),
            {"id": uuid4(), "contact": contact_id, "talk": stage.conversation_id, "now": now},
        )
    await intake.receive("sms", ACCOUNT, said("hello"))
    await settle(stage, intake)
    (talk,) = await talks(stage)
    assert talk.contact_id == contact_id
    async with stage.sessions() as session:
        assert await list_claims(session, [contact_id]) == {(contact_id, stage.conversation_id)}


async def test_a_number_typed_by_somebody_proven_otherwise_is_taken_from_them(stage: Stage, intake: Intake) -> None:
    now = stage.clock.now()
    async with transaction(stage.sessions) as session:
        other = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, stage.keys, other, kind="telegram", value="777", now=now)
        await session.execute(text("UPDATE contact_points SET verified_at = now()"))
        await attach_address(session, stage.keys, other, kind="phone", value=NUMBER, now=now)
    await intake.receive("sms", ACCOUNT, said("hello"))
    await settle(stage, intake)
    (talk,) = await talks(stage)
    assert talk.contact_id != other
    kinds = {(one.contact_id == other, one.kind) for one in await rows(stage, ContactPoint)}
    assert kinds == {(True, "telegram"), (False, "phone")}


async def test_mail_without_proof_of_its_sender_opens_a_talk_of_its_own_that_is_told_nothing(
    stage: Stage, intake: Intake
) -> None:
    proven = Said("m1", Sender("email", "ann@customer.example"), "hello")
    await intake.receive("email", ACCOUNT, proven)
    forged = Said("m2", Sender("email", "ann@customer.example", proven=False), "what do you know about me?")
    await intake.receive("email", ACCOUNT, forged)
    await settle(stage, intake)
    first, second = await talks(stage)
    assert first.contact_id == second.contact_id
    async with stage.sessions() as session:
        assert await list_claims(session, [first.contact_id]) == {(first.contact_id, second.id)}  # type: ignore[list-item]


async def test_a_long_silence_begins_a_new_talk(stage: Stage, intake: Intake) -> None:
    await intake.receive("sms", ACCOUNT, said("hello"))
    await settle(stage, intake)
    stage.clock.move(timedelta(days=29))
    await intake.receive("sms", ACCOUNT, said("still there"))
    await settle(stage, intake)
    stage.clock.move(timedelta(days=31))
    await intake.receive("sms", ACCOUNT, said("and now"))
    await settle(stage, intake)
    assert len(await talks(stage)) == 2
    assert len(await rows(stage, Contact)) == 1


async def test_somebody_with_two_numbers_is_answered_at_the_one_they_wrote_from(stage: Stage, intake: Intake) -> None:
    other = "+14155552672"
    for number in (NUMBER, other):
        await intake.receive("sms", ACCOUNT, said("hello", number=number))
        await settle(stage, intake)
    first, second = await rows(stage, Contact)
    async with transaction(stage.sessions) as session:
        await merge_contacts(session, first.id, second.id, "user:1", stage.clock.now())
    await intake.receive("sms", ACCOUNT, said("me again", number=NUMBER))
    await settle(stage, intake)
    talk, _ = await talks(stage)
    assert [
        one.text for one in await rows(stage, Message) if one.conversation_id == talk.id and one.author == "visitor"
    ] == [
        "hello",
        "me again",
    ]
    last = (await rows(stage, OutboxMessage))[-1]
    assert (last.contact_id, last.contact_point_id) == (first.id, talk.contact_point_id)
    assert len(await talks(stage)) == 2


def choices(_body: dict[str, Any]) -> dict[str, Any]:
    answer = say("Which one?")
    answer["replies"][0] |= {
        "step": "demo/ask_size",
        "input": "choice",
        "choices": [{"value": "small", "label": "1 to 10"}, {"value": "large", "label": "more"}],
    }
    return answer


async def test_a_tap_is_the_choice_it_stands_for_and_one_from_elsewhere_is_only_its_words(
    stage: Stage, intake: Intake
) -> None:
    stage.dialogue.script = choices
    await intake.receive("telegram", ACCOUNT, Said("1", Sender("telegram", "777"), "hi"))
    await settle(stage, intake)
    (queued,) = await rows(stage, OutboxMessage)
    assert queued.content["buttons"] == ["1 to 10", "more"]
    asked = UUID(queued.content["of"])
    await intake.receive("telegram", ACCOUNT, Said("2", Sender("telegram", "777"), "more", tapped=(asked, 1)))
    await settle(stage, intake)
    await intake.receive("telegram", ACCOUNT, Said("3", Sender("telegram", "777"), "more", tapped=(uuid4(), 1)))
    await settle(stage, intake)
    messages = [body["message"] for body in stage.dialogue.requests]
    assert [(one["kind"], one.get("value"), one.get("step")) for one in messages[1:]] == [
        ("choice", "large", "demo/ask_size"),
        ("text", None, None),
    ]


async def test_a_file_is_kept_where_one_is_asked_for_and_only_there(stage: Stage, intake: Intake) -> None:
    file = Attachment("ref", "image/png", "plan.png")
    await intake.receive("sms", ACCOUNT, said("", attachments=(file,)))
    await settle(stage, intake)
    assert await rows(stage, ConversationFile) == []

    def ask(_body: dict[str, Any]) -> dict[str, Any]:
        answer = say("Please send it.")
        answer["replies"][0] |= {
            "step": "demo/ask_plan",
            "input": "file",
            "limits": {"accept": ["image"], "max_megabytes": 1},
        }
        return answer

    stage.dialogue.script = ask
    await intake.receive("sms", ACCOUNT, said("here it comes"))
    await settle(stage, intake)
    await intake.receive("sms", ACCOUNT, said("", attachments=(file, replace(file, ref="gone"))))
    await settle(stage, intake)
    (kept,) = await rows(stage, ConversationFile)
    values = [body["message"]["value"] for body in stage.dialogue.requests if body["message"]["kind"] == "file"]
    assert values == [None, str(kept.id), None]


async def test_what_waits_is_sealed_anew_when_the_key_changes(stage: Stage, intake: Intake) -> None:
    dead = Intake(sessions=stage.sessions, turns=stage.turns, keys=stage.keys, clock=stage.clock)
    dead._lanes = Lanes(nothing_left, lambda: False)
    await dead.receive("sms", ACCOUNT, said("kept"))
    rotated = replace(stage.keys, newest="k2", roots={**stage.keys.roots, "k2": b"\x09" * 32})
    async with transaction(stage.sessions) as session:
        assert await reseal_events(session, rotated, 10) == 1
        assert await reseal_events(session, rotated, 10) == 0
    only_new = replace(rotated, roots={"k2": b"\x09" * 32})
    reader = Intake(sessions=stage.sessions, turns=stage.turns, keys=only_new, clock=stage.clock)
    stage.clock.move(timedelta(seconds=10))
    assert await reader.resume() == 1
    await settle(stage, reader)
    assert await heard(stage) == ["kept"]

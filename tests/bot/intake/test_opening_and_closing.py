"""What providers tell beside words: somebody wants to begin, shuts the channel to us, or shares an address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, text

from base.channel_contract import Said, Sender
from base.database import transaction
from bot.intake.models import InboundEvent
from bot.intake.service import Intake
from bot.models import Conversation, Message
from crm.consent.suppression import list_suppressions
from crm.contacts.models import Contact, ContactPoint
from crm.contacts.service import attach_address, create_contact, has_address
from crm.timeline.models import TimelineEvent
from outreach.accounts.models import ChannelAccount
from outreach.models import OutboxMessage
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage

ACCOUNT = UUID(int=5)
PERSON = "777000111"
NUMBER = "+14155552671"


def said(words: str = "", *, provider_id: str | None = None, **details: Any) -> Said:
    return Said(provider_id or str(uuid4()), Sender("telegram", PERSON), words, **details)


@pytest.fixture
async def intake(stage: Stage) -> AsyncIterator[Intake]:
    now = stage.clock.now()
    async with transaction(stage.sessions) as session:
        columns = {"address": "a_bot", "secrets_sealed": b"", "key_id": "k1", "created_at": now, "updated_at": now}
        await session.execute(insert(ChannelAccount).values(id=ACCOUNT, channel="telegram", name="bot", **columns))
    ready = Intake(sessions=stage.sessions, turns=stage.turns, keys=stage.keys, clock=stage.clock)
    yield ready
    await settle(stage, ready)


async def settle(stage: Stage, intake: Intake) -> None:
    await intake.drain()
    await stage.turns.drain()


async def take(stage: Stage, intake: Intake, one: Said) -> None:
    await intake.receive("telegram", ACCOUNT, one)
    await settle(stage, intake)


async def rows(stage: Stage, model: Any) -> list[Any]:
    async with stage.sessions() as session:
        return list(await session.scalars(select(model).order_by(model.id)))


async def contact_of(stage: Stage) -> UUID:
    (talk,) = [one for one in await rows(stage, Conversation) if one.channel == "telegram"]
    assert talk.contact_id is not None
    return UUID(str(talk.contact_id))


async def stopped(stage: Stage) -> dict[str, str]:
    contact_id = await contact_of(stage)
    async with stage.sessions() as session:
        return (await list_suppressions(session, [contact_id]))[contact_id]


async def queued(stage: Stage) -> list[str]:
    return [one.text for one in await rows(stage, OutboxMessage)]


async def test_the_wish_to_begin_opens_the_talk_as_opening_the_chat_does(stage: Stage, intake: Intake) -> None:
    await take(stage, intake, said(opens=True))
    assert [one["message"]["kind"] for one in stage.dialogue.requests] == ["start"]


async def test_the_same_wish_told_twice_opens_once(stage: Stage, intake: Intake) -> None:
    for _ in range(2):
        await take(stage, intake, said(opens=True, provider_id="1"))
    assert len(stage.dialogue.requests) == 1


async def test_after_a_stop_the_wish_to_begin_is_start(stage: Stage, intake: Intake) -> None:
    stage.dialogue.script = lambda _body: say()
    await take(stage, intake, said("stop"))
    assert await stopped(stage) == {"all": "telegram_keyword"}
    await take(stage, intake, said(opens=True))
    assert "telegram" not in await stopped(stage)
    assert "all" not in await stopped(stage)
    assert await queued(stage) == ["<stopped en>", "<started_again en>"]


async def test_after_a_stop_the_code_of_a_talk_lifts_it_first_and_is_a_code_all_the_same(
    stage: Stage, intake: Intake
) -> None:
    stage.dialogue.script = lambda body: say(f"heard {body['message']['text']}")
    await take(stage, intake, said("stop"))
    await take(stage, intake, said("K7M2QX", opens=True))
    assert "telegram" not in await stopped(stage)
    assert await queued(stage) == ["<stopped en>", "<started_again en>", "heard K7M2QX"]


async def test_shutting_the_channel_stops_it_before_it_is_acknowledged_and_start_opens_it_again(
    stage: Stage, intake: Intake
) -> None:
    await take(stage, intake, said("hello"))
    await intake.receive("telegram", ACCOUNT, said(closes=True))
    assert await stopped(stage) == {"telegram": "telegram_provider_stop"}
    await settle(stage, intake)
    await take(stage, intake, said(opens=True))
    assert await stopped(stage) == {}
    assert (await queued(stage))[-1] == "<started_again en>"


async def test_news_of_shutting_that_is_told_again_after_start_changes_nothing(stage: Stage, intake: Intake) -> None:
    await take(stage, intake, said("hello"))
    await take(stage, intake, said(closes=True, provider_id="9"))
    await take(stage, intake, said(opens=True, provider_id="10"))
    await take(stage, intake, said(closes=True, provider_id="9"))
    assert await stopped(stage) == {}
    kinds = [one.kind for one in await rows(stage, TimelineEvent)]
    assert kinds.count("channel_closed") == 1


async def test_shutting_makes_no_contact_and_no_talk_of_somebody_unknown(stage: Stage, intake: Intake) -> None:
    people, talks = len(await rows(stage, Contact)), len(await rows(stage, Conversation))
    await take(stage, intake, said(closes=True))
    assert len(await rows(stage, Contact)) == people
    assert len(await rows(stage, Conversation)) == talks
    assert {one.state for one in await rows(stage, InboundEvent)} == {"done"}
    async with stage.sessions() as session:
        index = stage.keys.blind_index(PERSON, kind="telegram")
        held = text("SELECT reason FROM suppressions WHERE blind_index = :index")
        assert (await session.scalars(held, {"index": index})).all() == ["telegram_provider_stop"]


def sharing(number: str = NUMBER) -> Said:
    return said(number, also_theirs=(Sender("phone", number),))


async def points(stage: Stage) -> dict[str, tuple[UUID, bool]]:
    return {one.kind: (one.contact_id, one.verified_at is not None) for one in await rows(stage, ContactPoint)}


async def test_a_number_shared_at_the_provider_is_proven_and_answers_the_question(stage: Stage, intake: Intake) -> None:
    await take(stage, intake, sharing())
    contact_id = await contact_of(stage)
    assert await points(stage) == {"telegram": (contact_id, True), "phone": (contact_id, True)}
    assert [one.text for one in await rows(stage, Message) if one.author == "visitor" and one.text] == [NUMBER]
    async with stage.sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM consent_events")) == 0, "sharing is no consent"


async def test_a_number_that_somebody_else_only_typed_goes_to_who_proves_it(stage: Stage, intake: Intake) -> None:
    async with transaction(stage.sessions) as session:
        other = await create_contact(session, time_zone=None, now=stage.clock.now())
        await attach_address(session, stage.keys, other, kind="phone", value=NUMBER, now=stage.clock.now())
    await take(stage, intake, sharing())
    assert (await points(stage))["phone"] == (await contact_of(stage), True)
    async with stage.sessions() as session:
        assert not await has_address(session, other)


async def test_a_number_that_is_proven_to_be_anothers_stays_theirs_and_a_colleague_sees_it(
    stage: Stage, intake: Intake
) -> None:
    async with transaction(stage.sessions) as session:
        other = await create_contact(session, time_zone=None, now=stage.clock.now())
        await attach_address(session, stage.keys, other, kind="phone", value=NUMBER, now=stage.clock.now())
        await session.execute(text("UPDATE contact_points SET verified_at = now()"))
    await take(stage, intake, sharing())
    assert (await points(stage))["phone"] == (other, True)
    kinds = [one.kind for one in await rows(stage, TimelineEvent) if one.contact_id != other]
    assert "address_refused" in kinds

"""The Global Privacy Control of a browser is noted, shown, and keeps its visitor from being scored."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from base.database import transaction
from bot.models import Conversation
from crm.contacts.models import Contact
from crm.contacts.service import create_contact, set_fields
from crm.privacy.limits import SIGNAL
from crm.privacy.signals import asks_to_opt_out
from crm.scoring.service import add_points
from crm.timeline.models import TimelineEvent
from tests.channels.web.chat_stage import Process


async def open_chat(process: Process, signal: str | None, **body: Any) -> dict[str, Any]:
    headers = {} if signal is None else {"Sec-GPC": signal}
    async with process.request("POST", "/chat/session", json={"language": "de-AT", **body}, headers=headers) as answer:
        assert answer.status == 200
        opened: dict[str, Any] = await answer.json()
    await process.turns.drain()
    return opened


async def noted(process: Process) -> list[UUID | None]:
    async with process.sessions() as session:
        kinds = select(TimelineEvent.conversation_id).where(TimelineEvent.kind == SIGNAL)
        return list(await session.scalars(kinds))


@pytest.mark.parametrize(("sent", "counts"), [("1", True), (" 1 ", True), ("0", False), ("true", False), ("", False)])
def test_only_the_value_one_is_the_signal(sent: str, counts: bool) -> None:
    assert asks_to_opt_out({"Sec-GPC": sent}) is counts


async def test_the_visitor_is_shown_in_their_language_that_the_signal_is_honoured(process: Process) -> None:
    opened = await open_chat(process, "1")
    assert opened["notice"].startswith("Das Opt-out-Signal Ihres Browsers (GPC) wird beachtet")
    assert await noted(process) == [UUID(opened["conversation_id"])]


async def test_without_the_signal_nothing_is_noted_or_shown(process: Process) -> None:
    for signal in (None, "0"):
        assert "notice" not in await open_chat(process, signal)
    assert await noted(process) == []


async def test_coming_back_with_the_signal_is_shown_again_and_noted_once(process: Process) -> None:
    opened = await open_chat(process, "1")
    again = await open_chat(process, "1", token=opened["token"])
    assert again["conversation_id"] == opened["conversation_id"]
    assert "notice" in again
    assert len(await noted(process)) == 1


async def known_contact(process: Process, opened: dict[str, Any]) -> UUID:
    now = process.clock.now()
    async with transaction(process.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        await set_fields(session, contact_id, {"country": "US"}, now)
        await session.execute(
            update(Conversation).where(Conversation.id == UUID(opened["conversation_id"])).values(contact_id=contact_id)
        )
        await add_points(session, contact_id, rule="a/b/0", points=9, reason="asked", message_id=None, now=now)
    return contact_id


async def score_of(process: Process, contact_id: UUID) -> int | None:
    async with process.sessions() as session:
        return await session.scalar(select(Contact.score).where(Contact.id == contact_id))


async def test_a_known_contact_who_comes_with_the_signal_loses_the_score_and_gets_none(process: Process) -> None:
    opened = await open_chat(process, None)
    contact_id = await known_contact(process, opened)
    assert await score_of(process, contact_id) == 9
    await open_chat(process, "1", token=opened["token"])
    assert await score_of(process, contact_id) == 0
    async with transaction(process.sessions) as session:
        await add_points(
            session, contact_id, rule="a/b/1", points=5, reason="again", message_id=None, now=process.clock.now()
        )
    assert await score_of(process, contact_id) == 0


async def test_whoever_a_visitor_with_the_signal_turns_out_to_be_is_not_scored(process: Process) -> None:
    opened = await open_chat(process, "1")
    assert await score_of(process, await known_contact(process, opened)) == 0

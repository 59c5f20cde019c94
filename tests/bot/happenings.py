"""What the tests of effects share: turns that decide on effects, and what became of them."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from sqlalchemy import func, select
from structlog.testing import capture_logs

from bot.models import Conversation
from crm.contacts.models import Contact
from crm.contacts.service import get_contact
from crm.timeline.models import TimelineEvent
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage

Effect = dict[str, Any]


async def happen(stage: Stage, *effects: Effect, text: str = "hm", **details: Any) -> list[MutableMapping[str, Any]]:
    """One turn that decides on these effects; returns what was logged meanwhile."""
    stage.dialogue.script = lambda _body: say("answered", effects=list(effects))
    with capture_logs() as logged:
        await stage.say(text, **details)
    assert (await stage.transcript())[-1] == ("bot", "answered"), "the turn is answered whatever its effects"
    return logged


async def contact_of(stage: Stage) -> Contact:
    async with stage.sessions() as session:
        contact_id = await session.scalar(
            select(Conversation.contact_id).where(Conversation.id == stage.conversation_id)
        )
        assert contact_id is not None
        return await get_contact(session, contact_id)


async def count(stage: Stage, table: type) -> int:
    async with stage.sessions() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def kinds(stage: Stage) -> list[str]:
    """What the timeline says, in order."""
    async with stage.sessions() as session:
        return list(await session.scalars(select(TimelineEvent.kind).order_by(TimelineEvent.id)))

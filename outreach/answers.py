"""Answers of a talk on a channel with a provider: queued in the turn's transaction, sent like everything else.

Fulfils the bot's port `Answers`. Renders nothing and sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from outreach.decisions import message_class_of
from outreach.models import Enrolment, JourneyVersion, OutboxMessage
from outreach.neighbours import conversations


class Part(Protocol):
    """One message to send of what the bot said."""

    @property
    def message_id(self) -> UUID: ...
    @property
    def number(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def content(self) -> dict[str, Any]: ...


OPENS_TALK = "opens_talk"
"""In a message's content: an answer to it is to come back into the talk."""


class OutboxAnswers:
    """Puts what the bot said into the outbox."""

    def __init__(self, channels: Sequence[str]) -> None:
        self.channels = frozenset(channels)

    async def queue(
        self,
        session: AsyncSession,
        *,
        conversation_id: UUID,
        purpose: str,
        parts: Sequence[Part],
        now: datetime,
        begun_by: Mapping[str, str] | None = None,
    ) -> int:
        """Queues the parts in their order; the same parts again add nothing.

        Args:
            purpose: one of `outreach.decisions.ANSWERS`; of a talk that we begin, what it is for: the gate then judges
                it as it judges any message nobody asked for.
            begun_by: of such a talk, `journey`, `step` and `enrolment_id`.

        Returns:
            How many were added; none when the conversation belongs to nobody.
        """
        talk = (
            await session.execute(
                select(
                    conversations.c.channel,
                    conversations.c.contact_id,
                    conversations.c.account_id,
                    conversations.c.contact_point_id,
                ).where(conversations.c.id == conversation_id)
            )
        ).first()
        if talk is None or talk.contact_id is None or not parts:
            return 0
        named = await _named(session, begun_by)
        rows = [
            {
                "id": new_id(),
                "occurrence": f"answer:{part.message_id}:{part.number}",
                "contact_id": talk.contact_id,
                "conversation_id": conversation_id,
                "channel": talk.channel,
                "purpose": purpose,
                "message_class": message_class_of(talk.channel, purpose),
                "text": part.text,
                "message_id": part.message_id,
                "content": part.content | ({OPENS_TALK: True} if begun_by else {}),
                **named,
                "account_id": talk.account_id,
                "contact_point_id": talk.contact_point_id,
                "state": "planned",
                "due_at": now,
                "created_at": now,
                "updated_at": now,
            }
            for part in parts
        ]
        statement = insert(OutboxMessage).on_conflict_do_nothing(index_elements=["occurrence"])
        return len((await session.scalars(statement.returning(OutboxMessage.id), rows)).all())


async def _named(session: AsyncSession, begun_by: Mapping[str, str] | None) -> dict[str, Any]:
    if begun_by is None:
        return {"journey": None, "step": None, "enrolment_id": None, "frequency_class": "normal"}
    enrolment_id = UUID(begun_by["enrolment_id"])
    followed = (JourneyVersion.journey == Enrolment.journey, JourneyVersion.version == Enrolment.version)
    frequency_class = await session.scalar(
        select(JourneyVersion.definition["frequency_class"].astext)
        .join(Enrolment, and_(*followed))
        .where(Enrolment.id == enrolment_id)
    )
    return {
        "journey": begun_by["journey"],
        "step": begun_by["step"],
        "enrolment_id": enrolment_id,
        "frequency_class": frequency_class or "normal",
    }

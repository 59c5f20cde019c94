"""That somebody types, told to every process and kept nowhere: by whom, in which talk, and nothing of what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.models import Conversation

TYPING_CHANNEL = "parley_typing"
"""PostgreSQL channel that carries the id of a talk, who types there and whether they still do."""

Who = Literal["visitor", "person"]
PERSON: Who = "person"


@dataclass(frozen=True, slots=True)
class Typing:
    """Somebody types, or does no longer."""

    conversation_id: UUID
    who: Who
    on: bool


async def tell_typing(session: AsyncSession, typing: Typing) -> None:
    """Tells every process once this is committed; only of a talk that a person has: nobody else would look."""
    payload = f"{typing.conversation_id} {typing.who} {int(typing.on)}"
    await session.execute(
        select(func.pg_notify(TYPING_CHANNEL, payload)).where(
            select(Conversation.id)
            .where(Conversation.id == typing.conversation_id, Conversation.status == "handed_off")
            .exists()
        )
    )


def read_typing(payload: str) -> Typing | None:
    """What a notification says; None when it is none of ours."""
    conversation, _, rest = payload.partition(" ")
    who, _, on = rest.partition(" ")
    try:
        found = UUID(conversation)
    except ValueError:
        return None
    return Typing(found, cast("Who", who), on == "1") if who in ("visitor", "person") else None

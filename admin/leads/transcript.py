"""What was said in all of a contact's conversations. Message data came from a bot: only well-formed parts show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.leads.shapes import Choice, Source, TranscriptMessage
from base.messages import Author
from bot.models import Message

MAX_MESSAGES = 1_000


async def read_transcript(session: AsyncSession, channels: Mapping[UUID, str]) -> list[TranscriptMessage]:
    """The latest messages, oldest first; what nobody is shown (a conversation's opening, a timer) is not one.

    Args:
        channels: the channel of each conversation.
    """
    latest = await session.scalars(
        select(Message)
        .where(Message.conversation_id.in_(list(channels)), Message.seq > 0, Message.author != "system")
        .order_by(Message.created_at.desc(), Message.conversation_id.desc(), Message.seq.desc())
        .limit(MAX_MESSAGES)
    )
    return [show_message(message, channels[message.conversation_id]) for message in reversed(latest.all())]


def show_message(message: Message, channel: str) -> TranscriptMessage:
    """One message as it may be shown."""
    notice = message.data.get("notice")
    return TranscriptMessage(
        id=message.id,
        conversation_id=message.conversation_id,
        author=cast("Author", message.author),  # held to it by the table's check constraint
        text=message.text,
        choices=_choices(message.data.get("choices")),
        notice=notice if isinstance(notice, str) else None,
        source=_source(message.data.get("source")),
        channel=channel,
        at=message.created_at,
    )


def _choices(data: object) -> list[Choice]:
    offered = data if isinstance(data, list) else []
    return [
        Choice(value=choice["value"], label=choice["label"])
        for choice in offered
        if isinstance(choice, dict) and all(isinstance(choice.get(name), str) for name in ("value", "label"))
    ]


def _source(data: object) -> Source | None:
    if not isinstance(data, dict) or not isinstance(data.get("title"), str):
        return None
    link = data.get("link")
    return Source(title=data["title"], link=link if isinstance(link, str) else None)

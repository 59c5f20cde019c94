"""The words of messages that were not understood, read where they are kept. Copies and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Text, case, cast, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.models import Message
from bot.understanding.gaps import PIECES


def said() -> ColumnElement[str]:
    """What a row of `messages` said; with the messages before it where they were read together as one text."""
    piece = aliased(Message)
    joined = (
        select(func.string_agg(piece.text, aggregate_order_by(literal("\n"), piece.seq)))
        .where(
            piece.conversation_id == Message.conversation_id,
            Message.data[PIECES].has_key(cast(piece.id, Text)),
        )
        .correlate(Message)
        .scalar_subquery()
    )
    return case((Message.data.has_key(PIECES), joined), else_=Message.text)


async def read_words(session: AsyncSession, message_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """What these messages said; those that were erased are not among them."""
    rows = await session.execute(select(Message.id, said().label("said")).where(Message.id.in_(message_ids)))
    return {row.id: row.said for row in rows}

"""Doubtful opt-outs with the words they were read from, in two queries per page. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.cursors import Cursor
from admin.opt_outs.shapes import OptOutReview, OptOutReviewPage, OptOutReviewQuery, OptOutScope
from bot.models import Message
from crm.consent.models import OptOutReview as Row
from crm.consent.opt_out_reviews import ReviewStatus, list_reviews
from crm.consent.stop_scope import StopScope


async def read_page(session: AsyncSession, query: OptOutReviewQuery) -> OptOutReviewPage:
    """One page, the latest first.

    Raises:
        CursorInvalid: the cursor is not one of ours.
    """
    after = Cursor.decode(query.cursor) if query.cursor else None
    rows = await list_reviews(
        session, status=query.status, after=(after.at, after.id) if after else None, limit=query.limit + 1
    )
    shown = rows[: query.limit]
    last = shown[-1] if len(rows) > query.limit else None
    return OptOutReviewPage(
        items=await show(session, shown),
        next_cursor=Cursor(last.created_at, last.id).encode() if last else None,
    )


async def show(session: AsyncSession, rows: Sequence[Row]) -> list[OptOutReview]:
    """The rows with their messages' texts."""
    said = await session.execute(
        select(Message.id, Message.text).where(Message.id.in_([row.message_id for row in rows]))
    )
    texts = {row.id: row.text for row in said}
    return [_show(row, texts.get(row.message_id)) for row in rows]


def _show(row: Row, text: str | None) -> OptOutReview:
    scope = StopScope.read(row.scope)
    channels = None if scope.channels is None else list(scope.channels)
    return OptOutReview(
        id=row.id,
        contact_id=row.contact_id,
        conversation_id=row.conversation_id,
        message_id=row.message_id,
        text=text,
        channel=row.channel,
        language=row.language,
        scope=OptOutScope(purpose=scope.purpose, channels=channels),
        rule=row.rule,
        confidence=row.confidence,
        status=cast("ReviewStatus", row.status),
        reviewed_by=row.reviewed_by,
        reviewed_at=row.reviewed_at,
        created_at=row.created_at,
    )

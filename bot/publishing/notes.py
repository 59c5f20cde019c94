"""What stands beside the content and is never published: where steps stand on the canvas, what colleagues remark."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from base.ids import new_id
from bot.publishing.models import ContentLayout, ContentNote

MOST_NOTES = 500
"""Comments on one item that are shown, the newest."""

# Steps that are given null are forgotten; all others keep their place. Two people who move other steps do not meet.
_MOVE = text(
    """
    INSERT INTO content_layouts AS layout (item, positions)
    VALUES (:item, jsonb_strip_nulls(CAST(:positions AS jsonb)))
    ON CONFLICT (item) DO UPDATE
    SET positions = jsonb_strip_nulls(layout.positions || CAST(:positions AS jsonb))
    """
)


async def move_steps(session: AsyncSession, item: str, positions: str) -> None:
    """Keeps where steps stand; `positions` is JSON, null for a step that is forgotten."""
    await session.execute(_MOVE, {"item": item, "positions": positions})


async def read_layout(session: AsyncSession, item: str) -> Mapping[str, Any]:
    """Where the steps of an item stand, those that were ever moved."""
    found = await session.scalar(select(ContentLayout.positions).where(ContentLayout.item == item))
    return found or {}


async def list_notes(session: AsyncSession, item: str) -> list[ContentNote]:
    """The comments on an item, the oldest first."""
    newest = (
        select(ContentNote)
        .where(ContentNote.item == item)
        .order_by(ContentNote.created_at.desc(), ContentNote.id.desc())
    )
    return list(await session.scalars(newest.limit(MOST_NOTES)))[::-1]


async def add_note(  # noqa: PLR0917  # what a comment is
    session: AsyncSession, item: str, step: str | None, said: str, author: str, now: datetime
) -> ContentNote:
    """Keeps a comment."""
    note = ContentNote(id=new_id(), item=item, step=step, text=said, author=author, created_at=now)
    session.add(note)
    await session.flush()
    return note


async def change_note(
    session: AsyncSession, note_id: UUID, *, said: str | None, done: bool | None, now: datetime
) -> ContentNote:
    """Gives a comment other words, or says that it is dealt with, or not any more.

    Raises:
        NotFound: there is none.
    """
    note = await session.get(ContentNote, note_id, with_for_update=True)
    if note is None:
        raise NotFound("There is no such comment.")
    if said is not None:
        note.text = said
    if done is not None:
        note.done_at = (note.done_at or now) if done else None
    await session.flush()
    return note


async def remove_note(session: AsyncSession, note_id: UUID) -> ContentNote:
    """Takes a comment away.

    Raises:
        NotFound: there is none.
    """
    note = await session.get(ContentNote, note_id)
    if note is None:
        raise NotFound("There is no such comment.")
    await session.execute(delete(ContentNote).where(ContentNote.id == note_id))
    return note

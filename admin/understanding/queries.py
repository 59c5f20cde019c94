"""Gaps and their groups with the words of their messages, a few queries a page. Reads only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from admin.api.cursors import Cursor, CursorInvalid
from admin.understanding.shapes import (
    Gap,
    GapGroup,
    GapGroupPage,
    GapGroupQuery,
    GapPage,
    GapQuery,
    GroupGapQuery,
    GroupingRun,
)
from base.errors import NotFound
from bot.models import Message
from bot.understanding.models import Gap as GapRow
from bot.understanding.models import GapGroup as GroupRow
from bot.understanding.models import Grouping
from bot.understanding.words import said

_LONGEST_EXAMPLE = 300  # characters


async def read_groups(session: AsyncSession, query: GapGroupQuery) -> GapGroupPage:
    """One page of the groups in which something is open, the largest first.

    Raises:
        CursorInvalid: the cursor is not one of ours, or messages were grouped anew since.
    """
    statement = _groups().limit(query.limit + 1)
    if query.language is not None:
        statement = statement.where(GroupRow.language == query.language)
    if query.cursor:
        statement = statement.where(await _behind(session, Cursor.decode(query.cursor)))
    rows = (await session.execute(statement)).all()
    shown = rows[: query.limit]
    last = shown[-1] if len(rows) > query.limit else None
    return GapGroupPage(
        items=[_show_group(row) for row in shown],
        next_cursor=Cursor(last.created_at, last.id).encode() if last else None,
        grouping=await read_run(session),
        open_gaps=await session.scalar(select(func.count()).where(GapRow.status == "open")) or 0,
    )


async def read_run(session: AsyncSession) -> GroupingRun | None:
    """The run that waits, or else the last one."""
    newest = select(Grouping).order_by((Grouping.status == "waiting").desc(), Grouping.asked_at.desc()).limit(1)
    run = await session.scalar(newest)
    return None if run is None else GroupingRun.model_validate(run, from_attributes=True)


async def read_gaps(session: AsyncSession, query: GapQuery) -> GapPage:
    """One page of messages, the latest first.

    Raises:
        CursorInvalid: the cursor is not one of ours.
    """
    conditions: list[ColumnElement[bool]] = [GapRow.status == query.status]
    if query.language is not None:
        conditions.append(GapRow.language == query.language)
    if query.reason is not None:
        conditions.append(GapRow.reason == query.reason)
    return await _read_page(session, query.cursor, query.limit, *conditions)


async def read_gaps_of_group(session: AsyncSession, group_id: UUID, query: GroupGapQuery) -> GapPage:
    """One page of a group's open messages, the latest first.

    Raises:
        NotFound: there is no such group any more.
        CursorInvalid: the cursor is not one of ours.
    """
    if await session.get(GroupRow, group_id) is None:
        raise NotFound("There is no such group: messages were grouped anew. Load the list again.")
    conditions = (GapRow.group_id == group_id, GapRow.status == "open")
    return await _read_page(session, query.cursor, query.limit, *conditions)


async def _read_page(
    session: AsyncSession, cursor: str | None, limit: int, *conditions: ColumnElement[bool]
) -> GapPage:
    key = (GapRow.created_at, GapRow.message_id)
    statement = (
        select(GapRow, Message.conversation_id, said().label("said"))
        .join(Message, Message.id == GapRow.message_id)
        .where(*conditions)
        .order_by(*(column.desc() for column in key))
        .limit(limit + 1)
    )
    if cursor:
        after = Cursor.decode(cursor)
        statement = statement.where(tuple_(*key) < (after.at, after.id))
    rows = (await session.execute(statement)).all()
    shown = rows[:limit]
    last = shown[-1][0] if len(rows) > limit else None
    return GapPage(
        items=[_show_gap(*row) for row in shown],
        next_cursor=Cursor(last.created_at, last.message_id).encode() if last else None,
    )


def _groups() -> Select[Any]:
    open_gap = aliased(GapRow)
    counts = (
        select(
            open_gap.group_id,
            func.count().label("open"),
            *(func.count().filter(open_gap.reason == reason).label(reason) for reason in _REASONS),
        )
        .where(open_gap.status == "open", open_gap.group_id.is_not(None))
        .group_by(open_gap.group_id)
        .subquery()
    )
    return (
        select(
            GroupRow.id, GroupRow.name, GroupRow.language, GroupRow.nearest_intent, GroupRow.created_at,
            counts.c.open, *(counts.c[reason] for reason in _REASONS), said().label("example"),
        )
        .join(counts, counts.c.group_id == GroupRow.id)
        .join(Message, Message.id == GroupRow.example_message_id, isouter=True)
        .order_by(GroupRow.size.desc(), GroupRow.id.desc())
    )  # fmt: skip


_REASONS = ("missed", "clarified", "below_bar")


async def _behind(session: AsyncSession, cursor: Cursor) -> ColumnElement[bool]:
    """What follows a group in the order of the list."""
    size = await session.scalar(select(GroupRow.size).where(GroupRow.id == cursor.id))
    if size is None:
        raise CursorInvalid("Messages were grouped anew since: start again at the first page.")
    return tuple_(GroupRow.size, GroupRow.id) < (size, cursor.id)


def _show_group(row: Any) -> GapGroup:
    example = None if row.example is None else row.example[:_LONGEST_EXAMPLE]
    return GapGroup.model_validate({**row._mapping, "example": example})  # noqa: SLF001


def _show_gap(gap: GapRow, conversation_id: UUID, text: str) -> Gap:
    names = Gap.model_fields.keys() - {"conversation_id", "text"}
    known = {name: getattr(gap, name) for name in names}
    return Gap.model_validate({**known, "conversation_id": conversation_id, "text": text})

"""Segments as the API shows them, a few queries an answer. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.cursors import Cursor
from admin.leads.names import name_from, text_of
from admin.segments.shapes import (
    ConditionCount,
    ConditionHolds,
    ConditionInWords,
    Language,
    Member,
    MemberPage,
    MemberQuery,
    Membership,
    Person,
    Segment,
    SegmentCount,
    SegmentList,
    SegmentPreview,
    SegmentRow,
    SegmentWords,
)
from admin.segments.uses import list_uses
from crm.contacts.models import Contact
from crm.segments.building import count_contacts
from crm.segments.counting import count_each, count_members, draw, explain, find_first
from crm.segments.models import Segment as Row
from crm.segments.models import SegmentMember
from crm.segments.service import get_segment, list_segments, names_of
from crm.segments.tree import SegmentTree
from crm.segments.words import describe, describe_each


async def read_segments(session: AsyncSession, language: Language) -> SegmentList:
    """All segments."""
    rows = await list_segments(session)
    members = await count_members(session)
    contacts, names = await count_contacts(session), {row.id: row.name for row in rows}
    return SegmentList(
        items=[SegmentRow(**_show(row, members.get(row.id, 0), contacts, language, names)) for row in rows]
    )


async def read_segment(session: AsyncSession, segment_id: UUID, language: Language) -> Segment:
    """One segment.

    Raises:
        NotFound: there is no such segment.
    """
    row = await get_segment(session, segment_id)
    tree = SegmentTree.model_validate(row.tree)
    names = await names_of(session, tree.segments())
    inside = select(func.count()).select_from(SegmentMember).where(SegmentMember.segment_id == segment_id)
    members = await session.scalar(inside) or 0
    return Segment(
        **_show(row, members, await count_contacts(session), language, names),
        tree=tree,
        conditions=[ConditionInWords(words=words) for words in describe_each(tree, language, names)],
        used_by=await list_uses(session, segment_id),
    )


async def read_words(session: AsyncSession, tree: SegmentTree, language: Language) -> SegmentWords:
    """A rule in words."""
    names = await names_of(session, tree.segments())
    conditions = [ConditionInWords(words=words) for words in describe_each(tree, language, names)]
    return SegmentWords(words=describe(tree, language, names), conditions=conditions)


async def read_count(session: AsyncSession, tree: SegmentTree, language: Language, now: datetime) -> SegmentCount:
    """How many a rule holds for, and for how many each of its conditions."""
    names = await names_of(session, tree.segments())
    counts = await count_each(session, tree, now)
    told = describe_each(tree, language, names)
    return SegmentCount(
        contacts=counts.matching,
        refused=counts.refused,
        conditions=[
            ConditionCount(words=words, contacts=contacts)
            for words, contacts in zip(told, counts.conditions, strict=True)
        ],
    )


async def read_preview(
    session: AsyncSession, tree: SegmentTree, now: datetime, *, limit: int, sample: bool
) -> SegmentPreview:
    """Some whom a rule holds for."""
    ids = await (draw if sample else find_first)(session, tree, now, limit)
    found = {row.id: row for row in await session.scalars(select(Contact).where(Contact.id.in_(ids)))}
    return SegmentPreview(items=[Person(**_show_person(found[one])) for one in ids if one in found])


async def read_members(session: AsyncSession, segment_id: UUID, query: MemberQuery) -> MemberPage:
    """One page of a segment's members.

    Raises:
        NotFound: there is no such segment.
        CursorInvalid: the cursor is not one of ours.
    """
    await get_segment(session, segment_id)
    key = (SegmentMember.entered_at, SegmentMember.contact_id)
    statement = (
        select(SegmentMember.entered_at, Contact)
        .join(Contact, Contact.id == SegmentMember.contact_id)
        .where(SegmentMember.segment_id == segment_id)
        .order_by(*(column.desc() for column in key))
        .limit(query.limit + 1)
    )
    if query.cursor:
        after = Cursor.decode(query.cursor)
        statement = statement.where(tuple_(*key) < (after.at, after.id))
    rows = (await session.execute(statement)).all()
    shown = rows[: query.limit]
    last = shown[-1] if len(rows) > query.limit else None
    return MemberPage(
        items=[Member(entered_at=entered_at, **_show_person(contact)) for entered_at, contact in shown],
        next_cursor=Cursor(last[0], last[1].id).encode() if last else None,
    )


async def read_membership(
    session: AsyncSession, segment_id: UUID, contact_id: UUID, language: Language, now: datetime
) -> Membership:
    """How one contact stands to a segment.

    Raises:
        NotFound: there is no such segment or contact.
    """
    tree = SegmentTree.model_validate((await get_segment(session, segment_id)).tree)
    standing = await explain(session, tree, contact_id, now)
    told = describe_each(tree, language, await names_of(session, tree.segments()))
    return Membership(
        is_member=await session.get(SegmentMember, (segment_id, contact_id)) is not None,
        fits=standing.inside,
        refusal=standing.refusal,
        conditions=[
            ConditionHolds(words=words, holds=holds) for words, holds in zip(told, standing.conditions, strict=True)
        ],
    )


def _show(row: Row, members: int, contacts: int, language: Language, names: Mapping[UUID, str]) -> dict[str, Any]:
    tree = SegmentTree.model_validate(row.tree)
    own = ("id", "name", "version", "state", "built", "made_by", "created_at", "updated_at")
    return {name: getattr(row, name) for name in own} | {
        "words": describe(tree, language, names),
        "contacts": contacts,
        "members": members,
        "profiles": tree.profiles(),
    }


def _show_person(contact: Contact) -> dict[str, Any]:
    return {
        "contact_id": contact.id,
        "name": name_from(contact.fields),
        "company": text_of(contact.fields, "company"),
        "stage": contact.stage,
        "score": contact.score,
    }

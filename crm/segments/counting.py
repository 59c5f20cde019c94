"""How many a rule holds for, for how many each of its conditions does, some of them, and why one is in it or not.

Reads in the caller's transaction and needs no segment to be there: a rule can be tried before it is saved.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from base.nested_rows import one_of
from crm.contacts.models import Contact
from crm.segments.compiling import compile_node, compile_tree, may_be_segmented
from crm.segments.models import SegmentMember, SegmentPerson
from crm.segments.narrowing import narrow
from crm.segments.tree import SegmentTree

# The planner knows little of how many contacts a condition holds for, and of ten of them nothing: it would look each
# contact up in what another condition found, row by row. Joined by hashes they cost the same however many they are.
_PLANNING = {
    "work_mem": "256MB",
    "enable_nestloop": "off",
    "enable_mergejoin": "off",
    "random_page_cost": "1.1",
    "jit": "off",
}
_FOR_ALL = select(*(func.set_config(name, value, True) for name, value in _PLANNING.items()))
_BEFORE = select(*(func.current_setting(name) for name in _PLANNING))
_FEW = 10_000
"""Contacts up to whose number the latest are chosen after all were found."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Contacts a rule holds for; for each of its conditions alone; and how many may not be segmented."""

    matching: int
    conditions: list[int]
    refused: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether one contact is in a segment of a rule, which conditions hold, and why it may be in none."""

    inside: bool
    conditions: list[bool]
    refusal: str | None


async def count(session: AsyncSession, tree: SegmentTree, now: datetime) -> int:
    """How many contacts the rule holds for."""
    return (await _count(session, tree, now))[0]


async def count_each(session: AsyncSession, tree: SegmentTree, now: datetime) -> Counts:
    """The same, and each condition counted alone, in one reading after the other.

    A condition is counted for whoever it holds, the whole rule only for who may be segmented. `refused` is 0 for a rule
    that does not profile.
    """
    matching, refused = await _count(session, tree, now)
    conditions = [sum(await _count(session, SegmentTree(leaf), now)) for leaf in tree.leaves()]
    return Counts(matching, conditions, refused)


async def _count(session: AsyncSession, tree: SegmentTree, now: datetime) -> tuple[int, int]:
    """Those the rule holds for: who may be segmented, and who may not."""
    await session.execute(_FOR_ALL)
    found = narrow(tree, now)
    if not tree.profiles():
        return await session.scalar(select(func.count()).select_from(found)) or 0, 0
    allowed = found.outerjoin(
        SegmentPerson, and_(SegmentPerson.contact_id == found.c.id, SegmentPerson.refusal.is_(None))
    )
    both = select(func.count(SegmentPerson.contact_id), func.count()).select_from(allowed)
    matching, everybody = (await session.execute(both)).one()
    return matching, everybody - matching


async def find_first(session: AsyncSession, tree: SegmentTree, now: datetime, limit: int) -> Sequence[UUID]:
    """Some contacts the rule holds for, by their ids: the same each time."""
    await session.execute(_FOR_ALL)
    those = those_of(tree, now)
    return (await session.scalars(those.order_by(those.selected_columns.id).limit(limit))).all()


async def find_latest(
    session: AsyncSession, tree: SegmentTree, now: datetime, those: ColumnElement[bool], limit: int
) -> Sequence[UUID]:
    """The contacts the rule holds for that came last, of `those`."""
    latest = select(Contact.id).where(those).order_by(Contact.created_at.desc(), Contact.id.desc()).limit(limit)
    async with planned_for_all(session):
        found = (await session.scalars(select(narrow(tree, now).c.id).limit(_FEW + 1))).all()
        if len(found) > _FEW:
            meant = those_of(tree, now).subquery()
            return (await session.scalars(latest.join(meant, meant.c.id == Contact.id))).all()
    if tree.profiles():
        latest = latest.where(may_be_segmented(Contact.id.expression))
    return (await session.scalars(latest.where(one_of(Contact.id, found)))).all()


@asynccontextmanager
async def planned_for_all(session: AsyncSession) -> AsyncIterator[None]:
    """Has PostgreSQL plan for rules over all contacts, and afterwards in this transaction as it did before."""
    before = (await session.execute(_BEFORE)).one()
    await session.execute(_FOR_ALL)
    yield
    as_before = (func.set_config(name, value, True) for name, value in zip(_PLANNING, before, strict=True))
    await session.execute(select(*as_before))


async def draw(session: AsyncSession, tree: SegmentTree, now: datetime, limit: int) -> Sequence[UUID]:
    """Some contacts the rule holds for, drawn by chance."""
    await session.execute(_FOR_ALL)
    drawn = those_of(tree, now).order_by(func.random()).limit(limit)
    return (await session.scalars(drawn)).all()


async def count_members(session: AsyncSession) -> dict[UUID, int]:
    """How many are in each segment as its members stand; one without any is absent."""
    counted = select(SegmentMember.segment_id, func.count().label("members")).group_by(SegmentMember.segment_id)
    return {row.segment_id: row.members for row in await session.execute(counted)}


async def list_members(session: AsyncSession, segment_id: UUID, limit: int) -> Sequence[SegmentMember]:
    """Who entered a segment last."""
    latest = (SegmentMember.entered_at.desc(), SegmentMember.contact_id.desc())
    inside = select(SegmentMember).where(SegmentMember.segment_id == segment_id)
    return (await session.scalars(inside.order_by(*latest).limit(limit))).all()


async def explain(session: AsyncSession, tree: SegmentTree, contact_id: UUID, now: datetime) -> Standing:
    """How one contact stands to a rule.

    Raises:
        NotFound: there is no such contact.
    """
    refusal = select(SegmentPerson.refusal).where(SegmentPerson.contact_id == Contact.id).correlate(Contact)
    looked_at = select(SegmentPerson.contact_id).where(SegmentPerson.contact_id == Contact.id).correlate(Contact)
    asked: list[Any] = [
        compile_tree(tree, now),
        refusal.scalar_subquery(),
        looked_at.exists(),
        *(compile_node(leaf, now) for leaf in tree.leaves()),
    ]
    row = (await session.execute(select(*asked).where(Contact.id == contact_id))).one_or_none()
    if row is None:
        raise NotFound("There is no such contact.")
    inside, why_not, is_looked_at, *conditions = row
    if tree.profiles() and not is_looked_at:
        why_not = "It was not looked yet whether they may be profiled: that takes seconds."
    return Standing(inside, conditions, why_not if tree.profiles() else None)


def those_of(tree: SegmentTree, now: datetime) -> Select[UUID]:
    """The ids of the contacts the rule holds for, who may be segmented if it does that. To be run planned for all."""
    found = narrow(tree, now)
    those = select(found.c.id)
    return those.where(may_be_segmented(found.c.id)) if tree.profiles() else those

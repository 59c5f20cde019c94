"""How many a rule holds for, for how many each of its conditions does, some of them, and why one is in it or not.

Reads in the caller's transaction and needs no segment to be there: a rule can be tried before it is saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from crm.contacts.models import Contact
from crm.segments.compiling import compile_node, compile_tree, may_be_segmented
from crm.segments.models import SegmentMember, SegmentPerson
from crm.segments.tree import SegmentTree

# The planner knows little of how many contacts a condition holds for, and of ten of them nothing: it would look each
# contact up in what another condition found, row by row. Sets joined by hashes cost the same whatever they hold.
_SET_WISE = (
    "SELECT set_config('work_mem', '256MB', true), set_config('enable_nestloop', 'off', true), "
    "set_config('jit', 'off', true)"
)


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
    await session.execute(text(_SET_WISE))
    counted = select(func.count()).select_from(Contact).where(compile_tree(tree, now, set_wise=True))
    return await session.scalar(counted) or 0


async def count_each(session: AsyncSession, tree: SegmentTree, now: datetime) -> Counts:
    """The same, with each condition counted alone in the same reading. `refused` is 0 for a rule that does not profile.

    A condition is counted for whoever it holds, the whole rule only for who may be segmented.
    """
    await session.execute(text(_SET_WISE))
    leaves = [compile_node(leaf, now, set_wise=True) for leaf in tree.leaves()]
    holds = compile_node(tree.root, now, set_wise=True)
    allowed = may_be_segmented(set_wise=True) if tree.profiles() else true()
    counted = select(
        func.count().filter(holds & allowed),
        func.count().filter(holds & ~allowed),
        *(func.count().filter(leaf) for leaf in leaves),
    ).select_from(Contact)
    matching, refused, *conditions = (await session.execute(counted)).one()
    return Counts(matching, conditions, refused)


async def find_first(session: AsyncSession, tree: SegmentTree, now: datetime, limit: int) -> Sequence[UUID]:
    """Some contacts the rule holds for, by their ids: the same each time."""
    await session.execute(text(_SET_WISE))
    found = select(Contact.id).where(compile_tree(tree, now, set_wise=True)).order_by(Contact.id).limit(limit)
    return (await session.scalars(found)).all()


async def draw(session: AsyncSession, tree: SegmentTree, now: datetime, limit: int) -> Sequence[UUID]:
    """Some contacts the rule holds for, drawn by chance."""
    await session.execute(text(_SET_WISE))
    drawn = select(Contact.id).where(compile_tree(tree, now, set_wise=True)).order_by(func.random()).limit(limit)
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

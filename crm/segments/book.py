"""All segments as they stand, parsed, in the order in which they build on each other, and whom a topic concerns."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from base.tables import table_of
from crm.contacts.models import Contact
from crm.segments.compiling import compile_tree
from crm.segments.due import next_change
from crm.segments.models import Segment, SegmentDue, SegmentMember
from crm.segments.service import in_order
from crm.segments.tree import SegmentTree

NEW = "new"
"""The topic of a contact that was not there before: it concerns every segment."""
_REMEMBERED = 1_000


@dataclass(frozen=True)
class Rule:
    """A segment's rule, and the statement that asks it of contacts (`:ids`) at a moment (`:now`).

    It gives of each: is it in, since when was it, when is it due, and when was it to be due.
    """

    id: UUID
    version: int
    name: str = field(compare=False)
    tree: SegmentTree = field(compare=False)
    statement: Any = field(compare=False)


@dataclass(frozen=True)
class Book:
    """All rules, each behind those it speaks of."""

    rules: tuple[Rule, ...]

    def concerned(self, looks: Iterable[tuple[UUID, str]]) -> dict[UUID, set[UUID]]:
        """By segment, the contacts to be asked about, of what happened to whom."""
        by_topic: dict[str, list[UUID]] = defaultdict(list)
        for rule in self.rules:
            for topic in (*rule.tree.topics(), NEW):
                by_topic[topic].append(rule.id)
        found: dict[UUID, set[UUID]] = defaultdict(set)
        for contact_id, topic in looks:
            for segment_id in by_topic.get(topic, ()):
                found[segment_id].add(contact_id)
        return found

    def speaking_of(self, segment_id: UUID) -> list[UUID]:
        return [rule.id for rule in self.rules if segment_id in rule.tree.segments()]


_SEGMENTS = table_of(Segment)
_STANDING = select(_SEGMENTS.c.id, _SEGMENTS.c.version, _SEGMENTS.c.name)
_parsed: OrderedDict[tuple[UUID, int], Rule] = OrderedDict()
"""Rules by segment and version, which never change: to parse and compile one takes longer than to ask it."""


async def read_book(session: AsyncSession) -> Book:
    """All segments, also those whose members are still being found."""
    connection = await session.connection()
    rows = (await connection.execute(_STANDING)).all()
    unknown = [row.id for row in rows if (row.id, row.version) not in _parsed]
    if unknown:
        for segment in await session.execute(
            select(Segment.id, Segment.version, Segment.name, Segment.tree).where(Segment.id.in_(unknown))
        ):
            tree = SegmentTree.model_validate(segment.tree)
            _parsed[segment.id, segment.version] = Rule(
                segment.id, segment.version, segment.name, tree, membership_statement(tree)
            )
        while len(_parsed) > _REMEMBERED:
            _parsed.popitem(last=False)
    rules = {row.id: _parsed[row.id, row.version] for row in rows if (row.id, row.version) in _parsed}
    return Book(tuple(rules[key] for key in _ordered(frozenset(rules.values()))))


def membership_statement(tree: SegmentTree) -> Any:
    """The statement that asks a rule of contacts."""
    now: Any = bindparam("now", type_=DateTime(timezone=True))
    due = next_change(tree, now)
    segment_id = bindparam("segment_id", type_=Uuid())
    since = select(SegmentMember.entered_at).where(
        SegmentMember.contact_id == Contact.id, SegmentMember.segment_id == segment_id
    )
    was_due = select(SegmentDue.due_at).where(SegmentDue.contact_id == Contact.id, SegmentDue.segment_id == segment_id)
    return select(
        Contact.id,
        compile_tree(tree, now).label("inside"),
        since.correlate(Contact).scalar_subquery().label("since"),
        *(() if due is None else (due.label("due"),)),
        was_due.correlate(Contact).scalar_subquery().label("was_due"),
    ).where(Contact.id == any_(bindparam("ids", type_=ARRAY(Uuid()))))


@lru_cache(maxsize=16)
def _ordered(rules: frozenset[Rule]) -> list[UUID]:
    return in_order({rule.id: rule.tree for rule in rules})

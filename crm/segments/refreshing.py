"""Keeps who is in which segment true: on every change of a contact, when time alone changes it, and for a new rule.

Whoever enters or leaves has an event on the timeline. One transaction at a time does this, so that of two that saw
different things the later one is written last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.nested_rows import one_of
from crm.segments.book import NEW, Book, Rule, read_book
from crm.segments.locks import lock_members
from crm.segments.models import SegmentDue, SegmentLook, SegmentMember, SegmentPerson
from crm.segments.upkeep import lock_existing, renew_consents, renew_refusals
from crm.timeline.ingesting import NewEvent, ingest

_PROFILING = "profiling"
_CONSENT = frozenset({NEW, "consent"})
_PERSONAL = frozenset({NEW, "consent", "contact", "points", _PROFILING})
"""Topics after which it is asked anew whether somebody may be segmented."""
Look = tuple[UUID, str]


@dataclass
class Moves:
    """Who entered and who left, by segment."""

    entered: dict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    left: dict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))

    def __len__(self) -> int:
        return sum(len(some) for moved in (self.entered, self.left) for some in moved.values())


async def refresh_for(
    session: AsyncSession, contact_ids: Collection[UUID], now: datetime, *, keys: KeyRing | None = None
) -> Moves:
    """Asks the segments that what happened to these contacts concerns; nothing is asked where nothing happened.

    Args:
        keys: open phone numbers, which tell the country that decides who may be profiled. Without them, what may
            change that answer is left to the next look that has them.
    """
    if not contact_ids:
        return Moves()
    await lock_members(session)
    mine = one_of(SegmentLook.contact_id, contact_ids)
    if keys is None:
        mine &= SegmentLook.topic.not_in(sorted(_PERSONAL))
    taken = delete(SegmentLook).where(mine).returning(SegmentLook.contact_id, SegmentLook.topic)
    looks = {(row.contact_id, row.topic) for row in await session.execute(taken)}
    return await _look(session, keys, looks, now) if looks else Moves()


async def refresh_noted(session: AsyncSession, keys: KeyRing, now: datetime, limit: int) -> int:
    """Asks about the contacts to whom something happened longest ago; returns how many looks that settled."""
    await lock_members(session)
    oldest = select(SegmentLook.id).order_by(SegmentLook.id).limit(limit)
    taken = (
        delete(SegmentLook)
        .where(SegmentLook.id.in_(oldest.scalar_subquery()))
        .returning(SegmentLook.contact_id, SegmentLook.topic)
    )
    rows = (await session.execute(taken)).all()
    if rows:
        await _look(session, keys, {(row.contact_id, row.topic) for row in rows}, now)
    return len(rows)


async def refresh_due(session: AsyncSession, keys: KeyRing, now: datetime, limit: int) -> int:
    """Asks about the contacts for whom time alone may have changed something; returns how many looks those were."""
    await lock_members(session)
    expired = select(SegmentPerson.contact_id).where(SegmentPerson.recheck_at <= now).limit(limit)
    looks = {(contact_id, "consent") for contact_id in await session.scalars(expired)}
    first = (
        select(SegmentDue.segment_id, SegmentDue.contact_id)
        .where(SegmentDue.due_at <= now)
        .order_by(SegmentDue.due_at)
        .limit(limit)
    )
    due: dict[UUID, set[UUID]] = defaultdict(set)
    for segment_id, contact_id in await session.execute(first):
        due[segment_id].add(contact_id)
    if not looks and not due:
        return 0
    await _look(session, keys, looks, now, due)
    return len(looks) + sum(map(len, due.values()))


async def next_due_at(session: AsyncSession) -> datetime | None:
    """When time alone changes something next, as far as it is known."""
    by_rule = select(func.min(SegmentDue.due_at)).scalar_subquery()
    by_consent = select(func.min(SegmentPerson.recheck_at)).scalar_subquery()
    return await session.scalar(select(func.least(by_rule, by_consent)))


async def ask_of(session: AsyncSession, rule_id: UUID, contact_ids: Collection[UUID], now: datetime) -> Moves:
    """Asks one segment of these contacts, and those that speak of it of who moved."""
    await lock_members(session)
    return await _ask(session, await read_book(session), {rule_id: set(contact_ids)}, now)


async def _look(
    session: AsyncSession,
    keys: KeyRing | None,
    looks: set[Look],
    now: datetime,
    due: dict[UUID, set[UUID]] | None = None,
) -> Moves:
    if consents := {contact_id for contact_id, topic in looks if topic in _CONSENT}:
        await renew_consents(session, consents, now)
    if keys is not None and (people := {contact_id for contact_id, topic in looks if topic in _PERSONAL}):
        looks |= {(one, _PROFILING) for one in await renew_refusals(session, keys, people, now)}
    book = await read_book(session)
    concerned = book.concerned(looks)
    for segment_id, contact_ids in (due or {}).items():
        concerned.setdefault(segment_id, set()).update(contact_ids)
    return await _ask(session, book, concerned, now)


async def _ask(session: AsyncSession, book: Book, concerned: dict[UUID, set[UUID]], now: datetime) -> Moves:
    moves = Moves()
    for rule in book.rules:
        contact_ids = concerned.get(rule.id)
        if not contact_ids:
            continue
        moved = await _ask_rule(session, rule, contact_ids, now, moves)
        if moved:
            for other in book.speaking_of(rule.id):
                concerned.setdefault(other, set()).update(moved)
    await _tell(session, book, moves, now)
    return moves


async def _ask_rule(
    session: AsyncSession, rule: Rule, contact_ids: set[UUID], now: datetime, moves: Moves
) -> set[UUID]:
    """Writes what changed of one segment; returns who moved."""
    given = {"ids": sorted(contact_ids), "now": now, "segment_id": rule.id}
    rows = (await session.execute(rule.statement, given)).all()
    changed = [row for row in rows if row.inside != (row.since is not None) or _due(row) != row.was_due]
    if not changed:
        return set()
    still_there = set(await lock_existing(session, [row.id for row in changed]))
    changed = [row for row in changed if row.id in still_there]
    entered = [row.id for row in changed if row.inside and row.since is None]
    left = [row.id for row in changed if not row.inside and row.since is not None]
    if entered:
        await session.execute(
            insert(SegmentMember),
            [{"segment_id": rule.id, "contact_id": one, "entered_at": now} for one in entered],
        )
        moves.entered[rule.id].update(entered)
    if left:
        await session.execute(
            delete(SegmentMember).where(SegmentMember.segment_id == rule.id, one_of(SegmentMember.contact_id, left))
        )
        moves.left[rule.id].update(left)
    await _save_dues(session, rule.id, {row.id: _due(row) for row in changed if _due(row) != row.was_due})
    return {*entered, *left}


def _due(row: Any) -> datetime | None:
    # A rule that time never changes has no such column.
    due: datetime | None = getattr(row, "due", None)
    return due


async def _save_dues(session: AsyncSession, segment_id: UUID, dues: dict[UUID, datetime | None]) -> None:
    gone = [contact_id for contact_id, due_at in dues.items() if due_at is None]
    if gone:
        await session.execute(
            delete(SegmentDue).where(SegmentDue.segment_id == segment_id, one_of(SegmentDue.contact_id, gone))
        )
    rows = [
        {"segment_id": segment_id, "contact_id": contact_id, "due_at": due_at}
        for contact_id, due_at in dues.items()
        if due_at is not None
    ]
    if rows:
        statement = upsert(SegmentDue)
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["segment_id", "contact_id"], set_={"due_at": statement.excluded.due_at}
            ),
            rows,
        )


async def _tell(session: AsyncSession, book: Book, moves: Moves, now: datetime) -> None:
    names = {rule.id: rule.name for rule in book.rules}
    await ingest(
        session,
        [
            NewEvent(
                kind,
                now,
                "platform",
                contact_id=contact_id,
                data={"segment_id": str(segment_id), "segment": names[segment_id]},
            )
            for kind, moved in (("segment_left", moves.left), ("segment_entered", moves.entered))
            for segment_id, contact_ids in moved.items()
            for contact_id in sorted(contact_ids)
        ],
        now,
    )

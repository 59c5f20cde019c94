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

from sqlalchemy import BigInteger, Text, Uuid, all_, and_, any_, bindparam, delete, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.nested_rows import Ids
from base.row_sets import insert_rows, rows_of
from base.tables import table_of
from crm.segments.book import NEW, Book, Rule, read_book
from crm.segments.locks import MEMBERS_LOCKED, lock_members
from crm.segments.models import SegmentDue, SegmentLook, SegmentMember, SegmentPerson
from crm.segments.upkeep import lock_existing, renew
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
    connection = await session.connection()
    given = {"contact_ids": list(contact_ids), "not_about": [] if keys is not None else sorted(_PERSONAL)}
    # Looks are noted with what happened, so what is asked about here was there before this waits for the lock.
    if not (await connection.execute(_LOCK_AND_SEE, given)).one().noted:
        return Moves()
    looks = {(row.contact_id, row.topic) for row in await connection.execute(_TAKE_LOOKS, given)}
    return await _look(session, keys, looks, now) if looks else Moves()


async def refresh_noted(session: AsyncSession, keys: KeyRing, now: datetime, limit: int) -> int:
    """Asks about the contacts to whom something happened longest ago; returns how many looks that settled."""
    await lock_members(session)
    connection = await session.connection()
    rows = (await connection.execute(_TAKE_OLDEST_LOOKS, {"most": limit})).all()
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
    consents = {contact_id for contact_id, topic in looks if topic in _CONSENT}
    people = {contact_id for contact_id, topic in looks if topic in _PERSONAL} if keys is not None else set[UUID]()
    if consents or people:
        looks |= {(one, _PROFILING) for one in await renew(session, keys, now, consents=consents, refusals=people)}
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
    connection = await session.connection()
    rows = (await connection.execute(rule.statement, given)).all()
    changed = [row for row in rows if row.inside != (row.since is not None) or _due(row) != row.was_due]
    if not changed:
        return set()
    still_there = set(await lock_existing(session, [row.id for row in changed]))
    changed = [row for row in changed if row.id in still_there]
    entered = [row.id for row in changed if row.inside and row.since is None]
    left = [row.id for row in changed if not row.inside and row.since is not None]
    if entered:
        new = [{"segment_id": rule.id, "contact_id": one, "entered_at": now} for one in entered]
        await connection.execute(_LET_IN, rows_of(new))
        moves.entered[rule.id].update(entered)
    if left:
        await connection.execute(_LET_GO, {"of_segment": rule.id, "contact_ids": left})
        moves.left[rule.id].update(left)
    await _save_dues(session, rule.id, {row.id: _due(row) for row in changed if _due(row) != row.was_due})
    return {*entered, *left}


def _due(row: Any) -> datetime | None:
    # A rule that time never changes has no such column.
    due: datetime | None = getattr(row, "due", None)
    return due


async def _save_dues(session: AsyncSession, segment_id: UUID, dues: dict[UUID, datetime | None]) -> None:
    gone = [contact_id for contact_id, due_at in dues.items() if due_at is None]
    connection = await session.connection()
    if gone:
        await connection.execute(_FORGET_DUES, {"of_segment": segment_id, "contact_ids": gone})
    rows = [
        {"segment_id": segment_id, "contact_id": contact_id, "due_at": due_at}
        for contact_id, due_at in dues.items()
        if due_at is not None
    ]
    if rows:
        await connection.execute(_SAVE_DUES, rows_of(rows))


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


_LOOKS, _MEMBERS, _DUES = table_of(SegmentLook), table_of(SegmentMember), table_of(SegmentDue)
_named = bindparam("contact_ids", type_=Ids())
_mine = and_(_LOOKS.c.contact_id == any_(_named), _LOOKS.c.topic != all_(bindparam("not_about", type_=ARRAY(Text()))))
_LOCK_AND_SEE = select(MEMBERS_LOCKED, exists().where(_mine).label("noted"))
_TAKE_LOOKS = delete(_LOOKS).where(_mine).returning(_LOOKS.c.contact_id, _LOOKS.c.topic)
_oldest = select(_LOOKS.c.id).order_by(_LOOKS.c.id).limit(bindparam("most", type_=BigInteger()))
_TAKE_OLDEST_LOOKS = (
    delete(_LOOKS).where(_LOOKS.c.id.in_(_oldest.scalar_subquery())).returning(_LOOKS.c.contact_id, _LOOKS.c.topic)
)
_of_segment = bindparam("of_segment", type_=Uuid())
_LET_IN = insert_rows(_MEMBERS, ("segment_id", "contact_id", "entered_at"))
_LET_GO = delete(_MEMBERS).where(_MEMBERS.c.segment_id == _of_segment, _MEMBERS.c.contact_id == any_(_named))
_FORGET_DUES = delete(_DUES).where(_DUES.c.segment_id == _of_segment, _DUES.c.contact_id == any_(_named))
_kept_dues = insert_rows(_DUES, ("segment_id", "contact_id", "due_at"))
_SAVE_DUES = _kept_dues.on_conflict_do_update(
    index_elements=["segment_id", "contact_id"], set_={"due_at": _kept_dues.excluded.due_at}
)

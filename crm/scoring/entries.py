"""Keeps the stored points of a contact equal to what a dialogue gave: writes only differences. Decides nothing.

Who is counted by rules is written by `writing`, in sets.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, any_, bindparam, cast, delete, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from base.tables import table_of
from crm.contacts.models import Contact
from crm.scoring.models import ScoreEntry
from crm.scoring.rules import Points
from crm.timeline.models import TimelineEvent

OF_JOURNEYS = "journey/"
"""What the rules of points that journeys gave begin with; a flow is not called so."""
NEARLY = 1e-6
"""Sums of the same events may differ by this much when they are added in another order."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it stands, under its id."""

    id: UUID
    points: Points
    message_id: UUID | None
    created_at: datetime


async def read_entries(session: AsyncSession, contact_ids: Iterable[UUID]) -> dict[UUID, list[Stored]]:
    """The points of many contacts; every contact asked for is a key."""
    found: dict[UUID, list[Stored]] = {contact_id: [] for contact_id in contact_ids}
    rows = await session.execute(
        select(*table_of(ScoreEntry).c)
        .where(ScoreEntry.contact_id == any_(cast(list(found), ARRAY(Uuid()))))
        .order_by(ScoreEntry.id)
    )
    for row in rows:
        points = Points(
            row.rule, row.points, row.reason, row.score, row.cap_group,
            row.amount, row.half_life, row.valued_at, row.event_id,
        )  # fmt: skip
        found[row.contact_id].append(Stored(row.id, points, row.message_id, row.created_at))
    return found


async def make_equal(
    session: AsyncSession,
    stored: Mapping[UUID, Sequence[Stored]],
    wanted: Mapping[UUID, Sequence[Points]],
    *,
    message_id: UUID | None,
    now: datetime,
) -> None:
    """Adds, changes and takes back entries until each contact has the wanted ones.

    What stays as it was keeps the turn or event it came from. What is new without either came with the latest event.
    """
    gone: list[UUID] = []
    new: list[tuple[UUID, Points]] = []
    changed: list[dict[str, Any]] = []
    for contact_id, points in wanted.items():
        by_rule = {one.points.rule: one for one in stored.get(contact_id, ())}
        for one in points:
            before = by_rule.pop(one.rule, None)
            if before is None:
                new.append((contact_id, one))
            elif not _same(before.points, one):
                kept = one.event_id is None and message_id is None
                cause = {"event_id": before.points.event_id if kept else one.event_id}
                cause |= {"message_id": before.message_id if kept else message_id if one.event_id is None else None}
                changed.append({"entry_id": before.id, **_columns(one), **cause, "created_at": now})
        gone += [before.id for before in by_rule.values()]
    if gone:
        await session.execute(
            delete(ScoreEntry).where(ScoreEntry.id.in_(gone)).execution_options(synchronize_session=False)
        )
    if changed:
        table = table_of(ScoreEntry)
        names = [name for name in changed[0] if name != "entry_id"]
        values: dict[str, Any] = {name: bindparam(name) for name in names}
        connection = await session.connection()
        await connection.execute(update(table).where(table.c.id == bindparam("entry_id")).values(values), changed)
    if new:
        latest = await _latest_events(session, [one for one, points in new if points.event_id is None], message_id)
        rows = [
            {
                "id": new_id(),
                "contact_id": contact_id,
                **_columns(replace(points, event_id=points.event_id or latest.get(contact_id))),
                "message_id": message_id if points.event_id is None else None,
                "created_at": now,
            }
            for contact_id, points in new
        ]
        connection = await session.connection()
        # One statement for each row, sent together: a statement of thousands of rows takes longer to be written.
        await connection.execute(insert(table_of(ScoreEntry)), rows)


async def _latest_events(
    session: AsyncSession, contact_ids: Iterable[UUID], message_id: UUID | None
) -> dict[UUID, UUID]:
    if message_id is not None or not (wanted := set(contact_ids)):
        return {}
    own = TimelineEvent.contact_id == Contact.id
    # Ids are in the order of writing.
    latest = select(TimelineEvent.id).where(own).order_by(TimelineEvent.id.desc()).limit(1).scalar_subquery()
    rows = await session.execute(select(Contact.id, latest).where(Contact.id.in_(wanted)))
    return {contact_id: event_id for contact_id, event_id in rows if event_id is not None}


def _same(before: Points, after: Points) -> bool:
    if (before.amount is None) != (after.amount is None):
        return False
    near = before.amount is None or after.amount is None
    near = near or math.isclose(before.amount or 0, after.amount or 0, rel_tol=NEARLY, abs_tol=NEARLY)
    # Not what they came from: the same points for the same reason are the same.
    return near and _told(before) == _told(after)


def _told(points: Points) -> tuple[Any, ...]:
    return points.points, points.reason, points.score, points.group, points.half_life, points.valued_at


def _columns(points: Points) -> dict[str, Any]:
    return {
        "rule": points.rule,
        "score": points.score,
        "cap_group": points.group,
        "points": points.points,
        "amount": points.amount,
        "half_life": points.half_life,
        "valued_at": points.valued_at,
        "reason": points.reason,
        "event_id": points.event_id,
    }

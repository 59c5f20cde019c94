"""Keeps the stored points of a contact equal to what a dialogue gave: writes only differences. Decides nothing.

Who is counted by rules is written by `writing`, in sets.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import any_, bindparam, delete, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from base.nested_rows import Ids
from base.tables import table_of
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


async def read_entries(session: AsyncSession, contact_id: UUID) -> list[Stored]:
    """The points of a contact."""
    connection = await session.connection()
    return [
        Stored(
            row.id,
            Points(
                row.rule, row.points, row.reason, row.score, row.cap_group,
                row.amount, row.half_life, row.valued_at, row.event_id,
            ),
            row.message_id,
            row.created_at,
        )
        for row in await connection.execute(_OF_CONTACT, {"of_contact": contact_id})
    ]  # fmt: skip


async def make_equal(
    session: AsyncSession,
    contact_id: UUID,
    stored: Iterable[Stored],
    wanted: Iterable[Points],
    *,
    message_id: UUID | None,
    now: datetime,
) -> None:
    """Adds, changes and takes back entries until the contact has the wanted ones.

    What stays as it was keeps the turn or event it came from. What is new without either came with the latest event.
    """
    new: list[Points] = []
    changed: list[dict[str, Any]] = []
    by_rule = {one.points.rule: one for one in stored}
    for one in wanted:
        before = by_rule.pop(one.rule, None)
        if before is None:
            new.append(one)
        elif not _same(before.points, one):
            kept = one.event_id is None and message_id is None
            cause = {"event_id": before.points.event_id if kept else one.event_id}
            cause |= {"message_id": before.message_id if kept else message_id if one.event_id is None else None}
            changed.append({"entry_id": before.id, **_columns(one), **cause, "created_at": now})
    connection = await session.connection()
    if by_rule:
        await connection.execute(_TAKE_BACK, {"entry_ids": [before.id for before in by_rule.values()]})
    if changed:
        await connection.execute(_CHANGE, changed)
    if new:
        latest = None
        if message_id is None and any(one.event_id is None for one in new):
            latest = (await connection.execute(_LATEST_EVENT, {"of_contact": contact_id})).scalar_one_or_none()
        rows = [
            {
                "id": new_id(),
                "contact_id": contact_id,
                **_columns(replace(one, event_id=one.event_id or latest)),
                "message_id": message_id if one.event_id is None else None,
                "created_at": now,
            }
            for one in new
        ]
        await connection.execute(_ADD, rows)


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


_ENTRIES, _EVENTS = table_of(ScoreEntry), table_of(TimelineEvent)
_of_contact = bindparam("of_contact", type_=_ENTRIES.c.contact_id.type)
_OF_CONTACT = select(*_ENTRIES.c).where(_ENTRIES.c.contact_id == _of_contact).order_by(_ENTRIES.c.id)
_TAKE_BACK = delete(_ENTRIES).where(_ENTRIES.c.id == any_(bindparam("entry_ids", type_=Ids())))
_ADD = insert(_ENTRIES)
# Ids are in the order of writing.
_LATEST_EVENT = (
    select(_EVENTS.c.id)
    .where(_EVENTS.c.contact_id == _of_contact)
    .order_by(_EVENTS.c.id.desc())
    .limit(literal_column("1"))
)
_CHANGE = (
    update(_ENTRIES)
    .where(_ENTRIES.c.id == bindparam("entry_id", type_=_ENTRIES.c.id.type))
    .values(
        {
            name: bindparam(name, type_=_ENTRIES.c[name].type)
            for name in (*_columns(Points("", 0, "")), "message_id", "created_at")
        }
    )
)

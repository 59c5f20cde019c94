"""Moves a set of enrolments from one step to their next ones in one statement. Sends nothing and asks no gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Text, case, func, literal, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm.contacts.models import Contact
from outreach.conditions_sql import compile_condition
from outreach.definitions import JourneyDefinition, Way
from outreach.models import Enrolment
from outreach.trail import Happened, record_all


@dataclass(frozen=True, slots=True)
class Standing:
    """An enrolment and the step it stands on."""

    id: UUID
    journey: str
    version: str
    step: str


async def move_on(
    session: AsyncSession, definition: JourneyDefinition, step: str, ids: Sequence[UUID], now: datetime
) -> list[Standing]:
    """Takes each enrolment to the first of the step's ways that holds for its contact; where none does, it ends.

    Returns:
        Those that arrived at a step that is to be run now.
    """
    ways = definition.steps[step].next
    chosen = (
        select(Enrolment.id, _target(ways).label("target"))
        .join(Contact, Contact.id == Enrolment.contact_id)
        .where(Enrolment.id.in_(ids))
        .cte("chosen")
    )
    target = chosen.c.target
    moved = await session.execute(
        update(Enrolment)
        .where(Enrolment.id == chosen.c.id)
        .values(
            step=func.coalesce(target, Enrolment.step),
            arrivals=Enrolment.arrivals + 1,
            due_at=_due(definition, ways, target, now),
            state=case((target.is_(None), "exited"), else_="active"),
            exit_reason=case((target.is_(None), "completed"), else_=null()),
            updated_at=now,
        )
        .returning(
            Enrolment.id,
            Enrolment.journey,
            Enrolment.step,
            Enrolment.due_at,
            Enrolment.contact_id,
            Enrolment.conversation_id,
        )
        .execution_options(synchronize_session=False)
    )
    rows = moved.all()
    await _tell_exits(session, [row for row in rows if row.due_at is None], "completed", now)
    return [
        Standing(row.id, definition.journey, definition.version, row.step)
        for row in rows
        if row.due_at is not None and row.due_at <= now
    ]


async def leave(session: AsyncSession, ids: Sequence[UUID], reason: str, now: datetime) -> None:
    """Ends these enrolments with a reason or outcome."""
    left = await session.execute(
        update(Enrolment)
        .where(Enrolment.id.in_(ids), Enrolment.state == "active")
        .values(state="exited", due_at=None, exit_reason=reason, updated_at=now)
        .returning(Enrolment.journey, Enrolment.contact_id, Enrolment.conversation_id)
        .execution_options(synchronize_session=False)
    )
    await _tell_exits(session, left.all(), reason, now)


async def push_back(session: AsyncSession, ids: Sequence[UUID], until: datetime) -> None:
    """Lets these enrolments stand where they are until a later moment."""
    await session.execute(
        update(Enrolment)
        .where(Enrolment.id.in_(ids), Enrolment.state == "active")
        .values(due_at=until, updated_at=func.now())
        .execution_options(synchronize_session=False)
    )


def _target(ways: Sequence[Way]) -> ColumnElement[Any]:
    whens: list[tuple[ColumnElement[bool], ColumnElement[str]]] = []
    for way in ways:
        if way.condition is None:
            target = literal(way.to, Text())
            return case(*whens, else_=target) if whens else target
        whens.append((compile_condition(way.condition), literal(way.to, Text())))
    return case(*whens, else_=null()) if whens else literal(None, Text())


def _due(
    definition: JourneyDefinition, ways: Sequence[Way], target: ColumnElement[Any], now: datetime
) -> ColumnElement[Any]:
    """When the step arrived at is to be run: a waiting step when its time is over, any other at once."""
    moments = {way.to: now + timedelta(seconds=definition.steps[way.to].seconds) for way in ways}
    whens = [(target == to, literal(moment, DateTime(timezone=True))) for to, moment in moments.items()]
    return case(*whens, else_=null()) if whens else literal(None, DateTime(timezone=True))


async def _tell_exits(session: AsyncSession, rows: Sequence[Any], reason: str, now: datetime) -> None:
    events = [
        Happened("journey_exited", row.contact_id, row.conversation_id, {"journey": row.journey, "reason": reason})
        for row in rows
    ]
    await record_all(session, events, now)

"""Stops and starts whole journeys. Who is paused stands where they stood; who was due goes on when it is resumed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Sessions, transaction
from base.errors import NotFound
from outreach.models import Enrolment, Journey

State = Literal["running", "paused", "draining"]
_AT_ONCE = 5_000


async def set_state(session: AsyncSession, journey: str, state: State, now: datetime) -> None:
    """Sets it. After `running`, have `unpark` let those go on who were put aside.

    Raises:
        NotFound: there is no such journey.
    """
    changed = await session.scalar(
        update(Journey)
        .where(Journey.id == journey)
        # Days that passed while nobody could enter are over.
        .values(state=state, updated_at=now, dates_done_to=now)
        .returning(Journey.id)
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        raise NotFound(f"There is no journey {journey}.")


async def unpark(sessions: Sessions, journey: str) -> int:
    """Makes everybody due again who was put aside while the journey was paused; returns how many they were."""
    freed = 0
    while True:
        async with transaction(sessions) as session:
            some = (
                select(Enrolment.id)
                .where(Enrolment.journey == journey, Enrolment.parked_due_at.is_not(None), Enrolment.state == "active")
                .limit(_AT_ONCE)
                .with_for_update(skip_locked=True)
            )
            done = await session.execute(
                update(Enrolment)
                .where(Enrolment.id.in_(some.scalar_subquery()))
                .values(due_at=Enrolment.parked_due_at, parked_due_at=None)
                .returning(Enrolment.id)
                .execution_options(synchronize_session=False)
            )
            count = len(done.all())
        if not count:
            return freed
        freed += count

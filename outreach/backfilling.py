"""Puts the members of a segment into a journey, a set a transaction. The rules of entry hold for all."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Sessions, transaction
from base.errors import Conflict, NotFound
from base.ids import new_id
from crm.segments.models import Segment, SegmentMember
from outreach.entering import Entrant, enter
from outreach.entry_models import JourneyBackfill
from outreach.library import Library

_AT_ONCE = 500


async def start_backfill(
    session: AsyncSession, library: Library, *, journey: str, segment_id: UUID, by: str, now: datetime
) -> JourneyBackfill:
    """Has everybody who is in the segment put in, beginning with the next run of a worker.

    Raises:
        NotFound: there is no such journey or segment.
        Conflict: nobody can be put into this journey, or it lets nobody in now.
    """
    live = (await library.live(session, [journey])).get(journey)
    if live is None:
        raise NotFound(f"There is no journey {journey}.")
    if await session.get(Segment, segment_id) is None:
        raise NotFound("There is no such segment.")
    if live.definition.first is None:
        raise Conflict(f"Nobody can be put into the journey {journey}: give it a step `manual_or_api`.")
    if live.state != "running":
        raise Conflict(f"The journey {journey} is {live.state} and lets nobody in: resume it first.")
    total = await session.scalar(
        select(func.count()).select_from(SegmentMember).where(SegmentMember.segment_id == segment_id)
    )
    backfill = JourneyBackfill(
        id=new_id(), journey=journey, segment_id=segment_id, state="running", total=total or 0, looked_at=0, entered=0,
        made_by=by, made_at=now,
    )  # fmt: skip
    session.add(backfill)
    await session.flush()
    return backfill


async def list_backfills(session: AsyncSession, journey: str, limit: int = 50) -> list[JourneyBackfill]:
    """The latest first."""
    own = select(JourneyBackfill).where(JourneyBackfill.journey == journey)
    return list(await session.scalars(own.order_by(JourneyBackfill.made_at.desc()).limit(limit)))


async def cancel_backfill(session: AsyncSession, backfill_id: UUID, now: datetime) -> bool:
    """Puts in nobody more; who is in stays in. False when there was nothing left to stop.

    Raises:
        NotFound: there is none.
    """
    found = await session.scalar(select(JourneyBackfill).where(JourneyBackfill.id == backfill_id).with_for_update())
    if found is None:
        raise NotFound("There is no such backfill.")
    if found.state != "running":
        return False
    found.state, found.done_at = "cancelled", now
    await session.flush()
    return True


async def cancel_backfills(session: AsyncSession, now: datetime) -> int:
    """Stops all that are under way; returns how many there were."""
    stopped = await session.scalars(
        update(JourneyBackfill)
        .where(JourneyBackfill.state == "running")
        .values(state="cancelled", done_at=now)
        .returning(JourneyBackfill.id)
        .execution_options(synchronize_session=False)
    )
    return len(stopped.all())


class Backfills:
    """`outreach.ports.DueWork`: backfills that are under way."""

    def __init__(self, sessions: Sessions, library: Library) -> None:
        self._sessions = sessions
        self._library = library

    async def do_due(self, now: datetime) -> int:
        """Until all are done; returns how many people were looked at."""
        looked_at = 0
        while True:
            async with transaction(self._sessions) as session:
                done = await self._do_some(session, now)
            if done is None:
                return looked_at
            looked_at += done

    async def next_due_at(self) -> datetime | None:
        async with transaction(self._sessions) as session:
            running = select(func.min(JourneyBackfill.made_at)).where(JourneyBackfill.state == "running")
            return await session.scalar(running)

    async def _do_some(self, session: AsyncSession, now: datetime) -> int | None:
        running = (
            select(JourneyBackfill)
            .where(JourneyBackfill.state == "running")
            .order_by(JourneyBackfill.made_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        backfill = await session.scalar(running)
        if backfill is None:
            return None
        members = select(SegmentMember.contact_id).where(SegmentMember.segment_id == backfill.segment_id)
        if backfill.reached_to is not None:
            members = members.where(SegmentMember.contact_id > backfill.reached_to)
        people = list(await session.scalars(members.order_by(SegmentMember.contact_id).limit(_AT_ONCE)))
        live = (await self._library.live(session, [backfill.journey])).get(backfill.journey)
        if not people or live is None:
            await _note(session, backfill.id, state="done", done_at=now)
            return 0
        done = await enter(session, self._library, live, [Entrant(one) for one in people], now)
        await _note(
            session,
            backfill.id,
            reached_to=people[-1],
            looked_at=JourneyBackfill.looked_at + len(people),
            entered=JourneyBackfill.entered + len(done.contact_ids),
        )
        return len(people)


async def _note(session: AsyncSession, backfill_id: UUID, **values: Any) -> None:
    await session.execute(
        update(JourneyBackfill)
        .where(JourneyBackfill.id == backfill_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )

"""Asks for a sample workspace, and to have it removed; a worker does both. In the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound
from base.ids import new_id
from crm.samples.models import SamplePerson, SampleWorkspace

_ONE_AT_A_TIME = 7_274_031  # pg_advisory_xact_lock; base.migrate has 7_274_001


class SamplesThere(Conflict):
    """The sample workspace is there already: remove it before it is made anew."""

    code = "samples_there"


class SamplesGoing(Conflict):
    """The sample workspace is being removed: wait until it is gone."""

    code = "samples_going"


class NoSamples(NotFound):
    """There is no sample workspace."""

    code = "no_samples"


class TurnOver(Exception):
    """The workspace is another worker's by now, or something else was asked for."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is to work on the workspace."""

    workspace_id: UUID
    claim: UUID


async def find_workspace(session: AsyncSession) -> SampleWorkspace | None:
    """The sample workspace as it stands."""
    return await session.scalar(select(SampleWorkspace).execution_options(populate_existing=True))


async def count_people(session: AsyncSession) -> int:
    """How many contacts are made up."""
    return await session.scalar(select(func.count()).select_from(SamplePerson)) or 0


async def ask_to_add(session: AsyncSession, *, made_by: UUID, now: datetime) -> SampleWorkspace:
    """Has a worker fill the workspace; one that broke off goes on where it was.

    Args:
        made_by: the colleague to whom made-up people are given.

    Raises:
        SamplesThere: it is there, or under way.
        SamplesGoing: it is being removed.
    """
    await session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    there = await find_workspace(session)
    if there is None:
        await session.execute(insert(SampleWorkspace).values(id=new_id(), state="adding", made_by=made_by, made_at=now))
        return await _get(session)
    if there.state == "removing":
        raise SamplesGoing
    if there.state != "failed":
        raise SamplesThere
    there.state, there.attempts, there.claimed_until = "adding", 0, None
    await session.flush()
    return there


async def ask_to_remove(session: AsyncSession) -> SampleWorkspace:
    """Has a worker remove all of it; whoever is filling it stops. Asked again, it is tried again.

    Raises:
        NoSamples: there is none.
    """
    await session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    there = await _get(session)
    there.state, there.attempts, there.claimed_by, there.claimed_until = "removing", 0, None, None
    await session.flush()
    return there


async def claim_turn(session: AsyncSession, *, lasts: int, most_attempts: int) -> SampleWorkspace | None:
    """Takes the next turn; None when there is nothing to do, or another worker is at it.

    Args:
        lasts: seconds, until another may take it if this one says nothing.
        most_attempts: turns that got nowhere before the workspace counts as failed.
    """
    open_ = SampleWorkspace.state.in_(("adding", "removing"))
    free = or_(SampleWorkspace.claimed_until.is_(None), SampleWorkspace.claimed_until < func.now())
    one = await session.scalar(select(SampleWorkspace).where(open_, free).with_for_update(skip_locked=True))
    if one is None:
        return None
    if one.attempts >= most_attempts:
        one.state, one.claimed_by, one.claimed_until = "failed", None, None
        await session.flush()
        return None
    one.claimed_by, one.attempts = new_id(), one.attempts + 1
    await session.flush()
    await _prolong(session, Turn(one.id, one.claimed_by), lasts)
    return one


async def hold_turn(session: AsyncSession, turn: Turn) -> SampleWorkspace:
    """The workspace, locked until the transaction ends, if it is still this worker's.

    Raises:
        TurnOver: it is not.
    """
    found = select(SampleWorkspace).where(SampleWorkspace.id == turn.workspace_id).with_for_update()
    one = await session.scalar(found.execution_options(populate_existing=True))
    if one is None or one.claimed_by != turn.claim:
        raise TurnOver
    return one


async def note_step(session: AsyncSession, turn: Turn, *, done: int, total: int, lasts: int) -> None:
    """Says how far it is, in the transaction of the step."""
    await session.execute(
        update(SampleWorkspace)
        .where(SampleWorkspace.id == turn.workspace_id)
        .values(done=done, total=total, attempts=0)
        .execution_options(synchronize_session=False)
    )
    await _prolong(session, turn, lasts)


async def give_back(
    session: AsyncSession, turn: Turn, *, state: str | None = None, rest: int = 0, counts: bool = True
) -> None:
    """Ends a turn: somebody else may go on after a rest, or the workspace comes to a state.

    Args:
        rest: seconds.
        counts: whether the turn was one of those that got nowhere. Not, if whoever had it was asked to stop.
    """
    values: dict[str, Any] = {
        "claimed_until": func.now() + func.make_interval(0, 0, 0, 0, 0, 0, rest) if rest else None
    }
    if not counts:
        values["attempts"] = 0
    if state is not None:
        values |= {"state": state, "claimed_by": None}
    await session.execute(
        update(SampleWorkspace)
        .where(SampleWorkspace.id == turn.workspace_id, SampleWorkspace.claimed_by == turn.claim)
        .values(values)
        .execution_options(synchronize_session=False)
    )


async def _get(session: AsyncSession) -> SampleWorkspace:
    there = await find_workspace(session)
    if there is None:
        raise NoSamples
    return there


async def _prolong(session: AsyncSession, turn: Turn, lasts: int) -> None:
    await session.execute(
        update(SampleWorkspace)
        .where(SampleWorkspace.id == turn.workspace_id)
        .values(claimed_until=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, lasts))
        .execution_options(synchronize_session=False)
    )

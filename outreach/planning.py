"""Advances due enrolments in sets: claims a batch, ends who has to leave, runs the steps. Sends nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, tuple_
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Sessions, transaction
from outreach.advance import Standing, leave, move_on, push_back
from outreach.definitions import JourneyDefinition
from outreach.drafting import plan_sends
from outreach.gatekeeper import Gatekeeper
from outreach.leaving import find_leavers
from outreach.models import Enrolment, JourneyVersion

_log = structlog.get_logger(__name__)

BATCH = 500
MOST_STEPS = 20
"""Steps one enrolment may take in a run; a journey that goes round without waiting is stopped here."""
_PUSH_BACK = timedelta(minutes=5)
_POISONED = timedelta(hours=1)

Definitions = Mapping[tuple[str, str], JourneyDefinition]


@dataclass(frozen=True, slots=True)
class Planned:
    """What a planning run came to."""

    advanced: int = 0
    messages: int = 0

    def __add__(self, other: Planned) -> Planned:
        return Planned(self.advanced + other.advanced, self.messages + other.messages)


class Planner:
    """Runs the steps that are due."""

    def __init__(self, sessions: Sessions, gatekeeper: Gatekeeper) -> None:
        self._sessions = sessions
        self._gatekeeper = gatekeeper
        self.finishing = False
        """Set when the process is asked to stop: the batch in hand is finished, no other is begun."""

    async def advance_due(self, now: datetime) -> Planned:
        """Advances every enrolment that is due and that nobody else is advancing, a batch a transaction."""
        total = Planned()
        while not self.finishing and (done := await self._advance_some(now)):
            total += done
        return total

    async def _advance_some(self, now: datetime) -> Planned | None:
        claimed: list[UUID] = []
        try:
            async with transaction(self._sessions) as session:
                rows = await _claim(session, now)
                claimed += [row.id for row in rows]
                return await self._advance(session, rows, now) if rows else None
        except OperationalError:
            raise  # the database is away: nothing is wrong with these rows
        except Exception:
            _log.exception("planning_batch_failed", size=len(claimed))
            if not claimed:
                raise
            return await self._advance_singly(claimed, now)

    async def _advance_singly(self, ids: Sequence[UUID], now: datetime) -> Planned:
        """Finds the row that broke a batch and puts it out of the way, so that the others go on."""
        total = Planned()
        for enrolment_id in ids:
            try:
                async with transaction(self._sessions) as session:
                    rows = await _claim(session, now, only=enrolment_id)
                    total += await self._advance(session, rows, now) if rows else Planned()
            except OperationalError:
                raise
            except Exception:  # noqa: BLE001  # whatever is wrong with the row, the others go on
                _log.exception("enrolment_pushed_back", enrolment_id=str(enrolment_id))
                async with transaction(self._sessions) as session:
                    await push_back(session, [enrolment_id], now + _POISONED)
                total += Planned(advanced=1)
        return total

    async def _advance(self, session: AsyncSession, rows: Sequence[Any], now: datetime) -> Planned:
        definitions = await _read_definitions(session, {(row.journey, row.version) for row in rows})
        leavers = await find_leavers(session, rows, definitions, now)
        await _end(session, leavers, now)
        standing = [Standing(row.id, row.journey, row.version, row.step) for row in rows if row.id not in leavers]
        total = Planned(advanced=len(rows))
        for _ in range(MOST_STEPS):
            if not standing:
                return total
            arrived: list[Standing] = []
            for (journey, version, step), ids in _grouped(standing).items():
                planned, moved = await self._run_step(session, definitions[(journey, version)], step, ids, now)
                total += Planned(messages=planned)
                arrived += moved
            standing = arrived
        if standing:
            _log.error("journey_goes_round", journey=standing[0].journey, enrolments=len(standing))
            await push_back(session, [one.id for one in standing], now + _PUSH_BACK)
        return total

    async def _run_step(
        self, session: AsyncSession, definition: JourneyDefinition, step: str, ids: Sequence[UUID], now: datetime
    ) -> tuple[int, list[Standing]]:
        kind = definition.steps[step].step
        if kind == "exit":
            await leave(session, ids, definition.steps[step].outcome, now)
            return 0, []
        planned = await plan_sends(session, self._gatekeeper, definition, step, ids, now=now) if kind == "send" else 0
        return planned, await move_on(session, definition, step, ids, now)


async def _claim(session: AsyncSession, now: datetime, *, only: UUID | None = None) -> Sequence[Any]:
    due = select(Enrolment.id, Enrolment.journey, Enrolment.version, Enrolment.step, Enrolment.contact_id).where(
        Enrolment.state == "active", Enrolment.due_at <= now
    )
    if only is not None:
        due = due.where(Enrolment.id == only)
    claimed = due.order_by(Enrolment.due_at, Enrolment.id).limit(BATCH).with_for_update(skip_locked=True)
    return (await session.execute(claimed)).all()


async def _read_definitions(session: AsyncSession, versions: set[tuple[str, str]]) -> Definitions:
    found = await session.execute(
        select(JourneyVersion.journey, JourneyVersion.version, JourneyVersion.definition).where(
            tuple_(JourneyVersion.journey, JourneyVersion.version).in_(versions)
        )
    )
    return {(journey, version): JourneyDefinition.model_validate(content) for journey, version, content in found}


async def _end(session: AsyncSession, leavers: Mapping[UUID, str], now: datetime) -> None:
    by_reason: dict[str, list[UUID]] = defaultdict(list)
    for enrolment_id, reason in leavers.items():
        by_reason[reason].append(enrolment_id)
    for reason, ids in by_reason.items():
        if reason == "step_missing":
            _log.error("journey_step_missing", enrolments=[str(one) for one in ids])
        await leave(session, ids, reason, now)


def _grouped(standing: Sequence[Standing]) -> dict[tuple[str, str, str], list[UUID]]:
    groups: dict[tuple[str, str, str], list[UUID]] = defaultdict(list)
    for one in standing:
        groups[(one.journey, one.version, one.step)].append(one.id)
    return groups

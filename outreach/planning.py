"""Advances due enrolments in sets: claims a batch, ends who has to leave, runs the steps, stores where they rest.

However many steps they take, each is written once. Sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import DateTime, Integer, bindparam, cast, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Sessions, transaction
from outreach.definitions import TALKS, JourneyDefinition, StepKind
from outreach.gatekeeper import Gatekeeper
from outreach.landing import NO_PLACE, find_place
from outreach.leaving import find_changed, find_leavers
from outreach.library import Library, Live
from outreach.models import Enrolment
from outreach.ports import Talks
from outreach.saving import save, tell
from outreach.steps.table import STEPS, Run
from outreach.trail import LANDED
from outreach.walking import MADE_UP, Group, Walker, Work, grouped

_log = structlog.get_logger(__name__)

BATCH = 1_000
MOST_STEPS = 20
"""Steps one enrolment may take in a run; a journey that goes round without waiting is stopped here."""
_PUSH_BACK = timedelta(minutes=5)
_POISONED = timedelta(hours=1)
_PARKED = timedelta(days=1)
"""How often somebody in a paused journey is looked at, for nothing; resuming it does not wait for that."""

Definitions = dict[tuple[str, str], JourneyDefinition]


@dataclass(frozen=True, slots=True)
class Planned:
    """What a planning run came to."""

    advanced: int = 0
    messages: int = 0

    def __add__(self, other: Planned) -> Planned:
        return Planned(self.advanced + other.advanced, self.messages + other.messages)


class Planner:
    """Runs the steps that are due."""

    def __init__(
        self,
        sessions: Sessions,
        gatekeeper: Gatekeeper,
        library: Library | None = None,
        *,
        steps: Mapping[StepKind, Run] = STEPS,
        talks: Talks | None = None,
    ) -> None:
        self._sessions = sessions
        self._gatekeeper = gatekeeper
        self._library = library or Library()
        self._talks = talks
        self._steps = steps
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
                    await _push_back(session, enrolment_id, now + _POISONED)
                total += Planned(advanced=1)
        return total

    async def _advance(self, session: AsyncSession, walkers: Sequence[Walker], now: datetime) -> Planned:
        work = Work(session, self._gatekeeper, self._library, now, talks=self._talks)
        journeys = await self._library.live(session, {walker.journey for walker in walkers})
        definitions = await self._read_definitions(session, walkers, journeys)
        going = [walker for walker in walkers if not _park(walker, journeys, now)]
        leavers = await find_leavers(session, self._library, going, definitions, now)
        _end(going, leavers)
        await self._walk(work, definitions, going)
        await save(work, walkers)
        await tell(work)
        return Planned(len(walkers), work.messages)

    async def _read_definitions(
        self, session: AsyncSession, walkers: Sequence[Walker], journeys: Mapping[str, Live]
    ) -> Definitions:
        """The versions that are walked by; who is on an older one of a journey that follows lands on the live one."""
        definitions = await self._library.read(session, {(walker.journey, walker.version) for walker in walkers})
        for walker in walkers:
            live, before = journeys.get(walker.journey), definitions.get((walker.journey, walker.version))
            if live is not None and before is not None and live.follows(walker.version):
                _land(walker, before, live)
                definitions[walker.journey, walker.version] = live.definition
        return definitions

    async def _walk(self, work: Work, definitions: Definitions, walkers: Sequence[Walker]) -> None:
        """Lets everybody take steps until they rest."""
        for number in range(MOST_STEPS):
            moving = [walker for walker in walkers if not walker.resting]
            if not moving:
                return
            for (journey, version, step), group in grouped(moving).items():
                definition = definitions[journey, version]
                if number and definition.exit_if and definition.steps[step].step in TALKS:
                    # A step on the way may have changed them.
                    _end(group, await find_changed(work.session, self._library, group, definitions, work.now))
                staying = [walker for walker in group if not walker.resting]
                await self._run(work, Group(definition, step, staying))
        moving = [walker for walker in walkers if not walker.resting]
        if moving:
            _log.error("journey_goes_round", journey=moving[0].journey, enrolments=len(moving))
            for walker in moving:
                walker.stay(work.now + _PUSH_BACK)

    async def _run(self, work: Work, group: Group) -> None:
        run = self._steps.get(group.step.step)
        if run is not None and group.walkers:
            await run(work, group)
        elif group.walkers:
            # Written for a newer program: they wait for it.
            _log.error("step_not_run_here", kind=group.step.step, enrolments=len(group.walkers))
            for walker in group.walkers:
                walker.stay(work.now + _POISONED)


async def _push_back(session: AsyncSession, enrolment_id: UUID, until: datetime) -> None:
    await session.execute(
        update(Enrolment)
        .where(Enrolment.id == enrolment_id, Enrolment.state == "active")
        .values(due_at=until)
        .execution_options(synchronize_session=False)
    )


async def _claim(session: AsyncSession, now: datetime, *, only: UUID | None = None) -> list[Walker]:
    if only is None:
        rows = await session.execute(_CLAIM, {"now": now, "most": BATCH})
    else:
        rows = await session.execute(_CLAIM_ONE, {"now": now, "id": only})
    return [_walker(row, now) for row in rows]


def _walker(row: Any, now: datetime) -> Walker:
    return Walker(
        id=row.id,
        journey=row.journey,
        version=row.version,
        step=row.step,
        contact_id=row.contact_id,
        conversation_id=row.conversation_id,
        arrivals=row.arrivals,
        at=max(row.due_at, now - MADE_UP),
        begun_at=row.begun_at,
        entered_at=row.entered_at,
        remembered=row.remembered or {},
        due_at=row.due_at,
        parked_due_at=row.parked_due_at,
    )


def _park(walker: Walker, journeys: Mapping[str, Live], now: datetime) -> bool:
    """Puts somebody aside whose journey is paused, and tells whether it is. Looked at now and then, as nothing is."""
    live = journeys.get(walker.journey)
    if live is None or live.state != "paused":
        walker.parked_due_at = None
        return False
    walker.parked_due_at = walker.parked_due_at or walker.due_at
    walker.stay(now + _PARKED)
    return True


def _land(walker: Walker, before: JourneyDefinition, live: Live) -> None:
    lands_on, how = find_place(before, live.definition, walker.step, live.places.get(walker.version))
    walker.version = live.definition.version
    if how != "stays":
        walker.go(lands_on, LANDED) if lands_on is not None else walker.leave(NO_PLACE)


def _end(walkers: Sequence[Walker], leavers: Mapping[UUID, str]) -> None:
    for walker in walkers:
        reason = leavers.get(walker.id)
        if reason is not None and not walker.resting:
            walker.leave(reason)
    missing = [str(walker.id) for walker in walkers if leavers.get(walker.id) == "step_missing"]
    if missing:
        _log.error("journey_step_missing", enrolments=missing)


_COLUMNS = (
    Enrolment.id,
    Enrolment.journey,
    Enrolment.version,
    Enrolment.step,
    Enrolment.contact_id,
    Enrolment.conversation_id,
    Enrolment.arrivals,
    Enrolment.due_at,
    Enrolment.begun_at,
    Enrolment.entered_at,
    # Most remember nothing.
    func.nullif(Enrolment.remembered, cast("{}", JSONB), type_=JSONB).label("remembered"),
    Enrolment.parked_due_at,
)
_NOW = bindparam("now", type_=DateTime(timezone=True))
_DUE = select(*_COLUMNS).where(Enrolment.state == "active", Enrolment.due_at <= _NOW)
_CLAIM = (
    _DUE.order_by(Enrolment.due_at, Enrolment.id)
    .limit(bindparam("most", type_=Integer()))
    .with_for_update(skip_locked=True)
)
_CLAIM_ONE = _DUE.where(Enrolment.id == bindparam("id", type_=Enrolment.id.type)).with_for_update(skip_locked=True)

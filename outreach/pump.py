"""The due pump: settles what was interrupted, plans what is due, delivers what was planned. Knows no clock but its own.

Everything due stands in the database: running it twice, at once or late does nothing that running it once would not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import func, select

from base.clock import Clock
from base.database import Sessions, transaction
from outreach.delivery import Delivery
from outreach.models import Enrolment, OutboxMessage
from outreach.planning import Planner
from outreach.ports import DueWork

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PumpRun:
    """What a run came to, in numbers."""

    interrupted: int
    advanced: int
    planned: int
    attempted: int
    deferred: int
    skipped: int
    others: int = 0


@dataclass(frozen=True, slots=True)
class _At:
    moment: datetime

    def now(self) -> datetime:
        return self.moment


class DuePump:
    """Sweep, plan, deliver."""

    def __init__(
        self,
        sessions: Sessions,
        planner: Planner,
        delivery: Delivery,
        clock: Clock,
        others: Sequence[DueWork] = (),
    ) -> None:
        self._sessions = sessions
        self._planner = planner
        self._delivery = delivery
        self._clock = clock
        self._others = others

    async def run_once(self, now: datetime | None = None) -> PumpRun:
        """Does everything that is due.

        Args:
            now: pretend it is this moment, all through the run.
        """
        clock: Clock = self._clock if now is None else _At(now)
        others = sum([await other.do_due(clock.now()) for other in self._others])
        interrupted = await self._delivery.sweep(clock)
        planned = await self._planner.advance_due(clock.now())
        delivered = await self._delivery.deliver_due(clock)
        run = PumpRun(
            interrupted,
            planned.advanced,
            planned.messages,
            delivered.attempted,
            delivered.deferred,
            delivered.skipped,
            others,
        )
        if any((others, interrupted, planned.advanced, delivered.attempted, delivered.deferred, delivered.skipped)):
            _log.info("pump_ran", **{name: getattr(run, name) for name in PumpRun.__slots__})
        return run

    async def go_on(self) -> None:
        """Plans what is due and delivers it, and nothing else: for who was told that somebody is due now."""
        await self._planner.advance_due(self._clock.now())
        await self._delivery.deliver_due(self._clock)

    def finish(self) -> None:
        """Lets a run that is under way end soon: what is in hand is done, the rest stays due."""
        self._planner.finishing = True
        self._delivery.finishing = True

    def now(self) -> datetime:
        """The moment by the pump's clock."""
        return self._clock.now()

    async def next_due_at(self) -> datetime | None:
        """When the next enrolment, message or other work is due; None when there is none."""
        enrolment = select(func.min(Enrolment.due_at)).where(Enrolment.state == "active").scalar_subquery()
        message = (
            select(func.min(OutboxMessage.due_at))
            .where(OutboxMessage.state.in_(("planned", "deferred")))
            .scalar_subquery()
        )
        async with transaction(self._sessions) as session:
            own = await session.scalar(select(func.least(enrolment, message)))
        moments = [own, *[await other.next_due_at() for other in self._others]]
        return min((moment for moment in moments if moment is not None), default=None)

"""Journeys in virtual time: the real engine on a database of its own, with channels that only write down.

Nobody outside is written to or called. What happens to people is put in by who simulates; time jumps to the next moment
at which anything is due.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import InvalidInput
from crm.timeline.service import NewEvent, ingest
from outreach.calling import ConnectorCalls
from outreach.dates import DateEntries
from outreach.definitions import JourneyDefinition
from outreach.delivery import Delivery
from outreach.enrolment import publish_journeys
from outreach.entering import Entrant, enter
from outreach.experiments.deciding import Deciding
from outreach.experiments.service import note_goals
from outreach.gatekeeper import Gatekeeper
from outreach.library import Library
from outreach.planning import Planner
from outreach.ports import Accepted, Connector, Envelope, OutsideRequest, Reaction, SendOutcome, Talks
from outreach.pump import DuePump
from outreach.reacting import Reactor
from outreach.rule_pack import RulePack
from outreach.wall_clock import instant_of

CHANNELS = ("email", "sms", "telegram", "voice", "web")
_MOST_ROUNDS = 50
"""Rounds at one moment."""
_MOST_MOMENTS = 1_000
"""Moments at which something was due; a journey that wants more goes round in circles."""

Happening = Callable[[AsyncSession, datetime], Awaitable[None]]
"""Something that happens at a moment, in a transaction of its own."""


@dataclass
class VirtualClock:
    """Stands still until it is set."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


@dataclass
class WritingSender:
    """`outreach.ports.Sender`: takes everything and sends nothing."""

    channel: str
    taken: Callable[[Envelope], None]

    def configured(self) -> str | None:
        return None

    async def send(self, envelope: Envelope) -> SendOutcome:
        self.taken(envelope)
        return Accepted(f"simulated-{envelope.outbox_id}")


@dataclass
class AnsweringConnector:
    """`outreach.ports.Connector`: gives each connector's answer; one that has none cannot be reached."""

    answers: Mapping[str, Mapping[str, Any]]

    async def call(self, request: OutsideRequest, *, key: str) -> Mapping[str, Any]:  # noqa: ARG002
        return self.answers.get(request.connector, {"ok": False, "problem": "unreachable"})


class UnhurriedDeciding(Deciding):
    """Decides experiments when something else is due: time need not stop each hour for it."""

    async def next_due_at(self) -> datetime | None:
        return None


@dataclass(frozen=True)
class Place:
    """Where it plays: a database of its own, the law, the keys, what reacts besides journeys, and who begins talks."""

    sessions: Sessions
    keys: KeyRing
    pack: RulePack
    reactions: Sequence[Reaction]
    talks: Talks
    default_zone: str = "Europe/London"


class Simulation:
    """Journeys, people and a clock that jumps."""

    def __init__(self, place: Place, begins: datetime, connector: Connector | None = None) -> None:
        self.place = place
        self.clock = VirtualClock(begins)
        self.begins = begins
        self.most_moments = _MOST_MOMENTS
        self.library = Library()
        self.left: list[Envelope] = []
        self._agenda: list[tuple[datetime, int, Happening]] = []
        self._numbers = count()
        self._dates: list[datetime] = []
        sessions = place.sessions
        senders = {channel: WritingSender(channel, self.left.append) for channel in CHANNELS}
        gatekeeper = Gatekeeper(place.pack, senders, (place.default_zone,), keys=place.keys)
        clock: Clock = self.clock
        self.reactor = Reactor(sessions, self.library, [*place.reactions, note_goals])
        self._pump = DuePump(
            sessions,
            Planner(sessions, gatekeeper, self.library, talks=place.talks),
            Delivery(sessions, place.keys, gatekeeper),
            clock,
            [
                self.reactor,
                DateEntries(sessions, self.library, place.default_zone),
                ConnectorCalls(sessions, self.library, connector or AnsweringConnector({}), place.keys, clock),
                UnhurriedDeciding(sessions),
            ],
        )

    async def publish(self, *compiled: Mapping[str, Any]) -> None:
        """Makes these journeys the live ones."""
        async with transaction(self.place.sessions) as session:
            await publish_journeys(session, {one["journey"]: one for one in compiled}, self.clock.now())

    async def put_in(self, journey: str, contact_ids: Sequence[UUID], *, entry: str | None = None) -> int:
        """Puts people in, as a colleague does; returns how many its rules let in."""
        async with transaction(self.place.sessions) as session:
            live = (await self.library.live(session, [journey]))[journey]
            entrants = [Entrant(contact_id) for contact_id in contact_ids]
            done = await enter(session, self.library, live, entrants, self.clock.now(), entry=entry)
        return len(done.contact_ids)

    def at(self, moment: datetime, happening: Happening) -> None:
        """Has something happen at a moment."""
        heappush(self._agenda, (moment, next(self._numbers), happening))

    def look_at_dates(self, definition: JourneyDefinition, zones: Sequence[str], until: datetime) -> None:
        """Has time stop at each moment at which a day of somebody's may let them in."""
        for step in (definition.steps[entry] for entry in definition.entries):
            if step.step == "on_date":
                for zone in sorted(set(zones)):
                    day = self.begins.date() - timedelta(days=1)
                    while day <= until.date():
                        self._dates.append(instant_of(day, step.at or "09:00", ZoneInfo(zone)))
                        day += timedelta(days=1)
        self._dates.sort()

    async def settle(self) -> None:
        """Does all that is due at this moment, and all that follows from it at once."""
        now = self.clock.now()
        for _ in range(_MOST_ROUNDS):
            run = await self._pump.run_once(now)
            if not any((run.others, run.advanced, run.attempted, run.deferred, run.skipped)):
                return

    async def run(self, until: datetime, *, after_each: Callable[[], Awaitable[None]] | None = None) -> None:
        """Lets time pass.

        Args:
            after_each: is called when all that was due at a moment is done; may have more happen.

        Raises:
            InvalidInput: the journeys never come to rest.
        """
        for _ in range(self.most_moments):
            await self.settle()
            if after_each is not None:
                await after_each()
            moment = await self._next(until)
            if moment is None:
                self.clock.moment = max(self.clock.moment, until)
                return
            self.clock.moment = moment
            while self._agenda and self._agenda[0][0] <= moment:
                _, _, happening = heappop(self._agenda)
                async with transaction(self.place.sessions) as session:
                    await happening(session, moment)
        raise InvalidInput("The journey never comes to rest: look for a way round that does not wait.")

    async def _next(self, until: datetime) -> datetime | None:
        """The next moment at which anything is due; what is overdue and stays so is looked at again in a minute."""
        now = self.clock.now()
        moments = [self._agenda[0][0]] if self._agenda else []
        moments += [moment for moment in self._dates if moment > now][:1]
        due = await self._pump.next_due_at()
        if due is not None:
            moments.append(due if due > now else now + timedelta(minutes=1))
        soonest = min(moments, default=None)
        return None if soonest is None or soonest > until else max(soonest, now)


async def happened(
    session: AsyncSession,
    kind: str,
    contact_id: UUID,
    now: datetime,
    *,
    data: Mapping[str, Any] | None = None,
    conversation_id: UUID | None = None,
) -> None:
    """Writes an event of a contact to the timeline, where the engine finds it."""
    told = dict(data or {})
    event = NewEvent(kind, now, "api", contact_id=contact_id, conversation_id=conversation_id, data=told)
    await ingest(session, [event], now)

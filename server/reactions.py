"""What the worker does as soon as something happens: scores, segments and journeys react, and what is due then leaves.

PostgreSQL notifies when events were committed. A notification that is lost costs a second: so often is looked anyway.

The first event after a quiet moment is reacted to at once. While more keep coming, a set is begun at most every
`BETWEEN_SETS`: what a set costs hardly depends on how many events it has, and events that come one by one would each
pay for one. So an event waits for at most that long, however many there are. Where there are more than a set takes, the
next one follows without a rest.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import libpq_url
from base.encryption import KeyRing
from bot.connectors.begin import ConnectorRequest
from bot.connectors.call import Connectors
from crm.scoring.service import recompute_for
from crm.segments.refreshing import refresh_for
from crm.timeline.service import NOTIFY_CHANNEL
from outreach.backfilling import Backfills
from outreach.calling import ConnectorCalls
from outreach.dates import DateEntries
from outreach.experiments.deciding import Deciding
from outreach.experiments.service import note_goals
from outreach.landing import Landing
from outreach.library import Library
from outreach.ports import DueWork, OutsideRequest
from outreach.pump import DuePump
from outreach.reacting import Reactor
from server.quarantine import HeldBack
from server.wiring import Platform, database_url

log = structlog.get_logger(__name__)

LOOK_EVERY = 1.0
"""Seconds between looks when nothing is heard."""
BETWEEN_SETS = 0.1
"""Seconds from the beginning of a set to that of the next, unless the first was full."""


class ScoresAndSegments:
    """`outreach.ports.Reaction`: counts the scores of the contacts anew, then asks their segments."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def __call__(self, session: AsyncSession, contact_ids: Sequence[UUID], now: datetime) -> None:
        await recompute_for(session, self._keys, contact_ids, now)
        await refresh_for(session, contact_ids, now, keys=self._keys)


class JourneyConnectors:
    """`outreach.ports.Connector`, by the connectors that flows call, too."""

    def __init__(self, connectors: Connectors) -> None:
        self._connectors = connectors

    async def call(self, request: OutsideRequest, *, key: str) -> Mapping[str, Any]:
        asked = ConnectorRequest(request.connector, request.method, request.path, request.query, request.body)
        return await self._connectors.call(asked, key=key, conversation_id=None)


def create_reactor(platform: Platform, library: Library) -> Reactor:
    """The reactor with all that reacts."""
    return Reactor(platform.sessions, library, [ScoresAndSegments(platform.keys), note_goals])


def create_journey_work(platform: Platform, library: Library, reactor: Reactor) -> list[DueWork]:
    """What the pump does of journeys before it advances anybody."""
    sessions, keys, clock = platform.sessions, platform.keys, platform.clock
    connectors = JourneyConnectors(Connectors(sessions, keys, clock, platform.settings.site_url))
    return [
        reactor,
        Landing(sessions, library),
        DateEntries(sessions, library, platform.settings.default_time_zone),
        Backfills(sessions, library),
        HeldBack(sessions, ConnectorCalls(sessions, library, connectors, keys, clock)),
        Deciding(sessions),
    ]


async def follow_events(platform: Platform, reactor: Reactor, pump: DuePump) -> None:
    """Runs for the life of the worker; reconnects when the database goes away."""
    address = libpq_url(database_url(platform.settings))
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
                await connection.execute(f"LISTEN {NOTIFY_CHANNEL}")  # a constant
                await _follow(connection, reactor, pump)
        except (psycopg.Error, SQLAlchemyError, OSError) as error:
            log.warning("events_listen_lost", error=type(error).__name__)
        except Exception:
            # The loop boundary: the set is still in the queue, and the pump tries it each minute, too.
            log.exception("reacting_failed")
        await asyncio.sleep(LOOK_EVERY)


async def _follow(connection: psycopg.AsyncConnection[Any], reactor: Reactor, pump: DuePump) -> None:
    while True:
        began = time.monotonic()
        # A set at a time: who came in by the first does not wait for the last of a long queue.
        reacted = await reactor.react(pump.now(), sets=1)
        if reacted.due:
            await pump.go_on()
        if reacted.is_full:
            continue
        if reacted.events:
            await asyncio.sleep(began + BETWEEN_SETS - time.monotonic())
        # Ends with the first notification or after the wait, whichever is sooner; one that came meanwhile is kept.
        async for _ in connection.notifies(timeout=LOOK_EVERY, stop_after=1):
            pass

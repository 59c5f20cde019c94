"""Sends what is due, at least once: claim, read, sign, ask, store. Endpoints do not wait for each other.

A message that was sent and whose outcome was lost is sent again, under the same id.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.outbound_http import OutboundFailed, OutboundRequest, fetch
from crm.contacts.service import read_addresses
from crm.privacy.limits import list_marks
from crm.timeline.models import TimelineEvent
from crm.webhooks.claiming import Claimed, Ended, claim, find_due_endpoints, give_back_interrupted, write_outcomes
from crm.webhooks.content import EventData, message_id, write_message
from crm.webhooks.models import WebhookEndpoint
from crm.webhooks.rules import Attempt, Settled, settle
from crm.webhooks.secrets import Secret, sign
from crm.webhooks.service import secrets_of

_log = structlog.get_logger(__name__)

TIMEOUT = 15.0
"""Seconds for one attempt, everything included."""
AT_ONCE = 16
"""Messages of an endpoint that are on the wire at once."""
LOOK_EVERY = 1.0
"""Seconds between looks for what is due."""
_RESTRICTED = "restricted"


class WebhookSending:
    """Sends webhooks. Any number of processes may at once.

    Args:
        allow_private: whether receivers may stand in the operator's own network.
        chance: from 0 to 1, drawn for each wait.
    """

    def __init__(
        self,
        sessions: Sessions,
        keys: KeyRing,
        clock: Clock,
        *,
        allow_private: bool = False,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._sessions = sessions
        self._keys = keys
        self._clock = clock
        self._allow_private = allow_private
        self._chance = chance
        self._under_way: dict[UUID, asyncio.Task[int]] = {}
        self._finishing = False

    async def run(self) -> None:
        """Runs for the life of the worker."""
        while not self._finishing:
            try:
                await self._begin()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("webhooks_not_looked_for", error=type(error).__name__)
            except Exception:  # noqa: BLE001  # the loop boundary: what is due stays due
                _log.exception("webhooks_not_looked_for")
            await asyncio.sleep(LOOK_EVERY)

    async def stop(self) -> None:
        """Claims nothing more and waits for what is on the wire."""
        self._finishing = True
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def send_due(self) -> int:
        """Sends all that is due now and returns how many attempts that were."""
        await self._begin()
        return sum(await asyncio.gather(*self._under_way.values()))

    async def _begin(self) -> None:
        async with transaction(self._sessions) as session:
            now = self._clock.now()
            await give_back_interrupted(session, now)
            due = await find_due_endpoints(session, now)
        for endpoint_id in due:
            if endpoint_id not in self._under_way and not self._finishing:
                task = asyncio.create_task(self._serve(endpoint_id))
                self._under_way[endpoint_id] = task
                task.add_done_callback(partial(self._end, endpoint_id))

    def _end(self, endpoint_id: UUID, task: asyncio.Task[int]) -> None:
        self._under_way.pop(endpoint_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("webhooks_broke_off", endpoint_id=str(endpoint_id), error=type(error).__name__)

    async def _serve(self, endpoint_id: UUID) -> int:
        sent = 0
        while not self._finishing:
            async with transaction(self._sessions) as session:
                endpoint = await session.get(WebhookEndpoint, endpoint_id)
                if endpoint is None or endpoint.disabled_at is not None:
                    break
                claimed = await claim(session, endpoint_id, self._clock.now(), AT_ONCE)
                bodies = await self._write(session, endpoint, claimed)
            if not claimed:
                break
            held = secrets_of(self._keys, endpoint)
            ended = await asyncio.gather(
                *(self._deliver(endpoint.url, held, one, bodies.get(one.event_id)) for one in claimed)
            )
            async with transaction(self._sessions) as session:
                await write_outcomes(session, endpoint_id, ended, self._clock.now())
            sent += sum(one.attempt is not None for one in ended)
        return sent

    async def _write(
        self, session: AsyncSession, endpoint: WebhookEndpoint, claimed: Sequence[Claimed]
    ) -> dict[UUID, str]:
        """The bodies by event; one whose event was erased has none."""
        found = select(TimelineEvent).where(TimelineEvent.id.in_([one.event_id for one in claimed]))
        events = (await session.scalars(found)).all()
        people = {event.contact_id for event in events if event.contact_id is not None}
        addresses = await read_addresses(session, self._keys, people) if endpoint.with_addresses else {}
        marks = await list_marks(session, addresses)
        bodies: dict[UUID, str] = {}
        for event in events:
            known = None
            # Who asked that their data is kept and not used is not passed on with their addresses.
            if event.contact_id in addresses and _RESTRICTED not in marks[event.contact_id]:
                known = {str(kind): address for kind, address in addresses[event.contact_id].items()}
            data = EventData(
                event_id=event.id, contact_id=event.contact_id, conversation_id=event.conversation_id,
                source=event.source, details=event.data, addresses=known,
            )  # fmt: skip
            bodies[event.id] = write_message(event.kind, event.occurred_at, data)
        return bodies

    async def _deliver(self, url: str, held: Sequence[Secret], one: Claimed, body: str | None) -> Ended:
        if body is None:
            return Ended(one, None, Settled("void", self._clock.now()))
        attempt = await self._ask(url, held, message_id(one.event_id), body)
        return Ended(one, attempt, settle(attempt, one.attempts, self._clock.now(), self._chance()))

    async def _ask(self, url: str, held: Sequence[Secret], name: str, body: str) -> Attempt:
        headers = {"Content-Type": "application/json", **sign(held, name, body, self._clock.now())}
        request = OutboundRequest(
            "POST", url, headers, body.encode(), allow_private=self._allow_private, timeout=TIMEOUT
        )
        try:
            return Attempt(status=(await fetch(request)).status)
        except OutboundFailed as error:
            return Attempt(problem=error.problem)

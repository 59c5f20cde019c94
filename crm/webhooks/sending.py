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
from sqlalchemy.exc import SQLAlchemyError

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.metrics import WEBHOOKS_OUT
from base.tracing import span, tell_span
from crm.webhooks.asking import ask
from crm.webhooks.bodies import write_bodies
from crm.webhooks.claiming import Claimed, Ended, claim, find_due_endpoints, give_back_interrupted, write_outcomes
from crm.webhooks.content import message_id
from crm.webhooks.models import WebhookEndpoint
from crm.webhooks.rules import Settled, settle
from crm.webhooks.secrets import Secret
from crm.webhooks.service import secrets_of

_log = structlog.get_logger(__name__)

AT_ONCE = 16
"""Messages of an endpoint that are on the wire at once."""
LOOK_EVERY = 1.0
"""Seconds between looks for what is due."""


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
                ids = [one.event_id for one in claimed]
                bodies = await write_bodies(session, self._keys, ids, with_addresses=endpoint.with_addresses)
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

    async def _deliver(self, url: str, held: Sequence[Secret], one: Claimed, body: str | None) -> Ended:
        if body is None:
            WEBHOOKS_OUT.labels("void").inc()
            return Ended(one, None, Settled("void", self._clock.now()))
        name = message_id(one.event_id)
        with span("webhook_out", alone=True, event_id=one.event_id, attempt=one.attempts):
            answered = await ask(url, held, name, body, clock=self._clock, allow_private=self._allow_private)
            tell_span(status=answered.attempt.status, problem=answered.attempt.problem)
        settled = settle(answered.attempt, one.attempts, self._clock.now(), self._chance())
        WEBHOOKS_OUT.labels(settled.state).inc()
        return Ended(one, answered.attempt, settled)

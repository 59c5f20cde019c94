"""A worker in virtual time whose life is measured in points: statements, commits and hand-overs to a provider.

At the end of its life it dies there, in one of three ways. Nothing that it does afterwards reaches the database or the
provider, as nothing does that a killed process would have done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

from base.database import create_engine, create_sessions
from base.encryption import KeyRing
from outreach.definitions import StepKind
from outreach.delivery import Delivery
from outreach.gatekeeper import Gatekeeper
from outreach.library import Library
from outreach.planning import Planner
from outreach.ports import Accepted, Envelope, SendOutcome
from outreach.pump import DuePump
from outreach.reacting import Reactor
from outreach.rule_pack import read_rule_pack
from outreach.steps.table import STEPS, Run
from outreach.walking import Group, Work

Death = Literal["killed", "cut off", "cancelled"]
"""`killed`: it does nothing more, and what it had not committed is rolled back. `cut off`: its connections are closed
under it, which PostgreSQL finds out by itself. `cancelled`: its task is cancelled and may still clean up."""


class Killed(BaseException):
    """Not an `Exception`: no code of the product may go on after it."""


@dataclass
class Life:
    """How many points a process comes by before it dies; None lives for ever.

    `on_the_wire`: only the points before and after a message is handed to the provider count.
    """

    points: int | None
    death: Death = "killed"
    on_the_wire: bool = False
    task: asyncio.Task[Any] | None = None
    over: bool = False

    def come_by(self, connection: Connection | None = None) -> None:
        if self.over:
            self._end(connection)
        if self.points is None or (self.on_the_wire and connection is not None):
            return
        self.points -= 1
        if self.points < 0:
            self.over = True
            self._end(connection)

    def _end(self, connection: Connection | None) -> None:
        if self.death == "cancelled":
            if self.task is not None:
                self.task.cancel()
            return
        if self.death == "cut off" and connection is not None:
            connection.connection.driver_connection.pgconn.finish()  # type: ignore[union-attr]
        raise Killed


@dataclass
class World:
    """What outlives every process: what the provider took, and by whose clock each arrived at a step that sends.

    `arrived` may name arrivals that were rolled back; those that stand are the ones with a row in the outbox.
    """

    taken: list[Envelope] = field(default_factory=list)
    arrived: dict[str, datetime] = field(default_factory=dict)


@dataclass
class Provider:
    """`outreach.ports.Sender`: takes everything, unless its process dies before or after."""

    world: World
    life: Life
    channel: str = "email"

    def configured(self) -> str | None:
        return None

    async def send(self, envelope: Envelope) -> SendOutcome:
        self._come_by()
        await asyncio.sleep(0)
        self.world.taken.append(replace(envelope))
        self._come_by()
        await asyncio.sleep(0)
        return Accepted(f"provider-{envelope.outbox_id}")

    def _come_by(self) -> None:
        self.life.come_by()


class HarriedProcess:
    """New objects of everything a worker has, on connections of its own."""

    def __init__(self, url: str, keys: KeyRing, clock: Any, world: World, life: Life) -> None:
        self._life = life
        self._engine = create_engine(url, pool_size=4)
        _watch(self._engine, life)
        sessions, library = create_sessions(self._engine), Library()
        gatekeeper = Gatekeeper(read_rule_pack(), {"email": Provider(world, life)}, ("Europe/London",), keys=keys)
        planner = Planner(sessions, gatekeeper, library, steps=_watched_steps(world))
        delivery = Delivery(sessions, keys, gatekeeper, concurrency=2, claimed_at_once=3)
        self._pump = DuePump(sessions, planner, delivery, clock, [Reactor(sessions, library)])

    async def settle(self) -> bool:
        """Does all that is due; tells whether the process still lives."""
        self._life.task = asyncio.create_task(self._work())
        try:
            await self._life.task
        except (Killed, asyncio.CancelledError, Exception):
            if not self._life.over:
                raise
        if self._life.over:
            self._life.death = "killed"  # What was cancelled has cleaned up by now.
            await self.close()
        return not self._life.over

    async def close(self) -> None:
        await self._engine.dispose()

    async def _work(self) -> None:
        while True:
            run = await self._pump.run_once()
            if self._life.over or not any((run.others, run.advanced, run.attempted, run.deferred, run.skipped)):
                return


def _watch(engine: AsyncEngine, life: Life) -> None:
    def before_statement(connection: Connection, *_: Any) -> None:
        life.come_by(connection)

    event.listen(engine.sync_engine, "before_cursor_execute", before_statement)
    event.listen(engine.sync_engine, "commit", before_statement)


def _watched_steps(world: World) -> Mapping[StepKind, Run]:
    """The real steps; of each arrival at a send it is noted when it was by the person's own clock."""

    async def send(work: Work, group: Group) -> None:
        world.arrived.update({f"{walker.occurrence}:email": walker.at for walker in group.walkers})
        await STEPS["send"](work, group)

    return {**STEPS, "send": send}

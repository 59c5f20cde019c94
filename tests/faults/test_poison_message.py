"""A message that ends every process that takes it up is put aside; the others leave, once each.

The short form, without processes, is in tests/outreach/test_delivery.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from outreach.models import OutboxMessage
from tests.faults.test_kills import Scene, scene

_MESSAGES = 30


async def die_of(here: Scene, poison: str, round_: int) -> bool:
    """Whether a worker that lives a while later than the one before died."""
    ahead = here.orders.ahead + timedelta(minutes=2 * round_)
    async with here.worker(poison=poison, ahead=ahead) as process:
        patience = asyncio.get_running_loop().time() + 60
        while process.is_alive() and asyncio.get_running_loop().time() < patience:
            if not (await here.states()).keys() & {"planned", "deferred", "sending"}:
                return False
            await asyncio.sleep(0.02)
        return not process.is_alive()


@pytest.mark.long
async def test_a_message_that_ends_its_worker_is_put_aside_and_the_others_leave(fresh_database_url: str) -> None:
    async with scene(fresh_database_url, _MESSAGES) as here:
        async with here.sessions() as session:
            poison = str(await session.scalar(select(OutboxMessage.text).order_by(OutboxMessage.id).offset(3).limit(1)))
        deaths = 0
        while deaths < 40 and await die_of(here, poison, deaths):
            deaths += 1
        here.orders = replace(here.orders, ahead=here.orders.ahead + timedelta(minutes=2 * deaths))
        async with here.sessions() as session:
            rows = {row.text: row for row in await session.execute(
                select(OutboxMessage.text, OutboxMessage.state, OutboxMessage.reason_rule, OutboxMessage.attempts)
            )}  # fmt: skip
        print(f"{deaths} workers died of it")
        assert 3 <= deaths <= 15
        assert (rows[poison].state, rows[poison].reason_rule, rows[poison].attempts) == ("failed", "quarantined", 0)
        others = {text: row.state for text, row in rows.items() if text != poison}
        taken = [one.body for one in here.twilio.state.messages]
        # What the other lane had on the wire when its process was ended is in doubt, as after any kill.
        assert set(others.values()) <= {"accepted", "delivered", "unknown"}
        assert len(taken) == len(set(taken))
        assert {text for text, state in others.items() if state != "unknown"} <= set(taken)
        assert poison not in taken

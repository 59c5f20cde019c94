"""A worker is cut off from the database while its request is with the provider.

The short form, without a wire, is in tests/outreach/test_delivery.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from base.database import transaction
from channels.sms.simulator import Answer, Sent
from outreach.models import OutboxMessage
from tests.faults.tcp_shim import Shim, address_at, shim, socket_of
from tests.faults.test_kills import Scene, scene


async def the_row(here: Scene) -> OutboxMessage:
    async with here.sessions() as session:
        row = await session.scalar(select(OutboxMessage))
        assert row is not None
        return row


async def until(holds, *, within: float = 30) -> None:
    async with asyncio.timeout(within):
        while not await holds():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def cut_off_while_sending(url: str, message_class: str) -> AsyncIterator[tuple[Scene, Shim]]:
    """One message, and a worker whose way to the database is cut while its request is with the provider."""
    async with scene(url, 1) as here, shim(socket_of(url)) as wire:
        async with transaction(here.sessions) as session:
            await session.execute(update(OutboxMessage).values(message_class=message_class))
        take, here.twilio.reports_by_itself = here.twilio.state.script, False

        def take_and_cut(sent: Sent) -> Answer:
            wire.cut()
            return take(sent)

        here.twilio.state.script = take_and_cut
        async with here.worker(url=address_at(url, wire.port)) as cut_off:

            async def is_taken() -> bool:
                return bool(here.twilio.state.messages)

            await until(is_taken)
            assert (await the_row(here)).state == "sending"
            yield here, wire
            assert cut_off.is_alive()


async def becomes(here: Scene, state: str) -> None:
    async def does() -> bool:
        return (await the_row(here)).state == state

    await until(does)


@pytest.mark.long
async def test_promotion_of_a_worker_that_is_cut_off_is_in_doubt_until_it_can_say_what_became_of_it(
    fresh_database_url: str,
) -> None:
    async with cut_off_while_sending(fresh_database_url, "promotional") as (here, wire):
        async with here.worker(ahead=here.orders.ahead + timedelta(minutes=2)):
            await becomes(here, "unknown")
        # What it says late is true, and nobody has taken its message over.
        wire.heal()
        await becomes(here, "accepted")
        assert [one.sid for one in here.twilio.state.messages] == [(await the_row(here)).provider_id]


@pytest.mark.long
async def test_a_worker_cut_off_while_it_sends_writes_nothing_once_another_took_its_message_over(
    fresh_database_url: str,
) -> None:
    async with cut_off_while_sending(fresh_database_url, "requested") as (here, wire):
        first = (await the_row(here)).fence
        async with here.worker(ahead=here.orders.ahead + timedelta(minutes=2)):
            await becomes(here, "planned")
        async with here.worker(ahead=here.orders.ahead + timedelta(hours=1)):
            await becomes(here, "accepted")
        taken_over = await the_row(here)
        assert taken_over.fence != first
        assert [one.sid for one in here.twilio.state.messages][1:] == [taken_over.provider_id]
        wire.heal()
        await asyncio.sleep(2)
        last = await the_row(here)
        assert (last.state, last.fence, last.provider_id) == ("accepted", taken_over.fence, taken_over.provider_id)

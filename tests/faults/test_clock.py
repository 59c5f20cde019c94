"""A machine's clock jumps by hours and days and back: every message leaves, and none twice."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, update

from base.database import transaction
from outreach.models import OutboxMessage
from tests.faults.deliveries import delivery_of
from tests.faults.test_kills import scene
from tests.time_zones import Clock

_MESSAGES = 24
_JUMPS = [timedelta(hours=1), timedelta(hours=-1), timedelta(hours=5), timedelta(days=-1), timedelta(seconds=-30)]


@pytest.mark.parametrize("message_class", ["requested", "promotional"])
async def test_a_clock_that_jumps_back_and_forth_loses_no_message_and_doubles_none(
    fresh_database_url: str, message_class: str
) -> None:
    async with scene(fresh_database_url, _MESSAGES) as here:
        async with transaction(here.sessions) as session:
            # Due in the next four hours, so that each jump meets others.
            later = func.random() * timedelta(hours=4)
            await session.execute(
                update(OutboxMessage).values(message_class=message_class, due_at=OutboxMessage.due_at + later)
            )
        delivery = await delivery_of(here)
        for jump in [timedelta(0), *_JUMPS, *reversed(_JUMPS), timedelta(hours=5)]:
            clock = Clock(here.orders.ahead + jump)
            await delivery.sweep(clock)
            await delivery.deliver_due(clock)
        await here.twilio.drain()
        taken = Counter(one.body for one in here.twilio.state.messages)
        assert set(taken.values()) == {1}
        assert len(taken) == _MESSAGES
        assert (await here.states()).keys() <= {"accepted", "delivered"}

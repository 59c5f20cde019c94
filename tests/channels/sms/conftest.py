"""A local Twilio with one number."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from channels.sms.simulator import LocalTwilio, Number
from tests.channels.sms.known_accounts import OURS, SID, TOKEN


@pytest.fixture
async def twilio() -> AsyncIterator[LocalTwilio]:
    running = LocalTwilio(account_sid=SID, tokens=(TOKEN,), numbers=[Number(OURS)])
    await running.start()
    yield running
    await running.stop()

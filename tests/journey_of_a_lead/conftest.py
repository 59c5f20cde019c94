"""One running set-up for all tests of this folder: starting it takes some seconds."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.journey_of_a_lead.running_site import RunningSite, running_site


@pytest.fixture(scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSite]:
    async with running_site(
        tmp_path_factory.mktemp("site"), PARLEY_CHAT_MESSAGES_A_MINUTE="600", PARLEY_CHAT_SESSIONS_A_MINUTE="600"
    ) as running:
        yield running

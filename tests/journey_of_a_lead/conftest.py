"""One running set-up for all tests of this folder: starting it takes some seconds."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journey_of_a_lead.running_site import RunningSite, running_site


@pytest.fixture(scope="session")
async def site() -> AsyncIterator[RunningSite]:
    # Not one of pytest's own folders: those shut out the system user that the embedded PostgreSQL runs as for root
    # as soon as another run of pytest begins.
    with tempfile.TemporaryDirectory(prefix="parley-site-") as folder:
        settings = {"CHAT_MESSAGES_A_MINUTE": "600", "CHAT_SESSIONS_A_MINUTE": "600", "WEBHOOKS_PRIVATE": "true"}
        async with running_site(
            Path(folder), **{f"PARLEY_{name}": value for name, value in settings.items()}
        ) as running:
            yield running

"""Fixtures of connectors: another system, a conversation, and what calls the one for the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from base.database import Sessions, transaction
from base.encryption import KeyRing
from bot.connectors.call import ConnectorRequest, Connectors
from bot.connectors.service import add_connector
from bot.conversations import start_conversation
from tests.base.other_system import OtherSystem, other_system
from tests.bot.stage import MovedClock
from tests.conftest import Database


@dataclass
class Calls:
    """Connector `crm` of the other system, called for one conversation."""

    sessions: Sessions
    keys: KeyRing
    clock: MovedClock
    connectors: Connectors
    system: OtherSystem
    conversation_id: UUID

    async def add(self, **changed: Any) -> None:
        settings: dict[str, Any] = {
            "name": "crm",
            "base_url": f"{self.system.url}/v2",
            "headers": {"Authorization": "Bearer very-secret"},
            "paths": ["/leads"],
            "allow_private": True,
            **changed,
        }
        async with transaction(self.sessions) as session:
            await add_connector(session, self.keys, now=self.clock.now(), **settings)

    async def call(self, *, key: str = "turn/1", **changed: Any) -> dict[str, Any]:
        request: dict[str, Any] = {"connector": "crm", "method": "POST", "path": "/leads", "body": {"a": 1}, **changed}
        return await self.connectors.call(ConnectorRequest(**request), key=key, conversation_id=self.conversation_id)


@pytest.fixture
async def calls(database: Database, keys: KeyRing, now: datetime) -> AsyncIterator[Calls]:
    clock = MovedClock(now)
    async with transaction(database.sessions) as session:
        conversation_id = await start_conversation(
            session, channel="web", language="en", time_zone=None, page_url=None, now=now
        )
    connectors = Connectors(database.sessions, keys, clock, "https://site.example/")
    async with other_system() as system:
        yield Calls(database.sessions, keys, clock, connectors, system, conversation_id)

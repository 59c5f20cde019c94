"""Fixtures of this channel's tests: a scripted dialogue, a house with a database, a bot on a local Telegram."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from base.encryption import KeyRing
from outreach.accounts.book import AccountBook
from tests.bot.scripted_dialogue import ScriptedDialogue
from tests.bot.stage import staged
from tests.channels.telegram.stage import TelegramStage, staged_bot
from tests.conftest import Database
from tests.contracts.house import House, free_port


@pytest.fixture
async def house(database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue) -> AsyncIterator[House]:
    async with staged(database.sessions, keys, now, dialogue) as stage:
        yield House(stage, AccountBook(database.sessions, keys, fresh_for=0), free_port())


@pytest.fixture
async def stage(house: House) -> AsyncIterator[TelegramStage]:
    async with staged_bot(house) as ready:
        yield ready

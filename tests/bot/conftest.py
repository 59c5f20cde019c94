"""Fixtures of the bot room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from base.encryption import KeyRing
from tests.bot.scripted_dialogue import ScriptedDialogue, scripted_dialogue
from tests.bot.stage import Stage, staged
from tests.conftest import Database


@pytest.fixture
async def dialogue() -> AsyncIterator[ScriptedDialogue]:
    async with scripted_dialogue() as running:
        yield running


@pytest.fixture
async def stage(database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue) -> AsyncIterator[Stage]:
    async with staged(database.sessions, keys, now, dialogue) as ready:
        yield ready

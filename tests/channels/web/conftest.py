"""Fixtures of the web chat."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, MutableMapping
from datetime import datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from base.encryption import KeyRing
from tests.bot.scripted_dialogue import ScriptedDialogue, say, scripted_dialogue
from tests.channels.web.chat_stage import Process, running_process
from tests.conftest import Database


@pytest.fixture
async def dialogue() -> AsyncIterator[ScriptedDialogue]:
    """A dialogue that greets and echoes."""
    async with scripted_dialogue() as running:
        echo = running.script
        running.script = lambda body: say("welcome") if body["message"]["kind"] == "start" else echo(body)
        yield running


@pytest.fixture
async def process(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue
) -> AsyncIterator[Process]:
    async with running_process(database, keys, now, dialogue) as running:
        yield running


@pytest.fixture
async def opened(process: Process) -> dict[str, Any]:
    """A chat whose opening is answered: seq 1 is the welcome."""
    opened = await process.open()
    await process.turns.drain()
    return opened


@pytest.fixture
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What our own code logs."""
    with capture_logs() as entries:
        yield entries

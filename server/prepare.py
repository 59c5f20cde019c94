"""Prepares a site whose processes are started one by one: keys, schema, and what ships published. Safe to do again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable

from base.encryption import create_key_file
from base.migrate import migrate
from server.publishing import ensure_published
from server.settings import ROOT, Settings
from server.wiring import database_url, open_platform

_MADE_BY_SETUP = ("encoder", "models")


def prepare(settings: Settings, say: Callable[[str], None]) -> None:
    """What `parley up` does before it starts anything; needs no process that runs.

    Of two at once the second waits for the first with the schema, and finds the rest done.
    """
    url = database_url(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in _MADE_BY_SETUP:
        made, there = ROOT / "var" / name, settings.data_dir / name
        if made.is_dir() and not there.exists():
            shutil.copytree(made, there)
    create_key_file(settings.key_file)
    migrate(url)
    say("the database has the newest schema")
    asyncio.run(_publish(settings, say))
    say("ready to start")


async def _publish(settings: Settings, say: Callable[[str], None]) -> None:
    platform = open_platform(settings)
    try:
        await ensure_published(platform, say)
    finally:
        await platform.engine.dispose()

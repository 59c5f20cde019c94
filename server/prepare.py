"""Brings in place what every process needs before it starts: keys, schema, shipped content. Safe to do again."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from base.database import libpq_url
from base.encryption import create_key_file
from base.migrate import migrate
from server.publishing import ensure_published
from server.settings import ROOT, Settings
from server.wiring import database_url, open_platform

PATIENCE = 300.0
"""Seconds that a database may take to come up after the machine did."""
_LOOK_EVERY = 1.0
"""Seconds."""
_MADE_BY_SETUP = ("encoder", "models")


async def prepare(settings: Settings, say: Callable[[str], None]) -> None:
    """Needs the database and no other process.

    Of two at once the second waits for the first with the schema, and finds the rest done.
    """
    url = database_url(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    create_key_file(settings.key_file)
    await asyncio.to_thread(migrate, url)
    say("the database has the newest schema")
    await asyncio.to_thread(_bring_what_setup_made, settings)
    platform = open_platform(settings)
    try:
        await ensure_published(platform, say)
    finally:
        await platform.engine.dispose()


def wait_for_database(settings: Settings, say: Callable[[str], None], *, patience: float = PATIENCE) -> None:
    """Waits while nobody answers there, or the server is still starting. Who asks it next is told what else is wrong.

    A server that refuses is there: a wrong password gets no better by waiting.
    """
    address = make_conninfo(libpq_url(database_url(settings)), connect_timeout=5).encode()
    deadline, told = time.monotonic() + patience, False
    while PGconn.ping(address) in (Ping.REJECT, Ping.NO_RESPONSE) and time.monotonic() < deadline:
        if not told:
            say(f"waiting for the database, up to {patience:.0f} seconds …")
            told = True
        time.sleep(_LOOK_EVERY)


def _bring_what_setup_made(settings: Settings) -> None:
    for name in _MADE_BY_SETUP:
        made, there = ROOT / "var" / name, settings.data_dir / name
        if made.is_dir() and not there.exists():
            shutil.copytree(made, there)

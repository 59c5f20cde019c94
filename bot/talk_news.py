"""What is new in talks, heard from every process over PostgreSQL LISTEN/NOTIFY: ids only. Keeps nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from uuid import UUID

import psycopg
import structlog
from psycopg.conninfo import make_conninfo

from base.database import libpq_url
from bot.handoff.typing import TYPING_CHANNEL, Typing, read_typing
from bot.presence import Presence
from bot.turn_statements import NOTIFY_CHANNEL

log = structlog.get_logger(__name__)

_PAUSE = 0.5
"""Seconds before it connects again: soon, since whoever is not seen is taken for dead by those who are."""


@dataclass(frozen=True, slots=True)
class Written:
    """There is something new in a talk; `process` is the one that wrote it."""

    process: str
    conversation_id: UUID


async def follow_talks(
    database_url: str,
    begin: Callable[[], None],
    hear: Callable[[Written | Typing], None],
    presence: Presence | None = None,
) -> None:
    """Runs for the life of the process; reconnects when the database goes away.

    Args:
        begin: called each time from which on all is heard; what was told before may be missing.
        presence: the connection shows it, besides.
    """
    # What only this side believes in is found out within seconds: nothing is sent on this connection.
    address = make_conninfo(libpq_url(database_url), keepalives_idle=5, keepalives_interval=2, keepalives_count=3)
    while True:
        try:
            async with (
                await psycopg.AsyncConnection.connect(address, autocommit=True) as connection,
                nullcontext() if presence is None else presence.shown(connection),
            ):
                await connection.execute(f"LISTEN {NOTIFY_CHANNEL}")  # constants
                await connection.execute(f"LISTEN {TYPING_CHANNEL}")
                begin()
                async for notification in connection.notifies():
                    read = read_typing if notification.channel == TYPING_CHANNEL else _read_written
                    if (news := read(notification.payload)) is not None:
                        hear(news)
        except psycopg.OperationalError as error:
            log.warning("listen_lost", error=type(error).__name__)
        await asyncio.sleep(_PAUSE)


def _read_written(payload: str) -> Written | None:
    process, _, conversation = payload.partition(" ")
    try:
        return Written(process, UUID(conversation))
    except ValueError:
        return None

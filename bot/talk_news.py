"""What is new in talks, heard from every process over PostgreSQL LISTEN/NOTIFY: ids only. Keeps nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from uuid import UUID

import psycopg
import structlog

from base.database import libpq_url
from bot.handoff.typing import TYPING_CHANNEL, Typing, read_typing
from bot.presence import Presence
from bot.turn_statements import NOTIFY_CHANNEL

log = structlog.get_logger(__name__)


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
    address, pause = libpq_url(database_url), 0.5
    while True:
        try:
            async with (
                await psycopg.AsyncConnection.connect(address, autocommit=True) as connection,
                nullcontext() if presence is None else presence.shown(connection),
            ):
                await connection.execute(f"LISTEN {NOTIFY_CHANNEL}")  # constants
                await connection.execute(f"LISTEN {TYPING_CHANNEL}")
                begin()
                pause = 0.5
                async for notification in connection.notifies():
                    read = read_typing if notification.channel == TYPING_CHANNEL else _read_written
                    if (news := read(notification.payload)) is not None:
                        hear(news)
        except psycopg.OperationalError as error:
            log.warning("listen_lost", error=type(error).__name__)
        await asyncio.sleep(pause)
        pause = min(pause * 2, 10.0)


def _read_written(payload: str) -> Written | None:
    process, _, conversation = payload.partition(" ")
    try:
        return Written(process, UUID(conversation))
    except ValueError:
        return None

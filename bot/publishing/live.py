"""What is live, as every process needs it with each message: heard of at once, looked up each second."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import psycopg
import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from base.database import Sessions, libpq_url
from base.errors import ParleyError
from bot.ports import Live
from bot.publishing.models import Publication

log = structlog.get_logger(__name__)

PUBLICATION_CHANNEL = "parley_publication"
LOOK_EVERY = 1.0
"""Seconds after which one looks although nothing was heard."""


class NothingPublished(ParleyError):
    """Nothing has been published yet, so nobody can be answered: run `parley flows publish`."""

    code = "nothing_published"
    status = 503


def languages_of(compiled: Mapping[str, Any]) -> tuple[str, ...]:
    """Languages in which at least what all flows share is written; the default one first."""
    default = str(compiled["default_language"])
    others = sorted(name for name, flows in compiled["wording"].items() if "patterns" in flows and name != default)
    return (default, *others)


class PublishedFlows:
    """The live publication as this process knows it; `bot.ports.LiveFlows`."""

    def __init__(self, sessions: Sessions, database_url: str) -> None:
        self._sessions = sessions
        self._url = libpq_url(database_url)
        self._current: Live | None = None
        self._compiled: Mapping[str, Any] = {}

    @property
    def current(self) -> Live:
        """What was live at the last look.

        Raises:
            NothingPublished: nothing was.
        """
        if self._current is None:
            raise NothingPublished
        return self._current

    @property
    def compiled(self) -> Mapping[str, Any]:
        """The compiled flows that are live.

        Raises:
            NothingPublished: none are.
        """
        if self._current is None:
            raise NothingPublished
        return self._compiled

    async def refresh(self) -> Live:
        """Looks now. Never goes back to an older publication.

        Raises:
            NothingPublished: there is none.
        """
        known = 0 if self._current is None else self._current.seq
        async with self._sessions() as session:
            newest = await session.scalar(select(func.max(Publication.seq))) or 0
            row = await session.get(Publication, newest) if newest > known else None
        # Another look may have ended while this one waited.
        if row is not None and (self._current is None or row.seq > self._current.seq):
            self._compiled = row.compiled
            self._current = Live(row.seq, row.flows_version, row.model_id, languages_of(row.compiled))
            log.info("publication_live", publication=row.seq, flows=row.flows_version)
        return self.current

    def wording(self, name: str, language: str, channel: str) -> str:
        """What the platform itself says (`stopped`, `handed_off`), in the language or else the default one.

        The channel's own text is taken where there is one.

        Empty where what is live was published before there were words for it.

        Raises:
            NothingPublished: nothing is live.
        """
        compiled = self.compiled
        languages = (language, language.partition("-")[0], compiled["default_language"])
        patterns = (compiled["wording"].get(one, {}).get("patterns", {}) for one in languages)
        texts: dict[str, str] = next((known[name]["text"] for known in patterns if name in known), {"default": ""})
        return texts.get(channel) or texts["default"]

    async def listen(self) -> None:
        """Runs for the life of the process and keeps `current` new; reconnects when the database goes away."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {PUBLICATION_CHANNEL}")  # a constant
                    await self._follow(connection)
            except (psycopg.Error, SQLAlchemyError, OSError) as error:
                log.warning("publication_listen_lost", error=type(error).__name__)
            await asyncio.sleep(LOOK_EVERY)

    async def _follow(self, connection: psycopg.AsyncConnection[Any]) -> None:
        while True:
            try:
                await self.refresh()
            except NothingPublished:
                log.debug("nothing_published")
            # Ends with the first notification or after the wait, whichever is sooner.
            async for _ in connection.notifies(timeout=LOOK_EVERY, stop_after=1):
                pass

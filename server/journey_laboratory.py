"""Where the web process tries journeys out: a database of its own that is begun when it is first needed.

Fulfils `admin.journeys.desk.Laboratory`. What is played runs in one thread with an event loop of its own, so that chats
are answered meanwhile, and none of it is logged. Touches nothing of the site.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar

import structlog

from admin.journeys.desk import NowhereToTry, TooLong
from base.played import QUIET_THREADS
from base.postgres import DatabaseUnavailable
from outreach.rule_pack import RulePack
from outreach.simulation import Place
from outreach.simulation_people import WrittenTalks
from server.journeys_simulating import ScratchServer, ScratchTalks, scratch_server

_log = structlog.get_logger(__name__)

LONGEST = 90.0
"""Seconds that one may take."""

Found = TypeVar("Found")


class ScratchLaboratory:
    """Plays one after the other. `close` gives up the database, if one was begun."""

    def __init__(self, read_pack: Callable[[], RulePack], default_zone: str, *, longest: float = LONGEST) -> None:
        self._read_pack = read_pack
        self._default_zone = default_zone
        self._longest = longest
        self._threads = ThreadPoolExecutor(1, f"{QUIET_THREADS}-journeys")
        self._open = ExitStack()
        self._server: ScratchServer | None = None

    async def try_out(self, work: Callable[[Place, WrittenTalks], Awaitable[Found]]) -> Found:
        """Does it in an empty place, aside.

        Raises:
            NowhereToTry: the database could not be started.
            TooLong: it was broken off.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._play, work)

    async def close(self) -> None:
        """Ends the database; what is under way is finished first."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._open.close)
        self._threads.shutdown()

    def _play(self, work: Callable[[Place, WrittenTalks], Awaitable[Found]]) -> Found:
        async def play(server: ScratchServer) -> Found:
            async with server.place() as place, asyncio.timeout(self._longest):
                return await work(place, ScratchTalks())

        try:
            return asyncio.run(play(self._begun()))
        except TimeoutError as error:
            raise TooLong from error

    def _begun(self) -> ScratchServer:
        if self._server is None:
            try:
                self._server = self._open.enter_context(
                    scratch_server(pack=self._read_pack(), default_zone=self._default_zone)
                )
            except (DatabaseUnavailable, OSError) as error:
                _log.error("journeys_cannot_be_tried", error=type(error).__name__)
                raise NowhereToTry from error
        return self._server

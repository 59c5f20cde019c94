"""Mails that are sent after the answer, so that how long an answer takes tells nobody who has an account."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class Errands:
    """Runs what nobody waits for. What is under way when the process ends is lost: people ask again."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, errand: Coroutine[Any, Any, None]) -> None:
        """Begins it."""
        task = asyncio.create_task(self._watched(errand))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Waits for all that were begun."""
        await asyncio.gather(*self._tasks)

    async def _watched(self, errand: Coroutine[Any, Any, None]) -> None:
        try:
            await errand
        except Exception:
            # The loop boundary: nobody waits for it who could be told.
            log.exception("errand_failed")

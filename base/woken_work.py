"""Work that a process does beside whatever else it does, when it is woken. Knows nothing of the work.

One thing at a time. A wake-up that is lost or repeated changes nothing: what there is to do stands in the database.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import ClassVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

log = structlog.get_logger(__name__)


def is_asked_to_stop() -> bool:
    """Whether this task is being broken off. Ask before `asyncio.shield`: what it shields is a task of its own."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class WokenWork(ABC):
    """Looks for what there is to do each time it is woken.

    Attributes:
        broke: the event that is logged when it broke off.
        expected: errors that are told without a stack trace: the database or a program is away.
    """

    broke: ClassVar[str]
    expected: ClassVar[tuple[type[Exception], ...]] = (SQLAlchemyError, OSError)
    _running: asyncio.Task[None] | None = None
    _again: bool = False

    @abstractmethod
    async def do_all(self) -> None:
        """Does everything there is to do now."""

    def wake(self) -> None:
        """Begins to work, or looks once more when the work in hand is done. Returns at once."""
        self._again = True
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Breaks off what is in hand, which another process, or this one later, does or goes on with."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def _work(self) -> None:
        while self._again:
            self._again = False
            try:
                await self.do_all()
            except self.expected as error:
                log.warning(self.broke, error=type(error).__name__)
            except Exception:
                # The loop boundary: what was not done is still to be done, so the error must only be seen.
                log.exception(self.broke)

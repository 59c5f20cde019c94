"""Writes that come one by one and are stored together: while one set is written, the next gathers. Delays nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_AT_ONCE = 500
"""Items of one set."""


class GroupCommit(Generic[T]):
    """Who adds something waits until the set that it went into is stored, and is told when that failed."""

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        """Creates it.

        Args:
            write: stores a set, all of it or nothing.
        """
        self._write = write
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def add(self, item: T) -> None:
        """Returns once the item is stored.

        Raises:
            Exception: what `write` raised for its set.
        """
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, stored))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all())
        await stored

    async def _write_all(self) -> None:
        some: list[tuple[T, asyncio.Future[None]]] = []
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                try:
                    await self._write([item for item, _ in some])
                except Exception as error:  # noqa: BLE001  # told to everybody who waits for it
                    _tell(some, error)
                else:
                    _tell(some, None)
        except BaseException as error:
            _tell([*some, *self._waiting], error)
            self._waiting = []
            raise
        finally:
            self._writer = None


def _tell(some: Sequence[tuple[T, asyncio.Future[None]]], error: BaseException | None) -> None:
    for _, stored in some:
        if stored.done():
            continue
        if isinstance(error, asyncio.CancelledError):
            stored.cancel()
        elif error is not None:
            stored.set_exception(error)
        else:
            stored.set_result(None)

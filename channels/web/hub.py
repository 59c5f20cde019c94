"""Who is looking at which conversation in this process, and how news from other processes reaches them.

News between processes travels as ids over PostgreSQL LISTEN/NOTIFY; the text is read from the table. Losing a
notification loses nothing: every reader reads by the last seq it has shown.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from base.messages import Stored
from bot.handoff.typing import PERSON, Typing
from bot.presence import Presence
from bot.talk_news import Written, follow_talks

_BUFFER = 64
"""Batches a reader may be behind before it reads from the table instead."""


class Watcher:
    """One reader of one conversation: a socket or a waiting poll."""

    def __init__(self) -> None:
        self._batches: asyncio.Queue[Sequence[Stored] | Typing] = asyncio.Queue(maxsize=_BUFFER)

    def offer(self, messages: Sequence[Stored] | Typing) -> None:
        """Hands over messages (none: "look in the table") or that somebody types; a full buffer becomes one look."""
        if self._batches.full():
            while not self._batches.empty():
                self._batches.get_nowait()
            messages = ()
        self._batches.put_nowait(messages)

    async def wait(self) -> Sequence[Stored] | Typing:
        """The next batch, or that somebody types."""
        return await self._batches.get()

    async def wait_until(self, deadline: float) -> bool:
        """Whether there was news before the deadline (of the running loop's clock)."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._batches.get()
        except TimeoutError:
            return False
        return True


class Hub:
    """The watchers of this process; while it listens, the others see that it is there."""

    def __init__(self, *, database_url: str, process_id: str, presence: Presence | None = None) -> None:
        self._database_url = database_url
        self._process_id = process_id
        self._presence = presence
        self._watchers: defaultdict[UUID, set[Watcher]] = defaultdict(set)

    @contextmanager
    def watch(self, conversation_id: UUID) -> Iterator[Watcher]:
        """A watcher for as long as the block runs."""
        watcher = Watcher()
        self._watchers[conversation_id].add(watcher)
        try:
            yield watcher
        finally:
            self._watchers[conversation_id].discard(watcher)
            if not self._watchers[conversation_id]:
                del self._watchers[conversation_id]

    def publish(self, conversation_id: UUID, messages: Sequence[Stored]) -> None:
        """Shows committed messages to this process's watchers of the conversation."""
        for watcher in self._watchers.get(conversation_id, ()):
            watcher.offer(messages)

    def is_watched(self, conversation_id: UUID) -> bool:
        """Whether somebody in this process has the conversation open."""
        return conversation_id in self._watchers

    async def listen(self) -> None:
        """Runs for the life of the process."""
        await follow_talks(self._database_url, self.wake_all, self._heard, self._presence)

    def wake_all(self) -> None:
        """Has every reader look in the table."""
        for conversation_id in list(self._watchers):
            self.publish(conversation_id, ())

    def _heard(self, news: Written | Typing) -> None:
        if isinstance(news, Written):
            if news.process != self._process_id:
                self.publish(news.conversation_id, ())
        elif news.who == PERSON:
            for watcher in self._watchers.get(news.conversation_id, ()):
                watcher.offer(news)

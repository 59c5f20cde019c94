"""News of this site as open pages are told it. Between processes it travels as ids over PostgreSQL LISTEN/NOTIFY.

Each process numbers what it hears and remembers the latest, so that a page that was cut off for a moment hears what it
missed. One that comes back to another process, or too late, is told to look at everything: nothing is lost by that.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from aiohttp import web

from bot.handoff.typing import Typing
from bot.talk_news import Written, follow_talks

REMEMBERED = 1_000
"""News a process remembers."""
_BUFFER = 200
"""News a page may be behind before it is told to look at everything."""


@dataclass(frozen=True, slots=True)
class News:
    """Something new in a talk; `typing` says whether its visitor types. Of `all` nothing is known but that."""

    number: int
    kind: Literal["conversation", "typing", "all"]
    conversation_id: UUID | None = None
    typing: bool = False


class Feed:
    """What this process heard, and whoever listens to it."""

    def __init__(self) -> None:
        self._name = secrets.token_hex(4)
        self._number = 0
        self._latest: deque[News] = deque(maxlen=REMEMBERED)
        self._listeners: set[asyncio.Queue[News | None]] = set()
        self.closing = False

    @contextmanager
    def subscribe(self) -> Iterator[asyncio.Queue[News | None]]:
        """News as it comes, for as long as the block runs; None: the process ends."""
        queue: asyncio.Queue[News | None] = asyncio.Queue(maxsize=_BUFFER)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def place_of(self, news: News | None = None) -> str:
        """The id of what was told last, by which a page comes back."""
        return f"{self._name}-{self._number if news is None else news.number}"

    def since(self, place: str) -> list[News]:
        """What came after a place; `all` where that is not known here."""
        name, _, number = place.rpartition("-")
        oldest = self._latest[0].number if self._latest else self._number + 1
        if name != self._name or not number.isdecimal() or int(number) < oldest - 1:
            return [News(self._number, "all")]
        return [news for news in self._latest if news.number > int(number)]

    async def listen(self, database_url: str) -> None:
        """Runs for the life of the process."""
        await follow_talks(database_url, lambda: self._tell("all"), self._heard)

    async def close(self, _app: web.Application) -> None:
        """Ends every page's stream: they come back, to another process."""
        self.closing = True
        for queue in self._listeners:
            _put(queue, None)

    def _heard(self, news: Written | Typing) -> None:
        if isinstance(news, Written):
            self._tell("conversation", news.conversation_id)
        elif news.who == "visitor":
            self._tell("typing", news.conversation_id, typing=news.on)

    def _tell(
        self,
        kind: Literal["conversation", "typing", "all"],
        conversation_id: UUID | None = None,
        *,
        typing: bool = False,
    ) -> None:
        self._number += 1
        news = News(self._number, kind, conversation_id, typing)
        self._latest.append(news)
        for queue in self._listeners:
            _put(queue, news)


def _put(queue: asyncio.Queue[News | None], news: News | None) -> None:
    """A page that does not keep up is told to look at everything, instead of all that it missed."""
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        if news is not None:
            news = News(news.number, "all")
    queue.put_nowait(news)

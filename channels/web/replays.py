"""Reads what browsers have not seen yet. Questions that come while one query runs are asked together by the next:
ten thousand browsers that come back at once cost some dozens of queries. Keeps no message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from base.database import Sessions
from base.messages import Stored
from bot.conversations import Seen, list_unseen

PAGE = 200
"""Messages a question is answered with at most."""
TOGETHER = 500
"""Questions a query asks at most."""


class Replays:
    """Answers one reader's question at a time to whoever asks, many of them to the database."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._asked: list[tuple[Seen, asyncio.Future[Sequence[Stored]]]] = []
        self._reading: asyncio.Task[None] | None = None

    async def read(self, conversation_id: UUID, after: int) -> Sequence[Stored]:
        """The next messages after a seq, oldest first; what fails fails for all who were asked for together."""
        answer: asyncio.Future[Sequence[Stored]] = asyncio.get_running_loop().create_future()
        self._asked.append((Seen(conversation_id, after), answer))
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        return await answer

    async def _read(self) -> None:
        try:
            while self._asked:
                together, self._asked = self._asked[:TOGETHER], self._asked[TOGETHER:]
                await self._answer(together)
        finally:
            self._reading = None

    async def _answer(self, together: Sequence[tuple[Seen, asyncio.Future[Sequence[Stored]]]]) -> None:
        try:
            async with self._sessions() as session:
                found = await list_unseen(session, [seen for seen, _ in together], limit=PAGE)
        except BaseException as error:
            for _, answer in together:
                if not answer.done():
                    answer.set_exception(error) if isinstance(error, Exception) else answer.cancel()
            if not isinstance(error, Exception):
                raise
            return
        for (_, answer), messages in zip(together, found, strict=True):
            if not answer.done():  # whoever asked may have left
                answer.set_result(messages)

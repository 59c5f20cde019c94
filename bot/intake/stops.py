"""Finds the opt-outs among what arrives. The carriers' words at once; other words, too, unless a crowd is arriving.

Reading a text for an opt-out in any words takes longer than keeping it. In a crowd that is put off until the crowd is
through, so that all are acknowledged in time; what is found then goes before everything that waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from base.channel_contract import Said
from crm.consent.opt_out import read_opt_out
from crm.consent.opt_out.keywords import is_stop_word

_LOOKS_EVERY = 0.05  # seconds
_AT_A_TIME = 5
"""Texts that are read before others get a word in."""

Found = Callable[[bytes], object]


def is_opt_out(said: Said, channel: str) -> bool:
    """Whether what somebody wrote is an opt-out, in whichever words."""
    return read_opt_out(said.text, channel=channel, answers_promotion=said.answers_promotion) is not None


class Stops:
    """Reads texts for opt-outs. Tells whoever made it of those that it finds later."""

    def __init__(self, found: Found, is_crowded: Callable[[], bool]) -> None:
        self._found = found
        self._is_crowded = is_crowded
        self._unread: deque[tuple[bytes, Said, str]] = deque()
        self._reading: asyncio.Task[None] | None = None

    def is_one(self, sender: bytes, said: Said, channel: str) -> bool:
        """Whether it is an opt-out, as far as there is time to tell; else it is read later."""
        if not said.text:
            return False
        if is_stop_word(said.text, channel) is not None:
            return True
        if not self._is_crowded():
            return is_opt_out(said, channel)
        self._unread.append((sender, said, channel))
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        return False

    async def drain(self) -> None:
        """Waits until all is read."""
        if self._reading is not None:
            await asyncio.wait([self._reading])

    async def _read(self) -> None:
        while self._unread:
            while self._is_crowded():  # noqa: ASYNC110  # a crowd ends by itself, nobody says so
                await asyncio.sleep(_LOOKS_EVERY)
            for _ in range(min(_AT_A_TIME, len(self._unread))):
                sender, said, channel = self._unread.popleft()
                if is_opt_out(said, channel):
                    self._found(sender)
            await asyncio.sleep(0)

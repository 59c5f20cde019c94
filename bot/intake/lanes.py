"""Who is worked for next: one thing after the other for each sender, a few senders at once, a stop before everybody.

What arrives goes first: while many wait to be acknowledged, work makes way for a moment. Knows nothing of what is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

AT_ONCE = 8
"""Senders that are worked for at the same time."""
TURNS_AT_ONCE = 12
"""Turns under way from which on no further one is begun: together with the senders as many as the database has
connections for, so that what arrives need not queue for one."""
MAKES_WAY_FOR = 3.0
"""Seconds that work waits at most for a crowd of arrivals: in a flood that does not end people are answered, too."""
_LOOKS_EVERY = 0.02  # seconds

Work = Callable[[bytes], Awaitable[bool]]
"""Does the sender's next thing; False when there was none. Raises nothing."""


@dataclass
class _Lane:
    """A sender's: what is at work, and what waits for it."""

    running: asyncio.Task[None] | None = None
    waiting: asyncio.Task[None] | None = None
    hurry: asyncio.Event = field(default_factory=asyncio.Event)


class Lanes:
    """Runs work by sender."""

    def __init__(self, work: Work, is_crowded: Callable[[], bool]) -> None:
        self._work = work
        self._is_crowded = is_crowded
        self._lanes: dict[bytes, _Lane] = {}
        self._places = asyncio.Semaphore(AT_ONCE)
        self._turns: set[asyncio.Task[None]] = set()

    def run_soon(self, sender: bytes, *, hurry: bool = False) -> asyncio.Task[None]:
        """A task that ends when all there is of the sender now has been done.

        Args:
            hurry: neither waits for a place nor makes way, and with it all that the sender has before it.
        """
        lane = self._lanes.setdefault(sender, _Lane())
        if hurry:
            lane.hurry.set()
        if lane.waiting is None:
            lane.waiting = asyncio.create_task(self._run(sender, lane))
        return lane.waiting

    def count_turn(self, turn: asyncio.Task[None]) -> None:
        """Counts a turn as under way until it is done."""
        self._turns.add(turn)
        turn.add_done_callback(self._turns.discard)

    async def drain(self) -> None:
        """Waits for all that is to be done."""
        while tasks := [task for lane in self._lanes.values() for task in (lane.running, lane.waiting) if task]:
            await asyncio.wait(tasks)

    async def _run(self, sender: bytes, lane: _Lane) -> None:
        task, has_place = asyncio.current_task(), False
        try:
            while lane.running is not None:
                await asyncio.wait([lane.running])
            has_place = await self._wait_for_place(lane)
            # From here on what comes may be too late for this task to see it.
            lane.running, lane.waiting = task, None
            await self._make_way(lane)
            while await self._work(sender):
                await self._make_way(lane)
        finally:
            if has_place:
                self._places.release()
            if lane.waiting is task:
                lane.waiting = None
            if lane.running is task:
                lane.running = None
            if lane.running is None and lane.waiting is None:
                self._lanes.pop(sender, None)

    async def _wait_for_place(self, lane: _Lane) -> bool:
        """False where it is let in without one."""
        if lane.hurry.is_set():
            return False
        place, hurry = asyncio.create_task(self._places.acquire()), asyncio.create_task(lane.hurry.wait())
        try:
            await asyncio.wait({place, hurry}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hurry.cancel()
            if not place.done():
                place.cancel()
        await asyncio.wait([place])
        return not place.cancelled()

    async def _make_way(self, lane: _Lane) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + MAKES_WAY_FOR

        def is_full() -> bool:
            return len(self._turns) >= TURNS_AT_ONCE or (self._is_crowded() and loop.time() < until)

        while not lane.hurry.is_set() and is_full():  # noqa: ASYNC110  # any of three things ends it
            await asyncio.sleep(_LOOKS_EVERY)

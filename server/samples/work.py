"""A worker's part in the sample workspace: fills it or removes it when that was asked for. Holds no rule of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from base.clock import Clock
from base.database import Sessions, repeat_on_deadlock, transaction
from base.encryption import KeyRing
from base.woken_work import WokenWork, is_asked_to_stop
from crm.privacy.requests import Hands
from crm.samples.models import SampleWorkspace
from crm.samples.service import Turn, TurnOver, claim_turn, give_back, hold_turn
from server.samples.filling import LASTS, Filling
from server.samples.removing import remove_samples

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 3
"""Turns without a single step done before it counts as failed."""
_REST = 15
"""Seconds before a turn that broke off is tried again."""


@dataclass
class SampleWork(WokenWork):
    """Does what was asked for. `filled` is called when the workspace is filled, for others who have to do with it."""

    broke = "samples_broke"

    sessions: Sessions
    keys: KeyRing
    hands: Hands
    clock: Clock
    filled: Callable[[], None] = lambda: None

    async def do_all(self) -> None:
        """Does everything there is to do now."""
        while await self._one():
            pass

    async def _one(self) -> bool:
        async with transaction(self.sessions) as session:
            workspace = await claim_turn(session, lasts=LASTS, most_attempts=MOST_ATTEMPTS)
        if workspace is None or workspace.claimed_by is None:
            return False
        turn, ended, began = Turn(workspace.id, workspace.claimed_by), False, time.monotonic()
        try:
            if workspace.state == "removing":
                await repeat_on_deadlock(partial(self._remove, turn))
            else:
                await self._fill(turn)
            ended = True
        except TurnOver:
            log.info("samples_turn_over")
            ended = True
        finally:
            if not ended:
                await asyncio.shield(self._give_back(turn, stopping=is_asked_to_stop()))
        log.info("samples_done", what=workspace.state, seconds=round(time.monotonic() - began, 1))
        return True

    async def _fill(self, turn: Turn) -> None:
        await Filling(self.sessions, self.keys, self.hands).run(turn)
        async with transaction(self.sessions) as session:
            await hold_turn(session, turn)
            await give_back(session, turn, state="ready")
        self.filled()

    async def _remove(self, turn: Turn) -> None:
        async with transaction(self.sessions) as session:
            workspace: SampleWorkspace = await hold_turn(session, turn)
            await remove_samples(session, workspace)

    async def _give_back(self, turn: Turn, *, stopping: bool) -> None:
        """Somebody else's turn: at once if we were asked to stop, else after a rest, as it would only break again."""
        async with transaction(self.sessions) as session:
            await give_back(session, turn, rest=0 if stopping else _REST, counts=not stopping)

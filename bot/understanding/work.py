"""The gaps list's work in a worker: groups, measures, publishes what was accepted. Our rows say what there is to do.

One thing at a time; a wake-up that is lost or repeated changes nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError

from base.database import Sessions, transaction
from bot.understanding.accepting import Acceptor
from bot.understanding.claims import MOST_ATTEMPTS, claim_oldest, held
from bot.understanding.grouper import GapGrouper
from bot.understanding.measuring import Measurer
from bot.understanding.models import Proposal

log = structlog.get_logger(__name__)

_WORKED_ON = ("waiting", "measuring", "publishing")
_BROKE = "It broke off each time it was tried: look at the worker's log, then try again."


@dataclass
class UnderstandingWork:
    """Does what there is to do, beside whatever else its process does."""

    sessions: Sessions
    grouper: GapGrouper
    measurer: Measurer
    acceptor: Acceptor
    _running: asyncio.Task[None] | None = field(default=None, init=False)
    _again: bool = field(default=False, init=False)

    def wake(self) -> None:
        """Begins to work, or looks once more when the work in hand is done. Returns at once."""
        self._again = True
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Breaks off what is in hand; another process, or this one later, does it again."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def do_all(self) -> None:
        """Does everything there is to do now."""
        while await self.grouper.group_if_due() | await self._one_proposal():
            pass

    async def _work(self) -> None:
        while self._again:
            self._again = False
            try:
                await self.do_all()
            except (SQLAlchemyError, OSError) as error:
                log.warning("understanding_broke", error=type(error).__name__)
            except Exception:
                # The loop boundary: the claim runs out and it is tried again, so the error must only be seen.
                log.exception("understanding_broke")

    async def _one_proposal(self) -> bool:
        """Works on the oldest proposal that needs it; tells whether there was one."""
        async with transaction(self.sessions) as session:
            proposal = await claim_oldest(session, Proposal, Proposal.status.in_(_WORKED_ON))
            if proposal is None:
                return False
            if proposal.status == "waiting":
                proposal.status = "measuring"
        if proposal.attempts > MOST_ATTEMPTS:
            await self._give_up(proposal)
            return True
        async with held(self.sessions, Proposal, proposal.id, proposal.attempts):
            if proposal.status == "publishing":
                await self.acceptor.publish(proposal)
            else:
                await self.measurer.measure(proposal)
        return True

    async def _give_up(self, proposal: Proposal) -> None:
        if proposal.status == "publishing":
            await self.acceptor.give_back(proposal, _BROKE)
        else:
            await self.measurer.end(proposal, status="failed", problem=_BROKE)

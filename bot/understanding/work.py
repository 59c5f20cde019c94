"""The gaps list's work in a worker: groups, measures, publishes what was accepted. Our rows say what there is to do."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from base.database import Sessions, transaction
from base.woken_work import WokenWork
from bot.understanding.accepting import Acceptor
from bot.understanding.claims import MOST_ATTEMPTS, claim_oldest, held
from bot.understanding.grouper import GapGrouper
from bot.understanding.measuring import Measurer
from bot.understanding.models import Proposal

log = structlog.get_logger(__name__)

_WORKED_ON = ("waiting", "measuring", "publishing")
_BROKE = "It broke off each time it was tried: look at the worker's log, then try again."


@dataclass
class UnderstandingWork(WokenWork):
    """Does what there is to do."""

    broke = "understanding_broke"

    sessions: Sessions
    grouper: GapGrouper
    measurer: Measurer
    acceptor: Acceptor

    async def do_all(self) -> None:
        """Does everything there is to do now."""
        while await self.grouper.group_if_due() | await self._one_proposal():
            pass

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

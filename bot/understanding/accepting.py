"""Makes an accepted proposal live, as any content is published: checked, tested, all or nothing. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.errors import ParleyError
from bot.publishing.contents import find_live, get_publication, tree_of
from bot.publishing.drafts import find_draft, follow_live
from bot.publishing.models import Publication
from bot.publishing.service import Publisher
from bot.understanding.changes import Change, apply
from bot.understanding.gaps import close_gaps
from bot.understanding.models import Proposal
from bot.understanding.proposals import ContentChanged, change_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Acceptor:
    """What a worker does with a proposal that somebody accepted."""

    sessions: Sessions
    publisher: Publisher
    clock: Clock

    async def publish(self, proposal: Proposal) -> None:
        """Publishes a proposal that this process has claimed; what refuses that is written down in words."""
        try:
            seq = await self._find_published(proposal) or await self._publish(proposal)
        except ParleyError as error:
            log.warning("proposal_not_published", proposal=str(proposal.id), error=error.code)
            await self.give_back(proposal, error.message)
            return
        await self._settle(proposal, seq)
        log.info("proposal_published", proposal=str(proposal.id), publication=seq)

    async def _find_published(self, proposal: Proposal) -> int | None:
        """The publication that a process made of it before it died."""
        if proposal.attempts < 2:
            return None
        mine = Publication.note.contains(_mark(proposal), autoescape=True)
        made = select(Publication.seq).where(Publication.seq > proposal.based_on, mine).limit(1)
        async with self.sessions() as session:
            return await session.scalar(made)

    async def _publish(self, proposal: Proposal) -> int:
        change = change_of(proposal)
        async with self.sessions() as session:
            live = await find_live(session)
            tree = await tree_of(session, live)
        if live.seq != proposal.based_on:
            raise ContentChanged
        report = await self.publisher.publish(
            apply(change, tree),
            author=proposal.decided_by or proposal.author,
            note=f"{_in_words(change)} ({_mark(proposal)})",
            based_on=live.seq,
        )
        return report.seq or live.seq

    async def _settle(self, proposal: Proposal, seq: int) -> None:
        now = self.clock.now()
        async with transaction(self.sessions) as session:
            if not await _end(session, proposal, status="accepted", publication=seq, problem=None):
                return
            await close_gaps(session, [UUID(one) for one in proposal.message_ids], "used", now)
            await _take_into_draft(session, proposal, seq)

    async def give_back(self, proposal: Proposal, problem: str) -> None:
        """It is as it was before it was accepted: nothing half-written is live."""
        async with transaction(self.sessions) as session:
            await _end(session, proposal, status="ready", problem=problem, decided_by=None, decided_at=None)


async def _end(session: AsyncSession, proposal: Proposal, **values: object) -> bool:
    """Writes down what came of a claimed proposal; False when it is another process's by now."""
    ended = (
        update(Proposal)
        .where(Proposal.id == proposal.id, Proposal.status == "publishing", Proposal.attempts == proposal.attempts)
        .values(claimed_until=None, **values)
        .returning(Proposal.id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(ended) is not None


async def _take_into_draft(session: AsyncSession, proposal: Proposal, seq: int) -> None:
    """Puts the change into the draft that somebody has of the same item, so that publishing it does not undo this.

    One that was behind already, or that the change does not fit, is left: whoever publishes it is told.
    """
    change = change_of(proposal)
    draft = await find_draft(session, change.item)
    if draft is None or draft.files is None:
        return
    try:
        changed = apply(change, {change.item: draft.files})[change.item]
    except ParleyError as error:
        log.info("draft_left_behind", item=change.item, error=error.code)
        return
    before = await get_publication(session, proposal.based_on)
    after = await get_publication(session, seq)
    await follow_live(
        session, draft, changed, before=before.contents.get(change.item), after=after.contents[change.item]
    )


def _in_words(change: Change) -> str:
    if change.makes_article:
        return f"New article {change.target} from what was not understood"
    what = "examples" if change.kind == "intent" else "questions"
    return f"{len(change.texts)} {what} more for {change.target} ({change.language}) from what was not understood"


def _mark(proposal: Proposal) -> str:
    return f"proposal {proposal.id}"
